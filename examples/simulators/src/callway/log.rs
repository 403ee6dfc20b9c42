//! What clients have said, and who has come and gone, for whoever asks.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::message::Message;

/// How many of either are remembered.
const REMEMBERED: usize = 1_000;
/// How many characters of a value are.
const CHARACTERS: usize = 256;
/// How many fields of a message are.
const FIELDS: usize = 32;

/// The newest last.
#[derive(Debug, Default)]
pub(super) struct Log {
    visits: VecDeque<Value>,
    heard: VecDeque<Value>,
}

impl Log {
    /// Somebody has come or gone.
    pub(super) fn visit(&mut self, login: &str, what: &str) {
        push(&mut self.visits, json!({ "login": short(login), "what": what }));
    }

    /// A message has come, and was done or not. Passwords are left out.
    pub(super) fn hear(&mut self, message: &Message, done: &Result<(), String>) {
        let fields = message.fields.iter().take(FIELDS).filter(|(name, _)| name != "Password");
        let fields: Vec<Value> = fields.map(|(name, value)| json!([short(name), short(value)])).collect();
        let mut heard = json!({ "message": short(&message.kind), "fields": fields });
        if let Err(why) = done {
            heard["ignored"] = short(why).into();
        }
        push(&mut self.heard, heard);
    }

    pub(super) fn visits(&self) -> Vec<Value> {
        self.visits.iter().cloned().collect()
    }

    pub(super) fn heard(&self) -> Vec<Value> {
        self.heard.iter().cloned().collect()
    }
}

fn push(list: &mut VecDeque<Value>, value: Value) {
    if list.len() >= REMEMBERED {
        list.pop_front();
    }
    list.push_back(value);
}

fn short(text: &str) -> String {
    text.chars().take(CHARACTERS).collect()
}
