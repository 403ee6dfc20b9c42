//! TAPI itself: whether it works, and when it is tried again.

use std::time::Duration;

use jackfield_plugin_api::{Down, ErrorCode, Host, LogLevel, Timestamp, Up};

use super::Machine;
use super::devices::Open;
use crate::asks::{Ask, Request};
use crate::capabilities::implemented;
use crate::sys::constants::{
    LINEERR_INVALAPPHANDLE, LINEERR_OPERATIONUNAVAIL, LINEERR_REINIT, LINEERR_SERVICE_NOT_RUNNING,
    LINEERR_UNINITIALIZED, error,
};

/// The first pause before another try, and the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Where it stands.
#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) state: State,
    /// How often it was tried in vain.
    tries: u32,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not started yet, or over for good.
    #[default]
    Off,
    /// It begins; when it takes too long the driver hangs.
    Starting(Timestamp),
    Up,
    /// It is closed, to be begun anew.
    Closing(Timestamp),
    /// It is tried again then.
    Waiting(Timestamp),
}

impl Link {
    pub(super) fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Starting(at) | State::Closing(at) | State::Waiting(at) => Some(at),
            State::Off | State::Up => None,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.state == State::Up
    }
}

/// A function that says that there is no TAPI behind it any more.
pub(super) fn is_lost(code: i32) -> bool {
    [LINEERR_UNINITIALIZED, LINEERR_SERVICE_NOT_RUNNING, LINEERR_INVALAPPHANDLE, LINEERR_REINIT]
        .into_iter()
        .any(|lost| code == error(lost))
}

impl Machine {
    pub(super) fn start(&mut self, host: &mut Host<'_>) {
        self.devices.clear();
        // All devices are looked at meanwhile, each by its driver.
        self.link.state = State::Starting(host.now() + self.patience() * 3);
        self.ask(Ask::Start, host);
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(self.config.hang_timeout.into())
    }

    pub(super) fn ready(&mut self, devices: u32, missing: &[String], host: &mut Host<'_>) {
        self.link = Link { state: State::Up, tries: 0 };
        if !missing.is_empty() {
            host.log(LogLevel::Info, format!("the library has no {}", missing.join(", ")));
        }
        host.log(LogLevel::Info, format!("TAPI has {devices} line devices"));
        let drivers = self.drivers();
        let name = if drivers.is_empty() { "TAPI 2".to_owned() } else { format!("TAPI 2 ({drivers})") };
        host.report(Up::new(name, implemented()));
        self.match_lines(host);
    }

    /// The drivers of the devices, each once.
    fn drivers(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for device in self.devices.values() {
            let name = device.about.caps.provider.as_str();
            if !name.is_empty() && !names.contains(&name) && names.len() < 3 {
                names.push(name);
            }
        }
        names.join(", ")
    }

    pub(super) fn failed(&mut self, step: &str, code: i32, text: &str, host: &mut Host<'_>) {
        let nothing_to_load = step == "library";
        let text = if nothing_to_load || code == 0 { text.to_owned() } else { format!("{step}: {text}") };
        let kind = if nothing_to_load { ErrorCode::AdapterLoadFailed } else { ErrorCode::ConnectionFailed };
        let down = Down::new(kind, text);
        // A stub stays a stub, and a library that is not there needs somebody; both are looked at now and then.
        let fixed = nothing_to_load || code == 0 || code == error(LINEERR_OPERATIONUNAVAIL);
        if fixed {
            self.link.tries = 6;
        }
        self.forget_all("TAPI could not be started", host);
        host.report(if fixed { down.no_retry() } else { down });
        self.wait(host);
    }

    fn wait(&mut self, host: &mut Host<'_>) {
        let pause = FIRST.saturating_mul(1 << self.link.tries.min(5)).min(LONGEST);
        // Not all programs of a machine at the same instant.
        let part = u32::try_from(host.random() % 256).unwrap_or(0);
        let pause = pause.mul_f64(0.75 + f64::from(part) / 1_024.0);
        self.link.tries = self.link.tries.saturating_add(1);
        self.link.state = State::Waiting(host.now() + pause);
    }

    /// No messages come any more.
    pub(super) fn ended(&mut self, code: i32, text: &str, host: &mut Host<'_>) {
        if matches!(self.link.state, State::Up | State::Starting(_)) {
            let kind = if code == 0 { ErrorCode::AdapterLoadFailed } else { ErrorCode::ConnectionLost };
            self.lose(kind, text.to_owned(), host);
        }
    }

    /// TAPI is gone, or wants to be begun anew.
    pub(super) fn lose(&mut self, code: ErrorCode, text: String, host: &mut Host<'_>) {
        self.forget_all("the connection to TAPI is lost", host);
        host.report(Down::new(code, text));
        self.link.state = State::Closing(host.now() + self.patience());
        self.ask(Ask::Stop, host);
    }

    pub(super) fn stopped(&mut self, host: &mut Host<'_>) {
        if matches!(self.link.state, State::Closing(_)) {
            self.wait(host);
        }
    }

    /// All handles are void.
    fn forget_all(&mut self, why: &str, host: &mut Host<'_>) {
        self.refuse_all(why, host);
        self.legs.clear();
        self.talks.clear();
        self.early.clear();
        for line in self.lines.values_mut() {
            line.forget();
        }
        for device in self.devices.values_mut() {
            device.open = Open::No;
        }
    }

    pub(super) fn retry(&mut self, now: Timestamp, host: &mut Host<'_>) {
        match self.link.state {
            State::Waiting(at) if at <= now => self.start(host),
            State::Starting(at) | State::Closing(at) if at <= now => {
                self.hang("the library", host);
            }
            _ => self.reopen(now, host),
        }
    }

    /// The connection ends: calls stay as they are, handles are given back.
    pub(super) fn leave(&mut self, host: &mut Host<'_>) {
        self.refuse_all("the connection ends", host);
        let calls: Vec<u32> = self.legs.keys().copied().collect();
        for call in calls {
            self.also(Request::Deallocate { call }, host);
        }
        let lines: Vec<u32> = self.devices.values().filter_map(|device| device.handle()).collect();
        for line in lines {
            self.ask(Ask::Close { line }, host);
        }
        self.pending.clear();
        self.legs.clear();
        self.talks.clear();
        self.devices.clear();
        self.link.state = State::Off;
    }
}
