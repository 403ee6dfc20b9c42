//! Why a call ended.
//!
//! Three sources: how the dial ended (`DialStatus`), the leg's Q.850 cause, and the SIP code of a refusal. A phone that
//! declines gives `NOANSWER` with cause 21, so the leg's own cause is asked before the dial's status.

use jackfield_plugin_api::{Cause, CauseCode, ReleasedBy};
use serde_json::json;

use super::{Call, Origin};

/// What a `Hangup` says.
#[derive(Debug, Clone, Default)]
pub(crate) struct HangupInfo {
    pub(crate) cause: u16,
    pub(crate) text: String,
    pub(crate) sip: u16,
    /// How the dial to this leg ended (`DialStatus`); empty: it was not dialled, or nobody said.
    pub(crate) outcome: String,
    /// The leg was up.
    pub(crate) up: bool,
    /// The leg itself asked for the end (the phone hung up).
    pub(crate) requested: bool,
    /// Whoever dialled this leg asked for the end.
    pub(crate) dialler_requested: bool,
    /// Whoever was transferred to this leg still waits: Asterisk gave up ringing it.
    pub(crate) waited_for: bool,
}

impl HangupInfo {
    fn cause(&self, code: CauseCode) -> Cause {
        // The leg is still up.
        if self.cause == 0 && self.text.is_empty() {
            return Cause::new(code);
        }
        let mut native = json!({ "q850": self.cause });
        if self.sip != 0 {
            native["sip"] = json!(self.sip);
        }
        let cause = Cause::new(code).native(native);
        if self.text.is_empty() { cause } else { cause.text(self.text.as_str()) }
    }
}

/// Why the call ended, by its own leg's end.
pub(crate) fn of(call: &Call, hangup: &HangupInfo) -> Cause {
    if let Some(ending) = &call.ending {
        return hangup.cause(ending.cause);
    }
    if call.sent_on.is_some() && !hangup.requested {
        return hangup.cause(CauseCode::Redirected);
    }
    if call.connected {
        return hangup.cause(match hangup.cause {
            27 | 34 | 38 | 41 | 42 | 44 | 47 | 102 | 111 => CauseCode::NetworkError,
            _ => CauseCode::NormalClearing,
        });
    }
    // Somebody else's click-to-call was shown as incoming; once the phone is lifted it is the other side that counts.
    let called = call.incoming && !(call.origin == Origin::Foreign && hangup.up);
    hangup.cause(if called { incoming(hangup) } else { outgoing(call, hangup) })
}

/// An incoming call that was never answered here.
fn incoming(hangup: &HangupInfo) -> CauseCode {
    match (hangup.cause, hangup.sip, hangup.outcome.as_str()) {
        (26, ..) => CauseCode::PickedUpElsewhere,
        // 486 from a phone that rang is its user's "busy" button.
        (17 | 21, ..) | (_, 486 | 600 | 603, _) => CauseCode::Rejected,
        _ if hangup.waited_for => CauseCode::NoAnswer,
        (_, _, "CANCEL") => CauseCode::Cancelled,
        (_, _, "NOANSWER") => CauseCode::NoAnswer,
        _ if hangup.dialler_requested => CauseCode::Cancelled,
        (18..=20, ..) => CauseCode::NoAnswer,
        (27 | 34 | 38 | 41 | 42 | 44, ..) => CauseCode::NetworkError,
        _ => CauseCode::Cancelled,
    }
}

/// An outgoing call that was never answered there.
fn outgoing(call: &Call, hangup: &HangupInfo) -> CauseCode {
    if call.busy {
        return CauseCode::Busy;
    }
    let gave_up = hangup.requested || call.released == Some(ReleasedBy::Local);
    match call.outcome.as_str() {
        "BUSY" => CauseCode::Busy,
        _ if gave_up => CauseCode::Cancelled,
        "CANCEL" => CauseCode::Cancelled,
        "NOANSWER" => by_cause(call.outcome_cause).unwrap_or(CauseCode::NoAnswer),
        "CONGESTION" | "CHANUNAVAIL" => {
            by_cause(call.outcome_cause).or(by_cause(hangup.cause)).unwrap_or(CauseCode::NetworkError)
        }
        // The own phone of a click-to-call was not lifted.
        _ if call.origin == Origin::Originated && hangup.outcome == "NOANSWER" && hangup.cause != 21 => {
            CauseCode::NoAnswer
        }
        _ if call.origin == Origin::Originated && !hangup.outcome.is_empty() && hangup.outcome != "ANSWER" => {
            CauseCode::Cancelled
        }
        _ => by_cause(hangup.cause).unwrap_or(CauseCode::Cancelled),
    }
}

/// How a consultation that was never answered ended.
pub(crate) fn of_consult(call: &Call) -> Cause {
    if let Some(ending) = &call.ending {
        return Cause::new(ending.cause);
    }
    let code = match call.outcome.as_str() {
        _ if call.connected => CauseCode::NormalClearing,
        "BUSY" => CauseCode::Busy,
        "NOANSWER" => by_cause(call.outcome_cause).unwrap_or(CauseCode::NoAnswer),
        "CONGESTION" | "CHANUNAVAIL" => by_cause(call.outcome_cause).unwrap_or(CauseCode::NetworkError),
        _ => CauseCode::Cancelled,
    };
    let cause = Cause::new(code);
    if call.outcome_cause == 0 { cause } else { cause.native(json!({ "q850": call.outcome_cause })) }
}

/// What a Q.850 cause says by itself about a call that was not answered.
fn by_cause(q850: u16) -> Option<CauseCode> {
    Some(match q850 {
        1 | 2 | 3 | 28 => CauseCode::InvalidDestination,
        17 => CauseCode::Busy,
        18..=20 => CauseCode::NoAnswer,
        21 => CauseCode::Rejected,
        26 => CauseCode::PickedUpElsewhere,
        27 | 34 | 38 | 41 | 42 | 44 | 47 | 102 | 111 => CauseCode::NetworkError,
        _ => return None,
    })
}

/// Who ended it.
pub(crate) fn released_by(call: &Call, hangup: &HangupInfo) -> ReleasedBy {
    match call.ending.as_ref().map(|e| e.cause) {
        Some(CauseCode::Transferred | CauseCode::Parked) => return ReleasedBy::Local,
        Some(CauseCode::PickedUpElsewhere) => return ReleasedBy::Remote,
        Some(CauseCode::Conferenced) => return ReleasedBy::System,
        _ => {}
    }
    // Who is told that the other side is busy hangs up; it was the other side that ended it.
    if call.busy {
        return ReleasedBy::Remote;
    }
    if hangup.requested {
        return ReleasedBy::Local;
    }
    if call.sent_on.is_some() {
        return ReleasedBy::System;
    }
    if hangup.waited_for && !call.connected && hangup.cause != 26 {
        return ReleasedBy::System;
    }
    if let Some(released) = call.released {
        return released;
    }
    if (!call.connected && hangup.dialler_requested) || hangup.cause == 26 {
        return ReleasedBy::Remote;
    }
    // Nobody asked for the end (a command of some program did it): of two who leaves first ends it.
    if call.connected && call.left_by.is_some() && call.present.iter().all(|p| Some(*p) == call.left_by) {
        return ReleasedBy::Remote;
    }
    match (call.connected, call.incoming, hangup.outcome.as_str(), call.outcome.as_str()) {
        (false, true, "NOANSWER", _) => ReleasedBy::System,
        (false, false, _, "BUSY") => ReleasedBy::Remote,
        (false, false, _, "NOANSWER" | "CONGESTION" | "CHANUNAVAIL") => ReleasedBy::System,
        _ => ReleasedBy::Unknown,
    }
}
