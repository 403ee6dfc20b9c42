//! A WebSocket client on the bare socket: it can be cut at any byte, be slow, or be rude.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::host::PATIENCE;

/// A connected socket, and what was read of it.
#[derive(Debug)]
pub struct Raw {
    /// The socket.
    pub stream: TcpStream,
    buffer: Vec<u8>,
    /// Complete text frames, in order.
    pub texts: Vec<String>,
    /// The code of a close frame.
    pub closed: Option<u16>,
}

impl Raw {
    /// Does the handshake.
    ///
    /// # Errors
    /// It was not let in.
    pub fn connect(address: &str, token: &str) -> Result<Self, String> {
        let text = |e: std::io::Error| e.to_string();
        let mut stream = TcpStream::connect(address).map_err(text)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: jackfield.v1\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).map_err(text)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte).map_err(text)? == 0 || head.len() > 8_192 {
                return Err(String::from_utf8_lossy(&head).into_owned());
            }
            head.push(byte[0]);
        }
        if !head.starts_with(b"HTTP/1.1 101") {
            return Err(String::from_utf8_lossy(&head).into_owned());
        }
        Ok(Self { stream, buffer: Vec::new(), texts: Vec::new(), closed: None })
    }

    /// Sends a frame, masked with zeros.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn send(&mut self, opcode: u8, payload: &[u8]) -> Result<(), String> {
        let mut frame = vec![0x80 | opcode];
        match u16::try_from(payload.len()) {
            Ok(short @ 0..126) => frame.push(0x80 | u8::try_from(short).unwrap_or(0)),
            Ok(usual) => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&usual.to_be_bytes());
            }
            Err(_) => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).map_err(|e| e.to_string())
    }

    /// Sends a JSON value as text.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn json(&mut self, value: &Value) -> Result<(), String> {
        self.send(1, value.to_string().as_bytes())
    }

    /// Reads up to `most` bytes and keeps the frames that are complete. How many were read; 0: the end.
    ///
    /// # Errors
    /// The socket is broken, nothing came, or what came is no frame.
    pub fn read(&mut self, most: usize) -> Result<usize, String> {
        let mut chunk = vec![0; most.max(1)];
        let count = self.stream.read(&mut chunk).map_err(|e| e.to_string())?;
        self.buffer.extend_from_slice(&chunk[..count]);
        while let Some((opcode, payload, end)) = parse(&self.buffer)? {
            match opcode {
                1 => self.texts.push(String::from_utf8(payload.to_vec()).map_err(|e| e.to_string())?),
                8 => self.closed = payload.first_chunk().map(|c| u16::from_be_bytes(*c)),
                9 | 10 => {}
                other => return Err(format!("a frame with opcode {other}")),
            }
            self.buffer.drain(..end);
        }
        Ok(count)
    }

    /// How long a read may wait.
    ///
    /// # Errors
    /// The socket is broken.
    pub fn patience(&self, time: Duration) -> Result<(), String> {
        self.stream.set_read_timeout(Some(time)).map_err(|e| e.to_string())
    }
}

/// A frame: opcode, payload, where it ends.
type Parsed<'a> = (u8, &'a [u8], usize);

/// The first complete frame.
fn parse(bytes: &[u8]) -> Result<Option<Parsed<'_>>, String> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & 0xf0 != 0x80 || second & 0x80 != 0 {
        return Err(format!("no whole, unmasked frame begins with {first:x} {second:x}"));
    }
    let (length, at) = match second {
        127 => match rest.first_chunk::<8>() {
            Some(length) => (usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX), 10),
            None => return Ok(None),
        },
        126 => match rest.first_chunk::<2>() {
            Some(length) => (usize::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        short => (usize::from(*short), 2),
    };
    let end = at + length;
    Ok(bytes.get(at..end).map(|payload| (first & 0x0f, payload, end)))
}
