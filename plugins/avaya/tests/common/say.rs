//! What AE Services say, in the words of the schemas.

#![allow(dead_code, reason = "shared by several tests")]

use serde_json::{Value, json};

pub(crate) fn dev(element: &str, number: &str) -> String {
    format!("<{element} typeOfNumber=\"other\" mediaClass=\"notKnown\">{}</{element}>", id(number))
}

pub(crate) fn id(number: &str) -> String {
    format!("{number}:CM::0")
}

pub(crate) fn subject(element: &str, number: &str) -> String {
    match number {
        "" => format!("<{element}><notKnown/></{element}>"),
        number => format!("<{element}>{}</{element}>", dev("deviceIdentifier", number)),
    }
}

pub(crate) fn conn(element: &str, call: &str, number: &str) -> String {
    format!("<{element}><callID>{call}</callID>{}</{element}>", dev("deviceID", number))
}

pub(crate) fn list(element: &str, call: &str, numbers: &[&str]) -> String {
    let item = |number: &&str| {
        format!(
            "<connectionListItem>{}<endpoint>{}</endpoint></connectionListItem>",
            conn("newConnection", call, number),
            dev("deviceID", number)
        )
    };
    format!("<{element}>{}</{element}>", numbers.iter().map(item).collect::<String>())
}

pub(crate) fn local(state: &str) -> String {
    format!("<localConnectionInfo>{state}</localConnectionInfo>")
}

pub(crate) fn cause(word: &str) -> String {
    format!("<cause>{word}</cause>")
}

pub(crate) fn ucid(ucid: &str) -> String {
    format!(
        "<callLinkageData><globalCallData><globalCallLinkageID><globallyUniqueCallLinkageID>{ucid}\
         </globallyUniqueCallLinkageID></globalCallLinkageID></globalCallData></callLinkageData>"
    )
}

pub(crate) fn private(block: &str, inner: &str) -> String {
    format!(
        "<extensions><privateData><private><acx:{block} xmlns:acx=\"http://www.avaya.com/csta\">{inner}</acx:{block}>\
         </private></privateData></extensions>"
    )
}

pub(crate) fn linked(call: &str) -> String {
    ucid(&format!("000010{call:0>4}1796000000"))
}

pub(crate) const CSTA: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

const SESSION: &str = "http://www.ecma-international.org/standards/ecma-354/appl_session";

const PRIVATE: &str = "http://www.avaya.com/csta";

pub(crate) fn csta(name: &str, inner: &str) -> String {
    format!("<{name} xmlns=\"{CSTA}\">{inner}</{name}>")
}

pub(crate) fn session(name: &str, inner: &str) -> String {
    format!("<{name} xmlns=\"{SESSION}\">{inner}</{name}>")
}

pub(crate) fn avaya(name: &str, inner: &str) -> String {
    format!("<{name} xmlns=\"{PRIVATE}\" xmlns:c=\"{CSTA}\">{inner}</{name}>")
}

pub(crate) fn at_is(monitor: u32, number: &str) -> bool {
    number == format!("210{monitor}")
}

pub(crate) fn xref(monitor: u32) -> String {
    format!("<monitorCrossRefID>{monitor}</monitorCrossRefID>")
}

pub(crate) fn rings(monitor: u32, call: &str, at: &str, from: &str, called: &str, state: &str) -> String {
    let inner = format!(
        "{}{}{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>{}{}{}",
        xref(monitor),
        conn("connection", call, at),
        subject("alertingDevice", at),
        subject("callingDevice", from),
        subject("calledDevice", called),
        local(state),
        cause("newCall"),
        linked(call)
    );
    csta("DeliveredEvent", &inner)
}

pub(crate) fn answered(monitor: u32, call: &str, by: &str, from: &str, called: &str) -> String {
    let inner = format!(
        "{}{}{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>{}{}{}",
        xref(monitor),
        conn("establishedConnection", call, by),
        subject("answeringDevice", by),
        subject("callingDevice", from),
        subject("calledDevice", called),
        local("connected"),
        cause("normal"),
        linked(call)
    );
    csta("EstablishedEvent", &inner)
}

pub(crate) fn held(monitor: u32, call: &str, by: &str) -> String {
    let state = if at_is(monitor, by) { "hold" } else { "connected" };
    let connection = conn("heldConnection", call, by);
    let inner =
        format!("{}{connection}{}{}{}", xref(monitor), subject("holdingDevice", by), local(state), cause("normal"));
    csta("HeldEvent", &inner)
}

pub(crate) fn retrieved(monitor: u32, call: &str, by: &str) -> String {
    let connection = conn("retrievedConnection", call, by);
    let state = local("connected");
    let inner = format!("{}{connection}{}{state}{}", xref(monitor), subject("retrievingDevice", by), cause("normal"));
    csta("RetrievedEvent", &inner)
}

pub(crate) fn cleared(monitor: u32, call: &str, who: &str, by: &str, state: &str, word: &str) -> String {
    let inner = format!(
        "{}{}{}{}{}",
        xref(monitor),
        conn("droppedConnection", call, who),
        subject("releasingDevice", by),
        local(state),
        cause(word)
    );
    csta("ConnectionClearedEvent", &inner)
}

pub(crate) fn initiated(monitor: u32, call: &str, from: &str, word: &str) -> String {
    let inner = format!(
        "{}{}{}{}{}{}",
        xref(monitor),
        conn("initiatedConnection", call, from),
        subject("initiatingDevice", from),
        local("initiated"),
        cause(word),
        linked(call)
    );
    csta("ServiceInitiatedEvent", &inner)
}

pub(crate) fn originated(monitor: u32, call: &str, from: &str, to: &str) -> String {
    let inner = format!(
        "{}{}{}{}{}{}{}",
        xref(monitor),
        conn("originatedConnection", call, from),
        subject("callingDevice", from),
        subject("calledDevice", to),
        local("connected"),
        cause("newCall"),
        linked(call)
    );
    csta("OriginatedEvent", &inner)
}

pub(crate) fn failed(monitor: u32, call: &str, at: &str, from: &str, word: &str) -> String {
    let inner = format!(
        "{}{}{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>{}{}",
        xref(monitor),
        conn("failedConnection", call, at),
        subject("failingDevice", at),
        subject("callingDevice", from),
        subject("calledDevice", at),
        local("connected"),
        cause(word)
    );
    csta("FailedEvent", &inner)
}

pub(crate) fn diverted(monitor: u32, call: &str, from: &str, to: &str, state: &str, word: &str) -> String {
    let inner = format!(
        "{}{}{}{}{}{}",
        xref(monitor),
        conn("connection", call, from),
        subject("divertingDevice", from),
        subject("newDestination", to),
        local(state),
        cause(word)
    );
    csta("DivertedEvent", &inner)
}

/// Two calls become one. `by`: who did it; `to`: who was added.
pub(crate) fn merged(
    name: &str,
    monitor: u32,
    (first, second, new): (&str, Option<&str>, &str),
    (by, to): (&str, &str),
    left: &[&str],
    state: &str,
) -> String {
    let transfer = name == "TransferedEvent";
    let (who, whom, connections, word) = if transfer {
        ("transferringDevice", "transferredToDevice", "transferredConnections", "transfer")
    } else {
        ("conferencingDevice", "addedParty", "conferenceConnections", "conference")
    };
    let inner = format!(
        "{}{}{}{}{}{}{}{}",
        xref(monitor),
        conn("primaryOldCall", first, by),
        second.map_or_else(String::new, |second| conn("secondaryOldCall", second, by)),
        subject(who, by),
        subject(whom, to),
        list(connections, new, left),
        local(state),
        cause(word)
    );
    csta(name, &inner)
}

pub(crate) fn queued(monitor: u32, call: &str, queue: &str, from: &str, called: &str) -> String {
    let inner = format!(
        "{}{}{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice><numberQueued>1</numberQueued>{}",
        xref(monitor),
        conn("queuedConnection", call, queue),
        subject("queue", queue),
        subject("callingDevice", from),
        subject("calledDevice", called),
        cause("enteringDistribution")
    );
    csta("QueuedEvent", &inner)
}

/// Calls that are up at the first line, by their keys in the order of their beginning.
pub(crate) fn key(call: &str) -> String {
    format!("000010{call:0>4}1796000000")
}

pub(crate) fn of(call: &str) -> Value {
    json!({"callId": key(call)})
}

pub(crate) fn pair(first: &str, consult: &str) -> Value {
    json!({"callId": key(first), "consultCallId": key(consult)})
}

pub(crate) fn info(call: &str, own: &str, local: &str, remote: &str) -> String {
    format!(
        "<snapshotDeviceResponseInfo>{}<localCallState><compoundCallState><localConnectionState>{local}\
         </localConnectionState><localConnectionState>{remote}</localConnectionState></compoundCallState></localCallState>\
         </snapshotDeviceResponseInfo>",
        conn("connectionIdentifier", call, own)
    )
}

pub(crate) fn parties(call: &str, devices: &[(&str, &str)], calling: &str, called: &str) -> String {
    let party = |(device, state): &(&str, &str)| {
        format!(
            "<snapshotCallResponseInfo>{}{}{}</snapshotCallResponseInfo>",
            subject("deviceOnCall", device),
            conn("callIdentifier", call, device),
            local(state)
        )
    };
    let inner = format!(
        "<crossRefIDorSnapshotData><snapshotData>{}</snapshotData></crossRefIDorSnapshotData>{}{}{}",
        devices.iter().map(party).collect::<String>(),
        subject("callingDevice", calling),
        subject("calledDevice", called),
        linked(call)
    );
    csta("SnapshotCallResponse", &inner)
}
