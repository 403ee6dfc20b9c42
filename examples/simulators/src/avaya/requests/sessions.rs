//! Sessions: begun, kept alive, taken up again, ended.

use crate::{
    Client, Millis,
    avaya::{
        Simulator,
        read::Element,
        session::Session,
        switch::{Refusal, operation},
        write::{Node, Space, avaya, node},
    },
};

use super::Asker;

fn refused(name: &'static str, kind: &'static str, value: &str) -> Node {
    let code = node(Space::Session, "errorCode").say(kind, value);
    node(Space::Session, name).with(code)
}

/// A session begins, or one whose connection was lost goes on.
pub(super) fn start(simulator: &mut Simulator, client: Client, request: &Element) -> Node {
    let name = request.find("SessionLoginInfo").map(|login| login.text_of("userName")).unwrap_or_default();
    match begin(simulator, client, request) {
        Ok((answer, what)) => {
            simulator.visits.note(name, what, "");
            answer
        }
        Err((kind, value)) => {
            simulator.visits.note(name, "refused", value);
            refused("StartApplicationSessionNegResponse", kind, value)
        }
    }
}

/// The answer and what has happened; or the kind of error and its value.
fn begin(
    simulator: &mut Simulator,
    client: Client,
    request: &Element,
) -> Result<(Node, &'static str), (&'static str, &'static str)> {
    const DEFINED: &str = "definedError";
    if simulator.faults.sessions_refused {
        return Err((DEFINED, "serverResourcesBusy"));
    }
    let login = request.find("SessionLoginInfo").cloned().unwrap_or_default();
    let (name, password) = (login.text_of("userName"), login.text_of("password"));
    let users = &simulator.switch.config.users;
    let user = users.iter().position(|user| user.name == name && user.password == password);
    let user = user.ok_or((DEFINED, "invalidApplicationInfo"))?;
    let asked = request.child("requestedProtocolVersions").map(|list| &list.children);
    let versions = &simulator.switch.config.versions;
    let version = asked.into_iter().flatten().find(|version| versions.contains(&version.text));
    let version =
        version.map(|version| version.text.clone()).ok_or((DEFINED, "requestedProtocolVersionNotSupported"))?;
    let peer = simulator.peers.get(&client).map(|peer| (peer.server, peer.session));
    let (server, old) = peer.ok_or((DEFINED, "serverResourcesBusy"))?;
    if old.is_some() {
        return Err(("applError", "there is a session on this connection already"));
    }
    let wanted = login.text_of("sessionID");
    let (key, what) = if wanted.is_empty() {
        if simulator.sessions.len() >= simulator.switch.config.sessions {
            return Err((DEFINED, "maxNumberSessions"));
        }
        (simulator.new_session(|id| Session::new(id, server, user, client)), "started")
    } else {
        let found = simulator.sessions.iter().find(|(_, it)| it.id == wanted && it.user == user && it.server == server);
        let found = found.filter(|_| !simulator.faults.forget_sessions).map(|(key, _)| *key);
        let key = found.ok_or(("applError", "the session to be recovered does not exist"))?;
        simulator.resume(key, client);
        (key, "recovered")
    };
    let seconds = simulator.duration(request);
    let now = simulator.switch.now;
    let session = simulator.sessions.get_mut(&key).ok_or((DEFINED, "serverResourcesBusy"))?;
    session.deadline = now.saturating_add(seconds.saturating_mul(1_000));
    let cleanup: Millis = login.text_of("sessionCleanupDelay").parse().unwrap_or(60);
    session.cleanup = cleanup.min(7_200) * 1_000;
    let id = session.id.clone();
    if let Some(peer) = simulator.peers.get_mut(&client) {
        peer.session = Some(key);
    }
    let answer = node(Space::Session, "StartApplicationSessionPosResponse").say("sessionID", id);
    Ok((answer.say("actualProtocolVersion", version).say("actualSessionDuration", seconds), what))
}

/// A session stays alive.
pub(super) fn reset(simulator: &mut Simulator, client: Client, request: &Element) -> Node {
    let seconds = simulator.duration(request);
    let now = simulator.switch.now;
    let Some(session) = of(simulator, client, request).and_then(|key| simulator.sessions.get_mut(&key)) else {
        return refused("ResetApplicationSessionTimerNegResponse", "definedError", "invalidSessionID");
    };
    session.deadline = now.saturating_add(seconds.saturating_mul(1_000));
    node(Space::Session, "ResetApplicationSessionTimerPosResponse").say("actualSessionDuration", seconds)
}

/// A session ends as its program wishes.
pub(super) fn stop(simulator: &mut Simulator, client: Client, request: &Element) -> Node {
    let Some(key) = of(simulator, client, request) else {
        return refused("StopApplicationSessionNegResponse", "definedError", "invalidSessionID");
    };
    simulator.end_session(key, "stopped");
    node(Space::Session, "StopApplicationSessionPosResponse")
}

/// The session on this connection, if the request names it.
fn of(simulator: &Simulator, client: Client, request: &Element) -> Option<u64> {
    let key = simulator.peers.get(&client)?.session?;
    (simulator.sessions.get(&key)?.id == request.text_of("sessionID")).then_some(key)
}

/// The devices and monitors of a session that has lost its connection become those of another one.
pub(super) fn take_over(simulator: &mut Simulator, asker: Asker, request: &Element) -> Result<Node, Refusal> {
    let (from, to) = (request.text_of("fromSessionID"), request.text_of("toSessionID"));
    let found = |id: &str| simulator.sessions.iter().find(|(_, it)| it.id == id && it.user == asker.user);
    let (Some((from, old)), Some((to, _))) = (found(from), found(to)) else {
        return Err(operation("invalidParameterValue"));
    };
    if old.client.is_some() || from == to || *to != asker.session {
        return Err(operation("invalidParameterValue"));
    }
    let (from, to) = (*from, *to);
    for monitor in simulator.monitors.values_mut().filter(|monitor| monitor.session == from) {
        monitor.session = to;
    }
    let devices = simulator.sessions.get_mut(&from).map(|old| std::mem::take(&mut old.devices)).unwrap_or_default();
    if let Some(session) = simulator.sessions.get_mut(&to) {
        session.devices.extend(devices);
    }
    simulator.end_session(from, "taken over");
    Ok(avaya("TransferMonitorObjectsResponse"))
}

impl Simulator {
    /// The life that a request asks for, within what this server gives.
    fn duration(&self, request: &Element) -> u64 {
        let limits = self.switch.config.duration;
        let asked = request.text_of("requestedSessionDuration").parse().unwrap_or(limits.longest);
        asked.clamp(limits.shortest, limits.longest)
    }
}
