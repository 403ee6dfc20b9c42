//! An adapter of an invented phone system that hands its whole state over, and that fails where a test wants it to.
//!
//! ```text
//! → HELLO                        ← LIST                              all calls follow
//!                                ← CALL 1 101 in 555 connected       key, line, way, other party, state
//!                                ← END                               that was all
//!                                ← CALL 1 101 in 555 held            later: a call is so now
//!                                ← GONE 1 101
//! → ANSWER 7 1 · HOLD 7 1 · RESUME 7 1 · DROP 7 1 · DIAL 7 101 555 · CONSULT 7 1 102       7: the command
//!                                ← OK 7 · OK 7 2 (the new call) · NO 7
//! → TICK 5                                                           from a timer: how often it ran out
//! ```
//!
//! The service `state` answers with how many bytes of a line wait in the buffer, and how often the timer ran out; the
//! service `fetch` makes an HTTP request and answers with what came.

#![forbid(unsafe_code)]

mod record;

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::frame::{pack, unpack};
use jackfield_plugin_api::{
    Adapter, CallFact, CallFeatures, CallState, Capabilities, CauseCode, Command, CommandError, CommandId, ConfigError,
    Direction, Down, ErrorCode, Host, HttpRequest, Input, LineId, LogLevel, Manifest, Party, Reply, RequestId,
    RestoreError, Snapshot, SnapshotSupport, TimerId, TransportId, TransportSpec, Up, export_adapter,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Settings of the connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The phone system's port, on this machine.
    port: u16,
    /// How often it says that it is there.
    #[serde(default)]
    tick_ms: u64,
}

/// Settings of a line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LineSettings {
    /// Shown in the log. One build refuses every colour.
    #[serde(default, deserialize_with = "colour")]
    colour: Option<String>,
}

fn colour<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match record::fails().0 {
        "lines-refused" => Err(serde::de::Error::custom("this version knows no colours")),
        _ => Option::deserialize(deserializer),
    }
}

/// All that goes over to another build.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct State {
    /// The version of this state.
    version: u32,
    /// Lines by name.
    lines: BTreeMap<String, LineId>,
    partial: Vec<u8>,
    /// The list that is coming in.
    list: Vec<CallFact>,
    listing: bool,
    up: bool,
    /// How often the timer ran out. Not in a state of version 1.
    #[serde(default)]
    ticks: u64,
    /// Requests under way, and the commands that wait for them.
    fetching: BTreeMap<u32, CommandId>,
}

struct Turnover {
    settings: Settings,
    state: State,
    /// Lines of the phone system that this very adapter has handled.
    handled: u32,
}

const PBX: TransportId = TransportId(0);
const TICK: TimerId = TimerId(1);
/// No line of the protocol is longer.
const LONGEST_LINE: usize = 4_096;

fn capabilities() -> Capabilities {
    use CallFeatures as F;
    let call = F::DIAL | F::ANSWER | F::DROP | F::HOLD | F::UNHOLD | F::MAKE_CONSULT_CALL;
    let mut capabilities = Capabilities::new(call).snapshot(SnapshotSupport::Full);
    capabilities.drops_one_of_pair = true;
    capabilities.services = vec!["state".to_owned(), "fetch".to_owned()];
    capabilities
}

/// Fails as this build is told to, when this is the place.
fn fails(place: &str) {
    let (wanted, _) = record::fails();
    match wanted.strip_prefix(place).and_then(|how| how.strip_prefix('-')) {
        Some("panics") => panics(place),
        Some("aborts") => std::process::abort(),
        Some("hangs") => hangs(),
        _ => {}
    }
}

#[allow(clippy::panic, reason = "that is what it is for")]
fn panics(place: &str) {
    panic!("it panics at {place}, as it was told");
}

fn hangs() -> ! {
    loop {
        std::thread::park();
    }
}

fn check(settings: &Settings) -> Result<(), ConfigError> {
    match record::fails().0 {
        "settings" => Err(ConfigError::new("port", "this version wants a text here")),
        _ if settings.port == 0 => Err(ConfigError::new("port", "must not be 0")),
        _ => Ok(()),
    }
}

impl Adapter for Turnover {
    type Config = Settings;
    type LineConfig = LineSettings;

    fn manifest() -> Manifest {
        let (oldest, newest) = record::states();
        let manifest = Manifest::new("turnover", record::version(), "Turnover", capabilities())
            .description("For tests of the hot swap.")
            .saves(newest, oldest);
        match record::needs() {
            "" => manifest,
            needs => manifest.needs([needs]),
        }
    }

    fn new(settings: Settings, _: &mut Host<'_>) -> Result<Self, ConfigError> {
        check(&settings)?;
        fails("new");
        Ok(Self { settings, state: State::default(), handled: 0 })
    }

    fn handle(&mut self, input: Input<'_, LineSettings>, host: &mut Host<'_>) {
        match input {
            Input::Started => {
                host.open(PBX, &TransportSpec::tcp("127.0.0.1", self.settings.port));
                self.tick_again(host);
            }
            Input::Opened { transport: PBX } => host.send(PBX, "HELLO\n"),
            Input::Received { transport: PBX, bytes } => self.received(bytes, host),
            Input::Closed { transport: PBX, reason } => {
                (self.state.up, self.state.listing) = (false, false);
                self.state.partial.clear();
                self.state.list.clear();
                host.report(Down::new(ErrorCode::ConnectionLost, reason.text));
            }
            Input::Timer { timer: TICK } => {
                self.state.ticks += 1;
                if self.state.up {
                    host.send(PBX, format!("TICK {}\n", self.state.ticks));
                }
                self.tick_again(host);
            }
            Input::LineOpened { line, name, settings } => {
                if let Some(colour) = settings.colour {
                    host.log(LogLevel::Info, format!("line {name} is {colour}"));
                }
                self.state.lines.insert(name, line);
                if self.state.up {
                    host.send(PBX, "HELLO\n");
                }
            }
            Input::LineSettings { .. } => fails("lines"),
            Input::LineClosed { line } => self.state.lines.retain(|_, open| *open != line),
            Input::Command { id, line, command } => self.command(id, line, &command, host),
            Input::HttpResponse { request, response } => {
                if let Some(id) = self.state.fetching.remove(&request.0) {
                    let said = match response {
                        Ok(response) => String::from_utf8_lossy(response.body).into_owned(),
                        Err(reason) => reason.text,
                    };
                    let mut reply = Reply::accepted();
                    reply.values.insert("said".to_owned(), said.into());
                    host.reply(id, reply);
                }
            }
            _ => {}
        }
    }

    fn save(&self) -> Option<Vec<u8>> {
        fails("save");
        let (_, version) = record::states();
        let ticks = if version == 1 { 0 } else { self.state.ticks };
        (version > 0).then(|| pack(&State { version, ticks, ..self.state.clone() }))
    }

    fn restore(settings: Settings, saved: &[u8], _: &mut Host<'_>) -> Result<Self, RestoreError> {
        check(&settings)?;
        fails("restore");
        if record::fails().0 == "restore-refuses" {
            return Err(RestoreError::new("it refuses every state, as it was told"));
        }
        let state: State = unpack(saved).map_err(RestoreError::new)?;
        let (oldest, newest) = record::states();
        if state.version < oldest || state.version > newest {
            return Err(RestoreError::new(format!("a state of version {}", state.version)));
        }
        Ok(Self { settings, state, handled: 0 })
    }
}

impl Turnover {
    fn tick_again(&self, host: &mut Host<'_>) {
        if self.settings.tick_ms > 0 {
            host.set_timer(TICK, Duration::from_millis(self.settings.tick_ms));
        }
    }

    fn received(&mut self, mut bytes: &[u8], host: &mut Host<'_>) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.state.partial.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let line = String::from_utf8_lossy(&std::mem::take(&mut self.state.partial)).into_owned();
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            self.fails_now(host);
            self.handled += 1;
            self.line(&words, host);
        }
        self.state.partial.extend_from_slice(bytes);
        if self.state.partial.len() > LONGEST_LINE {
            self.state.partial.clear();
            host.reconnect(PBX, "a line without an end");
        }
    }

    /// Before a line is handled: fails when so many were.
    fn fails_now(&self, host: &mut Host<'_>) {
        let (place, after) = record::fails();
        if self.handled == after {
            match place {
                "line-panics" | "differs-panics" => panics("a line"),
                "line-aborts" => std::process::abort(),
                "line-hangs" => hangs(),
                _ => {}
            }
        }
        // The phone system hears something that it did not hear from the other build.
        if place == "differs-panics" && self.handled == 0 {
            host.send(PBX, "ELSE\n");
        }
    }

    fn line(&mut self, words: &[&str], host: &mut Host<'_>) {
        let state = &mut self.state;
        match *words {
            ["LIST"] => state.listing = true,
            ["CALL", key, line, way, number, now] => {
                let Some(fact) = state.call(key, line, way, number, now) else { return };
                match state.listing {
                    true => state.list.push(fact),
                    false => host.report(fact),
                }
            }
            ["GONE", key, line] => {
                if let Some(line) = state.lines.get(line) {
                    host.report(CallFact::finished(*line, key, CauseCode::NormalClearing));
                }
            }
            ["END"] => {
                (state.up, state.listing) = (true, false);
                host.report(Up::new("Turnover", capabilities()));
                let list = std::mem::take(&mut state.list);
                for line in state.lines.values() {
                    let calls = list.iter().filter(|call| call.line == *line).cloned();
                    host.report(Snapshot::new(*line, calls.collect()));
                }
            }
            ["OK", id] => {
                if let Ok(id) = id.parse() {
                    host.reply(CommandId(id), Reply::accepted());
                }
            }
            ["OK", id, call] => {
                if let Ok(id) = id.parse() {
                    host.reply(CommandId(id), Reply::call(call));
                }
            }
            ["NO", id] => {
                if let Ok(id) = id.parse() {
                    host.refuse(CommandId(id), CommandError::new(ErrorCode::CommandFailed, "the phone system refuses"));
                }
            }
            _ => host.log(LogLevel::Debug, format!("not understood: {}", words.join(" "))),
        }
    }

    fn command(&mut self, id: CommandId, line: LineId, command: &Command, host: &mut Host<'_>) {
        fails("command");
        let state = &mut self.state;
        let request = match command {
            Command::LibrarySpecificService(service) if service.name == "state" => {
                let mut reply = Reply::accepted();
                reply.values.insert("partial".to_owned(), state.partial.len().into());
                reply.values.insert("ticks".to_owned(), state.ticks.into());
                reply.values.insert("build".to_owned(), record::version().into());
                return host.reply(id, reply);
            }
            Command::LibrarySpecificService(service) if service.name == "fetch" => {
                let url = service.params["url"].as_str().unwrap_or_default();
                let number = state.fetching.keys().last().map_or(1, |last| last + 1);
                state.fetching.insert(number, id);
                return host.http(RequestId(number), &HttpRequest::new("GET", url));
            }
            Command::MakeCall(make) => {
                let name = state.lines.iter().find(|(_, open)| **open == line).map_or("", |(name, _)| name);
                format!("DIAL {id} {name} {}\n", make.to)
            }
            Command::AnswerCall(c) => format!("ANSWER {id} {}\n", c.call_id),
            Command::DropCall(c) => format!("DROP {id} {}\n", c.call_id),
            Command::HoldCall(c) => format!("HOLD {id} {}\n", c.call_id),
            Command::UnholdCall(c) => format!("RESUME {id} {}\n", c.call_id),
            Command::MakeConsultCall(c) => format!("CONSULT {id} {} {}\n", c.call_id, c.to),
            other => return host.refuse(id, other.unsupported()),
        };
        host.send(PBX, request);
    }
}

impl State {
    fn call(&self, key: &str, line: &str, way: &str, number: &str, now: &str) -> Option<CallFact> {
        let state = CallState::from_name(now)?;
        let fact = CallFact::new(*self.lines.get(line)?, key, state).native_id(key);
        Some(match way {
            "out" => fact.direction(Direction::Out).caller(Party::new(line)).called(Party::new(number)),
            _ => fact.direction(Direction::In).caller(Party::new(number)).called(Party::new(line)),
        })
    }
}

export_adapter!(Turnover);
