//! A call as a fact.

use jackfield_plugin_api::{CallFact, CallState, Participant, Party, PartyState, Phase, Queue, Role, Scope};

use super::level::Level;
use super::{Call, CallId};
use crate::pbx::Pbx;
use crate::table::{Channel, Ident, UP, View};

/// A number with its name; `None`: no number is known.
pub(crate) fn party(ident: &Ident) -> Option<Party> {
    if !ident.is_known() {
        return None;
    }
    let party = Party::new(ident.number.as_str());
    // Asterisk fills an unknown name with the number.
    let named = !ident.name.is_empty() && ident.name != ident.number;
    Some(if named { party.name(ident.name.as_str()) } else { party })
}

impl Pbx {
    /// The whole fact of a call that is at this level.
    pub(crate) fn fact(&mut self, id: CallId, level: Level, view: &View) -> Option<CallFact> {
        self.note_present(id, view);
        self.note_scope(id, view);
        let call = self.calls.get(id)?;
        let line = call.line?;
        let mut fact = CallFact::new(line, call.key.as_str(), level.state).direction(call.direction());
        fact.phase = Some(level.phase);
        fact.native_id = (!call.native.is_empty()).then(|| call.native.clone());
        fact.global_ids = call
            .channel
            .and_then(|c| self.table.channel(c))
            .filter(|c| !c.linked.is_empty())
            .map(|c| c.linked.iter().rev().cloned().collect());
        let own = Ident::new(&self.lines.get(line)?.number, "");
        let remote = self.remote(call);
        let (caller, called) = match call.incoming {
            true => (party(&remote), party(if call.called.is_known() { &call.called } else { &own })),
            false => (party(&own), party(&Self::with_name(&call.called, &call.first_remote))),
        };
        (fact.caller, fact.called) = (caller, called);
        fact.redirecting = party(&call.redirecting);
        let met_another = call.first_remote.is_known() && remote.number != call.first_remote.number;
        fact.redirection = if call.incoming || !met_another { None } else { party(&remote) };
        fact.scope = call.scope;
        // A consultation that outlives the call it was made from is one no more; what it is then the host knows.
        if let Some(parent) = call.parent.and_then(|p| self.calls.get(p)) {
            fact.role = Some(Role::Consult);
            fact.parent = Some(parent.key.as_str().into());
        } else {
            fact.parent = call.recall_of.as_deref().map(Into::into);
        }
        fact.participants = Some(self.participants(call, level, view, &remote));
        fact.features = Some(self.features(id, call, level, view));
        fact.muted = call.muted;
        fact.recording = call.recording;
        fact.queue = (!call.queue.is_empty()).then(|| Queue::new(call.queue.as_str()));
        fact.user_data = (!call.user_data.is_empty()).then(|| call.user_data.clone());
        fact.started_at = call.started_at;
        fact.connected_at = call.connected_at.filter(|_| call.connected);
        Some(fact)
    }

    /// The number that was dialled, with the name of who is there.
    fn with_name(called: &Ident, first: &Ident) -> Ident {
        match called.number == first.number {
            true => first.clone(),
            false => called.clone(),
        }
    }

    /// Whom the line talks to.
    fn remote(&self, call: &Call) -> Ident {
        if call.remote.is_known() {
            return call.remote.clone();
        }
        if !call.incoming {
            return call.called.clone();
        }
        // Before Asterisk says it on the leg itself: the party of the leg that dials.
        call.channel
            .and_then(|c| self.table.root(c))
            .and_then(|root| self.table.channel(root))
            .map(|root| root.own.clone())
            .unwrap_or_default()
    }

    /// Remembers who is heard. In the short time in which Asterisk takes a `Local/…` pair out of the way nobody is:
    /// then who was there still is.
    fn note_present(&mut self, id: CallId, view: &View) {
        if let Some(call) = self.calls.get_mut(id).filter(|_| !view.pending.is_empty()) {
            call.rings_at.clone_from(&view.pending);
        }
        if view.peers.is_empty() {
            return;
        }
        let uids: Vec<String> =
            view.peers.iter().filter_map(|p| self.table.channel(*p)).map(|c| c.uid.clone()).collect();
        let Some(call) = self.calls.get_mut(id) else { return };
        call.participants.retain(|uid| !uid.is_empty());
        for uid in uids {
            if !call.participants.contains(&uid) {
                call.participants.push(uid);
            }
        }
        call.present.clone_from(&view.peers);
    }

    /// Whose leg it is. A line's leg may carry what an originate wanted to be shown on it.
    fn party_of(&self, channel: &Channel) -> Ident {
        match channel.line.and_then(|l| self.lines.get(l)) {
            Some(line) if line.number != channel.own.number => Ident::new(&line.number, ""),
            _ => channel.own.clone(),
        }
    }

    fn participants(&self, call: &Call, level: Level, view: &View, remote: &Ident) -> Vec<Participant> {
        let own_number = call.line.and_then(|l| self.lines.get(l)).map_or("", |l| l.number.as_str());
        let own_state = match level.state {
            CallState::Held => PartyState::Held,
            CallState::Connected | CallState::Conferenced => PartyState::Connected,
            CallState::Busy => PartyState::Initiated,
            _ if level.phase == Phase::Queued => PartyState::Queued,
            _ if call.incoming || level.phase == Phase::OwnRinging => PartyState::Alerting,
            _ => PartyState::Initiated,
        };
        let mut parties = vec![Participant::new("p1", own_number, true, own_state)];
        // While Asterisk moves legs about, or takes the call down, nobody is there: then it is who was there last.
        let last = call.reported.as_ref().and_then(|f| f.participants.as_ref());
        if let Some(last) = last.filter(|_| view.peers.is_empty() && !call.present.is_empty()) {
            parties.extend(last.iter().filter(|p| !p.local).cloned());
            return parties;
        }
        let present = if view.peers.is_empty() { &call.present } else { &view.peers };
        for channel in present.iter().filter_map(|p| self.table.channel(*p)) {
            let number = call.participants.iter().position(|uid| *uid == channel.uid).map_or(0, |at| at + 2);
            // Of one partner Asterisk tells on this leg; of several each tells on its own.
            let alone = present.len() == 1 && !view.room;
            let ident = if alone && call.remote.is_known() { call.remote.clone() } else { self.party_of(channel) };
            let state = match (channel.holds, channel.state) {
                (true, _) => PartyState::Held,
                (_, UP) => PartyState::Connected,
                _ => PartyState::Alerting,
            };
            let mut participant = Participant::new(format!("p{number}"), ident.number.as_str(), false, state);
            participant.name = party(&ident).and_then(|p| p.name);
            parties.push(participant);
        }
        if parties.len() == 1 && remote.is_known() {
            let state = match level.state {
                CallState::Busy => PartyState::Failed,
                CallState::Alerting if call.incoming => PartyState::Connected,
                CallState::Alerting if level.phase == Phase::Ringing => PartyState::Alerting,
                CallState::Alerting => PartyState::Initiated,
                _ => PartyState::Connected,
            };
            let mut participant = Participant::new("p2", remote.number.as_str(), false, state);
            participant.name = party(remote).and_then(|p| p.name);
            parties.push(participant);
        }
        parties
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
