//! What has happened, in CSTA's words.

use super::{
    config::OutsideIds,
    monitors::Local,
    switch::{AgentSays, Call, Leg, Notice, Party, Switch, What},
    write::{Node, Space, avaya, csta, node},
};

/// The trunk group of everybody outside.
pub(super) const TRUNK_GROUP: u32 = 538;

/// A device, as an element that holds its id.
pub(super) fn device(switch: &Switch, name: &'static str, party: &Party) -> Node {
    device_in(Space::Csta, switch, name, party)
}

/// The same as an element of another space.
pub(super) fn device_in(space: Space, switch: &Switch, name: &'static str, party: &Party) -> Node {
    id(node(space, name).text(format!("{}:{}::0", switch.number(party), switch.config.switch)))
}

fn id(node: Node) -> Node {
    node.attribute("typeOfNumber", "other").attribute("mediaClass", "notKnown")
}

/// A device inside an element that may also say that it is not known. A number that begins with a star is withheld.
fn wrapped(switch: &Switch, name: &'static str, party: &Party) -> Node {
    match party {
        Party::Outside(number) if number.starts_with('*') => csta(name).with(csta("restricted")),
        _ => csta(name).with(device(switch, "deviceIdentifier", party)),
    }
}

fn last(switch: &Switch, call: &Call) -> Node {
    match &call.last {
        Some(party) => csta("lastRedirectionDevice").with(device(switch, "numberDialed", party)),
        None => csta("lastRedirectionDevice").with(csta("notRequired")),
    }
}

/// The id of a party's connection.
fn connection_device(switch: &Switch, leg: &Leg) -> Node {
    match &leg.party {
        Party::Outside(number)
            if leg.trunk > 0 && (switch.config.outside_ids == OutsideIds::Trunk || number.starts_with('*')) =>
        {
            let text = format!("T{TRUNK_GROUP}#{}:{}::0", leg.trunk, switch.config.switch);
            csta("deviceID").text(text).attribute("typeOfNumber", "dynamic").attribute("mediaClass", "notKnown")
        }
        party => device(switch, "deviceID", party),
    }
}

/// A connection.
pub(super) fn connection(switch: &Switch, name: &'static str, call: u32, leg: &Leg) -> Node {
    csta(name).say("callID", call).with(connection_device(switch, leg))
}

/// A connection of a device that need not be in the call any more.
pub(super) fn connection_of(switch: &Switch, name: &'static str, call: u32, party: &Party) -> Node {
    csta(name).say("callID", call).with(device(switch, "deviceID", party))
}

/// A call's name that is its own for ever.
pub(super) fn linkage(name: &'static str, space: Space, ucid: &str) -> Node {
    let id = csta("globalCallLinkageID").say("globallyUniqueCallLinkageID", ucid);
    node(space, name).with(csta("globalCallData").with(id))
}

/// Avaya's additions, where the standard has room for them.
pub(super) fn private(inner: Node) -> Node {
    csta("extensions").with(csta("privateData").with(csta("private").with(inner)))
}

/// The connections of a call that was made of others.
pub(super) fn connections(switch: &Switch, name: &'static str, call: &Call, to: &Party) -> Node {
    let item = |connection: Node, endpoint: Node| {
        let endpoint = csta("endpoint").with(endpoint);
        csta("connectionListItem").with(csta("newConnection").say("callID", call.id).with(connection)).with(endpoint)
    };
    let mut list = csta(name);
    if call.leg(to).is_none() {
        list = list.with(item(device(switch, "deviceID", to), device(switch, "deviceID", to)));
    }
    let parties = call.legs.iter().filter(|leg| !matches!(leg.party, Party::Split(_)));
    list.and(parties.map(|leg| item(connection_device(switch, leg), device(switch, "deviceID", &leg.party))))
}

/// An event for a monitor.
pub(super) fn event(switch: &Switch, notice: &Notice, monitor: u32, local: Option<Local>) -> Option<Node> {
    if let Some(call) = &notice.call {
        return Some(of_call(switch, call, notice, monitor, local));
    }
    let root = |name| csta(name).say("monitorCrossRefID", monitor);
    let station = |station: &usize| wrapped(switch, "device", &Party::Station(*station));
    Some(match &notice.what {
        What::Agent { agent, says, station } => {
            let name = match says {
                AgentSays::LoggedOff => "AgentLoggedOffEvent",
                AgentSays::LoggedOn => "AgentLoggedOnEvent",
                AgentSays::NotReady(_) => "AgentNotReadyEvent",
                AgentSays::Ready => "AgentReadyEvent",
                AgentSays::Busy => "AgentBusyEvent",
                AgentSays::WorkingAfterCall => "AgentWorkingAfterCallEvent",
            };
            let own = &switch.config.agents[*agent];
            let group = own.splits.first().map(|split| device(switch, "acdGroup", &switch.party(split)));
            let more = match says {
                AgentSays::NotReady(reason) => {
                    Some(private(avaya("AgentNotReadyEventPrivateData").say("reasonCode", reason)))
                }
                _ => None,
            };
            let agent = wrapped(switch, "agentDevice", &Party::Station(*station));
            root(name).with(agent).say("agentID", &own.id).and(group).and(more)
        }
        What::Forwarding(index) => {
            let own = &switch.stations[*index];
            let to = own.forward.as_ref().map(|to| device(switch, "forwardTo", &switch.party(to)));
            let event = root("ForwardingEvent").with(station(index)).say("forwardingType", "forwardImmediate");
            event.say("forwardStatus", own.forward.is_some()).and(to)
        }
        What::DoNotDisturb(index) => {
            root("DoNotDisturbEvent").with(station(index)).say("doNotDisturbOn", switch.stations[*index].dnd)
        }
        What::Service { station: index, there } => {
            root(if *there { "BackInServiceEvent" } else { "OutOfServiceEvent" }).with(station(index))
        }
        _ => return None,
    })
}

fn of_call(switch: &Switch, call: &Call, notice: &Notice, monitor: u32, local: Option<Local>) -> Node {
    let root = |name| csta(name).say("monitorCrossRefID", monitor);
    let part = |name, leg: &Leg| connection(switch, name, call.id, leg);
    let who = |name, leg: &Leg| wrapped(switch, name, &leg.party);
    let parties = || [wrapped(switch, "callingDevice", &call.calling), wrapped(switch, "calledDevice", &call.called)];
    let local = local.map(|local| csta("localConnectionInfo").text(local.0.map_or("null", |state| state.word())));
    let data = || call.uui.as_ref().map(|uui| csta("userData").say("string", uui));
    let cause = notice.cause.map(|cause| csta("cause").text(cause));
    let name = || linkage("callLinkageData", Space::Csta, &call.ucid);
    let tail = local.clone().into_iter().chain(cause.clone());
    match &notice.what {
        What::Initiated(leg) => {
            let event = root("ServiceInitiatedEvent").with(part("initiatedConnection", leg));
            event.with(who("initiatingDevice", leg)).and(tail).with(name())
        }
        What::Originated(leg) => {
            let event = root("OriginatedEvent").with(part("originatedConnection", leg)).and(parties());
            event.and(local).and(data()).and(cause).with(name())
        }
        What::Reached(leg) => {
            let trunk = format!("T{TRUNK_GROUP}#{}:{}::0", leg.trunk, switch.config.switch);
            let outbound = csta("outboundConnection").say("callID", call.id).with(id(csta("deviceID").text(&trunk)));
            let used = csta("networkInterfaceUsed").with(id(csta("deviceIdentifier").text(trunk)));
            let event = root("NetworkReachedEvent").with(outbound).with(used);
            event.and(parties()).with(last(switch, call)).and(tail)
        }
        What::Delivered(leg) => {
            let event = root("DeliveredEvent").with(part("connection", leg)).with(who("alertingDevice", leg));
            let event = event.and(parties()).with(last(switch, call)).and(local).and(data()).and(cause);
            event.with(name()).and(delivered_private(switch, call))
        }
        What::Established(leg) => {
            let event = root("EstablishedEvent").with(part("establishedConnection", leg));
            let event = event.with(who("answeringDevice", leg)).and(parties()).with(last(switch, call));
            event.and(local).and(data()).and(cause).with(name())
        }
        What::Held(leg) => {
            root("HeldEvent").with(part("heldConnection", leg)).with(who("holdingDevice", leg)).and(tail)
        }
        What::Retrieved(leg) => {
            let event = root("RetrievedEvent").with(part("retrievedConnection", leg));
            event.with(who("retrievingDevice", leg)).and(tail)
        }
        What::Queued { leg, waiting } => {
            let event = root("QueuedEvent").with(part("queuedConnection", leg)).with(who("queue", leg));
            event.and(parties()).with(last(switch, call)).say("numberQueued", waiting).and(tail)
        }
        What::Diverted { leg, to } => {
            let event = root("DivertedEvent").with(part("connection", leg)).with(who("divertingDevice", leg));
            event.with(wrapped(switch, "newDestination", to)).and(tail)
        }
        What::Failed(leg) => {
            let event = root("FailedEvent").with(part("failedConnection", leg)).with(who("failingDevice", leg));
            event.and(parties()).with(last(switch, call)).and(tail)
        }
        What::Cleared(leg) => {
            let event = root("ConnectionClearedEvent").with(part("droppedConnection", leg));
            event.with(who("releasingDevice", leg)).and(tail)
        }
        What::Bridged(leg) => root("BridgedEvent").with(part("bridgedConnection", leg)).and(tail),
        What::CallCleared => {
            root("CallClearedEvent").with(connection_of(switch, "clearedCall", call.id, &call.called)).and(tail)
        }
        What::Merged { transfer, primary, secondary, by, to } => {
            let by = Party::Station(*by);
            let (kind, actor, other, list) = if *transfer {
                ("TransferedEvent", "transferringDevice", "transferredToDevice", "transferredConnections")
            } else {
                ("ConferencedEvent", "conferencingDevice", "addedParty", "conferenceConnections")
            };
            let second = secondary.map(|call| connection_of(switch, "secondaryOldCall", call, &by));
            let event = root(kind).with(connection_of(switch, "primaryOldCall", *primary, &by)).and(second);
            let event = event.with(wrapped(switch, actor, &by)).with(wrapped(switch, other, to));
            event.with(connections(switch, list, call, to)).and(tail)
        }
        What::Information(leg) => {
            root("CallInformationEvent").with(part("connection", leg)).with(who("device", leg)).and(data())
        }
        What::Digits { leg, digits } => {
            root("DigitsGeneratedEvent").with(part("connection", leg)).say("digitGeneratedList", digits)
        }
        What::Entered { leg, digits } => {
            let inner = avaya("connection").with(csta("callID").text(call.id)).with(connection_device(switch, leg));
            let event = avaya("EnteredDigitsEvent").say("monitorCrossRefID", monitor).with(inner);
            event.say("digits", digits).and(tail)
        }
        What::Agent { .. } | What::Forwarding(_) | What::DoNotDisturb(_) | What::Service { .. } => root("UnknownEvent"),
    }
}

/// What Avaya adds when a call rings: its trunk, and the way it came.
fn delivered_private(switch: &Switch, call: &Call) -> Option<Node> {
    let trunk = call.legs.iter().find(|leg| leg.trunk > 0 && leg.party == call.calling);
    if trunk.is_none() && call.split.is_none() {
        return None;
    }
    let mut data = avaya("DeliveredEventPrivateData");
    if let Some(trunk) = trunk {
        data = data.say("trunkGroup", TRUNK_GROUP).say("trunkMember", trunk.trunk);
    }
    if let Some(split) = call.split {
        data = data.with(device_in(Space::Avaya, switch, "acdGroup", &Party::Split(split)));
    }
    if let Some(digits) = &call.digits {
        let code = avaya("userEnteredCode").say("userEnteredCodeType", "callPrompter");
        data = data.with(code.say("userEnteredCodeIndicator", "entered").say("data", digits));
    }
    if let Some(vdn) = call.vdns.last() {
        data = data.with(avaya("distributingVDN").with(device(switch, "deviceIdentifier", &Party::Vdn(*vdn))));
    }
    Some(private(data))
}
