//! Which calls are at a station: asked for when it is set up, and whenever events leave a doubt.
//!
//! The answer shows the calls as they are when it is given; what events said of a call while the question was on its way
//! counts more.

use jackfield_csta::types::{LocalState, number};
use jackfield_csta::{DeviceInfo, Message, SnapshotCall, SnapshotCallResponse, snapshot, types::ConnectionId};
use jackfield_plugin_api::{Direction, Host, LineId, Snapshot};

use crate::adapter::Avaya;
use crate::agenda::Task;
use crate::call::is_trunk;
use crate::errors::{refusal, understand, unexpected};
use crate::events::{apply_local, usable};
use crate::fact::fact;
use crate::line::{Line, Stage};
use crate::net::Ask;
use crate::permitted;
use crate::setup::look;
use crate::wire::Scene;

/// Snapshots in pieces that are waited for at a time.
const MOST_PIECES: usize = 1_024;

impl Avaya {
    /// The calls at a line's station.
    pub(crate) fn calls_told(&mut self, id: LineId, answer: &Message, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let Message::SnapshotDeviceResponse(response) = answer else {
            if line.stage != Stage::Up {
                return self.not_set_up(id, "cannot tell its calls", answer, host);
            }
            // What is known stays; somebody else may have more luck later.
            line.look = None;
            let error = understand(&refusal(answer).unwrap_or_else(|| unexpected(answer)));
            host.log(
                jackfield_plugin_api::LogLevel::Warn,
                format!("the calls of station {} cannot be compared: {}", line.extension, error.text),
            );
            return;
        };
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        if let Some(reference) = response.found.reference.as_ref().filter(|_| response.found.data.is_none()) {
            if scene.net.pieces.len() < MOST_PIECES {
                scene.net.pieces.insert(reference.clone(), id);
            }
            return;
        }
        let calls = response.found.data.as_ref().map_or(&[][..], |data| &data.calls);
        take(line, calls, &mut scene);
        self.all_told(id, host);
    }

    /// A piece of a snapshot that comes in several.
    pub(crate) fn piece(&mut self, piece: &jackfield_csta::SnapshotDeviceData, host: &mut Host<'_>) {
        let reference = piece.reference.as_deref().unwrap_or_default();
        let Some(id) = self.net.pieces.get(reference).copied() else { return };
        let Some(line) = self.lines.get_mut(&id) else { return };
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        take(line, piece.data.as_ref().map_or(&[][..], |data| &data.calls), &mut scene);
        if piece.last != Some(false) {
            self.net.pieces.remove(reference);
            self.all_told(id, host);
        }
    }

    /// All calls of a station are told. Those that are not among them are over.
    fn all_told(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let Some(look) = &mut line.look else { return };
        look.told = true;
        let look = look.clone();
        let now = host.now();
        let gone = |native: &String| !look.seen.contains(native) && !look.touched.contains(native);
        let over: Vec<_> = line.calls.iter().filter(|call| gone(&call.native)).map(|call| call.key.clone()).collect();
        for key in over {
            line.end(&key, now);
        }
        self.maybe_shown(id, host);
    }

    /// The parties of a call.
    pub(crate) fn parties_told(&mut self, id: LineId, native: &str, answer: &Message, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if let Message::SnapshotCallResponse(response) = answer {
            parties(line, native, response);
        }
        if let Some(look) = &mut line.look {
            look.asking.remove(native);
        }
        self.maybe_shown(id, host);
    }

    /// When nothing is missing any more, the snapshot is reported.
    fn maybe_shown(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        if !line.look.as_ref().is_some_and(|look| look.told && look.asking.is_empty()) {
            return;
        }
        let again = line.look.take().is_some_and(|look| look.again);
        let mut facts = Vec::new();
        for at in 0..line.calls.len() {
            // Made from here a moment ago, and not shown by any event yet.
            if line.calls[at].hidden
                && line.calls[at].direction == Direction::Out
                && line.calls[at].state == LocalState::Null
            {
                continue;
            }
            line.calls[at].hidden = false;
            let found = fact(line, &line.calls[at], &self.config, &self.net.stations);
            line.calls[at].reported = Some(Box::new(found.clone()));
            facts.push(found);
        }
        host.report(Snapshot::new(id, facts));
        self.line_up(id, host);
        if again && let Some(line) = self.lines.get_mut(&id) {
            let mut scene = Scene { config: &self.config, net: &mut self.net, host };
            look(line, &mut scene);
        }
    }

    /// A question of a snapshot was not answered in time.
    pub(crate) fn look_late(&mut self, id: LineId, host: &mut Host<'_>) {
        if let Some(line) = self.lines.get_mut(&id)
            && line.stage == Stage::Up
        {
            line.look = None;
            self.net.agenda.set(Task::Check(id), host.now() + crate::line::LATE);
        }
    }
}

/// Calls of a snapshot.
fn take(line: &mut Line, calls: &[DeviceInfo], scene: &mut Scene<'_, '_>) {
    let now = scene.host.now();
    for info in calls {
        let native = info.connection.call.as_str();
        if !usable(native) {
            continue;
        }
        let states = snapshot::found(info);
        let local = states.map_or(LocalState::Unknown, |states| states.local);
        if matches!(local, LocalState::Null | LocalState::Queued) {
            // Not here any more, or an idle appearance of a shared line.
            continue;
        }
        let Some(look) = &mut line.look else { return };
        look.seen.insert(native.to_owned());
        let touched = look.touched.contains(native);
        if touched && line.call(native).is_none() {
            // It has ended meanwhile.
            continue;
        }
        if line.call(native).is_none() {
            line.begin(native, None, Direction::Unknown, local, now).hidden = true;
        }
        let Some(call) = line.call_mut(native) else { continue };
        if !info.connection.device_id().is_empty() && info.connection.device_id().len() <= 128 {
            info.connection.device_id().clone_into(&mut call.own);
        }
        if !touched {
            call.permits = info.services.as_ref().map(permitted::features);
        }
        if !touched && let Some(states) = states {
            let remote = states.remote.unwrap_or(LocalState::Unknown);
            match local {
                // Who rings has not been answered; who is held, or holds, has.
                LocalState::Hold => call.answered |= !matches!(remote, LocalState::Alerting | LocalState::Queued),
                LocalState::Connected => {
                    call.answered |= matches!(remote, LocalState::Connected | LocalState::Hold);
                    call.rings = remote == LocalState::Alerting;
                    call.queued = remote == LocalState::Queued;
                    // Why it failed is not told here.
                    call.failed = (remote == LocalState::Fail).then(|| call.failed.take().unwrap_or_default());
                }
                LocalState::Fail => drop(call.failed.get_or_insert_default()),
                _ => {}
            }
            if local != LocalState::Unknown {
                call.state = local;
            }
        }
        let own = call.own.clone();
        let connection = ConnectionId::new(native, own);
        let request = SnapshotCall { connection, extensions: None };
        if scene.ask(Ask::Parties(line.id, native.to_owned()), request)
            && let Some(look) = &mut line.look
        {
            look.asking.insert(native.to_owned());
        }
    }
}

/// Who is in a call.
fn parties(line: &mut Line, native: &str, response: &SnapshotCallResponse) {
    let own = line.device.clone().unwrap_or_default();
    let extension = line.extension.clone();
    let is_own = |id: &str| jackfield_csta::types::same_device(&own, id) || number(id) == extension;
    // Its key is the id that is the same everywhere, which is known only now.
    let ucid = response.linkage.as_ref().and_then(|linkage| linkage.ucid()).filter(|ucid| ucid.len() <= 64);
    if let Some(ucid) = ucid {
        line.learn_key(native, ucid);
    }
    let Some(call) = line.call_mut(native) else { return };
    let calling = response.calling.as_ref().and_then(|device| device.id());
    let called = response.called.as_ref().and_then(|device| device.number());
    if call.direction == Direction::Unknown {
        call.direction = match calling {
            Some(calling) if is_own(calling) => Direction::Out,
            _ if call.state == LocalState::Alerting => Direction::In,
            Some(_) => Direction::In,
            None => Direction::Unknown,
        };
    }
    let calling = calling.map(number).filter(|number| !is_trunk(number));
    if call.caller.is_none() {
        call.caller = calling.map(str::to_owned);
    }
    if call.called.is_none() {
        call.called = called.map(str::to_owned);
    }
    let Some(data) = &response.found.data else { return };
    call.parties.clear();
    for party in &data.parties {
        let device = party.device.id().unwrap_or_else(|| party.connection.device_id());
        let state = party.state.unwrap_or_default();
        if is_own(party.connection.device_id()) || is_own(device) {
            apply_local(call, party.state.filter(|state| *state != LocalState::Queued));
            continue;
        }
        if state != LocalState::Null && device.len() <= 128 {
            let of = party.connection.device_id();
            call.party(if of.is_empty() { device } else { of }, Some(number(device)), state);
        }
    }
    // A call of which somebody else's end is up has been answered, by us or by them.
    let up = |state| matches!(state, LocalState::Connected | LocalState::Hold);
    match call.direction {
        Direction::Out => call.answered |= call.parties.iter().any(|party| up(party.state)),
        _ => call.answered |= up(call.state),
    }
}
