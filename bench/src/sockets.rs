//! Clients of a host, as cheap as they can be: the bare socket, frames, no JSON unless it is looked at.

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// The token of the only user, of a host that lives as long as a row and listens on loopback alone.
pub(crate) const TOKEN: &str = "bench-bench-bench-bench-bench-bench-bench";

/// A client that has said hello.
#[derive(Debug)]
pub(crate) struct Client<S = TcpStream> {
    /// Its socket, with nothing read of it beyond what was looked at.
    pub(crate) stream: S,
}

impl Client {
    /// Connects for one line, after the events up to `seen` (epoch and number). The answer's entry of the line.
    pub(crate) async fn connect(address: &str, line: &str, seen: Option<(u64, u64)>) -> Result<(Self, Value), String> {
        let lost = |e: std::io::Error| format!("a client of {address}: {e}");
        let stream = TcpStream::connect(address).await.map_err(lost)?;
        stream.set_nodelay(true).map_err(lost)?;
        Self::connect_over(stream, address, line, seen).await
    }

    /// Connects for all lines that there are.
    pub(crate) async fn connect_to_all(address: &str) -> Result<Self, String> {
        let lost = |e: std::io::Error| format!("a client of {address}: {e}");
        let stream = TcpStream::connect(address).await.map_err(lost)?;
        stream.set_nodelay(true).map_err(lost)?;
        let mut client = Self::handshake(stream, address).await.map_err(lost)?;
        let params = json!({ "client": { "name": "bench", "version": "1" } });
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "hello", "params": params }).to_string();
        client.send(1, hello.as_bytes()).await.map_err(lost)?;
        Ok(client)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// The same over a socket that is open.
    pub(crate) async fn connect_over(
        stream: S,
        address: &str,
        line: &str,
        seen: Option<(u64, u64)>,
    ) -> Result<(Self, Value), String> {
        let mut client = Self::handshake(stream, address).await.map_err(|e| format!("a client of {address}: {e}"))?;
        let resume: Vec<Value> =
            seen.iter().map(|(epoch, seq)| json!({ "line": line, "epoch": epoch, "seq": seq })).collect();
        let params = json!({ "client": { "name": "bench", "version": "1" }, "lines": [line], "resume": resume });
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "hello", "params": params }).to_string();
        client.send(1, hello.as_bytes()).await.map_err(|e| format!("a client of {address}: {e}"))?;
        loop {
            let frame: Value = serde_json::from_slice(&client.text().await?).map_err(|e| e.to_string())?;
            if frame["id"] == 1 {
                let status = frame["result"]["lines"][0].clone();
                if status.is_null() {
                    return Err(format!("a client of {address}: {frame}"));
                }
                return Ok((client, status));
            }
        }
    }

    async fn handshake(mut stream: S, address: &str) -> std::io::Result<Self> {
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: jackfield.v1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && head.len() < 8_192 {
            head.push(stream.read_u8().await?);
        }
        if head.starts_with(b"HTTP/1.1 101") {
            return Ok(Self { stream });
        }
        Err(std::io::Error::other(String::from_utf8_lossy(&head).into_owned()))
    }

    /// Sends a frame, masked with zeros.
    async fn send(&mut self, opcode: u8, payload: &[u8]) -> std::io::Result<()> {
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(payload.len()) {
            Ok(short @ 0..126) => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).await
    }

    /// The next text; pings are answered.
    pub(crate) async fn text(&mut self) -> Result<Vec<u8>, String> {
        loop {
            let (opcode, payload) = self.frame().await.map_err(|e| format!("a client: {e}"))?;
            match opcode {
                1 => return Ok(payload),
                9 => self.send(10, &payload).await.map_err(|e| format!("a client: {e}"))?,
                8 => return Err(format!("a client was closed: {}", String::from_utf8_lossy(&payload))),
                _ => {}
            }
        }
    }

    async fn frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let (first, second) = (self.stream.read_u8().await?, self.stream.read_u8().await?);
        let length = match second {
            127 => self.stream.read_u64().await?,
            126 => u64::from(self.stream.read_u16().await?),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(16 * 1024 * 1024)];
        self.stream.read_exact(&mut payload).await?;
        Ok((first & 0x0f, payload))
    }

    /// Reads until the event with this number has come. The numbers that came, in order.
    pub(crate) async fn until(&mut self, last: u64) -> Result<Vec<u64>, String> {
        let mut numbers = Vec::new();
        loop {
            let event: Value = serde_json::from_slice(&self.text().await?).map_err(|e| e.to_string())?;
            let Some(number) = event["params"]["seq"].as_u64().filter(|_| event["params"]["resent"] != true) else {
                continue;
            };
            numbers.push(number);
            if number >= last {
                return Ok(numbers);
            }
        }
    }
}
