//! Which call is the current one (I8, I9, R1–R9).

use serde_json::Value;

use super::Findings;
use crate::model::event::EventName;
use crate::model::replay::{CallRow, LineTable};

/// A move of the focus that is not announced yet.
#[derive(Debug, Default)]
pub(super) struct FocusCheck {
    /// From which call to which.
    pending: Option<(String, String)>,
}

impl FocusCheck {
    pub(super) fn event(
        &mut self,
        name: EventName,
        params: &Value,
        before: &LineTable,
        after: &LineTable,
        found: &mut Findings,
    ) {
        let id = params["data"]["call"]["callId"].as_str().unwrap_or_default();
        if name == EventName::CurrentCallChanged {
            let previous = params["data"]["previousCallId"].as_str().unwrap_or_default();
            let announced = Some((previous.to_owned(), id.to_owned()));
            found.check("I9", self.pending == announced, || {
                format!("currentCallChanged {previous} → {id}, the focus moved {:?}", self.pending)
            });
            found.check("I9", after.current.as_deref() == Some(id), || "announces another call".to_owned());
            self.pending = None;
            return;
        }
        if let Some((from, to)) = self.pending.take() {
            found.add("I9", format!("{name} where currentCallChanged {from} → {to} should be"));
        }
        match (&before.current, &after.current) {
            (from, to) if from == to => {}
            (Some(from), Some(to)) => self.pending = Some((from.clone(), to.clone())),
            (None, Some(to)) => found.check("R1", name == EventName::CallStarted && to == id, || {
                format!("{name} made {to} the current call")
            }),
            (_, None) => found.check("R9", name == EventName::CallFinished, || format!("{name} left no current call")),
        }
        rule(name, params, id, before, after, found);
    }

    pub(super) fn settled(&mut self, found: &mut Findings) {
        if let Some((from, to)) = self.pending.take() {
            found.add("I9", format!("the focus moved {from} → {to} and currentCallChanged did not follow"));
        }
    }
}

/// What the focus must be after this event.
fn rule(name: EventName, params: &Value, id: &str, before: &LineTable, after: &LineTable, found: &mut Findings) {
    let moved = before.current != after.current;
    let consult = |table: &LineTable| table.call(id).is_some_and(|row| row.role == "consult");
    if before.call(id).is_some() && consult(after) && !consult(before) {
        // A call that turns out to be the consultation of another gives the focus back to it.
        return;
    }
    match name {
        EventName::CallStarted if before.calls.is_empty() => {
            found.check("R1", after.current.as_deref() == Some(id), || "the first call is not the current one".into());
        }
        EventName::CallStarted => {
            found.check("R2", !moved, || "a further call took over".to_owned());
            let row = after.call(id);
            found.check("R2", row.is_some_and(|row| row.role != "primary" && row.parent.is_some()), || {
                "a further call is primary, or has no parent".to_owned()
            });
        }
        EventName::CommutationStarted | EventName::Unhold => {
            let closing = name == EventName::Unhold && params["cause"]["code"] == "callEnded";
            if closing || consults(after, id) {
                found.check("R5", !moved, || format!("{name} of {id} moved the focus"));
            } else {
                found.check("R5", after.current.as_deref() == Some(id), || format!("{name} of {id} left the focus"));
            }
        }
        EventName::CallFinished => {
            if before.current.as_deref() == Some(id) {
                let best = best(&after.calls);
                found.check("R3", after.current == best, || {
                    format!("the next one is {:?}, not {best:?}", after.current)
                });
            } else {
                found.check("R4", !moved, || "the end of another call moved the focus".to_owned());
            }
        }
        _ => found.check("I9", !moved, || format!("{name} moved the focus")),
    }
}

/// Whether the call is a consultation whose primary lives.
fn consults(table: &LineTable, id: &str) -> bool {
    let row = table.call(id).filter(|row| row.role == "consult");
    row.and_then(|row| row.parent.as_deref()).is_some_and(|parent| table.call(parent).is_some())
}

/// R3.
fn best(calls: &[CallRow]) -> Option<String> {
    const ORDER: [&str; 6] = ["connected", "conferenced", "alerting", "busy", "held", "unknown"];
    let rank = |row: &&CallRow| ORDER.iter().position(|state| *state == row.state).unwrap_or(ORDER.len());
    calls.iter().min_by_key(rank).map(|row| row.call_id.clone())
}
