//! What a call is now, as a fact.

use jackfield_plugin_api::{
    CallFact, CallFeatures as F, CallState, Direction, LineId, Participant, Party, PartyRole, PartyState, Phase, Role,
    Scope, Timestamp,
};

use super::peer::{Member, digits};
use super::{Call, Calls, Level, Peer};

/// What facts need to know besides the calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) line: LineId,
    pub(crate) now: Timestamp,
    /// The line's own number.
    pub(crate) number: &'a str,
    /// What this server can do with calls.
    pub(crate) allowed: F,
    pub(crate) early_transfer: bool,
    /// The line was watched before: what is new has just begun.
    pub(crate) live: bool,
}

/// Parties from which it is a conference.
const CONFERENCE: usize = 3;
/// The local participant's id.
const ME: &str = "me";
/// The other party's id.
const OTHER: &str = "other";

impl Peer {
    pub(super) fn party(&self) -> Party {
        let party = Party::new(self.number.as_str());
        match &self.name {
            Some(name) => party.name(name.as_str()),
            None => party,
        }
    }

    fn scope(&self) -> Option<Scope> {
        self.external.map(|external| if external { Scope::External } else { Scope::Internal })
    }
}

/// The name by which CRM integrations of Oktell know a call: its chain and its number's digits.
fn native_id(chain: Option<&str>, number: &str) -> Option<String> {
    let chain = chain?;
    if number.is_empty() { Some(chain.to_owned()) } else { Some(format!("{chain}:{}", digits(number))) }
}

impl Calls {
    pub(super) fn fact(&self, call: &Call, context: &Context<'_>) -> CallFact {
        let state = call.state();
        let mut fact = CallFact::new(context.line, call.key.as_str(), state)
            .direction(call.direction)
            .participants(call.participants(context.number))
            .features(self.features(call, context));
        fact.native_id = native_id(call.chain.as_deref(), &call.peer.number);
        fact.global_ids = call.chain.clone().map(|chain| vec![chain]);
        let me = Party::new(context.number);
        (fact.caller, fact.called) = match call.direction {
            Direction::Out => (Some(me), Some(call.first.party())),
            _ => (Some(call.first.party()), Some(me)),
        };
        if call.conference.is_none() && digits(&call.peer.number) != digits(&call.first.number) {
            fact.redirection = Some(call.peer.party());
        }
        fact.scope = call.peer.scope();
        fact.phase = match call.level {
            Level::Ringing => Some(Phase::Ringing),
            Level::OwnRinging => Some(Phase::OwnRinging),
            Level::Dialing => Some(Phase::Dialing),
            Level::Connected | Level::Held => None,
        };
        if let Some(parent) = call.consults.as_ref().filter(|parent| self.get(parent).is_some()) {
            (fact.role, fact.parent) = (Some(Role::Consult), Some(parent.as_str().into()));
        }
        fact.connected_at = call.connected_at;
        fact.user_data = Some(call.user_data.clone()).filter(|data| !data.is_empty());
        fact
    }

    /// What the server allows for this call now; the host adds its own rules.
    fn features(&self, call: &Call, context: &Context<'_>) -> F {
        let held = self.held().filter(|other| other.key != call.key);
        let beside = self.calls.iter().find(|other| other.key != call.key && other.level != Level::Held);
        let features = match (call.level, call.state()) {
            (Level::Ringing, _) => F::ANSWER | F::DROP,
            (Level::OwnRinging | Level::Dialing, _) => F::DROP,
            (Level::Connected, CallState::Conferenced) if held.is_some() => F::DROP | F::ALTERNATE,
            (Level::Connected, CallState::Conferenced) => F::DROP | F::HOLD,
            // Holding would swap the two.
            (Level::Connected, _) if held.is_some() => {
                F::DROP | F::BLIND_TRANSFER | F::COMPLETE_TRANSFER | F::ALTERNATE | F::CONFERENCE | F::CANCEL_TRANSFER
            }
            (Level::Connected, _) => F::DROP | F::HOLD | F::MAKE_CONSULT_CALL | F::BLIND_TRANSFER,
            (Level::Held, _) => match beside.map(|other| other.level) {
                None => F::UNHOLD | F::DROP | F::MAKE_CONSULT_CALL,
                Some(Level::Connected) => F::COMPLETE_TRANSFER | F::ALTERNATE | F::CONFERENCE | F::CANCEL_TRANSFER,
                Some(_) if context.early_transfer => F::CANCEL_TRANSFER | F::COMPLETE_TRANSFER,
                Some(_) => F::CANCEL_TRANSFER,
            },
        };
        features & context.allowed
    }
}

impl Call {
    pub(crate) fn state(&self) -> CallState {
        match self.level {
            level if level.is_alerting() => CallState::Alerting,
            Level::Held => CallState::Held,
            _ if self.parties() >= CONFERENCE => CallState::Conferenced,
            _ => CallState::Connected,
        }
    }

    /// How many are in the call, this line included.
    fn parties(&self) -> usize {
        let members = self.conference.as_ref().and_then(|conference| conference.members.as_ref());
        members.map_or(2, |members| members.iter().filter(|m| !m.me && !m.ghost).count() + 1)
    }

    fn participants(&self, number: &str) -> Vec<Participant> {
        let mine = match self.level {
            Level::Ringing | Level::OwnRinging => PartyState::Alerting,
            Level::Held => PartyState::Held,
            Level::Dialing | Level::Connected => PartyState::Connected,
        };
        let mut all = vec![Participant::new(ME, number, true, mine)];
        if let Some(members) = self.conference.as_ref().and_then(|conference| conference.members.as_ref()) {
            all.extend(members.iter().filter(|member| !member.me).map(Member::participant));
            return all;
        }
        let theirs = match self.level {
            Level::Dialing => PartyState::Alerting,
            Level::OwnRinging => PartyState::Initiated,
            _ if self.peer.holds_us => PartyState::Held,
            _ => PartyState::Connected,
        };
        let mut other = Participant::new(OTHER, self.peer.number.as_str(), false, theirs);
        other.name.clone_from(&self.peer.name);
        if self.peer.ivr {
            other.role = PartyRole::Ivr;
        }
        all.push(other);
        all
    }
}

impl Member {
    fn participant(&self) -> Participant {
        let mut participant = Participant::new(self.id.as_str(), self.number.as_str(), false, PartyState::Connected);
        participant.name.clone_from(&self.name);
        if self.ghost {
            participant.role = PartyRole::Supervisor;
        }
        participant
    }
}
