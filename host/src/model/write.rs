//! Events as JSON-RPC notifications (M4, M7).

use jackfield_plugin_api::{AgentQueue, Capabilities, SelectableState};

use super::body::{ActiveCallSnapshot, Agent, Body, Disconnected, Fault, Initialized, LineState, RawMessage};
use super::event::{Event, EventCause};
use super::json::Json;
use super::write_call::write_call;

impl Event {
    /// Appends the notification: `{"jsonrpc":"2.0","method":…,"params":{…}}`, without a line break.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut frame = Json::object(out);
        frame.text("jsonrpc", "2.0");
        frame.text("method", self.method());
        let mut params = frame.child("params");
        params.text("connection", &self.place.connection);
        params.text_or_null("line", self.place.line.as_deref());
        if let Some(epoch) = self.epoch {
            params.number("epoch", epoch);
        }
        if let Some(seq) = self.seq {
            params.number("seq", seq);
        }
        if let Body::RawMessage(raw) = &self.body {
            params.number("rawSeq", raw.raw_seq);
        }
        params.time("at", self.at);
        if let Some(at) = self.src_at {
            params.time("srcAt", at);
        }
        params.text_or_null("currentCallId", self.current.as_ref().map(super::ids::CallId::as_str));
        if self.synthetic {
            params.flag("synthetic", true);
        }
        if self.resent {
            params.flag("resent", true);
        }
        if let Some(cause) = &self.cause {
            write_cause(&mut params, cause);
        }
        if let Some(reply) = &self.reply_to {
            let mut to = params.child("replyTo");
            to.text("session", &reply.session);
            to.value("id", &reply.id);
            to.end();
        }
        let mut data = params.child("data");
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
    let mut object = params.child("cause");
    object.text("code", &cause.code);
    object.text_if("text", cause.text.as_deref());
    if let Some(native) = &cause.native {
        object.value("native", native);
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
            data.text("heldBy", "local");
        }
        Body::LineStateChanged(changed) => {
            data.text_or_null("callId", changed.call.as_ref().map(super::ids::CallId::as_str));
            data.names("features", changed.features.names());
            data.number("featuresMask", u64::from(changed.features.bits()));
            write_line(data, &changed.line);
        }
        Body::DtmfEntered(dtmf) => {
            data.text("callId", dtmf.call.as_str());
            data.text("digits", &dtmf.digits);
            data.text("by", dtmf.by.as_str());
        }
        Body::CallInfoChanged(changed, call) => {
            data.names("changed", changed.names());
            write_call(data, call);
        }
        Body::CallSaved(saved) => {
            data.text("callId", saved.call.as_str());
            data.text("databaseId", &saved.database_id);
            data.text("store", &saved.store);
            data.number("revision", saved.revision);
            data.flag("created", saved.created);
            data.flag("final", saved.is_final);
        }
        Body::CurrentCallChanged { previous, call } => {
            data.text("previousCallId", previous.as_str());
            write_call(data, call);
        }
        Body::CallFinished(finished) => {
            write_call(data, &finished.call);
            data.text("releasedBy", finished.released_by.as_str());
            data.text("finishedFrom", finished.finished_from.as_str());
            data.flag("missed", finished.missed);
            if finished.estimated {
                data.flag("estimated", true);
            }
        }
        Body::ActiveCallSnapshot(snapshot) => write_snapshot(data, snapshot),
        Body::AgentStateChanged { agent, previous } => write_agent_change(data, agent, previous.as_deref()),
        Body::CallCentreStateChanged { is_active } => data.flag("isActive", *is_active),
        Body::Error(fault) => write_fault(data, fault),
        Body::RawMessage(raw) => write_raw(data, raw),
        Body::WebRtcStarted(started) => {
            data.text("sessionId", &started.session_id);
            data.text("callId", started.call.as_str());
            data.texts("media", &started.media);
            data.text("endpoint", "browser");
            data.text_or_null("ownerSession", started.owner_session.as_deref());
        }
        Body::WebRtcVideoStarted(video) => {
            data.text("sessionId", &video.session_id);
            data.text("callId", video.call.as_str());
            data.text("direction", &video.direction);
        }
        Body::WebRtcDestroyed { session_id, call } => {
            data.text("sessionId", session_id);
            data.text("callId", call.as_str());
        }
    }
}

fn write_initialized(data: &mut Json<'_>, initialized: &Initialized) {
    let mut connection = data.child("connection");
    connection.text("id", &initialized.connection);
    connection.text("adapter", &initialized.adapter);
    connection.text("adapterVersion", &initialized.adapter_version);
    connection.text("phoneSystem", &initialized.phone_system);
    connection.end();
    let mut device = data.child("device");
    device.text("id", &initialized.device);
    device.text("state", initialized.device_state.as_str());
    device.end();
    let mut capabilities = data.child("capabilities");
    capability_fields(&mut capabilities, &initialized.capabilities);
    capabilities.end();
    data.flag("resumed", initialized.resumed);
}

/// Appends capabilities as the object that `initialized` and the answer to `hello` carry.
pub fn write_capabilities(capabilities: &Capabilities, out: &mut Vec<u8>) {
    let mut object = Json::object(out);
    capability_fields(&mut object, capabilities);
    object.end();
}

fn capability_fields(object: &mut Json<'_>, capabilities: &Capabilities) {
    object.names("call", capabilities.call.names());
    object.number("callMask", u64::from(capabilities.call.bits()));
    object.names("agent", capabilities.agent.names());
    object.number("agentMask", u64::from(capabilities.agent.bits()));
    object.text("snapshot", capabilities.snapshot.as_str());
    object.text("timestamps", capabilities.timestamps.as_str());
    object.text("holdDetection", capabilities.hold_detection.as_str());
    object.flag("busyDetection", capabilities.busy_detection);
    object.flag("renamesCalls", capabilities.renames_calls);
    object.flag("earlyTransfer", capabilities.early_transfer);
    object.flag("dropsOneOfPair", capabilities.drops_one_of_pair);
    object.texts("services", &capabilities.services);
}

fn write_disconnected(data: &mut Json<'_>, disconnected: &Disconnected) {
    data.text("scope", disconnected.scope.as_str());
    data.flag("willRetry", disconnected.will_retry);
    if let Some(millis) = disconnected.retry_in_ms {
        data.number("retryInMs", millis);
    }
    data.flag("ignoreTryReconnection", !disconnected.will_retry);
    data.text("callsState", "unknown");
    data.texts("activeCallIds", disconnected.active.iter().map(super::ids::CallId::as_str));
}

fn write_line(data: &mut Json<'_>, line: &LineState) {
    let mut object = data.child("line");
    object.names("features", line.features.names());
    object.number("featuresMask", u64::from(line.features.bits()));
    if let Some(features) = line.agent_features {
        object.names("agentFeatures", features.names());
        object.number("agentFeaturesMask", u64::from(features.bits()));
    }
    object.text_if("deviceState", line.device_state.map(|state| state.as_str()));
    if let Some(forwarding) = &line.forwarding {
        let mut list = object.list("forwarding");
        for one in forwarding.iter() {
            let mut item = list.item();
            item.text("kind", one.kind.as_str());
            item.text("to", &one.to);
            item.end();
        }
        list.end();
    }
    object.end();
}

fn write_snapshot(data: &mut Json<'_>, snapshot: &ActiveCallSnapshot) {
    data.number("asOfSeq", snapshot.as_of_seq);
    data.text("reason", snapshot.reason.as_str());
    let mut calls = data.list("activeCalls");
    for call in &snapshot.calls {
        let mut item = calls.item();
        super::write_call::call_fields(&mut item, call);
        item.end();
    }
    calls.end();
    write_line(data, &snapshot.line);
    match &snapshot.agent {
        Some(agent) => {
            let mut object = data.child("agent");
            agent_fields(&mut object, agent);
            object.end();
        }
        None => data.null("agent"),
    }
    match snapshot.call_centre_active {
        Some(active) => data.flag("callCentreActive", active),
        None => data.null("callCentreActive"),
    }
}

fn write_agent_change(data: &mut Json<'_>, agent: &Agent, previous: Option<&Agent>) {
    match previous {
        Some(previous) => {
            let mut object = data.child("previous");
            object.text("state", previous.state.as_str());
            object.text("code", &previous.code);
            write_reason(&mut object, previous);
            object.end();
        }
        None => data.null("previous"),
    }
    agent_fields(data, agent);
}

fn agent_fields(object: &mut Json<'_>, agent: &Agent) {
    object.text_if("agentId", agent.agent_id.as_deref());
    object.text("state", agent.state.as_str());
    object.text("code", &agent.code);
    write_reason(object, agent);
    if let Some(since) = agent.since {
        object.time("since", since);
    }
    let mut selectable = object.list("selectable");
    for state in &agent.selectable {
        write_selectable(&mut selectable, state);
    }
    selectable.end();
    object.text_or_null("pending", agent.pending.as_deref());
    if !agent.queues.is_empty() {
        let mut queues = object.list("queues");
        for queue in &agent.queues {
            write_queue(&mut queues, queue);
        }
        queues.end();
    }
}

fn write_reason(object: &mut Json<'_>, agent: &Agent) {
    match &agent.reason {
        Some(reason) => {
            let mut child = object.child("reason");
            child.text("code", &reason.code);
            child.text_if("label", reason.label.as_deref());
            child.end();
        }
        None => object.null("reason"),
    }
}

fn write_selectable(list: &mut Json<'_>, state: &SelectableState) {
    let mut item = list.item();
    item.text("code", &state.code);
    item.text("state", state.state.as_str());
    if !state.reasons.is_empty() {
        let mut reasons = item.list("reasons");
        for reason in &state.reasons {
            let mut entry = reasons.item();
            entry.text("code", &reason.code);
            entry.text_if("label", reason.label.as_deref());
            entry.end();
        }
        reasons.end();
    }
    item.end();
}

fn write_queue(list: &mut Json<'_>, queue: &AgentQueue) {
    let mut item = list.item();
    item.text("id", &queue.id);
    item.text_if("name", queue.name.as_deref());
    item.text("state", queue.state.as_str());
    item.text_or_null("reason", queue.reason.as_deref());
    item.end();
}

fn write_fault(data: &mut Json<'_>, fault: &Fault) {
    data.text("code", fault.code.as_str());
    data.number("type", u64::from(fault.code.number()));
    data.text("severity", fault.severity.as_str());
    data.text("message", &fault.message);
    data.flag("retryable", fault.retryable());
    data.text_if("callId", fault.call.as_ref().map(super::ids::CallId::as_str));
    data.text("source", fault.source);
    if let Some(native) = &fault.native {
        data.value("native", native);
    }
}

fn write_raw(data: &mut Json<'_>, raw: &RawMessage) {
    data.text("dir", if raw.incoming { "in" } else { "out" });
    data.text("format", &raw.format);
    data.texts("redacted", &raw.redacted);
    data.text("summary", &raw.summary);
    data.text("message", &raw.message);
}
