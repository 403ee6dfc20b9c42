//! Calls that nobody takes: queues give them to their operators in turn, scripts send them on.

use super::{
    Behaviour, Exchange, Job, Party,
    call::{End, Side, Stage},
    calls::BUSY_TONE,
};

/// How often scripts send a caller on at most.
const HOPS: usize = 20;

impl Exchange {
    /// Nobody has answered.
    pub(super) fn unanswered(&mut self, id: u64) {
        match self.calls.get(&id) {
            Some(call) if call.queue.is_some() && call.rings(Side::Called) => self.back_to_queue(id),
            _ => self.release(id, "no answer"),
        }
    }

    /// An operator has not taken a queue's call: the caller waits on.
    pub(super) fn back_to_queue(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(queue) = call.queue else { return };
        let agent = call.called.party.clone();
        self.tell_over(id, Side::Called);
        if let Some(call) = self.calls.get_mut(&id) {
            call.called = End::new(Party::Queue(queue), String::new());
        }
        self.enter(id, Stage::Ringing);
        // The others come before the one who has just not answered.
        self.serve_queue_call(id);
        if let Party::Operator(operator) = agent {
            self.settle(operator);
        }
    }

    /// Gives waiting callers to free operators.
    pub(super) fn serve_queues(&mut self) {
        let waiting = self.calls.iter().filter(|(_, call)| call.waits().is_some());
        for id in waiting.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.serve_queue_call(id);
        }
    }

    fn serve_queue_call(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let (Some(queue), first, caller) = (call.waits(), call.turn, call.caller.party.clone()) else { return };
        let members: Vec<usize> =
            self.config.queues[queue].members.iter().filter_map(|member| self.operator(member)).collect();
        let mut turns = (0..members.len()).map(|step| (first + step) % members.len());
        let free = |turn: &usize| {
            let one = members[*turn];
            Party::Operator(one) != caller && self.takes_queue_calls(one)
        };
        let Some(turn) = turns.find(free) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let agent = members[turn];
        call.called = End::new(Party::Operator(agent), String::new());
        call.turn = turn + 1;
        self.enter(id, Stage::Ringing);
        self.ring_operator(id, agent);
        match self.behaviour(&Party::Operator(agent)) {
            Behaviour::Manual => {}
            Behaviour::Answer { after_ms } => self.later(after_ms, Job::Answer, id),
            // Not at once: a queue with one such operator would go round for ever.
            Behaviour::Busy => self.later(BUSY_TONE, Job::NoAnswer, id),
            Behaviour::Refuse { after_ms } => self.later(after_ms.max(1), Job::NoAnswer, id),
        }
    }

    /// A script has said what it says: its caller is sent on, or the call is over.
    pub(super) fn script_ends(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let Party::Script(script) = call.called.party else { return };
        match self.config.scripts[script].then.clone() {
            None => self.release(id, "script ended"),
            Some(then) => self.send_on(id, &then),
        }
    }

    /// A script's caller is sent to a number.
    pub(super) fn send_on(&mut self, id: u64, number: &str) {
        let to = self.party(number);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Party::Script(script) = call.called.party else { return };
        if to == call.caller.party || call.hops >= HOPS {
            return self.release(id, "script ended");
        }
        call.script = Some(script);
        call.called = End::new(to, String::new());
        call.hops += 1;
        let caller = call.caller.party.clone();
        self.ring(id);
        if let Party::Operator(operator) = caller {
            self.settle(operator);
        }
    }
}
