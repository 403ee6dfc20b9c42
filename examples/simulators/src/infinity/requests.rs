//! The methods of the integration module.

use serde_json::{Map, Value, json};

use super::{
    Simulator,
    config::{Answers, Encoding, Members},
    exchange::{CallId, End, Exchange, Refusal, Row, Shown, can},
    json::comma,
    recordings::Codec,
};
use crate::{Millis, Request};

/// A day.
const DAY: f64 = 86_400_000.0;

/// What a request is answered with.
#[derive(Debug)]
pub(super) enum Answer {
    Json {
        status: u16,
        value: Value,
    },
    File {
        content_type: &'static str,
        bytes: Vec<u8>,
    },
    /// There is no such method.
    Nowhere,
    /// It is asked for by GET.
    NotSo,
}

impl Answer {
    pub(super) fn refused(text: &str) -> Self {
        Self::Json { status: 406, value: json!({ "result": { "ErrorMessage": text } }) }
    }
}

/// Parameters of a request.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn new(query: &str, encoding: Encoding) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoding.decode(&unescape(name)), encoding.decode(&unescape(value)))
        });
        Self(decoded.collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, value)| own == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

/// The bytes that a query's text stands for.
fn unescape(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |at: usize| bytes.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let escaped = if byte == b'%' { hex(at + 1).zip(hex(at + 2)) } else { None };
        match escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    out
}

/// Does what a request asks for. `path`: lower case, without slashes around it.
pub(super) fn answer(simulator: &mut Simulator, path: &str, request: &Request) -> Answer {
    if request.method != "GET" {
        return Answer::NotSo;
    }
    let parameters = Parameters::new(&request.query, simulator.exchange.config.answers.encoding);
    let done = match path.split_once('/') {
        Some(("user", method)) => of_user(&mut simulator.exchange, method, &parameters),
        Some(("call", "getactivecalls")) => Some(list(simulator, &parameters)),
        Some(("call", method)) => of_call(&mut simulator.exchange, method, &parameters),
        Some(("stat", "connectionsbycall")) => Some(connections(&simulator.exchange, &parameters)),
        Some(("stat", "getrecordedfile")) => return recorded(&simulator.exchange, &parameters),
        _ => None,
    };
    match done {
        Some(Ok(result)) => Answer::Json { status: 200, value: json!({ "result": result }) },
        Some(Err(Refusal(text))) => Answer::refused(&text),
        None => Answer::Nowhere,
    }
}

type Done = Result<Value, Refusal>;

fn refuse<T>(text: &str) -> Result<T, Refusal> {
    Err(Refusal(text.to_owned()))
}

/// Whom a request is about: `IDUser`, or `Extension`.
fn user(exchange: &Exchange, parameters: &Parameters) -> Result<usize, Refusal> {
    let found = match (parameters.get("IDUser"), parameters.get("Extension")) {
        (Some(id), _) => exchange.user_by_id(id),
        (None, Some(extension)) => exchange.user_by_extension(extension),
        (None, None) => None,
    };
    found.map_or_else(|| refuse("User not found"), Ok)
}

/// Which of the user's calls.
fn call(exchange: &Exchange, user: usize, parameters: &Parameters) -> Result<CallId, Refusal> {
    let id = parameters.get("IDCall").and_then(|id| id.parse().ok());
    let own = id.filter(|id| exchange.calls.get(id).is_some_and(|call| call.user == user));
    own.map_or_else(|| refuse("Call not found"), Ok)
}

fn of_user(exchange: &mut Exchange, method: &str, parameters: &Parameters) -> Option<Done> {
    Some(match method {
        "getstate" => user(exchange, parameters).map(|user| json!({ "IDUserState": exchange.users[user].state })),
        "setstate" => user(exchange, parameters).and_then(|user| {
            let state = parameters.get("IDUserState").and_then(|state| state.parse().ok()).unwrap_or(0);
            exchange.set_state(user, state)?;
            Ok(json!({ "IDUserState": state }))
        }),
        "logon" => {
            let login = parameters.get("Login").unwrap_or_default();
            let found = match parameters.get("IDUser") {
                Some(id) => exchange.user_by_id(id),
                None => exchange.users.iter().position(|user| user.login == login),
            };
            exchange
                .log_on(found, parameters.get("Password").unwrap_or_default())
                .map(|user| json!({ "IDUser": exchange.users[user].id, "IDUserState": exchange.users[user].state }))
        }
        "logoff" => user(exchange, parameters).and_then(|user| {
            exchange.set_state(user, 399)?;
            Ok(json!({ "IDUserState": 399 }))
        }),
        _ => return None,
    })
}

fn of_call(exchange: &mut Exchange, method: &str, parameters: &Parameters) -> Option<Done> {
    let known = ["make", "drop", "accept", "hold", "unhold", "quicktransfer", "starttransfer"];
    let inferred = ["finishtransfer", "finishconference", "senddigits"];
    let there = known.contains(&method) || (exchange.config.inferred && inferred.contains(&method));
    there.then(|| do_with_call(exchange, method, parameters))
}

fn do_with_call(exchange: &mut Exchange, method: &str, parameters: &Parameters) -> Done {
    let user = user(exchange, parameters)?;
    let number = parameters.get("Number").unwrap_or_default();
    if method == "make" {
        let id = exchange.make(user, number, None)?;
        if let Some((tag, call)) = parameters.get("Tag").zip(exchange.calls.get_mut(&id)) {
            call.info = format!("Tag:\t{}", tag.chars().take(256).collect::<String>());
        }
        return Ok(json!({ "IDCall": id }));
    }
    let id = call(exchange, user, parameters)?;
    match method {
        "drop" => exchange.hang_up(id)?,
        "accept" => exchange.answer(id)?,
        "hold" => exchange.hold(id, false)?,
        "unhold" => exchange.unhold(id)?,
        "quicktransfer" => exchange.quick_transfer(id, number)?,
        "finishtransfer" => exchange.finish_transfer(id)?,
        "finishconference" => exchange.finish_conference(id)?,
        "senddigits" => exchange.send_digits(id, parameters.get("Digits").unwrap_or_default())?,
        _ => return exchange.start_transfer(id, number).map(|made| json!({ "IDCall": made })),
    }
    Ok(json!({ "IDCall": id }))
}

/// `getactivecalls`.
fn list(simulator: &mut Simulator, parameters: &Parameters) -> Done {
    let user = user(&simulator.exchange, parameters)?;
    let hidden = simulator.hides_calls();
    let exchange = &mut simulator.exchange;
    let shown = if hidden { Vec::new() } else { exchange.shown(user) };
    let calls: Vec<Value> = shown.iter().map(|call| item(exchange, call)).collect();
    for call in &shown {
        if exchange.calls.get(&call.id).is_some_and(|call| call.blinks) {
            exchange.hang_up(call.id)?;
        }
    }
    Ok(json!({ "Data": calls }))
}

/// A moment, as OLE Automation has it.
fn day(how: &Answers, at: Millis) -> f64 {
    how.began + days(at)
}

#[allow(clippy::cast_precision_loss, reason = "the simulator will not run for 285,000 years")]
fn days(time: Millis) -> f64 {
    time as f64 / DAY
}

/// Members as answers have them: texts, or what they are.
struct Written<'a> {
    how: &'a Answers,
    members: Map<String, Value>,
}

impl<'a> Written<'a> {
    fn new(how: &'a Answers) -> Self {
        Self { how, members: Map::new() }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.members.insert(name.to_owned(), value.into());
    }

    fn whole(&mut self, name: &str, value: u64) {
        let value = if self.how.texts { Value::from(value.to_string()) } else { value.into() };
        self.members.insert(name.to_owned(), value);
    }

    fn broken(&mut self, name: &str, value: f64) {
        let value = if self.how.texts { Value::from(comma(value)) } else { value.into() };
        self.members.insert(name.to_owned(), value);
    }
}

/// A call in `getactivecalls`.
fn item(exchange: &Exchange, shown: &Shown) -> Value {
    let how = &exchange.config.answers;
    let mut item = Written::new(how);
    item.whole("ID", shown.id);
    item.whole("Direction", shown.direction as u64);
    if how.members == Members::All {
        item.whole("SeanceID", shown.seance);
        item.whole("ParentCallID", shown.parent.unwrap_or(0));
        item.text("Extension", &exchange.users[shown.user].extension);
        item.text("Number", &shown.number);
        item.text("Name", &shown.name);
        item.text("DialedNumber", &shown.dialed);
        item.whole("State", shown.state.into());
        item.broken("StartTime", day(how, shown.started));
        item.broken("LastStateTime", day(how, shown.changed));
        item.broken("Duration", days(exchange.now.saturating_sub(shown.started)));
        item.text("AbonentCallInfoStr", &shown.info);
        for (name, flag) in [
            ("CanDrop", can::DROP),
            ("CanAnswer", can::ANSWER),
            ("CanHold", can::HOLD),
            ("CanUnHold", can::UNHOLD),
            ("CanQuickTransfer", can::TRANSFER),
            ("CanStartTransfer", can::TRANSFER),
            ("CanFinishTransfer", can::FINISH),
            ("CanFinishConference", can::FINISH),
            ("CanSendDigits", can::DIGITS),
        ] {
            item.whole(name, u64::from(shown.can & flag != 0));
        }
    }
    for (name, side) in [("AWavFile", 'A'), ("BWavFile", 'B')] {
        match shown.recorded {
            Some(talk) => item.text(name, &format!("D:\\Infinity\\records\\new\\{talk}_{side}.wav")),
            None => item.text(name, &how.no_file),
        }
    }
    Value::Object(item.members)
}

/// `connectionsbycall`.
fn connections(exchange: &Exchange, parameters: &Parameters) -> Done {
    let id = parameters.get("IDCall").and_then(|id| id.parse().ok());
    let Some(mut rows) = id.and_then(|id| exchange.rows(id)) else { return refuse("Call not found") };
    if parameters.get("Recorded") == Some("1") {
        rows.retain(|row| row.talk.recorded);
    }
    if parameters.get("AllInfo") != Some("1") {
        let ids: Vec<u64> = rows.iter().map(|row| row.id).collect();
        return Ok(json!({ "Connections": ids }));
    }
    let rows: Vec<Value> = rows.iter().map(|row| record(&exchange.config.answers, row)).collect();
    Ok(json!({ "Data": rows }))
}

/// A talk in `connectionsbycall` with `AllInfo`.
fn record(how: &Answers, row: &Row<'_>) -> Value {
    let talk = row.talk;
    let mut item = Written::new(how);
    // A technical part has a name in the place of its number.
    let name = |end: &End, number: &str| match end {
        End::Machine(name) => name.clone(),
        _ => number.to_owned(),
    };
    let kind = |end: &End| match end {
        End::User(_) => 1,
        End::Outside(_) => 2,
        End::Machine(_) => 3,
    };
    let start = day(how, talk.started);
    item.whole("ID", row.id);
    item.text("ANumber", &name(&talk.a, &talk.numbers[0]));
    item.text("BNumber", &name(&talk.b, &talk.numbers[1]));
    item.whole("BIDUser", talk.user_b.unwrap_or(0));
    item.broken("TimeStart", start);
    item.broken("TimeStartDate", start.floor());
    item.broken("TimeStartTime", start.fract());
    item.broken("DurationFull", days(row.full));
    for (name, spent) in
        ["DurationWait", "DurationTalk", "DurationHold", "DurationConference"].into_iter().zip(row.spent)
    {
        item.broken(name, days(spent));
    }
    item.whole("IDSeance", talk.seance);
    item.whole("AAbonentType", kind(&talk.a));
    item.whole("BAbonentType", kind(&talk.b));
    item.whole(
        "ConnectionDirection",
        match (&talk.a, &talk.b) {
            (End::Outside(_), _) => 1,
            (_, End::Outside(_)) => 2,
            _ => 0,
        },
    );
    Value::Object(item.members)
}

/// `getrecordedfile`.
fn recorded(exchange: &Exchange, parameters: &Parameters) -> Answer {
    let number = |name| parameters.get(name).and_then(|id| id.parse().ok());
    let Some(codec) = Codec::of(parameters.get("codec")) else { return Answer::refused("Codec not found") };
    let (connection, seance) = (number("IDConnection"), number("IDSeance"));
    match exchange.recording(connection, seance).filter(|_| connection.is_some() || seance.is_some()) {
        Some(time) => Answer::File { content_type: codec.content_type(), bytes: codec.file(time) },
        None => Answer::refused("Connection not found"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read() {
        let read = Parameters::new("IDUser=17&Number=%2B38+044&x&HostHame=%CE%EB%FF&y=%zz", Encoding::Windows1251);
        assert_eq!(read.get("Number"), Some("+38 044"));
        assert_eq!((read.get("x"), read.get("HostHame"), read.get("y")), (None, Some("Оля"), Some("%zz")));
    }
}
