//! Digits, mute, recording, data.

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, RecordAction, RecordingState, Reply};

use super::calling::variable;
use super::{Sent, Then, wrong_state};
use crate::asks::Ask;
use crate::calls::CallId;
use crate::pbx::{Pbx, Say};
use crate::wire::action::Action;

impl Pbx {
    /// Digits for the other party are played on its leg, so that none of them begins a feature code here. A service
    /// hears them on the own leg.
    pub(super) fn send_dtmf(
        &mut self,
        command: CommandId,
        id: CallId,
        digits: &str,
        tone_ms: Option<u32>,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let digits: Vec<String> =
            digits.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase().to_string()).collect();
        let known = |d: &String| d.len() == 1 && "0123456789*#ABCD".contains(d.as_str());
        if digits.is_empty() || digits.len() > 64 || !digits.iter().all(known) {
            return Err(CommandError::new(ErrorCode::InvalidDigits, "digits are 0–9, *, #, A–D, at most 64 of them"));
        }
        let peer = self.sole_peer(id);
        let leg = self.leg(id)?;
        let tone = tone_ms.unwrap_or(250).clamp(40, 5000);
        let duration = tone.to_string();
        let last = digits.len() - 1;
        if peer.is_none() {
            let until = say.now + self.patience();
            self.expect(id, command, Sent::Digits(digits.concat()), until);
        }
        for (at, digit) in digits.into_iter().enumerate() {
            let mut action =
                Action::new("PlayDTMF").with("Channel", peer.as_ref().unwrap_or(&leg)).with("Digit", &digit);
            action = action.with("Duration", &duration);
            let then = match &peer {
                Some(_) => Then::Digit { call: id, digit, last: at == last },
                None => {
                    action = action.with("Receive", "true");
                    if at == last { Then::Accept } else { Then::Wait }
                }
            };
            // Asterisk plays a digit to its end before it takes the next action.
            let busy = Duration::from_millis(u64::from(tone + 100)) * u32::try_from(at + 1).unwrap_or(u32::MAX);
            self.send_after(busy, action, Ask::Command(command, then), say)?;
        }
        Ok(())
    }

    /// What comes from the agent is muted; the agent goes on hearing.
    pub(super) fn mute(
        &mut self,
        command: CommandId,
        id: CallId,
        mute: bool,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        if self.calls.get(id).is_some_and(|c| c.muted.unwrap_or(false) == mute) {
            self.accept(command, Reply::noop(), say);
            return Ok(());
        }
        let leg = self.leg(id)?;
        let state = if mute { "on" } else { "off" };
        let action = Action::new("MuteAudio").with("Channel", &leg).with("Direction", "in").with("State", state);
        self.order(action, command, Then::Muted(id, mute), say)
    }

    pub(super) fn record(
        &mut self,
        command: CommandId,
        id: CallId,
        action: RecordAction,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let leg = self.leg(id)?;
        let Some(call) = self.calls.get(id) else { return Err(wrong_state("the call is over")) };
        let line = call.line.and_then(|l| self.lines.get(l));
        let safe = |text: &str| -> String {
            text.chars()
                .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+') { c } else { '_' })
                .collect()
        };
        let file = self
            .config
            .recording
            .replace("{line}", &safe(line.map_or("", |l| &l.name)))
            .replace("{number}", &safe(&call.remote.number))
            .replace("{id}", &safe(&call.native));
        let began = !call.file.is_empty();
        let mute = |state: &str| {
            Action::new("MixMonitorMute").with("Channel", &leg).with("Direction", "both").with("State", state)
        };
        let (to_do, state) = match action {
            // Only while two are connected: a held party's music is not recorded.
            RecordAction::Start if !began => {
                let start = Action::new("MixMonitor").with("Channel", &leg).with("File", &file).with("Options", "b");
                (start, RecordingState::Started)
            }
            RecordAction::Stop if began => {
                (Action::new("StopMixMonitor").with("Channel", &leg), RecordingState::Stopped)
            }
            RecordAction::Pause if began => (mute("1"), RecordingState::Paused),
            RecordAction::Resume if began => (mute("0"), RecordingState::Started),
            RecordAction::Start => return Err(wrong_state("the call is being recorded already")),
            _ => return Err(wrong_state("the call is not being recorded")),
        };
        self.order(to_do, command, Then::Recording(id, state), say)?;
        if let Some(call) = self.calls.get_mut(id) {
            match state {
                RecordingState::Started if !began => call.file = file,
                _ => {}
            }
        }
        let until = say.now + self.patience();
        self.expect(id, command, Sent::Recording, until);
        Ok(())
    }

    /// Kept here, and given to the dialplan as channel variables.
    pub(super) fn set_user_data(
        &mut self,
        command: CommandId,
        id: CallId,
        map: BTreeMap<String, String>,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let leg = self.leg(id);
        for (name, value) in map {
            if let (Ok(leg), true) = (&leg, self.permissions.may("Setvar")) {
                let variable = variable(&name, &value);
                let (variable, encoded) = variable.split_once('=').unwrap_or((&variable, ""));
                let action =
                    Action::new("Setvar").with("Channel", leg).with("Variable", variable).with("Value", encoded);
                self.send(action, Ask::Quiet, say)?;
            }
            if let Some(call) = self.calls.get_mut(id) {
                match value.is_empty() {
                    true => call.user_data.remove(&name),
                    false => call.user_data.insert(name, value),
                };
            }
        }
        self.accept(command, Reply::accepted(), say);
        self.dirty(id);
        Ok(())
    }
}
