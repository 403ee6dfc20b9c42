//! The server's numbers: whose they are, and whether they are free. One line asks for all of them on behalf of the
//! connection, and listens for their states.

use std::collections::BTreeMap;

use jackfield_plugin_api::LineId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::wire::fields::{Body, Fields};

/// Numbers that are kept.
const MOST: usize = 20_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Number {
    caption: Option<String>,
    state: Option<i64>,
}

/// The numbers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Directory {
    numbers: BTreeMap<String, Number>,
    /// The line that listens.
    pub(crate) keeper: Option<LineId>,
}

impl Directory {
    /// `getpbxnumbers`.
    pub(crate) fn learn(&mut self, body: &Body) {
        let one = |entry: &Body| {
            let number = Number { caption: entry.text("caption"), state: entry.number("state") };
            Some((entry.text("number")?, number))
        };
        self.numbers = body.objects("numbers").filter_map(one).take(MOST).collect();
    }

    /// `pbxnumberstatechanged`.
    pub(crate) fn change(&mut self, body: &Body) {
        for entry in body.objects("numbers") {
            let known = entry.text("num").and_then(|number| self.numbers.get_mut(&number));
            if let (Some(number), Some(state)) = (known, entry.number("numstateid")) {
                number.state = Some(state);
            }
        }
    }

    pub(crate) fn caption(&self, number: &str) -> Option<&str> {
        self.numbers.get(number)?.caption.as_deref()
    }

    pub(crate) fn knows(&self, number: &str) -> bool {
        self.numbers.contains_key(number)
    }

    /// All numbers, for who asks.
    pub(crate) fn list(&self) -> Value {
        let one = |(number, entry): (&String, &Number)| {
            let state = match entry.state {
                Some(0) => "off",
                Some(1) => "ready",
                Some(2) => "break",
                Some(3) => "dnd",
                Some(5) => "busy",
                _ => "unknown",
            };
            json!({"number": number, "name": entry.caption, "state": state})
        };
        self.numbers.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_the_events_and_strangers_are_ignored() {
        let mut directory = Directory::default();
        let all = json!({"numbers": [{"number": "101", "caption": "Op", "state": 1}, {"number": 102}, {"id": "x"}]});
        directory.learn(all.as_object().unwrap());
        let change = json!({"numbers": [{"num": "102", "numstateid": 5}, {"num": "9", "numstateid": 1}, 7]});
        directory.change(change.as_object().unwrap());
        let list = json!([
            {"number": "101", "name": "Op", "state": "ready"}, {"number": "102", "name": null, "state": "busy"}
        ]);
        assert_eq!(directory.list(), list);
        assert!(directory.knows("101") && !directory.knows("9"));
        assert_eq!(directory.caption("101"), Some("Op"));
    }
}
