//! Idempotency keys: a command that is sent twice is done once, and both get the same answer (I21).

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::ClientCommand;
use crate::hub::SessionId;
use crate::rpc::RpcError;
use jackfield_plugin_api::ErrorCode;

/// How long a key is kept.
const KEPT: Duration = Duration::from_secs(600);
/// Keys of one connection; the oldest is forgotten first.
const MOST: usize = 20_000;
/// Who may wait for one answer besides the first.
const MOST_WAITERS: usize = 16;

/// A key is the user's own, and the line's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct MemoryKey {
    user: String,
    line: u32,
    key: String,
}

/// How a command went.
pub(super) type Outcome = Result<Value, RpcError>;

#[derive(Debug)]
struct Entry {
    /// What was asked: the same key with other words is an error.
    asked: (String, Value),
    outcome: Option<Outcome>,
    waiters: Vec<(SessionId, Value)>,
}

/// What is known of a command.
#[derive(Debug)]
pub(super) enum Remembered {
    /// Nothing: do it, then tell [`Memory::finish`].
    New(Option<MemoryKey>),
    /// It is being done; the answer comes with the first one's.
    Waits,
    /// It was done.
    Done(Outcome),
}

/// The keys of ten minutes.
#[derive(Debug, Default)]
pub(super) struct Memory {
    entries: HashMap<MemoryKey, Entry>,
    order: VecDeque<(Instant, MemoryKey)>,
}

impl Memory {
    /// Looks a command up, and remembers it when it is new.
    pub(super) fn look_up(&mut self, command: &ClientCommand, now: Instant) -> Result<Remembered, RpcError> {
        let Some(key) = &command.idempotency_key else { return Ok(Remembered::New(None)) };
        self.forget_old(now);
        let key = MemoryKey { user: command.user.clone(), line: command.line.0, key: key.clone() };
        let asked = (command.method.clone(), command.params.clone());
        if let Some(entry) = self.entries.get_mut(&key) {
            if entry.asked != asked {
                let text = "this `idempotencyKey` was used for another command within the last ten minutes";
                return Err(RpcError::invalid_params("/params/idempotencyKey", text));
            }
            return match &entry.outcome {
                Some(outcome) => Ok(Remembered::Done(outcome.clone())),
                None if entry.waiters.len() >= MOST_WAITERS => {
                    Err(RpcError::ours(ErrorCode::RateLimited, "this command was sent too often"))
                }
                None => {
                    entry.waiters.push((command.session, command.id.clone()));
                    Ok(Remembered::Waits)
                }
            };
        }
        self.entries.insert(key.clone(), Entry { asked, outcome: None, waiters: Vec::new() });
        self.order.push_back((now, key.clone()));
        Ok(Remembered::New(Some(key)))
    }

    /// A command was answered; who else waits for the same.
    pub(super) fn finish(&mut self, key: &MemoryKey, outcome: &Outcome) -> Vec<(SessionId, Value)> {
        let Some(entry) = self.entries.get_mut(key) else { return Vec::new() };
        entry.outcome = Some(outcome.clone());
        std::mem::take(&mut entry.waiters)
    }

    /// A command was not even tried: the same key may be tried again.
    pub(super) fn forget(&mut self, key: &MemoryKey) {
        self.entries.remove(key);
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((at, _)) = self.order.front() {
            if now.duration_since(*at) < KEPT && self.order.len() < MOST {
                return;
            }
            if let Some((_, key)) = self.order.pop_front() {
                // One that still waits for its answer is answered to its first sender only.
                self.entries.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hub::LineKey;

    fn command(key: Option<&str>, to: &str, session: u64) -> ClientCommand {
        ClientCommand {
            session: SessionId(session),
            user: "alice".to_owned(),
            id: json!(session),
            line: LineKey(1),
            method: "makeCall".to_owned(),
            params: json!({ "to": to }),
            idempotency_key: key.map(ToOwned::to_owned),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_repeated_key_waits_for_the_first_answer_and_then_gets_it() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        let Remembered::New(Some(key)) = memory.look_up(&command(Some("k"), "1", 1), now).unwrap() else { panic!() };
        assert!(matches!(memory.look_up(&command(Some("k"), "1", 2), now), Ok(Remembered::Waits)));
        let outcome = Ok(json!({ "callId": "c" }));
        assert_eq!(memory.finish(&key, &outcome), [(SessionId(2), json!(2))]);
        match memory.look_up(&command(Some("k"), "1", 3), now).unwrap() {
            Remembered::Done(done) => assert_eq!(done, outcome),
            other => panic!("{other:?}"),
        }
        assert!(memory.look_up(&command(Some("k"), "2", 4), now).is_err(), "the same key for something else");
    }

    #[test]
    fn keys_are_forgotten_after_ten_minutes_and_without_one_everything_is_new() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        assert!(matches!(memory.look_up(&command(None, "1", 1), now), Ok(Remembered::New(None))));
        assert!(matches!(memory.look_up(&command(Some("k"), "1", 1), now), Ok(Remembered::New(Some(_)))));
        let later = now + KEPT;
        assert!(matches!(memory.look_up(&command(Some("k"), "2", 1), later), Ok(Remembered::New(Some(_)))));
    }
}
