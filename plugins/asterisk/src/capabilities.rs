//! What can be done: by this adapter, with this AMI user, on this line, with this call now.
//!
//! `ListCommands` returns only what the user may do, so a user with fewer classes gets fewer buttons and no refusals.

use std::collections::BTreeSet;

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures, CallState, Capabilities, CommandError, ErrorCode, HoldDetection, SnapshotSupport,
    TimestampSource,
};
use serde::{Deserialize, Serialize};

use crate::calls::{Call, CallId, Level, Origin};
use crate::lines::Line;
use crate::pbx::Pbx;
use crate::table::{BridgeKind, UP, View};
use crate::wire::fields::lines;

/// What the AMI user may do.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Permissions {
    /// The actions, in lower case; `None`: Asterisk did not say.
    actions: Option<BTreeSet<String>>,
    /// What they mean for calls: asked for every fact.
    #[serde(skip)]
    call: Option<CallFeatures>,
    /// Events carry Asterisk's time.
    pub(crate) timestamps: bool,
    /// The snapshot was refused.
    pub(crate) blind: bool,
}

impl Permissions {
    /// From the answer to `ListCommands`: one field for each action.
    pub(crate) fn learn(&mut self, message: &[u8]) {
        let names = lines(message).map(|(key, _)| String::from_utf8_lossy(key).to_ascii_lowercase());
        self.actions = Some(names.collect());
        self.renew();
    }

    /// Works out again what follows from the actions: another version may make something else of them.
    pub(crate) fn renew(&mut self) {
        self.call = None;
        self.call = self.actions.is_some().then(|| self.call());
    }

    /// Whether the user may do this; while Asterisk did not say it is tried.
    pub(crate) fn may(&self, action: &str) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.contains(&action.to_ascii_lowercase()))
    }

    /// What the user may do with calls.
    fn call(&self) -> CallFeatures {
        if let Some(call) = self.call {
            return call;
        }
        if self.actions.is_none() {
            return CALL;
        }
        let may = |action| self.may(action);
        let groups = [
            (may("Originate"), CallFeatures::DIAL | CallFeatures::PICKUP | CallFeatures::RECALL),
            (may("PJSIPNotify"), CallFeatures::ANSWER | CallFeatures::HOLD | CallFeatures::UNHOLD),
            (may("Hangup"), CallFeatures::DROP),
            (may("BlindTransfer"), CallFeatures::BLIND_TRANSFER),
            (may("Atxfer") && may("Hangup"), CallFeatures::MAKE_CONSULT_CALL),
            (may("Hangup") && may("Bridge"), CallFeatures::COMPLETE_TRANSFER),
            (may("CancelAtxfer"), CallFeatures::CANCEL_TRANSFER),
            (may("PlayDTMF"), CallFeatures::DTMF | CallFeatures::ALTERNATE | CallFeatures::CONFERENCE),
            (may("MuteAudio"), CallFeatures::MUTE | CallFeatures::UNMUTE),
            (may("Redirect"), CallFeatures::DEFLECT),
            (may("Park"), CallFeatures::PARK),
            (may("MixMonitor") && may("StopMixMonitor"), CallFeatures::RECORD),
            (true, CallFeatures::SET_USER_DATA),
        ];
        groups.iter().filter(|(may, _)| *may).fold(CallFeatures::NONE, |all, (_, features)| all | *features)
    }

    pub(crate) fn check(&self, action: &'static str) -> Result<(), CommandError> {
        if self.may(action) {
            return Ok(());
        }
        let text = format!(
            "Asterisk has no action {action} for this AMI user: its module is not loaded, or the user's write classes in manager.conf miss it"
        );
        Err(CommandError::new(ErrorCode::CommandNotSupported, text))
    }
}

const CALL: CallFeatures = CallFeatures::NONE
    .with(CallFeatures::RECALL)
    .with(CallFeatures::DIAL)
    .with(CallFeatures::ANSWER)
    .with(CallFeatures::DROP)
    .with(CallFeatures::HOLD)
    .with(CallFeatures::UNHOLD)
    .with(CallFeatures::COMPLETE_TRANSFER)
    .with(CallFeatures::BLIND_TRANSFER)
    .with(CallFeatures::MAKE_CONSULT_CALL)
    .with(CallFeatures::DTMF)
    .with(CallFeatures::MUTE)
    .with(CallFeatures::UNMUTE)
    .with(CallFeatures::CANCEL_TRANSFER)
    .with(CallFeatures::ALTERNATE)
    .with(CallFeatures::CONFERENCE)
    .with(CallFeatures::DEFLECT)
    .with(CallFeatures::PICKUP)
    .with(CallFeatures::PARK)
    .with(CallFeatures::RECORD)
    .with(CallFeatures::SET_USER_DATA);

const AGENT: AgentFeatures = AgentFeatures::NONE
    .with(AgentFeatures::SET_STATE)
    .with(AgentFeatures::REASONS)
    .with(AgentFeatures::LOGIN)
    .with(AgentFeatures::CALL_CENTRE_MODE);

/// What this adapter implements.
pub(crate) fn implemented() -> Capabilities {
    let mut capabilities = Capabilities::new(CALL)
        .agent(AGENT)
        .snapshot(SnapshotSupport::Full)
        .timestamps(TimestampSource::Native)
        .hold_detection(HoldDetection::Native)
        .busy_detection(true);
    capabilities.renames_calls = true;
    capabilities.early_transfer = true;
    capabilities.drops_one_of_pair = true;
    capabilities
}

impl Pbx {
    /// What this Asterisk allows its AMI user.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let mut capabilities = implemented();
        capabilities.call = self.permissions.call();
        capabilities.agent = self.agent_allowed();
        if self.permissions.blind {
            capabilities.snapshot = SnapshotSupport::None;
        }
        if !self.permissions.timestamps {
            capabilities.timestamps = TimestampSource::Arrival;
        }
        capabilities
    }

    fn agent_allowed(&self) -> AgentFeatures {
        let mut allowed = AgentFeatures::NONE;
        if self.permissions.may("QueuePause") {
            allowed |= AgentFeatures::SET_STATE;
            if !self.config.pause_reasons.is_empty() {
                allowed |= AgentFeatures::REASONS;
            }
        }
        if self.permissions.may("QueueAdd") && self.permissions.may("QueueRemove") {
            allowed |= AgentFeatures::LOGIN | AgentFeatures::CALL_CENTRE_MODE;
        }
        allowed
    }

    /// What this line can do at all.
    pub(crate) fn line_capabilities(&self, line: &Line) -> Capabilities {
        let mut capabilities = self.capabilities();
        capabilities.call = self.line_features(line);
        if line.queues.is_empty() {
            let membership = AgentFeatures::LOGIN | AgentFeatures::CALL_CENTRE_MODE;
            capabilities.agent = capabilities.agent.without(membership);
        }
        capabilities
    }

    fn line_features(&self, line: &Line) -> CallFeatures {
        let mut features = self.permissions.call();
        if !line.notify {
            features = features.without(CallFeatures::ANSWER | CallFeatures::HOLD | CallFeatures::UNHOLD);
        }
        if !line.consult {
            features = features.without(CallFeatures::MAKE_CONSULT_CALL | CallFeatures::CANCEL_TRANSFER);
        }
        features
    }

    /// What can be done with a call now, as far as Asterisk is concerned; the host adds its own rules.
    pub(crate) fn features(&self, id: CallId, call: &Call, level: Level, view: &View) -> CallFeatures {
        let Some(line) = call.line.and_then(|l| self.lines.get(l)) else { return CallFeatures::NONE };
        let mut features = self.line_features(line);
        let consulting = self.partner(id).is_some();
        if consulting {
            // Hanging up would complete the transfer.
            features = features.without(CallFeatures::DROP | CallFeatures::HOLD | CallFeatures::UNHOLD);
        } else {
            features = features.without(CallFeatures::CANCEL_TRANSFER);
            if self.config.conference_context.is_none() {
                features = features.without(CallFeatures::CONFERENCE);
            }
            if !line.notify {
                features = features.without(CallFeatures::ALTERNATE);
            }
        }
        let up = call.channel.and_then(|c| self.table.channel(c)).is_some_and(|c| c.state == UP);
        if up {
            features = features.without(CallFeatures::ANSWER);
        }
        let in_talk = call.bridge.and_then(|b| self.table.bridge(b)).is_none_or(|b| b.kind == BridgeKind::Talk);
        // While Asterisk moves legs about nobody is there for a moment.
        let partners = if view.peers.is_empty() { call.present.len() } else { view.peers.len() };
        let one_partner = in_talk && partners == 1;
        if !one_partner || consulting || level.state == CallState::Held {
            let needs_partner = CallFeatures::BLIND_TRANSFER | CallFeatures::MAKE_CONSULT_CALL | CallFeatures::PARK;
            features = features.without(needs_partner);
        }
        if call.origin == Origin::Consult {
            features = features.without(CallFeatures::MAKE_CONSULT_CALL);
        }
        if self.sole_dialler(id).is_none() {
            features = features.without(CallFeatures::DEFLECT);
        }
        features
    }
}
