//! What is done with two calls of one line: consultation, transfer, alternate, conference; and joining conversations.

use jackfield_plugin_api::{CauseCode, ErrorCode, ReleasedBy};

use crate::exchange::{Exchange, Refused, refusal};
use crate::state::{ConversationId, LegId, LegState, Number};

impl Exchange {
    /// Holds a call and calls somebody for a consultation; the new leg.
    pub(crate) fn consult(&mut self, leg: LegId, to: &str) -> Refused<LegId> {
        let to = to.trim();
        self.target(to)?;
        let consult = self.begin_consult(leg, LegState::Dialing)?;
        self.state.legs.entry(consult).and_modify(|leg| leg.called = Number::from(to));
        self.dial(consult, to);
        Ok(consult)
    }

    /// Holds a call and takes a second leg from it.
    pub(crate) fn begin_consult(&mut self, leg: LegId, state: LegState) -> Refused<LegId> {
        let Some(extension) = self.extension_of(leg).map(str::to_owned) else {
            return Err(refusal(ErrorCode::UnknownCall, "the call is over"));
        };
        // Told together with the new leg, and before it: a line's calls are told oldest first.
        self.enter(leg, LegState::Held);
        let consult = self.lift(&extension, state);
        self.state.legs.entry(consult).and_modify(|new| (new.parent, new.consult) = (Some(leg), true));
        Ok(consult)
    }

    /// The held and the other one of a pair, in this order.
    fn pair(&self, a: LegId, b: LegId) -> Refused<(LegId, LegId)> {
        let no_pair = |text: &str| Err(refusal(ErrorCode::NoConsultCall, text));
        if a == b {
            return no_pair("two calls are needed, this is one");
        }
        if self.others(a).is_empty() || self.others(b).is_empty() {
            return no_pair("nobody is at the other end of one of the two calls");
        }
        match (self.leg_state(a), self.leg_state(b)) {
            (Some(LegState::Held), Some(LegState::Connected | LegState::Dialing)) => Ok((a, b)),
            (Some(LegState::Connected | LegState::Dialing), Some(LegState::Held)) => Ok((b, a)),
            _ => no_pair("one of the two calls must be held, the other one connected"),
        }
    }

    /// Joins the others of a held and a connected (or ringing) call; both of them end here.
    pub(crate) fn transfer(&mut self, a: LegId, b: LegId) -> Refused {
        let (held, other) = self.pair(a, b)?;
        let (Some(from), Some(into)) = (self.conversation(held), self.conversation(other)) else {
            return Err(self.not_now("transferCall", a));
        };
        let ringing = self.leg_state(other) == Some(LegState::Dialing);
        if ringing && (!self.config.exchange.early_transfer || self.others(other).is_empty()) {
            let text = "the other call is not answered yet, and cannot be transferred to";
            return Err(refusal(ErrorCode::NoConsultCall, text));
        }
        let (Some(extension), Some(target)) =
            (self.extension_of(held).map(str::to_owned), self.others(other).first().copied())
        else {
            return Err(self.not_now("transferCall", a));
        };
        let target = self.leg(target).map(|leg| self.number_of(&leg.who)).unwrap_or_default();
        let own = self.leg(held).map(|leg| self.number_of(&leg.who)).unwrap_or_default();
        for leg in [held, other] {
            self.state.legs.entry(leg).and_modify(|leg| {
                (leg.redirecting, leg.redirection) = (Some(own.clone()), Some(target.clone()));
            });
        }
        for leg in self.others(held) {
            self.state.legs.entry(leg).and_modify(|leg| leg.redirection = Some(target.clone()));
        }
        for leg in self.others(other) {
            self.state.legs.entry(leg).and_modify(|leg| leg.redirecting = Some(own.clone()));
        }
        // The consultation ends before the call that it was made from, whichever of the two is held.
        let ends = if self.consult_of(other) == Some(held) { [held, other] } else { [other, held] };
        for leg in ends {
            self.release(leg, CauseCode::Transferred, ReleasedBy::Local);
        }
        self.merge(from, into);
        self.show_new_parties(into, &own);
        self.plan_anew(into);
        if ringing && let Some(conversation) = self.state.conversations.get_mut(&into) {
            conversation.recall = Some((extension, held));
        }
        self.settle(into);
        Ok(())
    }

    /// Gives a consultation up and returns to the first call.
    pub(crate) fn cancel_consult(&mut self, first: LegId, consult: LegId) -> Refused {
        if self.consult_of(first) != Some(consult) {
            let text = "the second call is no consultation made from the first one";
            return Err(refusal(ErrorCode::NoConsultCall, text));
        }
        if self.is_stuck(self.extension_of(first).unwrap_or_default(), Some(consult)) {
            return Err(self.not_now("cancelTransfer", first));
        }
        self.hang_up(consult);
        self.unhold(first)
    }

    /// Swaps a held and a connected call.
    pub(crate) fn alternate(&mut self, a: LegId, b: LegId) -> Refused {
        let (held, talking) = self.pair(a, b)?;
        if self.leg_state(talking) != Some(LegState::Connected) {
            return Err(refusal(ErrorCode::NoConsultCall, "the other call is not answered yet"));
        }
        self.hold(talking);
        self.unhold(held)
    }

    /// Merges the second call into the first one.
    pub(crate) fn conference(&mut self, stays: LegId, merged: LegId) -> Refused {
        let (_, talking) = self.pair(stays, merged)?;
        if self.leg_state(talking) != Some(LegState::Connected) {
            return Err(refusal(ErrorCode::NoConsultCall, "the other call is not answered yet"));
        }
        let (Some(into), Some(from)) = (self.conversation(stays), self.conversation(merged)) else {
            return Err(self.not_now("conferenceCall", stays));
        };
        // In this order for the line: the staying call talks, is a conference, and only then the other one ends.
        if self.leg_state(stays) == Some(LegState::Held) {
            self.enter(stays, LegState::Connected);
            self.tell_leg(stays);
        }
        let others = self.others(merged);
        self.move_legs(&others, from, into);
        self.one_leg_each(into);
        self.tell_leg(stays);
        self.release(merged, CauseCode::Conferenced, ReleasedBy::Local);
        self.adopt(from, into);
        self.settle(into);
        Ok(())
    }

    /// Joins a conversation into another one: its legs, ids and data.
    pub(crate) fn merge(&mut self, from: ConversationId, into: ConversationId) {
        let legs = self.legs(from);
        self.move_legs(&legs, from, into);
        self.adopt(from, into);
        self.one_leg_each(into);
    }

    fn move_legs(&mut self, legs: &[LegId], from: ConversationId, into: ConversationId) {
        for id in legs {
            let Some(leg) = self.state.legs.get_mut(id) else { continue };
            leg.conversation = into;
            leg.natives.push(Self::native(into));
            if let Some(from) = self.state.conversations.get_mut(&from) {
                from.legs.retain(|leg| leg != id);
            }
            if let Some(into) = self.state.conversations.get_mut(&into) {
                into.legs.push(*id);
            }
        }
        self.touch(from);
        self.touch(into);
    }

    /// What is left of an empty conversation goes on in another one.
    fn adopt(&mut self, from: ConversationId, into: ConversationId) {
        let Some(old) = self.state.conversations.remove(&from) else { return };
        self.state.waiting.retain(|waiting| *waiting != from);
        self.state.slots.retain(|_, slot| slot.conversation != from);
        let Some(new) = self.state.conversations.get_mut(&into) else { return };
        new.global.extend(old.global);
        for (name, value) in old.data {
            new.data.entry(name).or_insert(value);
        }
        new.plan = new.plan.take().or(old.plan);
        new.planned |= old.planned;
    }

    /// Nobody talks to themselves: of two legs of one extension in a conversation, the one that talks stays.
    fn one_leg_each(&mut self, conversation: ConversationId) {
        for leg in self.legs(conversation) {
            let Some(extension) = self.extension_of(leg).map(str::to_owned) else { continue };
            let twins = self.legs_of(&extension, |leg| leg.conversation == conversation);
            let talks = |leg: &&LegId| self.leg_state(**leg) == Some(LegState::Connected);
            let keep = twins.iter().find(talks).or(twins.first()).copied();
            for twin in twins.into_iter().filter(|twin| Some(*twin) != keep) {
                self.release(twin, CauseCode::Conferenced, ReleasedBy::System);
            }
        }
    }

    /// Who was called by the transferring line is called by the transferred party now.
    fn show_new_parties(&mut self, conversation: ConversationId, gone: &Number) {
        let legs = self.legs(conversation);
        for id in &legs {
            let other = legs.iter().find(|other| *other != id).and_then(|other| self.leg(*other));
            let Some(other) = other.map(|other| self.number_of(&other.who)) else { continue };
            if let Some(leg) = self.state.legs.get_mut(id)
                && !leg.outgoing
                && leg.caller.number == gone.number
            {
                leg.caller = other;
            }
        }
    }
}
