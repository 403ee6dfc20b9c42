//! What a party does with one call: make, answer, hold, take back, deflect, pick up, park.

use std::collections::BTreeMap;

use jackfield_plugin_api::{CauseCode, ErrorCode, ReleasedBy};

use crate::config::micros;
use crate::exchange::{Exchange, Refused, refusal};
use crate::jobs::Job;
use crate::numbers;
use crate::route::Target;
use crate::state::{Choice, ConversationId, LegId, LegState, Number, Slot, Who};

/// The number of who shows none.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// What a call shows of who makes it.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) from: Option<String>,
    pub(crate) anonymous: bool,
    pub(crate) data: BTreeMap<String, String>,
}

impl Exchange {
    /// An extension calls a number; its new leg.
    pub(crate) fn make_call(&mut self, extension: &str, to: &str, shown: Shown) -> Refused<LegId> {
        let to = to.trim();
        self.target(to)?;
        if to == extension {
            return Err(refusal(ErrorCode::InvalidDestination, format!("{to} is this line itself")));
        }
        let agent = self.state.extensions.get(extension).and_then(|e| e.agent.as_ref());
        if self.config.agents.dial_only_not_ready && agent.is_some_and(|agent| agent.choice == Choice::Ready) {
            let text = "a ready agent may not make calls here: set NOT_READY first";
            return Err(refusal(ErrorCode::AgentStateForbids, text));
        }
        let lifted = self.legs_of(extension, |leg| leg.state == LegState::Initiated).first().copied();
        let leg = match lifted {
            Some(leg) => leg,
            None if !self.legs_of(extension, |leg| leg.state.active()).is_empty() => {
                let text = format!("line {extension} is in a call; hold or end it first");
                return Err(refusal(ErrorCode::InvalidCallState, text));
            }
            None => self.lift(extension, LegState::Dialing),
        };
        let own_first = self.config.exchange.own_phone_first && lifted.is_none();
        let conversation = self.conversation(leg).unwrap_or_default();
        if let Some(conversation) = self.state.conversations.get_mut(&conversation) {
            conversation.data.extend(shown.data);
        }
        if let Some(leg) = self.state.legs.get_mut(&leg) {
            leg.called = Number::from(to);
            if let Some(from) = shown.from {
                leg.caller = Number::from(from);
            }
            if shown.anonymous {
                leg.caller = Number::from(ANONYMOUS);
            }
        }
        if own_first {
            self.state.legs.entry(leg).and_modify(|leg| leg.to_dial = Some(to.to_owned()));
            self.enter(leg, LegState::OwnRinging);
            self.state.legs.entry(leg).and_modify(|leg| leg.phase = jackfield_plugin_api::Phase::OwnRinging);
            self.later(micros(self.config.exchange.no_answer), Job::ToneEnds(leg));
        } else {
            self.dial(leg, to);
        }
        Ok(leg)
    }

    /// A leg at a new conversation, nothing dialled yet.
    pub(crate) fn lift(&mut self, extension: &str, state: LegState) -> LegId {
        let conversation = self.new_conversation();
        let who = Who::Extension(extension.to_owned());
        let caller = self.number_of(&who);
        self.add_leg(conversation, who, state, caller, Number::default())
    }

    /// Dials from a leg that nothing was dialled from yet.
    pub(crate) fn dial(&mut self, leg: LegId, to: &str) {
        self.enter(leg, LegState::Dialing);
        if let Some(conversation) = self.conversation(leg) {
            self.route(conversation, to, None);
        }
    }

    /// Puts the talking call of an extension on hold, so that it can do something else.
    pub(crate) fn make_room(&mut self, extension: &str, keep: LegId) -> Refused {
        if !self.can_make_room(extension) && self.legs_of(extension, |leg| leg.state.active()) != [keep] {
            let text = format!("line {extension} is dialling; end that call first");
            return Err(refusal(ErrorCode::InvalidCallState, text));
        }
        for leg in self.legs_of(extension, |leg| leg.state.active()) {
            match self.leg_state(leg) {
                Some(LegState::Connected) if leg != keep => self.hold(leg),
                Some(LegState::Initiated) if leg != keep => self.hang_up(leg),
                _ => {}
            }
        }
        Ok(())
    }

    /// A party answers what rings at it.
    pub(crate) fn answer(&mut self, leg: LegId) -> Refused {
        let state = self.leg_state(leg);
        let Some(conversation) = self.conversation(leg) else {
            return Err(refusal(ErrorCode::UnknownCall, "the call is over"));
        };
        if let Some(extension) = self.extension_of(leg).map(str::to_owned) {
            self.make_room(&extension, leg)?;
        }
        match state {
            Some(LegState::OwnRinging) => {
                let to = self.state.legs.get_mut(&leg).and_then(|leg| leg.to_dial.take()).unwrap_or_default();
                self.dial(leg, &to);
                return Ok(());
            }
            Some(LegState::Ringing) => {}
            _ => return Err(self.not_now("answerCall", leg)),
        }
        self.enter(leg, LegState::Connected);
        self.state.waiting.retain(|waiting| *waiting != conversation);
        if let Some(conversation) = self.state.conversations.get_mut(&conversation) {
            conversation.recall = None;
        }
        for other in self.others(leg) {
            match self.leg_state(other) {
                Some(LegState::Dialing | LegState::Queued) => self.enter(other, LegState::Connected),
                Some(LegState::Ringing) => self.release(other, CauseCode::PickedUpElsewhere, ReleasedBy::System),
                _ => {}
            }
        }
        self.begin_habits(leg);
        self.plan_talking(conversation);
        self.settle(conversation);
        Ok(())
    }

    pub(crate) fn hold(&mut self, leg: LegId) {
        if self.leg_state(leg) == Some(LegState::Connected) {
            self.enter(leg, LegState::Held);
            self.tell_leg(leg);
        }
    }

    /// Takes a call back; what the line talks in meanwhile is held.
    pub(crate) fn unhold(&mut self, leg: LegId) -> Refused {
        if let Some(extension) = self.extension_of(leg).map(str::to_owned) {
            self.make_room(&extension, leg)?;
        }
        if self.leg_state(leg) == Some(LegState::Held) {
            self.enter(leg, LegState::Connected);
            self.tell_leg(leg);
        }
        Ok(())
    }

    /// Sends a ringing call elsewhere.
    pub(crate) fn deflect(&mut self, leg: LegId, to: &str) -> Refused {
        let to = to.trim();
        let (Some(conversation), Some(extension)) = (self.conversation(leg), self.extension_of(leg).map(str::to_owned))
        else {
            return Err(refusal(ErrorCode::UnknownCall, "the call is over"));
        };
        self.check_target(conversation, &extension, to)?;
        self.redirect(leg, to);
        self.release(leg, CauseCode::Redirected, ReleasedBy::Local);
        self.leave_queue(conversation);
        self.route(conversation, to, Some(&extension));
        self.settle(conversation);
        Ok(())
    }

    /// Sends a talking party elsewhere without asking.
    pub(crate) fn blind_transfer(&mut self, leg: LegId, to: &str) -> Refused {
        let to = to.trim();
        let (Some(conversation), Some(extension)) = (self.conversation(leg), self.extension_of(leg).map(str::to_owned))
        else {
            return Err(refusal(ErrorCode::UnknownCall, "the call is over"));
        };
        self.check_target(conversation, &extension, to)?;
        self.redirect(leg, to);
        self.release(leg, CauseCode::Transferred, ReleasedBy::Local);
        if let Some(conversation) = self.state.conversations.get_mut(&conversation) {
            conversation.recall = Some((extension.clone(), leg));
        }
        // Who was on hold at the transferring line hears ringing now.
        for other in self.legs(conversation) {
            self.state.legs.entry(other).and_modify(|leg| leg.redirection = Some(Number::from(to)));
        }
        self.route(conversation, to, Some(&extension));
        self.settle(conversation);
        Ok(())
    }

    /// Takes a call that rings elsewhere; the new leg.
    pub(crate) fn pick_up(&mut self, extension: &str, target: Option<&str>) -> Refused<LegId> {
        let fits = |id: &LegId| {
            let (Some(leg), Some(rings_at)) = (self.leg(*id), self.extension_of(*id)) else { return false };
            let wanted = match target {
                None => true,
                Some(queue) if queue == self.config.queue.id || queue == self.config.queue.number => leg.queued,
                Some(device) => rings_at == device,
            };
            let mine = self.legs(leg.conversation).iter().any(|leg| self.extension_of(*leg) == Some(extension));
            leg.state == LegState::Ringing && wanted && !mine
        };
        let Some(ringing) = self.state.legs.keys().copied().find(fits) else {
            let place = target.map_or("at another line".to_owned(), |target| format!("at {target}"));
            return Err(refusal(ErrorCode::NothingToPickUp, format!("no call rings {place}")));
        };
        let Some((conversation, caller, called, queued)) =
            self.leg(ringing).map(|leg| (leg.conversation, leg.caller.clone(), leg.called.clone(), leg.queued))
        else {
            return Err(refusal(ErrorCode::NothingToPickUp, "it has just stopped ringing"));
        };
        let from = self.leg(ringing).map(|leg| self.number_of(&leg.who));
        let leg = self.add_leg(conversation, Who::Extension(extension.to_owned()), LegState::Ringing, caller, called);
        self.state.legs.entry(leg).and_modify(|leg| (leg.redirecting, leg.queued) = (from, queued));
        self.tell_leg(leg);
        self.release(ringing, CauseCode::PickedUpElsewhere, ReleasedBy::System);
        self.answer(leg)?;
        Ok(leg)
    }

    /// Puts a call into a parking slot; the slot.
    pub(crate) fn park(&mut self, leg: LegId, slot: Option<&str>) -> Refused<String> {
        let free = |slot: &str| !self.state.slots.contains_key(slot);
        let slot = match slot {
            Some(slot) if !numbers::SLOTS.contains(&slot) => {
                let text = format!("there is no slot {slot}: {} to {}", numbers::SLOTS[0], numbers::SLOTS[8]);
                return Err(refusal(ErrorCode::InvalidDestination, text));
            }
            Some(slot) if !free(slot) => {
                return Err(refusal(ErrorCode::DeviceBusy, format!("slot {slot} is occupied")).retryable());
            }
            Some(slot) => slot,
            None => numbers::SLOTS
                .into_iter()
                .find(|slot| free(slot))
                .ok_or_else(|| refusal(ErrorCode::CommandFailed, "all parking slots are occupied").retryable())?,
        }
        .to_owned();
        let (Some(conversation), Some(extension), &[parked]) =
            (self.conversation(leg), self.extension_of(leg).map(str::to_owned), self.others(leg).as_slice())
        else {
            return Err(self.not_now("parkCall", leg));
        };
        let parking = Slot { conversation, leg: parked, by: (extension, leg) };
        self.state.slots.insert(slot.clone(), parking);
        self.state.legs.entry(leg).and_modify(|leg| leg.redirection = Some(Number::from(slot.as_str())));
        self.release(leg, CauseCode::Parked, ReleasedBy::Local);
        self.later(micros(self.config.exchange.park), Job::ParkEnds(slot.clone(), conversation));
        self.settle(conversation);
        Ok(slot)
    }

    /// A conversation whose caller dialled a slot gets who is parked there.
    pub(crate) fn retrieve(&mut self, conversation: ConversationId, slot: &str) {
        let here = |parking: &&Slot| {
            let parked = self.extension_of(parking.leg);
            parking.conversation != conversation
                && !self.legs(conversation).iter().any(|leg| parked.is_some() && self.extension_of(*leg) == parked)
        };
        let Some(parking) = self.state.slots.get(slot).filter(here).cloned() else {
            return self.unanswered(conversation, CauseCode::InvalidDestination);
        };
        self.state.slots.remove(slot);
        for leg in self.legs(conversation) {
            self.tell_leg(leg);
        }
        self.merge(conversation, parking.conversation);
        for leg in self.legs(parking.conversation) {
            if matches!(self.leg_state(leg), Some(LegState::Dialing)) {
                self.enter(leg, LegState::Connected);
            }
        }
        self.plan_talking(parking.conversation);
        self.settle(parking.conversation);
    }

    /// A parked call has waited long enough: it comes back to who parked it.
    pub(crate) fn park_ends(&mut self, slot: &str, conversation: ConversationId) {
        if self.state.slots.get(slot).is_none_or(|parking| parking.conversation != conversation) {
            return;
        }
        let Some(parking) = self.state.slots.remove(slot) else { return };
        if !self.recall(conversation, &parking.by.0, parking.by.1) {
            self.unanswered(conversation, CauseCode::NoAnswer);
        }
        self.settle(conversation);
    }

    /// A busy tone, or a handset off its hook, has been heard long enough.
    pub(crate) fn tone_ends(&mut self, leg: LegId) {
        let cause = match self.leg_state(leg) {
            Some(LegState::Busy) => CauseCode::Busy,
            Some(LegState::Initiated) => CauseCode::Cancelled,
            Some(LegState::OwnRinging) => CauseCode::NoAnswer,
            _ => return,
        };
        let conversation = self.conversation(leg).unwrap_or_default();
        self.release(leg, cause, ReleasedBy::System);
        self.settle(conversation);
    }

    /// A caller gives up, if nobody has answered yet.
    pub(crate) fn give_up(&mut self, leg: LegId) {
        if matches!(self.leg_state(leg), Some(LegState::Dialing | LegState::Queued)) {
            self.hang_up(leg);
        }
    }

    /// Whether an extension can be called now without being busy, by a robot that looks first.
    pub(crate) fn is_free(&self, extension: &str) -> bool {
        self.legs_of(extension, |_| true).is_empty()
            && matches!(self.target(extension), Ok((Target::Extension(target), _)) if target == extension)
    }
}
