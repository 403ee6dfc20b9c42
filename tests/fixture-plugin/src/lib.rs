//! A plugin for tests of the ABI and of the loader: it uses every part of the API once, and does on command what a
//! good plugin never does (panics, floods).
//!
//! Tests make other builds of it by writing into the library: what it says of itself stands in [`RECORD`].
//!
//! Built with the feature `growth` it is a plugin of a later version: its facts carry a field, it reports a kind of
//! fact and sends a kind of log that an older host does not know.

#![forbid(unsafe_code)]

use jackfield_plugin_api::schemars::{self, JsonSchema};
use jackfield_plugin_api::serde::{self, Deserialize};
use jackfield_plugin_api::{
    Adapter, AgentFact, AgentState, CallFact, CallFeatures, CallState, Capabilities, CauseCode, Command, ConfigError,
    Direction, DtmfFact, ErrorCode, ErrorFact, Host, Input, LineId, LogLevel, Manifest, Party, Phase, Raw,
    RawDirection, Reply, RestoreError, Severity, Side, SignalKind, Snapshot, SnapshotSupport, TimerId, Up,
    WebRtcSignalFact, Webhook, export_adapter,
};
use std::time::Duration;

/// Settings of the connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "serde", deny_unknown_fields)]
#[schemars(crate = "schemars")]
struct Settings {
    /// Said at the start.
    greeting: String,
    /// Refuse to be made, with this text.
    #[serde(default)]
    refuse: Option<String>,
    /// Panic at this place: `new`, `started`, `command`.
    #[serde(default)]
    panic_at: Option<String>,
}

/// Settings of a line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "serde", deny_unknown_fields)]
#[schemars(crate = "schemars")]
struct LineSettings {
    /// Shown in the log.
    #[serde(default)]
    number: Option<u32>,
}

struct Fixture {
    settings: Settings,
    handled: u64,
}

/// The version of the state; the later version reads the earlier one, too.
const STATE: u32 = if cfg!(feature = "growth") { 2 } else { 1 };

/// What this library is: name, version, needs, where it fails. `-`: nothing. Then `restarts`: it does not hand its state
/// over. Found in the library's file by its first word.
static RECORD: [u8; 128] = {
    let text = concat!("FIXTURE-RECORD fixture ", env!("CARGO_PKG_VERSION"), " - -").as_bytes();
    let mut record = [b' '; 128];
    let mut at = 0;
    while at < text.len() {
        record[at] = text[at];
        at += 1;
    }
    record
};

/// A word of the record.
fn record(word: usize) -> &'static str {
    // What stands in the file is not what the compiler saw.
    let record: &'static [u8] = std::hint::black_box(&RECORD);
    std::str::from_utf8(record).unwrap_or_default().split_whitespace().nth(word).filter(|w| *w != "-").unwrap_or("")
}

fn capabilities() -> Capabilities {
    Capabilities::new(CallFeatures::DIAL | CallFeatures::DROP | CallFeatures::HOLD | CallFeatures::UNHOLD)
        .snapshot(SnapshotSupport::Full)
}

impl Fixture {
    fn panic_if(&self, place: &str) {
        let told = self.settings.panic_at.as_deref() == Some(place) || record(4) == place;
        assert!(!told, "the fixture panics at {place}, as it was told");
    }

    fn line(&self, line: LineId, host: &mut Host<'_>) {
        let fact = CallFact::new(line, "standing", CallState::Connected)
            .direction(Direction::In)
            .native_id("native-1")
            .caller(Party::new("555").name(self.settings.greeting.as_str()))
            .called(Party::new("101"));
        #[cfg(feature = "growth")]
        let fact = {
            let mut fact = fact;
            fact.later = Some("what an older host does not know".to_owned());
            fact
        };
        host.report(Snapshot::new(line, vec![fact]));
        host.report(AgentFact::new(line, AgentState::Ready, "READY"));
    }

    fn command(line: LineId, command: &Command) -> Option<CallFact> {
        Some(match command {
            Command::MakeCall(make) => CallFact::new(line, "made", CallState::Alerting)
                .direction(Direction::Out)
                .phase(Phase::Dialing)
                .called(Party::new(make.to.as_str())),
            // A fault that somebody planted: the call goes on.
            Command::HoldCall(c) if record(4) == "deaf-to-hold" => {
                CallFact::new(line, c.call_id.clone(), CallState::Connected)
            }
            Command::HoldCall(c) => CallFact::new(line, c.call_id.clone(), CallState::Held),
            Command::UnholdCall(c) => CallFact::new(line, c.call_id.clone(), CallState::Connected),
            Command::DropCall(c) => CallFact::finished(line, c.call_id.clone(), CauseCode::NormalClearing),
            _ => return None,
        })
    }
}

impl Adapter for Fixture {
    type Config = Settings;
    type LineConfig = LineSettings;

    fn manifest() -> Manifest {
        while record(4) == "for-ever" {
            std::thread::park();
        }
        assert!(record(4) != "manifest", "the fixture panics at its manifest, as it was told");
        let manifest = Manifest::new(record(1), record(2), "Fixture", capabilities());
        let manifest = manifest.description("For tests.");
        let manifest = if record(5) == "restarts" { manifest } else { manifest.saves(STATE, 1) };
        if record(3).is_empty() { manifest } else { manifest.needs([record(3)]) }
    }

    fn new(settings: Settings, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        if record(4) == "settings" {
            return Err(ConfigError::new("greeting", "this version greets nobody"));
        }
        if let Some(text) = &settings.refuse {
            return Err(ConfigError::new("refuse", text.as_str()));
        }
        let fixture = Self { settings, handled: 0 };
        fixture.panic_if("new");
        host.log(LogLevel::Info, format!("greeting: {}", fixture.settings.greeting));
        host.raw(&Raw::new(RawDirection::In, "text", "a raw message", "RAW"));
        host.set_timer(TimerId(1), Duration::from_millis(10));
        Ok(fixture)
    }

    fn handle(&mut self, input: Input<'_, LineSettings>, host: &mut Host<'_>) {
        self.handled += 1;
        match input {
            Input::Started => {
                self.panic_if("started");
                host.report(Up::new("Fixture 1", capabilities()));
                #[cfg(feature = "growth")]
                host.later();
            }
            Input::LineOpened { line, name, settings } => {
                host.log(LogLevel::Info, format!("line {name}, number {:?}", settings.number));
                self.line(line, host);
            }
            Input::Timer { .. } => {
                host.report(ErrorFact::new(ErrorCode::General, Severity::Warning, "the timer ran out"));
            }
            Input::Command { id, line, command: Command::WebRtcSignal(signal) } => {
                host.reply(id, Reply::accepted());
                let payload = format!("you said {}", signal.payload);
                host.report(WebRtcSignalFact::new(
                    line,
                    signal.call_id,
                    signal.session_id,
                    SignalKind::Answer,
                    payload,
                ));
            }
            Input::Command { id, line, command } => {
                self.panic_if("command");
                host.raw(&Raw::new(RawDirection::Out, "text", "a command", command.name()));
                match Self::command(line, &command) {
                    Some(fact) => {
                        let key = fact.key.clone();
                        host.reply(
                            id,
                            if matches!(command, Command::MakeCall(_)) { Reply::call(key) } else { Reply::accepted() },
                        );
                        host.report(fact.command(id));
                    }
                    None => host.refuse(id, command.unsupported()),
                }
            }
            Input::Webhook(hook) => {
                let Webhook { method, path, query, headers, body, from, .. } = hook;
                let told = headers.iter().find(|(name, _)| name == "x-forwarded-for").map_or("-", |(_, v)| v.as_str());
                let body = String::from_utf8_lossy(body);
                let text = format!("{method} {path}?{query} from {from}, forwarded for {told}: {body}");
                host.report(ErrorFact::new(ErrorCode::General, Severity::Warning, text));
            }
            Input::Stopping => {
                host.report(DtmfFact::new(LineId(0), "standing", "0", Side::Remote));
            }
            _ => {}
        }
    }

    fn save(&self) -> Option<Vec<u8>> {
        let mut saved = self.handled.to_le_bytes().to_vec();
        if STATE == 2 {
            saved.extend_from_slice(b"later");
        }
        Some(saved)
    }

    fn restore(settings: Settings, saved: &[u8], host: &mut Host<'_>) -> Result<Self, RestoreError> {
        let handled = if host.saved_version() == 2 { saved.strip_suffix(b"later") } else { Some(saved) };
        let handled = handled.and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
        let handled = handled.ok_or_else(|| RestoreError::new("eight bytes are needed"))?;
        Ok(Self { settings, handled })
    }
}

export_adapter!(Fixture);
