//! The call services.

use crate::avaya::{
    Simulator,
    events::{connection_of, connections, linkage, private},
    read::Element,
    switch::{Dial, Party, Refusal, operation, resource},
    write::{Node, Space, avaya, csta},
};

use super::{Asker, done};

pub(super) fn answer(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    match request.name.as_str() {
        "MakeCall" => make(simulator, asker, request),
        "AnswerCall" => {
            let (call, station) = simulator.own_connection(asker, request, "callToBeAnswered")?;
            simulator.switch.answer(call, &Party::Station(station))?;
            Ok(done("AnswerCallResponse"))
        }
        "ClearConnection" => {
            let (call, party) = simulator.connection(request, "connectionToBeCleared")?;
            permit_call(simulator, asker, call)?;
            simulator.switch.clear(call, &party)?;
            Ok(done("ClearConnectionResponse"))
        }
        "ClearCall" => {
            let (call, _) = simulator.connection(request, "callToBeCleared")?;
            permit_call(simulator, asker, call)?;
            simulator.switch.clear_call(call)?;
            Ok(done("ClearCallResponse"))
        }
        "HoldCall" => {
            let (call, station) = simulator.own_connection(asker, request, "callToBeHeld")?;
            simulator.switch.hold(call, station)?;
            Ok(done("HoldCallResponse"))
        }
        "RetrieveCall" => {
            let (call, station) = simulator.own_connection(asker, request, "callToBeRetrieved")?;
            simulator.switch.retrieve(call, station)?;
            Ok(done("RetrieveCallResponse"))
        }
        "ConsultationCall" => {
            let (call, station) = simulator.own_connection(asker, request, "existingCall")?;
            let to = number(simulator, request.text_of("consultedDevice"))?;
            let dial = Dial { uui: user_data(request)?, prompt: false };
            let new = simulator.switch.consult(call, station, &to, dial)?;
            let own = Party::Station(station);
            let initiated = connection_of(&simulator.switch, "initiatedCall", new, &own);
            Ok(csta("ConsultationCallResponse").with(initiated))
        }
        "AlternateCall" => {
            let (held, active, station) = pair(simulator, asker, request)?;
            simulator.switch.alternate(held, active, station)?;
            Ok(done("AlternateCallResponse"))
        }
        "ReconnectCall" => {
            let (held, active, station) = pair(simulator, asker, request)?;
            simulator.switch.reconnect(active, held, station)?;
            Ok(done("ReconnectCallResponse"))
        }
        "TransferCall" => {
            let (held, active, station) = pair(simulator, asker, request)?;
            let to = simulator.switch.calls.get(&active).map(|call| call.called.clone());
            let id = simulator.switch.transfer(held, active, station)?;
            Ok(merged(simulator, "TransferCallResponse", "transferredCall", id, to, None))
        }
        "ConferenceCall" => {
            let (held, active, station) = pair(simulator, asker, request)?;
            let id = simulator.switch.conference(held, active, station)?;
            Ok(merged(simulator, "ConferenceCallResponse", "conferenceCall", id, None, Some(station)))
        }
        "SingleStepTransferCall" => {
            let (call, station) = simulator.own_connection(asker, request, "activeCall")?;
            let to = number(simulator, request.text_of("transferredTo"))?;
            let id = simulator.switch.transfer_at_once(call, station, &to)?;
            let to = Some(simulator.switch.party(&to));
            Ok(merged(simulator, "SingleStepTransferCallResponse", "transferredCall", id, to, None))
        }
        "SingleStepConferenceCall" => {
            let (call, station) = simulator.own_connection(asker, request, "activeCall")?;
            let to = number(simulator, request.text_of("deviceToJoin"))?;
            simulator.switch.join_at_once(call, station, &to)?;
            let own = Party::Station(station);
            let conferenced = connection_of(&simulator.switch, "conferencedCall", call, &own);
            Ok(csta("SingleStepConferenceCallResponse").with(conferenced))
        }
        "DeflectCall" => {
            let (call, station) = simulator.own_connection(asker, request, "callToBeDiverted")?;
            let to = number(simulator, request.text_of("newDestination"))?;
            simulator.switch.deflect(call, station, &to)?;
            Ok(done("DeflectCallResponse"))
        }
        "DirectedPickupCall" => {
            let (call, from) = simulator.connection(request, "callToBePickedUp")?;
            let station = simulator.station(asker, request.text_of("requestingDevice"))?;
            simulator.switch.pick_up(call, &from, station)?;
            let own = Party::Station(station);
            let picked = connection_of(&simulator.switch, "pickedCall", call, &own);
            Ok(csta("DirectedPickupCallResponse").with(picked))
        }
        "GenerateDigits" => {
            let (call, station) = simulator.own_connection(asker, request, "connectionToSendDigits")?;
            simulator.switch.digits(call, station, request.text_of("charactersToSend"))?;
            Ok(done("GenerateDigitsResponse"))
        }
        "GetCallLinkageData" => {
            let (call, _) = simulator.connection(request, "call")?;
            let call = simulator.switch.calls.get(&call).ok_or_else(|| operation("invalidCallID"))?;
            Ok(avaya("GetCallLinkageDataResponse").with(linkage("callLinkageData", Space::Avaya, &call.ucid)))
        }
        _ => Err(operation("serviceNotSupported")),
    }
}

fn make(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let station = simulator.station(asker, request.text_of("callingDevice"))?;
    let to = number(simulator, request.text_of("calledDirectoryNumber"))?;
    let dial = Dial { uui: user_data(request)?, prompt: request.text_of("autoOriginate") != "doNotPrompt" };
    let id = simulator.switch.make_call(station, &to, dial)?;
    let calling = connection_of(&simulator.switch, "callingDevice", id, &Party::Station(station));
    let ucid = simulator.switch.calls.get(&id).map(|call| linkage("callLinkageData", Space::Avaya, &call.ucid));
    let private = private(avaya("MakeCallResponsePrivateData").and(ucid));
    Ok(csta("MakeCallResponse").with(calling).with(private))
}

/// The number that a device id names; it may also be one that is a number and nothing more.
fn number(simulator: &Simulator, device: &str) -> Result<String, Refusal> {
    if !device.contains(':') {
        return Ok(device.to_owned());
    }
    let party = simulator.device(device).map_err(|_| operation("invalidCalledDeviceID"))?;
    Ok(simulator.switch.number(&party).to_owned())
}

/// The users' own data; 96 bytes at most.
fn user_data(request: &Element) -> Result<Option<String>, Refusal> {
    let Some(data) = request.child("userData") else { return Ok(None) };
    let text = data.text_of("string");
    let hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex || text.len() > 192 {
        return Err(operation("invalidParameterValue"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The call on hold, the other one, and the telephone that has both.
fn pair(simulator: &Simulator, asker: Asker, request: &Element) -> Result<(u32, u32, usize), Refusal> {
    let (held, station) = simulator.own_connection(asker, request, "heldCall")?;
    let (active, other) = simulator.own_connection(asker, request, "activeCall")?;
    if station != other || held == active {
        return Err(operation("invalidConnectionID"));
    }
    Ok((held, active, station))
}

/// One right is enough for a call: whoever may move one of its telephones.
fn permit_call(simulator: &Simulator, asker: Asker, call: u32) -> Result<(), Refusal> {
    let call = simulator.switch.calls.get(&call).ok_or_else(|| operation("invalidCallID"))?;
    let mut result = Err(operation("privilegeViolationSpecifiedDevice"));
    for leg in &call.legs {
        if let Party::Station(station) = leg.party {
            result = simulator.permit(asker, station);
            if result.is_ok() {
                break;
            }
        }
    }
    result
}

/// The answer to whatever has made one call of others.
fn merged(
    simulator: &Simulator,
    name: &'static str,
    call_name: &'static str,
    id: u32,
    to: Option<Party>,
    station: Option<usize>,
) -> Node {
    let switch = &simulator.switch;
    let Some(call) = switch.calls.get(&id) else {
        // It has ended in the same moment.
        return super::error(&resource("resourceOutOfService"));
    };
    let first = call.legs.first().map(|leg| leg.party.clone());
    let own = station.map(Party::Station).or(to).or(first).unwrap_or_else(|| call.called.clone());
    let list = connections(switch, "connections", call, &own);
    csta(name).with(connection_of(switch, call_name, id, &own)).with(list)
}
