//! The polite half: an adapter of an invented phone system, so that there are calls to be lost.
//!
//! ```text
//! → HELLO                       ← LIST                        all calls follow
//!                               ← CALL 1 101 555 connected    one line per call: key, line, other party, state
//!                               ← END                         that was all
//!                               ← CALL 1 101 555 held         later: a call is so now
//!                               ← GONE 1 101
//!                               ← HOST 4711                   the host is this process
//!                               ← DEED segv                   do this
//! → DID segv: …                                               what it came to, if it came back
//! ```

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    Adapter, CallFact, CallFeatures, CallState, Capabilities, CauseCode, Command, CommandId, ConfigError, Direction,
    Down, ErrorCode, Host, Input, LineId, LogLevel, Manifest, Party, Reply, RestoreError, Secret, Snapshot,
    SnapshotSupport, TransportId, TransportSpec, Up,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::deeds::{self, Done, Surroundings};
use crate::envelope;
use crate::record::{Word, record};

/// Settings of the connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Address of the phone system.
    host: String,
    /// Its port.
    port: u16,
    /// What must not be seen anywhere.
    password: Secret,
    /// A deed to do by itself.
    #[serde(default)]
    deed: Option<String>,
    /// When: `new`, `save`, or an input: `started`, `opened`, `received`, `lineOpened`, `command`, `stopping`.
    #[serde(default)]
    on: Option<String>,
}

/// Settings of a line: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineSettings {}

pub(crate) struct Hostile {
    around: Surroundings,
    deed: Option<String>,
    on: Option<String>,
    /// Lines by name.
    lines: BTreeMap<String, LineId>,
    partial: Vec<u8>,
    /// The list that is coming in.
    list: Vec<CallFact>,
    listing: bool,
    up: bool,
}

const PBX: TransportId = TransportId(0);
/// No line of the protocol is longer.
const LONGEST_LINE: usize = 1_024;

fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::new(CallFeatures::DIAL | CallFeatures::DROP).snapshot(SnapshotSupport::Full);
    capabilities.services = vec!["deed".to_owned()];
    capabilities
}

impl Adapter for Hostile {
    type Config = Settings;
    type LineConfig = LineSettings;

    fn manifest() -> Manifest {
        let manifest = Manifest::new("hostile", record(Word::Version), "Hostile", capabilities())
            .description("For tests of the isolation: it attacks its host.")
            .saves(1, 1);
        match record(Word::Needs) {
            "" => manifest,
            needs => manifest.needs(needs.split(',')),
        }
    }

    fn new(settings: Settings, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        let Settings { host: name, port, password, deed, on } = settings;
        let around = Surroundings { host: name, port, secret: password.reveal().to_owned() };
        let (lines, partial, list) = Default::default();
        let mut hostile = Self { around, deed, on, lines, partial, list, listing: false, up: false };
        hostile.moment("new", host);
        Ok(hostile)
    }

    fn handle(&mut self, input: Input<'_, LineSettings>, host: &mut Host<'_>) {
        self.moment(name_of(&input), host);
        match input {
            Input::Started => host.open(PBX, &TransportSpec::tcp(self.around.host.as_str(), self.around.port)),
            Input::Opened { transport: PBX } => host.send(PBX, "HELLO\n"),
            Input::Received { transport: PBX, bytes } => self.received(bytes, host),
            Input::Closed { transport: PBX, reason } => {
                (self.up, self.listing) = (false, false);
                self.partial.clear();
                self.list.clear();
                host.report(Down::new(ErrorCode::ConnectionLost, reason.text));
            }
            Input::LineOpened { line, name, .. } => {
                self.lines.insert(name, line);
                if self.up {
                    host.send(PBX, "HELLO\n");
                }
            }
            Input::LineClosed { line } => self.lines.retain(|_, open| *open != line),
            Input::Command { id, command, .. } => self.command(id, &command, host),
            _ => {}
        }
    }

    fn save(&self) -> Option<Vec<u8>> {
        if let (Some(deed), Some("save")) = (&self.deed, self.on.as_deref()) {
            envelope::without_a_host(deed, &self.around);
        }
        Some(Vec::new())
    }

    fn restore(settings: Settings, _: &[u8], host: &mut Host<'_>) -> Result<Self, RestoreError> {
        Self::new(settings, host).map_err(|error| RestoreError::new(error.text))
    }
}

fn name_of(input: &Input<'_, LineSettings>) -> &'static str {
    match input {
        Input::Started => "started",
        Input::Opened { .. } => "opened",
        Input::Received { .. } => "received",
        Input::LineOpened { .. } => "lineOpened",
        Input::Command { .. } => "command",
        Input::Stopping => "stopping",
        _ => "another",
    }
}

impl Hostile {
    /// The deed of the settings, when its moment has come.
    fn moment(&mut self, now: &str, host: &mut Host<'_>) {
        if self.on.as_deref() == Some(now)
            && let Some(deed) = self.deed.clone()
        {
            self.deed(&deed, host);
        }
    }

    fn deed(&mut self, name: &str, host: &mut Host<'_>) -> String {
        let said = match deeds::deed(name, &self.around, host) {
            Done::Said(said) => said,
            Done::Below(rubbish) => {
                rubbish.next();
                "rubbish follows".to_owned()
            }
            Done::Unknown => "there is no such deed".to_owned(),
        };
        host.send(PBX, format!("DID {name}: {said}\n"));
        said
    }

    fn received(&mut self, mut bytes: &[u8], host: &mut Host<'_>) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let line = String::from_utf8_lossy(&std::mem::take(&mut self.partial)).into_owned();
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            self.line(&words, host);
        }
        self.partial.extend_from_slice(bytes);
        if self.partial.len() > LONGEST_LINE {
            self.partial.clear();
            host.reconnect(PBX, "a line without an end");
        }
    }

    fn line(&mut self, words: &[&str], host: &mut Host<'_>) {
        match *words {
            ["LIST"] => self.listing = true,
            ["CALL", key, line, number, state] => {
                let Some(fact) = self.call(key, line, number, state) else { return };
                match self.listing {
                    true => self.list.push(fact),
                    false => host.report(fact),
                }
            }
            ["GONE", key, line] => {
                if let Some(line) = self.lines.get(line) {
                    host.report(CallFact::finished(*line, key, CauseCode::NormalClearing));
                }
            }
            ["END"] => {
                (self.up, self.listing) = (true, false);
                host.report(Up::new("Hostile", capabilities()));
                let list = std::mem::take(&mut self.list);
                for line in self.lines.values() {
                    let calls = list.iter().filter(|call| call.line == *line).cloned();
                    host.report(Snapshot::new(*line, calls.collect()));
                }
            }
            #[cfg(target_os = "linux")]
            ["HOST", process] => crate::attempts::host_is(process.parse().unwrap_or(0)),
            ["DEED", name] => {
                self.deed(name, host);
            }
            _ => host.log(LogLevel::Debug, format!("not understood: {}", words.join(" "))),
        }
    }

    fn call(&self, key: &str, line: &str, number: &str, state: &str) -> Option<CallFact> {
        let state = CallState::from_name(state)?;
        let fact = CallFact::new(*self.lines.get(line)?, key, state).direction(Direction::In).native_id(key);
        Some(fact.caller(Party::new(number)).called(Party::new(line)))
    }

    fn command(&mut self, id: CommandId, command: &Command, host: &mut Host<'_>) {
        match command {
            Command::LibrarySpecificService(service) if service.name == "deed" => {
                let name = service.params["name"].as_str().unwrap_or_default().to_owned();
                let said = self.deed(&name, host);
                let mut reply = Reply::accepted();
                reply.values.insert("said".to_owned(), said.into());
                host.reply(id, reply);
            }
            other => host.refuse(id, other.unsupported()),
        }
    }
}
