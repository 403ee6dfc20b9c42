//! Calls that are given to somebody else.

use super::{
    Exchange, LONGEST, Party,
    call::{Call, End, Side, Stage},
    journal::Ended,
};
use crate::callway::config::Ends;

impl Exchange {
    /// A blind transfer: the other party is sent to a number, and the operator is out of it.
    pub(crate) fn transfer(&mut self, operator: usize, unique_id: Option<&str>, number: &str) -> Result<(), String> {
        let length = number.chars().count();
        if length == 0 || length > LONGEST || number.chars().any(char::is_control) {
            return Err(format!("a number has 1 to {LONGEST} characters and no line ends"));
        }
        let Some((id, side)) = self.chosen(operator, unique_id, |call, _| call.stage == Stage::Talk) else {
            return Err("there is no call that could be transferred".into());
        };
        let to = self.party(number);
        let Some(call) = self.calls.get(&id) else { return Ok(()) };
        let other = &call.end(side.other()).party;
        if *other == to || to == Party::Operator(operator) || !matches!(other, Party::Operator(_) | Party::Outside(_)) {
            return Err("the call cannot be sent there".into());
        }
        let (stays, from_queue) = (other.clone(), side == Side::Called && call.queue.is_some());
        self.leave_by_transfer(id, side);
        if from_queue {
            self.queue_call_over(operator);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            // Who stays is the caller from here on.
            if side == Side::Caller {
                std::mem::swap(&mut call.caller, &mut call.called);
            }
            call.called = End::new(to, String::new());
            (call.queue, call.script, call.turn, call.hops) = (None, None, 0, 0);
        }
        self.ring(id);
        self.after_leaving(operator);
        self.settle(operator);
        if let Party::Operator(other) = stays {
            self.settle(other);
        }
        Ok(())
    }

    fn leave_by_transfer(&mut self, id: u64, side: Side) {
        if self.config.tells_transfer {
            self.tell_side(id, side, "Transfer");
        }
        self.tell_over(id, side);
    }

    /// The parties of two calls of an operator are connected.
    pub(crate) fn join(&mut self, operator: usize, first: Option<&str>, second: Option<&str>) -> Result<(), String> {
        let early = self.config.early_transfer;
        let ready = |call: &Call, side: Side| {
            call.stage == Stage::Talk || (early && call.stage == Stage::Ringing && side == Side::Caller)
        };
        // Without ids: what is on hold, and what is talked in.
        let held = |call: &Call, side: Side| call.stage == Stage::Talk && call.end(side).held;
        let talk = |call: &Call, _: Side| call.stage == Stage::Talk;
        let one = if first.is_some() { self.chosen(operator, first, talk) } else { self.chosen(operator, None, held) };
        let front = |call: &Call, side: Side| ready(call, side) && call.is_foreground(side);
        let two =
            if second.is_some() { self.chosen(operator, second, ready) } else { self.chosen(operator, None, front) };
        let (Some((a, a_side)), Some((b, b_side))) = (one, two) else {
            return Err("there are no two calls that could be connected".into());
        };
        let (Some(call_a), Some(call_b)) = (self.calls.get(&a), self.calls.get(&b)) else { return Ok(()) };
        let (other_a, other_b) = (&call_a.end(a_side.other()).party, &call_b.end(b_side.other()).party);
        let people = |party: &Party| matches!(party, Party::Operator(_) | Party::Outside(_));
        let told_machine = |party: &Party| people(party) || matches!(party, Party::Script(_) | Party::Queue(_));
        if a == b || other_a == other_b || !people(other_a) || !told_machine(other_b) || call_b.failed {
            return Err("these two calls cannot be connected".into());
        }
        let came = |call: &Call, side: Side| side == Side::Called && call.queue.is_some();
        let from_queue = came(call_a, a_side) || came(call_b, b_side);
        for (id, side) in match self.config.transfer_ends {
            Ends::Second => [(b, b_side), (a, a_side)],
            Ends::First => [(a, a_side), (b, b_side)],
        } {
            self.leave_by_transfer(id, side);
        }
        if from_queue {
            self.queue_call_over(operator);
        }
        // Who was in the first call takes the operator's place in the second.
        let Some(mut gone) = self.calls.remove(&a) else { return Ok(()) };
        let stays = match a_side {
            Side::Caller => std::mem::replace(&mut gone.called, End::new(Party::Operator(operator), String::new())),
            Side::Called => std::mem::replace(&mut gone.caller, End::new(Party::Operator(operator), String::new())),
        };
        let ended = Ended {
            ids: vec![stays.id.clone()],
            from: self.number(&stays.party).to_owned(),
            to: self.operators[operator].id.clone(),
            began: gone.began,
            answered: gone.answered,
            ended: self.now,
            cause: "connected to another",
        };
        self.journal.end(ended);
        let waits = stays.party.clone();
        if let Some(call) = self.calls.get_mut(&b) {
            *call.end_mut(b_side) = stays;
            if call.stage == Stage::Talk {
                self.enter(b, Stage::Talk);
            }
        }
        self.after_leaving(operator);
        self.settle(operator);
        if let Party::Operator(other) = waits {
            self.settle(other);
        }
        Ok(())
    }
}
