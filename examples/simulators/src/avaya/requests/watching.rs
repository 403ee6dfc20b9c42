//! Monitors, snapshots, and how the link to the switch is.

use crate::avaya::{
    Simulator,
    events::{connection, device, linkage},
    monitors::{Monitor, Object},
    read::Element,
    switch::{Call, Party, Refusal, State, operation},
    write::{Node, Space, avaya, csta},
};

use super::{Asker, done};

/// How many monitors there may be.
const MONITORS: usize = 20_000;

/// Something is watched from now on.
pub(super) fn start(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let object = request.child("monitorObject").and_then(|object| object.child("deviceObject"));
    let object = object.ok_or_else(|| operation("invalidMonitorObject"))?;
    let object = if object.text.is_empty() {
        Object::Session
    } else {
        match simulator.device(&object.text)? {
            Party::Outside(_) => return Err(operation("invalidMonitorObject")),
            Party::Station(station) => {
                simulator.permit(asker, station)?;
                check_licence(simulator, station)?;
                Object::Party(Party::Station(station))
            }
            party => Object::Party(party),
        }
    };
    if simulator.monitors.len() >= MONITORS {
        let value = "overallMonitorLimitExceeded".into();
        return Err(Refusal { category: "systemResourceAvailibility", value });
    }
    let number = simulator.new_monitor(Monitor::new(asker.session, object, request));
    let filter = request.child("requestedMonitorFilter").map(echo);
    let answer = csta("MonitorStartResponse").say("monitorCrossRefID", number);
    Ok(answer.and(filter.map(|groups| csta("actualMonitorFilter").and(groups))))
}

/// The filter as it is used: that which was asked for, as far as its names are known here.
fn echo(filter: &Element) -> Vec<Node> {
    const GROUPS: [(&str, &[&str]); 3] = [
        (
            "callcontrol",
            &[
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
            ],
        ),
        ("callAssociated", &["callInformation", "digitsGenerated"]),
        (
            "logicalDeviceFeature",
            &[
                "agentBusy",
                "agentLoggedOn",
                "agentLoggedOff",
                "agentNotReady",
                "agentReady",
                "agentWorkingAfterCall",
                "doNotDisturb",
                "forwarding",
            ],
        ),
    ];
    let groups = GROUPS.into_iter().filter_map(|(name, events)| {
        let asked = filter.child(name)?;
        let events = events.iter().filter_map(|event| asked.child(event).map(|it| csta(event).text(&it.text)));
        Some(csta(name).and(events))
    });
    groups.collect()
}

/// A telephone needs a licence as long as somebody watches it.
fn check_licence(simulator: &Simulator, station: usize) -> Result<(), Refusal> {
    let licences = simulator.switch.config.licences;
    let watched: std::collections::BTreeSet<usize> = simulator
        .monitors
        .values()
        .filter_map(|monitor| match monitor.object {
            Object::Party(Party::Station(station)) => Some(station),
            _ => None,
        })
        .collect();
    if licences > 0 && !watched.contains(&station) && watched.len() >= licences {
        let value = "objectMonitorLimitExceeded".into();
        return Err(Refusal { category: "subscribedResourceAvailability", value });
    }
    Ok(())
}

/// A monitor ends.
pub(super) fn stop(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let wrong = || operation("invalidMonitorCrossRefID");
    let number: u32 = request.text_of("monitorCrossRefID").parse().map_err(|_| wrong())?;
    simulator.monitors.get(&number).filter(|it| it.session == asker.session).ok_or_else(wrong)?;
    simulator.monitors.remove(&number);
    Ok(done("MonitorStopResponse"))
}

/// The calls at a telephone.
pub(super) fn snapshot_device(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let station = simulator.station(asker, request.text_of("snapshotObject"))?;
    let calls: Vec<Node> =
        simulator.switch.calls_of(station).map(|(call, own)| device_info(simulator, call, station, own)).collect();
    let answer = |inner: Node| csta("SnapshotDeviceResponse").with(csta("crossRefIDorSnapshotData").with(inner));
    let size = simulator.switch.config.snapshot_parts;
    if size == 0 {
        return Ok(answer(csta("snapshotData").and(calls)));
    }
    // The parts come after the answer, as messages that nobody asked for.
    let reference = simulator.new_reference();
    let parts: Vec<&[Node]> = if calls.is_empty() { vec![&[]] } else { calls.chunks(size).collect() };
    let count = parts.len();
    for (index, part) in parts.into_iter().enumerate() {
        let node = csta("SnapshotDeviceData").say("serviceCrossRefID", reference).say("segmentID", index + 1);
        let node = node.say("lastSegment", index + 1 == count).with(csta("snapshotData").and(part.iter().cloned()));
        simulator.later.push((asker.session, node));
    }
    Ok(answer(csta("serviceCrossRefID").text(reference)))
}

fn device_info(simulator: &Simulator, call: &Call, station: usize, own: State) -> Node {
    let (switch, party) = (&simulator.switch, Party::Station(station));
    let Some(leg) = call.leg(&party) else { return csta("snapshotDeviceResponseInfo") };
    let info = csta("snapshotDeviceResponseInfo").with(connection(switch, "connectionIdentifier", call.id, leg));
    let info = info.with(csta("endpointDevice").with(device(switch, "deviceIdentifier", &party)));
    let others = || call.legs.iter().filter(|leg| leg.party != party).map(|leg| leg.state);
    let state = if switch.config.simple_snapshots {
        let other = |state| others().any(|it| it == state);
        let talks = other(State::Connected) || other(State::Hold);
        csta("simpleCallState").text(match own {
            State::Initiated => "callPending",
            State::Alerting => "callReceived",
            State::Queued => "callQueued",
            State::Hold => "callEstablishedOnHold",
            State::Connected if other(State::Queued) => "callQueued",
            State::Connected if !talks && other(State::Alerting) => "callDelivered",
            State::Connected if !talks => "callFailed",
            State::Connected if !other(State::Connected) => "callEstablishedHeld",
            State::Connected => "callEstablished",
        })
    } else {
        let states = std::iter::once(own).chain(others());
        csta("compoundCallState").and(states.map(|state| csta("localConnectionState").text(state.word())))
    };
    info.with(csta("localCallState").with(state))
}

/// The parties of a call.
pub(super) fn snapshot_call(simulator: &Simulator, request: &Element) -> Result<Node, Refusal> {
    let (call, _) = simulator.connection(request, "snapshotObject")?;
    let switch = &simulator.switch;
    let call = switch.calls.get(&call).ok_or_else(|| operation("invalidCallID"))?;
    let infos = call.legs.iter().map(|leg| {
        let on = csta("deviceOnCall").with(device(switch, "deviceIdentifier", &leg.party));
        let info = csta("snapshotCallResponseInfo").with(on);
        info.with(connection(switch, "callIdentifier", call.id, leg)).say("localConnectionInfo", leg.state.word())
    });
    let data = csta("crossRefIDorSnapshotData").with(csta("snapshotData").and(infos));
    let calling = csta("callingDevice").with(device(switch, "deviceIdentifier", &call.calling));
    let called = csta("calledDevice").with(device(switch, "deviceIdentifier", &call.called));
    let answer = csta("SnapshotCallResponse").with(data).with(calling).with(called);
    Ok(answer.with(linkage("callLinkageData", Space::Csta, &call.ucid)))
}

/// The session is asked from now on what it thinks of the state of the link.
pub(super) fn register(simulator: &mut Simulator, asker: Asker) -> Node {
    if let Some(session) = simulator.sessions.get_mut(&asker.session) {
        session.registered = true;
    }
    if simulator.link_down {
        let status = csta("SystemStatus").say("systemStatus", "disabled");
        simulator.later.push((asker.session, status));
    }
    csta("SystemRegisterResponse").say("sysStatRegisterID", asker.session)
}

/// The same in Avaya's words.
pub(super) fn listen(simulator: &mut Simulator, asker: Asker, on: bool) -> Node {
    let listener = on.then(|| simulator.new_reference());
    if let Some(session) = simulator.sessions.get_mut(&asker.session) {
        session.listener = listener;
    }
    match listener {
        Some(listener) => avaya("CallInformationEventsStartResponse").say("eventListenerId", listener),
        None => avaya("CallInformationEventsStopResponse"),
    }
}
