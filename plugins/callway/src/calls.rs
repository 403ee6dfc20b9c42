//! What CallWay says of calls becomes calls, and those become facts.

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    CallFact, CallFeatures, CallState, Cause, CauseCode, CommandError, CommandId, Direction, ErrorCode, Host, Party,
    Phase, Queue, ReleasedBy, Reply, Role, Scope,
};

use crate::capabilities;
use crate::commands::{dial, send, take_back};
use crate::config::Config;
use crate::effects::{Effect, Effects, Waiting};
use crate::line::{Asked, Call, Line, Stage};
use crate::wire::Block;

/// A server's id of a call is no longer.
const LONGEST_ID: usize = 128;

/// What the handling of one message may use.
pub(crate) struct Scene<'a, 'h> {
    pub(crate) config: &'a Config,
    pub(crate) effects: &'a mut Effects,
    pub(crate) host: &'a mut Host<'h>,
}

/// `NewCall`: a call begins, or one is described again.
pub(crate) fn new_call(line: &mut Line, block: &Block<'_>, scene: &mut Scene<'_, '_>) {
    let Some(unique) = unique(block) else { return };
    let number = block.get("Number").unwrap_or_default();
    if scene.config.ring_back_caller_id.as_deref() == Some(number) {
        line.hide(unique);
        return own_phone_rings(line, scene);
    }
    // Nothing is told twice after a break: an id that has been silent since then and begins is another call's.
    if line.call(unique).is_some_and(|call| !call.is_sure) {
        lost(line, unique, scene);
    }
    let known = line.call(unique).is_some();
    let direction = block.get("Direction");
    // Who dials inside may be shown the own number, and outside the number as it was dialled at last.
    let shows_own = number == line.operator;
    let cause = if known { None } else { dialled_from_here(line, number, direction, scene) };
    let direction = match direction {
        Some("Incoming") => Direction::In,
        Some("Outgoing") => Direction::Out,
        _ if cause.is_some() || shows_own => Direction::Out,
        _ => Direction::In,
    };
    let number = match &cause {
        Some(Waiting { effect: Effect::Call { number, .. }, .. }) if shows_own => number.as_str(),
        _ if shows_own => "",
        _ => number,
    };
    let first = match &cause {
        Some(Waiting { effect: Effect::Call { from, .. }, .. }) => from.clone(),
        // Dialled at the phone while another call is up: that is how a consultation is made there.
        _ if direction == Direction::Out => line.main().map(|call| call.unique.clone()),
        _ => None,
    };
    let command = cause.as_ref().map(|waiting| waiting.id);
    if !known {
        line.begin(unique, direction, number).first = first;
    }
    let Some(call) = line.call_mut(unique) else { return };
    call.is_sure = true;
    if call.direction == Direction::Unknown {
        call.direction = direction;
    }
    call.number = number.to_owned();
    let key = call.key.clone();
    let Some(call) = line.call(unique) else { return };
    let mut fact = fact(line, call, scene.config);
    fact.command = command;
    describe(&mut fact, line, call, block);
    scene.host.report_call(&fact);
    if let Some(Waiting { id, effect: Effect::Call { own_rings: false, .. }, .. }) = cause {
        scene.host.reply(id, Reply::call(key));
    }
}

/// The command that a call is the effect of.
fn dialled_from_here(line: &Line, number: &str, direction: Option<&str>, scene: &mut Scene<'_, '_>) -> Option<Waiting> {
    let exactly = |effect: &Effect| matches!(effect, Effect::Call { number: asked, .. } if asked == number);
    let any = |effect: &Effect| matches!(effect, Effect::Call { .. });
    let out = direction == Some("Outgoing") || (direction != Some("Incoming") && number == line.operator);
    let found = if direction == Some("Incoming") { None } else { scene.effects.take(line.id, exactly) };
    found.or_else(|| if out { scene.effects.take(line.id, any) } else { None })
}

/// What became of a call is not known, and will not be.
fn lost(line: &mut Line, unique: &str, scene: &mut Scene<'_, '_>) {
    let Some(call) = line.end(unique) else { return };
    scene.host.report_call(&CallFact::finished(line.id, call.key, Cause::new(CauseCode::Lost)));
}

/// The server rings the operator's own phone: what was dialled is accepted, and the call comes when it is lifted.
fn own_phone_rings(line: &Line, scene: &mut Scene<'_, '_>) {
    let waits = |effect: &Effect| matches!(effect, Effect::Call { own_rings: false, .. });
    let Some(waiting) = scene.effects.find(line.id, waits) else { return };
    if let Effect::Call { own_rings, .. } = &mut waiting.effect {
        *own_rings = true;
    }
    // Somebody walks to the phone.
    waiting.deadline = scene.host.now() + std::time::Duration::from_secs(120);
    let id = waiting.id;
    scene.host.reply(id, Reply::accepted());
}

/// `CallStateChanged`.
pub(crate) fn state_changed(line: &mut Line, block: &Block<'_>, scene: &mut Scene<'_, '_>) {
    let Some(unique) = unique(block) else { return };
    let state = block.get("State").unwrap_or_default();
    if line.is_hidden(unique) {
        if state == "Hangup" {
            line.hidden.retain(|id| id != unique);
        }
        return;
    }
    let stage = match state {
        "Bridge" | "Unhold" => Stage::Connected,
        "Hold" => Stage::Held,
        "Hangup" => return hangup(line, unique, scene),
        // "Transfer" is declared and nobody knows when it comes; what follows from it is a hang-up.
        _ => return,
    };
    if line.call(unique).is_none() {
        if line.is_over(unique) {
            return;
        }
        // It began before this adapter did. The host may know it by this key.
        line.begin(unique, Direction::Unknown, "");
    }
    let Some(call) = line.call_mut(unique) else { return };
    (call.at, call.is_sure) = (stage, true);
    let come = reached(line, unique, state, scene);
    let Some(call) = line.call(unique) else { return };
    let mut fact = fact(line, call, scene.config);
    fact.command = come.as_ref().map(Come::command);
    scene.host.report_call(&fact);
    answer(come.as_ref(), scene);
}

/// What a command waited for has come.
enum Come {
    /// All of it.
    Whole(CommandId),
    /// The first half; what leads to the second is sent.
    Half(CommandId),
}

impl Come {
    fn command(&self) -> CommandId {
        match self {
            Self::Whole(id) | Self::Half(id) => *id,
        }
    }
}

/// Answers a command, after the fact that it has led to.
fn answer(come: Option<&Come>, scene: &mut Scene<'_, '_>) {
    if let Some(Come::Whole(id)) = come {
        scene.host.reply(*id, Reply::accepted());
    }
}

/// Who waited for this state.
fn reached(line: &Line, unique: &str, state: &str, scene: &mut Scene<'_, '_>) -> Option<Come> {
    let is = |effect: &Effect| match (state, effect) {
        ("Bridge", Effect::Bridge(of)) | ("Hold", Effect::Hold(of)) => of == unique,
        ("Bridge" | "Unhold", Effect::Unhold(of)) => of == unique,
        ("Hold", Effect::HoldThenCall { from, .. }) => from == unique,
        ("Hold", Effect::Swap { hold, .. }) => hold == unique,
        _ => false,
    };
    let waiting = scene.effects.find(line.id, is)?;
    let id = waiting.id;
    match waiting.effect.clone() {
        Effect::HoldThenCall { number, from } => {
            let request = dial(line, &number);
            waiting.effect = Effect::Call { number, from: Some(from), own_rings: false };
            waiting.deadline = scene.host.now() + scene.config.answer_timeout();
            send(&request, scene.config, scene.host);
        }
        Effect::Swap { held, .. } => {
            waiting.effect = Effect::Unhold(held.clone());
            waiting.deadline = scene.host.now() + scene.config.answer_timeout();
            send(&take_back(line, &held), scene.config, scene.host);
        }
        _ => {
            scene.effects.take(line.id, is);
            return Some(Come::Whole(id));
        }
    }
    Some(Come::Half(id))
}

fn hangup(line: &mut Line, unique: &str, scene: &mut Scene<'_, '_>) {
    if line.call(unique).is_some() && first_goes_first(line, unique, scene) {
        return;
    }
    let Some(call) = line.end(unique) else { return };
    let transferred = call.asked == Some(Asked::Transfer);
    let cause = match (transferred, call.at, call.direction, call.asked) {
        (true, ..) => CauseCode::Transferred,
        (_, Stage::Connected | Stage::Held, ..) => CauseCode::NormalClearing,
        (_, _, Direction::In, Some(Asked::Drop)) => CauseCode::Rejected,
        (_, _, _, Some(Asked::Drop)) => CauseCode::Cancelled,
        // CallWay does not say why: nobody has answered, that much is known.
        (_, _, Direction::In, _) => CauseCode::NoAnswer,
        _ => CauseCode::Unknown,
    };
    let released = match call.asked {
        Some(Asked::Drop) => ReleasedBy::Local,
        _ => ReleasedBy::Unknown,
    };
    let mut fact = CallFact::finished(line.id, call.key.clone(), Cause::new(cause)).released_by(released);
    if !transferred && call.at == Stage::Alerting && cause == CauseCode::Unknown {
        fact.cause = Some(Cause::new(cause).text("not answered; CallWay does not say why"));
    }
    let gone = scene
        .effects
        .find(line.id, |effect| matches!(effect, Effect::CompleteFirstGone { consult, .. } if consult == unique));
    let gone = gone.and_then(|waiting| match &waiting.effect {
        Effect::CompleteFirstGone { first, .. } => Some(first.clone()),
        _ => None,
    });
    let come = ended(line, unique, scene);
    fact.command = come.as_ref().map(Come::command);
    scene.host.report_call(&fact);
    if let Some(first) = gone {
        hangup(line, &first, scene);
    }
    answer(come.as_ref(), scene);
    for waiting in scene.effects.take_needing(line.id, unique) {
        let text = "the call ended before CallWay did it";
        scene.host.refuse(waiting.id, CommandError::new(ErrorCode::InvalidCallState, text));
    }
    // A consultation whose first call is gone is a call like any other.
    for other in &mut line.calls {
        if other.first.as_deref() == Some(unique) {
            other.first = None;
        }
    }
}

/// How long the end of a consultation may come after that of the first call, when the two were connected: both are told
/// of one deed.
const TOGETHER: std::time::Duration = std::time::Duration::from_secs(1);

/// Two calls were to be connected, and the first one ends first: the consultation's end is waited for, a moment.
fn first_goes_first(line: &Line, unique: &str, scene: &mut Scene<'_, '_>) -> bool {
    let goes = |effect: &Effect| matches!(effect, Effect::Complete { first, .. } if first == unique);
    let Some(waiting) = scene.effects.find(line.id, goes) else { return false };
    let Effect::Complete { first, consult } = waiting.effect.clone() else { return false };
    if line.call(&consult).is_none() {
        return false;
    }
    waiting.effect = Effect::CompleteFirstGone { first, consult };
    waiting.deadline = waiting.deadline.min(scene.host.now() + TOGETHER);
    true
}

/// The consultation's end has not come: the two were not connected, the first call has ended by itself.
pub(crate) fn first_alone(line: &mut Line, first: &str, consult: &str, scene: &mut Scene<'_, '_>) {
    for call in line.calls.iter_mut().filter(|call| call.unique == first || call.unique == consult) {
        call.asked = None;
    }
    hangup(line, first, scene);
}

/// Who waited for the end of a call.
fn ended(line: &Line, unique: &str, scene: &mut Scene<'_, '_>) -> Option<Come> {
    let names = |effect: &Effect| effect.ends(unique);
    let waiting = scene.effects.find(line.id, names)?;
    let id = waiting.id;
    match waiting.effect.clone() {
        Effect::HangupThenUnhold { first, .. } if line.call(&first).is_some_and(|call| call.at == Stage::Held) => {
            waiting.effect = Effect::Unhold(first.clone());
            waiting.deadline = scene.host.now() + scene.config.answer_timeout();
            send(&take_back(line, &first), scene.config, scene.host);
        }
        _ => {
            scene.effects.take(line.id, names);
            return Some(Come::Whole(id));
        }
    }
    Some(Come::Half(id))
}

fn unique<'a>(block: &Block<'a>) -> Option<&'a str> {
    block.get("UniqueId").filter(|id| id.len() <= LONGEST_ID)
}

/// A call as it is now.
pub(crate) fn fact(line: &Line, call: &Call, config: &Config) -> CallFact {
    let state = match call.at {
        Stage::Alerting => CallState::Alerting,
        Stage::Connected => CallState::Connected,
        Stage::Held => CallState::Held,
    };
    let mut fact = CallFact::new(line.id, call.key.clone(), state).native_id(call.unique.as_str());
    let mut features = capabilities::calls(config, line.softphone);
    if call.at == Stage::Alerting && call.direction != Direction::In {
        features = features.without(CallFeatures::ANSWER);
    }
    fact.features = Some(features);
    if call.at == Stage::Alerting {
        let phase = if call.direction == Direction::In { Phase::Ringing } else { Phase::Dialing };
        fact.phase = Some(phase);
    }
    if let Some(first) = call.first.as_deref().and_then(|first| line.call(first)) {
        (fact.role, fact.parent) = (Some(Role::Consult), Some(first.key.clone()));
    }
    fact
}

/// What only the first message of a call says.
fn describe(fact: &mut CallFact, line: &Line, call: &Call, block: &Block<'_>) {
    let own = Some(Party::new(line.operator.as_str()));
    let other = Some(call.number.as_str()).filter(|number| !number.is_empty()).map(Party::new);
    let (caller, called) = if call.direction == Direction::In { (other, own) } else { (own, other) };
    (fact.direction, fact.caller, fact.called) = (Some(call.direction), caller, called);
    fact.scope = match block.get("Direction") {
        Some("Internal") => Some(Scope::Internal),
        Some("Incoming" | "Outgoing") => Some(Scope::External),
        _ => None,
    };
    fact.queue = block.get("QueueId").map(Queue::new);
    let more: BTreeMap<String, String> = [("callway.ivr", "IVRId"), ("callway.routingRule", "RoutingRule")]
        .into_iter()
        .filter_map(|(name, field)| Some((name.to_owned(), block.get(field)?.to_owned())))
        .collect();
    if !more.is_empty() {
        fact.user_data = Some(more);
    }
}
