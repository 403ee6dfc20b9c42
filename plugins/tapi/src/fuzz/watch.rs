//! Looks at all that the adapter says, and at what must not happen, whatever TAPI tells.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{CallFact, CallState, Command, CommandId, Fact, LineId};
use serde_json::Value;

use crate::scripted::Scripted;

/// The longest time that passes in one course: a function that takes longer is a driver that hangs.
const LONGEST: Duration = Duration::from_secs(3_000);

/// An adapter, and what it has said so far.
pub(super) struct Watch {
    driver: Driver<Scripted>,
    /// The lines that are open, by name, and whether each is live.
    lines: BTreeMap<String, LineId>,
    live: BTreeSet<LineId>,
    /// Calls by line and key, in the order in which they were told first.
    calls: BTreeMap<(LineId, String), CallState>,
    open: BTreeSet<CommandId>,
    passed: Duration,
}

impl Watch {
    /// Starts an adapter; `None`: not with these settings.
    pub(super) fn new(settings: &Value) -> Option<Self> {
        let mut driver = Driver::<Scripted>::new(settings).ok()?;
        assert!(driver.started().is_ok(), "it starts");
        Some(Self {
            driver,
            lines: BTreeMap::new(),
            live: BTreeSet::new(),
            calls: BTreeMap::new(),
            open: BTreeSet::new(),
            passed: Duration::ZERO,
        })
    }

    /// Whether a function does not return any more: what is said after that is not looked at.
    pub(super) fn is_broken(&self) -> bool {
        self.driver.adapter().is_broken()
    }

    /// The number of the last request.
    pub(super) fn requests(&self) -> u64 {
        self.driver.adapter().requests()
    }

    /// Handles, calls, requests and messages that are kept.
    pub(super) fn counts(&self) -> (usize, usize, usize, usize) {
        self.driver.adapter().counts()
    }

    /// Something that a thread tells.
    pub(super) fn told(&mut self, told: impl AsRef<[u8]>) {
        assert!(self.driver.posted(told).is_ok(), "what a thread tells is always taken");
        self.look();
    }

    pub(super) fn line(&mut self, name: &str, settings: &Value) {
        if self.lines.contains_key(name) {
            return;
        }
        if let Ok(line) = self.driver.line(name, settings) {
            self.lines.insert(name.to_owned(), line);
            self.look();
        }
    }

    pub(super) fn close_line(&mut self, name: &str) {
        let Some(line) = self.lines.remove(name) else { return };
        assert!(self.driver.give(&InputFrame::line_closed(line)).is_ok(), "a line can always be closed");
        self.live.remove(&line);
        self.calls.retain(|(of, _), _| *of != line);
        self.look();
    }

    pub(super) fn command(&mut self, name: &str, command: &Command) {
        let Some(line) = self.lines.get(name).copied() else { return };
        let Ok(id) = self.driver.command(line, command) else { return };
        self.open.insert(id);
        self.look();
    }

    pub(super) fn advance(&mut self, by: Duration) {
        let by = by.min(LONGEST.saturating_sub(self.passed));
        self.passed += by;
        assert!(self.driver.advance(by).is_ok(), "time passes");
        self.look();
    }

    /// The keys of a line's calls that are up.
    pub(super) fn keys(&self, name: &str) -> Vec<String> {
        let line = self.lines.get(name);
        let up = self.calls.iter().filter(|((of, _), state)| Some(of) == line && **state != CallState::Finished);
        up.map(|((_, key), _)| key.clone()).collect()
    }

    /// What was just said.
    fn look(&mut self) {
        let outputs: Vec<Output<'static>> = self.driver.outputs().into_iter().filter_map(owned).collect();
        for output in outputs {
            match output {
                Output::Reply(answer) => {
                    assert!(self.open.remove(&answer.id), "{:?} was answered before, or is none", answer.id);
                }
                Output::Fact(fact) => self.fact(fact),
                _ => {}
            }
        }
    }

    fn fact(&mut self, fact: Fact) {
        match fact {
            Fact::Call(call) => self.call(&call),
            Fact::Snapshot(all) => {
                assert!(self.lines.values().any(|line| *line == all.line), "a line that is open");
                self.calls.retain(|(line, _), _| *line != all.line);
                for call in all.calls {
                    assert!(call.state != CallState::Finished && call.line == all.line, "{call:?}");
                    let before = self.calls.insert((call.line, call.key.as_str().to_owned()), call.state);
                    assert_eq!(before, None, "{} is there twice", call.key);
                }
                self.live.insert(all.line);
            }
            Fact::Down(down) => match down.line {
                Some(line) => self.down(line),
                None => self.lines.values().copied().collect::<Vec<_>>().into_iter().for_each(|line| self.down(line)),
            },
            Fact::Dtmf(dtmf) => {
                let state = self.calls.get(&(dtmf.line, dtmf.key.as_str().to_owned()));
                assert!(state.is_some_and(|state| *state != CallState::Finished), "digits of a call that is up");
            }
            _ => {}
        }
    }

    fn down(&mut self, line: LineId) {
        self.live.remove(&line);
        self.calls.retain(|(of, _), _| *of != line);
    }

    fn call(&mut self, call: &CallFact) {
        assert!(self.live.contains(&call.line), "a call on a line that is not open: {call:?}");
        let before = self.calls.insert((call.line, call.key.as_str().to_owned()), call.state);
        assert_ne!(before, Some(CallState::Finished), "{} is over already", call.key);
        if before.is_none() {
            let begins = call.direction.is_some() && call.state != CallState::Finished;
            assert!(begins, "a call begins with its direction: {call:?}");
        }
    }

    /// Nothing comes any more: every command has its answer in the end.
    pub(super) fn finish(&mut self) {
        self.passed = Duration::ZERO;
        for _ in 0..40 {
            if self.is_broken() {
                return;
            }
            self.advance(Duration::from_secs(20));
        }
        assert!(self.open.is_empty() || self.is_broken(), "{:?} have no answer", self.open);
    }
}

/// What is looked at of an output, for longer than the output.
fn owned(output: Output<'_>) -> Option<Output<'static>> {
    match output {
        Output::Reply(answer) => Some(Output::Reply(answer)),
        Output::Fact(fact) => Some(Output::Fact(fact)),
        _ => None,
    }
}
