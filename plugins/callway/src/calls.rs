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
    let asked = |effect: &Effect| matches!(effect, Effect::Call { number: asked, .. } if asked == number);
    let known = line.call(unique).is_some();
    let cause = if known { None } else { scene.effects.take(line.id, asked) };
    let direction = match block.get("Direction") {
        Some("Incoming") => Direction::In,
        Some("Outgoing") => Direction::Out,
        _ if cause.is_some() || number == line.operator => Direction::Out,
        _ => Direction::In,
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
    let come = ended(line, unique, scene);
    fact.command = come.as_ref().map(Come::command);
    scene.host.report_call(&fact);
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

/// Who waited for the end of a call.
fn ended(line: &Line, unique: &str, scene: &mut Scene<'_, '_>) -> Option<Come> {
    let names = |effect: &Effect| match effect {
        Effect::Hangup(of) | Effect::Transfer(of) => of == unique,
        Effect::HangupThenUnhold { consult, .. } => consult == unique,
        Effect::Complete { first, consult } => first == unique || consult == unique,
        _ => false,
    };
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
    let (own, other) = (Party::new(line.operator.as_str()), Party::new(call.number.as_str()));
    let (caller, called) = if call.direction == Direction::In { (other, own) } else { (own, other) };
    (fact.direction, fact.caller, fact.called) = (Some(call.direction), Some(caller), Some(called));
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
