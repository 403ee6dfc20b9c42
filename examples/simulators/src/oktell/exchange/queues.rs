//! Calls that nobody takes: queues give them to their agents in turn, scripts send them on.

use serde_json::json;

use super::{
    Behaviour, Exchange, Job, Party, Place,
    call::{Seat, Side, Stage},
    calls::BUSY_TONE,
};

/// How often scripts send a caller on at most.
const HOPS: usize = 20;

impl Exchange {
    /// Nobody has answered.
    pub(super) fn unanswered(&mut self, id: u64) {
        match self.calls.get(&id) {
            Some(call) if call.queue.is_some() && call.seat(Side::Called) == Seat::Ring => self.back_to_queue(id),
            _ => self.release(id, None, "no answer"),
        }
    }

    /// An agent has not taken a queue's call: the caller waits on.
    pub(super) fn back_to_queue(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let (Some(queue), chain, stage, agent) = (call.queue, call.chain.clone(), call.stage, call.called.clone())
        else {
            return;
        };
        self.vacate(id, Side::Called);
        if let Some(call) = self.calls.get_mut(&id) {
            call.called = Party::Queue(queue);
        }
        self.enter(id, stage);
        let Party::User(user) = agent else { return self.serve_queue_call(id) };
        self.tell(user, "phoneevent_ringstopped", json!({ "chainid": chain }));
        // The others come before the one who has just not answered.
        self.serve_queue_call(id);
        self.settle(user);
    }

    /// Gives waiting callers to free agents.
    pub(super) fn serve_queues(&mut self) {
        let waiting = self.calls.iter().filter(|(_, call)| call.waits().is_some());
        let waiting: Vec<u64> = waiting.map(|(id, _)| *id).collect();
        for id in waiting {
            self.serve_queue_call(id);
        }
    }

    fn serve_queue_call(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let (Some(queue), tried, caller) = (call.waits(), call.tried, call.caller.clone()) else { return };
        let members = self.config.queues[queue].members.clone();
        let members: Vec<usize> = members.iter().filter_map(|login| self.user_by_login(login)).collect();
        let turn = (0..members.len()).map(|step| members[(tried + step) % members.len()]);
        let mut turn = turn;
        let free = turn.find(|user| Party::User(*user) != caller && self.takes_queue_calls(*user));
        let (Some(agent), Some(call)) = (free, self.calls.get_mut(&id)) else { return };
        call.called = Party::User(agent);
        call.tried = call.tried.wrapping_add(1);
        let stage = call.stage;
        self.enter(id, stage);
        let Some(stamp) = self.calls.get(&id).map(|call| call.stamp) else { return };
        self.users[agent].current = Some(Place::Call(id));
        self.tell_ringing(id, agent);
        self.settle(agent);
        match self.behaviour(&Party::User(agent)) {
            Behaviour::Manual => {}
            Behaviour::Answer { after_ms } => self.later(after_ms, Job::Answer { call: id, stamp }),
            // Not at once: a queue with one such agent would go round for ever.
            Behaviour::Busy => self.later(BUSY_TONE, Job::NoAnswer { call: id, stamp }),
            Behaviour::Refuse { after_ms } => self.later(after_ms.max(1), Job::NoAnswer { call: id, stamp }),
        }
    }

    /// A script has said what it says: its caller is sent on, or the call is over.
    pub(super) fn script_ends(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        let (Party::Script(script), caller) = (call.called.clone(), call.caller.clone()) else { return };
        let Some(then) = self.config.scripts[script].then.clone() else {
            return self.release(id, None, "script ended");
        };
        let to = self.party(&then);
        if to == caller || call.tried >= HOPS {
            return self.release(id, None, "script ended");
        }
        if let Party::User(user) = caller {
            self.tell_talk_stopped(id, Side::Caller, user);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.called = to;
            call.stage = Stage::Dialling;
            call.tried += 1;
        }
        self.ring(id);
        if let Party::User(user) = caller {
            self.settle(user);
        }
    }
}
