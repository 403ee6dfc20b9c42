//! Device ids.

use crate::avaya::{
    Simulator,
    events::device_in,
    read::Element,
    switch::{Party, Refusal, operation, resource},
    write::{Node, Space, avaya},
};

use super::Asker;

/// The id of a telephone that the session will watch or move.
pub(super) fn own(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    check_switch(simulator, request)?;
    let number = request.text_of("extension");
    let station = simulator.switch.station(number).ok_or_else(|| operation("invalidDeviceID"))?;
    simulator.permit(asker, station)?;
    let shared = request.text_of("controllableByOtherSessions") == "true";
    let taken = |(key, session): (&u64, &crate::avaya::session::Session)| {
        *key != asker.session && session.devices.get(number).is_some_and(|others| !(*others && shared))
    };
    if simulator.sessions.iter().any(taken) {
        return Err(resource("resourceBusy"));
    }
    if let Some(session) = simulator.sessions.get_mut(&asker.session) {
        session.devices.insert(number.to_owned(), shared);
    }
    let id = format!("{number}:{}::0", simulator.switch.config.switch);
    let device = avaya("device").text(id).attribute("typeOfNumber", "other").attribute("mediaClass", "voice");
    Ok(avaya("GetDeviceIdResponse").with(device.attribute("bitRate", "constant")))
}

/// The id of anything that can be dialled.
pub(super) fn third_party(simulator: &Simulator, request: &Element) -> Result<Node, Refusal> {
    check_switch(simulator, request)?;
    let number = request.text_of("extension");
    if number.is_empty() || number.len() > 30 || !number.bytes().all(|it| it.is_ascii_digit() || b"*#+".contains(&it)) {
        return Err(operation("invalidParameterValue"));
    }
    let device = device_in(Space::Avaya, &simulator.switch, "device", &Party::Outside(number.to_owned()));
    Ok(avaya("GetThirdPartyDeviceIdResponse").with(device))
}

/// An id is not needed any more.
pub(super) fn release(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let party = simulator.device(request.text_of("device"))?;
    let number = simulator.switch.number(&party).to_owned();
    if let Some(session) = simulator.sessions.get_mut(&asker.session) {
        session.devices.remove(&number);
    }
    Ok(avaya("ReleaseDeviceIdResponse"))
}

fn check_switch(simulator: &Simulator, request: &Element) -> Result<(), Refusal> {
    let (name, address) = (request.text_of("switchName"), request.text_of("switchIPInterface"));
    let here = name.eq_ignore_ascii_case(&simulator.switch.config.switch) || (name.is_empty() && !address.is_empty());
    if here { Ok(()) } else { Err(operation("invalidParameterValue")) }
}
