//! Calls that become one: transferred by somebody, or joined.

use jackfield_csta::types::{ConnectionId, Connections, LocalState, number};
use jackfield_csta::{ConferencedEvent, TransferedEvent};
use jackfield_plugin_api::{CallKey, CauseCode, Direction, ReleasedBy};

use crate::call::{Call, Party, is_trunk};
use crate::events::{Said, apply_local, learn, usable};
use crate::fact::{finish, native, show};
use crate::line::Line;
use crate::setup::look;
use crate::wire::Scene;

/// The calls of a line that become one, consultations last.
fn old(line: &Line, primary: &ConnectionId, secondary: Option<&ConnectionId>) -> Vec<CallKey> {
    let ids = [Some(primary), secondary];
    let is_old = |call: &&Call| ids.iter().flatten().any(|old| old.call == call.native);
    let mut calls: Vec<&Call> = line.calls.iter().filter(is_old).collect();
    calls.sort_by_key(|call| call.first.is_some());
    calls.into_iter().map(|call| call.key.clone()).collect()
}

/// What is left when calls have become one: its id, the others in it, and whether we are.
struct Left {
    native: Option<String>,
    others: Vec<Party>,
    ours: bool,
}

fn left(line: &Line, connections: &Connections, before: &[Party]) -> Left {
    let ours = |id: &str| !id.is_empty() && line.is(id);
    let items = connections.items.iter().take(64);
    let own = items.clone().find(|item| ours(item.device_id()) || ours(item.new.device_id()));
    let native = own.or_else(|| connections.items.first()).map(|item| item.new.call.clone());
    let mut others: Vec<Party> = Vec::new();
    for item in items.filter(|item| !ours(item.device_id()) && !ours(item.new.device_id())) {
        let device = if item.new.device_id().is_empty() { item.device_id() } else { item.new.device_id() };
        if device.is_empty() || device.len() > 128 || others.iter().any(|party| party.device == device) {
            continue;
        }
        let known = before.iter().find(|party| party.device == device || party.number == number(item.device_id()));
        let state = known.map_or(LocalState::Connected, |party| party.state);
        let number = match known {
            Some(known) => known.number.clone(),
            None => number(item.device_id()).to_owned(),
        };
        others.push(Party { device: device.to_owned(), number, state });
    }
    // A trunk that was not known by its own id: it is whoever is missing.
    let numbers: Vec<String> = others.iter().map(|party| party.number.clone()).collect();
    let mut missing = before.iter().map(|party| &party.number).filter(|number| !numbers.contains(number));
    for party in others.iter_mut().filter(|party| is_trunk(&party.number)) {
        if let Some(number) = missing.next() {
            party.number.clone_from(number);
        }
    }
    Left { native: native.filter(|native| usable(native)), others, ours: own.is_some() }
}

fn parties(line: &Line, keys: &[CallKey]) -> Vec<Party> {
    let calls = keys.iter().filter_map(|key| line.by_key(key));
    calls.flat_map(|call| &call.parties).filter(|party| !line.is(&party.device)).cloned().collect()
}

/// Somebody left a call and joined the others.
pub(crate) fn transferred(line: &mut Line, event: &TransferedEvent, scene: &mut Scene<'_, '_>) {
    let keys = old(line, &event.primary, event.secondary.as_ref());
    let left = left(line, &event.connections, &parties(line, &keys));
    touch(line, &event.primary, event.secondary.as_ref(), left.native.as_deref());
    let by_us = event.transferring.id().is_some_and(|id| line.is(id)) && !left.ours;
    if by_us || event.local == Some(LocalState::Null) {
        // The consultation ends first.
        for key in keys.iter().rev() {
            if let Some(call) = line.by_key_mut(key) {
                call.redirection = event.to.number().map(str::to_owned);
            }
            let released = if by_us { ReleasedBy::Local } else { ReleasedBy::Unknown };
            finish(line, key, native(CauseCode::Transferred, &event.cause_word()), released, scene);
        }
        return;
    }
    let Some(key) = keys.first().cloned() else { return unknown(line, &left, scene) };
    for other in keys.iter().skip(1) {
        finish(line, other, native(CauseCode::Transferred, &event.cause_word()), ReleasedBy::System, scene);
    }
    become_one(line, &key, left, scene);
    let by = event.transferring.number().map(str::to_owned);
    if let Some(call) = line.by_key_mut(&key) {
        call.redirecting = by;
        let remote = call.remote().map(str::to_owned);
        if call.answered {
            call.redirection = remote.filter(|remote| call.caller.as_ref() != Some(remote));
        } else if call.direction != Direction::Out && remote.is_some() {
            // It still rings: whoever was transferred is who calls now.
            call.caller = remote;
        }
        apply_local(call, event.local);
        learn(call, event);
    }
    show(line, &key, scene);
}

/// Calls have become one.
pub(crate) fn conferenced(line: &mut Line, event: &ConferencedEvent, scene: &mut Scene<'_, '_>) {
    let mut keys = old(line, &event.primary, event.secondary.as_ref());
    let mut left = left(line, &event.connections, &parties(line, &keys));
    touch(line, &event.primary, event.secondary.as_ref(), left.native.as_deref());
    if keys.is_empty()
        && let Some(call) = left.native.as_deref().and_then(|native| line.call(native))
    {
        // Somebody joined a call that keeps its id.
        keys.push(call.key.clone());
    }
    let Some(key) = keys.first().cloned() else { return unknown(line, &left, scene) };
    if event.connections.items.is_empty() {
        // The list is missing: whoever was added is there, and the calls' others are.
        left.others = parties(line, &keys);
        left.native = None;
        if let Some(added) = event.added.id().filter(|id| !line.is(id) && id.len() <= 128) {
            let party =
                Party { device: added.to_owned(), number: number(added).to_owned(), state: LocalState::Connected };
            if !left.others.iter().any(|other| other.number == party.number) {
                left.others.push(party);
            }
        }
    }
    let answered = keys.iter().filter_map(|key| line.by_key(key)).any(|call| call.answered);
    let several = keys.len() > 1;
    become_one(line, &key, left, scene);
    if let Some(call) = line.by_key_mut(&key) {
        call.answered |= answered;
        if several {
            call.state = LocalState::Connected;
            call.first = None;
        }
        apply_local(call, event.local);
        learn(call, event);
    }
    show(line, &key, scene);
    for other in keys.iter().skip(1) {
        finish(line, other, native(CauseCode::Conferenced, &event.cause_word()), ReleasedBy::System, scene);
    }
}

/// A call goes on under the id that is left, with the parties that are left.
fn become_one(line: &mut Line, key: &CallKey, left: Left, scene: &mut Scene<'_, '_>) {
    if let Some(new) = &left.native
        && let Some(other) = line.call(new).filter(|call| call.key != *key).map(|call| call.key.clone())
        && line.by_key(key).is_some_and(|call| call.reported.is_some())
        && line.by_key(&other).is_some_and(|call| call.reported.is_none())
    {
        // An answer spoke of the new id before the event did.
        line.end(&other, scene.host.now());
    }
    let Some(call) = line.by_key_mut(key) else { return };
    if let Some(new) = left.native {
        call.native = new;
    }
    call.hidden = false;
    call.parties = left.others;
    call.rings = false;
    call.queued = false;
}

/// It is about a call that is not known here.
fn unknown(line: &mut Line, left: &Left, scene: &mut Scene<'_, '_>) {
    let now = scene.host.now();
    let late = left.native.as_deref().is_some_and(|native| line.is_just_over(native, now));
    if left.ours && !late {
        look(line, scene);
    }
}

fn touch(line: &mut Line, primary: &ConnectionId, secondary: Option<&ConnectionId>, new: Option<&str>) {
    let ids = [Some(primary.call.as_str()), secondary.map(|connection| connection.call.as_str()), new];
    for native in ids.into_iter().flatten() {
        line.touch(native);
    }
}
