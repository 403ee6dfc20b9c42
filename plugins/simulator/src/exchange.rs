//! The exchange: conversations and their legs, and what happens when one is left.
//!
//! Everything here changes the phone system's own state; what a line's client is told of it is made in `facts`.

use std::collections::BTreeSet;

use jackfield_plugin_api::{
    CallKey, CauseCode, CommandError, CommandId, ErrorCode, Fact, LineId, LogLevel, Phase, ReleasedBy, Reply,
};

use crate::config::{Config, micros};
use crate::jobs::Job;
use crate::state::{Conversation, ConversationId, Extension, Leg, LegId, LegState, Number, Record, State, Who};

/// What is to be said to the host.
#[derive(Debug)]
pub(crate) enum News {
    Fact(Fact),
    Answer(CommandId, Result<Reply, CommandError>),
    Log(LogLevel, String),
}

/// The phone system.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) config: Config,
    pub(crate) state: State,
    pub(crate) news: Vec<News>,
    /// The command that is being done, and its line.
    pub(crate) doing: Option<(CommandId, LineId)>,
    /// Extensions of which something may be new.
    pub(crate) touched: BTreeSet<String>,
}

/// What a refused operation says.
pub(crate) type Refused<T = ()> = Result<T, CommandError>;

pub(crate) fn refusal(code: ErrorCode, text: impl Into<String>) -> CommandError {
    CommandError::new(code, text)
}

impl Exchange {
    pub(crate) fn new(config: Config, state: State) -> Self {
        Self { config, state, news: Vec::new(), doing: None, touched: BTreeSet::new() }
    }

    pub(crate) fn now(&self) -> i64 {
        self.state.now
    }

    /// Puts a job on the agenda, `after` microseconds from now.
    pub(crate) fn later(&mut self, after: i64, job: Job) {
        let at = self.state.now.saturating_add(after.max(0));
        self.state.jobs.at(at, job);
    }

    /// A random number below `below` (SplitMix64: the state is a number, so it is saved with the rest).
    pub(crate) fn random(&mut self, below: u64) -> u64 {
        self.state.random = self.state.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below.max(1)
    }

    /// A random time within `[least, most]` seconds, in microseconds.
    pub(crate) fn random_time(&mut self, [least, most]: [f64; 2]) -> i64 {
        let (least, most) = (micros(least), micros(most));
        least + self.random((most - least).unsigned_abs() + 1) as i64
    }

    pub(crate) fn key(&self, leg: LegId) -> CallKey {
        format!("{}-{leg}", self.state.boot).into()
    }

    /// The leg of a key that the host gave.
    pub(crate) fn leg_of_key(&self, key: &str) -> Option<LegId> {
        let id = key.strip_prefix(self.state.boot.as_str())?.strip_prefix('-')?.parse().ok()?;
        self.state.legs.contains_key(&id).then_some(id)
    }

    pub(crate) fn leg(&self, id: LegId) -> Option<&Leg> {
        self.state.legs.get(&id)
    }

    pub(crate) fn leg_state(&self, id: LegId) -> Option<LegState> {
        self.state.legs.get(&id).map(|leg| leg.state)
    }

    pub(crate) fn conversation(&self, leg: LegId) -> Option<ConversationId> {
        self.state.legs.get(&leg).map(|leg| leg.conversation)
    }

    /// The legs of a conversation, in the order in which they came.
    pub(crate) fn legs(&self, conversation: ConversationId) -> Vec<LegId> {
        self.state.conversations.get(&conversation).map(|c| c.legs.clone()).unwrap_or_default()
    }

    /// The other legs of a leg's conversation.
    pub(crate) fn others(&self, leg: LegId) -> Vec<LegId> {
        let Some(conversation) = self.conversation(leg) else { return Vec::new() };
        self.legs(conversation).into_iter().filter(|other| *other != leg).collect()
    }

    pub(crate) fn extension_of(&self, leg: LegId) -> Option<&str> {
        match &self.state.legs.get(&leg)?.who {
            Who::Extension(extension) => Some(extension),
            _ => None,
        }
    }

    /// The legs of an extension in these states.
    pub(crate) fn legs_of(&self, extension: &str, which: impl Fn(&Leg) -> bool) -> Vec<LegId> {
        let legs = self.state.extensions.get(extension).map(|e| e.legs.as_slice()).unwrap_or_default();
        legs.iter().copied().filter(|id| self.leg(*id).is_some_and(&which)).collect()
    }

    pub(crate) fn number_of(&self, who: &Who) -> Number {
        match who {
            Who::Extension(extension) => Number {
                number: extension.clone(),
                name: self.state.extensions.get(extension).and_then(|e| e.name.clone()),
            },
            Who::Outside { number, name } => Number { number: number.clone(), name: name.clone() },
            Who::Service { number, name } => Number { number: number.clone(), name: Some(name.clone()) },
        }
    }

    pub(crate) fn native(conversation: ConversationId) -> String {
        format!("{}", 1000 + conversation)
    }

    pub(crate) fn new_conversation(&mut self) -> ConversationId {
        self.state.last_conversation += 1;
        let id = self.state.last_conversation;
        let global = vec![format!("{}-{}", self.state.boot, Self::native(id))];
        self.state.conversations.insert(id, Conversation { global, ..Conversation::default() });
        id
    }

    /// Adds a leg to a conversation.
    pub(crate) fn add_leg(
        &mut self,
        conversation: ConversationId,
        who: Who,
        state: LegState,
        caller: Number,
        called: Number,
    ) -> LegId {
        self.state.last_leg += 1;
        let id = self.state.last_leg;
        let mut web_rtc = false;
        if let Who::Extension(extension) = &who {
            let extension: &mut Extension = self.state.extensions.entry(extension.clone()).or_default();
            extension.legs.push(id);
            web_rtc = extension.web_rtc;
        }
        if let Some(conversation) = self.state.conversations.get_mut(&conversation) {
            conversation.legs.push(id);
        }
        let phase = match state {
            LegState::Initiated => Phase::Initiated,
            LegState::OwnRinging => Phase::OwnRinging,
            LegState::Dialing => Phase::Dialing,
            LegState::Queued => Phase::Queued,
            LegState::Ringing => Phase::Ringing,
            _ => Phase::None,
        };
        let now = self.now();
        let leg = Leg {
            conversation,
            outgoing: state != LegState::Ringing,
            who,
            state,
            since: now,
            phase,
            caller,
            called,
            redirecting: None,
            redirection: None,
            parent: None,
            consult: false,
            queued: false,
            started: now,
            connected: None,
            held: 0,
            holds: 0,
            muted: false,
            video: false,
            recording: None,
            recording_paused: false,
            web_rtc,
            to_dial: None,
            natives: vec![Self::native(conversation)],
        };
        self.state.legs.insert(id, leg);
        self.touch(conversation);
        id
    }

    /// Something of a conversation has changed: all its extensions see it.
    pub(crate) fn touch(&mut self, conversation: ConversationId) {
        for leg in self.legs(conversation) {
            if let Some(extension) = self.extension_of(leg).map(str::to_owned) {
                self.touched.insert(extension);
            }
        }
    }

    /// Moves a leg to another state.
    pub(crate) fn enter(&mut self, id: LegId, state: LegState) {
        let now = self.now();
        let Some(leg) = self.state.legs.get_mut(&id) else { return };
        if leg.state == state {
            return;
        }
        if leg.state == LegState::Held {
            leg.held += now - leg.since;
        }
        match state {
            LegState::Held => leg.holds += 1,
            LegState::Connected => leg.connected = leg.connected.or(Some(now)),
            _ => {}
        }
        leg.phase = match state {
            LegState::Queued => Phase::Queued,
            LegState::Dialing => Phase::Dialing,
            _ => Phase::None,
        };
        (leg.state, leg.since) = (state, now);
        let conversation = leg.conversation;
        self.touch(conversation);
    }

    /// Takes a leg out of its conversation: it is over. What that means for the others is the caller's business.
    pub(crate) fn release(&mut self, id: LegId, cause: CauseCode, by: ReleasedBy) {
        let Some(conversation) = self.conversation(id) else { return };
        self.touch(conversation);
        self.enter_nothing(id);
        self.tell_end(id, cause, by);
        let Some(leg) = self.state.legs.remove(&id) else { return };
        if let Some(conversation) = self.state.conversations.get_mut(&conversation) {
            conversation.legs.retain(|other| *other != id);
        }
        for other in self.state.legs.values_mut() {
            if other.parent == Some(id) {
                other.consult = false;
            }
        }
        if let Who::Extension(extension) = &leg.who {
            if let Some(extension) = self.state.extensions.get_mut(extension) {
                extension.legs.retain(|other| *other != id);
            }
            self.after_call(&extension.clone(), &leg);
            self.record(id, &leg, cause, by);
        }
    }

    /// Closes the hold time.
    fn enter_nothing(&mut self, id: LegId) {
        let now = self.now();
        if let Some(leg) = self.state.legs.get_mut(&id) {
            if leg.state == LegState::Held {
                leg.held += now - leg.since;
            }
            leg.since = now;
        }
    }

    /// Writes the end of a leg into the history.
    pub(crate) fn record(&mut self, id: LegId, leg: &Leg, cause: CauseCode, released_by: ReleasedBy) {
        // A handset that was lifted and put back is no call.
        if leg.state == LegState::Initiated {
            return;
        }
        let Who::Extension(extension) = &leg.who else { return };
        let record = Record {
            key: self.key(id).as_str().to_owned(),
            extension: extension.clone(),
            native_ids: leg.natives.clone(),
            direction: if leg.outgoing { "out".into() } else { "in".into() },
            caller: leg.caller.number.clone(),
            called: leg.called.number.clone(),
            queue: leg.queued.then(|| self.config.queue.id.clone()),
            started_at: leg.started,
            connected_at: leg.connected,
            finished_at: self.now(),
            hold_count: leg.holds,
            hold_micros: leg.held,
            cause,
            released_by,
        };
        self.state.finished += 1;
        self.state.history.push_back(record);
        while self.state.history.len() > self.config.exchange.history {
            self.state.history.pop_front();
        }
    }

    /// Ends what cannot go on after a leg has left: a party that is alone, a ringing that nobody waits for.
    pub(crate) fn settle(&mut self, conversation: ConversationId) {
        let (ringing, present): (Vec<_>, Vec<_>) =
            self.legs(conversation).into_iter().partition(|leg| self.leg_state(*leg) == Some(LegState::Ringing));
        if present.is_empty() {
            for leg in ringing {
                self.release(leg, CauseCode::Cancelled, ReleasedBy::Remote);
            }
        } else if let ([last], true) = (present.as_slice(), ringing.is_empty()) {
            let parked = self.state.slots.values().any(|slot| slot.conversation == conversation);
            let queued = self.state.waiting.contains(&conversation);
            let waits = self.leg_state(*last).is_none_or(|s| !matches!(s, LegState::Connected | LegState::Held));
            if !parked && !queued && !waits {
                self.release(*last, CauseCode::NormalClearing, ReleasedBy::Remote);
            }
        } else if self.nobody_here(conversation) {
            // Two outside parties that were joined talk a little, and do not stay for ever.
            let after = self.random_time([5.0, 30.0]);
            self.later(after, Job::HangUp(present[0]));
        }
        if self.legs(conversation).is_empty() {
            self.state.conversations.remove(&conversation);
            self.state.waiting.retain(|waiting| *waiting != conversation);
            self.state.slots.retain(|_, slot| slot.conversation != conversation);
        }
    }

    /// No extension takes part.
    fn nobody_here(&self, conversation: ConversationId) -> bool {
        self.legs(conversation).iter().all(|leg| self.extension_of(*leg).is_none())
    }

    /// The party of a leg hangs up, whatever it is doing.
    pub(crate) fn hang_up(&mut self, id: LegId) {
        let Some((state, conversation)) = self.leg(id).map(|leg| (leg.state, leg.conversation)) else { return };
        match state {
            LegState::Ringing => {
                let agent = self.extension_of(id).map(str::to_owned);
                self.release(id, CauseCode::Rejected, ReleasedBy::Local);
                if let Some(agent) = agent.filter(|_| self.state.waiting.contains(&conversation)) {
                    self.missed(&agent);
                }
                self.unanswered(conversation, CauseCode::Rejected);
            }
            LegState::Busy => self.release(id, CauseCode::Busy, ReleasedBy::Local),
            LegState::Connected | LegState::Held => {
                self.release(id, CauseCode::NormalClearing, ReleasedBy::Local);
            }
            LegState::Initiated | LegState::OwnRinging | LegState::Dialing | LegState::Queued => {
                self.release(id, CauseCode::Cancelled, ReleasedBy::Local);
            }
        }
        self.settle(conversation);
    }

    /// A ringing has ended without an answer, and nobody else rings: who is told, and what happens instead.
    pub(crate) fn unanswered(&mut self, conversation: ConversationId, cause: CauseCode) {
        let legs = self.legs(conversation);
        if legs.iter().any(|leg| self.leg_state(*leg) == Some(LegState::Ringing)) {
            return;
        }
        if self.state.waiting.contains(&conversation) {
            return;
        }
        let recall = self.state.conversations.get_mut(&conversation).and_then(|c| c.recall.take());
        if let Some((extension, leg)) = recall
            && self.recall(conversation, &extension, leg)
        {
            return;
        }
        for leg in legs {
            let by = if cause == CauseCode::Rejected { ReleasedBy::Remote } else { ReleasedBy::System };
            match self.leg_state(leg) {
                Some(LegState::Dialing) if cause == CauseCode::Busy => {
                    self.tell_leg(leg);
                    self.enter(leg, LegState::Busy);
                    self.later(micros(self.config.exchange.busy_tone), Job::ToneEnds(leg));
                }
                Some(LegState::Dialing | LegState::Queued) => self.release(leg, cause, by),
                Some(LegState::Connected | LegState::Held) if self.others(leg).is_empty() => {
                    self.release(leg, cause, by);
                }
                _ => {}
            }
        }
        self.settle(conversation);
    }
}
