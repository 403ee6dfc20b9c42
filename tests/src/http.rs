//! Requests for what is not live.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::host::{Host, PATIENCE};

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its header, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body as text.
    pub body: String,
    /// Its body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// A header field.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Host {
    /// Asks with a token.
    ///
    /// # Errors
    /// The host does not answer.
    pub fn get(&self, path: &str, token: &str) -> Result<Answer, String> {
        self.request("GET", path, token, &[], "")
    }

    /// Asks.
    ///
    /// # Errors
    /// The host does not answer.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        let text = |e: std::io::Error| e.to_string();
        let mut stream = TcpStream::connect(self.address()).map_err(text)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(text)?;
        // HTTP/1.0: the body ends with the connection.
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n", self.address());
        if !token.is_empty() {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).map_err(text)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(text)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.ok_or_else(|| format!("no answer: {}", String::from_utf8_lossy(&answer)))?;
        let bytes = answer.split_off(end + 4);
        let head = String::from_utf8_lossy(&answer);
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
        let header =
            |line: &str| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Ok(Answer {
            status: status.ok_or_else(|| format!("no status: {head}"))?,
            headers: lines.filter_map(header).collect(),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        })
    }
}
