//! Messages about calls, in whatever order a driver sends them.

use jackfield_plugin_api::{CallState, CommandId, Direction, DtmfFact, ErrorCode, Host, LogLevel, Side, Snapshot};

use super::pending::{Pending, Work};
use super::talk::{Leg, Sending, Talk};
use super::{MOST_EARLY, MOST_LEGS, Machine};
use crate::asks::{Ask, Request};
use crate::config::Privilege;
use crate::sys::constants::{
    LINE_ADDRESSSTATE, LINE_AGENTSTATUS, LINE_APPNEWCALL, LINE_CALLINFO, LINE_CALLSTATE, LINE_CLOSE, LINE_CREATE,
    LINE_GENERATE, LINE_LINEDEVSTATE, LINE_MONITORDIGITS, LINE_PROXYSTATUS, LINE_REMOVE, LINECALLFEATURE_ACCEPT,
    LINECALLFEATURE_MONITORDIGITS, LINECALLORIGIN_CONFERENCE, LINECALLORIGIN_EXTERNAL, LINECALLORIGIN_INBOUND,
    LINECALLORIGIN_INTERNAL, LINECALLORIGIN_OUTBOUND, LINECALLPRIVILEGE_OWNER, LINECALLSTATE_ACCEPTED,
    LINECALLSTATE_CONFERENCED, LINECALLSTATE_DIALING, LINECALLSTATE_DIALTONE, LINECALLSTATE_IDLE,
    LINECALLSTATE_OFFERING, LINECALLSTATE_PROCEEDING, LINECALLSTATE_RINGBACK, LINECALLSTATE_UNKNOWN,
    LINEDEVSTATE_REINIT, LINEGENERATETERM_DONE,
};
use crate::told::{Heard, Seen};

impl Machine {
    pub(super) fn message(&mut self, heard: &Heard, host: &mut Host<'_>) {
        // What still came of an application that is closed.
        if !self.link.is_up() && heard.id != LINE_LINEDEVSTATE && heard.id != LINE_CREATE {
            return;
        }
        match heard.id {
            LINE_CALLSTATE | LINE_CALLINFO => self.about_call(heard, host),
            LINE_APPNEWCALL => self.new_call(heard, host),
            LINE_MONITORDIGITS => self.digit(heard, host),
            LINE_GENERATE => self.generated(heard, host),
            LINE_LINEDEVSTATE if heard.p1 & LINEDEVSTATE_REINIT != 0 => {
                // With a second parameter it is another message, in the words of an older version.
                if heard.p2 == 0 {
                    let text = "the telephony service wants all programs to begin anew";
                    self.lose(ErrorCode::ConnectionLost, text.to_owned(), host);
                }
            }
            LINE_LINEDEVSTATE => {
                if let Some(device) = self.device_of_handle(heard.device) {
                    self.line_state(device, heard.p1, heard.line.as_ref(), host);
                }
            }
            LINE_ADDRESSSTATE => {
                if let (Some(device), Some(status)) = (self.device_of_handle(heard.device), heard.address.as_ref()) {
                    self.address_state(device, heard.p1, status, host);
                }
            }
            LINE_CLOSE => {
                if let Some(device) = self.device_of_handle(heard.device) {
                    self.line_lost(device, host);
                }
            }
            LINE_CREATE => self.ask(Ask::Look { device: heard.p1 }, host),
            LINE_REMOVE => self.device_removed(heard.p1, host),
            LINE_AGENTSTATUS | LINE_PROXYSTATUS => {
                if let Some(device) = self.device_of_handle(heard.device) {
                    self.agent_changed(device, heard.p1, host);
                }
            }
            _ => {}
        }
    }

    /// LINE_APPNEWCALL: a handle that nobody asked for. Its state follows.
    fn new_call(&mut self, heard: &Heard, host: &mut Host<'_>) {
        let Some(device) = self.device_of_handle(heard.device) else { return };
        let seen = heard.call.clone().unwrap_or_else(|| Seen { call: heard.p2, ..Seen::default() });
        self.add_leg(heard.p2, device, heard.p1, &seen, heard.p3, host);
        self.replay(heard.p2, host);
    }

    fn add_leg(&mut self, handle: u32, device: u32, address: u32, seen: &Seen, privilege: u32, host: &mut Host<'_>) {
        if handle == 0 {
            return;
        }
        if self.legs.len() >= MOST_LEGS {
            host.log(LogLevel::Error, format!("there are {MOST_LEGS} calls already: another one is not followed"));
            return self.also(Request::Deallocate { call: handle }, host);
        }
        let leg = self.legs.entry(handle).or_insert_with(|| Leg { device, ..Leg::default() });
        leg.info.address = address;
        leg.learn(seen);
        if privilege != 0 {
            leg.privilege = privilege;
        }
        leg.whole |= leg.info.origin == LINECALLORIGIN_CONFERENCE;
    }

    /// LINE_CALLSTATE and LINE_CALLINFO.
    fn about_call(&mut self, heard: &Heard, host: &mut Host<'_>) {
        let handle = heard.device;
        if !self.legs.contains_key(&handle) && !self.adopt(heard, host) {
            return;
        }
        let Some(leg) = self.legs.get_mut(&handle) else { return };
        if let Some(seen) = &heard.call {
            leg.learn(seen);
        }
        leg.whole |= leg.info.origin == LINECALLORIGIN_CONFERENCE;
        if heard.id == LINE_CALLSTATE {
            if heard.p3 != 0 {
                leg.privilege = heard.p3;
            }
            let known = is_state(heard.p1);
            if known {
                // The message's state counts: what was looked up may be a step ahead.
                (leg.state, leg.mode) = (heard.p1, heard.p2);
            }
            // One of its driver's own is none of ours: it is as it was, if its driver does not know better.
            if !known || heard.p1 == LINECALLSTATE_UNKNOWN {
                self.look_again(handle, heard.call.as_ref());
            }
        }
        self.settle(handle, host);
    }

    /// The state of a call whose driver cannot tell it in a message.
    fn look_again(&mut self, handle: u32, seen: Option<&Seen>) {
        let status = seen.and_then(|seen| seen.status.as_ref());
        if let (Some(leg), Some(status)) = (self.legs.get_mut(&handle), status)
            && status.state != LINECALLSTATE_UNKNOWN
            && is_state(status.state)
        {
            (leg.state, leg.mode) = (status.state, status.mode);
        }
    }

    /// A call whose handle was never told. `false`: it is not taken, or not yet.
    fn adopt(&mut self, heard: &Heard, host: &mut Host<'_>) -> bool {
        if self.awaits_handle() {
            // It may be the one that an answer is about to name.
            if self.early.len() >= MOST_EARLY {
                self.early.pop_front();
            }
            self.early.push_back(heard.clone());
            return false;
        }
        let Some(seen) = heard.call.as_ref().filter(|seen| seen.info.is_some()) else { return false };
        if heard.p1 == LINECALLSTATE_IDLE && heard.id == LINE_CALLSTATE {
            self.also(Request::Deallocate { call: heard.device }, host);
            return false;
        }
        let info = seen.info.clone().unwrap_or_default();
        let Some(device) = self.device_of_handle(info.line) else { return false };
        self.add_leg(heard.device, device, info.address, seen, 0, host);
        self.legs.contains_key(&heard.device)
    }

    /// Messages about a call that came before its handle was known.
    pub(super) fn replay(&mut self, handle: u32, host: &mut Host<'_>) {
        let early = std::mem::take(&mut self.early);
        let (now, later): (Vec<Heard>, Vec<Heard>) = early.into_iter().partition(|heard| heard.device == handle);
        self.early = later.into();
        for heard in now {
            self.about_call(&heard, host);
        }
    }

    /// Nobody is about to name a handle any more: what is left is what it looks like.
    pub(super) fn replay_rest(&mut self, host: &mut Host<'_>) {
        if self.early.is_empty() || self.awaits_handle() {
            return;
        }
        for heard in std::mem::take(&mut self.early) {
            self.about_call(&heard, host);
        }
    }

    /// A call that was up when its line was opened.
    pub(super) fn existing(&mut self, device: u32, seen: &Seen, host: &mut Host<'_>) {
        if !self.is_opening(device) {
            // Of a line that was given up meanwhile, or of an application that is closed: its handle goes with that.
            return;
        }
        let handle = seen.call;
        let info = seen.info.clone().unwrap_or_default();
        self.add_leg(handle, device, info.address, seen, 0, host);
        if let (Some(leg), Some(status)) = (self.legs.get_mut(&handle), &seen.status)
            && !leg.is_known()
            && is_state(status.state)
        {
            (leg.state, leg.mode) = (status.state, status.mode);
        }
        self.settle(handle, host);
    }

    /// What a leg's state means for what clients see.
    pub(super) fn settle(&mut self, handle: u32, host: &mut Host<'_>) {
        let Some(leg) = self.legs.get(&handle) else { return };
        if !leg.is_known() {
            return;
        }
        if leg.over() {
            return self.leg_over(handle, host);
        }
        if leg.is(LINECALLSTATE_CONFERENCED) {
            return self.conferenced(handle, host);
        }
        if leg.whole && leg.talk.is_none() {
            return self.conference_seen(handle, host);
        }
        if leg.elsewhere() {
            return self.elsewhere(handle, host);
        }
        let number = match leg.talk {
            Some(number) => number,
            None => match self.new_talk(handle) {
                Some(number) => number,
                None => return,
            },
        };
        self.part_of(number, handle, host);
        self.drop_follows(number, host);
        self.claim(handle, host);
        self.accept(handle, host);
        self.monitor(handle, host);
        self.returns(number, host);
        self.report(number, host);
        self.report_pairs(number, host);
    }

    /// Makes a talk of a leg, if it is on one of our lines.
    pub(super) fn new_talk(&mut self, handle: u32) -> Option<u64> {
        let leg = self.legs.get(&handle)?;
        let line = self.line_of(leg.device, leg.info.address)?;
        let direction = direction(leg);
        self.last_talk += 1;
        let number = self.last_talk;
        self.talks.insert(number, Talk::new(number, self.session, line, handle, direction));
        self.legs.get_mut(&handle)?.talk = Some(number);
        Some(number)
    }

    /// Takes a call that nobody owns, once: one that was up before us, or whose program has gone.
    fn claim(&mut self, handle: u32, host: &mut Host<'_>) {
        let wanted = self.config.privilege == Privilege::Owner;
        let Some(leg) = self.legs.get_mut(&handle) else { return };
        // What was ours and is another program's now was taken on purpose.
        leg.claimed |= leg.owned();
        let unowned = leg.info.line != 0 && leg.info.owners == 0 && leg.privilege != 0 && !leg.owned();
        if wanted && unowned && !leg.claimed {
            leg.claimed = true;
            let mut pending = Pending::housekeeping();
            pending.work = Work::Owned { call: handle };
            self.request(Request::SetPrivilege { call: handle, privilege: LINECALLPRIVILEGE_OWNER }, pending, host);
        }
    }

    /// Accepts a call that is offered, once.
    fn accept(&mut self, handle: u32, host: &mut Host<'_>) {
        let wanted = self.config.accept;
        let Some(leg) = self.legs.get_mut(&handle) else { return };
        let offered = leg.is(LINECALLSTATE_OFFERING) && leg.features & LINECALLFEATURE_ACCEPT != 0;
        if wanted && offered && leg.owned() && !leg.accepted {
            leg.accepted = true;
            self.also(Request::Accept { call: handle }, host);
        }
    }

    /// Listens to the digits of a call, once.
    fn monitor(&mut self, handle: u32, host: &mut Host<'_>) {
        let wanted = self.config.monitor_digits;
        let Some(leg) = self.legs.get_mut(&handle) else { return };
        if wanted && !leg.monitored && leg.talks() && leg.features & LINECALLFEATURE_MONITORDIGITS != 0 {
            leg.monitored = true;
            self.also(Request::MonitorDigits { call: handle, on: true }, host);
        }
    }

    /// All calls of a line, when it is opened.
    pub(super) fn snapshot(&mut self, line: jackfield_plugin_api::LineId, host: &mut Host<'_>) {
        let numbers: Vec<u64> = self.talks.iter().filter(|(_, talk)| talk.line == line).map(|(n, _)| *n).collect();
        let mut calls = Vec::new();
        for number in numbers {
            if let Some(fact) = self.fact(number) {
                let state = fact.state;
                calls.push(fact);
                if let Some(talk) = self.talks.get_mut(&number) {
                    (talk.told, talk.state) = (true, Some(state));
                    talk.connected = matches!(state, CallState::Connected | CallState::Conferenced | CallState::Held);
                    talk.busy = state == CallState::Busy;
                }
            }
        }
        host.report(Snapshot::new(line, calls));
    }

    /// LINE_MONITORDIGITS: a digit of the other side; or one of ours that the driver hears.
    fn digit(&mut self, heard: &Heard, host: &mut Host<'_>) {
        let Some(digit) = char::from_u32(heard.p1 & 0xff).filter(|c| "0123456789*#ABCDabcd".contains(*c)) else {
            return;
        };
        let Some(talk) = self.legs.get(&heard.device).and_then(|leg| self.talks.get(&leg.talk?)) else { return };
        let ours = talk.sending.as_ref().is_some_and(|sending| sending.digits.contains(digit.to_ascii_uppercase()));
        if talk.told && talk.connected && !ours {
            let digit = digit.to_ascii_uppercase().to_string();
            host.report(DtmfFact::new(talk.line, talk.key.clone(), digit, Side::Remote));
        }
    }

    /// LINE_GENERATE: our digits have been sent.
    fn generated(&mut self, heard: &Heard, host: &mut Host<'_>) {
        let Some(number) = self.legs.get(&heard.device).and_then(|leg| leg.talk) else { return };
        let Some(talk) = self.talks.get_mut(&number) else { return };
        let Some(Sending { because, digits, .. }) = talk.sending.take() else { return };
        if heard.p1 != LINEGENERATETERM_DONE {
            host.log(LogLevel::Warn, "digits were not sent to their end: another command ended them");
            return;
        }
        let mut fact = DtmfFact::new(talk.line, talk.key.clone(), digits, Side::Local);
        fact.command = because;
        host.report(fact);
    }

    /// Which talk a key of a line means.
    pub(super) fn talk_by_key(
        &self,
        line: jackfield_plugin_api::LineId,
        key: &jackfield_plugin_api::CallKey,
    ) -> Option<u64> {
        self.talks.iter().find(|(_, talk)| talk.line == line && talk.key == *key).map(|(number, _)| *number)
    }

    /// A talk is the doing of a command.
    pub(super) fn because(&mut self, number: u64, command: Option<CommandId>) {
        if let Some(talk) = self.talks.get_mut(&number) {
            talk.because = command.or(talk.because);
        }
    }
}

/// One of the states that TAPI knows: the upper bits are for drivers, which may have their own.
fn is_state(state: u32) -> bool {
    state.is_power_of_two() && state <= LINECALLSTATE_UNKNOWN
}

/// Which way a call goes: what its driver says, else what its first state says.
fn direction(leg: &Leg) -> Direction {
    match leg.info.origin {
        LINECALLORIGIN_OUTBOUND => Direction::Out,
        LINECALLORIGIN_INBOUND | LINECALLORIGIN_INTERNAL | LINECALLORIGIN_EXTERNAL => Direction::In,
        _ => match leg.state {
            LINECALLSTATE_OFFERING | LINECALLSTATE_ACCEPTED => Direction::In,
            LINECALLSTATE_DIALTONE | LINECALLSTATE_DIALING | LINECALLSTATE_PROCEEDING | LINECALLSTATE_RINGBACK => {
                Direction::Out
            }
            _ if leg.busy() => Direction::Out,
            _ => Direction::Unknown,
        },
    }
}
