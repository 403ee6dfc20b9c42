//! Events as JSON-RPC notifications (M4, M7).

use jackfield_plugin_api::{AgentQueue, Capabilities, SelectableState};

use super::body::{ActiveCallSnapshot, Agent, Body, Disconnected, Fault, Initialized, LineState, RawMessage};
use super::event::{Event, EventCause};
use super::json::{Json, key};
use super::write_call::write_call;

impl Event {
    /// Appends the notification: `{"jsonrpc":"2.0","method":…,"params":{…}}`, without a line break.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut frame = Json::object(out);
        frame.name(key!("jsonrpc"), "2.0");
        frame.name(key!("method"), self.method());
        let mut params = frame.child(key!("params"));
        params.text(key!("connection"), &self.place.connection);
        params.text_or_null(key!("line"), self.place.line.as_deref());
        if let Some(epoch) = self.epoch {
            params.number(key!("epoch"), epoch);
        }
        if let Some(seq) = self.seq {
            params.number(key!("seq"), seq);
        }
        if let Body::RawMessage(raw) = &self.body {
            params.number(key!("rawSeq"), raw.raw_seq);
        }
        params.time(key!("at"), self.at);
        if let Some(at) = self.src_at {
            params.time(key!("srcAt"), at);
        }
        params.text_or_null(key!("currentCallId"), self.current.as_ref().map(super::ids::CallId::as_str));
        if self.synthetic {
            params.flag(key!("synthetic"), true);
        }
        if self.resent {
            params.flag(key!("resent"), true);
        }
        if let Some(cause) = &self.cause {
            write_cause(&mut params, cause);
        }
        if let Some(reply) = &self.reply_to {
            let mut to = params.child(key!("replyTo"));
            to.text(key!("session"), &reply.session);
            to.value(key!("id"), &reply.id);
            to.end();
        }
        let mut data = params.child(key!("data"));
        write_body(&mut data, self);
        data.end();
        params.end();
        frame.end();
    }

    /// The notification as text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::with_capacity(512);
        self.write_json(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

fn write_cause(params: &mut Json<'_>, cause: &EventCause) {
    let mut object = params.child(key!("cause"));
    object.text(key!("code"), &cause.code);
    object.text_if(key!("text"), cause.text.as_deref());
    if let Some(native) = &cause.native {
        object.value(key!("native"), native);
    }
    object.end();
}

fn write_body(data: &mut Json<'_>, event: &Event) {
    match &event.body {
        Body::Initialized(initialized) => write_initialized(data, initialized),
        Body::Disconnected(disconnected) => write_disconnected(data, disconnected),
        Body::CallStarted(call) | Body::CommutationStarted(call) | Body::CallBusy(call) => write_call(data, call),
        Body::Hold(call) | Body::Unhold(call) => {
            write_call(data, call);
            data.name(key!("heldBy"), "local");
        }
        Body::LineStateChanged(changed) => {
            data.text_or_null(key!("callId"), changed.call.as_ref().map(super::ids::CallId::as_str));
            data.names(key!("features"), changed.features.names());
            data.number(key!("featuresMask"), u64::from(changed.features.bits()));
            write_line(data, &changed.line);
        }
        Body::DtmfEntered(dtmf) => {
            data.text(key!("callId"), dtmf.call.as_str());
            data.text(key!("digits"), &dtmf.digits);
            data.name(key!("by"), dtmf.by.as_str());
        }
        Body::CallInfoChanged(changed, call) => {
            data.names(key!("changed"), changed.names());
            write_call(data, call);
        }
        Body::CallSaved(saved) => {
            data.text(key!("callId"), saved.call.as_str());
            data.text(key!("databaseId"), &saved.database_id);
            data.text(key!("store"), &saved.store);
            data.number(key!("revision"), saved.revision);
            data.flag(key!("created"), saved.created);
            data.flag(key!("final"), saved.is_final);
        }
        Body::CurrentCallChanged { previous, call } => {
            data.text(key!("previousCallId"), previous.as_str());
            write_call(data, call);
        }
        Body::CallFinished(finished) => {
            write_call(data, &finished.call);
            data.name(key!("releasedBy"), finished.released_by.as_str());
            data.name(key!("finishedFrom"), finished.finished_from.as_str());
            data.flag(key!("missed"), finished.missed);
            if finished.estimated {
                data.flag(key!("estimated"), true);
            }
        }
        Body::ActiveCallSnapshot(snapshot) => write_snapshot(data, snapshot),
        Body::AgentStateChanged { agent, previous } => write_agent_change(data, agent, previous.as_deref()),
        Body::CallCentreStateChanged { is_active } => data.flag(key!("isActive"), *is_active),
        Body::Error(fault) => write_fault(data, fault),
        Body::RawMessage(raw) => write_raw(data, raw),
        Body::WebRtcStarted(started) => {
            data.text(key!("sessionId"), &started.session_id);
            data.text(key!("callId"), started.call.as_str());
            data.texts(key!("media"), &started.media);
            data.name(key!("endpoint"), "browser");
            data.text_or_null(key!("ownerSession"), started.owner_session.as_deref());
        }
        Body::WebRtcVideoStarted(video) => {
            data.text(key!("sessionId"), &video.session_id);
            data.text(key!("callId"), video.call.as_str());
            data.text(key!("direction"), &video.direction);
        }
        Body::WebRtcDestroyed { session_id, call } => {
            data.text(key!("sessionId"), session_id);
            data.text(key!("callId"), call.as_str());
        }
    }
}

fn write_initialized(data: &mut Json<'_>, initialized: &Initialized) {
    let mut connection = data.child(key!("connection"));
    connection.text(key!("id"), &initialized.connection);
    connection.text(key!("adapter"), &initialized.adapter);
    connection.text(key!("adapterVersion"), &initialized.adapter_version);
    connection.text(key!("phoneSystem"), &initialized.phone_system);
    connection.end();
    let mut device = data.child(key!("device"));
    device.text(key!("id"), &initialized.device);
    device.name(key!("state"), initialized.device_state.as_str());
    device.end();
    let mut capabilities = data.child(key!("capabilities"));
    capability_fields(&mut capabilities, &initialized.capabilities);
    capabilities.end();
    data.flag(key!("resumed"), initialized.resumed);
}

/// Appends capabilities as the object that `initialized` and the answer to `hello` carry.
pub fn write_capabilities(capabilities: &Capabilities, out: &mut Vec<u8>) {
    let mut object = Json::object(out);
    capability_fields(&mut object, capabilities);
    object.end();
}

fn capability_fields(object: &mut Json<'_>, capabilities: &Capabilities) {
    object.names(key!("call"), capabilities.call.names());
    object.number(key!("callMask"), u64::from(capabilities.call.bits()));
    object.names(key!("agent"), capabilities.agent.names());
    object.number(key!("agentMask"), u64::from(capabilities.agent.bits()));
    object.name(key!("snapshot"), capabilities.snapshot.as_str());
    object.name(key!("timestamps"), capabilities.timestamps.as_str());
    object.name(key!("holdDetection"), capabilities.hold_detection.as_str());
    object.flag(key!("busyDetection"), capabilities.busy_detection);
    object.flag(key!("renamesCalls"), capabilities.renames_calls);
    object.flag(key!("earlyTransfer"), capabilities.early_transfer);
    object.flag(key!("dropsOneOfPair"), capabilities.drops_one_of_pair);
    object.texts(key!("services"), &capabilities.services);
}

fn write_disconnected(data: &mut Json<'_>, disconnected: &Disconnected) {
    data.name(key!("scope"), disconnected.scope.as_str());
    data.flag(key!("willRetry"), disconnected.will_retry);
    if let Some(millis) = disconnected.retry_in_ms {
        data.number(key!("retryInMs"), millis);
    }
    data.flag(key!("ignoreTryReconnection"), !disconnected.will_retry);
    data.name(key!("callsState"), "unknown");
    data.texts(key!("activeCallIds"), disconnected.active.iter().map(super::ids::CallId::as_str));
}

fn write_line(data: &mut Json<'_>, line: &LineState) {
    let mut object = data.child(key!("line"));
    object.names(key!("features"), line.features.names());
    object.number(key!("featuresMask"), u64::from(line.features.bits()));
    if let Some(features) = line.agent_features {
        object.names(key!("agentFeatures"), features.names());
        object.number(key!("agentFeaturesMask"), u64::from(features.bits()));
    }
    object.text_if(key!("deviceState"), line.device_state.map(|state| state.as_str()));
    if let Some(forwarding) = &line.forwarding {
        let mut list = object.list(key!("forwarding"));
        for one in forwarding.iter() {
            let mut item = list.item();
            item.name(key!("kind"), one.kind.as_str());
            item.text(key!("to"), &one.to);
            item.end();
        }
        list.end();
    }
    object.end();
}

fn write_snapshot(data: &mut Json<'_>, snapshot: &ActiveCallSnapshot) {
    data.number(key!("asOfSeq"), snapshot.as_of_seq);
    data.name(key!("reason"), snapshot.reason.as_str());
    let mut calls = data.list(key!("activeCalls"));
    for call in &snapshot.calls {
        let mut item = calls.item();
        super::write_call::call_fields(&mut item, call);
        item.end();
    }
    calls.end();
    write_line(data, &snapshot.line);
    match &snapshot.agent {
        Some(agent) => {
            let mut object = data.child(key!("agent"));
            agent_fields(&mut object, agent);
            object.end();
        }
        None => data.null(key!("agent")),
    }
    match snapshot.call_centre_active {
        Some(active) => data.flag(key!("callCentreActive"), active),
        None => data.null(key!("callCentreActive")),
    }
}

fn write_agent_change(data: &mut Json<'_>, agent: &Agent, previous: Option<&Agent>) {
    match previous {
        Some(previous) => {
            let mut object = data.child(key!("previous"));
            object.name(key!("state"), previous.state.as_str());
            object.text(key!("code"), &previous.code);
            write_reason(&mut object, previous);
            object.end();
        }
        None => data.null(key!("previous")),
    }
    agent_fields(data, agent);
}

fn agent_fields(object: &mut Json<'_>, agent: &Agent) {
    object.text_if(key!("agentId"), agent.agent_id.as_deref());
    object.name(key!("state"), agent.state.as_str());
    object.text(key!("code"), &agent.code);
    write_reason(object, agent);
    if let Some(since) = agent.since {
        object.time(key!("since"), since);
    }
    let mut selectable = object.list(key!("selectable"));
    for state in &agent.selectable {
        write_selectable(&mut selectable, state);
    }
    selectable.end();
    object.text_or_null(key!("pending"), agent.pending.as_deref());
    if !agent.queues.is_empty() {
        let mut queues = object.list(key!("queues"));
        for queue in &agent.queues {
            write_queue(&mut queues, queue);
        }
        queues.end();
    }
}

fn write_reason(object: &mut Json<'_>, agent: &Agent) {
    match &agent.reason {
        Some(reason) => {
            let mut child = object.child(key!("reason"));
            child.text(key!("code"), &reason.code);
            child.text_if(key!("label"), reason.label.as_deref());
            child.end();
        }
        None => object.null(key!("reason")),
    }
}

fn write_selectable(list: &mut Json<'_>, state: &SelectableState) {
    let mut item = list.item();
    item.text(key!("code"), &state.code);
    item.name(key!("state"), state.state.as_str());
    if !state.reasons.is_empty() {
        let mut reasons = item.list(key!("reasons"));
        for reason in &state.reasons {
            let mut entry = reasons.item();
            entry.text(key!("code"), &reason.code);
            entry.text_if(key!("label"), reason.label.as_deref());
            entry.end();
        }
        reasons.end();
    }
    item.end();
}

fn write_queue(list: &mut Json<'_>, queue: &AgentQueue) {
    let mut item = list.item();
    item.text(key!("id"), &queue.id);
    item.text_if(key!("name"), queue.name.as_deref());
    item.name(key!("state"), queue.state.as_str());
    item.text_or_null(key!("reason"), queue.reason.as_deref());
    item.end();
}

fn write_fault(data: &mut Json<'_>, fault: &Fault) {
    data.name(key!("code"), fault.code.as_str());
    data.number(key!("type"), u64::from(fault.code.number()));
    data.name(key!("severity"), fault.severity.as_str());
    data.text(key!("message"), &fault.message);
    data.flag(key!("retryable"), fault.retryable());
    data.text_if(key!("callId"), fault.call.as_ref().map(super::ids::CallId::as_str));
    data.text(key!("source"), fault.source);
    if let Some(native) = &fault.native {
        data.value(key!("native"), native);
    }
}

fn write_raw(data: &mut Json<'_>, raw: &RawMessage) {
    data.text(key!("dir"), if raw.incoming { "in" } else { "out" });
    data.text(key!("format"), &raw.format);
    data.texts(key!("redacted"), &raw.redacted);
    data.text(key!("summary"), &raw.summary);
    data.text(key!("message"), &raw.message);
}
