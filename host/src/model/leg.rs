//! A call in the table of its line: what events tell of it, and what the model must know besides.

use std::sync::Arc;

use jackfield_plugin_api::{CallFact, CallFeatures, CallKey, CallState, Role, Timestamp};

use super::call::{Call, Number, Text};
use super::clock::{Mark, Running, Totals};
use super::event::ReplyTo;
use super::ids::CallId;
use super::tell::KeptCall;

/// One started and not finished call.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Leg {
    /// The adapter's name for it.
    pub(super) key: CallKey,
    /// The call as the last event told it. Shared with events, copied when it changes while one still holds it.
    pub(super) call: Arc<Call>,
    /// What the adapter says is allowed; none: whatever the line can do.
    pub(super) allowed: Option<CallFeatures>,
    /// The features that the last `lineStateChanged` (or snapshot) told.
    pub(super) told: CallFeatures,
    /// Whether an event has carried other features since: then they must be told, whatever they are now.
    pub(super) retell: bool,
    /// What the adapter last said of its role and parent: levels, so that saying it again is no news, whatever became
    /// of the parent meanwhile.
    pub(super) said: (Option<Role>, Option<CallKey>),
    /// Whether `commutationStarted` was sent (I4).
    pub(super) commutated: bool,
    /// Whether `callBusy` was sent (I6).
    pub(super) busied: bool,
    /// Whether a `hold` is open (I5).
    pub(super) held: bool,
    /// Whether the call was a conference when it was held (M13.6).
    pub(super) conference: bool,
    /// The state before `unknown`; `unknown` itself when it was never known.
    pub(super) before: CallState,
    /// Rung, talked, held.
    pub(super) totals: Totals,
    /// Since when its state is unknown.
    pub(super) unknown_since: Option<Timestamp>,
    /// When a busy call without an end is ended (I6).
    pub(super) busy_until: Option<Timestamp>,
    /// Its WebRTC sessions, ended ones included, so that a late fact revives none.
    pub(super) sessions: Vec<Session>,
    /// The client whose command led to the call: it owns the media.
    pub(super) owner: Option<Text>,
    /// Its reported end, which waits for the end of its consultation (R6).
    pub(super) ending: Option<Box<Ending>>,
    /// Where it goes, once its consultation has ended as transferred (R6).
    pub(super) transfer_to: Option<Number>,
}

/// The end of a call that is not told yet.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Ending {
    pub(super) fact: CallFact,
    pub(super) origin: Option<ReplyTo>,
    pub(super) at: Timestamp,
}

/// A WebRTC session of a call.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Session {
    pub(super) id: Text,
    pub(super) live: bool,
    /// The direction of its video, once told.
    pub(super) video: Option<Text>,
}

impl Leg {
    /// A call of which nothing was told yet.
    pub(super) fn new(key: CallKey, call: Call, totals: Totals) -> Self {
        Self {
            key,
            call: Arc::new(call),
            allowed: None,
            told: CallFeatures::NONE,
            retell: false,
            said: (None, None),
            commutated: false,
            busied: false,
            held: false,
            conference: false,
            before: CallState::Unknown,
            totals,
            unknown_since: None,
            busy_until: None,
            sessions: Vec::new(),
            owner: None,
            ending: None,
            transfer_to: None,
        }
    }

    /// A call that an earlier life of the host left behind, as its last event told it.
    pub(super) fn restored(kept: KeptCall) -> Self {
        let KeptCall { key, mut call, last_seen, told_busy } = kept;
        let before = call.state;
        let talked = matches!(before, CallState::Connected | CallState::Held | CallState::Conferenced);
        let running = match before {
            CallState::Held => Running::Hold,
            _ if talked => Running::Talk,
            CallState::Alerting => Running::Ring,
            _ => Running::Nothing,
        };
        let totals = Totals::restored(call.totals(), running, Mark::new(last_seen, None));
        call.state = CallState::Unknown;
        call.features = CallFeatures::NONE;
        Self {
            commutated: talked || call.connected_at.is_some(),
            busied: told_busy || before == CallState::Busy,
            held: before == CallState::Held,
            before,
            unknown_since: Some(last_seen),
            ..Self::new(key, call, totals)
        }
    }

    pub(super) fn id(&self) -> &CallId {
        &self.call.id
    }

    pub(super) fn state(&self) -> CallState {
        self.call.state
    }

    /// Whoever follows the stream knows the features as they are now.
    pub(super) fn all_told(&mut self) {
        self.told = self.call.features;
        self.retell = false;
    }

    /// The call, to be changed.
    pub(super) fn edit(&mut self) -> &mut Call {
        Arc::make_mut(&mut self.call)
    }

    /// Whether it is a consultation made from `primary`.
    pub(super) fn consults_from(&self, primary: &CallId) -> bool {
        self.call.role == Role::Consult && self.call.parent.as_ref() == Some(primary)
    }
}
