//! What can be done: by this adapter, with this server.

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures, Capabilities, HoldDetection, SnapshotSupport, TimestampSource,
};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::wire::fields::{Body, Fields};

/// The oldest server that the protocol's clients work with (`dated`: year, month, day).
pub(crate) const OLDEST: i64 = 120_327;
/// From here on: hold, transfer, redirection.
const FLASH: i64 = 120_725;
/// From here on: reasons for a break.
const LUNCH_TYPES: i64 = 130_101;
/// From here on: the phone can be answered from here.
const ANSWER: i64 = 131_218;

const CALL: CallFeatures = CallFeatures::DIAL
    .with(CallFeatures::RECALL)
    .with(CallFeatures::ANSWER)
    .with(CallFeatures::DROP)
    .with(CallFeatures::HOLD)
    .with(CallFeatures::UNHOLD)
    .with(CallFeatures::COMPLETE_TRANSFER)
    .with(CallFeatures::BLIND_TRANSFER)
    .with(CallFeatures::MAKE_CONSULT_CALL)
    .with(CallFeatures::CANCEL_TRANSFER)
    .with(CallFeatures::ALTERNATE)
    .with(CallFeatures::CONFERENCE);

/// What needs `pbxmakeflash` or `pbxmaketransfer`.
const NEEDS_FLASH: CallFeatures = CallFeatures::HOLD
    .with(CallFeatures::UNHOLD)
    .with(CallFeatures::BLIND_TRANSFER)
    .with(CallFeatures::CANCEL_TRANSFER)
    .with(CallFeatures::ALTERNATE);

const AGENT: AgentFeatures = AgentFeatures::SET_STATE
    .with(AgentFeatures::REASONS)
    .with(AgentFeatures::CALL_CENTRE_MODE)
    .with(AgentFeatures::DND)
    .with(AgentFeatures::FORWARDING)
    .with(AgentFeatures::CALL_RECORDS);

/// The names that `librarySpecificService` takes.
pub(crate) const SERVICES: [&str; 4] = ["intercom", "inviteToConference", "numbers", "queue"];

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Year, month, day; `None`: it does not say.
    pub(crate) dated: Option<i64>,
    pub(crate) build: Option<String>,
    pub(crate) web_port: Option<i64>,
}

impl Version {
    /// `getversion`.
    pub(crate) fn read(body: &Body) -> Self {
        let Some(version) = body.object("version") else { return Self::default() };
        Self {
            dated: version.number("dated"),
            build: version.text("build"),
            web_port: version.number("webserverport").filter(|port| (1..=65_535).contains(port)),
        }
    }

    /// Whether the server is of this date or newer. One that does not say counts as new.
    fn since(&self, date: i64) -> bool {
        self.dated.is_none_or(|dated| dated >= date)
    }

    pub(crate) fn is_too_old(&self) -> bool {
        !self.since(OLDEST)
    }

    pub(crate) fn has_lunch_types(&self) -> bool {
        self.since(LUNCH_TYPES)
    }

    pub(crate) fn has_redirects(&self) -> bool {
        self.since(FLASH)
    }

    /// What this server can do with calls.
    pub(crate) fn call(&self) -> CallFeatures {
        let mut call = CALL;
        if !self.since(FLASH) {
            call = call.without(NEEDS_FLASH);
        }
        if !self.since(ANSWER) {
            call = call.without(CallFeatures::ANSWER);
        }
        call
    }

    /// What this server can do with the user.
    pub(crate) fn agent(&self) -> AgentFeatures {
        let mut agent = AGENT;
        if !self.has_redirects() {
            agent = agent.without(AgentFeatures::FORWARDING);
        }
        if !self.has_lunch_types() {
            agent = agent.without(AgentFeatures::REASONS);
        }
        agent
    }

    /// What this server can do, with these settings.
    pub(crate) fn capabilities(&self, config: &Config) -> Capabilities {
        let mut capabilities = implemented();
        capabilities.call = self.call();
        capabilities.agent = self.agent();
        capabilities.early_transfer = config.early_transfer;
        capabilities
    }

    /// The phone system as people call it.
    pub(crate) fn name(&self) -> String {
        self.build.as_ref().map_or_else(|| "Oktell".to_owned(), |build| format!("Oktell {build}"))
    }
}

/// What this adapter implements. There are no digits on this wire, no mute, no recording on demand.
pub(crate) fn implemented() -> Capabilities {
    let mut capabilities = Capabilities::new(CALL)
        .agent(AGENT)
        .snapshot(SnapshotSupport::Full)
        .timestamps(TimestampSource::Arrival)
        .hold_detection(HoldDetection::Native);
    capabilities.renames_calls = true;
    // Returning to the held party ends the other call and nothing else.
    capabilities.drops_one_of_pair = true;
    capabilities.services = SERVICES.iter().map(ToString::to_string).collect();
    capabilities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_servers_can_do_less() {
        let dated = |dated| Version { dated: Some(dated), ..Version::default() };
        assert!(dated(120_326).is_too_old() && !dated(120_327).is_too_old() && !Version::default().is_too_old());
        assert!(!dated(120_724).call().contains(CallFeatures::HOLD));
        assert!(dated(120_725).call().contains(CallFeatures::HOLD));
        assert!(!dated(131_217).call().contains(CallFeatures::ANSWER));
        assert!(dated(131_218).call().contains(CallFeatures::ANSWER));
        assert!(!dated(130_101).agent().is_empty() && Version::default().agent().contains(AgentFeatures::REASONS));
        assert!(!implemented().call.contains(CallFeatures::DTMF));
    }
}
