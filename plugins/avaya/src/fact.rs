//! A call as a fact: the whole of what is known, reported when something of it is news.

use std::collections::BTreeSet;

use jackfield_csta::types::LocalState;
use jackfield_plugin_api::{
    CallFact, CallFeatures, CallKey, CallState, Cause, CauseCode, Direction, Participant, Party, PartyRole, PartyState,
    Phase, Queue, ReleasedBy, Role, Scope,
};
use serde_json::json;

use crate::call::{Call, Goal};
use crate::capabilities::{PAIR, implemented};
use crate::config::Config;
use crate::events::unreached;
use crate::line::{Line, Stage};
use crate::wire::Scene;

/// How far a call is.
pub(crate) fn level(call: &Call, config: &Config) -> (CallState, Phase) {
    use CallState as S;
    match call.state {
        LocalState::Initiated => (S::Alerting, Phase::Initiated),
        LocalState::Alerting if call.direction == Direction::Out => (S::Alerting, Phase::OwnRinging),
        LocalState::Alerting => (S::Alerting, Phase::Ringing),
        LocalState::Hold if call.answered => (S::Held, Phase::None),
        _ if call.answered && call.talking(&config.recorders) > 1 => (S::Conferenced, Phase::None),
        _ if call.answered || call.direction != Direction::Out => (S::Connected, Phase::None),
        _ if call.failed.as_deref() == Some("busy") => (S::Busy, Phase::None),
        // It cannot be completed; a tone is heard, or an announcement.
        _ if call.failed.is_some() => (S::Alerting, Phase::None),
        _ if call.queued => (S::Alerting, Phase::Queued),
        _ if call.rings => (S::Alerting, Phase::Ringing),
        _ => (S::Alerting, Phase::Dialing),
    }
}

/// What the switch allows now: what it says itself, else what follows from the call's state. The host knows what fits the
/// call's state and its neighbours.
fn features(line: &Line, call: &Call, state: CallState, phase: Phase, config: &Config) -> CallFeatures {
    use CallFeatures as F;
    let all = implemented().call.without(F::DIAL | F::PICKUP);
    if let Some(permits) = call.permits {
        // A pair's services may be told with either call, and with the one that changed last.
        let calls = line.calls.iter().filter(|call| !call.hidden);
        let pair = calls.fold(F::NONE, |pair, call| pair | call.permits.unwrap_or(PAIR)) & PAIR;
        return (permits.without(PAIR) | pair) & all;
    }
    let when = |yes, feature| if yes { feature } else { F::NONE };
    match (state, phase) {
        (CallState::Alerting, Phase::OwnRinging) => F::ANSWER | F::DROP,
        (CallState::Alerting, _) if call.direction != Direction::Out => {
            F::ANSWER | F::DEFLECT | when(config.clears_ringing, F::DROP)
        }
        (CallState::Alerting | CallState::Busy, _) => F::DROP | PAIR,
        // The switch does not end what is held.
        (CallState::Held, _) => F::UNHOLD | PAIR | when(config.clears_held, F::DROP),
        _ => all.without(F::ANSWER | F::DEFLECT | F::UNHOLD),
    }
}

/// A call as it is now.
pub(crate) fn fact(line: &Line, call: &Call, config: &Config, stations: &BTreeSet<String>) -> CallFact {
    let (state, phase) = level(call, config);
    let mut fact = CallFact::new(line.id, call.key.clone(), state)
        .native_id(call.native.as_str())
        .direction(call.direction)
        .features(features(line, call, state, phase, config));
    fact.phase = (state == CallState::Alerting).then_some(phase);
    if !call.ucids.is_empty() {
        fact.global_ids = Some(call.ucids.clone());
    }
    let party = |number: &Option<String>| number.as_deref().map(|number| named(number, config));
    let own = Some(line.extension.clone());
    (fact.caller, fact.called) = match call.direction {
        Direction::Out => (party(&own), party(&call.called)),
        _ => (party(&call.caller), party(if call.called.is_some() { &call.called } else { &own })),
    };
    fact.redirecting = party(&call.redirecting);
    fact.redirection = party(&call.redirection);
    fact.scope = scope(call, config, stations);
    if let Some(first) = call.first.as_ref().and_then(|first| line.by_key(first)).filter(|first| !first.hidden) {
        (fact.role, fact.parent) = (Some(Role::Consult), Some(first.key.clone()));
    }
    if fact.parent.is_none() {
        fact.parent.clone_from(&call.recall_of);
    }
    fact.participants = Some(participants(line, call, config));
    if call.parties.iter().any(|party| config.recorders.contains(&party.number)) {
        fact.recording = Some(true);
    } else if call.reported.as_ref().is_some_and(|last| last.recording == Some(true)) {
        fact.recording = Some(false);
    }
    fact.queue = call.queue.as_deref().map(|queue| {
        let name = config.names.get(queue);
        let queue = Queue::new(queue);
        if let Some(name) = name { queue.name(name.as_str()) } else { queue }
    });
    if !call.data.is_empty() {
        fact.user_data = Some(call.data.clone());
    }
    if state == CallState::Busy {
        fact.cause = Some(native(CauseCode::Busy, "busy"));
    } else if let Some(word) = call.failed.as_deref().filter(|_| state == CallState::Alerting) {
        fact.cause = Some(native(unreached(word).unwrap_or(CauseCode::Unknown), word));
    }
    fact
}

/// Whether the others are stations of the same switch: sure of those that are lines, and by the length of their numbers
/// where the settings say it. Whoever is not is not therefore outside.
fn scope(call: &Call, config: &Config, stations: &BTreeSet<String>) -> Option<Scope> {
    if call.external {
        return Some(Scope::External);
    }
    let far = if call.direction == Direction::Out { &call.called } else { &call.caller };
    let parties = call.parties.iter().map(|party| &party.number).filter(|number| !config.recorders.contains(number));
    let mut numbers = far.iter().filter(|_| call.direction != Direction::Unknown).chain(parties).peekable();
    let told = numbers.peek().is_some();
    if told && numbers.all(|number| stations.contains(number) || config.is_internal(number)) {
        return Some(Scope::Internal);
    }
    let last = call.reported.as_ref().and_then(|last| last.scope);
    last.filter(|last| matches!(last, Scope::Internal | Scope::Unknown)).map(|_| Scope::Unknown)
}

fn named(number: &str, config: &Config) -> Party {
    match config.names.get(number) {
        Some(name) => Party::new(number).name(name.as_str()),
        None => Party::new(number),
    }
}

fn participants(line: &Line, call: &Call, config: &Config) -> Vec<Participant> {
    let state = |state| match state {
        LocalState::Initiated => PartyState::Initiated,
        LocalState::Alerting => PartyState::Alerting,
        LocalState::Hold => PartyState::Held,
        LocalState::Queued => PartyState::Queued,
        LocalState::Fail => PartyState::Failed,
        LocalState::Connected | LocalState::Null | LocalState::Unknown => PartyState::Connected,
    };
    let own = Participant::new(line.extension.as_str(), line.extension.as_str(), true, state(call.state));
    let mut all = vec![own];
    for party in &call.parties {
        let mut one = Participant::new(party.device.as_str(), party.number.as_str(), false, state(party.state));
        one.name = config.names.get(&party.number).cloned();
        if config.recorders.contains(&party.number) {
            one.role = PartyRole::Recorder;
        }
        all.push(one);
    }
    all
}

/// A cause, with the standard's word for it.
pub(crate) fn native(code: CauseCode, word: &str) -> Cause {
    let cause = Cause::new(code);
    if word.is_empty() { cause } else { cause.native(json!({ "csta": word })) }
}

/// Reports a call, if something of it is news and its line's calls are known.
pub(crate) fn show(line: &mut Line, key: &CallKey, scene: &mut Scene<'_, '_>) {
    if line.stage != Stage::Up {
        return;
    }
    let Some(call) = line.by_key(key).filter(|call| !call.hidden) else { return };
    let mut fact = fact(line, call, scene.config, &scene.net.stations);
    let now = scene.host.now();
    let Some(call) = line.by_key_mut(key) else { return };
    if call.reported.as_deref() == Some(&fact) {
        return;
    }
    let goals: &[Goal] = match fact.state {
        _ if call.reported.is_none() => &[Goal::Begin],
        CallState::Held => &[Goal::Held],
        CallState::Conferenced => &[Goal::Conferenced, Goal::Connected],
        CallState::Connected => &[Goal::Connected],
        _ => &[],
    };
    let command = call.take_asked(goals, now);
    call.reported = Some(Box::new(fact.clone()));
    fact.command = command;
    scene.host.report_call(&fact);
}

/// A call is over.
pub(crate) fn finish(line: &mut Line, key: &CallKey, cause: Cause, released: ReleasedBy, scene: &mut Scene<'_, '_>) {
    let now = scene.host.now();
    let Some(mut call) = line.end(key, now) else { return };
    // What the client never saw needs no end.
    if call.reported.is_none() || line.stage != Stage::Up {
        return;
    }
    let goal = match cause.code {
        CauseCode::Transferred => Goal::Transferred,
        CauseCode::Conferenced => Goal::Conferenced,
        CauseCode::Redirected => Goal::Diverted,
        _ => Goal::Dropped,
    };
    let mut fact = CallFact::finished(line.id, call.key.clone(), cause).released_by(released);
    fact.command = call.take_asked(&[goal], now);
    fact.redirecting = call.redirecting.as_deref().map(|number| named(number, scene.config));
    fact.redirection = call.redirection.as_deref().map(|number| named(number, scene.config));
    scene.host.report_call(&fact);
}
