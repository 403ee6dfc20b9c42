//! What programs watch, and which events they want of it.

use std::collections::BTreeSet;

use super::{
    read::Element,
    switch::{AgentSays, Notice, Party, State, Switch, What},
};

/// A monitor.
#[derive(Debug)]
pub(super) struct Monitor {
    pub(super) session: u64,
    pub(super) object: Object,
    /// It watches the calls that come through a device, wherever they go, not the device.
    pub(super) calls: bool,
    filter: Filter,
    /// Digits that outside parties key in.
    pub(super) entered: bool,
    /// The link to the switch.
    pub(super) links: bool,
}

/// What is watched.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Object {
    Party(Party),
    /// Nothing that is called: the session itself.
    Session,
}

/// Which events are sent.
#[derive(Debug, Default)]
struct Filter {
    listed: BTreeSet<String>,
    /// Those that are listed are sent. (Otherwise the standard's meaning: they are kept back.)
    inverted: bool,
}

impl Monitor {
    /// A monitor as a `MonitorStart` asks for it.
    pub(super) fn new(session: u64, object: Object, request: &Element) -> Self {
        let mut listed = BTreeSet::new();
        for group in request.child("requestedMonitorFilter").map(|filter| &filter.children).into_iter().flatten() {
            let yes = group.children.iter().filter(|event| event.text == "true");
            listed.extend(yes.map(|event| event.name.clone()));
        }
        let events = request.find("AvayaEvents").cloned().unwrap_or_default();
        Self {
            session,
            object,
            calls: request.text_of("monitorType") == "call",
            filter: Filter { listed, inverted: events.says("invertFilter") },
            entered: events.says("enteredDigits"),
            links: events.says("linkDown") || events.says("linkUp"),
        }
    }

    /// Whether something that has happened is for it; the inner value is the state of the telephone that it watches.
    pub(super) fn sees(&self, notice: &Notice, switch: &Switch) -> Option<Option<Local>> {
        if !self.wants(&notice.what) {
            return None;
        }
        let Object::Party(party) = &self.object else { return None };
        match party {
            Party::Station(station) => {
                if matches!(notice.what, What::Agent { .. }) && !switch.config.agent_events {
                    return None;
                }
                let (_, state) = notice.seen.iter().find(|(seen, _)| seen == station)?;
                Some(notice.call.is_some().then_some(Local(*state)))
            }
            Party::Vdn(vdn) if self.calls => {
                notice.call.as_ref().is_some_and(|call| call.vdns.contains(vdn)).then_some(None)
            }
            Party::Vdn(_) => matches!(&notice.what, What::Delivered(leg) if leg.party == *party).then_some(None),
            Party::Split(split) => match &notice.what {
                What::Agent { agent, says, .. } => {
                    let own = switch.config.agents[*agent].splits.contains(&switch.config.splits[*split].number);
                    let always = matches!(says, AgentSays::LoggedOn | AgentSays::LoggedOff);
                    (own && (always || switch.config.agent_events)).then_some(None)
                }
                What::Queued { leg, .. } if !self.calls => (leg.party == *party).then_some(None),
                _ if self.calls => notice.call.as_ref().is_some_and(|call| call.split == Some(*split)).then_some(None),
                _ => None,
            },
            Party::Outside(_) => None,
        }
    }

    fn wants(&self, what: &What) -> bool {
        match what {
            What::Entered { .. } => self.entered,
            // Calls that are watched by where they came from; a telephone's own part ends with the telephone.
            What::CallCleared if !self.calls => false,
            _ => self.filter.listed.contains(filter_name(what)) == self.filter.inverted,
        }
    }
}

/// The state of the telephone that is watched; `None` is `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Local(pub(super) Option<State>);

/// An event's name in a filter.
fn filter_name(what: &What) -> &'static str {
    match what {
        What::Initiated(_) => "serviceInitiated",
        What::Originated(_) => "originated",
        What::Reached(_) => "networkReached",
        What::Delivered(_) => "delivered",
        What::Established(_) => "established",
        What::Held(_) => "held",
        What::Retrieved(_) => "retrieved",
        What::Queued { .. } => "queued",
        What::Diverted { .. } => "diverted",
        What::Failed(_) => "failed",
        What::Cleared(_) => "connectionCleared",
        What::Bridged(_) => "bridged",
        What::CallCleared => "callCleared",
        What::Merged { transfer: true, .. } => "transferred",
        What::Merged { .. } => "conferenced",
        What::Information(_) => "callInformation",
        What::Digits { .. } => "digitsGenerated",
        What::Entered { .. } => "enteredDigits",
        What::Agent { says, .. } => match says {
            AgentSays::LoggedOff => "agentLoggedOff",
            AgentSays::LoggedOn => "agentLoggedOn",
            AgentSays::NotReady(_) => "agentNotReady",
            AgentSays::Ready => "agentReady",
            AgentSays::Busy => "agentBusy",
            AgentSays::WorkingAfterCall => "agentWorkingAfterCall",
        },
        What::Forwarding(_) => "forwarding",
        What::DoNotDisturb(_) => "doNotDisturb",
        What::Service { there: true, .. } => "backInService",
        What::Service { .. } => "outOfService",
    }
}
