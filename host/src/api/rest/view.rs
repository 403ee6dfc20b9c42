//! Calls as clients of REST see them.

use std::collections::BTreeMap;

use jackfield_plugin_api::{CallState, CauseCode, Direction, Participant, Queue, ReleasedBy, Role, Scope, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::timestamp_text;
use crate::store::entry::TimelineEvent;
use crate::store::record::Party;
use crate::store::{CallLink, Outcome, StoredCall};

/// A call of a line. Times are RFC 3339, UTC; what is not known is null or absent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    /// The host's id of the call, the same as in events.
    pub(super) call_id: String,
    /// Grows by one with every change; the `ETag` of the call.
    pub(super) revision: i64,
    /// The connection's id.
    pub(super) connection: String,
    /// The line: `connection/device`.
    pub(super) line: String,
    /// The conversation that the call is a part of; calls of one conversation have the same.
    pub(super) conversation_id: String,
    /// The call it was made from or beside.
    pub(super) parent_call_id: Option<String>,
    /// What it was to the other calls of its line.
    pub(super) role: Role,
    /// Its last known state; `finished` when it is over.
    pub(super) state: CallState,
    /// Its way.
    pub(super) direction: Direction,
    /// Internal or external.
    pub(super) scope: Scope,
    /// The phone system's id.
    pub(super) native_id: Option<String>,
    /// All ids that the phone system had for it, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) native_ids: Vec<String>,
    /// Ids that tie the legs of one conversation, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) global_call_ids: Vec<String>,
    /// Who called.
    pub(super) caller: Option<Party>,
    /// Who was called.
    pub(super) called: Option<Party>,
    /// Who sent it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redirecting: Option<Party>,
    /// Where it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redirection: Option<Party>,
    /// All parties as they were last, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) participants: Option<Vec<Participant>>,
    /// The queue it came through.
    pub(super) queue: Option<Queue>,
    /// The agent at the line.
    pub(super) agent: Option<String>,
    /// When it began.
    #[schemars(schema_with = "time")]
    pub(super) started_at: String,
    /// When two-way speech became possible.
    #[schemars(schema_with = "time_or_null")]
    pub(super) connected_at: Option<String>,
    /// When it ended.
    #[schemars(schema_with = "time_or_null")]
    pub(super) ended_at: Option<String>,
    /// Milliseconds rung.
    pub(super) ring_ms: i64,
    /// Milliseconds talked, hold excluded.
    pub(super) talk_ms: i64,
    /// Milliseconds on hold.
    pub(super) hold_ms: i64,
    /// How often it was held.
    pub(super) hold_count: i64,
    /// How it went; null while it is up.
    pub(super) result: Option<Outcome>,
    /// Whether somebody has corrected the result.
    pub(super) result_edited: bool,
    /// Why it ended.
    pub(super) cause: Option<CauseCode>,
    /// Who ended it.
    pub(super) released_by: Option<ReleasedBy>,
    /// Nobody saw the end: `endedAt` is when the call was last known to live.
    pub(super) estimated: bool,
    /// Whether it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recorded: Option<bool>,
    /// Where its recordings are, below this host; absent when the phone system told of none. It may still have some: ask
    /// for the call's `recordings`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) recordings: Vec<String>,
    /// Data that the phone system attached to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_data: Option<BTreeMap<String, String>>,
    /// What somebody wrote.
    pub(super) comment: Option<String>,
    /// Records of the CRM.
    pub(super) links: Vec<CallLink>,
    /// Who edited it last.
    pub(super) edited_by: Option<String>,
}

/// A page of calls, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Page {
    /// The calls.
    pub(super) calls: Vec<Call>,
    /// The `cursor` of the next page; null: there is none.
    pub(super) next: Option<String>,
}

/// An event of a call.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    /// The host's time.
    #[schemars(schema_with = "time")]
    at: String,
    /// The phone system's time.
    #[serde(skip_serializing_if = "Option::is_none")]
    src_at: Option<String>,
    /// The event's name, as on the WebSocket.
    event: String,
    /// What it told: `state`, `cause`, `changed`, `synthetic`.
    #[serde(flatten)]
    detail: Map<String, Value>,
}

/// A call with its events and its conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WholeCall {
    /// The call.
    #[serde(flatten)]
    pub(super) call: Call,
    /// Its events, in their order.
    pub(super) timeline: Vec<Event>,
    /// All calls of its conversation that you may see, this one included, in the order of their start.
    pub(super) conversation: Vec<Call>,
}

pub(super) fn time(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "format": "date-time" })
}

fn time_or_null(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["string", "null"], "format": "date-time" })
}

/// Where a recording is, below this host.
pub(crate) fn recording_path(call_id: &str, number: usize) -> String {
    format!("/api/v1/calls/{call_id}/recordings/{number}")
}

/// A time as text.
pub(super) fn text(micros: i64) -> String {
    timestamp_text(Timestamp::from_micros(micros))
}

impl From<StoredCall> for Call {
    fn from(stored: StoredCall) -> Self {
        let StoredCall { record, revision, comment, links, result_edited, edited_by, .. } = stored;
        let details = record.details;
        let recordings = (1..=details.recordings.len()).map(|number| recording_path(&record.call_id, number)).collect();
        Self {
            call_id: record.call_id,
            revision,
            connection: record.connection,
            line: record.line,
            conversation_id: record.conversation,
            parent_call_id: record.parent,
            role: record.role,
            state: record.state,
            direction: record.direction,
            scope: record.scope,
            native_id: record.native_id,
            native_ids: details.native_ids,
            global_call_ids: details.global_ids,
            caller: record.caller,
            called: record.called,
            redirecting: details.redirecting,
            redirection: details.redirection,
            participants: details.participants,
            queue: record.queue,
            agent: record.agent,
            started_at: text(record.started_at),
            connected_at: record.connected_at.map(text),
            ended_at: record.ended_at.map(text),
            ring_ms: record.ring_ms,
            talk_ms: record.talk_ms,
            hold_ms: record.hold_ms,
            hold_count: record.hold_count,
            result: record.result,
            result_edited,
            cause: record.cause,
            released_by: record.released_by,
            estimated: record.estimated,
            recorded: details.recorded,
            recordings,
            user_data: details.user_data,
            comment,
            links,
            edited_by,
        }
    }
}

impl From<TimelineEvent> for Event {
    fn from(event: TimelineEvent) -> Self {
        Self { at: text(event.at), src_at: event.src_at.map(text), event: event.name, detail: event.detail }
    }
}
