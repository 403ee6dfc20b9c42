//! What the phone system knows: all of it, in plain structs, so that `save` is to write it down.
//!
//! A **conversation** is a bridge with legs. A **leg** is one party's end of it: of an extension, of somebody outside,
//! of a service. What a line's client sees as *a call* is a leg of its extension.

use std::collections::{BTreeMap, VecDeque};

use jackfield_plugin_api::{
    AgentFact, AgentState, CallFact, CauseCode, CommandError, CommandId, ErrorCode, ForwardingKind, LineFact, Phase,
    ReleasedBy, Reply,
};
use serde::{Deserialize, Serialize};

use crate::jobs::Jobs;

pub(crate) type LegId = u64;
pub(crate) type ConversationId = u64;

/// The whole state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// The time of the last input, in microseconds since 1970.
    pub(crate) now: i64,
    /// Part of every call's key, another one for every start: keys are never reused, also not after a crash.
    pub(crate) boot: String,
    pub(crate) random: u64,
    pub(crate) last_leg: LegId,
    pub(crate) last_conversation: ConversationId,
    /// Whether the CTI link is up (the phone system itself always is).
    pub(crate) linked: bool,
    pub(crate) legs: BTreeMap<LegId, Leg>,
    pub(crate) conversations: BTreeMap<ConversationId, Conversation>,
    pub(crate) extensions: BTreeMap<String, Extension>,
    /// The lines that the host watches.
    pub(crate) lines: BTreeMap<u32, Line>,
    /// Conversations that wait in the queue, longest first.
    pub(crate) waiting: Vec<ConversationId>,
    /// Occupied parking slots.
    pub(crate) slots: BTreeMap<String, Slot>,
    pub(crate) jobs: Jobs,
    /// When the one timer that we use runs out.
    pub(crate) armed: Option<i64>,
    /// Mean time between random calls; none: there are none.
    pub(crate) traffic: Option<i64>,
    pub(crate) faults: Faults,
    pub(crate) history: VecDeque<Record>,
    pub(crate) finished: u64,
    pub(crate) recordings: VecDeque<Recording>,
    pub(crate) last_recording: u64,
}

/// Whose end of a conversation it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Who {
    Extension(String),
    Outside { number: String, name: Option<String> },
    Service { number: String, name: String },
}

/// A number with a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Number {
    pub(crate) number: String,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LegState {
    /// Off hook, nothing dialled.
    Initiated,
    /// The own phone rings before the number is dialled.
    OwnRinging,
    /// Calls, and is not answered yet.
    Dialing,
    /// Waits in the queue.
    Queued,
    /// Is called.
    Ringing,
    Connected,
    /// Has put the conversation on hold.
    Held,
    /// Hears a busy tone.
    Busy,
}

impl LegState {
    /// Uses its phone's ear and mouth: a line can have but one such leg.
    pub(crate) fn active(self) -> bool {
        matches!(self, Self::Initiated | Self::OwnRinging | Self::Dialing | Self::Queued | Self::Connected | Self::Busy)
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Initiated => "off hook, nothing dialled",
            Self::OwnRinging => "ringing at the own phone",
            Self::Dialing => "dialling",
            Self::Queued => "waiting in the queue",
            Self::Ringing => "ringing",
            Self::Connected => "connected",
            Self::Held => "held",
            Self::Busy => "busy",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(crate) conversation: ConversationId,
    pub(crate) who: Who,
    pub(crate) state: LegState,
    /// When it entered this state.
    pub(crate) since: i64,
    pub(crate) phase: Phase,
    pub(crate) outgoing: bool,
    pub(crate) caller: Number,
    pub(crate) called: Number,
    pub(crate) redirecting: Option<Number>,
    pub(crate) redirection: Option<Number>,
    /// The leg that this one was made from.
    pub(crate) parent: Option<LegId>,
    /// A consultation, as long as its parent lives.
    pub(crate) consult: bool,
    /// Came through the queue.
    pub(crate) queued: bool,
    pub(crate) started: i64,
    pub(crate) connected: Option<i64>,
    pub(crate) held: i64,
    pub(crate) holds: u32,
    pub(crate) muted: bool,
    pub(crate) video: bool,
    pub(crate) recording: Option<u64>,
    pub(crate) recording_paused: bool,
    pub(crate) web_rtc: bool,
    /// What to dial when the own phone is lifted.
    pub(crate) to_dial: Option<String>,
    /// Native ids that it had, oldest first.
    pub(crate) natives: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) legs: Vec<LegId>,
    /// Ids of all conversations that were merged into it, newest first.
    pub(crate) global: Vec<String>,
    pub(crate) data: BTreeMap<String, String>,
    /// Came to the queue.
    pub(crate) queued: bool,
    /// What the parties have in mind.
    pub(crate) plan: Option<Plan>,
    /// The plan for the time after the answer is under way.
    pub(crate) planned: bool,
    /// Who is called again when a transfer or a parking slot fails: extension and its former leg.
    pub(crate) recall: Option<(String, LegId)>,
}

/// What the parties of a conversation have in mind. Times in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The line's user is played, though they are no robot.
    pub(crate) played: bool,
    pub(crate) answer_after: Option<i64>,
    pub(crate) reject_after: Option<i64>,
    pub(crate) callee: Option<(i64, Outcome)>,
    pub(crate) patience: Option<i64>,
    pub(crate) talk: Option<i64>,
    pub(crate) hold_after: Option<i64>,
    pub(crate) hold: i64,
    pub(crate) local_ends: bool,
    pub(crate) ending: Ending,
}

/// What an outside number does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Answer,
    Fail(CauseCode),
}

/// How a robot ends a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    #[default]
    HangUp,
    Transfer,
    ConsultAndComplete,
    ConsultAndReturn,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Extension {
    pub(crate) name: Option<String>,
    pub(crate) robot: bool,
    pub(crate) web_rtc: bool,
    pub(crate) dnd: bool,
    pub(crate) forwarding: BTreeMap<String, String>,
    pub(crate) legs: Vec<LegId>,
    pub(crate) agent: Option<Agent>,
    /// The lines that watch it.
    pub(crate) watchers: Vec<u32>,
}

impl Extension {
    pub(crate) fn forwarded(&self, kind: ForwardingKind) -> Option<&String> {
        self.forwarding.get(kind.as_str())
    }
}

/// What an agent has chosen; what they do shows in their legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Choice {
    LoggedOut,
    NotReady,
    Ready,
    AfterCallWork,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) choice: Choice,
    pub(crate) reason: Option<String>,
    /// Chosen for the time after the call.
    pub(crate) pending: Option<(Choice, Option<String>)>,
    /// Takes calls of the queue.
    pub(crate) call_centre: bool,
    /// Without a call since: who is longest idle gets the next call.
    pub(crate) idle_since: i64,
    /// What was last shown, and since when.
    pub(crate) shown: Option<(AgentState, String, Option<String>)>,
    pub(crate) since: i64,
    /// Counts after-call works, so that a timer ends only its own.
    pub(crate) wrap_ups: u64,
    /// Until then the queue spares them: they have just not taken a call of it.
    pub(crate) rests_until: i64,
}

/// A line that the host watches, and what was told of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) extension: String,
    pub(crate) calls: BTreeMap<LegId, CallFact>,
    pub(crate) agent: Option<AgentFact>,
    pub(crate) fact: Option<LineFact>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Slot {
    pub(crate) conversation: ConversationId,
    pub(crate) leg: LegId,
    /// Who parked it, and from which leg.
    pub(crate) by: (String, LegId),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Faults {
    /// Until then facts are told twice and in the wrong order.
    pub(crate) lies_until: i64,
    /// How many answers come late, and how late.
    pub(crate) slow: (u32, i64),
    /// How many commands are refused, and how.
    pub(crate) refuse: Option<(u32, ErrorCode, String)>,
    /// How many commands are never answered.
    pub(crate) silent: u32,
}

/// The end of one leg of an extension, for `history`. Times in microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) key: String,
    pub(crate) extension: String,
    pub(crate) native_ids: Vec<String>,
    pub(crate) direction: String,
    pub(crate) caller: String,
    pub(crate) called: String,
    pub(crate) queue: Option<String>,
    pub(crate) started_at: i64,
    pub(crate) connected_at: Option<i64>,
    pub(crate) finished_at: i64,
    pub(crate) hold_count: u32,
    pub(crate) hold_micros: i64,
    pub(crate) cause: CauseCode,
    pub(crate) released_by: ReleasedBy,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recording {
    pub(crate) id: u64,
    /// Native ids of the call.
    pub(crate) natives: Vec<String>,
}

/// An answer that comes late.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LateAnswer {
    pub(crate) id: CommandId,
    pub(crate) result: Result<Reply, CommandError>,
}

impl From<String> for Number {
    fn from(number: String) -> Self {
        Self { number, name: None }
    }
}

impl From<&str> for Number {
    fn from(number: &str) -> Self {
        Self { number: number.to_owned(), name: None }
    }
}
