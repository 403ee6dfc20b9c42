//! The host's part and Asterisk's part, played from a script.

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::testing::{DriveError, Driver, Output, Swaps, render};
use jackfield_plugin_api::{CallState, CloseKind, CloseReason, Command, Fact};
use serde_json::{Value, json};

use super::checks;
use super::script::{Step, steps};
use crate::Asterisk;

/// How a script is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    AsWritten,
    /// Every byte is a read.
    Bytes,
    /// The adapter is replaced after every input.
    Swaps,
}

/// The most lines that a script opens.
const MAX_LINES: usize = 6;
/// The longest that a script waits at once.
const MAX_WAIT: u64 = 3_600_000;

pub(super) struct Player {
    driver: Driver<Asterisk>,
    settings: Value,
    way: Way,
    cut: usize,
    open: bool,
    lines: usize,
    /// Bytes that came from outside.
    fed: usize,
    /// What the adapter asked and nobody answered yet.
    asked: Vec<Vec<u8>>,
    /// The leg that it asked for last.
    leg: String,
    /// Calls of each line (by number), oldest first.
    calls: BTreeMap<u32, Vec<String>>,
    /// Commands, and how often each was answered.
    commands: BTreeMap<u64, u32>,
    /// What it said, without timers and logs, which depend on how bytes come.
    said: Vec<String>,
}

fn settings(name: &str) -> Value {
    let mut settings = json!({ "host": "pbx.example", "username": "cti", "password": "cti-secret", "raw": false });
    match name {
        "plain" => settings["auth"] = "plain".into(),
        "local" => settings["originate"] = "Local/{number}@{context}/n".into(),
        "rooms" => {
            settings["conference_context"] = "cti-conf".into();
            settings["parking_lot"] = "default".into();
            settings["caller_id"] = "{to}".into();
        }
        _ => {}
    }
    settings
}

impl Player {
    /// Plays a script, checks the adapter after each step, and at the end that nothing is left of what is gone.
    /// Returns what the adapter said.
    pub(super) fn play(input: &[u8], way: Way) -> Vec<String> {
        let steps = steps(input);
        let chosen = steps.iter().find_map(|step| if let Step::Settings(name) = step { Some(*name) } else { None });
        let settings = settings(chosen.unwrap_or_default());
        let Ok(driver) = Driver::new(&settings) else { return Vec::new() };
        let driver = driver.swapping(if way == Way::Swaps { Swaps::EACH_INPUT } else { Swaps::NEVER });
        let mut player = Self {
            driver,
            settings,
            way,
            cut: 0,
            open: false,
            lines: 0,
            fed: 0,
            asked: Vec::new(),
            leg: String::new(),
            calls: BTreeMap::new(),
            commands: BTreeMap::new(),
            said: Vec::new(),
        };
        player.give(&InputFrame::started());
        for name in ["101", "102", "201"] {
            player.line(name);
        }
        for step in steps {
            player.step(step);
            // What the other ways say is compared; looking at their state too would find nothing more.
            if way == Way::AsWritten {
                checks::state(player.driver.adapter(), player.fed);
            }
        }
        player.end();
        player.said
    }

    fn step(&mut self, step: Step<'_>) {
        match step {
            Step::Receive(bytes) if self.open => self.receive(bytes),
            Step::Open if !self.open => {
                self.open = true;
                self.asked.clear();
                self.give(&InputFrame::opened(crate::session::LINK));
            }
            Step::Close if self.open => self.close(),
            Step::Answer { yes } => self.answer(yes),
            Step::Wait(millis) => {
                let given = self.driver.advance(Duration::from_millis(millis.min(MAX_WAIT)));
                self.given(given);
            }
            Step::Cut(size) => self.cut = size,
            Step::Line(name) => self.line(name),
            Step::CloseLine(name) => {
                if let Some(line) = self.driver.line_id(name) {
                    self.calls.remove(&line.0);
                    self.give(&InputFrame::line_closed(line));
                }
            }
            Step::Command { line, name, params } => self.command(line, name, params),
            Step::Swap => self.swap(),
            Step::Stop => self.give(&InputFrame::stopping()),
            _ => {}
        }
    }

    /// The connection ends: every command has its one answer. After the next one with nothing up, nothing is left.
    fn end(&mut self) {
        if self.open {
            self.close();
        }
        for (command, answers) in &self.commands {
            assert_eq!(*answers, 1, "answers to command {command} when the connection is gone");
        }
        self.cut = 0;
        self.step(Step::Open);
        self.receive(b"Asterisk Call Manager/11.0.0\r\n");
        self.answer(true);
        self.answer(true);
        self.receive(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n");
        self.answer(true);
        checks::state(self.driver.adapter(), self.fed);
        checks::nothing_is_up(self.driver.adapter());
    }

    fn close(&mut self) {
        self.open = false;
        self.give(&InputFrame::closed(crate::session::LINK, &CloseReason::new(CloseKind::Lost, "reset by peer")));
        self.asked.clear();
    }

    fn line(&mut self, name: &str) {
        if self.driver.line_id(name).is_none() {
            if self.lines >= MAX_LINES {
                return;
            }
            self.lines += 1;
        }
        let line = json!({
            "device": format!("PJSIP/{name}"), "remote_control": "notify", "queues": ["support"],
        });
        self.fed += name.len();
        let given = self.driver.line(name, &line);
        self.given(given);
    }

    fn command(&mut self, line: &str, name: &str, params: &str) {
        let Some(id) = self.driver.line_id(line) else { return };
        let mut params = params.to_owned();
        let none = Vec::new();
        let calls = self.calls.get(&id.0).unwrap_or(&none);
        for (at, call) in calls.iter().rev().take(10).enumerate() {
            params = params.replace(&format!("${at}"), &call.escape_default().to_string());
        }
        let Ok(params) = serde_json::from_str::<Value>(&params) else { return };
        let Some(Ok(command)) = Command::decode(name, params) else { return };
        self.fed += params_size(&command);
        let given = self.driver.command(id, &command);
        if let Ok(command) = given {
            self.commands.insert(command.0, 0);
        }
        self.given(given);
    }

    fn receive(&mut self, bytes: &[u8]) {
        let bytes = with_leg(bytes, &self.leg);
        self.fed += bytes.len();
        let size = match (self.way, self.cut) {
            (Way::Bytes, _) => 1,
            (_, 0) => bytes.len(),
            (_, cut) => cut,
        };
        for read in bytes.chunks(size.max(1)) {
            // After it asked for another connection the host gives it no more of this one.
            if !self.open {
                return;
            }
            self.give(&InputFrame::received(crate::session::LINK, read));
        }
    }

    fn answer(&mut self, yes: bool) {
        // Answers may be questions' beginnings; one round is enough for a step.
        for action in std::mem::take(&mut self.asked) {
            let answer = checks::answer(&action, yes);
            if self.open {
                self.receive(&answer);
            }
        }
    }

    fn swap(&mut self) {
        let swapped = self.driver.swap(&self.settings);
        assert!(matches!(swapped, Ok(true)), "what was saved is restored: {swapped:?}");
        assert!(self.driver.outputs().is_empty(), "a restore says nothing: {:?}", self.driver.rendered());
    }

    fn give(&mut self, frame: &InputFrame<'_>) {
        let given = self.driver.give(frame);
        self.given(given);
    }

    /// What the adapter refuses makes no difference; but nobody notices that it was replaced.
    fn given<T>(&mut self, given: Result<T, DriveError>) {
        match given {
            Ok(_) => self.take(),
            Err(error) => assert!(!matches!(error, DriveError::Swap { .. }), "{error}"),
        }
    }

    fn take(&mut self) {
        let mut closes = false;
        for output in self.driver.outputs() {
            match &output {
                Output::SetTimer { .. } | Output::CancelTimer { .. } | Output::Log(_) | Output::Raw(_) => continue,
                Output::Send { bytes, .. } => {
                    checks::sent(bytes);
                    if let Some(leg) = checks::field(bytes, "ChannelId") {
                        self.leg = leg;
                    }
                    self.asked.push(bytes.to_vec());
                }
                Output::Fact(Fact::Call(call)) => {
                    let calls = self.calls.entry(call.line.0).or_default();
                    calls.retain(|key| key != call.key.as_str());
                    if call.state != CallState::Finished {
                        calls.push(call.key.to_string());
                    }
                }
                Output::Fact(Fact::Snapshot(snapshot)) => {
                    let keys = snapshot.calls.iter().map(|call| call.key.to_string()).collect();
                    self.calls.insert(snapshot.line.0, keys);
                }
                // Its text shows what came, as far as it had come.
                Output::Fact(Fact::Down(down)) => {
                    self.said.push(format!("down {}", down.code));
                    continue;
                }
                Output::Reply(answer) => {
                    let answers = self.commands.entry(answer.id.0).or_default();
                    *answers += 1;
                    assert!(*answers < 2, "command {} is answered twice", answer.id);
                }
                Output::Reconnect { .. } => {
                    closes = true;
                    self.said.push("reconnect".to_owned());
                    continue;
                }
                _ => {}
            }
            self.said.push(render(&output));
        }
        if closes && self.open {
            self.close();
        }
    }
}

/// How much a command brings.
fn params_size(command: &Command) -> usize {
    format!("{command:?}").len()
}

/// The bytes with the leg's id where it belongs.
fn with_leg(bytes: &[u8], leg: &str) -> Vec<u8> {
    const PLACE: &[u8] = b"$CALL";
    let mut filled = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, PLACE) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(leg.as_bytes());
        rest = &rest[at + PLACE.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}
