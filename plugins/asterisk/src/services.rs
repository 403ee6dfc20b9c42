//! What answered a leg that no second party speaks to.
//!
//! A voicemail, a queue's announcement and a busy tone look alike in the stream: the own leg is up, nobody is dialled.
//! So Asterisk is asked once in which application the leg is, before the call counts as connected to a service.

use std::time::Duration;

use crate::asks::Ask;
use crate::calls::{CallId, Look};
use crate::pbx::{Pbx, Say};
use crate::wire::action::Action;
use crate::wire::fields::{Fields, Key};

/// How long the answer is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

impl Pbx {
    /// How long a leg must be up without a second party.
    pub(crate) fn service_delay(&self) -> Duration {
        Duration::from_millis(u64::from(self.config.service_delay_ms))
    }

    /// Asks what answered, when it is time.
    pub(crate) fn look_what_answered(&mut self, id: CallId, say: &mut Say<'_, '_>) {
        let Some(call) = self.calls.get(id).filter(|c| !c.connected && c.look == Look::NotYet) else { return };
        if call.up_since.is_none_or(|since| say.now.since(since) < self.service_delay()) {
            return;
        }
        // Beyond a wire the answer would not tell of this leg.
        let leg = call.channel.and_then(|c| self.table.channel(c)).filter(|c| c.bridge.is_none());
        let action = leg.map(|leg| Action::new("Status").with("Channel", &leg.name));
        let asked = action.is_some_and(|action| self.send(action, Ask::Application(id), say).is_ok());
        if let Some(call) = self.calls.get_mut(id) {
            call.look = if asked { Look::Asked(say.now + PATIENCE) } else { Look::Done };
        }
    }

    /// It is known, or will not be.
    pub(crate) fn application_known(&mut self, id: CallId) {
        if let Some(call) = self.calls.get_mut(id) {
            call.look = Look::Done;
        }
        self.dirty(id);
    }

    /// `Status` of a leg. A tone that says "busy" or "congested" is no answer.
    pub(crate) fn application_told(&mut self, f: &Fields<'_>, _: &mut Say<'_, '_>) {
        let Some(id) = self.table.find(f.bytes(Key::Uniqueid)) else { return };
        let outcome = match f.bytes(Key::Application) {
            b"Busy" => "BUSY",
            b"Congestion" => "CONGESTION",
            _ => "",
        };
        for id in self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default() {
            let asked = |c: &&mut crate::calls::Call| !c.connected && matches!(c.look, Look::Asked(_));
            let Some(call) = self.calls.get_mut(id).filter(asked) else { continue };
            if !outcome.is_empty() {
                outcome.clone_into(&mut call.outcome);
                call.busy = outcome == "BUSY" && !call.incoming;
            }
            self.application_known(id);
        }
    }
}
