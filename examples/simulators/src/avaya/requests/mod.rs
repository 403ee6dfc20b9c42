//! What programs ask for, and the answers.

mod agents;
mod calls;
mod devices;
mod sessions;
mod watching;

use super::{
    Simulator,
    read::Element,
    switch::{Party, Refusal, operation, resource},
    write::{Node, avaya, csta},
};
use crate::Client;

/// Who asks, and with what rights.
#[derive(Debug, Clone, Copy)]
struct Asker {
    session: u64,
    user: usize,
}

/// Answers a request. `None`: it is one that wants no answer.
pub(super) fn answer(simulator: &mut Simulator, client: Client, request: &Element) -> Option<Node> {
    match request.name.as_str() {
        "StartApplicationSession" => return Some(sessions::start(simulator, client, request)),
        "ResetApplicationSessionTimer" => return Some(sessions::reset(simulator, client, request)),
        "StopApplicationSession" => return Some(sessions::stop(simulator, client, request)),
        // The answer to the server's own question.
        "SystemStatusResponse" => return None,
        _ => {}
    }
    let session = simulator.peers.get(&client).and_then(|peer| peer.session);
    let asker = session.and_then(|it| Some(Asker { session: it, user: simulator.sessions.get(&it)?.user }));
    let Some(asker) = asker else {
        return Some(error(&Refusal { category: "security", value: "securityInfoViolated".into() }));
    };
    Some(match simulator.planned(&request.name) {
        Some(planned) => return planned,
        None => carry_out(simulator, asker, request).unwrap_or_else(|refusal| error(&refusal)),
    })
}

fn carry_out(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let own = matches!(
        request.name.as_str(),
        "GetDeviceId"
            | "GetThirdPartyDeviceId"
            | "ReleaseDeviceId"
            | "TransferMonitorObjects"
            | "MonitorStop"
            | "SystemRegister"
            | "RequestSystemStatus"
            | "GetLinkStatus"
            | "CallInformationEventsStart"
            | "CallInformationEventsStop"
    );
    // A server without its switch can speak of itself alone.
    if simulator.link_down && !own {
        return Err(resource("resourceOutOfService"));
    }
    match request.name.as_str() {
        "GetDeviceId" => devices::own(simulator, asker, request),
        "GetThirdPartyDeviceId" => devices::third_party(simulator, request),
        "ReleaseDeviceId" => devices::release(simulator, asker, request),
        "TransferMonitorObjects" => sessions::take_over(simulator, asker, request),
        "MonitorStart" => watching::start(simulator, asker, request),
        "MonitorStop" => watching::stop(simulator, asker, request),
        "SnapshotDevice" => watching::snapshot_device(simulator, asker, request),
        "SnapshotCall" => watching::snapshot_call(simulator, request),
        "SystemRegister" => Ok(watching::register(simulator, asker)),
        "RequestSystemStatus" => Ok(csta("RequestSystemStatusResponse").say("systemStatus", simulator.link_status())),
        "GetLinkStatus" => {
            let up = if simulator.link_down { "down" } else { "up" };
            let link = avaya("link").say("linkName", &simulator.switch.config.switch).say("linkStatus", up);
            Ok(avaya("GetLinkStatusResponse").with(avaya("linkList").with(link)))
        }
        "CallInformationEventsStart" => Ok(watching::listen(simulator, asker, true)),
        "CallInformationEventsStop" => Ok(watching::listen(simulator, asker, false)),
        "GetAgentState" => agents::state(simulator, asker, request),
        "SetAgentState" => agents::set_state(simulator, asker, request),
        "SetForwarding" => agents::set_forwarding(simulator, asker, request),
        "GetForwarding" => agents::forwarding(simulator, asker, request),
        "SetDoNotDisturb" => agents::set_dnd(simulator, asker, request),
        "GetDoNotDisturb" => agents::dnd(simulator, asker, request),
        _ => calls::answer(simulator, asker, request),
    }
}

/// A refusal in the standard's words.
pub(super) fn error(refusal: &Refusal) -> Node {
    let text = refusal.value.clone();
    let name = match refusal.category {
        // The names of elements are written down where they are; a plan of the control channel may name any of these.
        "operation" => "operation",
        "stateIncompatibility" => "stateIncompatibility",
        "systemResourceAvailibility" => "systemResourceAvailibility",
        "subscribedResourceAvailability" => "subscribedResourceAvailability",
        "performanceManagement" => "performanceManagement",
        "security" => "security",
        "privateErrorCode" => "privateErrorCode",
        _ => return csta("CSTAErrorCode").with(csta("unspecified")),
    };
    csta("CSTAErrorCode").say(name, text)
}

/// An answer that says nothing but that it was done.
fn done(name: &'static str) -> Node {
    csta(name)
}

impl Simulator {
    /// The party that a device id names: what stands before the first colon, at this switch.
    fn device(&self, id: &str) -> Result<Party, Refusal> {
        let mut parts = id.split(':');
        let (number, switch) = (parts.next().unwrap_or(""), parts.next());
        let here = switch.is_some_and(|name| name.is_empty() || name.eq_ignore_ascii_case(&self.switch.config.switch));
        if number.is_empty() || number.len() > 30 || !here {
            return Err(operation("invalidDeviceID"));
        }
        Ok(self.switch.party(number))
    }

    /// The telephone that a device id names, if the asker has a right to it.
    fn station(&self, asker: Asker, id: &str) -> Result<usize, Refusal> {
        let Party::Station(station) = self.device(id)? else { return Err(operation("invalidDeviceID")) };
        self.permit(asker, station)?;
        Ok(station)
    }

    /// Whether a user may have to do with a telephone.
    fn permit(&self, asker: Asker, station: usize) -> Result<(), Refusal> {
        let devices = &self.switch.config.users[asker.user].devices;
        if devices.is_empty() || devices.contains(&self.switch.stations[station].number) {
            return Ok(());
        }
        Err(operation("privilegeViolationSpecifiedDevice"))
    }

    /// A connection's call and party.
    fn connection(&self, request: &Element, name: &str) -> Result<(u32, Party), Refusal> {
        let connection = request.child(name).ok_or_else(|| operation("invalidConnectionID"))?;
        let call = connection.text_of("callID").parse().map_err(|_| operation("invalidCallID"))?;
        let device = connection.text_of("deviceID");
        let party = match self.switch.calls.get(&call) {
            // Trunks have names of their own; whoever was told one may use it.
            Some(known) => known.legs.iter().find(|leg| self.is_trunk(leg.trunk, device)).map(|leg| leg.party.clone()),
            None => return Err(operation("invalidCallID")),
        };
        Ok((call, party.map_or_else(|| self.device(device), Ok)?))
    }

    fn is_trunk(&self, trunk: u32, device: &str) -> bool {
        trunk > 0 && device.split(':').next() == Some(&format!("T{}#{trunk}", super::events::TRUNK_GROUP))
    }

    /// A telephone's connection that the asker has a right to.
    fn own_connection(&self, asker: Asker, request: &Element, name: &str) -> Result<(u32, usize), Refusal> {
        let (call, party) = self.connection(request, name)?;
        let Party::Station(station) = party else { return Err(operation("invalidConnectionID")) };
        self.permit(asker, station)?;
        Ok((call, station))
    }
}

/// The bytes of a text of hexadecimal digits, as text.
fn unhex(text: &str) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> = bytes.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::unhex;

    #[test]
    fn hexadecimal_is_read() {
        assert_eq!(unhex("31323334").as_deref(), Some("1234"));
        assert_eq!(unhex("").as_deref(), Some(""));
        assert_eq!((unhex("3"), unhex("zz"), unhex("ff")), (None, None, None));
    }
}
