//! What an answer shows is compared with what was known; the difference becomes facts.

use jackfield_plugin_api::{
    CallFact, CallFeatures, CallState, Cause, CauseCode, CommandId, Direction, Host, Participant, Party, PartyState,
    Phase, ReleasedBy, Role, Snapshot,
};

use crate::capabilities;
use crate::config::Config;
use crate::item::{Seen, Shown, Stage};
use crate::line::{Asked, Call, Line, Made};

/// An answer shows all calls of a line.
pub(crate) fn compare(line: &mut Line, seen: Vec<Seen>, config: &Config, host: &mut Host<'_>) {
    let now = host.now();
    let late: Vec<Made> = line.made.extract_if(.., |made| made.until <= now).collect();
    // A consultation goes before the call that it is for.
    let mut known: Vec<(bool, String)> =
        line.calls.iter().map(|call| (call.first.is_none(), call.id.clone())).collect();
    known.sort();
    let mut merged = Vec::new();
    for (_, id) in known {
        let over = match seen.iter().find(|seen| seen.id == id) {
            Some(seen) => seen.shown == Shown::Over,
            None => is_gone(line, &id, config),
        };
        if over && line.call(&id).is_some_and(|call| matches!(call.asked, Some((Asked::Conference, _)))) {
            merged.push(id);
        } else if over {
            end(line, &id, host);
        }
    }
    let mut facts = Vec::new();
    for seen in seen.into_iter().filter(|seen| seen.shown != Shown::Over) {
        facts.extend(update(line, seen, config));
    }
    // One answer shows both sides of a swap, or a call that was held and the one that was dialled for it.
    facts.sort_by_key(|fact| fact.state != CallState::Held);
    if line.is_shown {
        facts.iter().for_each(|fact| host.report_call(fact));
        late.iter().for_each(|made| never_shown(line, made, config, host));
        // What was merged into a conference ends after it is one.
        return merged.iter().for_each(|id| end(line, id, host));
    }
    merged.iter().for_each(|id| end(line, id, host));
    line.is_shown = true;
    // Those that were up before a break and still are have made no new fact.
    host.report(Snapshot::new(line.id, line.calls.iter().map(|call| described(line, call, config)).collect()));
}

/// A call that Infinity has made, and named, was over before an answer could show it: who has asked for it waits.
fn never_shown(line: &mut Line, made: &Made, config: &Config, host: &mut Host<'_>) {
    let Some(id) = made.id.as_deref().filter(|id| line.call(id).is_none()) else { return };
    let call = line.begin(id, Direction::Out, Stage::Alerting(Phase::Dialing));
    call.dialled.clone_from(&made.to);
    call.first.clone_from(&made.first);
    let Some(call) = line.call(id) else { return };
    let mut fact = described(line, call, config);
    fact.command = Some(made.command);
    host.report_call(&fact);
    end(line, id, host);
}

fn is_gone(line: &mut Line, id: &str, config: &Config) -> bool {
    let call = line.calls.iter_mut().find(|call| call.id == id);
    call.is_some_and(|call| {
        call.missing += 1;
        call.missing >= config.gone_after
    })
}

/// Brings a call up to date. Its fact, if anything of it is new.
fn update(line: &mut Line, seen: Seen, config: &Config) -> Option<CallFact> {
    // That it was missing for a moment is nothing that anybody is told.
    let before = line.calls.iter_mut().find(|call| call.id == seen.id).map(|call| {
        call.missing = 0;
        call.clone()
    });
    let made = if before.is_none() { line.maker(&seen.id, seen.direction) } else { None };
    if before.is_none() {
        let direction = seen.direction.or(made.as_ref().map(|_| Direction::Out)).unwrap_or(Direction::Unknown);
        let at = match seen.shown {
            Shown::At(at) => at,
            _ => Stage::Alerting(Phase::None),
        };
        let parent = seen.parent.clone().filter(|parent| direction != Direction::In && line.call(parent).is_some());
        line.begin(&seen.id, direction, at).first = made.as_ref().and_then(|made| made.first.clone()).or(parent);
    }
    let call = line.calls.iter_mut().find(|call| call.id == seen.id)?;
    if let Shown::At(at) = seen.shown {
        call.at = at;
    }
    call.was_connected |= !matches!(call.at, Stage::Alerting(_));
    call.far_holds = seen.far_holds;
    call.far_held |= seen.far_holds;
    call.number = seen.number.or(call.number.take());
    call.name = seen.name.or(call.name.take());
    call.dialled = seen.dialled.or(call.dialled.take());
    call.seance = seen.seance.or(call.seance.take());
    (call.can, call.recorded) = (seen.can, seen.recorded);
    let call = line.call(&seen.id)?;
    if before.as_ref() == Some(call) {
        return None;
    }
    let mut fact = described(line, call, config);
    fact.command = made.map(|made| made.command);
    Some(fact)
}

pub(crate) fn end(line: &mut Line, id: &str, host: &mut Host<'_>) {
    let Some(call) = line.end(id) else { return };
    for other in &mut line.calls {
        if other.first.as_deref() == Some(id) {
            other.first = None;
        }
    }
    if !line.is_shown {
        // The snapshot that follows tells it.
        return;
    }
    let asked = call.asked.map(|(asked, _)| asked);
    let cause = match (asked, call.was_connected, call.direction) {
        (Some(Asked::Transfer), ..) => CauseCode::Transferred,
        (Some(Asked::Conference), ..) => CauseCode::Conferenced,
        (_, true, _) => CauseCode::NormalClearing,
        (Some(Asked::Drop), _, Direction::In) => CauseCode::Rejected,
        (Some(Asked::Drop), ..) => CauseCode::Cancelled,
        (None, _, Direction::In) => CauseCode::NoAnswer,
        // Busy, not answered, no such number: an active call that is no more does not say.
        (None, ..) => CauseCode::Unknown,
    };
    let released = if asked == Some(Asked::Drop) { ReleasedBy::Local } else { ReleasedBy::Unknown };
    let mut fact = CallFact::finished(line.id, call.key, Cause::new(cause)).released_by(released);
    fact.command = call.asked.map(|(_, command)| command);
    host.report_call(&fact);
}

/// A call as it is now, with all that is known of it.
pub(crate) fn described(line: &Line, call: &Call, config: &Config) -> CallFact {
    let (state, phase) = match call.at {
        Stage::Alerting(phase) => (CallState::Alerting, Some(phase)),
        Stage::Connected => (CallState::Connected, None),
        Stage::Conferenced => (CallState::Conferenced, None),
        Stage::Held => (CallState::Held, None),
    };
    let mut fact = CallFact::new(line.id, call.key.clone(), state).native_id(call.id.as_str());
    fact.phase = phase;
    fact.direction = Some(call.direction);
    fact.global_ids = call.seance.clone().map(|seance| vec![seance]);
    let mut other = call.number.as_deref().or(call.dialled.as_deref()).map(Party::new);
    if let (Some(other), Some(name)) = (&mut other, &call.name) {
        other.name = Some(name.clone());
    }
    let own = Party::new(line.extension.as_str());
    if let Some(other) = other.as_ref().filter(|_| call.far_held && call.at != Stage::Conferenced) {
        let mine = if call.at == Stage::Held { PartyState::Held } else { PartyState::Connected };
        let theirs = if call.far_holds { PartyState::Held } else { PartyState::Connected };
        let mut far = Participant::new("far", other.number.as_str(), false, theirs);
        far.name.clone_from(&other.name);
        fact.participants = Some(vec![Participant::new("own", line.extension.as_str(), true, mine), far]);
    }
    if call.direction == Direction::Out {
        (fact.caller, fact.called) = (Some(own), other);
    } else {
        let dialled = call.dialled.as_deref().filter(|_| call.direction == Direction::In).map(Party::new);
        (fact.caller, fact.called) = (other, Some(dialled.unwrap_or(own)));
    }
    let mut features = capabilities::calls(config);
    if let Some(can) = call.can {
        features = features & can;
    }
    if matches!(call.at, Stage::Alerting(_)) && call.direction == Direction::Out {
        features = features.without(CallFeatures::ANSWER);
    }
    fact.features = Some(features);
    fact.recording = call.recorded.then_some(true);
    if let Some(first) = call.first.as_deref().and_then(|first| line.call(first)) {
        (fact.role, fact.parent) = (Some(Role::Consult), Some(first.key.clone()));
    }
    fact
}

/// A command was refused: what it has asked of calls is nothing.
pub(crate) fn not_asked(line: &mut Line, command: CommandId) {
    for call in &mut line.calls {
        call.asked = call.asked.filter(|(_, by)| *by != command);
    }
}

/// What a command has asked of a call is remembered: it tells why the call ends.
pub(crate) fn asked(line: &mut Line, id: &str, what: Asked, command: CommandId) {
    if let Some(call) = line.calls.iter_mut().find(|call| call.id == id) {
        call.asked = Some((what, command));
    }
}
