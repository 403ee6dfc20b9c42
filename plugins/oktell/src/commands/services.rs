//! What only Oktell can: `librarySpecificService`.

use std::collections::BTreeMap;

use jackfield_plugin_api::{CommandId, ErrorCode, LibrarySpecificService, Reply};
use serde_json::{Value, json};

use super::Then;
use crate::calls::Level;
use crate::info::LineInfo;
use crate::line::{Line, Say};
use crate::wire::fields::{Body, Fields};
use crate::wire::message::Message;

/// Waiting calls that are listed.
const MOST_WAITING: usize = 1_000;
/// The longest number that is taken.
const MAX_NUMBER: usize = 128;

impl Line {
    pub(super) fn service(&mut self, id: CommandId, service: &LibrarySpecificService, say: &mut Say<'_, '_>) {
        match service.name.as_str() {
            "numbers" => say.host.reply(id, Reply::accepted().value("numbers", say.common.directory.list())),
            "queue" => self.request(id, Message::new("getcurrentqueue"), Then::Queue, say),
            "intercom" => {
                let Some(number) = self.number_of(id, &service.params, say) else { return };
                if !self.calls.calls.is_empty() {
                    let text = "an intercom call is made from a line without a call";
                    return self.refuse(id, ErrorCode::InvalidCallState, text, say);
                }
                let message = Message::new("pbxautocallstart").with("sequence", "user").with("intercom", true);
                self.dial(id, message, &number, None, BTreeMap::new(), say);
            }
            "inviteToConference" => {
                if let Some(number) = self.number_of(id, &service.params, say) {
                    self.invite_number(id, number, say);
                }
            }
            other => {
                let text = format!("there is no service `{}`", other.escape_debug());
                self.refuse(id, ErrorCode::CommandNotSupported, text, say);
            }
        }
    }

    /// The parameter `number`; without it the command is refused.
    fn number_of(&self, id: CommandId, params: &Value, say: &mut Say<'_, '_>) -> Option<String> {
        let number = params.get("number").and_then(Value::as_str).map(str::trim).unwrap_or_default();
        if number.is_empty() || number.len() > MAX_NUMBER || number.chars().any(char::is_control) {
            self.refuse(id, ErrorCode::InvalidDestination, "`number` is to be the number to call, as text", say);
            return None;
        }
        Some(number.to_owned())
    }

    fn invite_number(&mut self, id: CommandId, number: String, say: &mut Say<'_, '_>) {
        let current = self.calls.current().filter(|call| call.level == Level::Connected);
        let conference = current.map(|call| call.conference.as_ref().map(|conference| conference.id.clone()));
        match conference {
            Some(Some(conference)) => self.invite_to(id, &conference, &number, say),
            Some(None) => {
                self.request(id, Message::new("buildconferencefromcommutation"), Then::Build(number), say);
            }
            None => {
                let text = "there is no talk that somebody could be invited to";
                self.refuse(id, ErrorCode::InvalidCallState, text, say);
            }
        }
    }

    pub(super) fn queue_listed(&self, id: CommandId, body: &Body, say: &mut Say<'_, '_>) {
        let one = |record: &Body| {
            let waiting = LineInfo::waiting(record)?;
            Some(json!({"number": waiting.number, "name": waiting.name, "chain": waiting.chain}))
        };
        let queue: Vec<Value> = body.objects("queue").filter_map(one).take(MOST_WAITING).collect();
        say.host.reply(id, Reply::accepted().value("queue", queue));
    }
}
