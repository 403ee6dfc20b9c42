//! What the events of one call must be (T1–T10, I2–I7, I16, I17).

use std::collections::BTreeMap;

use serde_json::Value;

use super::Findings;
use super::line::{LineCheck, check_mask};
use crate::model::event::EventName;
use crate::model::replay::LineTable;

/// What is known of one call's events.
#[derive(Debug, Default)]
pub(super) struct CallCheck {
    commutated: bool,
    busied: bool,
    held: bool,
    phase: String,
    connected_at: Option<String>,
    started_at: String,
    totals: [u64; 3],
    /// WebRTC sessions; whether each still lives.
    sessions: BTreeMap<String, bool>,
}

impl CallCheck {
    /// Checks one event against what is known of its call. `reconciling`: among the differences of I15.
    pub(super) fn event(
        line: &mut LineCheck,
        name: EventName,
        params: &Value,
        before: &LineTable,
        reconciling: bool,
        found: &mut Findings,
    ) {
        let data = &params["data"];
        let object = &data["call"];
        let id = object["callId"].as_str().or_else(|| data["callId"].as_str());
        let Some(id) = id.filter(|_| name != EventName::CallSaved && name != EventName::LineStateChanged) else {
            return;
        };
        if name == EventName::CallStarted {
            found.check("I2", !line.calls.contains_key(id) && !line.finished.contains(id), || {
                format!("callStarted of call {id} for the second time")
            });
            let state = object["state"].as_str().unwrap_or_default();
            let fits = state == "alerting" || (state == "unknown" && reconciling);
            found.check("T1", fits, || format!("a call starts as {state}"));
            line.calls.insert(id.to_owned(), Self::default());
        }
        found.check("I3", !line.finished.contains(id), || format!("{name} of call {id}, which is over"));
        let Some(call) = line.calls.get_mut(id) else {
            found.add("I2", format!("{name} of call {id}, which is not up"));
            return;
        };
        let from = before.call(id).map_or("", |row| row.state.as_str());
        let to = object["state"].as_str().unwrap_or(from);
        call.transition(name, data, from, to, found);
        call.holds(name, from, found);
        call.media(name, data, found);
        if object.is_object() {
            call.object(name, data, from, to, found);
            if let Some(row) = before.call(id) {
                let direction = object["direction"].as_str().unwrap_or_default();
                found.check("M13.10", row.direction == "unknown" || row.direction == direction, || {
                    format!("the direction changed from {} to {direction}", row.direction)
                });
            }
        }
        if name == EventName::CallFinished {
            call.finish(data, found);
            line.calls.remove(id);
            line.finished.insert(id.to_owned());
        }
    }

    /// T1–T10.
    fn transition(&self, name: EventName, data: &Value, from: &str, to: &str, found: &mut Findings) {
        let fits = match name {
            EventName::CallStarted => true,
            EventName::CommutationStarted => (from, to) == ("alerting", "connected"),
            EventName::CallBusy => (from, to) == ("alerting", "busy"),
            EventName::Hold => matches!(from, "connected" | "conferenced") && to == "held",
            // The closing unhold of a call whose state was lost comes out of `unknown`.
            EventName::Unhold => matches!(from, "held" | "unknown") && matches!(to, "connected" | "conferenced"),
            EventName::CallFinished => {
                // The closing unhold of I5 does not hide that the call ended on hold.
                let closed = matches!(from, "connected" | "conferenced") && data["call"]["holdCount"] != 0;
                let said = data["finishedFrom"].as_str().unwrap_or_default();
                to == "finished" && (said == from || (closed && matches!(said, "held" | "unknown")))
            }
            EventName::CallInfoChanged => match (from, to) {
                (from, to) if from == to => true,
                ("unknown", _) => changed(data, "state"),
                ("connected" | "held", "conferenced") | ("conferenced", "connected") | ("busy", "alerting") => {
                    changed(data, "state")
                }
                ("alerting", "busy") => changed(data, "state") && self.busied,
                _ => false,
            },
            _ => from == to,
        };
        found.check("M3", fits, || format!("{name} leads from {from} to {to}"));
    }

    /// I4, I5, I6.
    fn holds(&mut self, name: EventName, from: &str, found: &mut Findings) {
        match name {
            EventName::CommutationStarted => {
                found.check("I4", !self.commutated, || "the second commutationStarted".to_owned());
                self.commutated = true;
            }
            EventName::Hold | EventName::Unhold => {
                let opening = name == EventName::Hold;
                found.check("I4", self.commutated, || format!("{name} before commutationStarted"));
                found.check("I5", self.held != opening, || format!("{name} twice"));
                self.held = opening;
            }
            EventName::CallBusy => {
                found.check("I6", !self.busied, || "callBusy twice".to_owned());
                found.check("I6", from == "alerting", || format!("callBusy from {from}"));
                self.busied = true;
            }
            EventName::CallFinished => {
                found.check("I5", !self.held, || "the call ends while a hold is open".to_owned());
            }
            _ => {}
        }
    }

    /// I16, I17.
    fn media(&mut self, name: EventName, data: &Value, found: &mut Findings) {
        let session = data["sessionId"].as_str().unwrap_or_default();
        let known = self.sessions.get(session).copied();
        match name {
            EventName::DtmfEntered => {
                let digits = data["digits"].as_str().unwrap_or_default();
                let fits = digits.chars().all(|digit| "0123456789*#ABCDabcd".contains(digit));
                found.check("I17", fits && !digits.is_empty(), || format!("digits {digits:?}"));
                found.check("I4", self.commutated || self.phase == "early", || {
                    "dtmfEntered before commutationStarted".to_owned()
                });
            }
            EventName::WebRtcStarted => {
                found.check("I16", known.is_none(), || format!("session {session} started twice"));
                self.sessions.insert(session.to_owned(), true);
            }
            EventName::WebRtcVideoStarted => {
                found.check("I16", known == Some(true), || format!("video of session {session}, which does not live"));
            }
            EventName::WebRtcDestroyed => {
                found.check("I16", known == Some(true), || format!("session {session} ended twice or never started"));
                self.sessions.insert(session.to_owned(), false);
            }
            _ => {}
        }
    }

    /// The call object itself: complete, and never going back.
    fn object(&mut self, name: EventName, data: &Value, from: &str, to: &str, found: &mut Findings) {
        let object = &data["call"];
        for key in ALWAYS {
            found.check("M13.8", object.get(key).is_some(), || format!("the call object has no `{key}`"));
        }
        check_mask(object, "features", "featuresMask", found);
        if name == EventName::CallInfoChanged {
            let words = data["changed"].as_array().map_or(0, Vec::len);
            found.check("T9", words > 0, || "callInfoChanged without a change".to_owned());
            found.check("T9", from != to || !changed(data, "state"), || format!("changed: state, and it was {from}"));
        }
        if name == EventName::CallBusy {
            found.check("I6", object["direction"] == "out", || format!("callBusy of {} call", object["direction"]));
        }
        object["phase"].as_str().unwrap_or_default().clone_into(&mut self.phase);
        let started = object["startedAt"].as_str().unwrap_or_default();
        found.check("M2", self.started_at.is_empty() || self.started_at == started, || {
            format!("startedAt changed from {} to {started}", self.started_at)
        });
        started.clone_into(&mut self.started_at);
        let connected = object["connectedAt"].as_str().map(str::to_owned);
        found.check("M2", self.connected_at.is_none() || self.connected_at == connected, || {
            format!("connectedAt changed from {:?} to {connected:?}", self.connected_at)
        });
        found
            .check("I4", connected.is_none() || self.commutated, || "connectedAt before commutationStarted".to_owned());
        self.connected_at = connected;
        let totals = ["ringMs", "talkMs", "holdMs"].map(|key| object[key].as_u64().unwrap_or_default());
        let grows = totals.iter().zip(self.totals).all(|(now, before)| *now >= before);
        found.check("M2", grows || data["estimated"] == true, || format!("totals {totals:?} after {:?}", self.totals));
        self.totals = totals;
        found.check("M2", object["finishedAt"].is_null() != (to == "finished"), || {
            format!("finishedAt is {} in state {to}", object["finishedAt"])
        });
        if to == "unknown" || to == "finished" {
            found.check("I15", object["featuresMask"] == 0, || format!("features in state {to}"));
        }
    }

    fn finish(&self, data: &Value, found: &mut Findings) {
        let talked = data["call"]["talkMs"].as_u64().unwrap_or_default() > 0;
        found.check("I4", self.commutated || !talked, || "talk time without commutationStarted".to_owned());
        let live = self.sessions.values().any(|live| *live);
        found.check("I16", !live, || "the call ends before its WebRTC session".to_owned());
        let missed = data["missed"] == true;
        found.check("M13.9", !missed || (data["call"]["direction"] == "in" && !self.commutated), || {
            "missed, but connected or outgoing".to_owned()
        });
    }
}

/// The fields that every call object has (M13.8).
const ALWAYS: [&str; 16] = [
    "callId",
    "nativeId",
    "device",
    "direction",
    "state",
    "caller",
    "called",
    "role",
    "parentCallId",
    "isCurrent",
    "features",
    "featuresMask",
    "startedAt",
    "connectedAt",
    "finishedAt",
    "ringMs",
];

/// Whether `callInfoChanged` names this field.
fn changed(data: &Value, word: &str) -> bool {
    data["changed"].as_array().into_iter().flatten().any(|changed| changed == word)
}
