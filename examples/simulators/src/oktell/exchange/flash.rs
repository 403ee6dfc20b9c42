//! What a user does at a line, by program or at the phone: answering, hanging up, the hold buffer, transfers.

use serde_json::json;

use super::{
    Behaviour, Exchange, Job, Party, Place, Refusal,
    call::{Call, Seat, Side, Stage},
    calls::First,
    conference::State,
    journal::Ended,
    refuse,
};
use crate::oktell::{config::Chain, ids::Kind};

impl Exchange {
    /// The user's current call and the seat in it.
    fn seat_of(&self, user: usize) -> Option<(u64, Side, Seat)> {
        let Some(Place::Call(id)) = self.users[user].current else { return None };
        let call = self.calls.get(&id)?;
        let side = call.side_of(&Party::User(user))?;
        Some((id, side, call.seat(side)))
    }

    /// The user talks, in a call or in a conference, and not with a machine.
    fn talks(&self, user: usize) -> bool {
        match self.users[user].current {
            Some(Place::Conference(id)) => self.in_conference(user, id),
            _ => self.seat_of(user).is_some_and(|(id, side, seat)| {
                seat == Seat::Talk
                    && self.calls.get(&id).is_some_and(|call| !matches!(call.party(side.other()), Party::Script(_)))
            }),
        }
    }

    /// `pbxautocallstart`: a call, or a consultation when there is one already.
    pub(crate) fn auto_call(&mut self, user: usize, number: &str, first: First) -> Result<(), Refusal> {
        let party = Party::User(user);
        let line = &self.users[user];
        if line.current.is_none() && line.held.is_none() {
            return self.dial(&party, number, first, true, None).map(drop);
        }
        if line.current.is_some() && line.held.is_some() {
            return refuse(2101, "There is a call on hold already");
        }
        if line.current.is_some() && !self.talks(user) {
            return refuse(2103, "The line is not free");
        }
        if number.is_empty() || self.number(&party) == number {
            return refuse(2106, "There is no such number");
        }
        let place = line.current.or(line.held);
        if let Some(Place::Call(id)) = place {
            let call = self.calls.get(&id);
            let side = call.and_then(|call| call.side_of(&party));
            let other = call.zip(side).map(|(call, side)| self.number(call.party(side.other())));
            if other.as_deref() == Some(number) {
                return refuse(2105, "There is a call with this number already");
            }
        }
        let chain = (self.config.consultation_chain == Chain::Same).then(|| self.chain_of(user)).flatten();
        let chain = chain.unwrap_or_else(|| self.ids.next(Kind::Chain));
        if self.users[user].current.is_some() {
            self.tell(user, "phoneevent_acmcallstarted", json!({ "chainid": chain, "number": number }));
            self.tell(user, "flashstatechanged", json!({ "flashtypeid": 1 }));
            self.put_away(user);
            let dialled = self.dial(&party, number, First::Lifted, false, Some(chain.clone()));
            if dialled.is_ok() {
                self.own_consultation(user);
            } else {
                self.tell(user, "phoneevent_acmcallstopped", json!({ "chainid": chain }));
                self.settle(user);
            }
            return dialled.map(drop);
        }
        self.dial(&party, number, First::Lifted, true, Some(chain)).map(drop)
    }

    /// The start of the dialling has been told before the call was there; its end is still to come.
    fn own_consultation(&mut self, user: usize) {
        if let Some(Place::Call(id)) = self.users[user].current
            && let Some(call) = self.calls.get_mut(&id)
        {
            call.auto = call.stage != Stage::Talk;
        }
    }

    /// Dials with the handset in the hand; in a talk, the other one goes on hold first.
    pub(crate) fn dial_by_hand(&mut self, user: usize, number: &str) -> Result<(), Refusal> {
        if self.users[user].current.is_some() && self.users[user].held.is_none() && self.talks(user) {
            self.switch(user)?;
        }
        self.dial(&Party::User(user), number, First::Lifted, false, None).map(drop)
    }

    /// Takes the call that rings.
    pub(crate) fn answer(&mut self, user: usize) -> Result<(), Refusal> {
        match (self.users[user].current, self.seat_of(user)) {
            (_, Some((id, _, Seat::Ring))) => self.answered(id),
            (_, Some((id, _, Seat::OwnRing))) => self.lifted(id),
            (Some(Place::Conference(id)), _) if !self.in_conference(user, id) => self.join_conference(id, user),
            _ => return refuse(2901, "Nothing rings"),
        }
        Ok(())
    }

    /// Does not take the call that rings; a queue's call goes back to it.
    pub(crate) fn decline(&mut self, user: usize) -> Result<(), Refusal> {
        match (self.users[user].current, self.seat_of(user)) {
            (_, Some((id, _, Seat::Ring))) if self.calls.get(&id).is_some_and(|call| call.queue.is_some()) => {
                self.back_to_queue(id);
            }
            (_, Some((id, _, Seat::Ring | Seat::OwnRing))) => self.release(id, Some(user), "declined"),
            (Some(Place::Conference(id)), _) if !self.in_conference(user, id) => {
                self.leave_conference(id, &Party::User(user));
            }
            _ => return refuse(2108, "Nothing rings"),
        }
        Ok(())
    }

    /// `pbxautocallabort`: ends a dialling, and leaves what is on hold there.
    pub(crate) fn abort_dialling(&mut self, user: usize) -> Result<(), Refusal> {
        match self.seat_of(user) {
            Some((id, _, Seat::AutoCall | Seat::OwnRing | Seat::Waiting)) => {
                self.release(id, Some(user), "aborted");
                Ok(())
            }
            _ => refuse(2108, "Nothing is dialled"),
        }
    }

    /// `pbxabortcall`, and the handset put down: the user leaves. With two others, those are connected.
    pub(crate) fn leave(&mut self, user: usize) -> Result<(), Refusal> {
        match (self.users[user].current, self.users[user].held) {
            (None, None) => return refuse(2108, "There is no call"),
            (Some(Place::Call(current)), Some(Place::Call(held)))
                if matches!(self.seat_of(user), Some((_, _, Seat::Talk | Seat::Waiting)))
                    && self.calls.get(&current).is_some_and(|call| !call.failed) =>
            {
                self.connect(user, current, held);
            }
            (Some(_), None) if self.decline(user).is_ok() => {}
            _ => self.leave_all(user, "left"),
        }
        Ok(())
    }

    /// `pbxmakeflash switch`: hold, back from hold, or the two exchanged.
    pub(crate) fn switch(&mut self, user: usize) -> Result<(), Refusal> {
        match (self.users[user].current, self.users[user].held) {
            (None, Some(_)) => self.take_back(user, 2),
            (Some(_), None) if self.talks(user) => {
                self.put_away(user);
                self.tell(user, "flashstatechanged", json!({ "flashtypeid": 1 }));
            }
            (Some(_), Some(held)) if self.talks(user) => {
                self.users[user].held = None;
                self.put_away(user);
                let other = self.users[user].held.replace(held);
                self.take_back(user, 7);
                self.users[user].held = other;
            }
            _ => return refuse(2402, "There is nothing to hold and nothing on hold"),
        }
        self.settle(user);
        Ok(())
    }

    /// `pbxmakeflash abort`: drops the current one, and returns to the one on hold.
    pub(crate) fn return_to_held(&mut self, user: usize) -> Result<(), Refusal> {
        if self.users[user].held.is_none() {
            return refuse(2402, "Nothing is on hold");
        }
        match self.users[user].current {
            Some(Place::Call(call)) => self.release(call, Some(user), "dropped"),
            Some(Place::Conference(conference)) => self.leave_conference(conference, &Party::User(user)),
            None => {}
        }
        self.take_back(user, 2);
        self.settle(user);
        Ok(())
    }

    /// Moves what is current into the buffer: the user's talk ends, the other one is told to wait.
    fn put_away(&mut self, user: usize) {
        match self.users[user].current.take() {
            Some(Place::Call(id)) => {
                let Some((side, other)) = self.calls.get(&id).and_then(|call| {
                    let side = call.side_of(&Party::User(user))?;
                    Some((side, call.party(side.other()).clone()))
                }) else {
                    return;
                };
                self.tell_talk_stopped(id, side, user);
                self.users[user].held = Some(Place::Call(id));
                self.enter(id, Stage::Held(side));
                if let Party::User(other) = other {
                    self.tell(other, "flashstatechanged", json!({ "flashtypeid": 11 }));
                    self.settle(other);
                }
            }
            Some(Place::Conference(id)) => {
                self.users[user].held = Some(Place::Conference(id));
                self.set_member_state(id, user, State::Held);
            }
            None => {}
        }
    }

    /// Talks again to what is in the buffer; the current place must be empty.
    fn take_back(&mut self, user: usize, flash: u8) {
        let Some(held) = self.users[user].held.take() else { return };
        self.users[user].current = Some(held);
        self.tell(user, "flashstatechanged", json!({ "flashtypeid": flash }));
        match held {
            Place::Call(id) => {
                let commutation = self.ids.next(Kind::Commutation);
                let Some(call) = self.calls.get_mut(&id) else { return };
                call.commutation = commutation;
                let Some(side) = call.side_of(&Party::User(user)) else { return };
                let other = call.party(side.other()).clone();
                self.enter(id, Stage::Talk);
                self.tell_talk(id, side, user);
                if let Party::User(other) = other {
                    self.tell(other, "flashstatechanged", json!({ "flashtypeid": 12 }));
                    self.settle(other);
                }
            }
            Place::Conference(id) => self.set_member_state(id, user, State::In),
        }
    }

    /// The user leaves, and the two others of `current` and `held` have one call; its chain is the held one's.
    fn connect(&mut self, user: usize, current: u64, held: u64) {
        let me = Party::User(user);
        let sides = |call: &Call| call.side_of(&me);
        let (Some(near), Some(far)) = (self.calls.get(&held).and_then(sides), self.calls.get(&current).and_then(sides))
        else {
            return;
        };
        let other_of = |id: u64, side: Side| self.calls.get(&id).map(|call| call.party(side.other()).clone());
        if other_of(held, near) == other_of(current, far) {
            // One and the same number, called twice: there are no two to connect.
            return self.leave_all(user, "left");
        }
        self.tell(user, "flashstatechanged", json!({ "flashtypeid": 5 }));
        let talked = self.calls.get(&current).is_some_and(|call| call.stage == Stage::Talk);
        if talked {
            self.tell_talk_stopped(current, far, user);
        }
        let Some(gone) = self.calls.get(&current) else { return };
        let other = gone.party(far.other()).clone();
        if gone.auto {
            self.tell(user, "phoneevent_acmcallstopped", json!({ "chainid": gone.chain.clone() }));
        }
        if let (Party::User(other), true) = (&other, talked) {
            self.tell_talk_stopped(current, far.other(), *other);
        }
        // Who was put into the buffer has not been told that its talk is over; now it is, since another one begins.
        if let Some(Party::User(waiting)) = self.calls.get(&held).map(|call| call.party(near.other()).clone()) {
            self.tell(waiting, "flashstatechanged", json!({ "flashtypeid": 12 }));
            self.tell_talk_stopped(held, near.other(), waiting);
        }
        self.users[user].current = None;
        self.users[user].held = None;
        let Some(gone) = self.calls.remove(&current) else { return };
        let (from, to) = (self.number(&gone.caller), self.number(&gone.called));
        self.journal.end(Ended {
            chain: gone.chain,
            from,
            to,
            began: gone.began,
            answered: gone.answered,
            ended: self.now,
            cause: "transferred",
        });
        let Some(call) = self.calls.get_mut(&held) else { return };
        let waiting = call.party(near.other()).clone();
        call.caller = waiting.clone();
        call.called = other.clone();
        call.auto = false;
        call.queue = gone.queue;
        call.stage = if talked { Stage::Talk } else { Stage::Dialling };
        self.journal.step(&call.chain.clone(), self.now, "transferred", &self.number(&other));
        if let Party::User(other) = other {
            self.users[other].current = Some(Place::Call(held));
        }
        if talked {
            self.commutate(held);
        } else {
            self.ring_on(held);
            for party in [waiting, other] {
                if let Party::User(user) = party {
                    self.settle(user);
                }
            }
        }
        self.settle(user);
    }

    /// Whoever rings goes on ringing, for another caller.
    fn ring_on(&mut self, id: u64) {
        self.enter(id, Stage::Dialling);
        let Some((stamp, called)) = self.calls.get(&id).map(|call| (call.stamp, call.called.clone())) else { return };
        if matches!(called, Party::Queue(_)) {
            return self.serve_queues();
        }
        if matches!(called, Party::Script(_)) {
            return self.later(0, Job::Answer { call: id, stamp });
        }
        match self.behaviour(&called) {
            Behaviour::Manual => {}
            Behaviour::Answer { after_ms } => self.later(after_ms, Job::Answer { call: id, stamp }),
            Behaviour::Busy => self.later(0, Job::End { call: id, stamp }),
            Behaviour::Refuse { after_ms } => self.later(after_ms, Job::End { call: id, stamp }),
        }
    }

    /// `pbxmaketransfer`: the one that the user talks to rings the number; the user gets back what is on hold.
    pub(crate) fn transfer(&mut self, user: usize, number: &str) -> Result<(), Refusal> {
        if number.is_empty() || number.len() > 64 {
            return refuse(2304, "There is no such number");
        }
        let Some((id, side, Seat::Talk)) = self.seat_of(user).filter(|_| self.talks(user)) else {
            return refuse(2303, "There is nothing to transfer");
        };
        if let Some(Place::Call(held)) = self.users[user].held {
            let call = self.calls.get(&held);
            let near = call.and_then(|call| call.side_of(&Party::User(user)));
            let other = call.zip(near).map(|(call, near)| self.number(call.party(near.other())));
            if other.as_deref() == Some(number) {
                self.connect(user, id, held);
                return Ok(());
            }
        }
        let Some(other) = self.calls.get(&id).map(|call| call.party(side.other()).clone()) else { return Ok(()) };
        let target = self.party(number);
        if target == Party::User(user) || target == other {
            return refuse(2304, "The call cannot be transferred to one who is in it");
        }
        self.tell_talk_stopped(id, side, user);
        if let Party::User(other) = other {
            self.tell_talk_stopped(id, side.other(), other);
        }
        self.vacate(id, side);
        let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
        call.caller = other.clone();
        call.called = target;
        call.stage = Stage::Dialling;
        (call.auto, call.queue, call.tried) = (false, None, 0);
        let chain = call.chain.clone();
        self.journal.step(&chain, self.now, "transferred", number);
        self.ring(id);
        if let Party::User(other) = other {
            self.settle(other);
        }
        self.take_back(user, 2);
        self.settle(user);
        Ok(())
    }

    /// An outside number answers what rings there.
    pub(crate) fn outside_answers(&mut self, number: &str) -> Result<(), Refusal> {
        let party = Party::Outside(number.to_owned());
        let rings = |call: &Call| call.called == party && call.seat(Side::Called) == Seat::Ring && !call.failed;
        if let Some(id) = self.calls.iter().find(|(_, call)| rings(call)).map(|(id, _)| *id) {
            self.answered(id);
            return Ok(());
        }
        self.invited_outside(number).map(|(conference, key)| self.competitor_answers(conference, key))
    }

    /// An outside number hangs up, or refuses what rings there.
    pub(crate) fn outside_leaves(&mut self, number: &str) -> Result<(), Refusal> {
        let party = Party::Outside(number.to_owned());
        let call = self.calls.iter().find(|(_, call)| call.side_of(&party).is_some()).map(|(id, _)| *id);
        let conference = self.conferences.iter().find(|(_, one)| one.members.iter().any(|it| it.party == party));
        match (call, conference.map(|(id, _)| *id)) {
            (Some(call), _) => self.release(call, None, "outside hung up"),
            (None, Some(conference)) => self.leave_conference(conference, &party),
            (None, None) => return refuse(2108, format!("{number} is in no call")),
        }
        Ok(())
    }

    /// Two outside parties would talk for ever if their call did not end by itself; this ends all there are.
    pub(crate) fn everybody_leaves(&mut self) {
        for user in 0..self.users.len() {
            self.leave_all(user, "left");
        }
        let left: Vec<u64> = self.calls.keys().copied().collect();
        for id in left {
            self.release(id, None, "left");
        }
    }
}
