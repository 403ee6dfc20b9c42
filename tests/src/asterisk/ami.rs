//! A very small client of the Asterisk manager interface, for what a test wants done or wants to see.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// One message from Asterisk: a response or an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    fields: Vec<(String, String)>,
}

impl Message {
    fn parse(text: &str) -> Self {
        let field = |line: &str| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned())
        };
        Self { fields: text.split("\r\n").filter(|l| !l.is_empty()).map(field).collect() }
    }

    /// Value of the first field of this name; empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map_or("", |(_, v)| v)
    }

    /// Values of all fields of this name (`Output` of a command, `ChanVariable`).
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
    }

    /// Name of the event; empty for a response.
    pub fn event(&self) -> &str {
        self.get("Event")
    }

    /// True if the message is about a channel of this endpoint: `is_of("101")` for `PJSIP/101-0000001f`.
    pub fn is_of(&self, endpoint: &str) -> bool {
        self.get("Channel").strip_prefix("PJSIP/").and_then(|c| c.rsplit_once('-')).is_some_and(|(e, _)| e == endpoint)
    }
}

/// A logged-in connection. It keeps every event it reads, so it does not matter in which order a test asks for them.
#[derive(Debug)]
pub struct Ami {
    stream: TcpStream,
    unread: Vec<u8>,
    events: Vec<Message>,
    mark: usize,
    actions: u32,
}

impl Ami {
    /// Connect to 127.0.0.1, log in with events on, and wait until Asterisk says it is fully booted.
    pub fn connect(port: u16, user: &str, secret: &str) -> Result<Self, String> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .map_err(|e| format!("cannot connect to AMI port {port}: {e}"))?;
        stream.set_nodelay(true).map_err(|e| format!("AMI: {e}"))?;
        let mut ami = Self { stream, unread: Vec::new(), events: Vec::new(), mark: 0, actions: 0 };
        let deadline = Instant::now() + PATIENCE;
        while !ami.unread.windows(2).any(|w| w == b"\r\n") {
            ami.fill(deadline).map_err(|e| format!("no greeting on AMI port {port}: {e}"))?;
        }
        let end = ami.unread.windows(2).position(|w| w == b"\r\n").map_or(0, |i| i + 2);
        ami.unread.drain(..end);
        ami.action("Login", &[("Username", user), ("Secret", secret), ("Events", "on")])?;
        ami.event("FullyBooted", PATIENCE, |_| true)?;
        Ok(ami)
    }

    /// Send an action and return its response, which must not be an error.
    pub fn action(&mut self, name: &str, fields: &[(&str, &str)]) -> Result<Message, String> {
        let answer = self.request(name, fields)?;
        if answer.get("Response") == "Error" {
            return Err(format!("Asterisk refused {name} {fields:?}: {}", answer.get("Message")));
        }
        Ok(answer)
    }

    /// Send an action and return its response, whatever it says.
    pub fn request(&mut self, name: &str, fields: &[(&str, &str)]) -> Result<Message, String> {
        let id = self.send(name, fields)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.next(deadline).map_err(|e| format!("no answer to {name}: {e}"))?;
            if message.get("ActionID") == id && !message.get("Response").is_empty() {
                return Ok(message);
            }
            self.keep(message);
        }
    }

    /// Send an action that answers with a list, and return its items.
    pub fn list(&mut self, name: &str, fields: &[(&str, &str)]) -> Result<Vec<Message>, String> {
        let id = self.send(name, fields)?;
        let deadline = Instant::now() + PATIENCE;
        let mut items = Vec::new();
        loop {
            let message = self.next(deadline).map_err(|e| format!("no complete answer to {name}: {e}"))?;
            if message.get("ActionID") != id {
                self.keep(message);
            } else if message.get("Response") == "Error" {
                return Err(format!("Asterisk refused {name} {fields:?}: {}", message.get("Message")));
            } else if message.get("EventList").eq_ignore_ascii_case("complete") {
                return Ok(items);
            } else if !message.event().is_empty() {
                items.push(message);
            }
        }
    }

    /// The first event of this name since the mark that `wanted` accepts, waiting for it if it has not come yet.
    /// The same event is found again by the next call, unless [`Ami::mark`] comes between.
    pub fn event(
        &mut self,
        name: &str,
        timeout: Duration,
        wanted: impl Fn(&Message) -> bool,
    ) -> Result<Message, String> {
        let deadline = Instant::now() + timeout;
        let mut at = self.mark;
        loop {
            while let Some(message) = self.events.get(at) {
                if message.event() == name && wanted(message) {
                    return Ok(message.clone());
                }
                at += 1;
            }
            match self.next(deadline) {
                Ok(message) => self.keep(message),
                Err(e) => {
                    let seen: Vec<_> =
                        self.seen().iter().map(|m| format!("{} {}", m.event(), m.get("Channel"))).collect();
                    return Err(format!("no such {name} event: {e}; seen since the mark: {}", seen.join(", ")));
                }
            }
        }
    }

    /// Forget the events so far: those that Asterisk sent before it answered a Ping that this sends.
    pub fn mark(&mut self) -> Result<(), String> {
        self.action("Ping", &[])?;
        self.mark = self.events.len();
        Ok(())
    }

    /// The events read since the mark. Reads nothing by itself.
    pub fn seen(&self) -> &[Message] {
        &self.events[self.mark..]
    }

    fn send(&mut self, name: &str, fields: &[(&str, &str)]) -> Result<String, String> {
        self.actions += 1;
        let id = format!("test-{}", self.actions);
        let mut text = format!("Action: {name}\r\nActionID: {id}\r\n");
        for (field, value) in fields {
            text.push_str(&format!("{field}: {value}\r\n"));
        }
        text.push_str("\r\n");
        self.stream.write_all(text.as_bytes()).map_err(|e| format!("cannot send {name} to Asterisk: {e}"))?;
        Ok(id)
    }

    fn keep(&mut self, message: Message) {
        if !message.event().is_empty() {
            self.events.push(message);
        }
    }

    fn next(&mut self, deadline: Instant) -> Result<Message, String> {
        loop {
            if let Some(end) = self.unread.windows(4).position(|w| w == b"\r\n\r\n") {
                let bytes: Vec<u8> = self.unread.drain(..end + 4).collect();
                return Ok(Message::parse(&String::from_utf8_lossy(&bytes)));
            }
            self.fill(deadline)?;
        }
    }

    fn fill(&mut self, deadline: Instant) -> Result<(), String> {
        let mut chunk = [0; 16 * 1024];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err("time is up".to_owned());
            }
            self.stream.set_read_timeout(Some(left)).map_err(|e| format!("AMI connection: {e}"))?;
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err("Asterisk closed the AMI connection".to_owned()),
                Ok(n) => {
                    self.unread.extend_from_slice(&chunk[..n]);
                    return Ok(());
                }
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(e) => return Err(format!("AMI connection: {e}")),
            }
        }
    }
}
