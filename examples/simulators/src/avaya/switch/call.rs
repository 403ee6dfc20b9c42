//! A call and its parties.

/// Whoever can be called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    /// A telephone.
    Station(usize),
    /// Somebody outside, by number.
    Outside(String),
    /// A number that leads to a split.
    Vdn(usize),
    /// A group of agents.
    Split(usize),
}

/// What a party has of its call, in CSTA's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Off hook, nothing is dialled.
    Initiated,
    /// It rings.
    Alerting,
    /// It talks, or hears a tone.
    Connected,
    /// It has put the call on hold.
    Hold,
    /// The call waits there.
    Queued,
}

impl State {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Alerting => "alerting",
            Self::Connected => "connected",
            Self::Hold => "hold",
            Self::Queued => "queued",
        }
    }
}

/// A party's part in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) party: Party,
    pub(crate) state: State,
    /// The number of the trunk of somebody outside; 0: none.
    pub(crate) trunk: u32,
    /// It came from a split.
    pub(crate) acd: bool,
    /// Those who ring for the same reason have the same number here; one of them answers.
    pub(super) ring: u64,
    /// Another one for every state, so that what was to happen later knows whether it still may.
    pub(super) stamp: u64,
}

/// A call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) id: u32,
    pub(crate) ucid: String,
    pub(crate) legs: Vec<Leg>,
    pub(crate) calling: Party,
    /// What was dialled.
    pub(crate) called: Party,
    /// Who sent it on last.
    pub(crate) last: Option<Party>,
    /// The split that it came through.
    pub(crate) split: Option<usize>,
    /// The numbers for splits that it came through.
    pub(crate) vdns: Vec<usize>,
    /// The users' own data, in hexadecimal.
    pub(crate) uui: Option<String>,
    /// Digits that the caller has keyed in before.
    pub(crate) digits: Option<String>,
    /// Two parties have talked.
    pub(crate) answered: bool,
    /// Whoever is left hears the busy tone.
    pub(super) failed: bool,
    /// What is dialled when the handset is lifted.
    pub(super) prompt: Option<String>,
}

impl Call {
    /// A party's part.
    pub(crate) fn leg(&self, party: &Party) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.party == *party)
    }

    pub(super) fn leg_mut(&mut self, party: &Party) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.party == *party)
    }

    /// A telephone's state.
    pub(crate) fn state(&self, station: usize) -> Option<State> {
        self.leg(&Party::Station(station)).map(|leg| leg.state)
    }

    /// Those who are people: no queues.
    pub(super) fn people(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| matches!(leg.party, Party::Station(_) | Party::Outside(_)))
    }

    /// The part of the queue in which it waits.
    pub(super) fn queue(&self) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.state == State::Queued)
    }

    /// It is one that can be held: two parties talk, or have talked.
    pub(super) fn is_talk(&self) -> bool {
        self.answered && !self.failed && self.people().filter(|leg| leg.state != State::Alerting).count() > 1
    }

    /// A number is dialled when the handset is lifted.
    pub(crate) fn waits_for_handset(&self) -> bool {
        self.prompt.is_some()
    }

    /// The telephones in it.
    pub(super) fn stations(&self) -> Vec<usize> {
        let stations = self.legs.iter().filter_map(|leg| match leg.party {
            Party::Station(station) => Some(station),
            _ => None,
        });
        stations.collect()
    }
}
