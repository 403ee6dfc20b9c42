//! The call object as JSON (M2, M13.8).

use jackfield_plugin_api::{Phase, Scope};

use super::call::{Call, Number};
use super::json::Json;

/// Writes `"call": {…}`.
pub(super) fn write_call(data: &mut Json<'_>, call: &Call) {
    let mut object = data.child("call");
    call_fields(&mut object, call);
    object.end();
}

/// The fields of a call: those that are always there, null where not yet (M13.8), and the rest when known.
pub(super) fn call_fields(object: &mut Json<'_>, call: &Call) {
    object.text("callId", call.id.as_str());
    object.text_or_null("nativeId", call.native_id.as_deref());
    if !call.native_ids.is_empty() {
        object.texts("nativeIds", &call.native_ids);
    }
    if let Some(ids) = &call.global_ids {
        object.texts("globalCallIds", ids.iter());
    }
    object.text_if("databaseId", call.database_id.as_deref());
    object.text("device", &call.device);
    object.text("direction", call.direction.as_str());
    if call.scope != Scope::Unknown {
        object.text("scope", call.scope.as_str());
    }
    object.text("state", call.state.as_str());
    if call.phase != Phase::None {
        object.text("phase", call.phase.as_str());
    }
    party(object, "caller", call.caller.as_ref());
    party(object, "called", call.called.as_ref());
    if call.redirecting.is_some() {
        party(object, "redirecting", call.redirecting.as_ref());
    }
    if call.redirection.is_some() {
        party(object, "redirection", call.redirection.as_ref());
    }
    object.text("role", call.role.as_str());
    object.text_or_null("parentCallId", call.parent.as_ref().map(super::ids::CallId::as_str));
    object.flag("isCurrent", call.is_current);
    participants(object, call);
    object.names("features", call.features.names());
    object.number("featuresMask", u64::from(call.features.bits()));
    object.time("startedAt", call.started_at);
    object.time_or_null("connectedAt", call.connected_at);
    object.time_or_null("finishedAt", call.finished_at);
    object.number("ringMs", call.ring_ms);
    object.number("talkMs", call.talk_ms);
    object.number("holdMs", call.hold_ms);
    object.number("holdCount", u64::from(call.hold_count));
    object.flag_if("muted", call.muted);
    object.flag_if("video", call.video);
    object.flag_if("recording", call.recording);
    if let Some(queue) = &call.queue {
        let mut child = object.child("queue");
        child.text("id", &queue.id);
        child.text_if("name", queue.name.as_deref());
        child.end();
    }
    if let Some(data) = &call.user_data {
        let mut map = object.child("userData");
        for (key, value) in data.iter() {
            map.entry(key, value);
        }
        map.end();
    }
    object.text_if("cause", call.cause.map(|cause| cause.as_str()));
    directory(object, call);
}

fn party(object: &mut Json<'_>, key: &'static str, number: Option<&Number>) {
    let Some(number) = number else {
        object.null(key);
        return;
    };
    let mut child = object.child(key);
    child.text("number", &number.number);
    child.text_if("name", number.name.as_deref());
    child.text_if("normalized", number.normalized.as_deref());
    child.end();
}

fn participants(object: &mut Json<'_>, call: &Call) {
    let Some(participants) = &call.participants else { return };
    let mut list = object.list("participants");
    for participant in participants.iter() {
        let mut item = list.item();
        item.text("id", &participant.id);
        item.text("number", &participant.number);
        item.text_if("name", participant.name.as_deref());
        item.flag("local", participant.local);
        item.text("state", participant.state.as_str());
        item.text("role", participant.role.as_str());
        item.end();
    }
    list.end();
}

fn directory(object: &mut Json<'_>, call: &Call) {
    if let Some(contacts) = &call.contacts {
        let mut list = object.list("contacts");
        for contact in contacts.iter() {
            let mut item = list.item();
            item.text("id", &contact.id);
            item.text("kind", &contact.kind);
            item.text("name", &contact.name);
            item.text_if("organisation", contact.organisation.as_deref());
            item.text("number", &contact.number);
            item.text("match", if contact.exact { "exact" } else { "suffix" });
            item.text("source", &contact.source);
            item.end();
        }
        list.end();
    }
    if let Some(links) = &call.links {
        let mut list = object.list("links");
        for link in links.iter() {
            let mut item = list.item();
            item.text("kind", &link.kind);
            item.text("id", &link.id);
            item.text("title", &link.title);
            item.end();
        }
        list.end();
    }
}
