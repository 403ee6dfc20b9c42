//! The way back: a client's command becomes a request.

use std::time::Duration;

use jackfield_plugin_api::{CallKey, Command, CommandError, CommandId, ErrorCode, Host, LineId, Reply};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::adapter::Infinity;
use crate::agent;
use crate::answers::Waiting;
use crate::calls::asked;
use crate::json;
use crate::line::{Asked, Line, Made};
use crate::query::{LONGEST_VALUE, Query, fits};
use crate::schedule::Question;

/// A call that was made and has not shown by then was over before it could be seen.
const SHOWS: Duration = Duration::from_secs(5);
/// Recordings of a call that are named.
const MOST_RECORDINGS: usize = 64;

/// What an accepted request leads to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Then {
    /// The command is done.
    Done,
    /// A call was made; the answer names it.
    Made,
    /// The consultation is dropped; then this call, by its id, is taken back.
    Unhold(String),
    /// The user's state is this now.
    State(String),
    /// The answer lists the recordings.
    Recordings,
}

/// What a command leads to: a request, what follows from it, and what it ends.
struct Plan {
    query: Query,
    then: Then,
    ends: Vec<(String, Asked)>,
    made: Option<(Option<String>, String)>,
}

impl Plan {
    fn new(query: Query) -> Self {
        Self { query, then: Then::Done, ends: Vec::new(), made: None }
    }

    fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    fn ends(mut self, id: &str, how: Asked) -> Self {
        self.ends.push((id.to_owned(), how));
        self
    }

    /// It makes a call, to consult for another or for itself.
    fn makes(self, first: Option<String>, to: &str) -> Self {
        Self { made: Some((first, to.to_owned())), ..self }
    }
}

impl Infinity {
    /// Carries a command out.
    pub(crate) fn command(&mut self, id: CommandId, line: LineId, command: &Command, host: &mut Host<'_>) {
        let Some(known) = self.lines.get(&line) else {
            let text = "the line is not open: see its settings in the host's log";
            return host.refuse(id, CommandError::new(ErrorCode::DeviceOutOfService, text));
        };
        let plan = match self.plan(known, command) {
            Ok(plan) if plan.query.whole => plan,
            Ok(_) => {
                let encoding = self.encoding().name();
                let text = format!("there are letters in it that {encoding} does not have (setting `encoding`)");
                return host.refuse(id, CommandError::new(ErrorCode::CommandFailed, text));
            }
            Err(error) => return host.refuse(id, error),
        };
        if let Some(line) = self.lines.get_mut(&line) {
            for (call, how) in &plan.ends {
                asked(line, call, *how, id);
            }
            if let Some((first, to)) = plan.made {
                let until = host.now() + Duration::from_secs(u64::from(self.config.answer_timeout)) + SHOWS;
                line.made.push(Made { command: id, id: None, first, to: Some(to), until });
            }
        }
        self.send(&plan.query, Waiting::Command { line, id, then: plan.then }, host);
    }

    fn plan(&self, line: &Line, command: &Command) -> Result<Plan, CommandError> {
        let config = &self.config;
        let of_line = |path: &str| Query::new(config, path).with("Extension", &line.extension);
        let of_call = |path: &str, id: &str| of_line(path).with("IDCall", id);
        Ok(match command {
            Command::MakeCall(make) => {
                if make.anonymous || make.from.is_some() {
                    let text =
                        "Infinity has no way to choose the number that is shown: dial without `from`, `anonymous`";
                    return Err(CommandError::new(ErrorCode::CommandNotSupported, text));
                }
                let to = dialled(&make.to)?;
                let mut query = of_line("/call/make/").with("Number", to);
                if let Some(tag) = make.user_data.get("tag").filter(|tag| fits(tag)) {
                    query = query.with("Tag", tag);
                }
                Plan::new(query).then(Then::Made).makes(None, to)
            }
            Command::MakeConsultCall(consult) => {
                let first = known(line, &consult.call_id)?;
                let to = dialled(&consult.to)?;
                let query = of_call("/call/starttransfer/", first).with("Number", to);
                Plan::new(query).then(Then::Made).makes(Some(first.to_owned()), to)
            }
            Command::AnswerCall(c) => Plan::new(of_call("/call/accept/", known(line, &c.call_id)?)),
            Command::HoldCall(c) => Plan::new(of_call("/call/hold/", known(line, &c.call_id)?)),
            Command::UnholdCall(c) => Plan::new(of_call("/call/unhold/", known(line, &c.call_id)?)),
            Command::DropCall(c) => {
                let id = known(line, &c.call_id)?;
                Plan::new(of_call("/call/drop/", id)).ends(id, Asked::Drop)
            }
            Command::BlindTransferCall(c) => {
                let id = known(line, &c.call_id)?;
                let query = of_call("/call/quicktransfer/", id).with("Number", dialled(&c.to)?);
                Plan::new(query).ends(id, Asked::Transfer)
            }
            Command::CancelTransfer(c) => {
                let (first, consult) = (known(line, &c.call_id)?, known(line, &c.consult_call_id)?);
                let drop = Plan::new(of_call("/call/drop/", consult)).ends(consult, Asked::Drop);
                drop.then(Then::Unhold(first.to_owned()))
            }
            Command::TransferCall(c) => {
                let path = config.paths.finish_transfer.as_deref().ok_or_else(|| command.unsupported())?;
                let (first, consult) = pair(line, &c.call_id, &c.consult_call_id)?;
                let plan = Plan::new(of_call(path, first));
                plan.ends(first, Asked::Transfer).ends(consult, Asked::Transfer)
            }
            Command::ConferenceCall(c) => {
                let path = config.paths.finish_conference.as_deref().ok_or_else(|| command.unsupported())?;
                let (first, consult) = pair(line, &c.call_id, &c.consult_call_id)?;
                Plan::new(of_call(path, first)).ends(consult, Asked::Conference)
            }
            Command::SendDtmf(c) => {
                let path = config.paths.send_digits.as_deref().ok_or_else(|| command.unsupported())?;
                let name = config.paths.digits_parameter.as_deref().unwrap_or("Digits");
                Plan::new(of_call(path, known(line, &c.call_id)?).with(name, digits(&c.digits)?))
            }
            Command::SetUserState(c) => self.state(line, &c.code)?,
            Command::ChangeCallCentreState(c) => {
                self.state(line, if c.active { &config.online } else { &config.offline })?
            }
            Command::QueryCallRecords(c) => {
                if !fits(&c.native_id) {
                    return Err(CommandError::new(ErrorCode::RecordNotFound, "there is no recording of no call"));
                }
                let query = Query::new(config, "/stat/connectionsbycall/").with("IDCall", &c.native_id);
                Plan::new(query.with("Recorded", "1")).then(Then::Recordings)
            }
            other => return Err(other.unsupported()),
        })
    }

    fn state(&self, line: &Line, code: &str) -> Result<Plan, CommandError> {
        let Some(user) = &line.user else {
            let text = "the line has no user of Infinity (its setting `user`)";
            return Err(CommandError::new(ErrorCode::CommandNotSupported, text));
        };
        if !fits(code) {
            let text = format!("{code:?} is no state: Infinity numbers them, 300 is ready");
            return Err(CommandError::new(ErrorCode::UnknownState, text));
        }
        let query = Query::new(&self.config, "/user/setstate/").with("IDUser", user).with("IDUserState", code);
        Ok(Plan::new(query).then(Then::State(code.to_owned())))
    }

    /// Infinity has accepted a request.
    pub(crate) fn accepted(
        &mut self,
        line: LineId,
        id: CommandId,
        then: Then,
        result: Option<&Map<String, Value>>,
        host: &mut Host<'_>,
    ) {
        match then {
            Then::Done => self.done(id, host),
            Then::Made => self.made(line, id, result, host),
            Then::Unhold(first) => match self.lines.get(&line).filter(|line| line.call(&first).is_some()) {
                Some(known) => {
                    let query = Query::new(&self.config, "/call/unhold/").with("Extension", &known.extension);
                    let query = query.with("IDCall", &first);
                    self.send(&query, Waiting::Command { line, id, then: Then::Done }, host);
                }
                None => self.done(id, host),
            },
            Then::State(code) => {
                self.done(id, host);
                if let Some(known) = self.lines.get_mut(&line) {
                    agent::is(known, code, Some(id), &self.config, host);
                }
                self.hurry(line, Question::State, host.now());
            }
            Then::Recordings => self.recordings(id, result, host),
        }
    }

    /// A call was made. The host holds the answer back until the call shows.
    fn made(&mut self, line: LineId, id: CommandId, result: Option<&Map<String, Value>>, host: &mut Host<'_>) {
        let named = result.and_then(|result| json::text(result, "IDCall")).map(std::borrow::Cow::into_owned);
        let Some(known) = self.lines.get_mut(&line) else { return self.done(id, host) };
        let Some(call) = named else { return self.done(id, host) };
        // It may have shown already, by a poll that was faster.
        let key = known.call(&call).map_or_else(|| known.key(&call).0, |call| call.key.clone());
        if let Some(made) = known.made.iter_mut().find(|made| made.command == id) {
            made.id = Some(call);
            made.until = host.now() + SHOWS;
        }
        host.reply(id, Reply::call(key));
    }

    fn recordings(&self, id: CommandId, result: Option<&Map<String, Value>>, host: &mut Host<'_>) {
        let ids = result.and_then(|result| result.get("Connections")).and_then(Value::as_array);
        let url = |connection: &Value| {
            let connection = match connection {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            let query = Query::new(&self.config, "/stat/getrecordedfile/").with("IDConnection", &connection);
            let query = match &self.config.codec {
                Some(codec) => query.with("codec", codec),
                None => query,
            };
            Some(Value::from(query.url()))
        };
        let urls: Vec<Value> = ids.into_iter().flatten().filter_map(url).take(MOST_RECORDINGS).collect();
        if urls.is_empty() {
            let text = "Infinity has no recording of this call";
            return host.refuse(id, CommandError::new(ErrorCode::RecordNotFound, text));
        }
        host.reply(id, Reply::accepted().value("urls", urls));
    }

    /// A command that was to make a call has made none.
    pub(crate) fn forget_made(&mut self, line: LineId, id: CommandId) {
        if let Some(line) = self.lines.get_mut(&line) {
            line.made.retain(|made| made.command != id);
        }
    }
}

/// The first call of a pair and its consultation.
fn pair<'a>(line: &'a Line, one: &CallKey, other: &CallKey) -> Result<(&'a str, &'a str), CommandError> {
    let (one, other) = (known(line, one)?, known(line, other)?);
    let consults = |id: &str| line.call(id).is_some_and(|call| call.first.is_some());
    Ok(if consults(one) { (other, one) } else { (one, other) })
}

fn known<'a>(line: &'a Line, key: &CallKey) -> Result<&'a str, CommandError> {
    line.by_key(key).map(|call| call.id.as_str()).ok_or_else(|| {
        CommandError::new(ErrorCode::UnknownCall, format!("Infinity does not show the call {key} any more"))
    })
}

fn dialled(number: &str) -> Result<&str, CommandError> {
    let number = number.trim();
    if fits(number) {
        return Ok(number);
    }
    let shown: String = number.chars().take(40).collect();
    let text = format!("{shown:?} cannot be dialled: a number is 1 to {LONGEST_VALUE} characters, without line ends");
    Err(CommandError::new(ErrorCode::InvalidDestination, text))
}

fn digits(digits: &str) -> Result<&str, CommandError> {
    let is = |c: char| c.is_ascii_digit() || "*#ABCDabcd".contains(c);
    if !digits.is_empty() && digits.len() <= LONGEST_VALUE && digits.chars().all(is) {
        return Ok(digits);
    }
    let text = format!("digits are 0-9, *, #, A-D, at most {LONGEST_VALUE} of them");
    Err(CommandError::new(ErrorCode::InvalidDigits, text))
}
