//! Which invariants a stream of events breaks: an independent reading of M5 and M6 that knows only what goes over
//! the wire, not the model. Used by the model's own tests, and on recorded or received streams.

mod call;
mod focus;
mod line;

use std::collections::BTreeMap;

use serde_json::Value;

use self::line::LineCheck;
use super::event::EventName;
use super::replay::Replay;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule: `I5`, `R3`, `M13.4`.
    pub rule: &'static str,
    /// What was seen and what should be.
    pub text: String,
    /// The event, as JSON.
    pub event: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}\n    {}", self.rule, self.text, self.event)
    }
}

/// Follows a stream of notifications (of any number of lines) and notes every broken rule.
#[derive(Debug, Default)]
pub struct Checker {
    lines: BTreeMap<String, LineCheck>,
    replay: Replay,
    violations: Vec<Violation>,
}

impl Checker {
    /// A stream that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The broken rules so far, in the order of the stream.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The tables as the stream tells them.
    #[must_use]
    pub fn replay(&self) -> &Replay {
        &self.replay
    }

    /// One notification.
    pub fn event(&mut self, event: &Value) {
        let mut found = Findings::default();
        let method = event["method"].as_str().unwrap_or_default();
        let params = &event["params"];
        match EventName::from_name(method) {
            None => found.add("M7", format!("`{method}` is none of the 21 events")),
            Some(_) if event["jsonrpc"] != "2.0" => found.add("M4", "not JSON-RPC 2.0".to_owned()),
            Some(_) if params["line"].is_null() => whole(method, params, &mut found),
            Some(EventName::RawMessage) => {
                if !params["seq"].is_null() || params["rawSeq"].is_null() {
                    found.add("I18", "a raw message has a rawSeq and no seq".to_owned());
                }
            }
            Some(name) => {
                let line = params["line"].as_str().unwrap_or_default();
                let check = self.lines.entry(line.to_owned()).or_default();
                if params["resent"] == true {
                    check.resent(params, &mut found);
                } else {
                    let before = self.replay.line(line).cloned().unwrap_or_default();
                    self.replay.event(event);
                    let after = self.replay.line(line).cloned().unwrap_or_default();
                    check.event(name, params, &before, &after, &mut found);
                }
            }
        }
        self.note(found, event);
    }

    /// The host died without a word: a greater epoch will imply `disconnected` (I1).
    pub fn host_died(&mut self) {
        self.replay.host_died();
        self.lines.values_mut().for_each(LineCheck::host_died);
    }

    /// All events of one input have come: nothing may be left untold (I9, I11).
    pub fn settled(&mut self) {
        let mut found = Findings::default();
        for (name, check) in &mut self.lines {
            if let Some(table) = self.replay.line(name) {
                check.settled(table, &mut found);
            }
        }
        self.note(found, &Value::Null);
    }

    fn note(&mut self, found: Findings, event: &Value) {
        for (rule, text) in found.0 {
            self.violations.push(Violation { rule, text, event: event.to_string() });
        }
    }
}

/// The broken rules of one event.
#[derive(Debug, Default)]
struct Findings(Vec<(&'static str, String)>);

impl Findings {
    fn add(&mut self, rule: &'static str, text: String) {
        self.0.push((rule, text));
    }

    /// Notes the rule as broken unless `kept`.
    fn check(&mut self, rule: &'static str, kept: bool, text: impl FnOnce() -> String) {
        if !kept {
            self.add(rule, text());
        }
    }
}

/// An event of a connection as a whole.
fn whole(method: &str, params: &Value, found: &mut Findings) {
    found.check("M4", params["epoch"].is_null() && params["seq"].is_null(), || {
        "an event of the connection as a whole has no epoch and no seq".to_owned()
    });
    found.check("I1", method == "error", || format!("`{method}` is an event of a line"));
}
