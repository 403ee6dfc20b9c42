//! What clients are told of calls and operators.

use super::{Exchange, Party, call::Side};
use crate::callway::{config::InternalNumber, message::Message};

impl Exchange {
    /// `NewCall` of an operator's leg.
    pub(super) fn tell_new(&mut self, id: u64, side: Side) {
        let Some(call) = self.calls.get(&id) else { return };
        let (own, other) = (call.end(side), &call.end(side.other()).party);
        let Party::Operator(operator) = own.party else { return };
        let direction = match (other, side) {
            (Party::Outside(_), Side::Caller) => "Outgoing",
            (Party::Outside(_), Side::Called) => "Incoming",
            _ => "Internal",
        };
        let by_caller = direction == "Internal" && self.config.internal_number == InternalNumber::Caller;
        let number = if by_caller { &call.caller.party } else { other };
        // Who is rung comes from a queue and a script; who has called has not.
        let came = side == Side::Called;
        let queue = call.queue.filter(|_| came).map(|queue| &self.config.queues[queue]);
        let queue = queue.map_or("", |queue| queue.id.as_ref().unwrap_or(&queue.number));
        let script = call.script.filter(|_| came).map(|script| &self.config.scripts[script]);
        let script = script.map(|script| script.id.as_ref().unwrap_or(&script.number));
        let mut fields = vec![
            ("OperatorId", self.operators[operator].id.as_str()),
            ("Number", self.number(number)),
            ("Direction", direction),
            ("QueueId", queue),
        ];
        fields.extend(script.map(|script| ("IVRId", script.as_str())));
        fields.extend([("UniqueId", own.id.as_str()), ("RoutingRule", call.rule.as_str())]);
        let message = Message::new("NewCall", &fields);
        self.notices.push(message);
        if let Some(call) = self.calls.get_mut(&id) {
            call.end_mut(side).told = true;
        }
    }

    /// `NewCall` of the server's own call to an operator's phone.
    pub(super) fn tell_back(&mut self, operator: usize, unique_id: &str, rule: &str) {
        let fields = [
            ("OperatorId", self.operators[operator].id.as_str()),
            ("Number", self.config.ring_back_caller_id.as_str()),
            ("Direction", "Incoming"),
            ("QueueId", ""),
            ("UniqueId", unique_id),
            ("RoutingRule", rule),
        ];
        self.notices.push(Message::new("NewCall", &fields));
    }

    /// `CallStateChanged` of a leg.
    pub(super) fn tell_change(&mut self, operator: usize, unique_id: &str, state: &str) {
        let id = self.operators[operator].id.as_str();
        let fields = [("OperatorId", id), ("UniqueId", unique_id), ("State", state)];
        self.notices.push(Message::new("CallStateChanged", &fields));
    }

    /// `CallStateChanged` of one side of a call, if its `NewCall` was told.
    pub(super) fn tell_side(&mut self, id: u64, side: Side, state: &str) {
        let Some(call) = self.calls.get(&id) else { return };
        let end = call.end(side);
        if let (Party::Operator(operator), true) = (&end.party, end.told) {
            let (operator, unique_id) = (*operator, end.id.clone());
            self.tell_change(operator, &unique_id, state);
        }
    }

    /// `Bridge` of one side, once.
    pub(super) fn tell_bridge(&mut self, id: u64, side: Side) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !std::mem::replace(&mut call.end_mut(side).bridged, true) {
            self.tell_side(id, side, "Bridge");
        }
    }

    /// `Hangup` of one side, and of the server's own call to its phone; what ids nobody has then are free.
    pub(super) fn tell_over(&mut self, id: u64, side: Side) {
        self.tell_side(id, side, "Hangup");
        let Some(call) = self.calls.get_mut(&id) else { return };
        let shared = call.end(side).id == call.end(side.other()).id;
        let end = call.end_mut(side);
        let Party::Operator(operator) = end.party else { return };
        let (unique_id, back) = (end.id.clone(), end.back.take());
        if let Some(back) = back {
            self.tell_change(operator, &back, "Hangup");
            self.ids.give_back(back);
        }
        if !shared {
            self.ids.give_back(unique_id);
        }
    }

    /// `OperatorState`, as it is shown now.
    pub(crate) fn state_message(&self, operator: usize) -> Message {
        let id = self.operators[operator].id.as_str();
        Message::new("OperatorState", &[("OperatorId", id), ("State", self.state(operator))])
    }
}
