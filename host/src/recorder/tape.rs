//! The tap: a model that is recorded with everything it is told, and the adapter's inputs and outputs beside it.
//!
//! [`Taped`] can be asked whatever a [`Model`] can; what changes the model goes through here, so that nothing can be
//! told to it behind the recorder's back. While nothing is recorded each of these costs one look.

use std::ops::Deref;
use std::time::Duration;

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{Capabilities, CommandId, Fact, LineId, Timestamp};
use serde_json::{Value, json};

use super::life::{Birth, OpenLine, RecordPlan, Recorder, State};
use super::play::{self, command_of};
use super::told::Told;
use crate::config::SecretLeaves;
use crate::model::{CallId, CallSaved, Enrichment, Event, Fault, KeptCall, Loss, Model, ReplyTo};
use crate::plugins::LoadedPlugin;

/// Where one connection is recorded, if it is.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    on: Option<Box<Recorder>>,
    /// Why it is no more.
    stopped: Option<String>,
    /// When the adapter was given its last input.
    last_input: Timestamp,
    /// Which adapter runs is to be told again.
    wants_adapter: bool,
    connection: String,
}

impl Tape {
    /// Whether something is recorded.
    #[must_use]
    pub(crate) fn is_on(&self) -> bool {
        self.on.is_some()
    }

    fn when_on(&mut self, record: impl FnOnce(&mut Recorder)) {
        if let Some(recorder) = &mut self.on {
            record(recorder);
        }
    }

    /// An input that is about to be given, or was.
    pub(crate) fn input(&mut self, at: Timestamp, frame: &InputFrame<'_>) {
        self.last_input = at;
        self.when_on(|recorder| recorder.input(at, frame));
    }

    /// What the adapter answered.
    pub(crate) fn outputs(&mut self, at: Timestamp, frames: &[u8], retry_in_ms: Option<u64>) {
        self.when_on(|recorder| recorder.outputs(at, frames, retry_in_ms));
    }

    /// The adapter refused, or is gone.
    pub(crate) fn failed(&mut self, at: Timestamp, fault: &crate::plugins::Fault) {
        self.when_on(|recorder| recorder.failed(at, fault));
        self.flush();
    }

    /// An adapter was made, and runs.
    pub(crate) fn made(&mut self, plugin: &LoadedPlugin, birth: &Birth, lines: &[OpenLine]) {
        self.when_on(|recorder| recorder.made(plugin, birth, lines));
    }

    /// What is about to be published; written down before it is.
    pub(crate) fn events(&mut self, at: Timestamp, events: &[Event]) {
        if !events.is_empty() {
            self.when_on(|recorder| recorder.events(at, events));
        }
        self.flush();
    }

    /// Writes what there is. What cannot be written ends the recording, and nothing else.
    pub(crate) fn flush(&mut self) {
        if let Some(recorder) = &mut self.on
            && let Err(why) = recorder.flush()
        {
            self.give_up(why);
        }
    }

    fn give_up(&mut self, why: String) {
        tracing::error!(connection = %self.connection, "recording has stopped: {why}");
        self.on = None;
        self.stopped = Some(why);
    }

    /// The adapter that goes on is not the one that was told last.
    pub(crate) fn wants_adapter(&mut self) {
        self.wants_adapter = self.is_on();
    }

    /// Whether the file has its size, so that another one is to begin; or the adapter is to be told again.
    #[must_use]
    pub(crate) fn is_due(&self) -> bool {
        self.on.as_ref().is_some_and(|recorder| recorder.is_full() || self.wants_adapter)
    }

    /// More secrets than before.
    pub(crate) fn learn(&mut self, secrets: &[&str], leaves: SecretLeaves) {
        self.when_on(|recorder| recorder.learn(secrets, leaves));
    }

    /// Ends in order.
    pub(crate) fn end(&mut self, at: Timestamp, why: &str) {
        if let Some(recorder) = self.on.take() {
            self.stopped = None;
            if let Err(why) = recorder.end(at, why) {
                self.give_up(why);
            }
        }
    }

    /// For whoever asks how it is. None: nobody ever wanted one.
    #[must_use]
    pub(crate) fn status(&self) -> Option<Value> {
        match (&self.on, &self.stopped) {
            (Some(recorder), _) => Some(recorder.status()),
            (None, Some(why)) => Some(json!({ "on": false, "stopped": why })),
            (None, None) => None,
        }
    }
}

/// An adapter that runs while a recording begins.
pub(crate) struct Running<'a> {
    /// The library.
    pub(crate) plugin: &'a LoadedPlugin,
    /// How it was made.
    pub(crate) birth: &'a Birth,
    /// Its state, if it can tell it.
    pub(crate) state: Option<State>,
    /// Transports whose login is over.
    pub(crate) settled: Vec<u32>,
}

/// A model whose every input can be recorded.
#[derive(Debug)]
pub(crate) struct Taped {
    model: Model,
    /// The recording.
    pub(crate) tape: Tape,
}

impl Deref for Taped {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.model
    }
}

impl Taped {
    /// A model that is not recorded.
    pub(crate) fn new(model: Model, connection: &str) -> Self {
        Self { model, tape: Tape { connection: connection.to_owned(), ..Tape::default() } }
    }

    /// Begins a recording.
    pub(crate) fn record(
        &mut self,
        at: Timestamp,
        plan: &RecordPlan,
        secrets: &[&str],
        leaves: SecretLeaves,
        running: Option<Running<'_>>,
    ) -> Result<(), String> {
        let begun = Recorder::begin(plan, &self.tape.connection, secrets, leaves, at).and_then(|mut recorder| {
            let model = self.model.keep().ok_or("this model cannot be written down")?;
            let runs = running.is_some();
            let last = self.tape.last_input;
            let state = running.and_then(|Running { plugin, birth, state, settled }| {
                recorder.runs_already(plugin, birth, &settled);
                state.map(|state| State { at: last, ..state })
            });
            recorder.head(at, model, runs, state);
            recorder.flush()?;
            Ok(recorder)
        });
        match begun {
            Ok(recorder) => {
                self.tape.stopped = None;
                self.tape.on = Some(Box::new(recorder));
                Ok(())
            }
            Err(why) => {
                self.tape.give_up(why.clone());
                Err(why)
            }
        }
    }

    /// Begins another file, which one can begin with.
    pub(crate) fn turn(&mut self, at: Timestamp, runs: bool, state: Option<State>) {
        let again = std::mem::take(&mut self.tape.wants_adapter);
        let state = state.map(|state| State { at: self.tape.last_input, ..state });
        let Some(recorder) = &mut self.tape.on else { return };
        if again && let Some(state) = &state {
            recorder.made_again(at, state);
        }
        if !recorder.is_full() {
            return self.tape.flush();
        }
        let model = self.model.keep().unwrap_or_default();
        let turned = recorder.turn().and_then(|()| {
            recorder.head(at, model, runs, state);
            recorder.flush()
        });
        if let Err(why) = turned {
            self.tape.give_up(why);
        }
    }

    fn told(&mut self, at: Timestamp, told: impl FnOnce() -> Told) {
        if let Some(recorder) = &mut self.tape.on {
            recorder.told(at, &told());
        }
    }

    /// A fact of the adapter, with the command that led to it.
    pub(crate) fn fact(
        &mut self,
        now: Timestamp,
        fact: &Fact,
        origin: Option<&ReplyTo>,
        retry_in_ms: Option<u64>,
        out: &mut Vec<Event>,
    ) {
        if let (Some(recorder), Some(command), Some(origin)) = (&mut self.tape.on, command_of(fact), origin) {
            recorder.origin(command, origin);
        }
        play::fact(&mut self.model, now, fact, origin, retry_in_ms, out);
    }

    /// [`Model::open_line`].
    pub(crate) fn open_line(&mut self, now: Timestamp, line: LineId, name: &str, out: &mut Vec<Event>) {
        self.told(now, || Told::OpenLine { line, device: name.to_owned() });
        self.model.open_line(now, line, name, out);
    }

    /// [`Model::close_line`].
    pub(crate) fn close_line(&mut self, now: Timestamp, line: LineId, out: &mut Vec<Event>) {
        self.told(now, || Told::CloseLine { line });
        self.model.close_line(now, line, out);
    }

    /// [`Model::apply`], of what is no word of the adapter.
    pub(crate) fn apply(&mut self, now: Timestamp, fact: &Fact, out: &mut Vec<Event>) {
        self.told(now, || Told::Apply { fact: Box::new(fact.clone()) });
        self.model.apply(now, fact, None, out);
    }

    /// [`Model::lost`].
    pub(crate) fn lost(&mut self, now: Timestamp, loss: &Loss, out: &mut Vec<Event>) {
        self.told(now, || Told::Lost { loss: loss.clone() });
        self.model.lost(now, loss, out);
    }

    /// [`Model::lost_line`].
    pub(crate) fn lost_line(&mut self, now: Timestamp, line: LineId, loss: &Loss, out: &mut Vec<Event>) {
        self.told(now, || Told::LostLine { line, loss: loss.clone() });
        self.model.lost_line(now, line, loss, out);
    }

    /// [`Model::tick`].
    pub(crate) fn tick(&mut self, now: Timestamp, out: &mut Vec<Event>) {
        if self.model.next_deadline().is_some_and(|at| at <= now) {
            self.told(now, || Told::Tick);
        }
        self.model.tick(now, out);
    }

    /// [`Model::set_times`].
    pub(crate) fn set_times(&mut self, now: Timestamp, stale: Duration, busy: Duration, reorder: Duration) {
        self.told(now, || Told::Times { stale, busy, reorder });
        self.model.set_times(stale, busy, reorder);
    }

    /// [`Model::adapter`].
    pub(crate) fn adapter(&mut self, now: Timestamp, name: &str, version: &str, capabilities: &Capabilities) {
        let (n, v) = (name, version);
        self.told(now, || Told::Adapter {
            name: n.to_owned(),
            version: v.to_owned(),
            capabilities: Box::new(capabilities.clone()),
        });
        self.model.adapter(name, version, capabilities);
    }

    /// [`Model::adapter_goes_on`].
    pub(crate) fn adapter_goes_on(
        &mut self,
        now: Timestamp,
        version: &str,
        capabilities: &Capabilities,
        out: &mut Vec<Event>,
    ) {
        let capable = || Box::new(capabilities.clone());
        self.told(now, || Told::AdapterGoesOn { version: version.to_owned(), capabilities: capable() });
        self.model.adapter_goes_on(now, version, capabilities, out);
    }

    /// [`Model::restore`].
    pub(crate) fn restore(&mut self, now: Timestamp, line: LineId, epoch: u64, calls: Vec<KeptCall>) {
        self.told(now, || Told::Restore { line, epoch, calls: calls.clone() });
        self.model.restore(line, epoch, calls);
    }

    /// [`Model::expect_consult`].
    pub(crate) fn expect_consult(&mut self, now: Timestamp, line: LineId, primary: &CallId) {
        self.told(now, || Told::ExpectConsult { line, call: primary.clone() });
        self.model.expect_consult(now, line, primary);
    }

    /// [`Model::enrich`].
    pub(crate) fn enrich(
        &mut self,
        now: Timestamp,
        line: LineId,
        call: &CallId,
        found: &Enrichment,
        out: &mut Vec<Event>,
    ) {
        self.told(now, || Told::Enrich { line, call: call.clone(), found: Box::new(found.clone()) });
        self.model.enrich(now, line, call, found, out);
    }

    /// [`Model::saved`].
    pub(crate) fn saved(&mut self, now: Timestamp, line: LineId, saved: CallSaved, out: &mut Vec<Event>) {
        self.told(now, || Told::Saved { line, saved: saved.clone() });
        self.model.saved(now, line, saved, out);
    }

    /// [`Model::fault`], of the host's own.
    pub(crate) fn fault(&mut self, now: Timestamp, line: Option<LineId>, fault: Fault, out: &mut Vec<Event>) {
        let (code, severity) = (fault.code, fault.severity);
        self.told(now, || Told::Fault { line, code, severity, text: fault.message.to_string() });
        self.model.fault(now, line, fault, out);
    }

    /// [`Model::claim_media`].
    pub(crate) fn claim_media(&mut self, now: Timestamp, line: LineId, call: &str, session: &str) {
        self.told(now, || Told::ClaimMedia { line, call: call.to_owned(), session: session.to_owned() });
        self.model.claim_media(line, call, session);
    }
}

/// The command that a fact names, for who looks it up.
#[must_use]
pub(crate) fn command(fact: &Fact) -> Option<CommandId> {
    command_of(fact)
}
