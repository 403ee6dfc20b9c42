//! What is reported of a call: its state, its parties, what can be done with it now.

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    CallFact, CallFeatures, CallState, Cause, CauseCode, Direction, Host, Participant, Party, PartyState, Phase, Role,
    Scope,
};
use serde_json::json;

use super::Machine;
use super::talk::{Leg, Talk};
use crate::capabilities::of_call;
use crate::sys::constants::{
    LINECALLFEATURE_ACCEPT, LINECALLFEATURE2_TRANSFERCONF, LINECALLORIGIN_EXTERNAL, LINECALLORIGIN_INTERNAL,
    LINECALLPARTYID_BLOCKED, LINECALLPARTYID_OUTOFAREA, LINECALLSTATE_ACCEPTED, LINECALLSTATE_BUSY,
    LINECALLSTATE_CONFERENCED, LINECALLSTATE_CONNECTED, LINECALLSTATE_DIALTONE, LINECALLSTATE_OFFERING,
    LINECALLSTATE_RINGBACK, LINECALLSTATE_SPECIALINFO, LINETRANSFERMODE_CONFERENCE,
};
use crate::told;

impl Machine {
    /// Reports a talk, if it can be seen yet.
    pub(super) fn report(&mut self, number: u64, host: &mut Host<'_>) {
        let Some(talk) = self.talks.get(&number) else { return };
        let live = self.lines.get(&talk.line).is_some_and(|line| line.live);
        if !live || talk.ending.is_some() {
            return;
        }
        let Some(fact) = self.fact(number) else { return };
        let state = fact.state;
        host.report_call(&fact);
        if let Some(talk) = self.talks.get_mut(&number) {
            talk.told = true;
            if talk.state.replace(state) != Some(state) {
                talk.because = None;
            }
            talk.connected |= matches!(state, CallState::Connected | CallState::Conferenced | CallState::Held);
            talk.busy |= state == CallState::Busy;
        }
        self.end_merged(number, host);
    }

    /// What can be done with the other calls of the line may have changed with this one.
    pub(super) fn report_pairs(&mut self, number: u64, host: &mut Host<'_>) {
        let Some(line) = self.talks.get(&number).map(|talk| talk.line) else { return };
        let others = self.talks.iter().filter(|(n, talk)| **n != number && talk.line == line && talk.told);
        let others: Vec<u64> = others.map(|(number, _)| *number).collect();
        for other in others {
            self.report(other, host);
        }
    }

    /// The fact of a talk; `None`: nothing can be said of it yet.
    pub(super) fn fact(&self, number: u64) -> Option<CallFact> {
        let talk = self.talks.get(&number)?;
        // A member that has no conference any more has no state of its own yet.
        let stray = |leg: &Leg| leg.is(LINECALLSTATE_CONFERENCED) && !leg.whole;
        let leg = self.legs.get(&talk.main).filter(|leg| leg.is_known() && !leg.over() && !stray(leg))?;
        let (state, phase) = level(leg, self.together(number));
        let mut fact = CallFact::new(talk.line, talk.key.clone(), state).phase(phase).direction(talk.direction);
        // Who somebody is, is told by the call with them, not by the conference as a whole.
        let about = talk.members.first().and_then(|member| self.legs.get(member)).filter(|_| leg.whole).unwrap_or(leg);
        let info = &about.info;
        if info.id != 0 {
            fact.native_id = Some(info.id.to_string());
            let ids = [info.id, info.related].into_iter().filter(|id| *id != 0).map(|id| id.to_string());
            fact.global_ids = Some(ids.collect());
        }
        fact.scope = match info.origin {
            LINECALLORIGIN_INTERNAL => Some(Scope::Internal),
            LINECALLORIGIN_EXTERNAL => Some(Scope::External),
            _ => None,
        };
        self.parties(talk, info, &mut fact);
        if let Some(parent) = talk.parent {
            fact.role = Some(Role::Consult);
            fact.parent = self.talks.get(&parent).map(|parent| parent.key.clone());
        }
        if talk.members.len() > 1 {
            fact.participants = Some(self.participants(talk));
        }
        fact.user_data = serde_json::from_str::<BTreeMap<String, String>>(&info.data).ok();
        if state == CallState::Busy {
            fact.cause = Some(Cause::new(CauseCode::Busy).native(json!({ "linebusymode": leg.mode })));
        }
        fact.features = Some(self.features(number, talk, leg));
        // A command is to change the state: what else changes is not its doing.
        fact.command = talk.because.filter(|_| talk.state != Some(state));
        Some(fact)
    }

    /// Members of a conference that are in it.
    pub(super) fn together(&self, number: u64) -> usize {
        let is_in = |leg: &Leg| leg.talk == Some(number) && !leg.over();
        let members = self.talks.get(&number).into_iter().flat_map(|talk| &talk.members);
        members.filter(|member| self.legs.get(member).is_some_and(is_in)).count()
    }

    fn parties(&self, talk: &Talk, info: &told::CallInfo, fact: &mut CallFact) {
        let own = self.lines.get(&talk.line).map(|line| self.address_of(line).number.clone());
        let own = own.filter(|number| !number.is_empty()).map(Party::new);
        let called = party(&info.called);
        if talk.direction == Direction::Out {
            fact.caller = own;
            let dialled = talk.dialled.as_ref().map(Party::new);
            let connected = party(&info.connected);
            fact.called = called.or(dialled).or(connected);
        } else {
            fact.caller = party(&info.caller);
            fact.called = called.or(own);
        }
        fact.redirecting = party(&info.redirecting);
        fact.redirection = party(&info.redirection);
    }

    fn participants(&self, talk: &Talk) -> Vec<Participant> {
        let own = self.lines.get(&talk.line);
        let number = own.map(|line| self.address_of(line).number.clone()).unwrap_or_default();
        let own = own.map(|line| line.name.clone()).filter(|_| number.is_empty()).unwrap_or(number);
        let mut all = vec![Participant::new("local", own, true, PartyState::Connected)];
        for handle in &talk.members {
            let Some(leg) = self.legs.get(handle).filter(|leg| !leg.over()) else { continue };
            let info = &leg.info;
            let other = [&info.connected, &info.caller, &info.called].into_iter().find_map(party);
            let other = if talk_is_out(leg) { party(&info.connected).or_else(|| party(&info.called)) } else { other };
            let party = other.unwrap_or_else(|| Party::new(""));
            let mut one = Participant::new(format!("{handle:x}"), party.number, false, PartyState::Connected);
            one.name = party.name;
            all.push(one);
        }
        all
    }

    /// What can be done with a talk now.
    pub(super) fn features(&self, number: u64, talk: &Talk, leg: &Leg) -> CallFeatures {
        let mut features = of_call(self.usable(leg)) | CallFeatures::RECALL;
        if let Some((other, theirs)) = self.pair_of(number, talk, leg) {
            let both = self.usable(leg) | self.usable(theirs);
            let pair =
                of_call(both).and(CallFeatures::COMPLETE_TRANSFER | CallFeatures::ALTERNATE | CallFeatures::CONFERENCE);
            features |= pair;
            if pair.contains(CallFeatures::COMPLETE_TRANSFER) && self.transfers_to_conference(talk, leg, theirs) {
                features |= CallFeatures::CONFERENCE;
            }
            let consult = self.talks.get(&other).is_some_and(|other| other.parent == Some(number));
            if consult && of_call(self.usable(theirs)).contains(CallFeatures::DROP) {
                features |= CallFeatures::CANCEL_TRANSFER;
            }
        }
        features
    }

    /// LINECALLFEATURE of a leg, as far as we may use them.
    fn usable(&self, leg: &Leg) -> u32 {
        if leg.owned() {
            return leg.features;
        }
        if !self.config.take_ownership {
            return 0;
        }
        // Who only sees a call is offered nothing: what its address can at all may be tried once it is ours.
        let address = usize::try_from(leg.info.address).unwrap_or(usize::MAX);
        let address = self.devices.get(&leg.device).and_then(|device| device.about.addresses.get(address));
        leg.features | address.map_or(0, |address| address.call_features)
    }

    fn transfers_to_conference(&self, talk: &Talk, leg: &Leg, theirs: &Leg) -> bool {
        let line = self.lines.get(&talk.line);
        let modes = line.map_or(0, |line| self.address_of(line).transfer_modes);
        modes & LINETRANSFERMODE_CONFERENCE != 0
            || (leg.features2 | theirs.features2) & LINECALLFEATURE2_TRANSFERCONF != 0
    }

    /// The other one of a held and another call of the line: the consultation or its first call, else any.
    pub(super) fn pair_of(&self, number: u64, talk: &Talk, leg: &Leg) -> Option<(u64, &Leg)> {
        let fits = |(other, theirs): &(&u64, &Talk)| **other != number && theirs.line == talk.line && theirs.told;
        let with = |(other, theirs): (&u64, &Talk)| {
            let their_leg = self.legs.get(&theirs.main).filter(|leg| leg.is_known() && !leg.over())?;
            (their_leg.held() != leg.held()).then_some((*other, their_leg))
        };
        let related = |(other, theirs): &(&u64, &Talk)| theirs.parent == Some(number) || talk.parent == Some(**other);
        let all = || self.talks.iter().filter(fits);
        all().filter(related).find_map(with).or_else(|| all().find_map(with))
    }
}

fn talk_is_out(leg: &Leg) -> bool {
    leg.info.origin == crate::sys::constants::LINECALLORIGIN_OUTBOUND
}

/// State and phase of a leg; `together`: how many members its conference has.
fn level(leg: &Leg, together: usize) -> (CallState, Phase) {
    if leg.held() {
        return (CallState::Held, Phase::None);
    }
    match leg.state {
        // Where accepting is a step of its own, the phone does not ring before it.
        LINECALLSTATE_OFFERING if leg.features & LINECALLFEATURE_ACCEPT != 0 => (CallState::Alerting, Phase::Offered),
        LINECALLSTATE_OFFERING | LINECALLSTATE_ACCEPTED | LINECALLSTATE_RINGBACK => {
            (CallState::Alerting, Phase::Ringing)
        }
        LINECALLSTATE_DIALTONE => (CallState::Alerting, Phase::Initiated),
        LINECALLSTATE_SPECIALINFO => (CallState::Alerting, Phase::Early),
        LINECALLSTATE_BUSY => (CallState::Busy, Phase::None),
        LINECALLSTATE_CONNECTED if together > 1 => (CallState::Conferenced, Phase::None),
        LINECALLSTATE_CONNECTED => (CallState::Connected, Phase::None),
        _ => (CallState::Alerting, Phase::Dialing),
    }
}

/// A party, if its number or its name is known and not withheld.
fn party(party: &told::Party) -> Option<Party> {
    if party.flags & (LINECALLPARTYID_BLOCKED | LINECALLPARTYID_OUTOFAREA) != 0 {
        return None;
    }
    let number = party.number.clone().unwrap_or_default();
    if number.is_empty() && party.name.is_none() {
        return None;
    }
    let mut known = Party::new(number);
    known.name = party.name.clone();
    Some(known)
}
