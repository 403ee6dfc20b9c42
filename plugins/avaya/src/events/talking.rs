//! Calls that ring, are answered, are held.

use jackfield_csta::types::{ConnectionId, LocalState};
use jackfield_csta::{DeliveredEvent, EstablishedEvent};
use jackfield_plugin_api::{CauseCode, Direction, ReleasedBy};

use super::outgoing::begin_out;
use super::{Said, apply_local, is_gone, keep, known, learn, missed, usable};
use crate::call::{Call, Goal, is_trunk};
use crate::fact::{finish, native, show};
use crate::line::Line;
use crate::setup::look;
use crate::wire::Scene;

pub(super) fn delivered(line: &mut Line, event: &DeliveredEvent, scene: &mut Scene<'_, '_>) {
    if line.is(event.connection.device_id()) {
        return rings_here(line, event, scene);
    }
    let key = match known(line, &event.connection) {
        Some(key) => key,
        None if event.calling.id().is_some_and(|id| line.is(id)) => {
            match begin_out(line, &event.connection, event.ucid(), LocalState::Connected, scene) {
                Some(key) => key,
                None => return,
            }
        }
        None => return missed(line, &event.connection, scene),
    };
    let Some(call) = line.by_key_mut(&key) else { return };
    call.hidden = false;
    if call.called.is_none() && call.direction == Direction::Out {
        call.called = keep(event.called.number());
    }
    if !call.answered && call.direction == Direction::Out {
        call.rings = true;
        call.queued = false;
        call.failed = None;
        if matches!(call.state, LocalState::Initiated | LocalState::Unknown | LocalState::Null) {
            call.state = LocalState::Connected;
        }
    }
    // Who talks already does not ring, whatever is said a second time.
    let device = event.connection.device_id();
    let talks = call.parties.iter().any(|party| party.device == device && party.state == LocalState::Connected);
    if !talks && device.len() <= 128 {
        call.party(device, event.alerting.number(), LocalState::Alerting);
    }
    apply_local(call, event.local.filter(|local| *local != LocalState::Alerting));
    learn(call, event);
    show(line, &key, scene);
}

fn rings_here(line: &mut Line, event: &DeliveredEvent, scene: &mut Scene<'_, '_>) {
    let connection = &event.connection;
    if !usable(&connection.call) {
        return;
    }
    let now = scene.host.now();
    let mut key = known(line, connection);
    if let Some(call) = line.call(&connection.call)
        && let (Some(ucid), Some(old)) = (event.ucid(), call.ucids.first())
        && call.answered
        && ucid != old
    {
        // The switch has given the id to another call: the end of the first one was missed.
        let gone = call.key.clone();
        finish(line, &gone, native(CauseCode::Unknown, ""), ReleasedBy::Unknown, scene);
        key = None;
    }
    let key = match key {
        Some(key) => key,
        None => {
            let late = line.is_just_over(&connection.call, now);
            // What was transferred away comes back when nobody answers it.
            let recall = event.cause.as_deref() == Some("recall");
            let earlier = recall.then(|| line.earlier(&connection.call, event.ucid())).flatten();
            let call = line.begin(&connection.call, event.ucid(), Direction::In, LocalState::Alerting, now);
            call.recall_of = earlier;
            let key = call.key.clone();
            if late {
                look(line, scene);
            }
            key
        }
    };
    let Some(call) = line.by_key_mut(&key) else { return };
    call.hidden = false;
    if call.direction == Direction::Unknown {
        call.direction = Direction::In;
    }
    if !call.answered {
        call.state = LocalState::Alerting;
    }
    if call.direction == Direction::In && !call.answered {
        let calling = keep(event.calling.number());
        if let Some(calling) = calling.as_deref().filter(|calling| !is_trunk(calling)) {
            call.caller = Some(calling.to_owned());
        }
        call.called = keep(event.called.number()).or_else(|| call.called.take());
        call.redirecting = keep(event.redirection.number()).filter(|by| Some(by) != call.called.as_ref());
        if let Some(id) = event.calling.id().filter(|id| id.len() <= 128) {
            call.party(id, calling.as_deref(), LocalState::Connected);
        }
    }
    learn(call, event);
    if call.queue.is_none() {
        let queued = scene.net.queued.iter().find(|(native, _)| *native == connection.call);
        call.queue = queued.map(|(_, queue)| queue.clone());
    }
    show(line, &key, scene);
}

pub(super) fn established(line: &mut Line, event: &EstablishedEvent, scene: &mut Scene<'_, '_>) {
    let connection = &event.connection;
    let own = line.is(connection.device_id());
    let now = scene.host.now();
    let key = match known(line, connection) {
        Some(key) => key,
        None if own && usable(&connection.call) => {
            // It was answered here before anybody said that it rings; or an appearance of a shared line joins.
            let ours = event.calling.id().is_some_and(|id| line.is(id));
            if line.is_just_over(&connection.call, now) {
                look(line, scene);
            }
            let direction = if ours { Direction::Out } else { Direction::In };
            let picking = line.picking.take_if(|_| event.cause.as_deref() == Some("callPickup"));
            let call = line.begin(&connection.call, event.ucid(), direction, LocalState::Connected, now);
            if let Some((command, until)) = picking {
                call.ask(command, Goal::Begin, until);
            }
            call.key.clone()
        }
        None => return missed(line, connection, scene),
    };
    let ours = event.calling.id().is_some_and(|id| line.is(id));
    let Some(call) = line.by_key_mut(&key) else { return };
    call.hidden = false;
    call.failed = None;
    if call.direction == Direction::Unknown {
        call.direction = if ours { Direction::Out } else { Direction::In };
    }
    if call.direction == Direction::In && call.caller.is_none() {
        call.caller = keep(event.calling.number()).filter(|number| !is_trunk(number));
        call.called = keep(event.called.number()).or_else(|| call.called.take());
    }
    if own {
        call.state = LocalState::Connected;
        if call.direction != Direction::Out {
            call.answered = true;
            if let Some(id) = event.calling.id().filter(|id| id.len() <= 128)
                && call.parties.is_empty()
            {
                call.party(id, event.calling.number(), LocalState::Connected);
            }
        }
    } else {
        answered_there(call, event);
    }
    learn(call, event);
    if event.local == Some(LocalState::Queued) || is_gone(event.local) {
        // Answered at another appearance of the line: here it is idle.
        let cause = if line.by_key(&key).is_some_and(|call| call.answered) {
            CauseCode::NormalClearing
        } else {
            CauseCode::PickedUpElsewhere
        };
        return finish(line, &key, native(cause, &event.cause_word()), ReleasedBy::Remote, scene);
    }
    if let Some(call) = line.by_key_mut(&key) {
        apply_local(call, event.local);
    }
    show(line, &key, scene);
}

/// Somebody else answered.
fn answered_there(call: &mut Call, event: &EstablishedEvent) {
    let device = event.connection.device_id();
    if device.len() > 128 {
        return;
    }
    let answering = event.answering.number().filter(|number| !is_trunk(number) && number.len() <= 128);
    if call.direction == Direction::Out && !call.answered {
        // Whoever else it rang at does not count any more.
        call.parties.retain(|party| {
            party.device == device
                || !matches!(party.state, LocalState::Alerting | LocalState::Queued | LocalState::Fail)
        });
        if let Some(answering) = answering.filter(|answering| call.called.as_deref() != Some(answering)) {
            call.redirection = Some(answering.to_owned());
        }
        call.answered = true;
        call.rings = false;
        call.queued = false;
        if matches!(call.state, LocalState::Initiated | LocalState::Unknown | LocalState::Null | LocalState::Fail) {
            call.state = LocalState::Connected;
        }
    }
    call.party(device, answering, LocalState::Connected);
}

/// Somebody holds a call, or takes it back.
pub(super) fn holds(
    line: &mut Line,
    connection: &ConnectionId,
    state: LocalState,
    said: &impl Said,
    scene: &mut Scene<'_, '_>,
) {
    let own = line.is(connection.device_id());
    let Some(key) = known(line, connection) else { return missed(line, connection, scene) };
    let Some(call) = line.by_key_mut(&key) else { return };
    call.hidden = false;
    if own {
        call.state = state;
        call.answered |= call.direction != Direction::Out;
    } else {
        if connection.device_id().len() <= 128 {
            call.party(connection.device_id(), None, state);
        }
        apply_local(call, said.local());
    }
    learn(call, said);
    show(line, &key, scene);
}
