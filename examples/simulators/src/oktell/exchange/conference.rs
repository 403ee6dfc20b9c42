//! Conferences, and ghosts in them.

use serde_json::json;

use super::{
    Behaviour, Exchange, Job, Party, Place, Refusal,
    call::{Call, Seat, Side},
    journal::Ended,
    refuse,
};
use crate::oktell::ids::Kind;

/// How many competitors a conference has at most.
const MANY: usize = 64;

#[derive(Debug)]
pub(crate) struct Conference {
    pub(super) id: String,
    pub(super) chain: String,
    pub(super) name: String,
    pub(super) room: String,
    pub(super) members: Vec<Member>,
}

/// Oktell says *competitor*.
#[derive(Debug)]
pub(crate) struct Member {
    pub(super) key: u64,
    pub(super) id: String,
    pub(super) party: Party,
    pub(super) state: State,
    pub(super) creator: bool,
    /// How a ghost takes part: `monitor`, `help` or `conference`.
    pub(super) ghost: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Invited,
    In,
    Held,
}

impl Exchange {
    /// The number under which this user finds a conference by its id; without an id, the user's own conference.
    pub(crate) fn conference(&self, user: usize, id: Option<&str>) -> Result<u64, Refusal> {
        let line = &self.users[user];
        let own = [line.current, line.held].into_iter().flatten().find_map(|place| match place {
            Place::Conference(conference) => Some(conference),
            Place::Call(_) => None,
        });
        let named = |id: &str| self.conferences.iter().find(|(_, one)| one.id == id).map(|(number, _)| *number);
        match id {
            Some(id) => named(id).filter(|found| own == Some(*found) || self.users[user].supervisor),
            None => own,
        }
        .ok_or_else(|| Refusal(2201, "There is no such conference".to_owned()))
    }

    fn open_conference(&mut self, name: &str, room: &str) -> u64 {
        let key = self.fresh();
        let conference = Conference {
            id: self.ids.next(Kind::Conference),
            chain: self.ids.next(Kind::Chain),
            name: name.chars().take(64).collect(),
            room: room.chars().take(64).collect(),
            members: Vec::new(),
        };
        self.conferences.insert(key, conference);
        key
    }

    fn add(&mut self, conference: u64, party: Party, state: State, creator: bool, ghost: Option<String>) -> u64 {
        let key = self.fresh();
        let id = self.ids.next(Kind::Competitor);
        if let Some(conference) = self.conferences.get_mut(&conference) {
            conference.members.push(Member { key, id, party, state, creator, ghost });
        }
        key
    }

    /// A conference from idle: the creator's own phone and the others' ring.
    pub(crate) fn create_conference(
        &mut self,
        user: usize,
        name: &str,
        room: &str,
        numbers: &[String],
    ) -> Result<String, Refusal> {
        if !self.is_free(user) {
            return refuse(2103, "The line is not free");
        }
        let conference = self.open_conference(name, room);
        self.invite(conference, &Party::User(user), true, None);
        for number in numbers.iter().take(MANY) {
            self.invite_number(user, conference, number);
        }
        Ok(self.conference_id(conference))
    }

    /// Makes a conference of the call in which the user talks.
    pub(crate) fn conference_from_call(&mut self, user: usize) -> Result<String, Refusal> {
        let (call, _) = self.talk_of(user)?;
        let conference = self.open_conference("", "");
        self.convert(call, conference, &Party::User(user));
        self.composition_changed(conference);
        Ok(self.conference_id(conference))
    }

    /// Makes one conference of the current and the held call.
    pub(crate) fn conference_of_both(&mut self, user: usize) -> Result<String, Refusal> {
        let (call, _) = self.talk_of(user)?;
        let Some(Place::Call(held)) = self.users[user].held else {
            return refuse(2202, "Nothing is on hold");
        };
        let me = Party::User(user);
        let conference = self.open_conference("", "");
        self.convert(call, conference, &me);
        let far = self.calls.get(&held).and_then(|call| call.side_of(&me)).map(Side::other);
        let waiting = far.and_then(|far| self.calls.get(&held).map(|call| call.party(far).clone()));
        if let (Some(Party::User(waiting)), Some(far)) = (&waiting, far) {
            self.tell_talk_stopped(held, far, *waiting);
        }
        if let (Some(call), Some(waiting)) = (self.calls.remove(&held), waiting) {
            self.users[user].held = None;
            self.end_in_journal(call);
            self.tell(user, "flashstatechanged", json!({ "flashtypeid": 6 }));
            self.enter_conference(conference, &waiting, false);
        }
        self.composition_changed(conference);
        self.settle(user);
        Ok(self.conference_id(conference))
    }

    /// Whether `conference_of_both` would work.
    pub(crate) fn can_conference_both(&self, user: usize) -> bool {
        matches!(self.users[user].held, Some(Place::Call(_))) && self.talk_of(user).is_ok()
    }

    /// Listens to another user's talk.
    pub(crate) fn attach_ghost(&mut self, user: usize, ghosted: usize) -> Result<(), Refusal> {
        if !self.users[user].supervisor || user == ghosted {
            return refuse(52_710, "There are no rights to listen to this user");
        }
        if !self.is_free(user) {
            return refuse(2103, "The line is not free");
        }
        let conference = match self.users[ghosted].current {
            Some(Place::Conference(conference)) if self.in_conference(ghosted, conference) => conference,
            _ => {
                let (call, _) = self.talk_of(ghosted)?;
                let conference = self.open_conference("", "");
                self.convert(call, conference, &Party::User(ghosted));
                conference
            }
        };
        self.invite(conference, &Party::User(user), false, Some("monitor".to_owned()));
        Ok(())
    }

    /// `confsetghostmode`.
    pub(crate) fn set_ghost_mode(&mut self, user: usize, conference: u64, mode: &str) -> Result<(), Refusal> {
        if !matches!(mode, "monitor" | "help" | "conference") {
            return refuse(2504, "The ghost's mode is monitor, help or conference");
        }
        let members = self.conferences.get_mut(&conference).map(|one| &mut one.members);
        let me = Party::User(user);
        let mut members = members.into_iter().flatten();
        match members.find(|member| member.party == me && member.ghost.is_some()) {
            Some(member) => member.ghost = Some(mode.to_owned()),
            None => return refuse(2505, "The user is no ghost in this conference"),
        }
        self.composition_changed(conference);
        Ok(())
    }

    /// `invitetoconference`, one number.
    pub(crate) fn invite_number(&mut self, user: usize, conference: u64, number: &str) {
        let party = self.party(number);
        let members = self.conferences.get(&conference).map_or(&[][..], |one| &one.members);
        let there = members.len() >= MANY || members.iter().any(|member| member.party == party);
        let callable = matches!(party, Party::User(_) | Party::Outside(_));
        if !there && callable && !number.is_empty() && number.len() <= 64 && party != Party::User(user) {
            self.invite(conference, &party, false, None);
        }
    }

    fn invite(&mut self, conference: u64, party: &Party, creator: bool, ghost: Option<String>) {
        let behaviour = match *party {
            Party::User(user) if !self.takes_calls(user) && !creator && ghost.is_none() => Behaviour::Busy,
            // The own phone is lifted as for any callback.
            Party::User(_) if creator || ghost.is_some() => match self.config.lift_ms {
                0 => Behaviour::Manual,
                after_ms => Behaviour::Answer { after_ms },
            },
            _ => self.behaviour(party),
        };
        let key = self.add(conference, party.clone(), State::Invited, creator, ghost);
        if behaviour == Behaviour::Busy {
            self.competitor_changed(conference, key, "MisInviteBusy");
            self.forget(conference, key);
            return;
        }
        let (chain, id) =
            self.conferences.get(&conference).map(|one| (one.chain.clone(), one.id.clone())).unwrap_or_default();
        if let Party::User(user) = *party {
            self.users[user].current = Some(Place::Conference(conference));
            let body = json!({
                "chainid": chain,
                "callerid": "",
                "callername": "",
                "callerdirection": "oktell_pbx",
                "isconference": true,
                "confid": id,
                "isextline": false,
                "istask": false,
            });
            self.tell(user, "phoneevent_ringstarted", body);
            self.settle(user);
        }
        match behaviour {
            Behaviour::Answer { after_ms } => self.later(after_ms, Job::Joins { conference, competitor: key }),
            Behaviour::Refuse { after_ms } => self.later(after_ms, Job::Declines { conference, competitor: key }),
            Behaviour::Manual | Behaviour::Busy => {}
        }
        self.later(self.config.no_answer_ms, Job::Declines { conference, competitor: key });
        self.composition_changed(conference);
    }

    /// An invited competitor answers.
    pub(super) fn competitor_answers(&mut self, conference: u64, key: u64) {
        let Some(member) = self.member(conference, key).filter(|member| member.state == State::Invited) else { return };
        member.state = State::In;
        let party = member.party.clone();
        if let Party::User(user) = party {
            let chain = self.conferences.get(&conference).map(|one| one.chain.clone());
            self.tell(user, "phoneevent_ringstopped", json!({ "chainid": chain }));
            self.tell_conference(conference, user);
            self.settle(user);
        }
        self.competitor_changed(conference, key, "Commutated");
        self.composition_changed(conference);
    }

    /// An invited competitor does not answer.
    pub(super) fn competitor_declines(&mut self, conference: u64, key: u64) {
        let Some(member) = self.member(conference, key).filter(|member| member.state == State::Invited) else { return };
        let party = member.party.clone();
        self.competitor_changed(conference, key, "MisInviteNotRespond");
        self.leave_conference(conference, &party);
    }

    /// The user answers an invitation.
    pub(super) fn join_conference(&mut self, conference: u64, user: usize) {
        let me = Party::User(user);
        let key = self.conferences.get(&conference).and_then(|one| one.members.iter().find(|it| it.party == me));
        if let Some(key) = key.map(|member| member.key) {
            self.competitor_answers(conference, key);
        }
    }

    /// The invitation that rings at an outside number.
    pub(super) fn invited_outside(&self, number: &str) -> Result<(u64, u64), Refusal> {
        let invited = self.conferences.iter().find_map(|(id, conference)| {
            let rings = |member: &&Member| {
                member.state == State::Invited && matches!(&member.party, Party::Outside(one) if one == number)
            };
            conference.members.iter().find(rings).map(|member| (*id, member.key))
        });
        invited.ok_or_else(|| Refusal(2901, format!("nothing rings at {number}")))
    }

    /// `confdisconnectcompetitor`.
    pub(crate) fn disconnect_competitor(&mut self, conference: u64, competitor: &str) -> Result<(), Refusal> {
        let members = self.conferences.get(&conference).map_or(&[][..], |one| &one.members);
        match members.iter().find(|member| member.id == competitor).map(|member| member.party.clone()) {
            Some(party) => {
                self.leave_conference(conference, &party);
                Ok(())
            }
            None => refuse(2206, "There is no such competitor"),
        }
    }

    /// `exitconference`: the user leaves.
    pub(crate) fn exit_conference(&mut self, user: usize, conference: u64) -> Result<(), Refusal> {
        let me = Party::User(user);
        if !self.conferences.get(&conference).is_some_and(|one| one.members.iter().any(|it| it.party == me)) {
            return refuse(2201, "The user is not in this conference");
        }
        self.leave_conference(conference, &me);
        Ok(())
    }

    /// A party leaves. With fewer than two left, or no user, the conference is over.
    pub(crate) fn leave_conference(&mut self, conference: u64, party: &Party) {
        let found = self.conferences.get(&conference).and_then(|one| one.members.iter().find(|it| it.party == *party));
        let Some((key, state)) = found.map(|member| (member.key, member.state)) else { return };
        self.tell_gone(conference, party, state);
        self.competitor_changed(conference, key, "Exited");
        self.forget(conference, key);
        let real = self.conferences.get(&conference).map_or(&[][..], |one| &one.members).iter();
        let real: Vec<&Party> = real.filter(|member| member.ghost.is_none()).map(|member| &member.party).collect();
        if real.len() >= 2 && real.iter().any(|party| matches!(party, Party::User(_))) {
            return self.composition_changed(conference);
        }
        let Some(ended) = self.conferences.remove(&conference) else { return };
        for member in &ended.members {
            self.journal.step(&ended.chain, self.now, "conference ended", &self.number(&member.party));
        }
        let (id, chain) = (ended.id, ended.chain);
        for member in ended.members {
            if let Party::User(user) = member.party {
                self.tell_left(user, member.state, &id, &chain);
                self.settle(user);
            }
        }
    }

    fn forget(&mut self, conference: u64, key: u64) {
        let Some(one) = self.conferences.get_mut(&conference) else { return };
        let gone = one.members.iter().position(|member| member.key == key).map(|at| one.members.remove(at));
        if let Some(Party::User(user)) = gone.map(|member| member.party) {
            self.settle(user);
        }
    }

    /// Whether the user is in the conference and not on its doorstep.
    pub(super) fn in_conference(&self, user: usize, conference: u64) -> bool {
        let members = self.conferences.get(&conference).map_or(&[][..], |one| &one.members);
        members.iter().any(|member| member.party == Party::User(user) && member.state == State::In)
    }

    /// Puts a conference on hold for a user, or takes it back.
    pub(super) fn set_member_state(&mut self, conference: u64, user: usize, state: State) {
        let me = Party::User(user);
        let Some(one) = self.conferences.get_mut(&conference) else { return };
        let Some(member) = one.members.iter_mut().find(|member| member.party == me) else { return };
        member.state = state;
        let body = json!({ "chainid": one.chain, "isconference": true, "confid": one.id });
        if state == State::Held {
            self.tell(user, "phoneevent_commstopped", body);
        } else {
            self.tell_conference(conference, user);
        }
        self.composition_changed(conference);
    }

    fn member(&mut self, conference: u64, key: u64) -> Option<&mut Member> {
        self.conferences.get_mut(&conference)?.members.iter_mut().find(|member| member.key == key)
    }

    fn talk_of(&self, user: usize) -> Result<(u64, Party), Refusal> {
        let me = Party::User(user);
        if let Some(Place::Call(id)) = self.users[user].current
            && let Some(call) = self.calls.get(&id)
            && let Some(side) = call.side_of(&me)
            && call.seat(side) == Seat::Talk
            && !matches!(call.party(side.other()), Party::Script(_))
        {
            return Ok((id, call.party(side.other()).clone()));
        }
        refuse(2103, "There is no talk")
    }

    /// Both parties of a call go into a conference; the call is over.
    fn convert(&mut self, call: u64, conference: u64, creator: &Party) {
        for side in [Side::Caller, Side::Called] {
            if let Some(Party::User(user)) = self.calls.get(&call).map(|call| call.party(side).clone()) {
                self.tell_talk_stopped(call, side, user);
            }
        }
        let Some(call) = self.calls.remove(&call) else { return };
        let parties = [call.caller.clone(), call.called.clone()];
        self.end_in_journal(call);
        for party in parties {
            let creator = party == *creator;
            self.enter_conference(conference, &party, creator);
        }
    }

    fn enter_conference(&mut self, conference: u64, party: &Party, creator: bool) {
        let members = self.conferences.get(&conference).map_or(&[][..], |one| &one.members);
        if members.iter().any(|member| member.party == *party) {
            return;
        }
        self.add(conference, party.clone(), State::In, creator, None);
        if let Party::User(user) = *party {
            self.users[user].current = Some(Place::Conference(conference));
            self.tell_conference(conference, user);
            self.settle(user);
        }
    }

    fn end_in_journal(&mut self, call: Call) {
        let (from, to) = (self.number(&call.caller), self.number(&call.called));
        let Call { chain, began, answered, .. } = call;
        self.journal.end(Ended { chain, from, to, began, answered, ended: self.now, cause: "conference" });
    }
}
