//! Forwardings, and "do not disturb", which to TAPI is a forwarding of every call to nowhere.

use jackfield_plugin_api::{CommandError, Forwarding, ForwardingKind, Host};

use super::Machine;
use super::commands::{At, destination};
use super::pending::Work;
use crate::asks::Request;
use crate::sys::constants::{
    LINEFORWARDMODE_BUSY, LINEFORWARDMODE_BUSYNA, LINEFORWARDMODE_NOANSW, LINEFORWARDMODE_UNCOND,
};
use crate::told::{AddressStatus, Forward};

/// Each kind has a mode for all calls and three for some of them, side by side.
const fn family(mode: u32) -> u32 {
    mode * 0xf
}

/// The kinds of forwarding, and the mode that sets each.
const KINDS: [(ForwardingKind, u32); 3] = [
    (ForwardingKind::All, LINEFORWARDMODE_UNCOND),
    (ForwardingKind::Busy, LINEFORWARDMODE_BUSY),
    (ForwardingKind::NoAnswer, LINEFORWARDMODE_NOANSW),
];

/// Whether a forwarding is (also) of a kind.
fn is_of(forward: &Forward, kind: ForwardingKind, mode: u32) -> bool {
    forward.mode & family(mode) != 0
        || (kind != ForwardingKind::All && forward.mode & family(LINEFORWARDMODE_BUSYNA) != 0)
}

/// The forwardings that are set.
pub(super) fn of(forwards: &[Forward]) -> Vec<Forwarding> {
    let mut set = Vec::new();
    for (kind, mode) in KINDS {
        let one = forwards.iter().find(|forward| !forward.to.is_empty() && is_of(forward, kind, mode));
        set.extend(one.map(|forward| Forwarding::new(kind, &forward.to)));
    }
    set
}

/// Whether nobody is to be disturbed.
pub(super) fn is_dnd(forwards: &[Forward]) -> bool {
    forwards.iter().any(|forward| forward.to.is_empty() && forward.mode & family(LINEFORWARDMODE_UNCOND) != 0)
}

impl Machine {
    pub(super) fn set_forwarding(
        &mut self,
        at: At,
        kind: ForwardingKind,
        to: Option<&str>,
        host: &mut Host<'_>,
    ) -> Result<(), CommandError> {
        let to = to.filter(|to| !to.is_empty()).map(destination).transpose()?;
        // All forwardings are set at once: the others stay as they are.
        let mut forwards = Vec::new();
        for (other, mode) in KINDS {
            let now = self.forwards(at).iter().find(|f| !f.to.is_empty() && is_of(f, other, mode));
            let to = if other == kind { to.clone() } else { now.map(|forward| forward.to.clone()) };
            forwards.extend(to.map(|to| Forward { mode, to }));
        }
        self.forward(at, forwards, host)
    }

    pub(super) fn set_dnd(&mut self, at: At, on: bool, host: &mut Host<'_>) -> Result<(), CommandError> {
        let mut forwards: Vec<Forward> =
            self.forwards(at).iter().filter(|forward| !forward.to.is_empty()).cloned().collect();
        if on {
            forwards.retain(|forward| forward.mode & family(LINEFORWARDMODE_UNCOND) == 0);
            forwards.insert(0, Forward { mode: LINEFORWARDMODE_UNCOND, to: String::new() });
        }
        self.forward(at, forwards, host)
    }

    fn forwards(&self, at: At) -> &[Forward] {
        self.lines
            .get(&at.line)
            .and_then(|line| line.now.as_ref())
            .map(|now| now.forwards.as_slice())
            .unwrap_or_default()
    }

    fn forward(&mut self, at: At, forwards: Vec<Forward>, host: &mut Host<'_>) -> Result<(), CommandError> {
        let (line, address) = self.handle_of(at.line)?;
        let rings = self.config.no_answer_rings;
        let what = Request::Forward { line, address, forwards, rings };
        self.request(what, at.pending(Work::Forwarding), host);
        Ok(())
    }

    /// A driver need not tell that forwardings have changed: who has set them looks.
    pub(super) fn look_at_address(&mut self, line: jackfield_plugin_api::LineId, host: &mut Host<'_>) {
        if let Ok((handle, address)) = self.handle_of(line) {
            let pending = super::pending::Pending::for_line(line, Work::AddressStatus);
            self.request(Request::GetAddressStatus { line: handle, address }, pending, host);
        }
    }

    pub(super) fn address_looked_at(
        &mut self,
        line: jackfield_plugin_api::LineId,
        status: AddressStatus,
        host: &mut Host<'_>,
    ) {
        let Some(found) = self.lines.get_mut(&line).filter(|line| line.live) else { return };
        let (device, address) = (found.device, found.dials_from());
        found.now = Some(status.clone());
        if let Some(device) = device.and_then(|device| self.devices.get_mut(&device)) {
            device.address_is(address, status);
        }
        self.report_line(line, host);
    }
}
