//! Calls begin and are answered.

use super::{Call, Leg, MAX_CALLS, Party, Refusal, State, Switch, What, operation, resource, state};

/// What goes with a number that is dialled.
#[derive(Debug, Default)]
pub(crate) struct Dial {
    /// The users' own data, in hexadecimal.
    pub(crate) uui: Option<String>,
    /// The number is dialled when somebody lifts the handset.
    pub(crate) prompt: bool,
}

impl Switch {
    /// A telephone calls a number.
    pub(crate) fn make_call(&mut self, station: usize, to: &str, dial: Dial) -> Result<u32, Refusal> {
        check_number(to)?;
        self.check_originate(station)?;
        let prompt = dial.prompt.then(|| to.to_owned());
        let call = self.begin(Party::Station(station), State::Initiated, dial.uui)?;
        if let Some(call) = self.calls.get_mut(&call) {
            call.prompt.clone_from(&prompt);
        }
        self.initiated(call, station, "makeCall");
        if prompt.is_none() {
            self.originate(call, station, to, "newCall");
        }
        Ok(call)
    }

    /// The handset is lifted, and nothing is dialled yet.
    pub(crate) fn lift(&mut self, station: usize) -> Result<u32, Refusal> {
        self.check_originate(station)?;
        let call = self.begin(Party::Station(station), State::Initiated, None)?;
        self.initiated(call, station, "normal");
        Ok(call)
    }

    /// The handset is lifted already: now the number.
    pub(crate) fn dial(&mut self, station: usize, to: &str) -> Result<u32, Refusal> {
        check_number(to)?;
        let lifted = self.calls_of(station).find(|(_, state)| *state == State::Initiated);
        let call = lifted.map(|(call, _)| call.id).ok_or_else(|| state("noActiveCall"))?;
        self.originate(call, station, to, "newCall");
        Ok(call)
    }

    /// Somebody outside calls a number here.
    pub(crate) fn call_in(&mut self, from: &str, to: &str, uui: Option<String>) -> Result<u32, Refusal> {
        check_number(to)?;
        check_number(from)?;
        let (caller, party) = (Party::Outside(from.to_owned()), self.party(to));
        if matches!(party, Party::Outside(_)) {
            return Err(operation("invalidCalledDeviceID"));
        }
        let call = self.begin(caller.clone(), State::Connected, uui)?;
        if let Some(call) = self.calls.get_mut(&call) {
            call.called = party.clone();
        }
        if self.config.patience_ms > 0 {
            self.later(self.config.patience_ms, call, &caller, super::Deed::GiveUp);
        }
        self.route(call, &party, "newCall");
        Ok(call)
    }

    /// Another call may begin at a telephone.
    pub(super) fn check_originate(&self, station: usize) -> Result<(), Refusal> {
        let own = &self.stations[station];
        if !own.there {
            return Err(resource("deviceOutOfService"));
        }
        if self.calls_of(station).any(|(_, it)| matches!(it, State::Initiated | State::Connected)) {
            return Err(state("invalidDeviceState"));
        }
        if self.calls_of(station).count() >= own.appearances {
            return Err(resource("resourceBusy"));
        }
        Ok(())
    }

    /// A call with its first party.
    pub(super) fn begin(&mut self, party: Party, state: State, uui: Option<String>) -> Result<u32, Refusal> {
        if self.calls.len() >= MAX_CALLS {
            return Err(resource("resourceLimitExceeded"));
        }
        let id = self.new_id();
        let number = self.fresh();
        let trunk = if matches!(party, Party::Outside(_)) { trunk(number) } else { 0 };
        // The switch's number, one that counts, and the time in seconds: twenty digits.
        let ucid = format!("{:05}{:05}{:010}", self.seed % 100_000, number % 100_000, 1_791_428_000 + self.now / 1_000);
        let leg = Leg { party: party.clone(), state, trunk, acd: false, ring: 0, stamp: number };
        let call = Call {
            id,
            ucid,
            legs: vec![leg],
            calling: party.clone(),
            called: party,
            last: None,
            split: None,
            vdns: Vec::new(),
            uui,
            digits: None,
            answered: false,
            failed: false,
            prompt: None,
        };
        self.calls.insert(id, call);
        Ok(id)
    }

    /// The next call id that is free; those of calls that have ended are used again after a while.
    pub(super) fn new_id(&mut self) -> u32 {
        let (first, last) = (self.config.call_ids.first, self.config.call_ids.last);
        for _ in 0..=self.calls.len() {
            self.last_call = if self.last_call >= last { first } else { self.last_call + 1 };
            if !self.calls.contains_key(&self.last_call) {
                return self.last_call;
            }
        }
        // More calls than ids: one that is too large, rather than two calls with one id.
        let beyond = self.calls.last_key_value().map_or(last, |(id, _)| *id);
        beyond.saturating_add(1)
    }

    /// Tells that a handset was lifted.
    pub(super) fn initiated(&mut self, call: u32, station: usize, cause: &'static str) {
        let leg = self.calls.get(&call).and_then(|call| call.leg(&Party::Station(station))).cloned();
        if let Some(leg) = leg {
            self.tell(call, What::Initiated(leg), cause, &[]);
        }
    }

    /// A number is dialled at a telephone that is off hook.
    pub(super) fn originate(&mut self, call: u32, station: usize, to: &str, cause: &'static str) {
        let (own, to) = (Party::Station(station), self.party(to));
        let Some(leg) = self.set(call, &own, State::Connected) else { return };
        if let Some(call) = self.calls.get_mut(&call) {
            call.called = to.clone();
            call.prompt = None;
        }
        self.settle(station);
        self.tell(call, What::Originated(leg), cause, &[]);
        self.route(call, &to, cause);
    }

    /// A party answers what rings, or lifts the handset for a number that waits for it.
    pub(crate) fn answer(&mut self, id: u32, party: &Party) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or_else(|| operation("invalidCallID"))?;
        let leg = call.leg(party).ok_or_else(|| operation("invalidConnectionID"))?;
        if let (State::Initiated, Party::Station(station), Some(to)) = (leg.state, party, call.prompt.clone()) {
            self.originate(id, *station, &to, "newCall");
            return Ok(());
        }
        if leg.state != State::Alerting {
            return Err(state("noCallToAnswer"));
        }
        if let Party::Station(station) = party {
            if !self.stations[*station].there {
                return Err(resource("deviceOutOfService"));
            }
            self.make_room(*station);
        }
        let Some(leg) = self.set(id, party, State::Connected) else { return Ok(()) };
        let ring = leg.ring;
        if let Some(call) = self.calls.get_mut(&id) {
            call.answered = true;
        }
        self.tell(id, What::Established(leg), "normal", &[]);
        self.silence(id, ring);
        self.talk_ends(id);
        if let Party::Station(station) = party {
            self.settle(*station);
        }
        Ok(())
    }

    /// Whatever a telephone talks to is put on hold; what it only dials is given up.
    fn make_room(&mut self, station: usize) {
        let busy = self.calls_of(station).filter(|(_, it)| matches!(it, State::Connected | State::Initiated));
        let busy: Vec<(u32, bool)> = busy.map(|(call, _)| (call.id, call.is_talk())).collect();
        for (call, talk) in busy {
            if talk {
                self.put_on_hold(call, station, "normal");
            } else {
                self.leave(call, &Party::Station(station));
            }
        }
    }

    /// The others that ring for the same reason stop.
    pub(super) fn silence(&mut self, id: u32, ring: u64) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let rings = |leg: &Leg| leg.state == State::Alerting && leg.ring == ring;
        let others: Vec<Leg> = call.legs.extract_if(.., |leg| rings(leg)).collect();
        for leg in others {
            let Party::Station(station) = leg.party else { continue };
            let what = match self.config.answered_elsewhere {
                crate::avaya::config::AnsweredElsewhere::Cleared => What::Cleared(leg),
                crate::avaya::config::AnsweredElsewhere::Bridged => What::Bridged(leg),
            };
            self.tell(id, what, "callPickup", &[station]);
            self.freed(station, false);
        }
    }

    /// People outside do not talk for ever, if they are so.
    fn talk_ends(&mut self, id: u32) {
        if self.config.talk_ms == 0 {
            return;
        }
        let Some(call) = self.calls.get(&id) else { return };
        let outside = call.people().find(|leg| matches!(leg.party, Party::Outside(_)) && leg.state == State::Connected);
        if let Some(party) = outside.map(|leg| leg.party.clone()) {
            self.later(self.config.talk_ms, id, &party, super::Deed::Hangup);
        }
    }
}

/// The trunk of somebody outside.
pub(super) fn trunk(number: u64) -> u32 {
    u32::try_from(number % 250).unwrap_or(0) + 1
}

/// Digits, stars and hashes, thirty at most.
pub(super) fn check_number(number: &str) -> Result<(), Refusal> {
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'+'));
    if number.is_empty() || number.len() > 30 || !plain {
        return Err(operation("invalidDestination"));
    }
    Ok(())
}
