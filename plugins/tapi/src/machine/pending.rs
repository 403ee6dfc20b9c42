//! What waits for an answer: who asked, and what the answer means.

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, LineId, Timestamp};
use serde_json::json;

use crate::asks::Request;
use crate::sys::constants::{
    LINEERR_CALLUNAVAIL, LINEERR_DIALBILLING, LINEERR_DIALDIALTONE, LINEERR_DIALPROMPT, LINEERR_DIALQUIET,
    LINEERR_INUSE, LINEERR_INVALADDRESS, LINEERR_INVALAGENTACTIVITY, LINEERR_INVALAGENTGROUP, LINEERR_INVALAGENTSTATE,
    LINEERR_INVALCALLHANDLE, LINEERR_INVALCALLSTATE, LINEERR_INVALDIGITS, LINEERR_NOTOWNER, LINEERR_OPERATIONUNAVAIL,
    LINEERR_RESOURCEUNAVAIL,
};
use crate::sys::names;

/// A request without an answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) command: Option<CommandId>,
    pub(super) line: Option<LineId>,
    /// The talk without which it comes to nothing.
    pub(super) talk: Option<u64>,
    pub(super) work: Work,
    pub(super) function: &'static str,
    /// The calls whose handles must live until it is answered.
    pub(super) calls: [u32; 2],
    pub(super) deadline: Timestamp,
    /// When the function must have returned.
    pub(super) hangs: Timestamp,
    pub(super) returned: bool,
    /// Nobody waits for it any more.
    pub(super) late: bool,
}

/// What an answer means.
#[derive(Debug)]
pub(super) enum Work {
    /// Nothing to anybody.
    Nothing,
    /// That the command is accepted.
    Plain,
    /// A call that nobody owned is ours.
    Owned { call: u32 },
    /// What a call is now.
    CallSeen,
    /// A call made from here.
    NewCall { to: Option<String> },
    /// A call that was taken here; where it could not be: what is to be tried then.
    Taken { or: Option<Request> },
    /// A consultation that is to dial.
    Consult { parent: u64, to: Option<String> },
    /// The new call dials.
    Dial { talk: u64 },
    /// These talks end by it.
    Ends { talks: Vec<u64> },
    /// A talk is parked.
    Park { talk: u64 },
    /// A conference of two talks.
    Merge { stays: u64 },
    /// A consultation is given up.
    GiveUp { first: u64, consult: u64 },
    /// Digits are being sent.
    Digits { talk: u64 },
    /// The call is ours, and this can be done.
    Taking { what: Box<Request>, then: Box<Pending> },
    /// Forwardings are set.
    Forwarding,
    /// What an address is now.
    AddressStatus,
    /// What an agent is now.
    AgentStatus,
    /// The activities that an agent can have.
    AgentActivities,
    /// The groups that an agent can log in to; then it does.
    AgentGroups { states: (u32, u32) },
    /// The groups are set; then the state.
    AgentState { states: (u32, u32) },
    /// The activity is set; then the state.
    AgentActivity { states: (u32, u32) },
}

impl Pending {
    pub(super) fn new(command: CommandId, line: LineId, work: Work) -> Self {
        let zero = Timestamp::from_micros(0);
        Self {
            command: Some(command),
            line: Some(line),
            talk: None,
            work,
            function: "",
            calls: [0, 0],
            deadline: zero,
            hangs: zero,
            returned: false,
            late: false,
        }
    }

    /// Whose answer nobody waits for.
    pub(super) fn housekeeping() -> Self {
        let mut pending = Self::new(CommandId(0), LineId(0), Work::Nothing);
        (pending.command, pending.line) = (None, None);
        pending
    }

    /// For a line, by nobody's command.
    pub(super) fn for_line(line: LineId, work: Work) -> Self {
        let mut pending = Self::housekeeping();
        (pending.line, pending.work) = (Some(line), work);
        pending
    }

    /// It comes to nothing without this talk.
    pub(super) fn about(mut self, talk: u64) -> Self {
        self.talk = Some(talk);
        self
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        Some(if self.returned { self.deadline } else { self.deadline.min(self.hangs) })
    }

    /// Its answer names a call.
    pub(super) fn names_call(&self) -> bool {
        !self.late
            && matches!(
                self.work,
                Work::NewCall { .. } | Work::Taken { .. } | Work::Consult { .. } | Work::Merge { .. }
            )
    }

    /// The command that waits for it, also through a request before it: it waits no longer.
    pub(super) fn leave(&mut self) -> Option<CommandId> {
        match &mut self.work {
            Work::Taking { then, .. } => self.command.take().or(then.command.take()),
            _ => self.command.take(),
        }
    }
}

/// Why a driver did not do it.
pub(super) fn refusal(function: &str, code: i32) -> CommandError {
    let kind = match code.cast_unsigned() {
        LINEERR_INVALCALLSTATE => ErrorCode::InvalidCallState,
        LINEERR_NOTOWNER => ErrorCode::NotOwner,
        LINEERR_INVALCALLHANDLE => ErrorCode::UnknownCall,
        LINEERR_INVALADDRESS | LINEERR_DIALBILLING | LINEERR_DIALDIALTONE | LINEERR_DIALPROMPT | LINEERR_DIALQUIET => {
            ErrorCode::InvalidDestination
        }
        LINEERR_INVALDIGITS => ErrorCode::InvalidDigits,
        LINEERR_OPERATIONUNAVAIL => ErrorCode::CommandNotSupported,
        LINEERR_CALLUNAVAIL | LINEERR_INUSE => ErrorCode::DeviceBusy,
        LINEERR_RESOURCEUNAVAIL => ErrorCode::PhoneSystemUnavailable,
        LINEERR_INVALAGENTSTATE | LINEERR_INVALAGENTACTIVITY | LINEERR_INVALAGENTGROUP => ErrorCode::UnknownState,
        _ => ErrorCode::CommandFailed,
    };
    let error = CommandError::new(kind, format!("{function}: {}", names::error(code)));
    let native = json!({ "lineerr": format!("{:#x}", code.cast_unsigned()) });
    let error = error.native(native);
    if kind == ErrorCode::PhoneSystemUnavailable { error.retryable() } else { error }
}
