//! What an operator does with calls: answering, leaving, holding, and which of several is talked in.

use super::{
    Exchange, Party,
    call::{Call, Side, Stage},
};

/// What an operator cannot do.
fn none<T>(what: &str) -> Result<T, String> {
    Err(format!("there is no call that {what}"))
}

impl Exchange {
    /// The call with this `UniqueId`, or, of those that are fit, the newest.
    pub(super) fn chosen(
        &self,
        operator: usize,
        unique_id: Option<&str>,
        fit: impl Fn(&Call, Side) -> bool,
    ) -> Option<(u64, Side)> {
        let mut calls = self.calls_of(operator).filter(|(_, side, call)| {
            fit(call, *side) && unique_id.is_none_or(|unique_id| call.end(*side).id == unique_id)
        });
        let (id, side, _) = calls.by_ref().last()?;
        Some((id, side))
    }

    /// Whatever else an operator talks in is held, as this call comes to the front.
    pub(super) fn bring_to_front(&mut self, operator: usize, id: u64) {
        if !self.config.one_talk {
            return;
        }
        let others = self.calls_of(operator).filter(|(other, side, call)| *other != id && call.talks(*side));
        for (other, side) in others.map(|(other, side, _)| (other, side)).collect::<Vec<_>>() {
            self.set_held(other, side, true);
        }
    }

    fn set_held(&mut self, id: u64, side: Side, held: bool) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.end_mut(side).held = held;
            self.tell_side(id, side, if held { "Hold" } else { "Unhold" });
        }
    }

    /// Takes what rings at an operator's phone: the call with this id, or the oldest.
    pub(crate) fn answer(&mut self, operator: usize, unique_id: Option<&str>) -> Result<(), String> {
        let mut ringing = self.calls_of(operator).filter(|(_, side, call)| {
            call.rings(*side) && unique_id.is_none_or(|unique_id| call.end(*side).id == unique_id)
        });
        let Some((id, side)) = ringing.next().map(|(id, side, _)| (id, side)) else { return none("rings") };
        drop(ringing);
        match side {
            Side::Caller => self.lifted(id),
            Side::Called => self.answered(id),
        }
        Ok(())
    }

    /// Ends one of an operator's calls: that with this id; or the one that is talked in, else what rings, else the
    /// newest.
    pub(crate) fn leave(&mut self, operator: usize, unique_id: Option<&str>) -> Result<(), String> {
        let found = self
            .chosen(operator, unique_id, Call::is_foreground)
            .or_else(|| self.chosen(operator, unique_id, Call::rings))
            .or_else(|| self.chosen(operator, unique_id, |_, _| true));
        let Some((id, side)) = found else { return none("could be ended") };
        self.leave_call(id, side);
        Ok(())
    }

    /// Refuses what rings at an operator's phone.
    pub(crate) fn decline(&mut self, operator: usize, unique_id: Option<&str>) -> Result<(), String> {
        let Some((id, side)) = self.chosen(operator, unique_id, Call::rings) else { return none("rings") };
        self.leave_call(id, side);
        Ok(())
    }

    fn leave_call(&mut self, id: u64, side: Side) {
        let Some(call) = self.calls.get(&id) else { return };
        match (call.rings(side), side, call.queue) {
            (true, Side::Called, Some(_)) => self.back_to_queue(id),
            (true, ..) => self.release(id, "declined"),
            (false, ..) => self.release(id, "left"),
        }
    }

    /// Puts a call on hold.
    pub(crate) fn hold(&mut self, operator: usize, unique_id: Option<&str>) -> Result<(), String> {
        let Some((id, side)) = self.chosen(operator, unique_id, Call::talks) else { return none("talks") };
        self.set_held(id, side, true);
        self.settle(operator);
        Ok(())
    }

    /// Takes a call back from hold.
    pub(crate) fn unhold(&mut self, operator: usize, unique_id: Option<&str>) -> Result<(), String> {
        let held = |call: &Call, side: Side| call.stage == Stage::Talk && call.end(side).held;
        let Some((id, side)) = self.chosen(operator, unique_id, held) else { return none("is held") };
        self.bring_to_front(operator, id);
        self.set_held(id, side, false);
        self.settle(operator);
        Ok(())
    }

    /// One of an operator's calls has ended: the one on hold may come back.
    pub(super) fn after_leaving(&mut self, operator: usize) {
        let busy = self.calls_of(operator).any(|(_, side, call)| call.is_foreground(side));
        if self.config.returns && !busy {
            drop(self.unhold(operator, None));
        }
    }

    /// Digits of an operator.
    pub(crate) fn press(&mut self, operator: usize, unique_id: Option<&str>, digits: &str) -> Result<(), String> {
        let Some((id, side)) = self.chosen(operator, unique_id, Call::talks) else { return none("talks") };
        self.digits(id, side, digits)
    }

    /// Digits of somebody outside.
    pub(crate) fn outside_presses(&mut self, number: &str, digits: &str) -> Result<(), String> {
        let party = Party::Outside(number.to_owned());
        let talks = |call: &Call| call.side_of(&party).filter(|side| call.talks(*side));
        let Some((id, side)) = self.calls.iter().find_map(|(id, call)| Some((*id, talks(call)?))) else {
            return none("talks");
        };
        self.digits(id, side, digits)
    }

    fn digits(&mut self, id: u64, side: Side, digits: &str) -> Result<(), String> {
        const KEPT: usize = 256;
        if digits.is_empty() || !digits.chars().all(|digit| "0123456789*#ABCD".contains(digit)) {
            return Err("digits are 0 to 9, * # and A to D".into());
        }
        for digit in digits.chars() {
            let Some(call) = self.calls.get_mut(&id) else { return Ok(()) };
            let end = call.end_mut(side);
            if end.digits.len() < KEPT {
                end.digits.push(digit);
            }
            let Party::Script(script) = call.end(side.other()).party else { continue };
            if let Some(to) = self.config.scripts[script].keys.get(&digit).cloned() {
                self.send_on(id, &to);
            }
        }
        Ok(())
    }

    /// Whoever rings outside answers.
    pub(crate) fn outside_answers(&mut self, number: &str) -> Result<(), String> {
        let rings = |call: &Call| call.called.party == Party::Outside(number.to_owned()) && call.rings(Side::Called);
        let Some(id) = self.calls.iter().find(|(_, call)| rings(call)).map(|(id, _)| *id) else {
            return none("rings there");
        };
        self.answered(id);
        Ok(())
    }

    /// Somebody outside puts the handset down, or does not take the call.
    pub(crate) fn outside_leaves(&mut self, number: &str) -> Result<(), String> {
        let party = Party::Outside(number.to_owned());
        let here = |call: &Call| call.side_of(&party).is_some() && !call.failed;
        let Some(id) = self.calls.iter().find(|(_, call)| here(call)).map(|(id, _)| *id) else {
            return none("is there");
        };
        self.release(id, "outside left");
        Ok(())
    }
}
