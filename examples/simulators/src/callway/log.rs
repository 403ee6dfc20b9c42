//! What clients have said, for whoever asks.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::message::Message;

/// How many messages are remembered.
const REMEMBERED: usize = 1_000;
/// How many characters of a value are.
const CHARACTERS: usize = 256;
/// How many fields of a message are.
const FIELDS: usize = 32;

/// The newest last.
#[derive(Debug, Default)]
pub(super) struct Log(VecDeque<Value>);

impl Log {
    /// A message has come, and was done or not. Passwords are left out.
    pub(super) fn hear(&mut self, message: &Message, done: &Result<(), String>) {
        let fields = message.fields.iter().take(FIELDS).filter(|(name, _)| name != "Password");
        let fields: Vec<Value> = fields.map(|(name, value)| json!([short(name), short(value)])).collect();
        let mut heard = json!({ "message": short(&message.kind), "fields": fields });
        if let Err(why) = done {
            heard["ignored"] = short(why).into();
        }
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(heard);
    }

    pub(super) fn heard(&self) -> Vec<Value> {
        self.0.iter().cloned().collect()
    }
}

fn short(text: &str) -> String {
    text.chars().take(CHARACTERS).collect()
}
