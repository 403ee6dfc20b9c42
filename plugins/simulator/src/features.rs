//! What can be done now: by a call, a line, an agent. What is offered here works, and nothing else does.

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures as F, Capabilities, Command, CommandError, ErrorCode, HoldDetection, LineId, Needs,
    SnapshotSupport, TimestampSource,
};

use crate::config::Config;
use crate::exchange::{Exchange, Refused, refusal};
use crate::services;
use crate::state::{Choice, Leg, LegId, LegState};

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
        // A party that is alone (parked, in the queue after a transfer) is nobody to be joined with.
        let alone = self.others(id).is_empty();
        let joinable = |other: &LegId| *other != id && !alone && !self.others(*other).is_empty();
        let talking = self.legs_of(extension, |l| l.state == LegState::Connected).into_iter().find(joinable);
        let held = self.legs_of(extension, |l| l.state == LegState::Held).into_iter().find(joinable);
        let busy_otherwise = self.legs_of(extension, |l| l.state.active()).into_iter().any(|other| other != id);
        let pair = F::COMPLETE_TRANSFER | F::ALTERNATE | F::CONFERENCE;
        let mute = if leg.muted { F::UNMUTE } else { F::MUTE };
        let features = match leg.state {
            LegState::Initiated | LegState::Dialing | LegState::Queued => F::DROP,
            LegState::Busy => F::DROP | F::RECALL,
            LegState::OwnRinging => F::ANSWER | F::DROP,
            LegState::Ringing if self.can_make_room(extension) => F::ANSWER | F::DROP | F::DEFLECT,
            LegState::Ringing => F::DROP | F::DEFLECT,
            LegState::Connected if alone => F::DROP | F::HOLD | F::SET_USER_DATA,
            LegState::Held if alone && busy_otherwise => F::DROP | F::SET_USER_DATA,
            LegState::Held if alone => F::DROP | F::UNHOLD | F::SET_USER_DATA,
            LegState::Connected => {
                let mut own = F::DROP | F::HOLD | F::DTMF | mute | F::RECORD | F::SET_USER_DATA;
                if !self.is_conference(id) {
                    own |= F::VIDEO;
                }
                match self.consult_of(id) {
                    Some(_) => own |= F::CANCEL_TRANSFER,
                    None if self.has_peer(id) => own |= F::BLIND_TRANSFER | F::PARK,
                    None => {}
                }
                match held {
                    Some(_) => own | pair,
                    None if self.is_conference(id) => own | F::MAKE_CONSULT_CALL,
                    None => own | F::MAKE_CONSULT_CALL | F::SETUP_TRANSFER,
                }
            }
            LegState::Held => {
                let own = F::DROP | F::SET_USER_DATA;
                let consult = self.consult_of(id);
                match consult.and_then(|consult| self.leg_state(consult)) {
                    Some(_) if self.is_stuck(extension, consult) => own,
                    Some(LegState::Connected) if talking.is_some() => own | pair | F::CANCEL_TRANSFER,
                    Some(LegState::Dialing) if self.config.exchange.early_transfer && self.rings_there(id) => {
                        own | F::CANCEL_TRANSFER | F::COMPLETE_TRANSFER
                    }
                    Some(LegState::Held) if busy_otherwise => own | F::CANCEL_TRANSFER,
                    Some(LegState::Held) => own | F::CANCEL_TRANSFER | F::UNHOLD,
                    Some(_) => own | F::CANCEL_TRANSFER,
                    None if talking.is_some() => own | F::UNHOLD | pair,
                    None if busy_otherwise => own,
                    None => own | F::UNHOLD | F::MAKE_CONSULT_CALL,
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

    /// A line dials, or listens to a tone, in another call than this one: nothing else can begin meanwhile.
    pub(crate) fn is_stuck(&self, extension: &str, but: Option<LegId>) -> bool {
        let stuck = |leg: &Leg| leg.state.active() && !matches!(leg.state, LegState::Connected | LegState::Initiated);
        self.legs_of(extension, stuck).into_iter().any(|leg| Some(leg) != but)
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

    /// What may be done with a line's agent now.
    pub(crate) fn agent_features(&self, extension: &str) -> AgentFeatures {
        use AgentFeatures as A;
        let agent = self.state.extensions.get(extension).and_then(|e| e.agent.as_ref());
        match agent.is_some_and(|agent| agent.choice != Choice::LoggedOut) {
            true => agents(&self.config),
            false => agents(&self.config)
                .without(A::SET_STATE | A::REASONS | A::PENDING_STATE | A::WRAP_UP | A::CALL_CENTRE_MODE),
        }
    }

    /// A line's talking call can be put on hold for another one; what else it does cannot.
    pub(crate) fn can_make_room(&self, extension: &str) -> bool {
        !self.is_stuck(extension, None)
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
            (Needs::Agent(need), _) if !self.agent_features(extension).contains(need) => {
                let text = format!("nobody is logged in at line {extension}: use `loginAgent`");
                Err(refusal(ErrorCode::AgentStateForbids, text))
            }
            // Of a pair, either call may be named first.
            (Needs::Call(need), Some(leg)) if !legs.iter().any(|leg| self.call_features(*leg).contains(need)) => {
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
