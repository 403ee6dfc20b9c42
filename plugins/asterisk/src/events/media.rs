//! Digits and recordings.

use jackfield_plugin_api::{DtmfFact, RecordingFact, RecordingState, Side};

use crate::calls::CallId;
use crate::pbx::{Pbx, Say};
use crate::wire::fields::{Fields, Key};

impl Pbx {
    /// `Received`: sent by this leg's party. (`Sent` is the same digit once more, on its way to the other leg.)
    pub(crate) fn dtmf(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        if !f.is(Key::Direction, "Received") {
            return;
        }
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        let digit = f.string(Key::Digit);
        if digit.len() != 1 || !self.live {
            return;
        }
        // What Asterisk types for its own feature codes has no duration; nobody hears it.
        if f.number::<u32>(Key::DurationMs) == Some(0) {
            return;
        }
        let own = self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default();
        // A code that we typed is for Asterisk; both calls of a consultation wait for it.
        let code = own.iter().filter(|call| self.effects.code_typed(**call, &digit)).count() > 0;
        if code {
            return;
        }
        if let Some(call) = self.active(id) {
            let command = self.effects.digit_sent(call, &digit);
            self.say_digit(call, &digit, Side::Local, command, say);
        }
        for call in self.table.touched(id).into_iter().filter(|c| !own.contains(c)) {
            if self.calls.get(call).is_some_and(|c| c.connected) {
                self.say_digit(call, &digit, Side::Remote, None, say);
            }
        }
    }

    pub(crate) fn say_digit(
        &self,
        id: CallId,
        digit: &str,
        by: Side,
        command: Option<jackfield_plugin_api::CommandId>,
        say: &mut Say<'_, '_>,
    ) {
        let Some((call, line)) = self.calls.get(id).and_then(|c| Some((c, c.line?))) else { return };
        if call.reported.is_none() {
            return;
        }
        let mut fact = DtmfFact::new(line, call.key.as_str(), digit, by);
        fact.native_time = say.native_time;
        fact.command = command;
        self.say_fact(fact, say);
    }

    pub(crate) fn recording_started(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        self.recording(f, RecordingState::Started, say);
    }

    pub(crate) fn recording_stopped(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        self.recording(f, RecordingState::Stopped, say);
    }

    /// `State: 1` pauses, `State: 0` goes on.
    pub(crate) fn recording_paused(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let paused = f.is(Key::State, "1");
        self.recording(f, if paused { RecordingState::Paused } else { RecordingState::Started }, say);
    }

    fn recording(&mut self, f: &Fields<'_>, state: RecordingState, say: &mut Say<'_, '_>) {
        let Some(call) = self.known(f, Key::Uniqueid).and_then(|id| self.active(id)) else { return };
        self.recorded(call, state, say);
    }

    /// A recording of a call does something: told by an event, or (before Asterisk 16) by the answer to our action.
    pub(crate) fn recorded(&mut self, id: CallId, state: RecordingState, say: &mut Say<'_, '_>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let before = call.recording;
        call.recording = Some(state == RecordingState::Started);
        let (Some(line), false) = (call.line, before == call.recording) else { return };
        let mut fact = RecordingFact::new(line, call.key.as_str(), state);
        fact.reference = Some(call.file.clone()).filter(|f| !f.is_empty());
        fact.command = self.effects.recording(id);
        self.say_fact(fact, say);
        self.dirty(id);
    }
}
