//! What was: ended calls.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::Millis;

/// How many ended calls are kept.
const ENDED: usize = 1_000;

/// An ended call.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) ids: Vec<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) began: Millis,
    pub(crate) answered: Option<Millis>,
    pub(crate) ended: Millis,
    pub(crate) cause: &'static str,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    ended: VecDeque<Ended>,
}

impl Journal {
    pub(crate) fn end(&mut self, call: Ended) {
        if self.ended.len() >= ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(call);
    }

    /// How long the newest call with this id was talked in: so long is its recording.
    pub(crate) fn recording(&self, unique_id: &str) -> Option<Millis> {
        let call = self.ended.iter().rev().find(|call| call.ids.iter().any(|id| id == unique_id))?;
        call.answered.map(|answered| call.ended - answered)
    }

    /// All of it.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let row = |call: &Ended| {
            let talked = call.answered.map_or(0, |answered| call.ended - answered);
            json!({
                "uniqueIds": call.ids,
                "from": call.from,
                "to": call.to,
                "startMs": call.began,
                "talkMs": talked,
                "cause": call.cause,
            })
        };
        self.ended.iter().map(row).collect()
    }
}
