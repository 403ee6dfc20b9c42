//! The host's part and Asterisk's part, played for the adapter.
#![allow(dead_code, unused_imports, reason = "each test uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod asterisk;
mod play;
mod say;

use std::time::Duration;

use jackfield_plugin_api::testing::{Answer, Driver, Output, Swaps};
use jackfield_plugin_api::{CloseKind, CloseReason, Command, Fact, LineId};
use jackfield_plugin_asterisk::Asterisk;
use serde_json::{Value, json};

pub(crate) use asterisk::{Pbx, field};
pub(crate) use play::{connected, facts, key, one, play_until, refused, said};
pub(crate) use say::{Names, say};

/// How a stream is cut into reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// One read for each message.
    Messages,
    /// Everything in one read.
    Whole,
    /// A read for every byte.
    Bytes,
    /// Reads of this size.
    Pieces(usize),
}

/// An adapter with its host and its Asterisk.
pub(crate) struct Bed {
    pub(crate) driver: Driver<Asterisk>,
    pub(crate) pbx: Pbx,
    facts: Vec<Fact>,
    answers: Vec<Answer>,
    log: Vec<String>,
    /// Everything that it said, as lines of a script.
    pub(crate) all: Vec<String>,
    /// Whether the adapter asked for a new connection, and why.
    pub(crate) reconnect: Option<String>,
}

pub(crate) fn settings() -> Value {
    json!({
        "host": "pbx.example", "username": "cti", "password": "cti-secret", "context": "internal",
        "pause_reasons": [{"code": "lunch", "label": "Lunch"}, {"code": "training"}],
    })
}

impl Bed {
    /// An adapter that is about to be connected, with the lines 101, 102 and 201.
    pub(crate) fn new() -> Self {
        Self::with(&settings(), &json!({}))
    }

    /// The same with other settings. `swapped.rs` has the adapter replaced after every input.
    pub(crate) fn with(settings: &Value, line: &Value) -> Self {
        let swapped = module_path!().contains("swapped::");
        Self::swapping(settings, line, if swapped { Swaps::EACH_INPUT } else { Swaps::NEVER })
    }

    /// The same, with the adapter replaced on the way.
    pub(crate) fn swapping(settings: &Value, line: &Value, swaps: Swaps) -> Self {
        let driver = Driver::new(settings).unwrap().swapping(swaps);
        let mut bed = Self {
            driver,
            pbx: Pbx::default(),
            all: Vec::new(),
            facts: Vec::new(),
            answers: Vec::new(),
            log: Vec::new(),
            reconnect: None,
        };
        bed.driver.started().unwrap();
        bed.take();
        for number in ["101", "102", "201"] {
            let mut line = line.clone();
            line["device"] = format!("PJSIP/{number}").into();
            bed.driver.line(number, &line).unwrap();
            bed.take();
        }
        bed
    }

    /// An adapter that is at work.
    pub(crate) fn up() -> Self {
        let mut bed = Self::new();
        bed.connect();
        bed.facts();
        bed
    }

    /// Connects and answers everything that is asked.
    pub(crate) fn connect(&mut self) {
        self.reconnect = None;
        self.driver.opened(0).unwrap();
        self.take();
        self.receive(b"Asterisk Call Manager/11.0.0\r\n");
        self.answer_all();
        let booted = "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 0\r\nStatus: Fully Booted\r\n\r\n";
        self.receive(booted.as_bytes());
        self.answer_all();
    }

    /// Lets Asterisk answer what was sent, until nothing more is asked.
    pub(crate) fn answer_all(&mut self) {
        loop {
            let answers = self.pbx.answers();
            if answers.is_empty() {
                return;
            }
            self.receive(&answers);
        }
    }

    pub(crate) fn line(&self, name: &str) -> LineId {
        self.driver.line_id(name).unwrap()
    }

    /// Bytes come in one read.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if self.reconnect.is_some() {
            return;
        }
        self.driver.received(0, bytes).unwrap();
        self.take();
    }

    /// Bytes come, cut in this way.
    pub(crate) fn stream(&mut self, bytes: &[u8], cut: Cut) {
        match cut {
            Cut::Whole => self.receive(bytes),
            Cut::Bytes => bytes.chunks(1).for_each(|b| self.receive(b)),
            Cut::Pieces(size) => bytes.chunks(size).for_each(|b| self.receive(b)),
            Cut::Messages => messages(bytes).iter().for_each(|m| self.receive(m.as_bytes())),
        }
    }

    /// A recorded stream comes in the reads and at the times in which it came.
    pub(crate) fn stream_in_time(&mut self, name: &str) {
        let bytes = trace(&format!("{name}.ami"));
        let skip = bytes.len() - events(&bytes).len();
        let times = String::from_utf8(trace(&format!("{name}.times"))).unwrap();
        let mut now = 0;
        for read in times.lines() {
            let fields: Vec<&str> = read.split('\t').collect();
            let [millis, "R", at, length] = fields[..] else { continue };
            let (millis, at): (u64, usize) = (millis.parse().unwrap(), at.parse().unwrap());
            let end = at + length.parse::<usize>().unwrap();
            self.wait(millis.saturating_sub(now));
            now = millis;
            if end > skip {
                self.receive(&bytes[at.max(skip)..end]);
            }
        }
    }

    /// An event comes: its name, and fields `Key: value`.
    pub(crate) fn event(&mut self, name: &str, fields: &[(&str, &str)]) {
        let mut message = format!("Event: {name}\r\n");
        for (key, value) in fields {
            message.push_str(&format!("{key}: {value}\r\n"));
        }
        message.push_str("\r\n");
        self.receive(message.as_bytes());
    }

    pub(crate) fn command(&mut self, line: &str, name: &str, params: Value) -> u64 {
        let command = Command::decode(name, params).unwrap().unwrap();
        let line = self.line(line);
        let id = self.driver.command(line, &command).unwrap();
        self.take();
        id.0
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        // Time goes on in steps, so that answers come when they do.
        for step in std::iter::repeat_n(100, (millis / 100) as usize).chain([millis % 100]) {
            self.driver.advance(Duration::from_millis(step)).unwrap();
            self.take();
            self.answer_looks();
        }
    }

    /// Asterisk says at once that it does not know where a leg is.
    fn answer_looks(&mut self) {
        let answers = self.pbx.answers_to("Status");
        if !answers.is_empty() {
            self.receive(&answers);
        }
    }

    pub(crate) fn close(&mut self) {
        self.driver.closed(0, &CloseReason::new(CloseKind::Lost, "reset by peer")).unwrap();
        self.take();
    }

    pub(crate) fn close_line(&mut self, line: &str) {
        let line = self.line(line);
        self.driver.give(&jackfield_plugin_api::frame::input::InputFrame::line_closed(line)).unwrap();
        self.take();
    }

    fn take(&mut self) {
        self.all.extend(self.driver.rendered());
        for output in self.driver.outputs() {
            match output {
                Output::Fact(fact) => self.facts.push(fact),
                Output::Reply(answer) => self.answers.push(*answer),
                Output::Send { bytes, .. } => self.pbx.sent(bytes),
                Output::Reconnect { why, .. } => self.reconnect = Some(why.to_owned()),
                Output::Log(line) => self.log.push(line.text),
                _ => {}
            }
        }
    }

    /// The facts since the last question.
    pub(crate) fn facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// The answers since the last question.
    pub(crate) fn answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.answers)
    }

    /// The log lines since the last question.
    pub(crate) fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    /// The actions that were sent since the last question and are not answered by themselves.
    pub(crate) fn actions(&mut self) -> Vec<String> {
        self.pbx.take()
    }

    /// Answers the last action of this name, as Asterisk does.
    pub(crate) fn reply(&mut self, action: &str, response: &str, message: &str) {
        let id = field(action, "ActionID").unwrap();
        self.receive(format!("Response: {response}\r\nActionID: {id}\r\nMessage: {message}\r\n\r\n").as_bytes());
    }
}

/// The messages of a stream.
pub(crate) fn messages(bytes: &[u8]) -> Vec<String> {
    let text: String = bytes.iter().copied().map(char::from).collect();
    text.split_inclusive("\r\n\r\n").map(str::to_owned).collect()
}

/// The events of a recorded stream: what comes after the answer to the login and `FullyBooted`.
pub(crate) fn events(stream: &[u8]) -> Vec<u8> {
    let begin = stream.windows(12).position(|w| w == b"Fully Booted").unwrap() + 12;
    stream[begin + 4..].to_vec()
}

/// Whether the times of a stream's reads were recorded.
pub(crate) fn has_times(name: &str) -> bool {
    std::path::Path::new(&format!("{}/tests/traces/{name}.times", env!("CARGO_MANIFEST_DIR"))).exists()
}

pub(crate) fn trace(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/traces/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}
