//! The details of a call: what a fact brings, and what of it is new.

use std::sync::Arc;

use jackfield_plugin_api::{CallFact, CallState, Direction, Role};

use super::call::{Changed, Number, Text, bounded_data, bounded_participants};
use super::ids::CallId;
use super::leg::Leg;
use super::limits::{MAX_GLOBAL_IDS, MAX_NATIVE_IDS, MAX_TEXT, clip, cut};
use super::repairs::Rule;
use super::work::{Why, Work};

impl Work<'_> {
    /// Takes over what a fact says besides the state. Absent fields are no news.
    pub(super) fn merge(&mut self, index: usize, fact: &CallFact, why: &Why<'_>) -> Changed {
        let leg = &mut self.line.legs[index];
        if let Some(allowed) = fact.features {
            leg.allowed = Some(allowed);
        }
        if let (Some(known), Some(said)) = (known_direction(leg.call.direction), fact.direction)
            && known_direction(said).is_some_and(|said| said != known)
        {
            self.repaired(Rule::Direction, why);
        }
        let leg = &mut self.line.legs[index];
        // Most facts bring no details; the call is copied (when events still hold it) only for those that do.
        let changed = ids(leg, fact) | parties(leg, fact) | media(leg, fact);
        changed | attached(leg, fact) | nature(leg, fact)
    }

    /// Takes over what a fact says of the call's place among the others of its line (R2).
    pub(super) fn relate(&mut self, index: usize, fact: &CallFact) -> Changed {
        if !self.line.legs[index].is_news(fact) {
            return Changed::NONE;
        }
        let parent = match &fact.parent {
            Some(key) => self.line.find(key).map(|parent| self.line.legs[parent].id().clone()),
            None => {
                let known = self.line.legs[index].call.parent.clone();
                known.filter(|parent| self.line.index(parent).is_some()).or_else(|| self.any_other(index))
            }
        };
        let Some(parent) = parent else { return Changed::NONE };
        let parent_index = self.line.index(&parent);
        let call = &self.line.legs[index].call;
        let circular = parent_index
            .is_none_or(|other| other == index || self.line.legs[other].call.parent.as_ref() == Some(&call.id));
        // The adapter knows better which of two is the consultation, not which one is the main call.
        let role = fact.role.filter(|role| *role != Role::Primary).unwrap_or(call.role);
        if circular || role == Role::Primary {
            return Changed::NONE;
        }
        let mut changed = Changed::NONE;
        if call.role != role {
            changed |= Changed::ROLE;
        }
        if call.parent.as_ref() != Some(&parent) {
            changed |= Changed::PARENT;
        }
        if changed.is_empty() {
            return changed;
        }
        let leg = &mut self.line.legs[index];
        let call = leg.edit();
        (call.role, call.parent) = (role, Some(parent.clone()));
        // Within a consult pair the primary is the current call, whoever is on hold.
        if changed.contains(Changed::ROLE)
            && role == Role::Consult
            && self.line.current.as_ref() == Some(self.line.legs[index].id())
        {
            self.focus(&parent, "consult");
        }
        changed
    }

    fn any_other(&self, index: usize) -> Option<CallId> {
        let mut others = self.line.legs.iter().enumerate().filter(|(other, _)| *other != index);
        others.next().map(|(_, leg)| leg.id().clone())
    }
}

impl Leg {
    /// Whether the adapter says something new of the call's role or parent, and remembers it.
    fn is_news(&mut self, fact: &CallFact) -> bool {
        let mut news = false;
        if fact.role.is_some() && fact.role != self.said.0 {
            self.said.0 = fact.role;
            news = true;
        }
        if fact.parent.is_some() && fact.parent != self.said.1 {
            self.said.1.clone_from(&fact.parent);
            news = true;
        }
        news
    }
}

fn known_direction(direction: Direction) -> Option<Direction> {
    matches!(direction, Direction::In | Direction::Out).then_some(direction)
}

/// Sets a field if the fact brings another value.
macro_rules! take {
    ($leg:ident, $field:ident, $value:expr, $flag:ident) => {{
        let value = $value;
        if $leg.call.$field == value {
            Changed::NONE
        } else {
            $leg.edit().$field = value;
            Changed::$flag
        }
    }};
}

fn ids(leg: &mut Leg, fact: &CallFact) -> Changed {
    let mut changed = Changed::NONE;
    if let Some(native) = &fact.native_id
        && leg.call.native_id.as_deref() != Some(cut(native, MAX_TEXT))
    {
        let native = clip(native);
        let call = leg.edit();
        call.native_ids.retain(|known| *known != native);
        if call.native_ids.len() == MAX_NATIVE_IDS {
            call.native_ids.remove(0);
        }
        call.native_ids.push(Arc::clone(&native));
        call.native_id = Some(native);
        changed |= Changed::NATIVE_ID;
    }
    if let Some(ids) = &fact.global_ids {
        let new = ids.iter().take(MAX_GLOBAL_IDS).map(|id| cut(id, MAX_TEXT));
        let same = leg.call.global_ids.as_ref().is_some_and(|old| old.iter().map(|id| &**id).eq(new.clone()));
        if !same {
            leg.edit().global_ids = Some(new.map(Text::from).collect());
            changed |= Changed::GLOBAL_IDS;
        }
    }
    changed
}

fn parties(leg: &mut Leg, fact: &CallFact) -> Changed {
    let mut changed = Changed::NONE;
    macro_rules! party {
        ($field:ident, $flag:ident) => {
            if let Some(party) = &fact.$field {
                let number = Number::from_party(party, leg.call.$field.as_ref());
                changed |= take!(leg, $field, Some(number), $flag);
            }
        };
    }
    party!(caller, CALLER);
    party!(called, CALLED);
    party!(redirecting, REDIRECTING);
    party!(redirection, REDIRECTION);
    if let Some(participants) = &fact.participants
        && leg.call.participants.as_deref() != Some(participants.as_slice())
    {
        changed |= take!(leg, participants, Some(bounded_participants(participants)), PARTICIPANTS);
    }
    changed
}

fn media(leg: &mut Leg, fact: &CallFact) -> Changed {
    let mut changed = Changed::NONE;
    if fact.muted.is_some() {
        changed |= take!(leg, muted, fact.muted, MUTED);
    }
    if fact.video.is_some() {
        changed |= take!(leg, video, fact.video, VIDEO);
    }
    if fact.recording.is_some() {
        changed |= take!(leg, recording, fact.recording, RECORDING);
    }
    changed
}

fn attached(leg: &mut Leg, fact: &CallFact) -> Changed {
    let mut changed = Changed::NONE;
    if let Some(queue) = &fact.queue
        && leg.call.queue.as_deref() != Some(queue)
    {
        changed |= take!(leg, queue, Some(Arc::new(queue.clone())), QUEUE);
    }
    if let Some(data) = &fact.user_data
        && leg.call.user_data.as_deref() != Some(data)
    {
        changed |= take!(leg, user_data, Some(bounded_data(data)), USER_DATA);
    }
    if let Some(cause) = &fact.cause
        && leg.call.cause != Some(cause.code)
    {
        // A cause alone is no news: it comes with the event that it explains.
        leg.edit().cause = Some(cause.code);
    }
    changed
}

fn nature(leg: &mut Leg, fact: &CallFact) -> Changed {
    let mut changed = Changed::NONE;
    if let Some(direction) = fact.direction
        && known_direction(leg.call.direction).is_none()
    {
        changed |= take!(leg, direction, direction, DIRECTION);
    }
    if let Some(scope) = fact.scope {
        changed |= take!(leg, scope, scope, SCOPE);
    }
    if fact.state == CallState::Alerting
        && matches!(leg.call.state, CallState::Alerting | CallState::Busy | CallState::Unknown)
        && let Some(phase) = fact.phase
    {
        changed |= take!(leg, phase, phase, PHASE);
    }
    if leg.commutated && leg.call.connected_at.is_none() && fact.connected_at.is_some() {
        changed |= take!(leg, connected_at, fact.connected_at, CONNECTED_AT);
    }
    changed
}
