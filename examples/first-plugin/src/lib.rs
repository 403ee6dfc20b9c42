//! A first Jackfield adapter, to be read from top to bottom and copied.
//!
//! The phone system is invented: the **ACME PBX** takes one TCP connection and speaks lines of words.
//!
//! ```text
//! → HELLO cti secret          ← OK login                     or  NO login wrong password
//! → STATUS                    ← STATUS 17 101 in 555 talking one line per call: number, extension, way, other party,
//!                             ← STATUS END                   state (ringing, dialing, talking, held); then the marker
//! → DIAL 8 101 555            ← OK 8 18                      or  NO 8 no such number      (8: our tag, 18: the call)
//! → ANSWER, HANGUP, HOLD, RESUME  likewise: tag, call
//!                             ← RING 17 101 555   DIALING 18 101 555   ANSWERED 17 101   HELD 17 101   RESUMED 17 101
//!                             ← ENDED 17 101 normal          (or busy, noanswer, cancelled)
//! ```
//!
//! An adapter opens no socket and reads no clock. It is given inputs, one at a time, and tells the host what to do;
//! so everything below is tested without a network (see `tests/`), and the host can replace it in the middle of a call.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::*;
use serde::{Deserialize, Serialize};

/// The settings of a connection: what stands in `[connection.settings]`. The doc comments reach the administrator.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name or address of the ACME PBX.
    host: String,
    /// Its CTI port.
    #[serde(default = "default_port")]
    port: u16,
    /// The CTI user.
    user: String,
    /// The CTI user's password.
    password: Secret,
}

fn default_port() -> u16 {
    4000
}

/// The settings of a line: what stands in `[line.settings]`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineSettings {
    /// The extension at the PBX: `101`.
    extension: String,
}

/// The adapter.
#[derive(Debug)]
pub struct Acme {
    settings: Settings,
    state: State,
}

/// All that it knows. The settings (with the password) are no part of it: when the host replaces this adapter by a newer
/// version, it gives them again. What a later version adds here needs no more than a default.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Logged in, and the first list of calls is complete.
    up: bool,
    /// The open lines by extension.
    lines: BTreeMap<String, LineId>,
    /// Bytes of a line that is not complete yet.
    partial: Vec<u8>,
    /// The list of calls that is coming in: the words of each line.
    list: Vec<[String; 5]>,
    /// Commands that the PBX has not answered yet.
    waiting: BTreeSet<CommandId>,
}

/// This adapter needs one transport; the number is its own choice.
const PBX: TransportId = TransportId(0);
/// No line of the protocol is longer. Without a bound, a broken PBX could fill the memory.
const LONGEST_LINE: usize = 1024;

impl Adapter for Acme {
    type Config = Settings;
    type LineConfig = LineSettings;

    fn manifest() -> Manifest {
        Manifest::new("acme", env!("CARGO_PKG_VERSION"), "ACME PBX", capabilities())
            .description("The invented ACME PBX: an example for vendors")
            // The version of the state that `save` writes, and the oldest that `restore` reads.
            .saves(1, 1)
    }

    fn new(settings: Settings, _: &mut Host<'_>) -> Result<Self, ConfigError> {
        settings.check()?;
        Ok(Acme { settings, state: State::default() })
    }

    fn handle(&mut self, input: Input<'_, LineSettings>, host: &mut Host<'_>) {
        match input {
            // From here on the host keeps the connection open: after a break it tries again, and `Opened` comes again.
            Input::Started => {
                host.open(PBX, &TransportSpec::Tcp { host: self.settings.host.clone(), port: self.settings.port });
            }
            Input::Opened { .. } => {
                host.send(PBX, format!("HELLO {} {}\n", self.settings.user, self.settings.password.reveal()));
            }
            Input::Received { bytes, .. } => self.received(bytes, host),
            Input::Closed { reason, .. } => self.closed(&reason, host),
            Input::LineOpened { line, settings, .. } => {
                self.state.lines.insert(settings.extension, line);
                // A line that is opened later gets its calls from a fresh list.
                if self.state.up {
                    host.send(PBX, "STATUS\n");
                }
            }
            Input::LineClosed { line } => self.state.lines.retain(|_, open| *open != line),
            Input::Command { id, line, command } => self.command(id, line, &command, host),
            // Later versions of the API may bring inputs that this adapter has no use for.
            _ => {}
        }
    }

    /// What the adapter that takes over must know. Nothing else is needed to be replaced in the middle of a call.
    fn save(&self) -> Option<Vec<u8>> {
        state::save(&self.state)
    }

    /// Goes on where another one saved. The connection is still open, so there is nothing to do.
    fn restore(settings: Settings, saved: &[u8], _: &mut Host<'_>) -> Result<Self, RestoreError> {
        settings.check()?;
        Ok(Acme { settings, state: state::restore(saved)? })
    }
}

impl Settings {
    /// What goes into a line of words must be a word: the one place to find out is before anything is sent.
    fn check(&self) -> Result<(), ConfigError> {
        for (path, text) in [("user", self.user.as_str()), ("password", self.password.reveal())] {
            if !is_word(text) {
                return Err(ConfigError::new(path, "must not be empty and must not contain spaces"));
            }
        }
        Ok(())
    }
}

/// What this phone system can do. The host offers a client what is in here *and* fits the state of the call.
fn capabilities() -> Capabilities {
    use CallFeatures as F;
    Capabilities::new(F::DIAL | F::ANSWER | F::DROP | F::HOLD | F::UNHOLD)
        .snapshot(SnapshotSupport::Full)
        .hold_detection(HoldDetection::Native)
        .busy_detection(true)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())
}

impl Acme {
    /// TCP cuts where it likes: collect bytes, take out the lines that are complete.
    fn received(&mut self, mut bytes: &[u8], host: &mut Host<'_>) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.state.partial.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let line = String::from_utf8_lossy(&std::mem::take(&mut self.state.partial)).into_owned();
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            self.line(&words, host);
        }
        self.state.partial.extend_from_slice(bytes);
        if self.state.partial.len() > LONGEST_LINE {
            let text =
                format!("the PBX sent more than {LONGEST_LINE} bytes without an end of line: is it an ACME PBX?");
            self.give_up(Down::new(ErrorCode::ProtocolError, text), host);
        }
    }

    /// One line of the PBX. Every event becomes a fact: what *is* now. The host works out what that changes.
    fn line(&mut self, words: &[&str], host: &mut Host<'_>) {
        match *words {
            // The login.
            ["OK", "login"] => host.send(PBX, "STATUS\n"),
            ["NO", "login", ..] => {
                let text = format!("the PBX refused the login of `{}`: {}", self.settings.user, words[2..].join(" "));
                self.give_up(Down::new(ErrorCode::AuthenticationFailed, text).no_retry(), host);
            }
            // The list of calls. With its end the connection is up, and every open line gets its snapshot.
            ["STATUS", "END"] => {
                if !self.state.up {
                    host.report(Up::new("ACME PBX", capabilities()));
                    self.state.up = true;
                }
                let list = std::mem::take(&mut self.state.list);
                for (extension, line) in &self.state.lines {
                    let calls = list.iter().filter(|call| call[1] == *extension);
                    host.report(Snapshot::new(*line, calls.map(|call| listed(*line, call)).collect()));
                }
            }
            ["STATUS", call, extension, way, number, state] => {
                self.state.list.push([call, extension, way, number, state].map(String::from));
            }
            // Calls. ACME never gives a number twice, so it serves as key. Calls of other extensions are not ours.
            ["RING", call, extension, number] => {
                if let Some(line) = self.state.lines.get(extension) {
                    host.report(first_fact(*line, call, CallState::Alerting, extension, true, number));
                }
            }
            ["DIALING", call, extension, number] => {
                if let Some(line) = self.state.lines.get(extension) {
                    host.report(first_fact(*line, call, CallState::Alerting, extension, false, number));
                }
            }
            [event @ ("ANSWERED" | "RESUMED" | "HELD"), call, extension] => {
                if let Some(line) = self.state.lines.get(extension) {
                    let state = if event == "HELD" { CallState::Held } else { CallState::Connected };
                    host.report(CallFact::new(*line, call, state));
                }
            }
            ["ENDED", call, extension, why] => {
                if let Some(line) = self.state.lines.get(extension) {
                    let cause = match why {
                        "normal" => CauseCode::NormalClearing,
                        "busy" => CauseCode::Busy,
                        "noanswer" => CauseCode::NoAnswer,
                        "cancelled" => CauseCode::Cancelled,
                        _ => CauseCode::Unknown,
                    };
                    host.report(CallFact::finished(*line, call, cause));
                }
            }
            // Answers to commands carry the tag that we sent: the command's id.
            ["OK", tag, ..] => {
                if let Some(id) = self.take_waiting(tag) {
                    host.reply(id, words.get(2).map_or_else(Reply::accepted, |call| Reply::call(*call)));
                }
            }
            ["NO", tag, ..] => {
                if let Some(id) = self.take_waiting(tag) {
                    let text = format!("the PBX refused: {}", words[2..].join(" "));
                    host.refuse(id, CommandError::new(ErrorCode::CommandFailed, text));
                }
            }
            [] => {}
            // A newer PBX may say more than this adapter knows. That is no fault.
            _ => host.log(LogLevel::Debug, format!("not understood: {}", words.join(" "))),
        }
    }

    /// A command of a client. The host has checked already that the call exists and that its features allow it.
    fn command(&mut self, id: CommandId, line: LineId, command: &Command, host: &mut Host<'_>) {
        let request = match command {
            Command::MakeCall(make) if is_word(&make.to) => {
                let extension = self.state.lines.iter().find(|(_, open)| **open == line).map_or("", |(name, _)| name);
                format!("DIAL {id} {extension} {}\n", make.to)
            }
            // A number with a line break in it would be a second command.
            Command::MakeCall(make) => {
                let text = format!("{:?} cannot be dialled: spaces and special characters are not allowed", make.to);
                return host.refuse(id, CommandError::new(ErrorCode::InvalidDestination, text));
            }
            Command::AnswerCall(c) => format!("ANSWER {id} {}\n", c.call_id),
            Command::DropCall(c) => format!("HANGUP {id} {}\n", c.call_id),
            Command::HoldCall(c) => format!("HOLD {id} {}\n", c.call_id),
            Command::UnholdCall(c) => format!("RESUME {id} {}\n", c.call_id),
            other => return host.refuse(id, other.unsupported()),
        };
        if !self.state.up {
            let text = "the PBX is not connected";
            return host.refuse(id, CommandError::new(ErrorCode::ConnectionLost, text).retryable());
        }
        self.state.waiting.insert(id);
        host.send(PBX, request);
    }

    /// The command that the PBX answers, if it waits for an answer.
    fn take_waiting(&mut self, tag: &str) -> Option<CommandId> {
        let id = CommandId(tag.parse().ok()?);
        self.state.waiting.remove(&id).then_some(id)
    }

    /// The transport is closed. Nothing of its conversation goes on: no half line, no half list, no answers.
    /// Calls are *not* ended by it: the next list tells which are left.
    fn closed(&mut self, reason: &CloseReason, host: &mut Host<'_>) {
        let code = if self.state.up { ErrorCode::ConnectionLost } else { ErrorCode::ConnectionFailed };
        self.state.up = false;
        self.state.partial.clear();
        self.state.list.clear();
        for id in std::mem::take(&mut self.state.waiting) {
            let text = "the connection to the PBX broke before it answered";
            host.refuse(id, CommandError::new(ErrorCode::ConnectionLost, text).retryable());
        }
        // `Local`: we broke it ourselves, and have said why.
        if reason.kind != CloseKind::Local {
            host.report(Down::new(code, &reason.text));
        }
    }

    /// Says why, and breaks the transport; `Closed` follows, and after a while the host opens it again.
    fn give_up(&mut self, down: Down, host: &mut Host<'_>) {
        host.reconnect(PBX, &down.text);
        host.report(down);
    }
}

/// A call of the list.
fn listed(line: LineId, [call, extension, way, number, state]: &[String; 5]) -> CallFact {
    let state = match state.as_str() {
        "ringing" | "dialing" => CallState::Alerting,
        "talking" => CallState::Connected,
        "held" => CallState::Held,
        _ => CallState::Unknown,
    };
    first_fact(line, call, state, extension, way == "in", number)
}

/// The first fact of a call says whose it is. Later ones need only say what is new.
fn first_fact(line: LineId, call: &str, state: CallState, extension: &str, incoming: bool, number: &str) -> CallFact {
    let (direction, caller, called) =
        if incoming { (Direction::In, number, extension) } else { (Direction::Out, extension, number) };
    CallFact::new(line, call, state)
        .direction(direction)
        .native_id(call)
        .caller(Party::new(caller))
        .called(Party::new(called))
}

// Makes the library. Once per crate.
export_adapter!(Acme);
