//! The call object that events carry (M2), and its parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jackfield_plugin_api::{CallFeatures, CallState, CauseCode, Direction, Participant, Party, Phase, Queue, Role};
use jackfield_plugin_api::{Scope, Timestamp};
use schemars::JsonSchema;

use super::ids::CallId;
use super::limits::{MAX_PARTICIPANTS, MAX_USER_DATA, clip, cut};
use super::shape::{CallFeatureNames, Masked, NumberMatch, Time};

/// Text that many events share.
pub type Text = Arc<str>;

/// A number, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, serde::Serialize, serde::Deserialize)]
pub struct Number {
    /// As the phone system gives it.
    pub number: Text,
    /// As the phone system gives it.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// In E.164, by the host's directory.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub normalized: Option<Text>,
}

impl Number {
    /// What a fact says. The same number without a name is no news about the name, or about its normal form.
    pub(super) fn from_party(party: &Party, old: Option<&Self>) -> Self {
        let same = old.filter(|old| &*old.number == cut(&party.number, super::limits::MAX_TEXT));
        Self {
            number: same.map_or_else(|| clip(&party.number), |old| Arc::clone(&old.number)),
            name: party.name.as_deref().map(clip).or_else(|| same.and_then(|old| old.name.clone())),
            normalized: same.and_then(|old| old.normalized.clone()),
        }
    }
}

/// A record of the directory that fits a number of the call.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, serde::Serialize, serde::Deserialize)]
pub struct Contact {
    /// The record's id in its source.
    pub id: Text,
    /// `contact`, `account`, `employee`.
    pub kind: Text,
    /// Whose it is.
    pub name: Text,
    /// The organisation.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Text>,
    /// The number that fitted.
    pub number: Text,
    /// Whether the whole number fitted, or its last digits.
    #[schemars(rename = "match", with = "NumberMatch")]
    pub exact: bool,
    /// Where it was found.
    pub source: Text,
}

/// A record of the CRM that is tied to the call.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, serde::Serialize, serde::Deserialize)]
pub struct Link {
    /// `Contact`, `Account`, `Case`, `Order` …
    pub kind: Text,
    /// Its id in the CRM.
    pub id: Text,
    /// What to show.
    pub title: Text,
}

/// A call as it was right after an event.
// Cheap to clone; events share it. The `schemars` attributes say what of it `write_json` leaves out and how it names
// the rest.
#[derive(Debug, Clone, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[schemars(rename_all = "camelCase", transform = Masked(&["features"]))]
pub struct Call {
    /// The host's id.
    #[schemars(rename = "callId")]
    pub id: CallId,
    /// The phone system's id now.
    pub native_id: Option<Text>,
    /// All native ids it had, oldest first.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    pub native_ids: Vec<Text>,
    /// Ids that tie legs of one conversation, newest first, when known.
    #[schemars(rename = "globalCallIds", skip_serializing_if = "Option::is_none")]
    pub global_ids: Option<Arc<[Text]>>,
    /// The id of its history row.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub database_id: Option<Text>,
    /// The line's device.
    pub device: Text,
    /// Its way; fixed once known.
    pub direction: Direction,
    /// Internal or external.
    #[schemars(skip_serializing_if = "is_unknown")]
    pub scope: Scope,
    /// Its state.
    pub state: CallState,
    /// Detail within `alerting`; kept at the end of a call that never left it.
    #[schemars(skip_serializing_if = "is_none")]
    pub phase: Phase,
    /// Who calls.
    pub caller: Option<Number>,
    /// Who is called.
    pub called: Option<Number>,
    /// Who sent it here.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub redirecting: Option<Number>,
    /// Where it was sent.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub redirection: Option<Number>,
    /// What it is to the other calls of its line.
    pub role: Role,
    /// The call it was made from or beside; of a recall, the call that came back.
    #[schemars(rename = "parentCallId")]
    pub parent: Option<CallId>,
    /// Whether it is the line's current call.
    pub is_current: bool,
    /// All parties, when known.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub participants: Option<Arc<[Participant]>>,
    /// What may be done with it now.
    #[schemars(with = "CallFeatureNames")]
    pub features: CallFeatures,
    /// When it began.
    #[schemars(with = "Time")]
    pub started_at: Timestamp,
    /// When two-way speech became possible; none: not yet, or not known.
    #[schemars(with = "Option<Time>")]
    pub connected_at: Option<Timestamp>,
    /// When it ended.
    #[schemars(with = "Option<Time>")]
    pub finished_at: Option<Timestamp>,
    /// Milliseconds rung.
    pub ring_ms: u64,
    /// Milliseconds talked, hold excluded.
    pub talk_ms: u64,
    /// Milliseconds on hold.
    pub hold_ms: u64,
    /// How often it was held.
    pub hold_count: u32,
    /// Whether the line is muted.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// Whether video flows.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// Whether it is being recorded.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub recording: Option<bool>,
    /// The queue it came through.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Arc<Queue>>,
    /// Data attached to it.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub user_data: Option<Arc<BTreeMap<String, String>>>,
    /// Why its state is as it is.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseCode>,
    /// What the directory found, once it has searched.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Arc<[Contact]>>,
    /// Records of the CRM tied to it.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub links: Option<Arc<[Link]>>,
}

impl Call {
    /// Whether two-way speech is possible in its state.
    #[must_use]
    pub fn is_talking(&self) -> bool {
        matches!(self.state, CallState::Connected | CallState::Conferenced)
    }

    /// Milliseconds rung, talked and held.
    pub(super) const fn totals(&self) -> [u64; 3] {
        [self.ring_ms, self.talk_ms, self.hold_ms]
    }

    pub(super) const fn set_totals(&mut self, totals: [u64; 3]) {
        [self.ring_ms, self.talk_ms, self.hold_ms] = totals;
    }

    /// The other side, as far as the call tells: the caller of an incoming call, the called of an outgoing one.
    #[must_use]
    pub fn remote(&self) -> Option<&Number> {
        match self.direction {
            Direction::Out => self.called.as_ref(),
            _ => self.caller.as_ref(),
        }
    }
}

/// A fact's participants, bounded.
pub(super) fn bounded_participants(participants: &[Participant]) -> Arc<[Participant]> {
    participants.iter().take(MAX_PARTICIPANTS).cloned().collect()
}

/// A fact's user data, bounded.
pub(super) fn bounded_data(data: &BTreeMap<String, String>) -> Arc<BTreeMap<String, String>> {
    let bounded = data.iter().take(MAX_USER_DATA);
    Arc::new(
        bounded
            .map(|(key, value)| {
                (cut(key, super::limits::MAX_TEXT).to_owned(), cut(value, super::limits::MAX_TEXT).to_owned())
            })
            .collect(),
    )
}

/// What of a call changed: the words in `callInfoChanged.data.changed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed(u32);

macro_rules! changed {
    ($($(#[$meta:meta])* $NAME:ident = $bit:literal, $name:literal;)*) => {
        impl Changed {
            $($(#[$meta])* pub const $NAME: Self = Self(1 << $bit);)*
            /// Everything.
            pub const ALL: Self = Self(0 $(| 1 << $bit)*);
            const NAMES: &'static [(u32, &'static str)] = &[$((1 << $bit, $name),)*];
        }
    };
}
changed! {
    /// The native id.
    NATIVE_ID = 0, "nativeId";
    /// The global ids.
    GLOBAL_IDS = 1, "globalCallIds";
    /// The history row.
    DATABASE_ID = 2, "databaseId";
    /// The direction became known.
    DIRECTION = 3, "direction";
    /// Internal or external.
    SCOPE = 4, "scope";
    /// The state.
    STATE = 5, "state";
    /// The phase.
    PHASE = 6, "phase";
    /// The caller.
    CALLER = 7, "caller";
    /// The called.
    CALLED = 8, "called";
    /// Who sent it here.
    REDIRECTING = 9, "redirecting";
    /// Where it was sent.
    REDIRECTION = 10, "redirection";
    /// The role.
    ROLE = 11, "role";
    /// The parent.
    PARENT = 12, "parentCallId";
    /// The parties.
    PARTICIPANTS = 13, "participants";
    /// Muting.
    MUTED = 14, "muted";
    /// Video.
    VIDEO = 15, "video";
    /// Recording.
    RECORDING = 16, "recording";
    /// The queue.
    QUEUE = 17, "queue";
    /// Attached data.
    USER_DATA = 18, "userData";
    /// When it was connected became known.
    CONNECTED_AT = 19, "connectedAt";
    /// What the directory found.
    CONTACTS = 20, "contacts";
    /// Records tied to it.
    LINKS = 21, "links";
}

impl Changed {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Whether nothing changed.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` changed.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The words on the wire.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().filter(move |(bit, _)| self.0 & bit != 0).map(|(_, name)| *name)
    }
}

impl std::ops::BitOr for Changed {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Changed {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
