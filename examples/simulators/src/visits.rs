//! Who has come and gone at a phone system, for whoever asks.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// How many comings and goings are remembered.
const REMEMBERED: usize = 1_000;
/// How many characters of a login are.
const CHARACTERS: usize = 64;

/// Comings and goings, the newest last; of too many the oldest are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Visits(VecDeque<Value>);

impl Visits {
    /// Somebody has come or gone; `why` may be empty.
    pub(crate) fn note(&mut self, login: &str, what: &str, why: &str) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        let login: String = login.chars().take(CHARACTERS).collect();
        let mut visit = json!({ "login": login, "what": what });
        if !why.is_empty() {
            visit["why"] = why.into();
        }
        self.0.push_back(visit);
    }

    /// All that are remembered.
    pub(crate) fn all(&self) -> Value {
        self.0.iter().cloned().collect()
    }
}
