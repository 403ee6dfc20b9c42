//! Calling the functions whose answers come later, and what must live until they come.

use super::functions::{Functions, NULL};
use super::lookup::UNAVAILABLE;
use super::memory::{Memory, Pointer};
use crate::asks::Request;
use crate::sys::constants::{LINEDIGITMODE_DTMF, LINETRANSFERMODE_CONFERENCE};
use crate::sys::{read, write};
use crate::told::Given;

/// Room for lists and texts that a driver fills in later, in bytes: it cannot be grown then.
const LATER: usize = 16_384;

/// What a request keeps alive: what the driver reads from, and what it writes into.
#[derive(Debug, Default)]
pub(super) struct Kept {
    inputs: Vec<Memory>,
    outputs: Vec<Memory>,
    kind: Kind,
}

/// What comes out.
#[derive(Debug, Default, Clone, Copy)]
enum Kind {
    #[default]
    Nothing,
    Calls,
    /// The handle of a call that need not be.
    MaybeCall,
    Text,
    Agent,
    Groups,
    Activities,
}

impl Kept {
    fn input(&mut self, bytes: &[u8]) -> Pointer {
        self.inputs.push(Memory::of(bytes));
        self.inputs.last().map_or(NULL, Memory::pointer)
    }

    fn text(&mut self, text: &str) -> Pointer {
        self.input(&write::wide(text))
    }

    fn maybe(&mut self, text: Option<&str>) -> Pointer {
        text.map_or(NULL, |text| self.text(text))
    }

    fn output(&mut self, kind: Kind, memory: Memory) -> Pointer {
        let pointer = memory.pointer();
        self.outputs.push(memory);
        self.kind = kind;
        pointer
    }

    /// Where the handle of a new call comes.
    fn call(&mut self) -> Pointer {
        self.output(Kind::Calls, Memory::new(4))
    }

    fn later(&mut self, kind: Kind) -> Pointer {
        self.output(kind, Memory::structure(LATER))
    }

    /// A handle was promised and is not there yet: the driver may still write it.
    pub(super) fn is_owed(&self) -> bool {
        matches!(self.kind, Kind::Calls) && self.outputs.iter().any(|handle| handle.dword() == 0)
    }

    /// What came, once the driver has answered that it is done.
    pub(super) fn given(&self) -> Given {
        let bytes = || self.outputs.first().map(Memory::bytes).unwrap_or_default();
        match self.kind {
            Kind::Nothing => Given::Nothing,
            Kind::Calls | Kind::MaybeCall => Given::Calls(self.outputs.iter().map(Memory::dword).collect()),
            Kind::Text => Given::Text(read::var_string(&bytes())),
            Kind::Agent => Given::Agent(read::agent_status(&bytes())),
            Kind::Groups => Given::Groups(read::agent_groups(&bytes())),
            Kind::Activities => Given::Activities(read::agent_activities(&bytes())),
        }
    }
}

/// Calls a function of the table with arguments, or says that it is not there.
macro_rules! call {
    ($functions:expr, $name:ident ($($argument:expr),*)) => {
        match $functions.$name {
            // SAFETY: the function has this signature; every pointer is to memory of `kept`, which lives until the
            // request is answered, or is null where TAPI takes that.
            Some(function) => unsafe { function($($argument),*) },
            None => UNAVAILABLE,
        }
    };
}

impl Functions {
    /// Calls the function. What it returned, and what must live until its answer has come.
    pub(super) fn begin(&self, what: &Request) -> (i32, Kept) {
        let mut kept = Kept::default();
        let k = &mut kept;
        let code = match what {
            Request::MakeCall { line, address, to, from, anonymous, data } => {
                let (call, to) = (k.call(), k.maybe(to.as_deref()));
                let params = write::call_params(*address, from.as_deref(), *anonymous, data.as_bytes());
                let params = k.input(&params);
                call!(self, make_call(*line, call, to, 0, params))
            }
            Request::Dial { call, to } => call!(self, dial(*call, k.text(to), 0)),
            Request::Accept { call } => call!(self, accept(*call, NULL, 0)),
            Request::Answer { call } => call!(self, answer(*call, NULL, 0)),
            Request::Drop { call } => call!(self, drop(*call, NULL, 0)),
            Request::Deallocate { call } => self.let_go(*call),
            Request::Hold { call } => call!(self, hold(*call)),
            Request::Unhold { call } => call!(self, unhold(*call)),
            Request::SwapHold { active, held } => call!(self, swap_hold(*active, *held)),
            Request::SetupTransfer { call } => call!(self, setup_transfer(*call, k.call(), NULL)),
            Request::CompleteTransfer { call, consult, mode } => {
                let kind = if *mode == LINETRANSFERMODE_CONFERENCE { Kind::Calls } else { Kind::MaybeCall };
                call!(self, complete_transfer(*call, *consult, k.output(kind, Memory::new(4)), *mode))
            }
            Request::BlindTransfer { call, to } => call!(self, blind_transfer(*call, k.text(to), 0)),
            Request::Redirect { call, to } => call!(self, redirect(*call, k.text(to), 0)),
            Request::SetupConference { call, line } => {
                let (conference, consult) = (k.call(), k.call());
                call!(self, setup_conference(*call, *line, conference, consult, 3, NULL))
            }
            Request::PrepareAddToConference { conference } => {
                call!(self, prepare_add(*conference, k.call(), NULL))
            }
            Request::AddToConference { conference, consult } => {
                call!(self, add_to_conference(*conference, *consult))
            }
            Request::Park { call, mode, to } => {
                let (to, slot) = (k.maybe(to.as_deref()), k.later(Kind::Text));
                call!(self, park(*call, *mode, to, slot))
            }
            Request::Unpark { line, address, to } => {
                let (call, to) = (k.call(), k.text(to));
                call!(self, unpark(*line, *address, call, to))
            }
            Request::Pickup { line, address, to, group } => {
                let (call, to, group) = (k.call(), k.maybe(to.as_deref()), k.maybe(group.as_deref()));
                call!(self, pickup(*line, *address, call, to, group))
            }
            Request::Forward { line, address, forwards, rings } => {
                let list = if forwards.is_empty() { NULL } else { k.input(&write::forwards(forwards)) };
                // The call that some systems make to set a forwarding: its handle is for nobody.
                let consult = k.output(Kind::MaybeCall, Memory::new(4));
                call!(self, forward(*line, 0, *address, list, *rings, consult, NULL))
            }
            Request::GenerateDigits { call, digits, duration } => {
                call!(self, generate_digits(*call, LINEDIGITMODE_DTMF, k.text(digits), *duration))
            }
            Request::MonitorDigits { call, on } => {
                call!(self, monitor_digits(*call, if *on { LINEDIGITMODE_DTMF } else { 0 }))
            }
            Request::SetPrivilege { call, privilege } => call!(self, set_privilege(*call, *privilege)),
            Request::SetCallData { call, data } => {
                let size = u32::try_from(data.len()).unwrap_or(0);
                call!(self, set_call_data(*call, k.input(data.as_bytes()), size))
            }
            // Answered at once, by the one who looks.
            Request::GetAddressStatus { .. } | Request::LookAtCall { .. } => 0,
            Request::GetAgentStatus { line, address } => {
                call!(self, agent_status(*line, *address, k.later(Kind::Agent)))
            }
            Request::GetAgentGroups { line, address } => {
                call!(self, agent_groups(*line, *address, k.later(Kind::Groups)))
            }
            Request::GetAgentActivities { line, address } => {
                call!(self, agent_activities(*line, *address, k.later(Kind::Activities)))
            }
            Request::SetAgentGroups { line, address, groups } => {
                call!(self, set_agent_group(*line, *address, k.input(&write::groups(groups))))
            }
            Request::SetAgentState { line, address, state, next } => {
                call!(self, set_agent_state(*line, *address, *state, *next))
            }
            Request::SetAgentActivity { line, address, activity } => {
                call!(self, set_agent_activity(*line, *address, *activity))
            }
        };
        (code, kept)
    }
}
