//! What clients ask of a connection: commands, and lines as they are.

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{Command, CommandError, ErrorCode, LineId};
use serde_json::Value;
use tokio::time::Instant;

use super::ClientCommand;
use super::commands;
use super::memory::{MemoryKey, Remembered};
use super::outbox;
use super::task::Task;
use crate::hub::{LineKey, SessionId, View, ViewReason, frame};
use crate::model::{Admitted, CallId, Event, SnapshotReason, write_capabilities};
use crate::rpc::{self, RpcError};

/// Commands that the host answers by itself: the answer is the event's data, and the event is sent again to who asked.
fn answered_by_event(method: &str) -> Option<&'static str> {
    Some(match method {
        "queryLineState" => "lineStateChanged",
        "queryUserState" => "agentStateChanged",
        "queryActiveCallSnapshot" => "activeCallSnapshot",
        _ => return None,
    })
}

/// Whether there is a command of this name.
#[must_use]
pub fn is_command(method: &str) -> bool {
    Command::NAMES.contains(&method)
        || answered_by_event(method).is_some()
        || matches!(method, "getCapabilities" | "holdOrUnholdCall")
}

impl Task {
    pub(super) async fn view(&mut self, session: SessionId, key: LineKey, reason: ViewReason) {
        let Some(line) = self.keys.get(&key).copied() else { return };
        let now = self.now();
        let reason = match reason {
            ViewReason::Overflow => SnapshotReason::Overflow,
            ViewReason::Query => SnapshotReason::Query,
            ViewReason::Session => SnapshotReason::Session,
        };
        let wants = reason == SnapshotReason::Session;
        let events = match self.lines.get(&line).filter(|_| self.presence.is_closed(line)) {
            Some(plan) => self.model.unopened(now, line, &plan.device).1,
            None => self.model.view(now, line, reason),
        };
        let (prelude, (status, has_epoch)) = (outbox::frames(&events), self.line_entry(line));
        self.hub.view(session, key, View { prelude, status, has_epoch }).await;
        if wants {
            // The answer comes first, so that the line's first `initialized` is a live event (M13.3).
            self.open_for_client(line).await;
        }
    }

    pub(super) async fn command(&mut self, command: ClientCommand) {
        let outcome = self.admit(&command).await;
        if let Err(error) = outcome {
            tracing::info!(
                target: "audit", connection = %self.config.id, user = %command.user, session = %command.session,
                line = %self.keys.get(&command.line).and_then(|l| self.lines.get(l)).map_or("", |plan| &plan.name),
                method = %command.method, "refused: {}", error.message
            );
            self.hub.frame(command.session, frame::text(rpc::error(&command.id, &error).as_bytes())).await;
        }
    }

    async fn admit(&mut self, client: &ClientCommand) -> Result<(), RpcError> {
        let line = self.keys.get(&client.line).copied();
        let line = line.ok_or_else(|| RpcError::ours(ErrorCode::General, "there is no such line here"))?;
        if let Some(event) = answered_by_event(&client.method) {
            return self.query(client, line, event).await;
        }
        if client.method == "getCapabilities" {
            let (mut capabilities, mut answer) = (Vec::new(), Vec::new());
            match self.line_status(line) {
                Some(status) => write_capabilities(&status.capabilities, &mut capabilities),
                None => capabilities.extend_from_slice(b"null"),
            }
            rpc::write_result(&client.id, &capabilities, &mut answer);
            self.hub.frame(client.session, frame::text(&answer)).await;
            return Ok(());
        }
        let key = match self.commands.memory.look_up(client, Instant::now())? {
            Remembered::New(key) => key,
            Remembered::Waits => return Ok(()),
            Remembered::Done(outcome) => {
                self.hub.frame(client.session, commands::answer(&client.id, &outcome)).await;
                return Ok(());
            }
        };
        let done = self.execute(client, line, key.clone()).await;
        if let (Err(_), Some(key)) = (&done, key) {
            // Nothing was done, so nothing is remembered; nobody can wait for it yet.
            self.commands.memory.forget(&key);
        }
        done
    }

    /// A command that is new: judged, then given to the adapter.
    async fn execute(&mut self, client: &ClientCommand, line: LineId, key: Option<MemoryKey>) -> Result<(), RpcError> {
        self.is_open(line, &client.method)?;
        let mut command = self.read(client, line)?;
        let call_id = command.calls().first().map(ToString::to_string);
        self.may_signal(client.session, line, &command).await?;
        match self.model.admit(line, &mut command)? {
            Admitted::Noop(reply) => {
                let outcome = commands::outcome(Ok((call_id, reply)));
                if let Some(key) = key {
                    self.commands.memory.finish(&key, &outcome);
                }
                self.hub.frame(client.session, commands::answer(&client.id, &outcome)).await;
            }
            Admitted::Go => {
                self.expect_consult(line, &command, call_id.as_deref());
                let id = self.commands.take(client, line, call_id, key)?;
                tracing::info!(
                    target: "audit", connection = %self.config.id, user = %client.user, session = %client.session,
                    line = %self.lines.get(&line).map_or("", |plan| &plan.name), method = %client.method, command = %id,
                    "command"
                );
                self.input(&InputFrame::command(id, line, &command)).await;
            }
        }
        Ok(())
    }

    /// The next outgoing call is the consultation (R2).
    fn expect_consult(&mut self, line: LineId, command: &Command, call_id: Option<&str>) {
        if let (Command::MakeConsultCall(_) | Command::SetupTransferCall(_), Some(call_id)) = (command, call_id) {
            let now = self.now();
            self.model.expect_consult(now, line, &CallId::new(call_id));
        }
    }

    /// The command of a request.
    fn read(&self, client: &ClientCommand, line: LineId) -> Result<Command, RpcError> {
        if client.method == "holdOrUnholdCall" {
            let call_id = client.params.get("callId").and_then(Value::as_str);
            let call_id = call_id.ok_or_else(|| RpcError::invalid_params("/params/callId", "`callId` is missing"))?;
            return Ok(self.model.toggle_hold(line, call_id)?);
        }
        let named;
        let params = if client.method == "queryCallRecords" {
            named = self.with_native_id(line, &client.params)?;
            &named
        } else {
            &client.params
        };
        let schema = Command::schema(&client.method).ok_or_else(|| RpcError::method_not_found(&client.method))?;
        let known = schema.get("properties").and_then(Value::as_object);
        for name in params.as_object().into_iter().flat_map(serde_json::Map::keys) {
            if !known.is_some_and(|k| k.contains_key(name)) {
                let there: Vec<&str> = known.into_iter().flat_map(|k| k.keys().map(String::as_str)).collect();
                let text = format!("`{}` has no parameter `{name}` (it has: {})", client.method, there.join(", "));
                return Err(RpcError::invalid_params(format!("/params/{name}"), text));
            }
        }
        match Command::decode(&client.method, params) {
            Some(Ok(command)) => Ok(command),
            Some(Err(error)) => {
                let path = error.path().to_string();
                let pointer = match path.as_str() {
                    "." => "/params".to_owned(),
                    path => format!("/params/{}", path.replace(['.', '['], "/").replace(']', "")),
                };
                Err(RpcError::invalid_params(pointer, error.inner().to_string()))
            }
            None => Err(RpcError::method_not_found(&client.method)),
        }
    }

    async fn query(&mut self, client: &ClientCommand, line: LineId, event: &str) -> Result<(), RpcError> {
        let now = self.now();
        let mut events = self.model.view(now, line, SnapshotReason::Query);
        events.retain(|e| e.method() == event);
        let data = events.first().map(data).ok_or_else(|| {
            let text = match event {
                "agentStateChanged" => "this line has no agent",
                _ => "this line has not started yet",
            };
            RpcError::from(CommandError::new(ErrorCode::CommandNotSupported, text))
        })?;
        self.hub.frame(client.session, frame::text(rpc::result(&client.id, &data).as_bytes())).await;
        self.hub.frame(client.session, outbox::frames(&events)).await;
        Ok(())
    }
}

/// The `data` of an event.
fn data(event: &Event) -> Value {
    let event: Value = serde_json::from_str(&event.to_json()).unwrap_or_default();
    event["params"]["data"].clone()
}
