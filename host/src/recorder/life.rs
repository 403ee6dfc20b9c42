//! One connection's recording while it runs: records are put together in memory, and written with every batch.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jackfield_plugin_api::frame::input::{self as inputs, InputFrame};
use jackfield_plugin_api::frame::{Start, pack, unpack};
use jackfield_plugin_api::{CommandId, LineId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::entry::{
    Answered, Checkpoint, FORMAT, FileHead, MAGIC, Made, put, put_bytes, put_events, put_input, put_outputs,
};
use super::hide::Hide;
use super::mask::Masks;
use super::record::kinds;
use super::ring::{self, Ring};
use super::told::Told;
use crate::config::SecretLeaves;
use crate::model::{Event, ReplyTo};
use crate::plugins::{Fault, LoadedPlugin};

/// A write that takes longer than this is one too many: the connection waits for no disk.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a recording is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordPlan {
    /// The folder of all recordings.
    pub(crate) folder: PathBuf,
    /// Bytes of the ring.
    pub(crate) size: u64,
    /// Whether numbers are replaced.
    pub(crate) numbers: bool,
}

/// The contents of a line's opening, as the ABI has it.
#[derive(Debug, Serialize, Deserialize)]
struct LineHead {
    name: String,
    settings: String,
}

/// An open line, and its settings as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenLine {
    /// The line.
    pub(crate) line: LineId,
    /// What stands after the slash.
    pub(crate) name: String,
    /// Its settings.
    pub(crate) settings: String,
}

/// The state of an adapter, and what another one must be told to go on from it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// When the adapter was given its last input; filled in here.
    pub(crate) at: Timestamp,
    /// The version of the state.
    pub(crate) version: u32,
    /// The state.
    pub(crate) bytes: Vec<u8>,
    /// The lines that are open.
    pub(crate) lines: Vec<OpenLine>,
}

/// An adapter's making, before it is known whether it runs.
#[derive(Debug, Clone)]
pub(crate) struct Birth {
    /// When.
    pub(crate) at: Timestamp,
    /// From settings alone, or from a state.
    pub(crate) kind: u32,
    /// What it was given.
    pub(crate) start: Start,
    /// The state.
    pub(crate) state: Vec<u8>,
}

impl Birth {
    /// One that was made from settings alone.
    pub(crate) const fn new(at: Timestamp, start: Start) -> Self {
        Self { at, kind: inputs::NEW, start, state: Vec::new() }
    }

    /// One that goes on where another one was.
    pub(crate) fn restored(at: Timestamp, start: Start, state: &[u8]) -> Self {
        Self { at, kind: inputs::RESTORE, start, state: state.to_vec() }
    }
}

/// A recording that runs.
#[derive(Debug)]
pub(super) struct Recorder {
    plan: RecordPlan,
    connection: String,
    ring: Ring,
    life: u64,
    part: u64,
    since: Timestamp,
    masks: Masks,
    hide: Hide,
    /// Where secrets stand in the settings of connection and lines.
    leaves: SecretLeaves,
    /// The adapter that runs, as it is told.
    made: Option<Made>,
    /// Records that are not written yet.
    buffer: Vec<u8>,
    /// The number of the last input.
    number: u64,
    origins: Vec<(CommandId, ReplyTo)>,
    /// Whether it can be played again from where it begins.
    complete: bool,
    at: Timestamp,
}

impl Recorder {
    /// Begins; nothing is written yet.
    pub(super) fn begin(
        plan: &RecordPlan,
        connection: &str,
        secrets: &[&str],
        leaves: SecretLeaves,
        at: Timestamp,
    ) -> Result<Self, String> {
        let folder = ring::folder(&plan.folder, connection);
        let ring = Ring::open(&folder, plan.size).map_err(|e| format!("{}: {e}", folder.display()))?;
        let random = RandomState::new();
        let known = secrets.iter().copied().chain(leaves.texts());
        Ok(Self {
            masks: Masks::new(known, plan.numbers, random.hash_one("pseudonyms")),
            plan: plan.clone(),
            connection: connection.to_owned(),
            ring,
            life: random.hash_one(at),
            part: 0,
            since: at,
            hide: Hide::default(),
            leaves,
            made: None,
            buffer: Vec::new(),
            number: 0,
            origins: Vec::new(),
            complete: false,
            at,
        })
    }

    /// More secrets than before.
    pub(super) fn learn(&mut self, secrets: &[&str], leaves: SecretLeaves) {
        self.masks.learn(secrets.iter().copied().chain(leaves.texts()));
        self.leaves = leaves;
    }

    /// A file begins here.
    pub(super) fn head(&mut self, at: Timestamp, model: Vec<u8>, runs: bool, state: Option<State>) {
        self.at = at;
        let tails = self.masks.over(None);
        self.tails(tails);
        let head = FileHead {
            magic: MAGIC.to_owned(),
            format: FORMAT,
            host: env!("CARGO_PKG_VERSION").to_owned(),
            connection: self.connection.clone(),
            life: self.life,
            part: self.part,
            numbers: self.plan.numbers,
        };
        self.part += 1;
        put(&mut self.buffer, kinds::FILE, at, &head);
        let mut model = model;
        self.masks.packed(&mut model);
        let adapter = state.and_then(|state| self.goes_on(&state));
        self.complete = !runs || adapter.is_some() || self.complete;
        let settled = self.hide.settled();
        put(&mut self.buffer, kinds::CHECKPOINT, at, &Checkpoint { model, adapter, runs, settled });
    }

    /// The adapter that runs, as one that is made from its state.
    fn goes_on(&mut self, state: &State) -> Option<Made> {
        let made = self.made.clone()?;
        let mut bytes = state.bytes.clone();
        self.masks.bytes(&mut bytes);
        let start = Start { state_version: state.version, ..made.start };
        let lines = self.lines(&state.lines);
        Some(Made { kind: inputs::RESTORE, at: state.at, state: bytes, start, lines, ..made })
    }

    fn lines(&mut self, lines: &[OpenLine]) -> Vec<OpenLine> {
        let leaves = &self.leaves;
        let masks = &mut self.masks;
        let shown = |open: &OpenLine| OpenLine {
            line: open.line,
            name: masks.text(&open.name),
            settings: masks.settings(&open.settings, &|path| leaves.of_line(path)),
        };
        lines.iter().map(shown).collect()
    }

    /// Another adapter goes on than the one that was told last; it is told by its state.
    pub(super) fn made_again(&mut self, at: Timestamp, state: &State) {
        if let Some(made) = self.goes_on(state) {
            put(&mut self.buffer, kinds::MADE, at, &made);
        }
    }

    /// An adapter that runs already while the recording begins.
    pub(super) fn runs_already(&mut self, plugin: &LoadedPlugin, birth: &Birth, settled: &[u32]) {
        self.made = Some(self.shown(plugin, birth, &[]));
        self.hide.go_on(settled.iter().copied());
    }

    /// An adapter was made, and runs.
    pub(super) fn made(&mut self, plugin: &LoadedPlugin, birth: &Birth, lines: &[OpenLine]) {
        self.at = birth.at;
        if birth.kind != inputs::RESTORE {
            let tails = self.masks.over(None);
            self.tails(tails);
        }
        let made = self.shown(plugin, birth, lines);
        put(&mut self.buffer, kinds::MADE, birth.at, &made);
        if made.kind != inputs::RESTORE {
            self.hide.begin();
        }
        self.made = Some(made);
        self.complete = true;
    }

    fn shown(&mut self, plugin: &LoadedPlugin, birth: &Birth, lines: &[OpenLine]) -> Made {
        let lines = self.lines(lines);
        let leaves = &self.leaves;
        let settings = self.masks.settings(&birth.start.settings, &|path| leaves.of_connection(path));
        let mut state = birth.state.clone();
        self.masks.bytes(&mut state);
        Made {
            name: plugin.manifest.name.clone(),
            version: plugin.manifest.version.clone(),
            hash: plugin.hash.clone(),
            kind: birth.kind,
            at: birth.at,
            start: Start { settings, ..birth.start.clone() },
            state,
            lines,
        }
    }

    /// An input.
    pub(super) fn input(&mut self, at: Timestamp, frame: &InputFrame<'_>) {
        self.at = at;
        self.number += 1;
        let (kind, arg) = (frame.kind, frame.arg);
        self.hide.input(kind, arg);
        let (mut head, mut body, mut held) = (frame.head.to_vec(), Vec::new(), 0);
        match kind {
            inputs::RECEIVED => {
                let fed = self.masks.read(arg, self.number, &frame.body);
                self.tails(fed.tails);
                (body, held) = (fed.body, fed.held);
            }
            inputs::LINE_OPENED | inputs::LINE_SETTINGS => {
                if let Ok(LineHead { name, settings }) = unpack::<LineHead>(&head) {
                    let leaves = &self.leaves;
                    let settings = self.masks.settings(&settings, &|path| leaves.of_line(path));
                    head = pack(&LineHead { name: self.masks.text(&name), settings });
                }
            }
            _ => {
                if matches!(kind, inputs::OPENED | inputs::CLOSED) {
                    let tails = self.masks.over(Some(arg));
                    self.tails(tails);
                }
                self.masks.packed(&mut head);
                body = frame.body.to_vec();
                match kind {
                    inputs::COMMAND => self.masks.packed(&mut body),
                    _ => self.masks.bytes(&mut body),
                }
            }
        }
        let frame = InputFrame { kind, arg, head: head.into(), body: body.into() };
        put_input(&mut self.buffer, at, self.number, &frame, held);
    }

    fn tails(&mut self, tails: Vec<(u64, Vec<u8>)>) {
        for (number, bytes) in tails {
            let mut payload = number.to_le_bytes().to_vec();
            payload.extend(bytes);
            put_bytes(&mut self.buffer, kinds::TAIL, 0, self.at, &payload);
        }
    }

    /// Who sent the command that a fact names.
    pub(super) fn origin(&mut self, command: CommandId, origin: &ReplyTo) {
        if !self.origins.iter().any(|(known, _)| *known == command) {
            self.origins.push((command, origin.clone()));
        }
    }

    /// What the adapter answered; after it was obeyed.
    pub(super) fn outputs(&mut self, at: Timestamp, frames: &[u8], retry_in_ms: Option<u64>) {
        let answered = Answered { retry_in_ms, origins: std::mem::take(&mut self.origins) };
        let (masks, hide) = (&mut self.masks, &mut self.hide);
        let mut head = if answered.is_plain() { Vec::new() } else { pack(&answered) };
        masks.packed(&mut head);
        put_outputs(&mut self.buffer, at, &head, |out| hide.outputs(masks, frames, out));
    }

    /// The adapter did not do what it was asked.
    pub(super) fn failed(&mut self, at: Timestamp, fault: &Fault) {
        let gone = !matches!(fault, Fault::Refused { .. });
        let text = self.masks.text(&fault.to_string());
        put_bytes(&mut self.buffer, kinds::FAILED, u32::from(gone), at, text.as_bytes());
    }

    /// A word of the host to the model.
    pub(super) fn told(&mut self, at: Timestamp, told: &Told) {
        let mut packed = pack(told);
        self.masks.packed(&mut packed);
        put_bytes(&mut self.buffer, kinds::TOLD, 0, at, &packed);
    }

    /// What is about to be published.
    pub(super) fn events(&mut self, at: Timestamp, events: &[Event]) {
        put_events(&mut self.buffer, at, events);
    }

    /// Writes what there is.
    pub(super) fn flush(&mut self) -> Result<(), String> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        self.ring.write(&self.buffer).map_err(|e| self.trouble(&e))?;
        self.buffer.clear();
        match began.elapsed() {
            took if took > PATIENCE => Err(format!(
                "{}: one write took {} ms; the disk is too slow to record on",
                self.ring.folder().display(),
                took.as_millis()
            )),
            _ => Ok(()),
        }
    }

    fn trouble(&self, error: &std::io::Error) -> String {
        format!("{}: {error}", self.ring.folder().display())
    }

    /// Whether another file is to begin.
    pub(super) fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    /// Begins another file.
    pub(super) fn turn(&mut self) -> Result<(), String> {
        self.flush()?;
        self.ring.turn().map_err(|e| self.trouble(&e))
    }

    /// Ends in order.
    pub(super) fn end(mut self, at: Timestamp, why: &str) -> Result<(), String> {
        self.at = at;
        let tails = self.masks.over(None);
        self.tails(tails);
        put_bytes(&mut self.buffer, kinds::END, 0, at, why.as_bytes());
        self.flush()
    }

    /// For whoever asks how it is.
    pub(super) fn status(&self) -> Value {
        json!({
            "on": true,
            "folder": self.ring.folder(),
            "file": self.ring.number(),
            "bytes": self.ring.bytes(),
            "mostBytes": self.plan.size,
            "since": crate::model::timestamp_text(self.since),
            "numbers": if self.plan.numbers { "pseudonyms" } else { "as they are" },
            "replayable": self.complete,
            "secretsTooShort": self.masks.too_short(),
        })
    }
}
