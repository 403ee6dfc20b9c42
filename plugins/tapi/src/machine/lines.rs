//! Lines: opening and closing them, and what can be done with them now.

use jackfield_plugin_api::{AgentFeatures, CallFeatures, DeviceState, Down, ErrorCode, Host, LineFact, LineId};

use super::Machine;
use super::agent::Agent;
use super::devices::Open;
use super::talk::Leg;
use crate::asks::{Ask, Request};
use crate::capabilities::{of_address, of_line, of_user};
use crate::config::LineConfig;
use crate::sys::constants::{
    LINEADDRFEATURE_FORWARD, LINEADDRFEATURE_FORWARDDND, LINEADDRFEATURE_MAKECALL, LINEDEVSTATUSFLAGS_CONNECTED,
    LINEDEVSTATUSFLAGS_INSERVICE, LINEFEATURE_FORWARD, LINEFEATURE_FORWARDDND, LINEFEATURE_MAKECALL,
};
use crate::told::{Address, AddressStatus, LineStatus};

/// A line of the host.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) settings: LineConfig,
    /// Its device; absent: none was found.
    pub(super) device: Option<u32>,
    /// Its address on the device; absent: all.
    pub(super) address: Option<u32>,
    /// Its snapshot was reported.
    pub(super) live: bool,
    /// LINEDEVSTATUS.
    pub(super) status: LineStatus,
    /// LINEADDRESSSTATUS of its address, where that can be had.
    pub(super) now: Option<AddressStatus>,
    pub(super) agent: Agent,
    /// What was said of it last, that it works not: not to be repeated with every try.
    pub(super) said: Option<String>,
}

impl Line {
    /// What was known of it through its handle.
    pub(super) fn forget(&mut self) {
        (self.device, self.live, self.now) = (None, false, None);
        self.agent = Agent::default();
    }

    /// The address that commands without a call are for.
    pub(super) fn dials_from(&self) -> u32 {
        self.address.unwrap_or(0)
    }

    /// Whether its phone works.
    pub(super) fn works(&self) -> bool {
        self.status.flags & LINEDEVSTATUSFLAGS_INSERVICE != 0 && self.status.flags & LINEDEVSTATUSFLAGS_CONNECTED != 0
    }
}

impl Machine {
    pub(super) fn line_opened(&mut self, id: LineId, name: String, settings: LineConfig, host: &mut Host<'_>) {
        let line = Line {
            name,
            settings,
            device: None,
            address: None,
            live: false,
            status: LineStatus::UNKNOWN,
            now: None,
            agent: Agent::default(),
            said: None,
        };
        self.lines.insert(id, line);
        if self.link.is_up() {
            self.match_line(id, host);
        }
    }

    pub(super) fn line_closed(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.remove(&id) else { return };
        self.refuse_line(id, host);
        let talks: Vec<u64> = self.talks.iter().filter(|(_, talk)| talk.line == id).map(|(n, _)| *n).collect();
        for number in talks {
            self.talks.remove(&number);
        }
        for leg in self.legs.values_mut() {
            leg.talk = leg.talk.filter(|talk| self.talks.contains_key(talk));
        }
        self.forget_unseen();
        let Some(device) = line.device else { return };
        if self.lines.values().any(|other| other.device == Some(device)) {
            return;
        }
        // Nobody needs it: its calls go on without us.
        let calls: Vec<u32> = self.legs.iter().filter(|(_, leg)| leg.device == device).map(|(h, _)| *h).collect();
        for call in calls {
            self.legs.remove(&call);
            self.also(Request::Deallocate { call }, host);
        }
        if let Some(found) = self.devices.get_mut(&device) {
            let handle = found.handle();
            found.open = Open::No;
            if let Some(line) = handle {
                self.ask(Ask::Close { line }, host);
            }
        }
    }

    /// A line does not work; the others may.
    pub(super) fn line_fails(&mut self, id: LineId, code: ErrorCode, text: String, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if line.said.as_ref() != Some(&text) {
            host.report(Down::new(code, text.clone()).line(id));
            line.said = Some(text);
        }
    }

    pub(super) fn lines_of(&self, device: u32) -> Vec<LineId> {
        self.lines.iter().filter(|(_, line)| line.device == Some(device)).map(|(id, _)| *id).collect()
    }

    /// The line that an address of a device is.
    pub(super) fn line_of(&self, device: u32, address: u32) -> Option<LineId> {
        let is = |line: &Line| line.device == Some(device) && line.address.is_none_or(|own| own == address);
        self.lines.iter().find(|(_, line)| is(line)).map(|(id, _)| *id)
    }

    /// Reports a line with its calls, once.
    pub(super) fn show_line(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get(&id).filter(|line| !line.live) else { return };
        if line.device.and_then(|number| self.devices.get(&number)?.handle()).is_none() {
            return;
        }
        let capabilities = of_line(self.address_of(line), line.agent.is_there());
        host.report(LineFact::new(id).capabilities(capabilities));
        self.report_line(id, host);
        self.finds_calls(id, host);
        if let Some(line) = self.lines.get_mut(&id) {
            line.live = true;
            line.said = None;
        }
        self.snapshot(id, host);
        self.report_agent(id, host);
        self.report_dnd(id, host);
        self.ask_activities(id, host);
    }

    /// Calls that are up on a device which was open before, for another of its addresses.
    fn finds_calls(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get(&id) else { return };
        let (device, address) = (line.device, line.address);
        let here = |leg: &Leg| {
            Some(leg.device) == device && address.is_none_or(|own| own == leg.info.address) && leg.talk.is_none()
        };
        let calls = self.legs.iter().filter(|(_, leg)| here(leg) && !leg.over()).map(|(handle, _)| *handle);
        for call in calls.collect::<Vec<_>>() {
            self.settle(call, host);
        }
    }

    /// The capabilities of a line's address.
    pub(super) fn address_of(&self, line: &Line) -> &Address {
        static NONE: Address = Address::NOTHING;
        let device = line.device.and_then(|number| self.devices.get(&number));
        device.and_then(|device| device.about.addresses.get(line.dials_from() as usize)).unwrap_or(&NONE)
    }

    /// LINEADDRFEATURE of a line now: what its address says, else its device, else what they could.
    pub(super) fn features_of(&self, line: &Line) -> u32 {
        let here = self.address_of(line).features;
        match &line.now {
            Some(now) if now.features != 0 || here != 0 => now.features,
            _ if line.status.features != 0 => {
                let pairs = [
                    (LINEFEATURE_MAKECALL, LINEADDRFEATURE_MAKECALL),
                    (LINEFEATURE_FORWARD, LINEADDRFEATURE_FORWARD),
                    (LINEFEATURE_FORWARDDND, LINEADDRFEATURE_FORWARDDND),
                ];
                pairs
                    .iter()
                    .filter(|(line_bit, _)| line.status.features & line_bit != 0)
                    .fold(0, |all, (_, bit)| all | bit)
            }
            _ if here != 0 => here,
            // A driver that tells nothing: let it be tried.
            _ => LINEADDRFEATURE_MAKECALL,
        }
    }

    /// What a line can do now, whether its phone works, its forwardings.
    pub(super) fn report_line(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get(&id) else { return };
        let works = line.works();
        let features = self.features_of(line);
        let (call, user) = match works {
            true => (of_address(features), of_user(features)),
            false => (CallFeatures::NONE, AgentFeatures::NONE),
        };
        let state = if works { DeviceState::InService } else { DeviceState::OutOfService };
        let mut fact =
            LineFact::new(id).device_state(state).features(call).agent_features(user | line.agent.features());
        if let Some(now) = &line.now {
            fact = fact.forwarding(super::forwarding::of(&now.forwards));
        }
        host.report(fact);
        self.report_dnd(id, host);
    }
}
