//! The state machine: what TAPI told goes in, facts come out, commands become requests. No input and output, no clock.

mod agent;
mod answers;
mod calls;
mod commands;
mod conference;
mod devices;
mod diagnostics;
mod dropping;
mod ending;
mod fact;
mod forwarding;
mod lines;
mod link;
mod matching;
mod pairs;
mod pending;
mod talk;

use std::collections::{BTreeMap, VecDeque};

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, Host, Input, LineId, LogLevel, TimerId, Timestamp};

use crate::asks::{Ask, Request};
use crate::config::{Config, LineConfig};
use crate::told::{Heard, Told};
use devices::Device;
pub(crate) use diagnostics::message;
use dropping::Dropping;
use lines::Line;
use link::Link;
use pending::Pending;
use talk::{Leg, Talk};

/// The one timer.
const ALARM: TimerId = TimerId(0);
/// Messages about calls that are not known yet, at most; the oldest are dropped.
const MOST_EARLY: usize = 256;
/// Handles of calls that are kept, of all lines.
const MOST_LEGS: usize = 10_000;

/// All that is known.
#[derive(Debug)]
pub(crate) struct Machine {
    config: Config,
    /// What keys of calls begin with: another one in every life, because the host knows calls longer than TAPI's handles.
    session: u64,
    link: Link,
    devices: BTreeMap<u32, Device>,
    lines: BTreeMap<LineId, Line>,
    /// TAPI's calls, by their handles.
    legs: BTreeMap<u32, Leg>,
    /// Calls as clients see them, by their numbers in this life.
    talks: BTreeMap<u64, Talk>,
    /// Requests without an answer.
    pending: BTreeMap<u64, Pending>,
    /// The last numbers of a request and of a talk.
    last_request: u64,
    last_talk: u64,
    early: VecDeque<Heard>,
    /// When the timer runs out, if it runs.
    alarm: Option<Timestamp>,
    asks: Vec<Ask>,
    /// A function does not return: nothing more can be done in this life.
    broken: Option<String>,
}

impl Machine {
    pub(crate) fn new(config: Config, session: u64) -> Self {
        Self {
            config,
            session,
            link: Link::default(),
            devices: BTreeMap::new(),
            lines: BTreeMap::new(),
            legs: BTreeMap::new(),
            talks: BTreeMap::new(),
            pending: BTreeMap::new(),
            last_request: 0,
            last_talk: 0,
            early: VecDeque::new(),
            alarm: None,
            asks: Vec::new(),
            broken: None,
        }
    }

    /// The number of the last request.
    #[cfg(any(test, feature = "fuzz"))]
    pub(crate) fn requests(&self) -> u64 {
        self.last_request
    }

    /// Handles, calls, requests and messages that are kept.
    #[cfg(any(test, feature = "fuzz"))]
    pub(crate) fn counts(&self) -> (usize, usize, usize, usize) {
        (self.legs.len(), self.talks.len(), self.pending.len(), self.early.len())
    }

    /// The states of all handles, in words.
    #[cfg(test)]
    pub(crate) fn states(&self) -> Vec<String> {
        self.legs.values().map(|leg| crate::sys::names::one("LINECALLSTATE_", leg.state)).collect()
    }

    /// The version of its driver's extensions that a device was agreed on with, and whether it is open.
    #[cfg(test)]
    pub(crate) fn device(&self, number: u32) -> (Option<crate::extensions::Extension>, bool) {
        self.devices.get(&number).map_or((None, false), |device| (device.about.extension, device.handle().is_some()))
    }

    /// What is to be done, in order.
    pub(crate) fn asked(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.asks)
    }

    /// One input of the host.
    pub(crate) fn input(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        match input {
            Input::Started => self.start(host),
            Input::LineOpened { line, name, settings } => self.line_opened(line, name, settings, host),
            Input::LineClosed { line } => self.line_closed(line, host),
            Input::Command { id, line, command } => {
                if let Err(error) = self.command(id, line, &command, host) {
                    host.refuse(id, error);
                }
            }
            Input::Posted { bytes } => match serde_json::from_slice(bytes) {
                Ok(told) => self.told(told, host),
                Err(error) => host.log(LogLevel::Error, format!("what a thread told cannot be read: {error}")),
            },
            Input::Timer { .. } => self.time(host),
            Input::Stopping => self.leave(host),
            _ => {}
        }
        self.set_alarm(host);
    }

    fn told(&mut self, told: Told, host: &mut Host<'_>) {
        self.show_told(&told, host);
        match told {
            Told::Device(device) => self.device_told(device, host),
            Told::Ready { devices, missing, .. } => self.ready(devices, &missing, host),
            Told::Failed { step, code, text } => self.failed(&step, code, &text, host),
            Told::Existing { device, call } => self.existing(device, &call, host),
            Told::Opened { device, line, privileges, extension, status, addresses } => {
                self.opened((device, line), (privileges, extension), &status, addresses, host);
            }
            Told::NotOpened { device, step, code } => self.not_opened(device, &step, code, host),
            Told::Message(heard) => self.message(&heard, host),
            Told::Returned { request, code, given } => self.returned(request, code, given, host),
            Told::Replied { request, code, given } => self.replied(request, code, given, host),
            Told::Stray { id, code } => {
                let text = format!("the driver answered request {id}, which is none: {code:#x}");
                host.log(LogLevel::Warn, text);
            }
            // Nobody waits for an answer there: without a look nobody would ever know.
            Told::Reading { function, seconds } => {
                if seconds >= self.config.hang_timeout {
                    self.hang(&function, host);
                }
            }
            Told::Ended { code, text } => self.ended(code, &text, host),
            Told::Stopped => self.stopped(host),
        }
    }

    /// Why nothing more can be done.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    fn hang(&mut self, function: &str, host: &mut Host<'_>) {
        let text = format!("the TAPI driver has not returned from {function} for {} s", self.config.hang_timeout);
        host.log(LogLevel::Error, &text);
        self.broken = Some(text);
    }

    fn ask(&mut self, ask: Ask, host: &mut Host<'_>) {
        self.show_ask(&ask, host);
        self.asks.push(ask);
    }

    /// Calls a function; `pending` says what its answer means.
    fn request(&mut self, what: Request, mut pending: Pending, host: &mut Host<'_>) {
        self.last_request += 1;
        let request = self.last_request;
        pending.function = what.function();
        pending.calls = what.calls();
        pending.deadline = host.now() + std::time::Duration::from_secs(self.config.request_timeout.into());
        pending.hangs = host.now() + std::time::Duration::from_secs(self.config.hang_timeout.into());
        self.pending.insert(request, pending);
        self.ask(Ask::Call { request, what }, host);
    }

    /// Calls a function whose answer means nothing to anybody.
    fn also(&mut self, what: Request, host: &mut Host<'_>) {
        self.request(what, Pending::housekeeping(), host);
    }

    /// What the timer is for, and nothing else reads the time.
    fn time(&mut self, host: &mut Host<'_>) {
        self.alarm = None;
        let now = host.now();
        self.overdue(now, host);
        self.end_overdue(now, host);
        self.drops_due(now, host);
        self.retry(now, host);
    }

    fn set_alarm(&mut self, host: &mut Host<'_>) {
        let requests = self.pending.values().filter_map(Pending::due);
        let endings = self.talks.values().filter_map(|talk| talk.ending.as_ref().map(|ending| ending.at));
        let drops = self.talks.values().filter_map(|talk| talk.dropping.as_ref().and_then(Dropping::due));
        let devices = self.devices.values().filter_map(Device::due);
        let next = requests.chain(endings).chain(drops).chain(devices).chain(self.link.due()).min();
        let next = next.filter(|_| self.broken.is_none());
        if next == self.alarm {
            return;
        }
        match next {
            Some(at) => host.set_timer(ALARM, at.since(host.now())),
            None => host.cancel_timer(ALARM),
        }
        self.alarm = next;
    }
}

/// Why a command for a call that is not there is refused.
fn gone() -> CommandError {
    CommandError::new(ErrorCode::UnknownCall, "the call is over")
}

/// The command that led to something, if one did.
type Because = Option<CommandId>;
