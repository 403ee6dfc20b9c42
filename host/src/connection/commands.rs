//! Commands that wait for the phone system: each is answered exactly once, whatever happens.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use jackfield_plugin_api::{CallKey, CommandError, CommandId, ErrorCode, LineId, Reply};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::ClientCommand;
use super::memory::{Memory, MemoryKey, Outcome};
use crate::hub::{SessionId, frame};
use crate::model::ReplyTo;
use crate::rpc::{self, RpcError};

/// Answers to be sent.
pub(super) type Answers = Vec<(SessionId, Bytes)>;

/// Commands that may wait at a time on one connection.
const MOST: usize = 10_000;

/// A command on its way.
#[derive(Debug)]
struct Waiting {
    session: SessionId,
    id: Value,
    method: String,
    line: LineId,
    /// The client's name of the call that the command acts on.
    call_id: Option<String>,
    until: Instant,
    /// The phone system has accepted; the answer waits for the first fact of this call.
    accepted: Option<(CallKey, Reply)>,
    /// Who else gets the answer.
    memory: Option<MemoryKey>,
}

/// All that wait.
#[derive(Debug, Default)]
pub(super) struct Commands {
    waiting: BTreeMap<CommandId, Waiting>,
    last: u64,
    pub(super) memory: Memory,
}

impl Commands {
    /// Takes a command; its id for the adapter.
    ///
    /// # Errors
    /// Too many wait.
    pub(super) fn take(
        &mut self,
        command: &ClientCommand,
        line: LineId,
        call_id: Option<String>,
        memory: Option<MemoryKey>,
    ) -> Result<CommandId, CommandError> {
        if self.waiting.len() >= MOST {
            let text = format!("{MOST} commands wait for this phone system already");
            return Err(CommandError::new(ErrorCode::Overloaded, text).retryable());
        }
        let id = self.next_id();
        let waiting = Waiting {
            session: command.session,
            id: command.id.clone(),
            method: command.method.clone(),
            line,
            call_id,
            until: Instant::now() + command.timeout,
            accepted: None,
            memory,
        };
        self.waiting.insert(id, waiting);
        Ok(id)
    }

    /// An id that no command had before.
    pub(super) const fn next_id(&mut self) -> CommandId {
        self.last += 1;
        CommandId(self.last)
    }

    /// Who sent a command, while it waits.
    pub(super) fn origin(&self, id: CommandId) -> Option<ReplyTo> {
        self.waiting.get(&id).map(|w| ReplyTo { session: w.session.to_string(), id: w.id.clone() })
    }

    /// Whether a command of this line waits.
    pub(super) fn waits_for(&self, line: LineId) -> bool {
        self.waiting.values().any(|waiting| waiting.line == line)
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.waiting.values().map(|w| w.until).min()
    }

    /// The adapter's answer. `false`: nothing waits for it (it came too late, or twice).
    pub(super) fn answer(
        &mut self,
        id: CommandId,
        result: Result<Reply, CommandError>,
        call_id: impl Fn(LineId, &CallKey) -> Option<String>,
        out: &mut Answers,
    ) -> bool {
        let Some(waiting) = self.waiting.get_mut(&id) else { return false };
        let result = match result {
            Ok(reply) => match &reply.call {
                None => Ok((waiting.call_id.clone(), reply)),
                Some(key) => match call_id(waiting.line, key) {
                    Some(call_id) => Ok((Some(call_id), reply)),
                    None => {
                        waiting.accepted = Some((key.clone(), reply));
                        return true;
                    }
                },
            },
            Err(error) => Err(error),
        };
        if let Some(waiting) = self.waiting.remove(&id) {
            self.finish(&waiting, result, out);
        }
        true
    }

    /// Answers commands whose call has shown up.
    pub(super) fn settle(&mut self, call_id: impl Fn(LineId, &CallKey) -> Option<String>, out: &mut Answers) {
        let mut ready = Vec::new();
        for (id, waiting) in &self.waiting {
            if let Some((key, _)) = &waiting.accepted
                && let Some(call_id) = call_id(waiting.line, key)
            {
                ready.push((*id, call_id));
            }
        }
        for (id, call_id) in ready {
            if let Some(mut waiting) = self.waiting.remove(&id) {
                let reply = waiting.accepted.take().map_or_else(Reply::accepted, |(_, reply)| reply);
                self.finish(&waiting, Ok((Some(call_id), reply)), out);
            }
        }
    }

    /// Answers what has waited too long.
    pub(super) fn time_out(&mut self, now: Instant, out: &mut Answers) {
        let late: Vec<CommandId> = self.waiting.iter().filter(|(_, w)| w.until <= now).map(|(id, _)| *id).collect();
        for id in late {
            let Some(waiting) = self.waiting.remove(&id) else { continue };
            let text = format!(
                "the phone system has not answered `{}` in time; it may still do it, the events will tell",
                waiting.method
            );
            self.finish(&waiting, Err(CommandError::new(ErrorCode::Timeout, text)), out);
        }
    }

    /// The answer to who sent it, and to who sent the same.
    fn finish(&mut self, waiting: &Waiting, answered: Answered, out: &mut Answers) {
        let outcome = outcome(answered);
        out.push((waiting.session, answer(&waiting.id, &outcome)));
        if let Some(key) = &waiting.memory {
            let others = self.memory.finish(key, &outcome);
            out.extend(others.into_iter().map(|(session, id)| (session, answer(&id, &outcome))));
        }
    }

    /// Answers everything: the phone system is gone.
    pub(super) fn lose_line(&mut self, line: LineId, why: &str, out: &mut Answers) {
        let of_line: Vec<CommandId> = self.waiting.iter().filter(|(_, w)| w.line == line).map(|(id, _)| *id).collect();
        for waiting in of_line.iter().filter_map(|id| self.waiting.remove(id)).collect::<Vec<_>>() {
            let text = format!("`{}` was not answered: {why}", waiting.method);
            self.finish(&waiting, Err(CommandError::new(ErrorCode::Cancelled, text)), out);
        }
    }

    pub(super) fn lose_all(&mut self, why: &str, out: &mut Answers) {
        self.lose_of(|_| true, why, out);
    }

    /// Answers everything of these lines: their link is gone.
    pub(super) fn lose_of(&mut self, of: impl Fn(LineId) -> bool, why: &str, out: &mut Answers) {
        let lost: Vec<CommandId> = self.waiting.iter().filter(|(_, w)| of(w.line)).map(|(id, _)| *id).collect();
        for waiting in lost.iter().filter_map(|id| self.waiting.remove(id)).collect::<Vec<_>>() {
            let text = format!("the connection was lost before `{}` was answered: {why}", waiting.method);
            self.finish(&waiting, Err(CommandError::new(ErrorCode::ConnectionLost, text).retryable()), out);
        }
    }
}

/// The call that a command made or acted on, and what else the adapter says.
type Answered = Result<(Option<String>, Reply), CommandError>;

/// How a command went, as the client is told.
pub(super) fn outcome(answered: Answered) -> Outcome {
    let (call_id, reply) = answered.map_err(RpcError::from)?;
    let mut result: Map<String, Value> = reply.values.into_iter().collect();
    if let Some(call_id) = call_id {
        result.insert("callId".to_owned(), json!(call_id));
    }
    if reply.noop {
        result.insert("noop".to_owned(), json!(true));
    }
    Ok(Value::Object(result))
}

/// The frame that answers a request.
pub(super) fn answer(id: &Value, outcome: &Outcome) -> Bytes {
    let text = match outcome {
        Ok(result) => rpc::result(id, result),
        Err(error) => rpc::error(id, error),
    };
    frame::text(text.as_bytes())
}

/// How long a command waits for the phone system when the client does not say.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest a client may ask for.
pub const MOST_TIMEOUT: Duration = Duration::from_secs(120);
