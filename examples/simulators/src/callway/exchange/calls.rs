//! Calls between two parties: dialling, ringing, answering, ending.

use super::{
    Behaviour, Exchange, Job, LONGEST, MAX_CALLS, Party,
    call::{Call, End, Side, Stage},
    journal::Ended,
};
use crate::{
    Millis,
    callway::config::{RingBack, UniqueId},
};

/// How long a busy tone is heard.
pub(super) const BUSY_TONE: Millis = 1_000;

/// What happens first when a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// The number is dialled.
    Dialled,
    /// The caller's own phone rings.
    OwnPhone,
}

impl Exchange {
    /// Begins a call; the `UniqueId` of the caller's leg.
    pub(crate) fn dial(&mut self, caller: &Party, number: &str, first: First, rule: &str) -> Result<String, String> {
        let length = number.chars().count();
        if length == 0 || length > LONGEST || number.chars().any(char::is_control) {
            return Err(format!("a number has 1 to {LONGEST} characters and no line ends"));
        }
        if self.calls.len() >= MAX_CALLS {
            return Err("there are too many calls".into());
        }
        if self.number(caller) == number {
            return Err("nobody can call himself".into());
        }
        if let Party::Operator(operator) = *caller
            && !self.has_room(operator)
        {
            return Err(format!("{} has no line left", self.operators[operator].id));
        }
        let stage = if first == First::OwnPhone { Stage::OwnPhone } else { Stage::Ringing };
        let (id, unique_id) = (self.fresh(), self.ids.next());
        let call = Call {
            caller: End::new(caller.clone(), unique_id.clone()),
            called: End::new(self.party(number), String::new()),
            stage,
            queue: None,
            script: None,
            rule: rule.to_owned(),
            turn: 0,
            hops: 0,
            failed: false,
            began: self.now,
            answered: None,
            stamp: 0,
        };
        self.calls.insert(id, call);
        match *caller {
            Party::Operator(operator) if stage == Stage::OwnPhone => {
                self.ring_own_phone(id, operator);
                self.settle(operator);
            }
            Party::Operator(operator) => {
                self.bring_to_front(operator, id);
                self.tell_new(id, Side::Caller);
                self.ring(id);
                self.settle(operator);
            }
            _ => self.ring(id),
        }
        Ok(unique_id)
    }

    /// The operator has a line for one call more.
    pub(super) fn has_room(&self, operator: usize) -> bool {
        self.calls_of(operator).count() < self.config.lines
    }

    /// Enters a stage, and arranges what happens in it by itself.
    pub(super) fn enter(&mut self, id: u64, stage: Stage) {
        let stamp = self.fresh();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = stage;
        call.stamp = stamp;
        let operators = [&call.caller, &call.called].iter().any(|end| matches!(end.party, Party::Operator(_)));
        let waits = matches!(call.called.party, Party::Queue(_));
        let talks_ms = match (&call.called.party, &call.caller.party) {
            (Party::Script(script), _) => Some((self.config.scripts[*script].talks_ms, Job::ScriptEnds)),
            (_, Party::Recording(length)) => Some((*length, Job::End)),
            _ if !operators => Some((self.config.outside_talk_ms, Job::End)),
            _ => None,
        };
        match stage {
            Stage::Talk => {
                if let Some((after, job)) = talks_ms {
                    self.later(after, job, id);
                }
            }
            Stage::OwnPhone => {
                if self.config.lift_ms > 0 {
                    self.later(self.config.lift_ms, Job::Lift, id);
                }
                self.later(self.config.no_answer_ms, Job::NoAnswer, id);
            }
            // Who waits in a queue gives up at last, too.
            Stage::Ringing if waits => self.later(self.config.no_answer_ms.saturating_mul(20), Job::End, id),
            Stage::Ringing => self.later(self.config.no_answer_ms, Job::NoAnswer, id),
        }
    }

    fn ring_own_phone(&mut self, id: u64, operator: usize) {
        let back = self.ids.next();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.caller.back = Some(back.clone());
        let rule = call.rule.clone();
        self.enter(id, Stage::OwnPhone);
        self.tell_back(operator, &back, &rule);
    }

    /// Lets the called party ring.
    pub(super) fn ring(&mut self, id: u64) {
        self.enter(id, Stage::Ringing);
        let Some(called) = self.calls.get(&id).map(|call| call.called.party.clone()) else { return };
        let behaviour = self.behaviour(&called);
        match called {
            Party::Operator(operator) => {
                // It is counted already.
                let full = self.calls_of(operator).count() > self.config.lines;
                if full || behaviour == Behaviour::Busy {
                    return self.give_up(id);
                }
                self.ring_operator(id, operator);
            }
            Party::Queue(queue) => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.queue = Some(queue);
                }
                return self.serve_queues();
            }
            Party::Script(_) => return self.later(0, Job::Answer, id),
            Party::Outside(_) | Party::Recording(_) => {}
        }
        match behaviour {
            Behaviour::Manual => {}
            Behaviour::Answer { after_ms } => self.later(after_ms, Job::Answer, id),
            Behaviour::Busy => self.give_up(id),
            Behaviour::Refuse { after_ms } => self.later(after_ms, Job::End, id),
        }
    }

    /// The called operator's phone rings: with the call, or with one of the server's own.
    pub(super) fn ring_operator(&mut self, id: u64, operator: usize) {
        let system = self.config.system_calls && !self.operators[operator].softphone;
        let same = self.config.unique_id == UniqueId::Call;
        let caller_is_operator =
            self.calls.get(&id).is_some_and(|call| matches!(call.caller.party, Party::Operator(_)));
        let unique_id = if same && caller_is_operator { None } else { Some(self.ids.next()) };
        let back = system.then(|| self.ids.next());
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.called.id = unique_id.unwrap_or_else(|| call.caller.id.clone());
        call.called.back.clone_from(&back);
        match back {
            Some(back) => {
                let rule = call.rule.clone();
                self.tell_back(operator, &back, &rule);
            }
            None => self.tell_new(id, Side::Called),
        }
        self.settle(operator);
    }

    /// The called party cannot be had: the caller hears the busy tone for a moment. A queue goes on.
    fn give_up(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.queue.is_some() {
            return self.back_to_queue(id);
        }
        // Nobody rings while the tone is heard: the other end is the exchange's own.
        let number = self.number(&call.called.party).to_owned();
        if let Some(call) = self.calls.get_mut(&id) {
            call.called = End::new(Party::Outside(number), String::new());
            call.failed = true;
        }
        self.enter(id, Stage::Ringing);
        self.later(BUSY_TONE, Job::End, id);
    }

    /// Whoever rings in this call at its far end answers.
    pub(super) fn answered(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        if !call.rings(Side::Called) || call.waits().is_some() {
            return;
        }
        let (caller, called, back) = (call.caller.party.clone(), call.called.party.clone(), call.called.back.clone());
        if let Party::Operator(operator) = called {
            self.bring_to_front(operator, id);
            if let Some(back) = back {
                self.lifted_back(id, Side::Called, operator, &back);
                self.tell_new(id, Side::Called);
            }
        }
        if let Party::Operator(operator) = caller {
            // Who has the call on hold already, by a transfer, keeps it there.
            if self.calls.get(&id).is_some_and(|call| !call.caller.held) {
                self.bring_to_front(operator, id);
            }
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.answered.get_or_insert(self.now);
        }
        self.enter(id, Stage::Talk);
        for side in [Side::Called, Side::Caller] {
            self.tell_bridge(id, side);
        }
        for party in [called, caller] {
            if let Party::Operator(operator) = party {
                self.settle(operator);
            }
        }
    }

    /// The server's own call to a phone was taken.
    fn lifted_back(&mut self, id: u64, side: Side, operator: usize, back: &str) {
        self.tell_change(operator, back, "Bridge");
        if self.config.ring_back_ends == RingBack::WhenLifted {
            self.tell_change(operator, back, "Hangup");
            if let Some(call) = self.calls.get_mut(&id) {
                call.end_mut(side).back = None;
            }
            self.ids.give_back(back.to_owned());
        }
    }

    /// The caller's own phone, which rang for `Originate`, is lifted.
    pub(super) fn lifted(&mut self, id: u64) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (Party::Operator(operator), Stage::OwnPhone) = (call.caller.party.clone(), call.stage) else { return };
        let back = call.caller.back.clone().unwrap_or_default();
        // From here on the other one is called, and is a party.
        call.stage = Stage::Ringing;
        self.bring_to_front(operator, id);
        self.lifted_back(id, Side::Caller, operator, &back);
        self.tell_new(id, Side::Caller);
        self.ring(id);
        self.settle(operator);
    }

    /// Ends a call, and tells so.
    pub(super) fn release(&mut self, id: u64, cause: &'static str) {
        let Some(call) = self.calls.get(&id) else { return };
        let (stage, from_queue) = (call.stage, call.queue.is_some() && call.answered.is_some());
        let mut touched = Vec::new();
        for side in [Side::Called, Side::Caller] {
            let Some(call) = self.calls.get(&id) else { return };
            let Party::Operator(operator) = call.end(side).party else { continue };
            if side == Side::Called && stage == Stage::OwnPhone {
                continue;
            }
            self.tell_over(id, side);
            if side == Side::Called && from_queue {
                self.queue_call_over(operator);
            }
            touched.push(operator);
        }
        if let Some(call) = self.calls.remove(&id) {
            let (from, to) = (self.number(&call.caller.party).to_owned(), self.number(&call.called.party).to_owned());
            let Call { caller, called, began, answered, .. } = call;
            if caller.id == called.id {
                self.ids.give_back(caller.id.clone());
            }
            let ids = [caller.id, called.id].into_iter().filter(|id| !id.is_empty()).collect();
            self.journal.end(Ended { ids, from, to, began, answered, ended: self.now, cause });
        }
        for operator in touched {
            self.after_leaving(operator);
            self.settle(operator);
        }
    }
}
