//! What was: ended calls, and what happened in each chain.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::oktell::Millis;

/// How many ended calls are kept.
const ENDED: usize = 1_000;
/// How many steps of chains are kept.
const STEPS: usize = 4_000;

/// An ended call.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) chain: String,
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
    steps: VecDeque<(String, Millis, &'static str, String)>,
}

impl Journal {
    pub(crate) fn end(&mut self, call: Ended) {
        if self.ended.len() >= ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(call);
    }

    /// Something happened in a chain.
    pub(crate) fn step(&mut self, chain: &str, at: Millis, what: &'static str, number: &str) {
        if self.steps.len() >= STEPS {
            self.steps.pop_front();
        }
        self.steps.push_back((chain.to_owned(), at, what, number.to_owned()));
    }

    /// The rows of `getpbxcalljournal` with this chain, or all.
    pub(crate) fn rows(&self, chain: Option<&str>) -> Vec<Value> {
        let rows = self.ended.iter().filter(|call| chain.is_none_or(|chain| chain == call.chain));
        rows.map(|call| {
            let talked = call.answered.map_or(0, |answered| call.ended - answered);
            json!({
                "idchain": call.chain,
                "callerid": call.from,
                "calledid": call.to,
                "startms": call.began,
                "duration": talked / 1_000,
                "cause": call.cause,
                "recordlink": if talked > 0 { format!("/download/rec/{}", call.chain) } else { String::new() },
            })
        })
        .collect()
    }

    /// The steps of `getchaincontent`.
    pub(crate) fn trace(&self, chain: &str) -> Vec<Value> {
        let steps = self.steps.iter().filter(|step| step.0 == chain);
        steps.map(|(_, at, what, number)| json!({ "at": at, "what": what, "number": number })).collect()
    }
}
