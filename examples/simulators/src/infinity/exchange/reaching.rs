//! Calls on their way: dialling, ringing, answering.

use super::{
    Behaviour, Call, CallId, DIGITS, Direction, End, Exchange, Job, MAX_CALLS, Refusal, Side, Stage, Talk, TalkId,
    refuse,
};

impl Exchange {
    /// A user calls. `parent`: the call that this one is a consultation about.
    pub(crate) fn make(&mut self, user: usize, number: &str, parent: Option<CallId>) -> Result<CallId, Refusal> {
        self.check_number(number)?;
        if self.users[user].state == super::users::OFFLINE {
            return refuse("User is not logged on");
        }
        if !self.users[user].phone {
            return refuse("Extension is not available");
        }
        self.check_room(user)?;
        self.free_voice(user)?;
        let seance = match parent.and_then(|id| self.calls.get(&id)) {
            Some(parent) => parent.seance,
            None => self.new_seance(),
        };
        let id = self.new_call(user, Direction::Out, number, seance, parent);
        let talk = self.new_talk(End::User(id), number, seance);
        self.after(self.config.dial_ms, Job::Reach(talk));
        Ok(id)
    }

    /// Somebody outside calls: the talk.
    pub(crate) fn call_in(&mut self, from: &str, number: &str) -> Result<TalkId, Refusal> {
        self.check_number(from)?;
        self.check_number(number)?;
        if !self.is_own(number) {
            return refuse(format!("{number} is outside, too: nobody here would notice"));
        }
        let seance = self.new_seance();
        let talk = self.new_talk(End::Outside(from.to_owned()), number, seance);
        self.reach(talk);
        Ok(talk)
    }

    /// Whether a number is one of the exchange's own.
    fn is_own(&self, number: &str) -> bool {
        self.user_by_extension(number).is_some()
            || self.config.queues.iter().any(|queue| queue.number == number)
            || self.config.machines.iter().any(|machine| machine.number == number)
    }

    pub(super) fn check_number(&self, number: &str) -> Result<(), Refusal> {
        if number.is_empty() || number.chars().count() > DIGITS {
            return refuse(format!("Number has 1 to {DIGITS} characters"));
        }
        if self.calls.len() >= MAX_CALLS || self.talks.len() >= MAX_CALLS {
            return refuse("Too many calls");
        }
        Ok(())
    }

    pub(super) fn check_room(&self, user: usize) -> Result<(), Refusal> {
        if self.calls_of(user).count() >= self.config.lines { refuse("No free line") } else { Ok(()) }
    }

    /// Puts on hold what the user talks in; one voice has room for one.
    pub(super) fn free_voice(&mut self, user: usize) -> Result<(), Refusal> {
        let mut active = Vec::new();
        for id in self.calls_of(user) {
            let call = &self.calls[&id];
            let Some(talk) = self.talks.get(&call.talk) else { continue };
            let side = talk.side_of(id);
            let out = side == Some(Side::A) && !call.up && talk.stage != Stage::Talking;
            if talk.conference || out || (talk.stage != Stage::Talking && call.up) || talk.queue.is_some() {
                return refuse("User is busy");
            }
            if talk.stage == Stage::Talking && side.is_some_and(|side| !talk.held[side as usize]) {
                active.push(id);
            }
        }
        active.into_iter().try_for_each(|id| self.hold(id, false))
    }

    pub(super) fn new_seance(&mut self) -> u64 {
        self.last_seance += 1;
        self.last_seance
    }

    pub(super) fn new_call(
        &mut self,
        user: usize,
        direction: Direction,
        dialed: &str,
        seance: u64,
        parent: Option<CallId>,
    ) -> CallId {
        self.last_call += 1;
        let call = Call {
            user,
            direction,
            dialed: dialed.to_owned(),
            parent,
            seance,
            talk: 0,
            second: None,
            up: false,
            info: String::new(),
            started: self.now,
            changed: self.now,
            digits: String::new(),
            told: 0,
            blinks: false,
        };
        self.calls.insert(self.last_call, call);
        self.last_call
    }

    /// A talk that is being dialled.
    pub(super) fn new_talk(&mut self, a: End, number: &str, seance: u64) -> TalkId {
        self.last_talk += 1;
        let talk = Talk {
            seance,
            numbers: [self.number(&a), number.to_owned()],
            a,
            b: End::Outside(number.to_owned()),
            user_b: None,
            stage: Stage::Dialling,
            held: [false; 2],
            transferring: false,
            conference: false,
            queue: None,
            from_queue: None,
            tried: Vec::new(),
            calls: Vec::new(),
            recorded: false,
            started: self.now,
            ended: 0,
            spent: [0; 4],
            marked: self.now,
        };
        self.talks.insert(self.last_talk, talk);
        self.sit(self.last_talk, Side::A);
        self.last_talk
    }

    /// The call at this end knows its talk, and the talk its call.
    pub(super) fn sit(&mut self, id: TalkId, side: Side) {
        let Some(talk) = self.talks.get_mut(&id) else { return };
        let End::User(call) = *talk.end(side) else { return };
        if !talk.calls.contains(&call) {
            talk.calls.push(call);
        }
        if let Some(call) = self.calls.get_mut(&call) {
            call.talk = id;
        }
    }

    /// Another stage of a talk.
    pub(super) fn stage(&mut self, id: TalkId, stage: Stage) {
        let now = self.now;
        if let Some(talk) = self.talks.get_mut(&id) {
            talk.mark(now);
            talk.stage = stage;
        }
    }

    /// The number has been dialled: who is there?
    pub(super) fn reach(&mut self, id: TalkId) {
        let Some(talk) = self.talks.get(&id) else { return };
        let number = self.number(&talk.b);
        if let Some(user) = self.user_by_extension(&number) {
            return self.ring(id, user);
        }
        if let Some(at) = self.config.queues.iter().position(|queue| queue.number == number) {
            return self.enter_queue(id, at);
        }
        if let Some(machine) = self.config.machines.iter().find(|machine| machine.number == number) {
            let (name, time) = (machine.name.clone(), machine.talks_ms);
            if let Some(talk) = self.talks.get_mut(&id) {
                talk.b = End::Machine(name);
            }
            self.begin_talk(id);
            return self.after(time, Job::Enough(id));
        }
        let behaviour = self.outsiders.get(&number).copied().unwrap_or(self.config.outside);
        if behaviour == Behaviour::Busy {
            return self.fail(id);
        }
        self.stage(id, Stage::Ringing);
        self.after(self.config.no_answer_ms, Job::GiveUp(id));
        match behaviour {
            Behaviour::Answer { after_ms } => self.after(after_ms, Job::Answer(id)),
            Behaviour::Refuse { after_ms } => self.after(after_ms, Job::Refuse(id)),
            Behaviour::Manual | Behaviour::Busy => {}
        }
    }

    /// A user's phone rings, if it can.
    pub(super) fn ring(&mut self, id: TalkId, user: usize) {
        let Some(talk) = self.talks.get(&id) else { return };
        let (seance, number) = (talk.seance, talk.numbers[1].clone());
        let own = matches!(talk.a, End::User(call) if self.calls.get(&call).is_some_and(|call| call.user == user));
        if own || !self.can_ring(user) {
            return self.fail(id);
        }
        let dialed = match talk.from_queue.and_then(|queue| self.talks.get(&queue)) {
            Some(queue) => queue.numbers[1].clone(),
            None => number,
        };
        let info = match talk.from_queue.and_then(|queue| self.talks.get(&queue)).and_then(|talk| talk.queue) {
            Some(queue) => format!("Queue: {}\r\nNumber:\t{dialed}", self.config.queues[queue].name),
            None => String::new(),
        };
        let call = self.new_call(user, Direction::In, &dialed, seance, None);
        let extension = self.users[user].extension.clone();
        if let Some(own) = self.calls.get_mut(&call) {
            own.info = info;
        }
        if let Some(talk) = self.talks.get_mut(&id) {
            talk.b = End::User(call);
            talk.user_b = Some(self.users[user].id);
            talk.numbers[1] = extension;
        }
        self.sit(id, Side::B);
        self.stage(id, Stage::Ringing);
        self.after(self.config.no_answer_ms, Job::GiveUp(id));
    }

    /// Whether a user's phone could ring now.
    pub(super) fn can_ring(&self, user: usize) -> bool {
        let one = &self.users[user];
        one.phone && one.state != super::users::OFFLINE && self.check_room(user).is_ok()
    }

    /// A user takes a call that rings.
    pub(crate) fn answer(&mut self, id: CallId) -> Result<(), Refusal> {
        let Some(call) = self.calls.get(&id) else { return refuse("Call not found") };
        let (talk, user) = (call.talk, call.user);
        let rings =
            self.talks.get(&talk).is_some_and(|talk| talk.stage == Stage::Ringing && talk.side_of(id) == Some(Side::B));
        if !rings {
            return refuse("Call does not ring here");
        }
        self.free_voice(user)?;
        self.begin_talk(talk);
        Ok(())
    }

    /// Somebody outside takes what rings there.
    pub(crate) fn outside_answers(&mut self, number: &str) -> Result<(), Refusal> {
        let here = End::Outside(number.to_owned());
        let found = self.talks.iter().find(|(_, talk)| talk.stage == Stage::Ringing && talk.b == here);
        let Some((&id, _)) = found else { return refuse(format!("nothing rings at {number}")) };
        self.begin_talk(id);
        Ok(())
    }

    /// Both ends can hear each other.
    pub(super) fn begin_talk(&mut self, id: TalkId) {
        self.stage(id, Stage::Talking);
        self.leave_queue(id);
        let record = self.config.record;
        let Some(talk) = self.talks.get_mut(&id) else { return };
        talk.recorded = record && !matches!(talk.b, End::Machine(_));
        let ends = [talk.a.clone(), talk.b.clone()];
        let outside = !ends.iter().any(|end| matches!(end, End::User(_)));
        for end in ends {
            if let End::User(call) = end
                && let Some(call) = self.calls.get_mut(&call)
            {
                call.up = true;
            }
        }
        if outside {
            self.after(self.config.outside_talk_ms, Job::Enough(id));
        }
    }
}
