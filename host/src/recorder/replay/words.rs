//! Inputs, outputs and differences for people.

use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::frame::Frame;
use jackfield_plugin_api::frame::input as inputs;
use jackfield_plugin_api::frame::output::{self as outputs, Output};
use serde_json::Value;

use super::super::entry::Published;
use super::super::hide::HIDDEN;
use super::Given;
use crate::model::timestamp_text;

/// The longest piece of a message in a line.
const LONGEST: usize = 400;

/// A frame as a record has it, or would have it.
pub(crate) type Shown<'a> = (u32, u32, &'a [u8]);

/// What was given: `received on transport 1 (312 bytes)`.
pub(crate) fn input(given: &Given) -> String {
    let Given { kind, arg, body, .. } = given;
    match *kind {
        inputs::STARTED => "the adapter was started".to_owned(),
        inputs::OPENED => format!("transport {arg} is open"),
        inputs::RECEIVED => format!("received on transport {arg}, {} bytes", body.len()),
        inputs::MESSAGE_TEXT => format!("message on transport {arg}, {} bytes", body.len()),
        inputs::MESSAGE_BINARY => format!("binary message on transport {arg}, {} bytes", body.len()),
        inputs::CLOSED => format!("transport {arg} is closed"),
        inputs::HTTP_RESPONSE => format!("answer to request {arg}, {} bytes", body.len()),
        inputs::HTTP_FAILED => format!("request {arg} failed"),
        inputs::TIMER => format!("timer {arg} ran out"),
        inputs::LINE_OPENED => format!("line {arg} was opened"),
        inputs::LINE_CLOSED => format!("line {arg} was closed"),
        inputs::COMMAND => format!("command for line {arg}: {}", command(given)),
        inputs::POSTED => format!("posted by a thread, {} bytes", body.len()),
        inputs::WEBHOOK => format!("webhook, {} bytes", body.len()),
        inputs::STOPPING => "the adapter is to stop".to_owned(),
        kind => format!("an input of kind {kind}"),
    }
}

fn command(given: &Given) -> String {
    let head: Value = jackfield_plugin_api::frame::unpack(&given.head).unwrap_or_default();
    let parameters: Value = jackfield_plugin_api::frame::unpack(&given.body).unwrap_or_default();
    format!("{} {parameters}", head["name"].as_str().unwrap_or("?"))
}

/// The fact of a frame.
pub(crate) fn fact((kind, arg, payload): Shown<'_>) -> Option<jackfield_plugin_api::Fact> {
    match Output::decode(Frame { kind, arg, payload }) {
        Ok(Some(Output::Fact(fact))) => Some(fact),
        _ => None,
    }
}

/// A frame in one line.
pub(crate) fn frame(shown: Shown<'_>) -> String {
    let (kind, arg, payload) = shown;
    let text = || String::from_utf8_lossy(&payload[..payload.len().min(LONGEST)]).escape_debug().to_string();
    if kind & HIDDEN != 0 {
        return format!("{} on {arg} (not told)", name(kind & !HIDDEN));
    }
    match kind {
        outputs::SEND | outputs::SEND_TEXT | outputs::SEND_BINARY | outputs::RECONNECT => {
            format!("{} on {arg}: {}", name(kind), text())
        }
        outputs::CLOSE | outputs::SETTLED | outputs::SLOW | outputs::CANCEL_TIMER => format!("{} {arg}", name(kind)),
        outputs::SET_TIMER => {
            let micros = payload.try_into().map_or(0, u64::from_le_bytes);
            format!("set timer {arg}, {} ms", micros / 1_000)
        }
        outputs::RAW => "raw message".to_owned(),
        _ => match fact(shown).and_then(|fact| serde_json::to_string(&fact).ok()) {
            Some(fact) => format!("fact {fact}"),
            None => {
                let value: Value = jackfield_plugin_api::frame::unpack(payload).unwrap_or_default();
                let value: String = value.to_string().chars().take(LONGEST).collect();
                format!("{} {arg} {value}", name(kind))
            }
        },
    }
}

fn name(kind: u32) -> &'static str {
    match kind {
        outputs::OPEN => "open transport",
        outputs::SEND => "send",
        outputs::SEND_TEXT => "send text",
        outputs::SEND_BINARY => "send binary",
        outputs::CLOSE => "close transport",
        outputs::RECONNECT => "reconnect",
        outputs::HTTP => "http request",
        outputs::CANCEL_TIMER => "cancel timer",
        outputs::REPLY => "reply",
        outputs::RAW => "raw message",
        outputs::LOG => "log",
        outputs::SETTLED => "settled",
        outputs::SLOW => "slow",
        _ => "output",
    }
}

/// The first frame that differs.
pub(super) fn other_frames(then: &[Shown<'_>], now: &[Shown<'_>]) -> String {
    let equal = then.iter().zip(now).take_while(|(then, now)| super::same(**then, **now)).count();
    let word = |frames: &[Shown<'_>]| frames.get(equal).map_or_else(|| "nothing more".to_owned(), |f| frame(*f));
    format!("answer {} of {} (now {}): then {}; now {}", equal + 1, then.len(), now.len(), word(then), word(now))
}

/// The first event that differs.
pub(super) fn other_events(at: Timestamp, then: &[Published], now: &[Published]) -> String {
    let equal = then.iter().zip(now).take_while(|(then, now)| then == now).count();
    let word = |events: &[Published]| {
        events.get(equal).map_or_else(
            || "nothing more".to_owned(),
            |event| {
                let line = event.line.map_or_else(String::new, |line| format!(" of line {line}"));
                let call = event.call.as_deref().unwrap_or("no call");
                format!("{}{line}, number {}, {call}", event.name, event.seq.unwrap_or(0))
            },
        )
    };
    format!("at {}: then {}; now {}", timestamp_text(at), word(then), word(now))
}
