//! Outputs as one readable line each.

use serde::Serialize;

use crate::fact::Fact;
use crate::frame::output::Output;
use crate::output::TransportSpec;

/// An output as a line of a script, without the leading `<`.
#[must_use]
pub fn render(output: &Output<'_>) -> String {
    match output {
        Output::Open { transport, spec: Ok(spec) } => format!("open {transport} {}", target(spec)),
        Output::Open { transport, spec: Err(error) } => format!("open {transport} ? {error}"),
        Output::Send { transport, bytes } => format!("send {transport} {}", quote(bytes)),
        Output::SendText { transport, text } => format!("text {transport} {}", quote(text.as_bytes())),
        Output::SendBinary { transport, bytes } => format!("binary {transport} {}", quote(bytes)),
        Output::Close { transport } => format!("close {transport}"),
        Output::Reconnect { transport, why } => format!("reconnect {transport} {}", quote(why.as_bytes())),
        Output::Settled { transport } => format!("settled {transport}"),
        Output::Slow { transport } => format!("slow {transport}"),
        Output::Http { request, http } => format!("http {request} {} {}", http.method, http.url),
        Output::SetTimer { timer, after } => format!("timer {timer} {after:?}"),
        Output::CancelTimer { timer } => format!("timer {timer} off"),
        Output::Reply(answer) => match &answer.result {
            Ok(reply) => format!("reply {} {}", answer.id, json(reply)),
            Err(error) => format!("refuse {} {} {}", answer.id, error.code, quote(error.text.as_bytes())),
        },
        Output::Raw(raw) => format!("raw {} {} {}", raw.direction, raw.format, raw.summary),
        Output::Log(line) => format!("log {} {}", line.level, line.text),
        Output::Fact(fact) => render_fact(fact),
    }
}

fn render_fact(fact: &Fact) -> String {
    match fact {
        Fact::Up(up) => format!("up {} {:?}", quote(up.phone_system.as_bytes()), up.capabilities.call),
        Fact::Down(down) => {
            let line = down.line.map_or_else(String::new, |line| format!(" line {line}"));
            let retry = if down.retry { "" } else { " no retry" };
            format!("down{line} {} {}{retry}", down.code, quote(down.text.as_bytes()))
        }
        Fact::Call(fact) => format!("call {}", json(fact)),
        Fact::Snapshot(fact) => format!("snapshot {}", json(fact)),
        Fact::Agent(fact) => format!("agent {}", json(fact)),
        Fact::Line(fact) => format!("line {}", json(fact)),
        Fact::Dtmf(fact) => format!("dtmf {}", json(fact)),
        Fact::Recording(fact) => format!("recording {}", json(fact)),
        Fact::WebRtc(fact) => format!("webrtc {}", json(fact)),
        Fact::WebRtcSignal(fact) => format!("signal {}", json(fact)),
        Fact::Error(fact) => format!("error {}", json(fact)),
    }
}

fn target(spec: &TransportSpec) -> String {
    match spec {
        TransportSpec::Tcp { host, port } => format!("tcp {host}:{port}"),
        TransportSpec::Tls { host, port, .. } => format!("tls {host}:{port}"),
        TransportSpec::WebSocket { url, .. } => format!("websocket {url}"),
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("? {error}"))
}

/// Bytes as a quoted string: printable ASCII as it is, the rest escaped.
fn quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
    text
}
