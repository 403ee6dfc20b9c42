//! Hold, consultations, transfers, conferences.

use super::{CallId, End, Exchange, Job, Refusal, Side, Stage, TalkId, refuse};

impl Exchange {
    /// Digits are sent to the other end.
    pub(crate) fn send_digits(&mut self, id: CallId, digits: &str) -> Result<(), Refusal> {
        self.plain_talk(id)?;
        let right = |digit: char| digit.is_ascii_digit() || "*#ABCD".contains(digit);
        if digits.is_empty() || digits.len() > 32 || !digits.chars().all(right) {
            return refuse("Digits are wrong");
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.digits += digits;
            let too_many = call.digits.len().saturating_sub(64);
            call.digits.drain(..too_many);
        }
        Ok(())
    }

    /// The talk of a call and its side, if both ends can hear each other and nobody else can.
    fn plain_talk(&self, id: CallId) -> Result<(TalkId, Side), Refusal> {
        let Some(call) = self.calls.get(&id) else { return refuse("Call not found") };
        let talk = self.talks.get(&call.talk);
        let talks = talk.filter(|talk| talk.stage == Stage::Talking && !talk.conference && talk.queue.is_none());
        match talks.and_then(|talk| talk.side_of(id)) {
            Some(side) => Ok((call.talk, side)),
            None => refuse("Call is not connected"),
        }
    }

    /// A user puts the other end on hold.
    pub(crate) fn hold(&mut self, id: CallId, transferring: bool) -> Result<(), Refusal> {
        let (talk, side) = self.plain_talk(id)?;
        let now = self.now;
        let Some(talk) = self.talks.get_mut(&talk) else { return refuse("Call not found") };
        if talk.held[side as usize] && !transferring {
            return refuse("Call is on hold");
        }
        talk.mark(now);
        talk.held[side as usize] = true;
        talk.transferring |= transferring;
        Ok(())
    }

    /// A user takes the other end back, and puts on hold what the user talks in.
    pub(crate) fn unhold(&mut self, id: CallId) -> Result<(), Refusal> {
        let (talk, side) = self.plain_talk(id)?;
        if !self.talks[&talk].held[side as usize] {
            return refuse("Call is not on hold");
        }
        let user = self.calls[&id].user;
        self.free_voice(user)?;
        let now = self.now;
        if let Some(talk) = self.talks.get_mut(&talk) {
            talk.mark(now);
            talk.held[side as usize] = false;
            talk.transferring = false;
        }
        Ok(())
    }

    /// The consultation about this call is over.
    pub(super) fn come_back(&mut self, parent: CallId) {
        let waits = self.calls.get(&parent).and_then(|call| self.talks.get(&call.talk));
        if waits.is_some_and(|talk| talk.transferring) {
            // With another call up it stays where it is.
            drop(self.unhold(parent));
        }
    }

    /// Passes the other end on to a number, without a word.
    pub(crate) fn quick_transfer(&mut self, id: CallId, number: &str) -> Result<(), Refusal> {
        self.check_number(number)?;
        let (talk, side) = self.plain_talk(id)?;
        let before = &self.talks[&talk];
        let (other, holds) = (before.end(side.other()).clone(), before.held[side.other() as usize]);
        let seance = before.seance;
        if matches!(other, End::Machine(_)) {
            return refuse("Nobody is there to be transferred");
        }
        self.end_talk(talk);
        self.finish(id);
        let talk = self.new_talk(other, number, seance);
        if let Some(talk) = self.talks.get_mut(&talk) {
            talk.held[0] = holds;
        }
        self.reach(talk);
        Ok(())
    }

    /// Asks somebody about a call, which is on hold meanwhile.
    pub(crate) fn start_transfer(&mut self, id: CallId, number: &str) -> Result<CallId, Refusal> {
        self.check_number(number)?;
        self.plain_talk(id)?;
        let user = self.calls[&id].user;
        self.check_room(user)?;
        self.hold(id, true)?;
        let made = self.make(user, number, Some(id));
        if made.is_err() {
            // Nothing has happened.
            drop(self.unhold(id));
        }
        made
    }

    /// The call that is consulted about, and the consultation, of either.
    fn pair(&self, id: CallId) -> Result<(CallId, CallId), Refusal> {
        let Some(call) = self.calls.get(&id) else { return refuse("Call not found") };
        let child = self.calls.iter().find(|(_, child)| child.parent == Some(id) && child.user == call.user);
        let pair = match (child, call.parent.filter(|parent| self.calls.contains_key(parent))) {
            (Some((child, _)), _) => (id, *child),
            (None, Some(parent)) => (parent, id),
            (None, None) => return refuse("There is no transfer"),
        };
        self.plain_talk(pair.0)?;
        Ok(pair)
    }

    /// The two that the user talks to talk to each other; also while the consulted one still rings.
    pub(crate) fn finish_transfer(&mut self, id: CallId) -> Result<(), Refusal> {
        let (parent, child) = self.pair(id)?;
        let (first, second) = (self.calls[&parent].talk, self.calls[&child].talk);
        let (Some(one), Some(talk)) = (self.opposite(first, parent), self.talks.get(&second)) else {
            return refuse("Call not found");
        };
        if talk.stage == Stage::Dialling || matches!(one, End::Machine(_)) {
            return refuse("Call is not connected");
        }
        let waits = talk.stage == Stage::Ringing || talk.queue.is_some();
        let other = talk.b.clone();
        let holds = |talk: TalkId, call| {
            let talk = self.talks.get(&talk);
            talk.and_then(|talk| Some(talk.held[talk.side_of(call)?.other() as usize])).unwrap_or(false)
        };
        let held = [holds(first, parent), holds(second, child)];
        self.end_talk(first);
        if waits {
            // What rings, or waits, goes on for the other one.
            let number = self.number(&one);
            for talk in self.talks.iter_mut().filter(|(id, talk)| **id == second || talk.from_queue == Some(second)) {
                talk.1.a = one.clone();
                talk.1.numbers[0].clone_from(&number);
                talk.1.held[0] = held[0];
            }
            self.sit(second, Side::A);
        } else {
            self.end_talk(second);
        }
        // The consultation first: nobody is to come back to a call that is about to end.
        if let Some(call) = self.calls.get_mut(&child) {
            call.parent = None;
        }
        self.finish(child);
        self.finish(parent);
        if !waits {
            self.connect([one, other], held);
        }
        Ok(())
    }

    /// All three talk to each other, in the call that was consulted about.
    pub(crate) fn finish_conference(&mut self, id: CallId) -> Result<(), Refusal> {
        let (parent, child) = self.pair(id)?;
        let (second, side) = self.plain_talk(child)?;
        let (first, now) = (self.calls[&parent].talk, self.now);
        let elsewhere = |talk: TalkId, call| {
            let talk = &self.talks[&talk];
            talk.side_of(call).is_some_and(|side| talk.held[side.other() as usize])
        };
        if elsewhere(first, parent) || elsewhere(second, child) {
            return refuse("Somebody is on hold");
        }
        for id in [first, second] {
            if let Some(talk) = self.talks.get_mut(&id) {
                talk.mark(now);
                talk.held = [false; 2];
                talk.transferring = false;
                talk.conference = true;
            }
        }
        if let Some(talk) = self.talks.get_mut(&second) {
            match side {
                Side::A => talk.a = End::User(parent),
                Side::B => talk.b = End::User(parent),
            }
            talk.calls.push(parent);
        }
        if let Some(call) = self.calls.get_mut(&parent) {
            call.second = Some(second);
        }
        if let Some(call) = self.calls.get_mut(&child) {
            call.parent = None;
        }
        self.finish(child);
        Ok(())
    }

    /// Two ends that were left talk to each other, in a talk of their own; who has put the other on hold still has.
    pub(super) fn connect(&mut self, ends: [End; 2], mut held: [bool; 2]) {
        let [one, other] = ends;
        let seance = [&one, &other].into_iter().find_map(|end| match end {
            End::User(call) => self.calls.get(call).map(|call| call.seance),
            _ => None,
        });
        let seance = seance.unwrap_or(self.last_seance);
        // A machine is never the one that called.
        let (a, b) = if matches!(one, End::Machine(_)) {
            held.reverse();
            (other, one)
        } else {
            (one, other)
        };
        let number = self.number(&b);
        let user_b = match b {
            End::User(call) => self.calls.get(&call).map(|call| self.users[call.user].id),
            _ => None,
        };
        let machine = matches!(b, End::Machine(_));
        let id = self.new_talk(a, &number, seance);
        if let Some(talk) = self.talks.get_mut(&id) {
            talk.b = b;
            talk.user_b = user_b;
            talk.held = held;
        }
        self.sit(id, Side::B);
        self.begin_talk(id);
        if machine {
            self.after(self.config.outside_talk_ms, Job::Enough(id));
        }
    }
}
