//! Calls that end here, or cannot be completed, and why.

use jackfield_csta::types::LocalState;
use jackfield_csta::{BridgedEvent, CallClearedEvent, ConnectionClearedEvent, DivertedEvent, FailedEvent};
use jackfield_plugin_api::{CauseCode, Direction, ReleasedBy};

use super::{Said, apply_local, is_gone, keep, known, learn};
use crate::call::{Call, Goal};
use crate::fact::{finish, native, show};
use crate::line::Line;
use crate::wire::Scene;

pub(super) fn diverted(line: &mut Line, event: &DivertedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let own = line.is(event.connection.device_id());
    let Some(call) = line.by_key_mut(&key) else { return };
    if !own && !is_gone(event.local) {
        call.party_left(event.connection.device_id());
        if call.direction == Direction::Out && !call.answered {
            call.rings = false;
            call.redirection = keep(event.to.number()).or_else(|| call.redirection.take());
        }
        learn(call, event);
        return show(line, &key, scene);
    }
    call.redirection = keep(event.to.number());
    let taken = event.cause.as_deref() == Some("callPickup") || answered_elsewhere(call);
    let cause = if taken { CauseCode::PickedUpElsewhere } else { CauseCode::Redirected };
    let released = if call.was_asked(Goal::Diverted) { ReleasedBy::Local } else { ReleasedBy::System };
    finish(line, &key, native(cause, &event.cause_word()), released, scene);
}

/// Whether somebody besides the caller talks in a call that rings here.
fn answered_elsewhere(call: &Call) -> bool {
    let talks = call.parties.iter().filter(|party| party.state == LocalState::Connected).count();
    call.direction == Direction::In && !call.answered && talks > 1
}

pub(super) fn failed(line: &mut Line, event: &FailedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let own = line.is(event.connection.device_id());
    let cause = event.cause_word().into_owned();
    let Some(call) = line.by_key_mut(&key) else { return };
    call.hidden = false;
    if call.answered {
        // A further party could not be reached; the call itself goes on.
        if !own {
            call.party_left(event.connection.device_id());
        }
    } else {
        call.rings = false;
        call.queued = false;
        call.failed = Some(cause.clone());
        let device = event.connection.device_id();
        if own {
            // Our own end has no way on: a tone is heard.
            call.state = LocalState::Fail;
        } else if call.direction == Direction::Out && device.len() <= 128 {
            // It stays to be seen, until the switch clears it or us.
            call.party(device, event.failing.number(), LocalState::Fail);
        } else {
            call.party_left(device);
        }
        if matches!(call.state, LocalState::Initiated | LocalState::Unknown | LocalState::Null) {
            call.state = LocalState::Connected;
        }
        if call.called.is_none() && call.direction == Direction::Out {
            call.called = event.called.as_ref().and_then(|device| keep(device.number()));
        }
    }
    learn(call, event);
    if is_gone(event.local) {
        let (code, released) = ending(call, &cause, None);
        return finish(line, &key, native(code, &cause), released, scene);
    }
    show(line, &key, scene);
}

/// An appearance of a shared line is idle now, while the call goes on elsewhere.
pub(super) fn bridged(line: &mut Line, event: &BridgedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    if !line.is(event.connection.device_id()) {
        return;
    }
    let answered = line.by_key(&key).is_some_and(|call| call.answered);
    let cause = if answered { CauseCode::NormalClearing } else { CauseCode::PickedUpElsewhere };
    let released = if answered { ReleasedBy::Local } else { ReleasedBy::Remote };
    finish(line, &key, native(cause, &event.cause_word()), released, scene);
}

pub(super) fn cleared(line: &mut Line, event: &ConnectionClearedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let own = line.is(event.connection.device_id());
    let by_us = event.releasing.id().map(|id| line.is(id));
    let cause = event.cause_word().into_owned();
    let Some(call) = line.by_key_mut(&key) else { return };
    learn(call, event);
    if own || is_gone(event.local) {
        // Whose end is not ours tells nothing of who ended ours.
        let (code, released) = ending(call, &cause, by_us.filter(|_| own));
        if code == CauseCode::Transferred
            && let Some(consult) = line.consult_of(&key)
        {
            // Clearings that are told before the transfer itself: the consultation ends first.
            finish(line, &consult, native(code, &cause), released, scene);
        }
        return finish(line, &key, native(code, &cause), released, scene);
    }
    let there = call.party_left(event.connection.device_id());
    if there && call.failed.is_none() && !call.answered {
        call.failed = Some(cause);
    }
    apply_local(call, event.local);
    show(line, &key, scene);
}

pub(super) fn call_cleared(line: &mut Line, event: &CallClearedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let cause = event.cause_word().into_owned();
    let Some(call) = line.by_key(&key) else { return };
    let (code, released) = ending(call, &cause, None);
    finish(line, &key, native(code, &cause), released, scene);
}

/// Why a call has ended, and who ended it. `by_us`: whether the switch says that it was this station.
fn ending(call: &Call, word: &str, by_us: Option<bool>) -> (CauseCode, ReleasedBy) {
    use CauseCode as C;
    let alone = call.is_alone();
    let asked = call.was_asked(Goal::Dropped);
    let released = match by_us {
        _ if asked => ReleasedBy::Local,
        // The others have left: what is said of our own end follows from it.
        _ if alone && call.answered => ReleasedBy::Remote,
        Some(true) => ReleasedBy::Local,
        Some(false) => ReleasedBy::Remote,
        None => ReleasedBy::Unknown,
    };
    if call.was_asked(Goal::Transferred) || matches!(word, "transfer" | "singleStepTransfer") {
        return (C::Transferred, if call.was_asked(Goal::Transferred) { ReleasedBy::Local } else { released });
    }
    if matches!(word, "conference" | "singleStepConference") {
        return (C::Conferenced, ReleasedBy::System);
    }
    if word == "park" {
        return (C::Parked, released);
    }
    if call.answered {
        return (C::NormalClearing, released);
    }
    let last = call.failed.as_deref().filter(|_| call.direction == Direction::Out).unwrap_or(word);
    if call.direction == Direction::Out {
        return match unreached(last) {
            Some(code) if asked && code == C::NoAnswer => (C::Cancelled, ReleasedBy::Local),
            Some(code @ C::NoAnswer) => (code, ReleasedBy::System),
            Some(code) => (code, if asked || by_us == Some(true) { ReleasedBy::Local } else { ReleasedBy::System }),
            None if asked || by_us == Some(true) => (C::Cancelled, ReleasedBy::Local),
            None if alone && !last.is_empty() && call.failed.is_some() => (C::Rejected, ReleasedBy::Remote),
            None => (C::Unknown, released),
        };
    }
    match word {
        _ if asked => (C::Rejected, ReleasedBy::Local),
        "callPickup" => (C::PickedUpElsewhere, ReleasedBy::Remote),
        _ if answered_elsewhere(call) => (C::PickedUpElsewhere, ReleasedBy::Remote),
        "redirected"
        | "callForward"
        | "callForwardImmediate"
        | "callForwardBusy"
        | "callForwardNoAnswer"
        | "distributed"
        | "enteringDistribution" => (C::Redirected, ReleasedBy::System),
        "doNotDisturb" => (C::Rejected, ReleasedBy::Local),
        "callNotAnswered" | "timeout" => (C::NoAnswer, ReleasedBy::System),
        word => match unreached(word) {
            Some(code @ C::NetworkError) => (code, ReleasedBy::System),
            // Nobody else ends a call that nobody answered.
            _ => (C::Cancelled, ReleasedBy::Remote),
        },
    }
}

/// Why a call could not be completed.
pub(crate) fn unreached(word: &str) -> Option<CauseCode> {
    Some(match word {
        "busy" => CauseCode::Busy,
        "callNotAnswered" | "timeout" | "noAvailableAgents" => CauseCode::NoAnswer,
        "destNotObtainable"
        | "numberUnallocated"
        | "numberChanged"
        | "invalidNumberFormat"
        | "incompatibleDestination"
        | "invalidAccountCode" => CauseCode::InvalidDestination,
        "destOutOfOrder"
        | "networkCongestion"
        | "networkNotObtainable"
        | "networkOutOfOrder"
        | "trunksBusy"
        | "resourcesNotAvailable"
        | "reorderTone" => CauseCode::NetworkError,
        "doNotDisturb" | "callRejected" | "blocked" => CauseCode::Rejected,
        _ => return None,
    })
}
