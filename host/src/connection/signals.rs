//! WebRTC signals between a phone system and the one client that carries a call's media: no events, told once.

use bytes::Bytes;
use jackfield_plugin_api::{Command, ErrorCode, LineId, WebRtcSignalFact};
use serde_json::json;

use super::task::Task;
use crate::hub::{SessionId, frame};
use crate::model::timestamp_text;
use crate::rpc::RpcError;

/// The longest description or candidate.
const MOST_PAYLOAD: usize = 64 * 1024;

/// A signal for clients.
#[derive(Debug)]
pub(super) struct Signal {
    line: LineId,
    /// Who carries the media; nobody yet: all who see the line are told, and the first that signals back carries it.
    owner: Option<SessionId>,
    frame: Bytes,
}

impl Task {
    /// Whether a client may signal for a call: its media's owner may. Media that nobody carries, or a client that is
    /// gone, is the first one's that asks.
    ///
    /// # Errors
    /// Another client carries the media; the payload is too long.
    pub(super) async fn may_signal(
        &mut self,
        session: SessionId,
        line: LineId,
        command: &Command,
    ) -> Result<(), RpcError> {
        let Command::WebRtcSignal(signal) = command else { return Ok(()) };
        if signal.payload.len() > MOST_PAYLOAD {
            let text = format!("`payload` has {} bytes, at most {MOST_PAYLOAD} are possible", signal.payload.len());
            return Err(RpcError::invalid_params("/params/payload", text));
        }
        let call = signal.call_id.as_str().to_owned();
        let owner: Option<SessionId> = self.model.media_owner(line, &call).and_then(|owner| owner.parse().ok());
        if let Some(owner) = owner
            && owner != session
            && self.hub.is_there(owner).await
        {
            let text = format!("another client ({owner}) carries the media of call {call}");
            return Err(RpcError::ours(ErrorCode::NotOwner, text));
        }
        let now = self.now();
        self.model.claim_media(now, line, &call, &session.to_string());
        Ok(())
    }

    /// A signal of the phone system.
    pub(super) fn signal(&mut self, fact: &WebRtcSignalFact) {
        let connection = self.config.id.as_str();
        let name = self.lines.get(&fact.line).map(|plan| plan.name.as_str());
        let call = self.model.call_id(fact.line, &fact.key);
        let (Some(name), Some(call)) = (name, call) else {
            tracing::debug!(connection, key = %fact.key, "a WebRTC signal for a call that is not known: dropped");
            return;
        };
        if fact.payload.len() > MOST_PAYLOAD {
            let bytes = fact.payload.len();
            tracing::warn!(connection, line = name, bytes, "a WebRTC signal longer than {MOST_PAYLOAD} bytes: dropped");
            return;
        }
        let owner = self.model.media_owner(fact.line, call.as_str()).and_then(|owner| owner.parse().ok());
        let told = json!({
            "jsonrpc": "2.0",
            "method": "webRtcSignal",
            "params": {
                "connection": connection,
                "line": name,
                "at": timestamp_text(self.clock.last()),
                "data": {
                    "callId": call.as_str(),
                    "sessionId": fact.session_id,
                    "kind": fact.kind,
                    "payload": fact.payload,
                },
            },
        });
        let frame = frame::text(told.to_string().as_bytes());
        self.signals.push(Signal { line: fact.line, owner, frame });
    }

    /// After the events that came with them.
    pub(super) async fn send_signals(&mut self) {
        for Signal { line, owner, frame } in std::mem::take(&mut self.signals) {
            match owner {
                Some(owner) => self.hub.frame(owner, frame).await,
                None => self.hub.notice(self.outbox.keys(Some(line)), frame).await,
            }
        }
    }
}
