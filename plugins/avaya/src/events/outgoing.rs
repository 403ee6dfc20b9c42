//! Calls that begin here: off hook, dialled, out of the switch, in a queue.

use jackfield_csta::types::{ConnectionId, LocalState};
use jackfield_csta::{NetworkReachedEvent, OriginatedEvent, QueuedEvent, ServiceInitiatedEvent};
use jackfield_plugin_api::{CallKey, Direction};

use super::{Said, apply_local, keep, known, learn, missed, usable};
use crate::call::{Goal, is_trunk};
use crate::commands;
use crate::fact::show;
use crate::line::Line;
use crate::setup::look;
use crate::wire::Scene;

/// A call of ours begins. A command that waits for it is its cause.
pub(super) fn begin_out(
    line: &mut Line,
    connection: &ConnectionId,
    ucid: Option<&str>,
    state: LocalState,
    scene: &mut Scene<'_, '_>,
) -> Option<CallKey> {
    if !usable(&connection.call) {
        return None;
    }
    let now = scene.host.now();
    let waiting = commands::making(line.id, scene.net);
    let made_from = match &waiting {
        Some((_, _, first)) => first.clone(),
        None => line.main().map(|call| call.key.clone()),
    };
    let extension = line.extension.clone();
    let late = line.is_just_over(&connection.call, now);
    let call = line.begin(&connection.call, ucid, Direction::Out, state, now);
    call.caller = Some(extension);
    call.first = made_from;
    if let Some((command, to, _)) = waiting {
        call.called = Some(to);
        call.ask(command, Goal::Begin, now + scene.config.answer_timeout());
    }
    let key = call.key.clone();
    if late {
        // It may be an old event that comes a second time.
        look(line, scene);
    }
    Some(key)
}

pub(super) fn service_initiated(line: &mut Line, event: &ServiceInitiatedEvent, scene: &mut Scene<'_, '_>) {
    if !line.is(event.connection.device_id()) {
        return;
    }
    let state = event.local.filter(|state| matches!(state, LocalState::Alerting)).unwrap_or(LocalState::Initiated);
    let key = match known(line, &event.connection) {
        Some(key) => key,
        None => match begin_out(line, &event.connection, event.ucid(), state, scene) {
            Some(key) => key,
            None => return,
        },
    };
    let Some(call) = line.by_key_mut(&key) else { return };
    if call.hidden {
        call.hidden = false;
        call.state = state;
    }
    learn(call, event);
    show(line, &key, scene);
}

pub(super) fn originated(line: &mut Line, event: &OriginatedEvent, scene: &mut Scene<'_, '_>) {
    let ours = line.is(event.connection.device_id()) || event.calling.id().is_some_and(|id| line.is(id));
    let key = match known(line, &event.connection) {
        Some(key) => key,
        None if !ours => return missed(line, &event.connection, scene),
        None => match begin_out(line, &event.connection, event.ucid(), LocalState::Connected, scene) {
            Some(key) => key,
            None => return,
        },
    };
    let Some(call) = line.by_key_mut(&key) else { return };
    call.hidden = false;
    if !call.answered && ours {
        call.state = LocalState::Connected;
        if let Some(called) = keep(event.called.number()).filter(|number| !is_trunk(number)) {
            call.called = Some(called);
        }
    }
    learn(call, event);
    show(line, &key, scene);
}

pub(super) fn network_reached(line: &mut Line, event: &NetworkReachedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return missed(line, &event.connection, scene) };
    let Some(call) = line.by_key_mut(&key) else { return };
    call.hidden = false;
    call.external = true;
    if call.direction == Direction::Out && call.called.is_none() {
        call.called = keep(event.called.number());
    }
    let device = event.connection.device_id();
    if device.len() <= 128 && !call.answered {
        call.party(device, None, LocalState::Alerting);
    }
    apply_local(call, event.local);
    learn(call, event);
    show(line, &key, scene);
}

pub(super) fn queued(line: &mut Line, event: &QueuedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return missed(line, &event.connection, scene) };
    let Some(call) = line.by_key_mut(&key) else { return };
    call.hidden = false;
    if call.direction == Direction::Out && !call.answered {
        call.queued = true;
        call.rings = false;
        call.parties.retain(|party| party.state != LocalState::Alerting);
    }
    call.queue = keep(event.queue.number()).or_else(|| call.queue.take());
    apply_local(call, event.local);
    learn(call, event);
    show(line, &key, scene);
}
