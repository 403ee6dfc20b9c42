//! A plain WebSocket client: JSON-RPC, and what came, in order.

use std::collections::VecDeque;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{Message, WebSocket};

use crate::host::PATIENCE;

/// A client.
#[derive(Debug)]
pub struct Client {
    socket: WebSocket<TcpStream>,
    next: u64,
    answers: VecDeque<Value>,
    /// Every event that came, in order.
    pub events: Vec<Value>,
    /// How many of them were looked at by [`event`](Self::event).
    seen: usize,
    /// The close frame, once it came.
    pub closed: Option<(u16, String)>,
}

impl Client {
    /// Connects; the token goes into the header.
    ///
    /// # Errors
    /// It was not let in: `HTTP 403 …` for an answer in HTTP.
    pub fn connect(url: &str, token: Option<&str>) -> Result<Self, String> {
        let mut headers = vec![("sec-websocket-protocol", "jackfield.v1".to_owned())];
        if let Some(token) = token {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        Self::with_headers(url, &headers)
    }

    /// Connects with these header fields.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn with_headers(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, String> {
        let mut request = url.into_client_request().map_err(|e| e.to_string())?;
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).map_err(|e| e.to_string())?);
        }
        let address = url.trim_start_matches("ws://").split('/').next().unwrap_or_default();
        let stream = TcpStream::connect(address).map_err(|e| format!("{address}: {e}"))?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
        let (socket, _) = tungstenite::client(request, stream).map_err(|e| match e {
            tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response)) => format!(
                "HTTP {} {}",
                response.status().as_u16(),
                response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default()
            ),
            other => other.to_string(),
        })?;
        Ok(Self { socket, next: 0, answers: VecDeque::new(), events: Vec::new(), seen: 0, closed: None })
    }

    /// Sends a text as it is.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn send_text(&mut self, text: &str) -> Result<(), String> {
        self.socket.send(Message::text(text)).map_err(|e| e.to_string())
    }

    /// Sends a request; its id.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn send(&mut self, method: &str, params: &Value) -> Result<u64, String> {
        self.next += 1;
        let request = json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params });
        self.send_text(&request.to_string())?;
        Ok(self.next)
    }

    /// Sends a request and waits for its answer: the result, or the error object as text.
    ///
    /// # Errors
    /// The error of the answer, as JSON; or why none came.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        let id = self.send(method, params)?;
        let answer = self.answer(&json!(id))?;
        match answer.get("error") {
            Some(error) => Err(error.to_string()),
            None => Ok(answer["result"].clone()),
        }
    }

    /// The answer to a request.
    ///
    /// # Errors
    /// None came.
    pub fn answer(&mut self, id: &Value) -> Result<Value, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.answers.iter().position(|a| a["id"] == *id) {
                return self.answers.remove(at).ok_or_else(|| "gone".to_owned());
            }
            self.read(until)?;
        }
    }

    /// Reads one frame.
    fn read(&mut self, until: Instant) -> Result<(), String> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(format!("nothing came in time; the last events were {}", self.tail()));
        }
        self.socket.get_mut().set_read_timeout(Some(left)).map_err(|e| e.to_string())?;
        match self.socket.read() {
            Ok(Message::Text(text)) => {
                let value: Value = serde_json::from_str(&text).map_err(|e| format!("{e}: {text}"))?;
                if value.get("method").is_some() {
                    self.events.push(value);
                } else {
                    self.answers.push_back(value);
                }
                Ok(())
            }
            Ok(Message::Close(frame)) => {
                self.closed = frame.map(|f| (f.code.into(), f.reason.as_str().to_owned()));
                Err(format!("closed: {:?}", self.closed))
            }
            Ok(_) => Ok(()),
            Err(tungstenite::Error::Io(e))
                if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                Err(format!("nothing came in time; the last events were {}", self.tail()))
            }
            Err(e) => Err(e.to_string()),
        }
    }

    fn tail(&self) -> String {
        let methods: Vec<&str> = self.events.iter().rev().take(12).filter_map(|e| e["method"].as_str()).collect();
        methods.into_iter().rev().collect::<Vec<_>>().join(" ")
    }

    /// The next event (after the last one this found) for which `wanted` holds.
    ///
    /// # Errors
    /// It did not come.
    pub fn event(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            while self.seen < self.events.len() {
                self.seen += 1;
                if wanted(&self.events[self.seen - 1]) {
                    return Ok(self.events[self.seen - 1].clone());
                }
            }
            self.read(until)?;
        }
    }

    /// Looks at all events again: the next [`event`](Self::event) begins with the first that ever came.
    pub fn look_again(&mut self) {
        self.seen = 0;
    }

    /// The next event of a name, on a line.
    ///
    /// # Errors
    /// It did not come.
    pub fn named(&mut self, method: &str, line: &str) -> Result<Value, String> {
        self.event(|e| e["method"] == method && e["params"]["line"] == line)
            .map_err(|e| format!("waiting for {method} on {line}: {e}"))
    }

    /// Reads for a while, whatever comes.
    pub fn read_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && self.read(until).is_ok() {}
    }

    /// Reads until the host closes.
    ///
    /// # Errors
    /// It does not.
    pub fn until_closed(&mut self) -> Result<(u16, String), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Err(error) = self.read(until) {
                return self.closed.clone().ok_or(error);
            }
        }
    }

    /// The names of a line's events so far that are about calls, without the ones that only show state.
    #[must_use]
    pub fn core(&self, line: &str) -> Vec<String> {
        const CORE: [&str; 7] =
            ["callStarted", "callBusy", "commutationStarted", "hold", "unhold", "currentCallChanged", "callFinished"];
        self.events
            .iter()
            .filter(|e| e["params"]["line"] == line && e["params"]["resent"] != true)
            .filter_map(|e| e["method"].as_str())
            .filter(|m| CORE.contains(m))
            .map(ToOwned::to_owned)
            .collect()
    }
}
