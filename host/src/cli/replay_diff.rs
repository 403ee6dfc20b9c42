//! Two versions of an adapter over one recording: where their events differ.
//!
//! Numbers of events and ids of calls follow from the events before, so they are left out of the comparison: an event
//! that one of them has too many is one difference, not a thousand.

use std::collections::BTreeMap;

use jackfield_plugin_api::Timestamp;
use serde_json::{Value, json};

use super::replay::input_words;
use super::watch_line::Printer;
use super::{Failure, output};
use crate::model::{Event, Model, timestamp_text};
use crate::recorder::Published;
use crate::recorder::replay::{Given, Tally, Watch};

/// Finds and prints differences.
pub(super) struct Differences {
    json: bool,
    printer: Printer,
    /// The names of calls, of each: an id says nothing to the other one.
    names: [Names; 2],
    found: u64,
    failure: Option<Failure>,
}

/// Calls by the adapter's own names.
#[derive(Default)]
struct Names {
    known: BTreeMap<String, String>,
    count: u64,
}

impl Names {
    fn of(&mut self, model: &Model, event: &Event, id: &str) -> String {
        if let Some(known) = self.known.get(id) {
            return known.clone();
        }
        let key = event.line.and_then(|line| model.key(line, id).map(|key| format!("{line}:{key}")));
        let native = event.body.call().and_then(|call| call.native_id.as_deref().map(str::to_owned));
        self.count += 1;
        let name = key.or(native).unwrap_or_else(|| format!("call {}", self.count));
        self.known.insert(id.to_owned(), name.clone());
        name
    }
}

/// An event as it is compared, and as it is shown.
struct Compared {
    key: String,
    text: String,
}

impl Differences {
    pub(super) fn new(json: bool) -> Self {
        let names = [Names::default(), Names::default()];
        Self { json, printer: Printer::new(json), names, found: 0, failure: None }
    }

    fn compared(&mut self, of: usize, model: &Model, event: &Event) -> Compared {
        let text = event.to_json();
        let mut value: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(params) = value["params"].as_object_mut() {
            params.remove("seq");
            params.remove("epoch");
            if let Some(data) = params.get_mut("data").and_then(Value::as_object_mut) {
                data.remove("asOfSeq");
                if let Some(connection) = data.get_mut("connection").and_then(Value::as_object_mut) {
                    connection.remove("adapterVersion");
                }
            }
        }
        self.rename(of, model, event, &mut value);
        Compared { key: value.to_string(), text }
    }

    fn rename(&mut self, of: usize, model: &Model, event: &Event, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    match member {
                        Value::String(id) if key.ends_with("allId") => *id = self.names[of].of(model, event, id),
                        member => self.rename(of, model, event, member),
                    }
                }
            }
            Value::Array(members) => members.iter_mut().for_each(|member| self.rename(of, model, event, member)),
            _ => {}
        }
    }

    fn say(&mut self, said: Result<(), Failure>) {
        if let Err(failure) = said {
            self.failure.get_or_insert(failure);
        }
    }

    fn show(&mut self, sign: &str, text: &str) {
        let said = if self.json {
            let event: Value = serde_json::from_str(text).unwrap_or_default();
            output::say(&json!({ "only": if sign == "-" { "first" } else { "second" }, "event": event }).to_string())
        } else {
            let message = serde_json::from_str(text).unwrap_or_default();
            self.printer.line(&message).iter().try_for_each(|line| output::say(&format!("{sign} {line}")))
        };
        self.say(said);
    }

    /// Says how many there were.
    pub(super) fn end(self, tallies: &[Tally]) -> Result<(), Failure> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let all = |of: fn(&Tally) -> u64| tallies.iter().map(of).collect::<Vec<_>>();
        let (events, inputs) = (all(|t| t.events), tallies.first().map_or(0, |t| t.inputs));
        let text = format!(
            "{inputs} inputs; {} and {} events; {} places with other events",
            events.first().unwrap_or(&0),
            events.get(1).unwrap_or(&0),
            self.found
        );
        if let Some(why) = tallies.iter().find_map(Tally::unplayed) {
            return Err(Failure::new(output::harmless(why)));
        }
        if self.found == 0 {
            return if self.json { Ok(()) } else { output::say(&text) };
        }
        Err(Failure::new(text))
    }
}

impl Watch for Differences {
    fn events(&mut self, at: Timestamp, input: Option<&Given>, _: &[Published], now: Vec<(&Model, Vec<Event>)>) {
        let mut sides: [Vec<Compared>; 2] = [Vec::new(), Vec::new()];
        for (of, (model, events)) in now.into_iter().take(2).enumerate() {
            sides[of] = events.iter().map(|event| self.compared(of, model, event)).collect();
        }
        let [first, second] = &sides;
        let same = |a: &Compared, b: &Compared| a.key == b.key;
        let before = first.iter().zip(second).take_while(|(a, b)| same(a, b)).count();
        let (first, second) = (&first[before..], &second[before..]);
        let behind = first.iter().rev().zip(second.iter().rev()).take_while(|(a, b)| same(a, b)).count();
        let (first, second) = (&first[..first.len() - behind], &second[..second.len() - behind]);
        if first.is_empty() && second.is_empty() {
            return;
        }
        self.found += 1;
        let number = input.map_or(0, |given| given.number);
        let said = if self.json {
            let first = self.found == 1;
            output::say(&json!({ "input": number, "at": timestamp_text(at), "isFirst": first }).to_string())
        } else {
            let which = if self.found == 1 { "the first difference: " } else { "" };
            output::say(&format!("@ {} {which}input {number}, {}", timestamp_text(at), input_words(input)))
        };
        self.say(said);
        for event in first {
            self.show("-", &event.text);
        }
        for event in second {
            self.show("+", &event.text);
        }
    }

    fn note(&mut self, at: Timestamp, text: String) {
        output::note(&output::harmless(&format!("-- {}: {text}", timestamp_text(at))));
    }

    fn is_enough(&self) -> bool {
        self.failure.is_some()
    }
}
