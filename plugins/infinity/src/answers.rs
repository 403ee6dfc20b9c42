//! Where each answer goes.

use jackfield_plugin_api::{
    CloseKind, CloseReason, CommandError, CommandId, Down, ErrorCode, ErrorFact, Host, HttpResponse, LineId, Raw,
    RawDirection, Reply, RequestId, Severity, Timestamp, Up,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::adapter::Infinity;
use crate::agent;
use crate::calls::{compare, not_asked};
use crate::capabilities::configured;
use crate::commands::Then;
use crate::item;
use crate::json::{self, NotUnderstood};
use crate::query::Query;
use crate::schedule::Question;

/// Answers are shown to who looks for a fault up to here, in characters.
const LONGEST_SHOWN: usize = 4_096;

/// What an answer is for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Waiting {
    /// A question that is asked again and again.
    Question { line: LineId, question: Question, asked: Timestamp },
    /// The talks of a call that was named and is not shown.
    Missed { line: LineId, call: String },
    /// A command, or a step of it.
    Command { line: LineId, id: CommandId, then: Then },
}

impl Waiting {
    pub(crate) fn is_question(&self) -> bool {
        matches!(self, Self::Question { .. } | Self::Missed { .. })
    }
}

/// What an answer says.
pub(crate) enum Said {
    /// Done; what the answer holds, if it can be read.
    Yes(Result<Map<String, Value>, NotUnderstood>),
    /// Infinity knows the request and refuses it.
    No(String),
    /// It does not answer as it should, or not at all.
    Nothing(CloseReason),
}

impl Infinity {
    /// An answer has come.
    pub(crate) fn answered(
        &mut self,
        request: RequestId,
        response: Result<HttpResponse<'_>, CloseReason>,
        host: &mut Host<'_>,
    ) {
        // An answer to nothing: its line was closed meanwhile.
        let Some(waiting) = self.waiting.remove(&request) else { return };
        let said = self.said(response, host);
        match waiting {
            Waiting::Question { line, question, asked } => self.question(line, question, asked, said, host),
            Waiting::Missed { line, call } => self.missed(line, &call, said, host),
            Waiting::Command { line, id, then } => self.command_answered(line, id, then, said, host),
        }
    }

    fn said(&self, response: Result<HttpResponse<'_>, CloseReason>, host: &mut Host<'_>) -> Said {
        let response = match response {
            Ok(response) => response,
            Err(reason) => return Said::Nothing(reason),
        };
        let (text, _) = self.encoding().decode_without_bom_handling(response.body);
        if self.config.raw {
            let shown: String = text.chars().take(LONGEST_SHOWN).collect();
            host.raw(&Raw::new(RawDirection::In, "infinity", format!("status {}", response.status), shown));
        }
        let result = json::result(&text);
        let message = result.as_ref().ok().and_then(|result| json::text(result, "ErrorMessage"));
        match (response.status, message) {
            (200..=299, None) => Said::Yes(result),
            (406, None) => Said::No("Infinity refuses it and does not say why".to_owned()),
            (200..=299 | 406, Some(text)) => Said::No(text.chars().take(200).collect()),
            (status, _) => Said::Nothing(CloseReason::new(
                CloseKind::Refused,
                format!("{}: Infinity answered with status {status}", self.config.url),
            )),
        }
    }

    fn question(&mut self, id: LineId, question: Question, asked: Timestamp, said: Said, host: &mut Host<'_>) {
        let now = host.now();
        let Some(line) = self.lines.get_mut(&id) else { return };
        let answer = match said {
            Said::Yes(Ok(result)) => match question {
                Question::Calls => item::seen(&result, &self.config).map(|seen| (Some(seen), None)),
                Question::State => json::text(&result, "IDUserState").map(|state| (None, Some(state.into_owned()))),
            }
            .ok_or_else(|| NotUnderstood("the answer has not what was asked for".to_owned())),
            Said::Yes(Err(error)) => Err(error),
            Said::No(text) => {
                self.works(question, host);
                match question {
                    Question::Calls => self.unknown(id, &text, host),
                    Question::State => self.no_state(id, text, host),
                }
                return self.again(id, question, asked, now);
            }
            Said::Nothing(reason) => {
                self.again(id, question, asked, now);
                return self.fails(question, &reason, host);
            }
        };
        match answer {
            Ok((seen, state)) => {
                match question {
                    Question::Calls => (line.down, line.refused) = (None, 0),
                    Question::State => line.no_state = None,
                }
                self.works(question, host);
                let is_up = self.is_up;
                let Some(line) = self.lines.get_mut(&id) else { return };
                let shows_calls = seen.is_some();
                if let Some(seen) = seen {
                    compare(line, seen, &self.config, host);
                }
                // Before the connection is up there is nobody to tell; it is asked again then.
                if let Some(state) = state.filter(|_| is_up) {
                    agent::is(line, state, None, &self.config, host);
                }
                self.again(id, question, asked, now);
                if shows_calls {
                    self.look_for_named(id, asked, host);
                }
            }
            Err(NotUnderstood(text)) => {
                self.again(id, question, asked, now);
                let reason = CloseReason::new(CloseKind::Lost, format!("{}: {text}", self.config.url));
                self.fails(question, &reason, host);
            }
        }
    }

    /// The server answers. Whether it shows calls decides whether the connection is up.
    fn works(&mut self, question: Question, host: &mut Host<'_>) {
        if question == Question::State {
            self.states_failed = 0;
            return;
        }
        self.failed = 0;
        self.pace.scout = None;
        if !self.is_up {
            self.is_up = true;
            host.report(Up::new("Infinity", configured(&self.config, true)));
            let now = host.now();
            for line in self.lines.values_mut() {
                for due in line.due.iter_mut().flatten() {
                    *due = (*due).min(now);
                }
            }
        }
    }

    /// The server does not. Once is nothing; a few times in a row is a connection that is down. Where only the states of
    /// users do not come, it is up, and that is told.
    fn fails(&mut self, question: Question, reason: &CloseReason, host: &mut Host<'_>) {
        if question == Question::State {
            self.states_failed = self.states_failed.saturating_add(1);
            if self.states_failed == self.config.fails && self.is_up {
                let text = format!("Infinity does not tell the states of users; the last reason: {}", reason.text);
                host.report(ErrorFact::new(ErrorCode::CommandFailed, Severity::Warning, text));
            }
            return;
        }
        self.failed = self.failed.saturating_add(1);
        if self.failed < self.config.fails || self.pace.scout.is_some() {
            return;
        }
        self.pace.scout = Some(host.now());
        let code = if self.is_up { ErrorCode::ConnectionLost } else { ErrorCode::ConnectionFailed };
        self.is_up = false;
        for line in self.lines.values_mut() {
            line.is_shown = false;
        }
        let text = format!("{} requests in a row without a good answer; the last: {}", self.failed, reason.text);
        host.report(Down::new(code, text));
    }

    /// Infinity does not show a line's calls. One that has shown them a moment ago is asked a few times more.
    fn unknown(&mut self, id: LineId, text: &str, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.refused = line.refused.saturating_add(1);
        if line.down.as_deref() == Some(text) || (line.is_shown && line.refused < self.config.fails) {
            return;
        }
        line.down = Some(text.to_owned());
        line.is_shown = false;
        let why = format!("Infinity does not show the calls of extension {}: {text}", line.extension);
        host.report(Down::new(ErrorCode::DeviceOutOfService, why).line(id));
    }

    /// Infinity does not tell the state of a line's user; said once.
    fn no_state(&mut self, id: LineId, text: String, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id).filter(|line| line.no_state.as_ref() != Some(&text)) else { return };
        let user = line.user.as_deref().unwrap_or_default();
        let why = format!("Infinity does not tell the state of user {user} (setting `user`): {text}");
        line.no_state = Some(text);
        host.report(ErrorFact::new(ErrorCode::CommandFailed, Severity::Warning, why).line(id));
    }

    fn command_answered(&mut self, line: LineId, id: CommandId, then: Then, said: Said, host: &mut Host<'_>) {
        match said {
            Said::Yes(result) => self.accepted(line, id, then, result.ok().as_ref(), host),
            Said::No(text) => {
                self.forget_made(line, id);
                if let Some(line) = self.lines.get_mut(&line) {
                    not_asked(line, id);
                }
                let error = CommandError::new(ErrorCode::CommandFailed, format!("Infinity refused: {text}"));
                host.refuse(id, error.native(serde_json::json!({ "ErrorMessage": text })));
            }
            Said::Nothing(reason) => {
                self.forget_made(line, id);
                let code = match reason.kind {
                    CloseKind::Timeout => ErrorCode::Timeout,
                    CloseKind::Refused => ErrorCode::CommandFailed,
                    _ => ErrorCode::ConnectionLost,
                };
                host.refuse(id, CommandError::new(code, reason.text).retryable());
            }
        }
        // Whatever became of it, the calls tell.
        self.hurry(line, Question::Calls, host.now());
    }

    /// Answers a command for good.
    pub(crate) fn done(&self, id: CommandId, host: &mut Host<'_>) {
        host.reply(id, Reply::accepted());
    }

    pub(crate) fn show_request(&self, query: &Query, host: &mut Host<'_>) {
        let summary = query.url().split('?').next().unwrap_or_default();
        host.raw(&Raw::new(RawDirection::Out, "infinity", format!("GET {summary}"), query.url()));
    }
}
