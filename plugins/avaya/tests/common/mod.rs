//! A host and AE Services, played by a test; what is played is written down as a script.
//!
//! A scene asks the adapter's own requests for their invoke ids, so that its answers fit. Everything that goes in becomes
//! a line of a script in `tests/conversations`, and the script alone is what is compared then: with `UPDATE_SCRIPTS=1` it
//! is written anew.

#![allow(dead_code, clippy::panic, clippy::unwrap_used, reason = "shared by several tests, which fail by a panic")]

use std::time::Duration;

use jackfield_csta::Message;
use jackfield_csta::frame::{Framer, encode};
use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::testing::{Driver, script};
use jackfield_plugin_api::{CloseKind, CloseReason, Command, Fact, LineId, serde_json::Value};
use jackfield_plugin_avaya::Avaya;
use serde_json::json;

pub(crate) use say::*;

mod say;

#[path = "../../../csta/tests/common/order.rs"]
pub(crate) mod order;

/// A request that the adapter sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) invoke: u16,
    pub(crate) text: String,
    pub(crate) message: Message,
}

pub(crate) struct Bed {
    pub(crate) driver: Driver<Avaya>,
    pub(crate) script: String,
    /// Requests without an answer.
    pub(crate) open: Vec<Sent>,
    pub(crate) facts: Vec<Fact>,
    framer: Framer,
    transport: u32,
    monitors: u32,
}

pub(crate) fn settings() -> Value {
    json!({"servers": ["aes.example"], "username": "cti", "password": "Planted-1", "switch": "CM"})
}

pub(crate) fn with(more: &Value) -> Value {
    let mut all = settings();
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    all
}

/// A device's id, with the attributes that are usual.
/// A device as events name it.
/// A call's id that is the same everywhere, made of its number.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
    text
}

impl Bed {
    pub(crate) fn new(settings: &Value) -> Self {
        let mut driver = Driver::<Avaya>::new(settings).unwrap();
        driver.started().unwrap();
        let script = format!("> settings {settings}\n");
        let framer = Framer::default();
        Self { driver, script, open: Vec::new(), facts: Vec::new(), framer, transport: 0, monitors: 0 }
    }

    /// A remark for people.
    pub(crate) fn note(&mut self, text: &str) -> &mut Self {
        self.script.push_str(&format!("\n# {text}\n"));
        self
    }

    fn said(&mut self, line: &str) {
        self.script.push_str("> ");
        self.script.push_str(line);
        self.script.push('\n');
        self.facts.extend(self.driver.facts());
        let sent = self.driver.sent(self.transport);
        self.framer.push(&sent);
        while let Some(frame) = self.framer.next_frame().unwrap() {
            let text = String::from_utf8(frame.body.to_vec()).unwrap();
            assert_eq!(order::wrong(&text), None, "{text}");
            let message = Message::parse(&text).unwrap();
            // An answer of ours waits for nothing.
            if !matches!(message, Message::SystemStatusResponse(_)) {
                self.open.push(Sent { invoke: frame.invoke, text, message });
            }
        }
    }

    pub(crate) fn line(&mut self, name: &str, settings: &Value) -> LineId {
        let line = self.driver.line(name, settings).unwrap();
        self.said(&format!("line {name} {settings}"));
        line
    }

    /// The link is open.
    pub(crate) fn opened(&mut self, transport: u32) -> &mut Self {
        self.transport = transport;
        self.open.clear();
        self.framer.clear();
        // A session that is new numbers its monitors anew.
        self.monitors = 0;
        self.driver.opened(transport).unwrap();
        self.said(&format!("opened {transport}"));
        self
    }

    pub(crate) fn closed(&mut self, kind: &str, text: &str) -> &mut Self {
        let reason = CloseReason::new(CloseKind::from_name(kind).unwrap(), text);
        let transport = self.transport;
        self.driver.closed(transport, &reason).unwrap();
        self.said(&format!("closed {transport} {kind} {text}"));
        self.open.clear();
        self
    }

    /// Bytes come.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let transport = self.transport;
        self.driver.received(transport, bytes).unwrap();
        self.said(&format!("receive {transport} {}", quoted(bytes)));
        self
    }

    /// The call that a consultation has begun.
    pub(crate) fn consulted(&mut self, call: &str) -> &mut Self {
        let inner = format!("{}{}", conn("initiatedCall", call, "2101"), linked(call));
        self.answer("ConsultationCall", &csta("ConsultationCallResponse", &inner))
    }

    pub(crate) fn frame(&mut self, invoke: u16, text: &str) -> &mut Self {
        let bytes = encode(invoke, text).unwrap();
        self.bytes(&bytes)
    }

    /// Several events in one read.
    pub(crate) fn events(&mut self, events: &[String]) -> &mut Self {
        let bytes: Vec<u8> = events.iter().flat_map(|text| encode(9_999, text).unwrap()).collect();
        self.bytes(&bytes)
    }

    pub(crate) fn event(&mut self, text: &str) -> &mut Self {
        self.frame(9_999, text)
    }

    /// The oldest request of a name that has no answer yet.
    pub(crate) fn take(&mut self, name: &str) -> Sent {
        let at = self.open.iter().position(|sent| sent.message.name() == name);
        let waiting: Vec<_> = self.open.iter().map(|sent| sent.message.name().to_owned()).collect();
        self.open.remove(at.unwrap_or_else(|| panic!("no {name} among {waiting:?}; {}", self.last())))
    }

    fn last(&self) -> String {
        let remark = self.script.lines().rev().find(|line| line.starts_with('#')).unwrap_or_default();
        format!("after {remark:?} the adapter said {:?}", self.driver.rendered())
    }

    /// Answers the oldest request of a name.
    pub(crate) fn answer(&mut self, name: &str, text: &str) -> &mut Self {
        let sent = self.take(name);
        self.frame(sent.invoke, text)
    }

    /// Accepts it, with nothing to say.
    pub(crate) fn accept(&mut self, name: &str) -> &mut Self {
        self.answer(name, &csta(&format!("{name}Response"), ""))
    }

    pub(crate) fn refuse(&mut self, name: &str, category: &str, value: &str) -> &mut Self {
        self.answer(name, &csta("CSTAErrorCode", &format!("<{category}>{value}</{category}>")))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.open.iter().any(|sent| sent.message.name() == name)
    }

    /// The session's start is accepted.
    pub(crate) fn log_in(&mut self, id: &str) -> &mut Self {
        let inner = format!(
            "<sessionID>{id}</sessionID><actualProtocolVersion>{CSTA}/priv7</actualProtocolVersion><actualSessionDuration>180\
             </actualSessionDuration>"
        );
        self.answer("StartApplicationSession", &session("StartApplicationSessionPosResponse", &inner));
        self.answer("SystemRegister", &csta("SystemRegisterResponse", ""))
    }

    /// The device ids and monitors that are asked for; monitors are numbered from 1.
    pub(crate) fn devices(&mut self) -> &mut Self {
        while self.has("GetDeviceId") || self.has("MonitorStart") {
            if self.has("GetDeviceId") {
                let sent = self.take("GetDeviceId");
                let Message::GetDeviceId(get) = &sent.message else { panic!() };
                let device = dev("device", &get.extension);
                self.frame(sent.invoke, &avaya("GetDeviceIdResponse", &device));
            } else {
                self.monitors += 1;
                let monitor = format!("<monitorCrossRefID>{}</monitorCrossRefID>", self.monitors);
                self.answer("MonitorStart", &csta("MonitorStartResponse", &monitor));
            }
        }
        self
    }

    /// No calls anywhere, no agents, no forwardings.
    pub(crate) fn idle(&mut self) -> &mut Self {
        while self.has("SnapshotDevice") {
            self.calls("");
        }
        self.quiet()
    }

    /// What is asked of a line that is up has no interesting answer.
    pub(crate) fn quiet(&mut self) -> &mut Self {
        while self.has("GetAgentState") {
            self.answer("GetAgentState", &csta("GetAgentStateResponse", ""));
        }
        while self.has("GetForwarding") {
            self.answer("GetForwarding", &csta("GetForwardingResponse", "<forwardingList/>"));
        }
        while self.has("GetDoNotDisturb") {
            self.answer("GetDoNotDisturb", &csta("GetDoNotDisturbResponse", "<doNotDisturbOn>false</doNotDisturbOn>"));
        }
        self
    }

    /// The calls at a station, as `snapshotDeviceResponseInfo` elements.
    pub(crate) fn calls(&mut self, infos: &str) -> &mut Self {
        let data = format!("<crossRefIDorSnapshotData><snapshotData>{infos}</snapshotData></crossRefIDorSnapshotData>");
        self.answer("SnapshotDevice", &csta("SnapshotDeviceResponse", &data))
    }

    /// With one line that is up and idle.
    pub(crate) fn up(settings: &Value) -> Self {
        Self::up_with(settings, &[("2101", json!({}))])
    }

    pub(crate) fn up_with(settings: &Value, lines: &[(&str, Value)]) -> Self {
        let mut bed = Self::new(settings);
        for (name, settings) in lines {
            bed.line(name, settings);
        }
        bed.opened(0).log_in("S-0").devices().idle();
        bed
    }

    pub(crate) fn command(&mut self, line: &str, name: &str, params: &Value) -> &mut Self {
        let command = Command::decode(name, params.clone()).unwrap().unwrap();
        let id = self.driver.line_id(line).unwrap();
        self.driver.command(id, &command).unwrap();
        self.said(&format!("command {line} {name} {params}"));
        self
    }

    /// The device id of a number that is dialled.
    pub(crate) fn target(&mut self) -> &mut Self {
        let sent = self.take("GetThirdPartyDeviceId");
        let Message::GetThirdPartyDeviceId(get) = &sent.message else { panic!() };
        let device = dev("device", &get.extension);
        self.frame(sent.invoke, &avaya("GetThirdPartyDeviceIdResponse", &device))
    }

    pub(crate) fn wait(&mut self, seconds: u64) -> &mut Self {
        self.driver.advance(Duration::from_secs(seconds)).unwrap();
        self.said(&format!("wait {seconds}s"));
        self
    }

    /// Time passes, and keep-alives are answered.
    pub(crate) fn live(&mut self, minutes: u64) -> &mut Self {
        for _ in 0..minutes {
            self.wait(60);
            while self.has("ResetApplicationSessionTimer") {
                let kept = "<actualSessionDuration>180</actualSessionDuration>";
                self.answer("ResetApplicationSessionTimer", &session("ResetApplicationSessionTimerPosResponse", kept));
            }
        }
        self
    }

    pub(crate) fn close_line(&mut self, line: &str) -> &mut Self {
        let id = self.driver.line_id(line).unwrap();
        self.driver.give(&InputFrame::line_closed(id)).unwrap();
        self.said(&format!("close-line {line}"));
        self
    }

    pub(crate) fn stop(&mut self) -> &mut Self {
        self.driver.give(&InputFrame::stopping()).unwrap();
        self.said("stop");
        self
    }

    /// The script is in the folder, and goes as it is written.
    pub(crate) fn keep(&self, name: &str, about: &str) {
        let path = format!("{}/tests/conversations/{name}.script", env!("CARGO_MANIFEST_DIR"));
        let script = script::play::<Avaya>(&format!("# {about}\n\n{}", self.script)).unwrap();
        if std::env::var_os("UPDATE_SCRIPTS").is_some() {
            std::fs::write(&path, &script).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        let wrong = expected.lines().zip(script.lines()).find(|(expected, said)| expected != said);
        assert!(script == expected, "{path} (UPDATE_SCRIPTS=1 writes it): expected, and said: {wrong:#?}");
    }

    // Events of a station, by the number of its monitor.

    pub(crate) fn rings(&mut self, monitor: u32, call: &str, at: &str, from: &str, called: &str) -> &mut Self {
        self.event(&rings(monitor, call, at, from, called, if at_is(monitor, at) { "alerting" } else { "connected" }))
    }

    pub(crate) fn answered(&mut self, monitor: u32, call: &str, by: &str, from: &str, called: &str) -> &mut Self {
        self.event(&answered(monitor, call, by, from, called))
    }

    pub(crate) fn held(&mut self, monitor: u32, call: &str, by: &str) -> &mut Self {
        self.event(&held(monitor, call, by))
    }

    pub(crate) fn retrieved(&mut self, monitor: u32, call: &str, by: &str) -> &mut Self {
        self.event(&retrieved(monitor, call, by))
    }

    pub(crate) fn cleared(&mut self, monitor: u32, call: &str, who: &str, state: &str, word: &str) -> &mut Self {
        self.event(&cleared(monitor, call, who, who, state, word))
    }

    pub(crate) fn dialled(&mut self, monitor: u32, call: &str, from: &str, to: &str, word: &str) -> &mut Self {
        self.event(&initiated(monitor, call, from, word)).event(&originated(monitor, call, from, to))
    }
}

/// Monitor 1 is that of 2101, 2 that of 2102, and so on.
/// An incoming call that was answered.
pub(crate) fn talking(bed: &mut Bed, call: &str, from: &str) {
    bed.rings(1, call, "2101", from, "2101").answered(1, call, "2101", from, "2101");
}

/// A consultation with 2102 that rings, made by a command.
pub(crate) fn consulting(bed: &mut Bed, first: &str, consult: &str, to: &str) {
    bed.command("2101", "makeConsultCall", &json!({"callId": key(first), "to": to}));
    if bed.has("GetThirdPartyDeviceId") {
        bed.target();
    }
    bed.consulted(consult);
    bed.held(1, first, "2101").dialled(1, consult, "2101", to, "consultation").rings(1, consult, to, "2101", to);
}

pub(crate) fn consulted(bed: &mut Bed, first: &str, consult: &str) {
    consulting(bed, first, consult, "2102");
    bed.answered(1, consult, "2102", "2101", "2102");
}
