//! Conversations about agents, forwarding and do not disturb.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use common::*;
use serde_json::json;

fn state(agent: &str, logged_on: bool, state: &str, data: &str) -> String {
    let list = format!(
        "<agentStateList><agentStateEntry><agentID>{agent}</agentID><loggedOnState>{logged_on}</loggedOnState><agentInfo>\
         <agentInfoItem>{}<agentState>{state}</agentState></agentInfoItem></agentInfo></agentStateEntry></agentStateList>",
        dev("acdGroup", "7050")
    );
    csta("GetAgentStateResponse", &format!("{list}{}", private("GetAgentStateResponsePrivateData", data)))
}

fn event(name: &str, data: &str) -> String {
    let more = if data.is_empty() { String::new() } else { private(&format!("{name}PrivateData"), data) };
    let inner = format!(
        "{}{}<agentID>5101</agentID>{}{more}",
        xref(1),
        subject("agentDevice", "2101"),
        dev("acdGroup", "7050")
    );
    csta(name, &inner)
}

#[test]
fn agents_are_asked_for_where_no_event_tells() {
    let settings = with(&json!({"reasons": {"1": "Break", "3": "Training"}, "names": {"7050": "Support"}}));
    let mut bed = Bed::new(&settings);
    bed.line("2101", &json!({"agent": "5101", "agent_password": "Planted-2"}));
    bed.opened(0).log_in("S-0").devices().idle();
    bed.note("Logged on from here, with the password of the line's settings.");
    bed.command("2101", "changeCallCentreState", &json!({"active": true}));
    let text = bed.open.last().unwrap().text.clone();
    assert!(text.contains("<agentID>5101</agentID><password>506C616E7465642D32</password>"), "{text}");
    bed.accept("SetAgentState");
    bed.answer(
        "GetAgentState",
        &state(
            "5101",
            true,
            "agentNotReady",
            "<acx:workMode>auxWork</acx:workMode><acx:talkState>idle</acx:talkState><acx:reasonCode>0</acx:reasonCode>",
        ),
    );

    bed.note("Ready, and in a call.");
    bed.command("2101", "setUserState", &json!({"code": "autoIn"})).accept("SetAgentState");
    bed.answer(
        "GetAgentState",
        &state("5101", true, "agentReady", "<acx:workMode>autoIn</acx:workMode><acx:talkState>idle</acx:talkState>"),
    );
    bed.wait(3);
    bed.answer(
        "GetAgentState",
        &state("5101", true, "agentReady", "<acx:workMode>autoIn</acx:workMode><acx:talkState>onCall</acx:talkState>"),
    );

    bed.note("A break is asked for, and comes after the call.");
    bed.command("2101", "setUserState", &json!({"code": "auxWork", "reason": "3"}));
    let text = bed.open.last().unwrap().text.clone();
    assert!(text.contains("<acx:reasonCode>3</acx:reasonCode><acx:enablePending>true</acx:enablePending>"), "{text}");
    bed.accept("SetAgentState");
    bed.answer("GetAgentState", &state("5101", true, "agentReady", "<acx:workMode>autoIn</acx:workMode><acx:talkState>onCall</acx:talkState><acx:pendingWorkMode>auxWork</acx:pendingWorkMode>"));
    bed.wait(2);
    bed.answer(
        "GetAgentState",
        &state(
            "5101",
            true,
            "agentNotReady",
            "<acx:workMode>auxWork</acx:workMode><acx:talkState>idle</acx:talkState><acx:reasonCode>3</acx:reasonCode>",
        ),
    );

    bed.note("After-call work, and out of it; nobody answers a question, and then somebody does.");
    bed.command("2101", "setWrapUpUserState", &json!({"active": true})).accept("SetAgentState").wait(12);
    let silent = bed.take("GetAgentState");
    assert!(bed.has("GetAgentState"), "asked again after {}", silent.invoke);
    bed.answer(
        "GetAgentState",
        &state("5101", true, "agentWorkingAfterCall", "<acx:workMode>afterCallWork</acx:workMode>"),
    );
    bed.command("2101", "setWrapUpUserState", &json!({"active": false})).accept("SetAgentState");
    bed.answer(
        "GetAgentState",
        &state("5101", true, "agentReady", "<acx:workMode>autoIn</acx:workMode><acx:talkState>idle</acx:talkState>"),
    );

    bed.note("Refused.");
    bed.command("2101", "setUserState", &json!({"code": "asleep"}));
    bed.command("2101", "setUserState", &json!({"code": "auxWork", "reason": "tea"}));
    bed.command("2101", "setUserState", &json!({"code": "manualIn"})).refuse(
        "SetAgentState",
        "operation",
        "invalidAgentState",
    );
    bed.command("2101", "logoutAgent", &json!({"id": "5199"}));

    bed.note("Logged off; it is asked seldom now.");
    bed.command("2101", "changeCallCentreState", &json!({"active": false})).accept("SetAgentState");
    bed.answer("GetAgentState", &state("5101", false, "agentNull", ""));
    bed.command("2101", "setUserState", &json!({"code": "autoIn"}));
    bed.wait(5);
    assert!(!bed.has("GetAgentState"), "not so soon");
    bed.wait(30);
    assert!(bed.has("GetAgentState"));
    bed.note("Another agent, by a command; the switch refuses the password.");
    bed.command("2101", "loginAgent", &json!({"id": "5102", "secretRef": "agent_password"}));
    bed.refuse("SetAgentState", "operation", "invalidAgentPassword");
    bed.command("2101", "loginAgent", &json!({"id": "5102", "secretRef": "other"}));
    bed.keep("agent-asked", "An agent whose state no event tells: it is asked for every two seconds.");
}

#[test]
fn agents_are_believed_where_events_tell() {
    let mut bed = Bed::up_with(&with(&json!({"skills": ["7050"]})), &[("2101", json!({})), ("2102", json!({}))]);
    bed.target().answer("MonitorStart", &csta("MonitorStartResponse", &xref(9)));
    bed.note("Logged on at the phone; the skill tells it.");
    let at_skill = |name: &str, device: &str| {
        csta(name, &format!("{}{}<agentID>5101</agentID>", xref(9), subject("agentDevice", device)))
    };
    bed.event(&at_skill("AgentLoggedOnEvent", "2101"));
    bed.answer("GetAgentState", &state("5101", true, "agentNotReady", "<acx:workMode>auxWork</acx:workMode>"));
    bed.event(&at_skill("AgentLoggedOnEvent", "2199"));
    bed.event(&event("AgentReadyEvent", "")).event(&event("AgentReadyEvent", ""));
    bed.event(&event("AgentBusyEvent", "")).event(&event("AgentWorkingAfterCallEvent", ""));
    bed.event(&event("AgentNotReadyEvent", "<acx:reasonCode>7</acx:reasonCode>"));
    bed.wait(29);
    bed.note("It is asked seldom, to be sure.");
    bed.wait(3);
    bed.answer(
        "GetAgentState",
        &state("5101", true, "agentNotReady", "<acx:workMode>auxWork</acx:workMode><acx:reasonCode>7</acx:reasonCode>"),
    );
    bed.event(&at_skill("AgentLoggedOffEvent", "2101"));
    bed.keep("agent-told", "An agent whose state events tell.");
}

#[test]
fn features_of_a_station() {
    let mut bed = Bed::new(&settings());
    bed.line("2101", &json!({}));
    bed.opened(0).log_in("S-0").devices().calls("");
    bed.answer("GetAgentState", &csta("CSTAErrorCode", "<operation>serviceNotSupported</operation>"));
    let item = format!(
        "<forwardingList><forwardListItem><forwardingType>forwardImmediate</forwardingType><forwardStatus>true</forwardStatus>{}\
         </forwardListItem></forwardingList>",
        dev("forwardDN", "2150")
    );
    bed.answer("GetForwarding", &csta("GetForwardingResponse", &item));
    bed.answer("GetDoNotDisturb", &csta("GetDoNotDisturbResponse", "<doNotDisturbOn>true</doNotDisturbOn>"));
    bed.note("Set and ended from here.");
    bed.command("2101", "setForwarding", &json!({"kind": "all", "to": "2151"})).target().accept("SetForwarding");
    bed.command("2101", "setForwarding", &json!({"kind": "noAnswer", "to": "2152"}));
    bed.target().refuse("SetForwarding", "operation", "invalidFeature");
    bed.command("2101", "setForwarding", &json!({"kind": "all", "to": null})).accept("SetForwarding");
    bed.command("2101", "setDnd", &json!({"on": false})).accept("SetDoNotDisturb");
    bed.note("And at the phone.");
    let forwarding = |on: bool| {
        let to = if on { dev("forwardTo", "2150") } else { String::new() };
        let inner = format!(
            "{}{}<forwardingType>forwardImmediate</forwardingType><forwardStatus>{on}</forwardStatus>{to}",
            xref(1),
            subject("device", "2101")
        );
        csta("ForwardingEvent", &inner)
    };
    bed.event(&forwarding(true)).event(&forwarding(true)).event(&forwarding(false));
    let dnd = |on: bool| {
        csta(
            "DoNotDisturbEvent",
            &format!("{}{}<doNotDisturbOn>{on}</doNotDisturbOn>", xref(1), subject("device", "2101")),
        )
    };
    bed.event(&dnd(true)).event(&dnd(false));
    bed.note("The phone is unplugged, and back.");
    let service = |name: &str| csta(name, &format!("{}{}", xref(1), subject("device", "2101")));
    bed.event(&service("OutOfServiceEvent")).event(&service("BackInServiceEvent")).calls("");
    bed.keep("features", "Forwarding, do not disturb, a phone out of service.");
}
