//! The call object as JSON (M2, M13.8).

use jackfield_plugin_api::{Phase, Scope};

use super::call::{Call, Number};
use super::json::{Json, Key, key};

/// Writes `"call": {…}`.
pub(super) fn write_call(data: &mut Json<'_>, call: &Call) {
    let mut object = data.child(key!("call"));
    call_fields(&mut object, call);
    object.end();
}

/// The fields of a call: those that are always there, null where not yet (M13.8), and the rest when known.
pub(super) fn call_fields(object: &mut Json<'_>, call: &Call) {
    object.text(key!("callId"), call.id.as_str());
    object.text_or_null(key!("nativeId"), call.native_id.as_deref());
    if !call.native_ids.is_empty() {
        object.texts(key!("nativeIds"), &call.native_ids);
    }
    if let Some(ids) = &call.global_ids {
        object.texts(key!("globalCallIds"), ids.iter());
    }
    object.text_if(key!("databaseId"), call.database_id.as_deref());
    object.text(key!("device"), &call.device);
    object.name(key!("direction"), call.direction.as_str());
    if call.scope != Scope::Unknown {
        object.name(key!("scope"), call.scope.as_str());
    }
    object.name(key!("state"), call.state.as_str());
    if call.phase != Phase::None {
        object.name(key!("phase"), call.phase.as_str());
    }
    party(object, key!("caller"), call.caller.as_ref());
    party(object, key!("called"), call.called.as_ref());
    if call.redirecting.is_some() {
        party(object, key!("redirecting"), call.redirecting.as_ref());
    }
    if call.redirection.is_some() {
        party(object, key!("redirection"), call.redirection.as_ref());
    }
    object.name(key!("role"), call.role.as_str());
    object.text_or_null(key!("parentCallId"), call.parent.as_ref().map(super::ids::CallId::as_str));
    object.flag(key!("isCurrent"), call.is_current);
    participants(object, call);
    object.names(key!("features"), call.features.names());
    object.number(key!("featuresMask"), u64::from(call.features.bits()));
    object.time(key!("startedAt"), call.started_at);
    object.time_or_null(key!("connectedAt"), call.connected_at);
    object.time_or_null(key!("finishedAt"), call.finished_at);
    object.number(key!("ringMs"), call.ring_ms);
    object.number(key!("talkMs"), call.talk_ms);
    object.number(key!("holdMs"), call.hold_ms);
    object.number(key!("holdCount"), u64::from(call.hold_count));
    object.flag_if(key!("muted"), call.muted);
    object.flag_if(key!("video"), call.video);
    object.flag_if(key!("recording"), call.recording);
    if let Some(queue) = &call.queue {
        let mut child = object.child(key!("queue"));
        child.text(key!("id"), &queue.id);
        child.text_if(key!("name"), queue.name.as_deref());
        child.end();
    }
    if let Some(data) = &call.user_data {
        let mut map = object.child(key!("userData"));
        for (key, value) in data.iter() {
            map.entry(key, value);
        }
        map.end();
    }
    object.text_if(key!("cause"), call.cause.map(|cause| cause.as_str()));
    directory(object, call);
}

fn party(object: &mut Json<'_>, key: Key, number: Option<&Number>) {
    let Some(number) = number else {
        object.null(key);
        return;
    };
    let mut child = object.child(key);
    child.text(key!("number"), &number.number);
    child.text_if(key!("name"), number.name.as_deref());
    child.text_if(key!("normalized"), number.normalized.as_deref());
    child.end();
}

fn participants(object: &mut Json<'_>, call: &Call) {
    let Some(participants) = &call.participants else { return };
    let mut list = object.list(key!("participants"));
    for participant in participants.iter() {
        let mut item = list.item();
        item.text(key!("id"), &participant.id);
        item.text(key!("number"), &participant.number);
        item.text_if(key!("name"), participant.name.as_deref());
        item.flag(key!("local"), participant.local);
        item.name(key!("state"), participant.state.as_str());
        item.name(key!("role"), participant.role.as_str());
        item.end();
    }
    list.end();
}

fn directory(object: &mut Json<'_>, call: &Call) {
    if let Some(contacts) = &call.contacts {
        let mut list = object.list(key!("contacts"));
        for contact in contacts.iter() {
            let mut item = list.item();
            item.text(key!("id"), &contact.id);
            item.text(key!("kind"), &contact.kind);
            item.text(key!("name"), &contact.name);
            item.text_if(key!("organisation"), contact.organisation.as_deref());
            item.text(key!("number"), &contact.number);
            item.text(key!("match"), if contact.exact { "exact" } else { "suffix" });
            item.text(key!("source"), &contact.source);
            item.end();
        }
        list.end();
    }
    if let Some(links) = &call.links {
        let mut list = object.list(key!("links"));
        for link in links.iter() {
            let mut item = list.item();
            item.text(key!("kind"), &link.kind);
            item.text(key!("id"), &link.id);
            item.text(key!("title"), &link.title);
            item.end();
        }
        list.end();
    }
}
