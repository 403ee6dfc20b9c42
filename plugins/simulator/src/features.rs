//! What can be done now: by a call, a line, an agent. What is offered here works, and nothing else does.

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures as F, Capabilities, Command, CommandError, ErrorCode, HoldDetection, LineId, Needs,
    SnapshotSupport, TimestampSource,
};

use crate::config::Config;
use crate::exchange::{Exchange, Refused, refusal};
use crate::services;
use crate::state::{LegId, LegState};

/// What this phone system can do at all.
pub(crate) fn capabilities(config: &Config) -> Capabilities {
    let mut capabilities = Capabilities::new(calls(config))
        .agent(agents(config))
        .snapshot(SnapshotSupport::Full)
        .timestamps(TimestampSource::Native)
        .hold_detection(HoldDetection::Native)
        .busy_detection(true);
    capabilities.renames_calls = true;
    capabilities.early_transfer = config.exchange.early_transfer;
    capabilities.drops_one_of_pair = true;
    capabilities.services = services::NAMES.iter().map(|name| (*name).to_owned()).collect();
    capabilities
}

fn calls(config: &Config) -> F {
    config.without.iter().filter_map(|name| F::from_name(name)).fold(F::ALL, F::without)
}

fn agents(config: &Config) -> AgentFeatures {
    config
        .without
        .iter()
        .filter_map(|name| AgentFeatures::from_name(name))
        .fold(AgentFeatures::ALL, AgentFeatures::without)
}

impl Exchange {
    /// The live consultation made from a leg.
    pub(crate) fn consult_of(&self, leg: LegId) -> Option<LegId> {
        let extension = self.extension_of(leg)?;
        self.legs_of(extension, |other| other.consult && other.parent == Some(leg)).first().copied()
    }

    /// What may be done with a call now.
    pub(crate) fn call_features(&self, id: LegId) -> F {
        let (Some(leg), Some(extension)) = (self.leg(id), self.extension_of(id)) else { return F::NONE };
        let active = |other: &LegId| *other != id;
        let talking = self.legs_of(extension, |l| l.state == LegState::Connected).into_iter().find(active);
        let held = self.legs_of(extension, |l| l.state == LegState::Held).into_iter().find(active);
        let busy_otherwise = self.legs_of(extension, |l| l.state.active()).into_iter().any(|other| other != id);
        let pair = F::COMPLETE_TRANSFER | F::ALTERNATE | F::CONFERENCE;
        let mute = if leg.muted { F::UNMUTE } else { F::MUTE };
        let features = match leg.state {
            LegState::Initiated | LegState::Dialing | LegState::Queued => F::DROP,
            LegState::Busy => F::DROP | F::RECALL,
            LegState::OwnRinging => F::ANSWER | F::DROP,
            LegState::Ringing if self.can_make_room(extension) => F::ANSWER | F::DROP | F::DEFLECT,
            LegState::Ringing => F::DROP | F::DEFLECT,
            LegState::Connected => {
                let alone = F::DROP | F::HOLD | F::DTMF | mute | F::RECORD | F::VIDEO | F::SET_USER_DATA;
                let alone = match self.is_conference(id) {
                    true => alone,
                    false if self.has_peer(id) => alone | F::BLIND_TRANSFER | F::PARK,
                    false => alone,
                };
                let alone = if self.consult_of(id).is_some() { alone | F::CANCEL_TRANSFER } else { alone };
                if held.is_some() { alone | pair } else { alone | F::MAKE_CONSULT_CALL | F::SETUP_TRANSFER }
            }
            LegState::Held => {
                let alone = F::DROP | F::SET_USER_DATA;
                match self.consult_of(id).and_then(|consult| self.leg_state(consult)) {
                    Some(LegState::Connected) => alone | pair | F::CANCEL_TRANSFER,
                    Some(LegState::Dialing) if self.config.exchange.early_transfer && self.rings_there(id) => {
                        alone | F::CANCEL_TRANSFER | F::COMPLETE_TRANSFER
                    }
                    Some(LegState::Held) if busy_otherwise => alone | F::CANCEL_TRANSFER,
                    Some(LegState::Held) => alone | F::CANCEL_TRANSFER | F::UNHOLD,
                    Some(_) => alone | F::CANCEL_TRANSFER,
                    None if talking.is_some() => alone | F::UNHOLD | pair,
                    None if busy_otherwise => alone,
                    None => alone | F::UNHOLD | F::MAKE_CONSULT_CALL,
                }
            }
        };
        features.and(calls(&self.config))
    }

    /// The other party of a two-party call is there, and not a third one ringing.
    pub(crate) fn has_peer(&self, id: LegId) -> bool {
        let others = self.others(id);
        matches!(others.as_slice(), [one] if matches!(self.leg_state(*one), Some(LegState::Connected | LegState::Held)))
    }

    /// The consultation of a leg rings at somebody (and does not wait in the queue, or has failed).
    fn rings_there(&self, id: LegId) -> bool {
        let Some(consult) = self.consult_of(id) else { return false };
        self.others(consult).iter().any(|leg| self.leg_state(*leg) == Some(LegState::Ringing))
    }

    /// What may be done with a line beside its calls now.
    pub(crate) fn line_features(&self, extension: &str) -> F {
        let active = self.legs_of(extension, |leg| leg.state.active());
        let lifted = active.iter().all(|leg| self.leg_state(*leg) == Some(LegState::Initiated));
        let features = match (active.is_empty(), lifted) {
            (true, _) => F::DIAL | F::PICKUP,
            (false, true) => F::DIAL,
            _ => F::NONE,
        };
        features.and(calls(&self.config))
    }

    pub(crate) fn agent_features(&self) -> AgentFeatures {
        agents(&self.config)
    }

    /// A line's talking call can be put on hold for another one; what else it does cannot.
    pub(crate) fn can_make_room(&self, extension: &str) -> bool {
        let stuck = |leg: &crate::state::Leg| {
            leg.state.active() && !matches!(leg.state, LegState::Connected | LegState::Initiated)
        };
        self.legs_of(extension, stuck).is_empty()
    }

    /// Whether a command is possible now; the legs that it names.
    pub(crate) fn possible(&self, line: LineId, command: &Command) -> Refused<Vec<LegId>> {
        let Some(extension) = self.state.lines.get(&line.0).map(|watched| watched.extension.as_str()) else {
            return Err(refusal(ErrorCode::DeviceOutOfService, "this line is not open"));
        };
        let mut legs = Vec::new();
        for key in command.calls() {
            let leg = self.leg_of_key(key.as_str()).filter(|leg| self.extension_of(*leg) == Some(extension));
            legs.push(leg.ok_or_else(|| {
                refusal(ErrorCode::UnknownCall, format!("line {extension} has no call {key} (any more)"))
            })?);
        }
        match (command.needs(), legs.first()) {
            (Needs::Call(need), _) if !calls(&self.config).contains(need) => Err(command.unsupported()),
            (Needs::Agent(need), _) if !agents(&self.config).contains(need) => Err(command.unsupported()),
            (Needs::Call(need), Some(leg)) if !self.call_features(*leg).contains(need) => {
                Err(self.not_now(command.name(), *leg))
            }
            (Needs::Call(need), None) if !self.line_features(extension).contains(need) => {
                let text = format!(
                    "`{}` is not possible now: line {extension} is in a call; hold or end it first",
                    command.name()
                );
                Err(refusal(ErrorCode::InvalidCallState, text))
            }
            _ => Ok(legs),
        }
    }

    /// "Not in this state", and what would be possible.
    pub(crate) fn not_now(&self, name: &str, leg: LegId) -> CommandError {
        let state = self.leg_state(leg).map_or("over", LegState::words);
        let possible = self.call_features(leg).names().collect::<Vec<_>>().join(", ");
        refusal(
            ErrorCode::InvalidCallState,
            format!("`{name}` is not possible: the call is {state}; possible: {possible}"),
        )
    }
}
