//! The old adapter behind a new one on probation: it hears what the new one hears, and its answers are compared.
//!
//! As long as both have told the phone system, the timers and the clients the same, either can go on for the other.
//! What is compared is what such a change could be noticed by; texts of logs, raw messages and details of facts are
//! not.

use jackfield_plugin_api::frame::frames;
use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::output::{self as kinds, Output};
use jackfield_plugin_api::{CallFact, CallState, CommandId, ErrorCode, Fact, HttpRequest, LineId, Timestamp};

use crate::plugins::{Fault, Port};

/// An adapter that only listens.
#[derive(Debug)]
pub(super) struct Shadow(Port);

impl Shadow {
    /// An adapter that has handed its state over.
    pub(super) fn new(port: Port) -> Self {
        Self(port)
    }

    /// The adapter, which is to run again.
    pub(super) fn into_port(self) -> Port {
        self.0
    }

    /// Tells it what the new one is told. `joined`: as in [`Port::say`].
    pub(super) fn hear(&mut self, at: Timestamp, joined: bool, frame: &InputFrame<'_>) {
        if self.0.is_apart() {
            self.0.say(at, joined, frame);
        }
    }

    /// What it makes of what it heard. `None`: it was not given it, as in [`Port::answer`].
    pub(super) async fn answer(&mut self, at: Timestamp, frame: &InputFrame<'_>) -> Result<Option<&[u8]>, Fault> {
        if self.0.is_apart() { self.0.answer().await } else { self.0.handle_here(at, frame).map(Some) }
    }

    /// The new one was not given an input: neither may this one be.
    pub(super) async fn skips(&mut self) -> bool {
        !self.0.is_apart() || matches!(self.0.answer().await, Ok(None))
    }
}

/// What of an output a change of adapters could be noticed by.
#[derive(Debug, PartialEq)]
enum Deed<'a> {
    /// Bytes to a transport, or what is done with it: kind, transport, payload.
    Transport(u32, u32, &'a [u8]),
    /// A request: its number, method, URL and body.
    Request(u32, Box<HttpRequest>),
    /// A timer, and whether it is set. How long it runs may differ: both are told when it has run out.
    Timer(u32, bool),
    /// An answer to a command.
    Reply(CommandId, Option<ErrorCode>),
    Up,
    /// What is lost: a line, or everything.
    Down(Option<LineId>),
    Call(Stand),
    Calls(LineId, Vec<Stand>),
}

/// That a call is, and how.
type Stand = (LineId, String, CallState);

fn stand(fact: &CallFact) -> Stand {
    (fact.line, fact.key.to_string(), fact.state)
}

fn deed<'a>(kind: u32, arg: u32, payload: &'a [u8], output: Output<'a>) -> Option<Deed<'a>> {
    Some(match output {
        Output::SetTimer { timer, .. } => Deed::Timer(timer.0, true),
        Output::CancelTimer { timer } => Deed::Timer(timer.0, false),
        Output::Http { request, http } => Deed::Request(request.0, http),
        Output::Reply(answer) => Deed::Reply(answer.id, answer.result.err().map(|error| error.code)),
        // The reason is for the log.
        Output::Reconnect { .. } => Deed::Transport(kind, arg, &[]),
        Output::Fact(Fact::Up(_)) => Deed::Up,
        Output::Fact(Fact::Down(down)) => Deed::Down(down.line),
        Output::Fact(Fact::Call(call)) => Deed::Call(stand(&call)),
        Output::Fact(Fact::Snapshot(all)) => {
            let mut calls: Vec<Stand> = all.calls.iter().map(stand).collect();
            calls.sort_by(|a, b| a.1.cmp(&b.1));
            Deed::Calls(all.line, calls)
        }
        Output::Fact(_) | Output::Log(_) | Output::Raw(_) => return None,
        _ => Deed::Transport(kind, arg, payload),
    })
}

fn deeds(outputs: &[u8]) -> impl Iterator<Item = Deed<'_>> {
    frames(outputs).filter_map(|frame| {
        let frame = frame.ok()?;
        // What nobody obeys makes no difference.
        let output = Output::decode(frame).ok()??;
        deed(frame.kind, frame.arg, frame.payload, output)
    })
}

/// In what the outputs of two adapters differ so that the one could not go on for the other; in words without
/// anything of what they say.
pub(super) fn difference(new: &[u8], old: &[u8]) -> Option<String> {
    if new == old {
        return None;
    }
    let (mut new, mut old) = (deeds(new), deeds(old));
    loop {
        return Some(match (new.next(), old.next()) {
            (None, None) => return None,
            (a, b) if a == b => continue,
            (Some(a), Some(b)) => format!("the new one {}, where the old one {}", named(&a), named(&b)),
            (Some(a), None) => format!("the new one {}, the old one does not", named(&a)),
            (None, Some(b)) => format!("the old one {}, the new one does not", named(&b)),
        });
    }
}

fn named(deed: &Deed<'_>) -> String {
    match deed {
        Deed::Transport(kind, transport, payload) => {
            let does = match *kind {
                kinds::OPEN => "opens",
                kinds::CLOSE => "closes",
                kinds::RECONNECT => "reconnects",
                kinds::SETTLED => "is content with",
                kinds::SLOW => "gives up for now on",
                _ => return format!("sends {} bytes on transport {transport}", payload.len()),
            };
            format!("{does} transport {transport}")
        }
        Deed::Request(number, http) => format!("makes request {number} ({})", http.method),
        Deed::Timer(timer, true) => format!("sets timer {timer}"),
        Deed::Timer(timer, false) => format!("stops timer {timer}"),
        Deed::Reply(id, None) => format!("accepts command {id}"),
        Deed::Reply(id, Some(code)) => format!("refuses command {id} ({code})"),
        Deed::Up => "is up".to_owned(),
        Deed::Down(_) => "is down".to_owned(),
        Deed::Call((_, _, state)) => format!("reports a call as {state}"),
        Deed::Calls(_, calls) => format!("shows a line with {} calls", calls.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as adapters write it.
    fn frame(kind: u32, arg: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap();
        [&kind.to_le_bytes()[..], &arg.to_le_bytes(), &length.to_le_bytes(), payload].concat()
    }

    fn call(key: &str, state: CallState, number: &str) -> Vec<u8> {
        let fact = CallFact::new(LineId(1), key, state).caller(jackfield_plugin_api::Party::new(number));
        frame(kinds::CALL, 1, &jackfield_plugin_api::frame::pack(&fact))
    }

    fn timer(id: u32, micros: u64) -> Vec<u8> {
        frame(kinds::SET_TIMER, id, &micros.to_le_bytes())
    }

    #[test]
    fn what_could_be_noticed_differs_and_nothing_else() {
        let held = call("a", CallState::Held, "555");
        let same = |a: Vec<Vec<u8>>, b: Vec<Vec<u8>>| difference(&a.concat(), &b.concat());
        assert_eq!(same(vec![held.clone()], vec![held.clone()]), None);
        assert_eq!(same(vec![held.clone()], vec![call("a", CallState::Held, "777")]), None, "a detail of a fact");
        assert_eq!(
            same(vec![timer(1, 5), held.clone()], vec![timer(1, 9), held.clone()]),
            None,
            "how long a timer runs"
        );
        let unknown = frame(9_999, 7, b"later");
        assert_eq!(same(vec![unknown, held.clone()], vec![held.clone()]), None, "what nobody obeys");
        let told = same(vec![held.clone()], vec![call("b", CallState::Held, "555")]).unwrap();
        assert_eq!(told, "the new one reports a call as held, where the old one reports a call as held");
        let sent = |text: &str| frame(kinds::SEND, 0, text.as_bytes());
        let told = same(vec![sent("secret"), held.clone()], vec![sent("other!"), held.clone()]).unwrap();
        assert_eq!(told, "the new one sends 6 bytes on transport 0, where the old one sends 6 bytes on transport 0");
        assert_eq!(
            same(vec![held.clone(), timer(1, 5)], vec![held]).unwrap(),
            "the new one sets timer 1, the old one does not"
        );
    }
}
