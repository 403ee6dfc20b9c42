//! From a number to somebody who rings.

use jackfield_plugin_api::{CauseCode, ErrorCode, ForwardingKind, Phase, ReleasedBy};

use crate::config::micros;
use crate::exchange::{Exchange, Refused, refusal};
use crate::jobs::Job;
use crate::numbers::{self, Behaviour, Habit};
use crate::state::{ConversationId, LegId, LegState, Number, Outcome, Plan, Who};

/// How far the beginning of the ringing of an outside number is from dialling.
const POST_DIAL: i64 = 400_000;
/// How often a call is forwarded at most.
const FORWARDS: usize = 5;

/// Who is behind a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Extension(String),
    Queue,
    Slot(String),
    Number(String),
    /// Forwarded in circles, busy, not to be disturbed.
    Busy,
}

impl Exchange {
    /// Who is behind a number, after forwarding; and by whom it was forwarded.
    pub(crate) fn target(&self, number: &str) -> Refused<(Target, Option<String>)> {
        let (mut number, mut forwarded) = (number.trim().to_owned(), None);
        for _ in 0..FORWARDS {
            let Some(extension) = self.state.extensions.get(&number) else {
                if number == self.config.queue.number || number == self.config.queue.id {
                    return Ok((Target::Queue, forwarded));
                }
                if numbers::SLOTS.contains(&number.as_str()) {
                    return Ok((Target::Slot(number), forwarded));
                }
                if !numbers::is_number(&number) {
                    let text = format!("{number:?} cannot be dialled: digits, `*`, `#`, a leading `+`, at most 32");
                    return Err(refusal(ErrorCode::InvalidDestination, text));
                }
                return Ok((Target::Number(number), forwarded));
            };
            let calls = extension.legs.len();
            let talks = calls > 0;
            let busy = extension.dnd
                || calls >= self.config.exchange.calls_per_line
                || (talks && !self.config.exchange.call_waiting);
            let onward = extension.forwarded(ForwardingKind::All);
            let onward = onward.or_else(|| extension.forwarded(ForwardingKind::Busy).filter(|_| busy));
            match onward {
                Some(onward) => (number, forwarded) = (onward.clone(), Some(number)),
                None if busy => return Ok((Target::Busy, forwarded)),
                None => return Ok((Target::Extension(number), forwarded)),
            }
        }
        Ok((Target::Busy, forwarded))
    }

    /// Checks where a call of a conversation is to be sent (transfer, deflection): it must be able to ring there.
    pub(crate) fn check_target(&self, conversation: ConversationId, from: &str, to: &str) -> Refused {
        let (target, _) = self.target(to)?;
        let there = |extension: &str| {
            self.legs(conversation).iter().any(|leg| self.extension_of(*leg) == Some(extension)) || extension == from
        };
        match target {
            Target::Busy => Err(refusal(ErrorCode::CommandFailed, format!("{to} is busy")).retryable()),
            Target::Extension(extension) if there(&extension) => {
                Err(refusal(ErrorCode::InvalidDestination, format!("{to} takes part in this call already")))
            }
            Target::Slot(slot) => {
                Err(refusal(ErrorCode::InvalidDestination, format!("{slot} is a parking slot: use `parkCall`")))
            }
            Target::Number(number) => match numbers::behaviour(&number, &self.config).outcome {
                Some((_, Outcome::Fail(CauseCode::InvalidDestination))) => {
                    Err(refusal(ErrorCode::InvalidDestination, format!("there is no number {to}")))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Rings at a number for a conversation, which somebody waits in.
    pub(crate) fn route(&mut self, conversation: ConversationId, to: &str, redirecting: Option<&str>) {
        let Some(caller) = self.calling_number(conversation) else { return };
        let called = self.dialled(conversation).unwrap_or_else(|| Number::from(to));
        match self.target(to) {
            Err(_) => self.unanswered(conversation, CauseCode::InvalidDestination),
            Ok((Target::Busy, _)) => self.unanswered(conversation, CauseCode::Busy),
            Ok((Target::Queue, _)) => self.enqueue(conversation),
            Ok((Target::Slot(slot), _)) => self.retrieve(conversation, &slot),
            Ok((Target::Extension(extension), forwarded)) => {
                let here = self.legs(conversation).iter().any(|leg| self.extension_of(*leg) == Some(&extension));
                if here {
                    return self.unanswered(conversation, CauseCode::InvalidDestination);
                }
                let redirecting = forwarded.as_deref().or(redirecting);
                self.ring(conversation, &extension, caller, called, redirecting);
            }
            Ok((Target::Number(number), _)) => self.ring_outside(conversation, &number, caller),
        }
    }

    /// The number that a conversation's first waiting party shows.
    fn calling_number(&self, conversation: ConversationId) -> Option<Number> {
        let first = *self.legs(conversation).first()?;
        let leg = self.leg(first)?;
        Some(if leg.outgoing && leg.connected.is_none() { leg.caller.clone() } else { self.number_of(&leg.who) })
    }

    /// What the caller dialled: it stays, wherever the call is sent to.
    fn dialled(&self, conversation: ConversationId) -> Option<Number> {
        let mut legs = self.legs(conversation).into_iter().filter_map(|leg| self.leg(leg));
        legs.find(|leg| leg.outgoing && leg.connected.is_none()).map(|leg| leg.called.clone())
    }

    /// Rings at an extension.
    pub(crate) fn ring(
        &mut self,
        conversation: ConversationId,
        extension: &str,
        caller: Number,
        called: Number,
        redirecting: Option<&str>,
    ) -> LegId {
        let called = match called.number == extension {
            true => self.number_of(&Who::Extension(extension.to_owned())),
            false => called,
        };
        let leg = self.add_leg(conversation, Who::Extension(extension.to_owned()), LegState::Ringing, caller, called);
        let queued = self.state.conversations.get(&conversation).is_some_and(|c| c.queued);
        let from = redirecting.map(|from| self.number_of(&Who::Extension(from.to_owned())));
        if let Some(leg) = self.state.legs.get_mut(&leg) {
            leg.queued = queued;
            leg.redirecting = from;
        }
        for other in self.others(leg) {
            if let Some(other) = self.state.legs.get_mut(&other).filter(|other| other.state == LegState::Dialing) {
                other.phase = Phase::Ringing;
            }
        }
        if !self.state.waiting.contains(&conversation) {
            self.later(micros(self.config.exchange.no_answer), Job::NoAnswer(leg));
        }
        self.plan_ringing(conversation, leg);
        leg
    }

    fn ring_outside(&mut self, conversation: ConversationId, number: &str, caller: Number) {
        let Behaviour { service, outcome, .. } = numbers::behaviour(number, &self.config);
        let who = match service {
            Some(name) => Who::Service { number: number.to_owned(), name: name.to_owned() },
            None => Who::Outside { number: number.to_owned(), name: None },
        };
        let waits = self.dialled(conversation).is_some();
        let leg = self.add_leg(conversation, who, LegState::Ringing, caller, Number::from(number));
        let planned = self.state.conversations.get(&conversation).and_then(|c| c.plan.as_ref()).and_then(|p| p.callee);
        match planned.or(outcome) {
            Some((after, Outcome::Answer)) => self.later(after, Job::Answer(leg)),
            Some((after, Outcome::Fail(cause))) => self.later(after, Job::Fail(leg, cause)),
            None => {}
        }
        let fails = matches!(planned.or(outcome), Some((_, Outcome::Fail(cause))) if !matches!(cause, CauseCode::NoAnswer | CauseCode::Rejected));
        if !fails {
            self.later(POST_DIAL, Job::Rings(leg));
        }
        if !waits {
            // Nobody listens to the ringing who could give up.
            self.later(micros(self.config.exchange.no_answer), Job::NoAnswer(leg));
        }
    }

    /// The called outside number begins to ring.
    pub(crate) fn rings(&mut self, leg: LegId) {
        if self.leg_state(leg) != Some(LegState::Ringing) {
            return;
        }
        for other in self.others(leg) {
            if let Some(other) = self.state.legs.get_mut(&other).filter(|other| other.state == LegState::Dialing) {
                other.phase = Phase::Ringing;
                let conversation = other.conversation;
                self.touch(conversation);
            }
        }
    }

    /// The called party does not answer, for this reason.
    pub(crate) fn fail(&mut self, leg: LegId, cause: CauseCode) {
        let Some(conversation) = self.conversation(leg).filter(|_| self.leg_state(leg) == Some(LegState::Ringing))
        else {
            return;
        };
        self.release(leg, cause, ReleasedBy::System);
        self.unanswered(conversation, cause);
        self.settle(conversation);
    }

    /// Nobody has answered in time.
    pub(crate) fn no_answer(&mut self, leg: LegId) {
        if self.leg_state(leg) != Some(LegState::Ringing) {
            return;
        }
        let Some(conversation) = self.conversation(leg) else { return };
        let extension = self.extension_of(leg).map(str::to_owned);
        let onward =
            extension.as_ref().and_then(|e| self.state.extensions.get(e)?.forwarded(ForwardingKind::NoAnswer).cloned());
        let queued = self.state.waiting.contains(&conversation);
        match (onward, extension) {
            (Some(onward), Some(extension)) if !queued => {
                self.redirect(leg, &onward);
                self.release(leg, CauseCode::Redirected, ReleasedBy::System);
                self.route(conversation, &onward, Some(&extension));
            }
            (_, extension) => {
                self.release(leg, CauseCode::NoAnswer, ReleasedBy::System);
                if let Some(extension) = extension.filter(|_| queued) {
                    self.missed(&extension);
                }
                self.unanswered(conversation, CauseCode::NoAnswer);
            }
        }
        self.settle(conversation);
    }

    /// Writes down where a leg's call is sent to.
    pub(crate) fn redirect(&mut self, leg: LegId, to: &str) {
        let who = if self.state.extensions.contains_key(to) {
            Who::Extension(to.to_owned())
        } else {
            Who::Outside { number: to.to_owned(), name: None }
        };
        let (to, from) = (self.number_of(&who), self.leg(leg).map(|leg| self.number_of(&leg.who)));
        if let Some(leg) = self.state.legs.get_mut(&leg) {
            (leg.redirection, leg.redirecting) = (Some(to), from);
        }
    }

    /// Calls back who transferred or parked the call, when that failed. `false`: they cannot be reached.
    pub(crate) fn recall(&mut self, conversation: ConversationId, extension: &str, former: LegId) -> bool {
        let Ok((Target::Extension(target), _)) = self.target(extension) else { return false };
        let here = self.legs(conversation).iter().any(|leg| self.extension_of(*leg) == Some(&target));
        let Some(caller) =
            self.legs(conversation).first().and_then(|leg| self.leg(*leg)).map(|l| self.number_of(&l.who))
        else {
            return false;
        };
        if here || target != extension {
            return false;
        }
        let called = Number::from(extension);
        let leg = self.ring(conversation, extension, caller, called, None);
        if let Some(leg) = self.state.legs.get_mut(&leg) {
            leg.parent = Some(former);
        }
        true
    }

    /// The habits of an outside party that has answered.
    pub(crate) fn begin_habits(&mut self, leg: LegId) {
        let Some(Who::Outside { number, .. }) = self.leg(leg).map(|leg| leg.who.clone()) else { return };
        match numbers::behaviour(&number, &self.config).habit {
            Habit::Talks => {}
            Habit::HangsUp(after) => self.later(after, Job::HangUp(leg)),
            Habit::Holds(after, time) => self.later(after, Job::Hold(leg, time, Some(after))),
            Habit::SendsDigits(after, digits) => self.later(after, Job::Digits(leg, digits.to_owned())),
        }
    }

    /// What a conversation's parties have in mind.
    pub(crate) fn plan(&self, conversation: ConversationId) -> Option<&Plan> {
        self.state.conversations.get(&conversation)?.plan.as_ref()
    }
}
