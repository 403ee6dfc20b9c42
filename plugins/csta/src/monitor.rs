//! Requests for monitors, as each dialect means them.

use crate::dialect::{Dialect, Filter};
use crate::private::{AvayaEvents, Block, Extensions, Flags, SystemRegisterData};
use crate::types::DeviceId;
use crate::{MonitorFilter, MonitorObject, MonitorStart, SystemRegister};

/// What happens to calls.
const CALLS: &[&str] = &[
    "bridged",
    "callCleared",
    "conferenced",
    "connectionCleared",
    "delivered",
    "diverted",
    "established",
    "failed",
    "held",
    "networkReached",
    "originated",
    "queued",
    "retrieved",
    "serviceInitiated",
    "transferred",
];
/// What is told of calls.
const ABOUT_CALLS: &[&str] = &["callInformation", "digitsGenerated"];
/// Agents, forwarding, do not disturb.
const FEATURES: &[&str] = &[
    "agentBusy",
    "agentLoggedOn",
    "agentLoggedOff",
    "agentNotReady",
    "agentReady",
    "agentWorkingAfterCall",
    "doNotDisturb",
    "forwarding",
];
/// Whether the device works.
const MAINTENANCE: &[&str] = &["backInService", "outOfService"];

/// What a monitor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A station: its calls, its agent, its features.
    Station,
    /// The calls that come by a device (a VDN), wherever they are.
    CallsVia,
    /// Who logs on and off at a skill or split.
    Skill,
}

/// A request for a monitor.
#[must_use]
pub fn start(dialect: &Dialect, device: DeviceId, purpose: Purpose) -> MonitorStart {
    let wanted = match purpose {
        Purpose::Station => MonitorFilter {
            call_control: Some(Flags::on(CALLS)),
            call_associated: Some(Flags::on(ABOUT_CALLS)),
            logical_device: Some(Flags::on(FEATURES)),
            maintenance: Some(Flags::on(MAINTENANCE)),
            ..MonitorFilter::default()
        },
        Purpose::CallsVia => MonitorFilter { call_control: Some(Flags::on(CALLS)), ..MonitorFilter::default() },
        Purpose::Skill => MonitorFilter {
            logical_device: Some(Flags::on(&["agentLoggedOn", "agentLoggedOff"])),
            ..MonitorFilter::default()
        },
    };
    // Without the inversion a list says what is *not* wanted; none at all means everything.
    let (filter, extensions) = match dialect.filter {
        Filter::Standard => (None, None),
        Filter::Inverted => {
            let digits = (purpose == Purpose::Station).then(|| Flags::on(&["enteredDigits"]));
            let block = AvayaEvents { invert_filter: Some(true), call_control: digits, ..AvayaEvents::default() };
            (Some(wanted), Some(Extensions::new(Block::Events(block))))
        }
    };
    let kind = if purpose == Purpose::CallsVia { "call" } else { "device" };
    MonitorStart {
        object: MonitorObject { device: Some(device), call: None },
        filter,
        kind: Some(kind.to_owned()),
        media_class: None,
        extensions,
    }
}

/// A request to be told how the system (and, at Avaya, its link to this switch) is.
#[must_use]
pub fn register(dialect: &Dialect, switch: &str) -> SystemRegister {
    let extensions = (dialect.filter == Filter::Inverted).then(|| {
        let switch = (!switch.is_empty()).then(|| switch.to_owned());
        Extensions::new(Block::SystemRegister(SystemRegisterData { invert_filter: Some(true), switch }))
    });
    let filter =
        extensions.as_ref().map(|_| Flags::on(&["initializing", "enabled", "normal", "messagesLost", "disabled"]));
    SystemRegister { types: Some(Flags::on(&["systemStatus"])), filter, extensions }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;
    use crate::dialect::{AVAYA, OPENSCAPE};

    #[test]
    fn a_list_is_sent_only_where_it_means_what_is_wanted() {
        let device = || DeviceId::new("4750:CM1::0");
        let text = Message::from(start(&AVAYA, device(), Purpose::Station)).write(&AVAYA);
        assert!(text.contains("<acx:invertFilter>true</acx:invertFilter>"), "{text}");
        assert!(
            text.contains("<delivered>true</delivered>") && text.contains("<agentReady>true</agentReady>"),
            "{text}"
        );
        let text = Message::from(start(&OPENSCAPE, device(), Purpose::Station)).write(&OPENSCAPE);
        assert!(!text.contains("Filter") && !text.contains("acx"), "{text}");
        assert!(text.contains("/csta/ed4\""), "{text}");
        let text = Message::from(start(&AVAYA, device(), Purpose::CallsVia)).write(&AVAYA);
        assert!(text.contains("<monitorType>call</monitorType>"), "{text}");
        let text = Message::from(register(&AVAYA, "CM1")).write(&AVAYA);
        assert!(text.contains("<acx:switchName>CM1</acx:switchName>"), "{text}");
    }
}
