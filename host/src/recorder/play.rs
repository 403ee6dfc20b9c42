//! What facts do to a model, in one place for the connection and for who plays a recording again.

use jackfield_plugin_api::{CommandId, Fact, Timestamp};

use crate::model::{Event, Loss, Model, ReplyTo};

/// Tells a model what the adapter reported.
pub(super) fn fact(
    model: &mut Model,
    now: Timestamp,
    fact: &Fact,
    origin: Option<&ReplyTo>,
    retry_in_ms: Option<u64>,
    out: &mut Vec<Event>,
) {
    match fact {
        Fact::Down(down) => {
            // The host tries again whatever the adapter thinks of it.
            let loss = Loss {
                code: down.code,
                text: down.text.clone(),
                native: down.native.clone(),
                will_retry: true,
                retry_in_ms,
            };
            match down.line {
                Some(line) => model.lost_line(now, line, &loss, out),
                None => model.lost(now, &loss, out),
            }
        }
        // No event: it goes to one client.
        Fact::WebRtcSignal(_) => {}
        _ => model.apply(now, fact, origin, out),
    }
}

/// The command that a fact names.
pub(super) fn command_of(fact: &Fact) -> Option<CommandId> {
    match fact {
        Fact::Call(f) => f.command,
        Fact::Agent(f) => f.command,
        Fact::Line(f) => f.command,
        Fact::Dtmf(f) => f.command,
        Fact::Recording(f) => f.command,
        Fact::Error(f) => f.command,
        _ => None,
    }
}
