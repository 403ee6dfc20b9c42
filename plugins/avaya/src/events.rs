//! What happens to calls at a station.

use std::borrow::Cow;

use jackfield_csta::private::CallData;
use jackfield_csta::types::{ConnectionId, LocalState, Subject, UserData, number};
use jackfield_csta::{
    BridgedEvent, CallClearedEvent, CallInformationEvent, ConferencedEvent, ConnectionClearedEvent, DeliveredEvent,
    DigitsGeneratedEvent, DivertedEvent, EnteredDigitsEvent, EstablishedEvent, FailedEvent, HeldEvent, Message,
    NetworkReachedEvent, OriginatedEvent, QueuedEvent, RetrievedEvent, ServiceInitiatedEvent, TransferedEvent,
};
use jackfield_plugin_api::{CallKey, CauseCode, Direction, DtmfFact, ReleasedBy, Side};

use crate::call::{Call, Goal, is_trunk};
use crate::commands;
use crate::fact::{finish, native, show};
use crate::line::Line;
use crate::merge;
use crate::setup::look;
use crate::uui;
use crate::wire::Scene;

/// A call's id is no longer.
const LONGEST_ID: usize = 64;

/// Whether a call's id can be used.
pub(crate) fn usable(native: &str) -> bool {
    !native.is_empty() && native.len() <= LONGEST_ID
}

/// What most events say besides.
pub(crate) trait Said {
    fn local(&self) -> Option<LocalState>;
    fn cause_word(&self) -> Cow<'_, str>;
    fn ucid(&self) -> Option<&str>;
    fn data(&self) -> Option<&CallData>;
    fn uui(&self) -> Option<&UserData>;
}

macro_rules! said {
    ($($T:ident)*) => {$(
        impl Said for $T {
            fn local(&self) -> Option<LocalState> {
                self.local
            }
            fn cause_word(&self) -> Cow<'_, str> {
                let word = self.cause.as_deref().unwrap_or_default();
                if word.len() <= 64 { Cow::Borrowed(word) } else { Cow::Owned(word.chars().take(64).collect()) }
            }
            fn ucid(&self) -> Option<&str> {
                let linkage = self.linkage.as_ref().and_then(|linkage| linkage.ucid());
                linkage.or_else(|| self.extensions.as_ref()?.ucid()).filter(|ucid| ucid.len() <= LONGEST_ID)
            }
            fn data(&self) -> Option<&CallData> {
                self.extensions.as_ref()?.call()
            }
            fn uui(&self) -> Option<&UserData> {
                self.user_data.as_ref()
            }
        }
    )*};
}
said! {
    BridgedEvent CallClearedEvent ConferencedEvent ConnectionClearedEvent DeliveredEvent DivertedEvent EstablishedEvent
    FailedEvent HeldEvent NetworkReachedEvent OriginatedEvent QueuedEvent RetrievedEvent ServiceInitiatedEvent
    TransferedEvent
}

/// An event of a line's monitor.
pub(crate) fn event(line: &mut Line, message: &Message, scene: &mut Scene<'_, '_>) {
    match message {
        Message::ServiceInitiatedEvent(event) => service_initiated(line, event, scene),
        Message::OriginatedEvent(event) => originated(line, event, scene),
        Message::DeliveredEvent(event) => delivered(line, event, scene),
        Message::NetworkReachedEvent(event) => network_reached(line, event, scene),
        Message::EstablishedEvent(event) => established(line, event, scene),
        Message::HeldEvent(event) => holds(line, &event.connection, LocalState::Hold, event.as_ref(), scene),
        Message::RetrievedEvent(event) => holds(line, &event.connection, LocalState::Connected, event.as_ref(), scene),
        Message::QueuedEvent(event) => queued(line, event, scene),
        Message::DivertedEvent(event) => diverted(line, event, scene),
        Message::FailedEvent(event) => failed(line, event, scene),
        Message::BridgedEvent(event) => bridged(line, event, scene),
        Message::ConferencedEvent(event) => merge::conferenced(line, event, scene),
        Message::TransferedEvent(event) => merge::transferred(line, event, scene),
        Message::ConnectionClearedEvent(event) => cleared(line, event, scene),
        Message::CallClearedEvent(event) => call_cleared(line, event, scene),
        Message::CallInformationEvent(event) => information(line, event, scene),
        Message::DigitsGeneratedEvent(event) => digits_generated(line, event, scene),
        Message::EnteredDigitsEvent(event) => digits_entered(line, event, scene),
        _ => {}
    }
}

/// What an event says of a call besides its state.
pub(crate) fn learn(call: &mut Call, said: &impl Said) {
    if let Some(ucid) = said.ucid() {
        call.add_ucid(ucid);
    }
    if let Some(bytes) = said.uui().and_then(UserData::bytes).filter(|bytes| !bytes.is_empty() && bytes.len() <= 1_024)
    {
        call.data.extend(uui::data(&bytes));
    }
    let Some(data) = said.data() else { return };
    let short = |text: &str| text.chars().take(LONGEST_ID).collect::<String>();
    if let Some(group) = data.acd_group.as_ref().map(|group| group.number()).filter(|group| !group.is_empty()) {
        call.queue = Some(short(group));
    }
    let distributing = |device: &Option<Subject>| device.as_ref().and_then(|device| device.number().map(short));
    if let Some(vdn) = distributing(&data.distributing_vdn) {
        call.data.insert("vdn".to_owned(), vdn);
    }
    if let Some(trunk) = data.trunk_group.as_deref().filter(|trunk| !trunk.is_empty() && *trunk != "0") {
        call.external = true;
        call.data.insert("trunk".to_owned(), short(trunk));
    }
    let digits = data.entered.as_ref().and_then(|entered| entered.data.as_deref());
    if let Some(digits) = digits.filter(|digits| !digits.is_empty()) {
        call.data.insert("collectedDigits".to_owned(), short(digits));
    }
    if let Some(original) = &data.original {
        let bytes = original.user_data.as_ref().and_then(UserData::bytes);
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty() && bytes.len() <= 1_024) {
            for (name, value) in uui::data(&bytes) {
                call.data.entry(name).or_insert(value);
            }
        }
        if let Some(calling) = original.calling.as_ref().and_then(|device| device.number()) {
            call.data.insert("originalCaller".to_owned(), short(calling));
        }
    }
}

/// The state of our end, where an event tells it.
pub(crate) fn apply_local(call: &mut Call, local: Option<LocalState>) {
    use LocalState as S;
    match local {
        Some(state @ (S::Connected | S::Hold)) => {
            call.state = state;
            // Whom it rings at has answered; whom we call has not, for all that.
            call.answered |= call.direction == Direction::In;
        }
        Some(state @ (S::Initiated | S::Alerting)) if !call.answered => call.state = state,
        Some(S::Fail) if !call.answered => call.state = S::Fail,
        _ => {}
    }
}

/// Our end of a call is gone, as an event tells it of our end.
fn is_gone(local: Option<LocalState>) -> bool {
    local == Some(LocalState::Null)
}

fn keep(text: Option<&str>) -> Option<String> {
    text.filter(|text| text.len() <= 128).map(str::to_owned)
}

/// A call of which an event speaks, by its key.
fn known(line: &mut Line, connection: &ConnectionId) -> Option<CallKey> {
    line.touch(&connection.call);
    line.call(&connection.call).map(|call| call.key.clone())
}

/// An event speaks of a call that is not known. Right after a call's end it is late; else something was missed, and the
/// switch is asked.
fn missed(line: &mut Line, connection: &ConnectionId, scene: &mut Scene<'_, '_>) {
    if usable(&connection.call) && !line.is_just_over(&connection.call, scene.host.now()) {
        look(line, scene);
    }
}

/// A call of ours begins. A command that waits for it is its cause.
fn begin_out(
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

fn service_initiated(line: &mut Line, event: &ServiceInitiatedEvent, scene: &mut Scene<'_, '_>) {
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

fn originated(line: &mut Line, event: &OriginatedEvent, scene: &mut Scene<'_, '_>) {
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

fn delivered(line: &mut Line, event: &DeliveredEvent, scene: &mut Scene<'_, '_>) {
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
            let key = line.begin(&connection.call, event.ucid(), Direction::In, LocalState::Alerting, now).key.clone();
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

fn network_reached(line: &mut Line, event: &NetworkReachedEvent, scene: &mut Scene<'_, '_>) {
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

fn established(line: &mut Line, event: &EstablishedEvent, scene: &mut Scene<'_, '_>) {
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
            line.begin(&connection.call, event.ucid(), direction, LocalState::Connected, now).key.clone()
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
            party.device == device || !matches!(party.state, LocalState::Alerting | LocalState::Queued)
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
fn holds(line: &mut Line, connection: &ConnectionId, state: LocalState, said: &impl Said, scene: &mut Scene<'_, '_>) {
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

fn queued(line: &mut Line, event: &QueuedEvent, scene: &mut Scene<'_, '_>) {
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

fn diverted(line: &mut Line, event: &DivertedEvent, scene: &mut Scene<'_, '_>) {
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

fn failed(line: &mut Line, event: &FailedEvent, scene: &mut Scene<'_, '_>) {
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
        call.party_left(event.connection.device_id());
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
fn bridged(line: &mut Line, event: &BridgedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    if !line.is(event.connection.device_id()) {
        return;
    }
    let answered = line.by_key(&key).is_some_and(|call| call.answered);
    let cause = if answered { CauseCode::NormalClearing } else { CauseCode::PickedUpElsewhere };
    let released = if answered { ReleasedBy::Local } else { ReleasedBy::Remote };
    finish(line, &key, native(cause, &event.cause_word()), released, scene);
}

fn cleared(line: &mut Line, event: &ConnectionClearedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let own = line.is(event.connection.device_id());
    let by_us = event.releasing.id().map(|id| line.is(id));
    let cause = event.cause_word().into_owned();
    let Some(call) = line.by_key_mut(&key) else { return };
    learn(call, event);
    if own || is_gone(event.local) {
        // Whose end is not ours tells nothing of who ended ours.
        let (code, released) = ending(call, &cause, by_us.filter(|_| own));
        return finish(line, &key, native(code, &cause), released, scene);
    }
    let there = call.party_left(event.connection.device_id());
    if there && call.failed.is_none() && !call.answered {
        call.failed = Some(cause);
    }
    apply_local(call, event.local);
    show(line, &key, scene);
}

fn call_cleared(line: &mut Line, event: &CallClearedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let cause = event.cause_word().into_owned();
    let Some(call) = line.by_key(&key) else { return };
    let (code, released) = ending(call, &cause, None);
    finish(line, &key, native(code, &cause), released, scene);
}

/// Why a call has ended, and who ended it. `by_us`: whether the switch says that it was this station.
fn ending(call: &Call, word: &str, by_us: Option<bool>) -> (CauseCode, ReleasedBy) {
    use CauseCode as C;
    let alone = call.parties.is_empty();
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
            None if alone && call.failed.is_some() => (C::Rejected, ReleasedBy::Remote),
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
fn unreached(word: &str) -> Option<CauseCode> {
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

fn information(line: &mut Line, event: &CallInformationEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let Some(call) = line.by_key_mut(&key) else { return };
    if let Some(ucid) =
        event.linkage.as_ref().and_then(|linkage| linkage.ucid()).filter(|ucid| ucid.len() <= LONGEST_ID)
    {
        call.add_ucid(ucid);
    }
    let bytes = event.user_data.as_ref().and_then(UserData::bytes);
    if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty() && bytes.len() <= 1_024) {
        call.data.extend(uui::data(&bytes));
    }
    if call.direction == Direction::In && call.caller.is_none() {
        call.caller = event.calling.as_ref().and_then(|device| keep(device.number()));
    }
    show(line, &key, scene);
}

fn digits_generated(line: &mut Line, event: &DigitsGeneratedEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let digits: String = event.digits.chars().filter(|c| is_digit(*c)).take(64).collect();
    let own = line.is(event.connection.device_id());
    let sent = line.digits.take_if(|(native, sent, _)| *native == event.connection.call && *sent == digits);
    // What was sent from here was told when the switch took it.
    if digits.is_empty() || sent.is_some_and(|(_, _, until)| until >= scene.host.now()) {
        return;
    }
    let side = if own { Side::Local } else { Side::Remote };
    scene.host.report(DtmfFact::new(line.id, key, digits, side));
}

fn digits_entered(line: &mut Line, event: &EnteredDigitsEvent, scene: &mut Scene<'_, '_>) {
    let Some(key) = known(line, &event.connection) else { return };
    let digits: String = event.digits.chars().filter(|c| is_digit(*c)).take(64).collect();
    if !digits.is_empty() && line.by_key(&key).is_some_and(|call| call.reported.is_some()) {
        scene.host.report(DtmfFact::new(line.id, key, digits, Side::Remote));
    }
}

/// Whether a character can be dialled.
pub(crate) fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || "*#ABCDabcd".contains(c)
}

/// A queue's events, by a monitor of a VDN: where a call waits, before it rings anywhere.
pub(crate) fn at_vdn(message: &Message, scene: &mut Scene<'_, '_>) {
    match message {
        Message::QueuedEvent(event) if usable(&event.connection.call) => {
            if let Some(queue) = event.queue.id().map(number).filter(|queue| usable(queue)) {
                scene.net.add_queued(&event.connection.call, queue);
            }
        }
        Message::CallClearedEvent(event) => {
            scene.net.queued.retain(|(native, _)| *native != event.connection.call);
        }
        _ => {}
    }
}
