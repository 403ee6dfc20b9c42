//! Agents, and what belongs to telephones.

use crate::avaya::{
    Simulator,
    events::{device, private},
    read::Element,
    switch::{AgentSays, Mode, Refusal, operation},
    write::{Node, avaya, csta},
};

use super::{Asker, done, unhex};

/// What the agent at a telephone is doing.
pub(super) fn state(simulator: &Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let station = simulator.station(asker, request.text_of("device"))?;
    let switch = &simulator.switch;
    let pending = switch.agent_at(station).and_then(|agent| switch.agents[agent].pending);
    let pending = pending.map(|(mode, _)| csta("pendingAgentState").text(mode.state()));
    let item =
        |state: &str| csta("agentInfo").with(csta("agentInfoItem").say("agentState", state).and(pending.clone()));
    let answer = |entry: Node| csta("GetAgentStateResponse").with(csta("agentStateList").with(entry));
    let Some(agent) = switch.agent_at(station) else {
        return Ok(answer(csta("agentStateEntry").say("loggedOnState", false).with(item("agentNull"))));
    };
    let (own, says) = (&switch.agents[agent], switch.says(agent));
    let word = if says == AgentSays::Busy && switch.config.busy_is_ready { "agentReady" } else { says.word() };
    let entry = csta("agentStateEntry").say("agentID", &switch.config.agents[agent].id).say("loggedOnState", true);
    let talk = if switch.is_on_call(station) { "onCall" } else { "idle" };
    let mut data = avaya("GetAgentStateResponsePrivateData").say("workMode", own.mode.word()).say("talkState", talk);
    if let AgentSays::NotReady(reason) = says {
        data = data.say("reasonCode", reason);
    }
    if let Some((Mode::AuxWork, reason)) = own.pending {
        data = data.say("pendingReasonCode", reason);
    }
    Ok(answer(entry.with(item(word))).with(private(data)))
}

/// Logs on and off, and everything between.
pub(super) fn set_state(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let station = simulator.station(asker, request.text_of("device"))?;
    let mode = match request.find("workMode").map(|mode| mode.text.as_str()) {
        None => None,
        Some("auxWork") => Some(Mode::AuxWork),
        Some("afterCallWork") => Some(Mode::AfterCallWork),
        Some("autoIn") => Some(Mode::AutoIn),
        Some("manualIn") => Some(Mode::ManualIn),
        Some(_) => return Err(operation("invalidParameterValue")),
    };
    let reason = request.find("reasonCode").map_or(Ok(0), |reason| reason.text.parse());
    let reason = reason.map_err(|_| operation("invalidParameterValue"))?;
    let pending = request.says("enablePending");
    let asked = request.text_of("requestedAgentState");
    let switch = &mut simulator.switch;
    let waits = match asked {
        "loggedOn" => {
            let password = unhex(request.text_of("password")).ok_or_else(|| operation("invalidParameterValue"))?;
            switch.log_on(station, request.text_of("agentID"), &password)?;
            switch.work(station, mode.unwrap_or(Mode::AuxWork), reason, true)?
        }
        "loggedOff" => {
            switch.log_off(station)?;
            false
        }
        "notReady" => switch.work(station, Mode::AuxWork, reason, pending)?,
        "ready" => {
            let mode = mode.filter(|mode| matches!(mode, Mode::AutoIn | Mode::ManualIn)).unwrap_or(Mode::AutoIn);
            switch.work(station, mode, reason, pending)?
        }
        "workingAfterCall" => switch.work(station, Mode::AfterCallWork, reason, pending)?,
        _ => return Err(operation("invalidAgentState")),
    };
    let answer = csta("SetAgentStateResponse");
    Ok(if waits && asked != "loggedOn" {
        let word = match asked {
            "ready" => "agentReady",
            "notReady" => "agentNotReady",
            _ => "agentWorkingAfterCall",
        };
        answer.say("pendingAgentState", word)
    } else {
        answer
    })
}

/// Forwarding: of all calls, the only kind that there is here.
pub(super) fn set_forwarding(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let station = simulator.station(asker, request.text_of("device"))?;
    if !matches!(request.text_of("forwardingType"), "" | "forwardImmediate") {
        return Err(operation("invalidFeature"));
    }
    let to = match request.text_of("activateForward") {
        "true" | "1" => Some(request.text_of("forwardDN").split(':').next().unwrap_or("").to_owned()),
        "false" | "0" => None,
        _ => return Err(operation("invalidParameterValue")),
    };
    simulator.switch.set_forward(station, to.as_deref())?;
    Ok(done("SetForwardingResponse"))
}

/// Where a telephone's calls go.
pub(super) fn forwarding(simulator: &Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let station = simulator.station(asker, request.text_of("device"))?;
    let to = simulator.switch.stations[station].forward.as_ref();
    let item = csta("forwardListItem").say("forwardingType", "forwardImmediate").say("forwardStatus", to.is_some());
    let to = to.map(|to| device(&simulator.switch, "forwardDN", &simulator.switch.party(to)));
    Ok(csta("GetForwardingResponse").with(csta("forwardingList").with(item.and(to))))
}

/// Do not disturb.
pub(super) fn set_dnd(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let station = simulator.station(asker, request.text_of("device"))?;
    simulator.switch.set_dnd(station, request.says("doNotDisturbOn"));
    Ok(done("SetDoNotDisturbResponse"))
}

/// Whether a telephone wants no calls.
pub(super) fn dnd(simulator: &Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let station = simulator.station(asker, request.text_of("device"))?;
    Ok(csta("GetDoNotDisturbResponse").say("doNotDisturbOn", simulator.switch.stations[station].dnd))
}
