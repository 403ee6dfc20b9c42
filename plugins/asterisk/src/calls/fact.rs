//! A call as a fact.
//!
//! Most events change nothing of most calls that they touch. So the fact that was reported last is kept and brought up
//! to date in its place; only what differs is written, and it is reported when something did.

use jackfield_plugin_api::{CallFact, CallState, Participant, Party, PartyState, Phase, Queue, Role, Scope};

use super::level::Level;
use super::{Call, CallId};
use crate::pbx::Pbx;
use crate::table::{Channel, Ident, UP, View};

/// A number and its name, as they are reported; empty: unknown.
#[derive(Debug, Clone, Copy, Default)]
struct Shown<'a> {
    number: &'a str,
    name: &'a str,
}

impl<'a> Shown<'a> {
    fn number(number: &'a str) -> Self {
        Self { number, name: "" }
    }
}

impl<'a> From<&'a Ident> for Shown<'a> {
    fn from(ident: &'a Ident) -> Self {
        // Asterisk fills an unknown name with the number.
        let named = ident.is_known() && ident.name != ident.number;
        Self { number: &ident.number, name: if named { &ident.name } else { "" } }
    }
}

/// A number with its name; `None`: no number is known.
pub(crate) fn party(ident: &Ident) -> Option<Party> {
    let mut party = None;
    set_party(&mut party, ident.into());
    party
}

impl Pbx {
    /// Brings the fact of a call that is at this level up to date. Tells whether anything of it is news.
    pub(crate) fn renew(&self, id: CallId, call: &Call, level: Level, view: &View, fact: &mut CallFact) -> bool {
        let leg = call.channel.and_then(|c| self.table.channel(c));
        let own = Shown::number(call.line.and_then(|l| self.lines.get(l)).map_or("", |l| l.number.as_str()));
        let remote = self.remote(call).map(Shown::from).unwrap_or_default();
        let (caller, called) = match call.incoming {
            true => (remote, if call.called.is_known() { Shown::from(&call.called) } else { own }),
            // The number that was dialled, with the name of who is there.
            false if call.called.number == call.first_remote.number => (own, Shown::from(&call.first_remote)),
            false => (own, Shown::from(&call.called)),
        };
        let met_another = call.first_remote.is_known() && remote.number != call.first_remote.number;
        // A consultation that outlives the call it was made from is one no more; what it is then the host knows.
        let parent = call.parent.and_then(|p| self.calls.get(p)).map(|parent| parent.key.as_str());

        let mut news = set(&mut fact.state, level.state);
        news |= set(&mut fact.phase, Some(level.phase));
        news |= set(&mut fact.direction, Some(call.direction()));
        news |= set(&mut fact.scope, call.scope);
        news |= set_text(&mut fact.native_id, &call.native);
        news |= set_global_ids(&mut fact.global_ids, leg.map_or(&[], |c| c.linked.as_slice()));
        news |= set_party(&mut fact.caller, caller);
        news |= set_party(&mut fact.called, called);
        news |= set_party(&mut fact.redirecting, (&call.redirecting).into());
        let elsewhere = !call.incoming && met_another;
        news |= set_party(&mut fact.redirection, if elsewhere { remote } else { Shown::default() });
        news |= set(&mut fact.role, parent.map(|_| Role::Consult));
        let parent = parent.or(call.recall_of.as_deref());
        if fact.parent.as_ref().map(AsRef::as_ref) != parent {
            fact.parent = parent.map(Into::into);
            news = true;
        }
        news |= self.renew_participants(call, level, view, own, remote, fact);
        news |= set(&mut fact.features, Some(self.features(id, call, level, view)));
        news |= set(&mut fact.muted, call.muted);
        news |= set(&mut fact.recording, call.recording);
        if fact.queue.as_ref().map_or("", |queue| queue.id.as_str()) != call.queue {
            fact.queue = (!call.queue.is_empty()).then(|| Queue::new(call.queue.as_str()));
            news = true;
        }
        if !fact.user_data.as_ref().map_or(call.user_data.is_empty(), |data| *data == call.user_data) {
            fact.user_data = (!call.user_data.is_empty()).then(|| call.user_data.clone());
            news = true;
        }
        news |= set(&mut fact.started_at, call.started_at);
        news |= set(&mut fact.connected_at, call.connected_at.filter(|_| call.connected));
        news
    }

    /// Whom the line talks to.
    fn remote<'a>(&'a self, call: &'a Call) -> Option<&'a Ident> {
        if call.remote.is_known() {
            return Some(&call.remote);
        }
        if !call.incoming {
            return Some(&call.called);
        }
        // Before Asterisk says it on the leg itself: the party of the leg that dials.
        let root = call.channel.and_then(|c| self.table.root(c))?;
        self.table.channel(root).map(|root| &root.own)
    }

    /// Remembers who is heard, and where it is. In the short time in which Asterisk takes a `Local/…` pair out of the
    /// way nobody is: then who was there still is.
    pub(crate) fn note_present(&mut self, id: CallId, view: &View) {
        self.note_scope(id, view);
        let Some(call) = self.calls.get_mut(id) else { return };
        if !view.pending.is_empty() {
            call.rings_at.clone_from(&view.pending);
        }
        if view.peers.is_empty() {
            return;
        }
        for peer in view.peers.iter().filter_map(|p| self.table.channel(*p)) {
            if !call.participants.contains(&peer.uid) {
                call.participants.push(peer.uid.clone());
            }
        }
        call.present.clone_from(&view.peers);
    }

    /// Whose leg it is. A line's leg may carry what an originate wanted to be shown on it.
    fn party_of<'a>(&'a self, channel: &'a Channel) -> Shown<'a> {
        match channel.line.and_then(|l| self.lines.get(l)) {
            Some(line) if line.number != channel.own.number => Shown::number(&line.number),
            _ => (&channel.own).into(),
        }
    }

    fn renew_participants(
        &self,
        call: &Call,
        level: Level,
        view: &View,
        own: Shown<'_>,
        remote: Shown<'_>,
        fact: &mut CallFact,
    ) -> bool {
        let own_state = match level.state {
            CallState::Held => PartyState::Held,
            CallState::Connected | CallState::Conferenced => PartyState::Connected,
            CallState::Busy => PartyState::Initiated,
            _ if level.phase == Phase::Queued => PartyState::Queued,
            _ if call.incoming || level.phase == Phase::OwnRinging => PartyState::Alerting,
            _ => PartyState::Initiated,
        };
        let reported = fact.participants.is_some();
        let mut parties = Parties { list: fact.participants.get_or_insert_default(), count: 0, news: !reported };
        parties.next(1, own, true, own_state);
        // While Asterisk moves legs about, or takes the call down, nobody is there: then it is who was there last.
        if reported && view.peers.is_empty() && !call.present.is_empty() {
            return parties.news;
        }
        let present = if view.peers.is_empty() { &call.present } else { &view.peers };
        for channel in present.iter().filter_map(|p| self.table.channel(*p)) {
            let number = call.participants.iter().position(|uid| *uid == channel.uid).map_or(0, |at| at + 2);
            // Of one partner Asterisk tells on this leg; of several each tells on its own.
            let alone = present.len() == 1 && !view.room;
            let shown = if alone && call.remote.is_known() { (&call.remote).into() } else { self.party_of(channel) };
            let state = match (channel.holds, channel.state) {
                (true, _) => PartyState::Held,
                (_, UP) => PartyState::Connected,
                _ => PartyState::Alerting,
            };
            parties.next(number, shown, false, state);
        }
        if parties.count == 1 && !remote.number.is_empty() {
            let state = match level.state {
                CallState::Busy => PartyState::Failed,
                CallState::Alerting if call.incoming => PartyState::Connected,
                CallState::Alerting if level.phase == Phase::Ringing => PartyState::Alerting,
                CallState::Alerting => PartyState::Initiated,
                _ => PartyState::Connected,
            };
            parties.next(2, remote, false, state);
        }
        parties.end()
    }

    /// A call between two lines of ours is internal; of others Asterisk does not say where they are.
    fn note_scope(&mut self, id: CallId, view: &View) {
        let Some(call) = self.calls.get(id) else { return };
        let others = if view.peers.is_empty() { &view.pending } else { &view.peers };
        let root = call.channel.filter(|_| others.is_empty() && call.incoming).and_then(|c| self.table.root(c));
        let mut others = others.iter().copied().chain(root).filter_map(|c| self.table.channel(c)).peekable();
        if others.peek().is_none() {
            return;
        }
        let internal = others.all(|c| c.line.is_some());
        if let Some(call) = self.calls.get_mut(id) {
            call.scope = match (internal, call.scope) {
                (true, _) => Some(Scope::Internal),
                (false, Some(_)) => Some(Scope::Unknown),
                (false, None) => None,
            };
        }
    }
}

/// A list of participants that is brought up to date.
struct Parties<'f> {
    list: &'f mut Vec<Participant>,
    /// How many of it are.
    count: usize,
    news: bool,
}

impl Parties<'_> {
    fn next(&mut self, number: usize, who: Shown<'_>, local: bool, state: PartyState) {
        let at = self.count;
        self.count += 1;
        let Some(party) = self.list.get_mut(at) else {
            let mut party = Participant::new(format!("p{number}"), who.number, local, state);
            set_text(&mut party.name, who.name);
            self.list.push(party);
            self.news = true;
            return;
        };
        if party.id.strip_prefix('p').and_then(|n| n.parse().ok()) != Some(number) {
            party.id = format!("p{number}");
            self.news = true;
        }
        self.news |= set_string(&mut party.number, who.number);
        self.news |= set_text(&mut party.name, who.name);
        self.news |= set(&mut party.local, local);
        self.news |= set(&mut party.state, state);
    }

    /// Nobody follows. Tells whether the list is news.
    fn end(self) -> bool {
        let gone = self.count < self.list.len();
        self.list.truncate(self.count);
        self.news || gone
    }
}

// Each sets a field and tells whether that changed it. Texts keep their memory.

fn set<T: PartialEq>(to: &mut T, value: T) -> bool {
    let news = *to != value;
    *to = value;
    news
}

fn set_string(to: &mut String, value: &str) -> bool {
    let news = to != value;
    if news {
        value.clone_into(to);
    }
    news
}

/// Empty: none.
fn set_text(to: &mut Option<String>, value: &str) -> bool {
    match to {
        Some(text) if !value.is_empty() => set_string(text, value),
        _ => set(to, (!value.is_empty()).then(|| value.to_owned())),
    }
}

fn set_party(to: &mut Option<Party>, shown: Shown<'_>) -> bool {
    if shown.number.is_empty() {
        return to.take().is_some();
    }
    let news = to.is_none();
    let party = to.get_or_insert_with(|| Party::new(shown.number));
    // Both, always.
    set_string(&mut party.number, shown.number) | set_text(&mut party.name, shown.name) | news
}

/// Newest first; a channel has them newest last.
fn set_global_ids(to: &mut Option<Vec<String>>, linked: &[String]) -> bool {
    let news = !to.iter().flatten().eq(linked.iter().rev());
    if news {
        *to = (!linked.is_empty()).then(|| linked.iter().rev().cloned().collect());
    }
    news
}
