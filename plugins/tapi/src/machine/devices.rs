//! Devices of TAPI: opening them, what is told of them, and that they go.

use std::time::Duration;

use jackfield_plugin_api::{ErrorCode, ErrorFact, Host, LogLevel, Severity, Timestamp};

use super::Machine;
use super::agent::Agent;
use super::link;
use crate::asks::Ask;
use crate::config::Privilege;
use crate::extensions::{Extension, words};
use crate::sys::constants::{
    LINECALLPRIVILEGE_MONITOR, LINECALLPRIVILEGE_NONE, LINECALLPRIVILEGE_OWNER, LINEDEVSTATE_CAPSCHANGE,
    LINEDEVSTATE_CONNECTED, LINEDEVSTATE_DISCONNECTED, LINEDEVSTATE_INSERVICE, LINEDEVSTATE_MAINTENANCE,
    LINEDEVSTATE_NUMCALLS, LINEDEVSTATE_OUTOFSERVICE, LINEDEVSTATE_REINIT, LINEDEVSTATE_REMOVED,
    LINEDEVSTATUSFLAGS_CONNECTED, LINEDEVSTATUSFLAGS_INSERVICE, LINEERR_ALLOCATED, LINEERR_RESOURCEUNAVAIL, error,
};
use crate::sys::names;
use crate::told::{self, AddressStatus, LineStatus};

/// The pause before a device is tried again that could not be opened.
const AGAIN: Duration = Duration::from_secs(10);
/// The pause after a driver has closed a line.
const SOON: Duration = Duration::from_secs(1);
/// The messages about a line that are asked for, as far as its device has them.
const STATES: u32 = LINEDEVSTATE_CONNECTED
    | LINEDEVSTATE_DISCONNECTED
    | LINEDEVSTATE_INSERVICE
    | LINEDEVSTATE_OUTOFSERVICE
    | LINEDEVSTATE_MAINTENANCE
    | LINEDEVSTATE_NUMCALLS
    | LINEDEVSTATE_CAPSCHANGE
    | LINEDEVSTATE_REINIT
    | LINEDEVSTATE_REMOVED;

/// A device of TAPI.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) about: told::Device,
    pub(super) open: Open,
    /// LINEDEVSTATUS.
    status: LineStatus,
    /// LINEADDRESSSTATUS of each address, where that can be had.
    now: Vec<Option<AddressStatus>>,
}

/// Whether a device is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// Nobody asked for it.
    No,
    /// It is being opened; when it takes too long the driver hangs.
    Opening(Timestamp),
    /// By this handle, with these privileges.
    Yes { line: u32, privileges: u32 },
    /// It could not be; tried again then.
    Waiting(Timestamp),
}

impl Device {
    fn new(about: told::Device) -> Self {
        Self { about, open: Open::No, status: LineStatus::UNKNOWN, now: Vec::new() }
    }

    /// What an address is now.
    pub(super) fn address_is(&mut self, address: u32, status: AddressStatus) {
        let address = address as usize;
        if address < self.about.addresses.len().max(1) {
            self.now.resize(self.now.len().max(address + 1), None);
            self.now[address] = Some(status);
        }
    }

    pub(super) fn handle(&self) -> Option<u32> {
        if let Open::Yes { line, .. } = self.open { Some(line) } else { None }
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        match self.open {
            Open::Opening(at) | Open::Waiting(at) => Some(at),
            Open::No | Open::Yes { .. } => None,
        }
    }
}

impl Machine {
    pub(super) fn device_told(&mut self, about: told::Device, host: &mut Host<'_>) {
        if let Some(why) = &about.unusable {
            let text = format!("device {} is left out: {why}", about.device);
            host.log(LogLevel::Warn, text);
        }
        match about.extension {
            Some(Extension { id, version: 0, refused: Some(code) }) => {
                let (device, why) = (about.device, names::error(code));
                host.log(LogLevel::Warn, format!("device {device}: its extensions {id} are not used: {why}"));
            }
            Some(Extension { id, version, .. }) if version != 0 => {
                let (device, version) = (about.device, words(version));
                host.log(LogLevel::Info, format!("device {device}: version {version} of its extensions {id}"));
            }
            _ => {}
        }
        let number = about.device;
        match self.devices.get_mut(&number) {
            Some(device) => device.about = about,
            None => drop(self.devices.insert(number, Device::new(about))),
        }
        if self.link.is_up() {
            self.match_lines(host);
        }
    }

    pub(super) fn open_device(&mut self, number: u32, host: &mut Host<'_>) {
        let patience = Duration::from_secs(self.config.hang_timeout.into());
        let Some(device) = self.devices.get_mut(&number) else { return };
        match device.open {
            Open::Opening(_) => return,
            Open::Yes { .. } => return self.begin_lines(number, host),
            Open::No | Open::Waiting(_) => {}
        }
        device.open = Open::Opening(host.now() + patience);
        let privileges = match self.config.privilege {
            Privilege::Owner => vec![
                LINECALLPRIVILEGE_OWNER | LINECALLPRIVILEGE_MONITOR,
                LINECALLPRIVILEGE_OWNER,
                LINECALLPRIVILEGE_MONITOR,
                LINECALLPRIVILEGE_NONE,
            ],
            Privilege::Monitor => vec![LINECALLPRIVILEGE_MONITOR],
        };
        let about = Box::new(device.about.clone());
        let addresses = u32::try_from(about.addresses.len()).unwrap_or(1);
        let states = if about.caps.states == 0 { STATES } else { STATES & about.caps.states };
        self.ask(Ask::Open { device: about, privileges, addresses, states }, host);
    }

    pub(super) fn not_opened(&mut self, number: u32, step: &str, code: i32, host: &mut Host<'_>) {
        if !self.is_opening(number) {
            // What still came of an application that is closed.
            return;
        }
        if link::is_lost(code) {
            return self.lose(ErrorCode::ConnectionLost, format!("{step}: {}", names::error(code)), host);
        }
        let Some(device) = self.devices.get_mut(&number) else { return };
        device.open = Open::Waiting(host.now() + AGAIN);
        let name = device.about.caps.name.clone();
        let kind = match code {
            code if code == error(LINEERR_ALLOCATED) => ErrorCode::DeviceClaimed,
            code if code == error(LINEERR_RESOURCEUNAVAIL) => ErrorCode::PhoneSystemUnavailable,
            _ => ErrorCode::DeviceOutOfService,
        };
        let text = format!("`{name}` cannot be opened: {step}: {}; tried again every {AGAIN:?}", names::error(code));
        for id in self.lines_of(number) {
            self.line_fails(id, kind, text.clone(), host);
        }
    }

    /// A device is being opened for the application that there is now.
    pub(super) fn is_opening(&self, number: u32) -> bool {
        let opening = |device: &Device| matches!(device.open, Open::Opening(_));
        self.link.is_up() && self.devices.get(&number).is_some_and(opening)
    }

    pub(super) fn device_of_handle(&self, handle: u32) -> Option<u32> {
        self.devices.iter().find(|(_, device)| device.handle() == Some(handle)).map(|(number, _)| *number)
    }

    pub(super) fn opened(
        &mut self,
        (number, line): (u32, u32),
        (privileges, extension): (u32, u32),
        status: &LineStatus,
        addresses: Vec<Option<AddressStatus>>,
        host: &mut Host<'_>,
    ) {
        if !self.link.is_up() {
            // Of an application that is closed: so is its line.
            return;
        }
        let Some(device) = self.devices.get_mut(&number) else { return };
        if !matches!(device.open, Open::Opening(_)) {
            // It was given up meanwhile.
            return self.ask(Ask::Close { line }, host);
        }
        device.open = Open::Yes { line, privileges };
        (device.status, device.now) = (status.clone(), addresses);
        if status.flags == 0 {
            // A driver that tells nothing of the kind: it works.
            device.status.flags = LineStatus::UNKNOWN.flags;
        }
        let other_version = device.about.extension.is_some_and(|about| about.version != extension);
        if self.lines_of(number).is_empty() {
            // It was given up meanwhile.
            let open = Open::No;
            if let Some(device) = self.devices.get_mut(&number) {
                device.open = open;
            }
            // Its calls that were told already go with it.
            self.legs.retain(|_, leg| leg.device != number);
            return self.ask(Ask::Close { line }, host);
        }
        if self.config.privilege == Privilege::Owner && privileges & LINECALLPRIVILEGE_OWNER == 0 {
            let text = format!(
                "`{}` is not opened as owner of its calls: another program has it; calls can be {}",
                self.devices[&number].about.caps.name,
                if privileges & LINECALLPRIVILEGE_MONITOR == 0 { "made only" } else { "seen only" }
            );
            host.log(LogLevel::Warn, text);
        }
        if other_version {
            let name = &self.devices[&number].about.caps.name;
            let text = format!(
                "`{name}` is opened without its driver's extensions: another program uses another version of them"
            );
            host.log(LogLevel::Warn, text);
        }
        self.begin_lines(number, host);
    }

    /// Lines of a device that is open: first it is seen whether each has an agent, then it is reported with its calls.
    fn begin_lines(&mut self, number: u32, host: &mut Host<'_>) {
        for id in self.lines_of(number) {
            let (Some(line), Some(device)) = (self.lines.get_mut(&id), self.devices.get(&number)) else { continue };
            if line.live {
                continue;
            }
            line.status = device.status.clone();
            line.now = device.now.get(line.dials_from() as usize).cloned().flatten();
            if !self.ask_agent(id, host) {
                self.show_line(id, host);
            }
        }
    }

    /// LINE_LINEDEVSTATE of an open line.
    pub(super) fn line_state(&mut self, number: u32, bits: u32, status: Option<&LineStatus>, host: &mut Host<'_>) {
        if bits & LINEDEVSTATE_REMOVED != 0 {
            return self.device_removed(number, host);
        }
        if bits & LINEDEVSTATE_CAPSCHANGE != 0 {
            self.ask(Ask::Look { device: number }, host);
        }
        let Some(device) = self.devices.get_mut(&number) else { return };
        let flags = flags_after(device.status.flags, bits);
        if let Some(status) = status {
            device.status = status.clone();
        }
        if device.status.flags == 0 || status.is_none() {
            device.status.flags = flags;
        }
        let status = device.status.clone();
        for id in self.lines_of(number) {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            let before = line.works();
            line.status = status.clone();
            let (after, live) = (line.works(), line.live);
            if before && !after && live {
                let text = format!("the phone of line {} is out of service, as its driver says", line.name);
                host.report(ErrorFact::new(ErrorCode::DeviceOutOfService, Severity::Warning, text).line(id));
            }
            if live {
                self.report_line(id, host);
            }
        }
    }

    /// LINE_ADDRESSSTATE.
    pub(super) fn address_state(&mut self, number: u32, address: u32, status: &AddressStatus, host: &mut Host<'_>) {
        if let Some(device) = self.devices.get_mut(&number) {
            device.address_is(address, status.clone());
        }
        for id in self.lines_of(number) {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            if line.dials_from() == address {
                line.now = Some(status.clone());
                if line.live {
                    self.report_line(id, host);
                }
            }
        }
    }

    /// LINE_CLOSE: the handle and its calls are void; the device may be opened again.
    pub(super) fn line_lost(&mut self, number: u32, host: &mut Host<'_>) {
        let text = "the driver has closed the line; it is opened again";
        self.give_up(number, ErrorCode::ConnectionLost, text, host);
        if let Some(device) = self.devices.get_mut(&number) {
            device.open = Open::Waiting(host.now() + SOON);
        }
    }

    /// LINE_REMOVE: the device is gone until it is created again.
    pub(super) fn device_removed(&mut self, number: u32, host: &mut Host<'_>) {
        self.give_up(number, ErrorCode::DeviceOutOfService, "the line device was removed from TAPI", host);
        for id in self.lines_of(number) {
            if let Some(line) = self.lines.get_mut(&id) {
                line.device = None;
            }
        }
        self.devices.remove(&number);
    }

    fn give_up(&mut self, number: u32, code: ErrorCode, text: &str, host: &mut Host<'_>) {
        for id in self.lines_of(number) {
            self.refuse_line(id, host);
        }
        let legs: Vec<u32> = self.legs.iter().filter(|(_, leg)| leg.device == number).map(|(h, _)| *h).collect();
        for handle in legs {
            if let Some(talk) = self.legs.remove(&handle).and_then(|leg| leg.talk) {
                self.talks.remove(&talk);
            }
        }
        for id in self.lines_of(number) {
            let Some(line) = self.lines.get_mut(&id) else { continue };
            (line.live, line.now, line.agent) = (false, None, Agent::default());
            let text = format!("line {}: {text}", line.name);
            self.line_fails(id, code, text, host);
        }
    }

    /// Opens devices whose pause is over.
    pub(super) fn reopen(&mut self, now: Timestamp, host: &mut Host<'_>) {
        let due: Vec<(u32, Open)> = self
            .devices
            .iter()
            .filter(|(_, device)| device.due().is_some_and(|at| at <= now))
            .map(|(number, device)| (*number, device.open))
            .collect();
        for (number, open) in due {
            match open {
                Open::Opening(_) => return self.hang("lineOpen", host),
                _ if self.lines_of(number).is_empty() => {
                    if let Some(device) = self.devices.get_mut(&number) {
                        device.open = Open::No;
                    }
                }
                _ => self.open_device(number, host),
            }
        }
    }
}

/// What a message says of a line, for a driver that does not tell its state.
fn flags_after(flags: u32, bits: u32) -> u32 {
    let mut flags = flags;
    for (bit, flag, on) in [
        (LINEDEVSTATE_CONNECTED, LINEDEVSTATUSFLAGS_CONNECTED, true),
        (LINEDEVSTATE_DISCONNECTED, LINEDEVSTATUSFLAGS_CONNECTED, false),
        (LINEDEVSTATE_INSERVICE, LINEDEVSTATUSFLAGS_INSERVICE, true),
        (LINEDEVSTATE_OUTOFSERVICE, LINEDEVSTATUSFLAGS_INSERVICE, false),
        (LINEDEVSTATE_MAINTENANCE, LINEDEVSTATUSFLAGS_INSERVICE, false),
    ] {
        if bits & bit != 0 {
            flags = if on { flags | flag } else { flags & !flag };
        }
    }
    flags
}
