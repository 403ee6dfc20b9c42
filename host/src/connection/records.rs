//! What the phone system's recordings of a call are called: asked by the host itself, which fetches them for clients.

use std::collections::BTreeMap;

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{Command, CommandError, CommandId, ErrorCode, Reply};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::task::Task;
use crate::hub::LineKey;
use crate::model::Admitted;
use crate::recordings::{LONGEST_NAME, MOST_OF_CALL};

/// Questions that may wait at a time.
const MOST: usize = 256;

/// Who waits for the names of recordings.
type Asker = oneshot::Sender<Result<Vec<String>, CommandError>>;

/// Questions to the phone system that no client asked.
#[derive(Debug, Default)]
pub(super) struct Questions(BTreeMap<CommandId, Asker>);

impl Questions {
    /// The phone system's answer. The result is given back when nothing waits for it.
    pub(super) fn answer(
        &mut self,
        id: CommandId,
        result: Result<Reply, CommandError>,
    ) -> Option<Result<Reply, CommandError>> {
        let Some(asker) = self.0.remove(&id) else { return Some(result) };
        // Who does not wait any more has been told so.
        let _ = asker.send(result.map(|reply| names(&reply)));
        None
    }
}

/// The names in a reply to `queryCallRecords`.
fn names(reply: &Reply) -> Vec<String> {
    let listed = reply.values.get("urls").and_then(Value::as_array).into_iter().flatten();
    let names = listed.filter_map(Value::as_str).filter(|name| (1..=4 * LONGEST_NAME).contains(&name.len()));
    names.take(MOST_OF_CALL).map(str::to_owned).collect()
}

impl Task {
    /// Asks the phone system for its recordings of a call.
    pub(super) async fn ask_records(&mut self, key: LineKey, native_id: &str, asker: Asker) {
        // Who went away is forgotten with the next question.
        self.questions.0.retain(|_, asker| !asker.is_closed());
        let refuse = |asker: Asker, error: CommandError| {
            // As above.
            let _ = asker.send(Err(error));
        };
        let unsupported = || CommandError::new(ErrorCode::CommandNotSupported, "this adapter knows no recordings");
        let Some(line) = self.keys.get(&key).copied() else { return refuse(asker, unsupported()) };
        if self.questions.0.len() >= MOST {
            let text = format!("{MOST} questions for recordings wait already");
            return refuse(asker, CommandError::new(ErrorCode::Overloaded, text).retryable());
        }
        let read = Command::decode("queryCallRecords", &json!({ "nativeId": native_id }));
        let Some(Ok(mut command)) = read else { return refuse(asker, unsupported()) };
        match self.model.admit(line, &mut command) {
            Ok(Admitted::Go) => {}
            Ok(Admitted::Noop(_)) => return refuse(asker, unsupported()),
            Err(error) => return refuse(asker, error),
        }
        let id = self.commands.next_id();
        self.questions.0.insert(id, asker);
        self.input(&InputFrame::command(id, line, &command)).await;
    }
}
