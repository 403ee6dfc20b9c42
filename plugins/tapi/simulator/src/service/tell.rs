//! From what has happened in the phone system to messages for programs.

use super::Service;
use super::program::message;
use crate::constants::*;
use crate::exchange::{Happening, LegId, Spot};

impl Service {
    /// Tells everybody whom it concerns.
    pub(crate) fn tell(&mut self, happening: &Happening) {
        match *happening {
            Happening::State { leg, state, mode } => self.tell_state(leg, state, mode),
            Happening::Info { leg, bits } => self.tell_info(leg, bits),
            Happening::Digit { leg, digit } => self.tell_digit(leg, digit),
            Happening::Generated { leg, how } => self.tell_generated(leg, how),
            Happening::Address { spot, bits } => self.tell_address(spot, bits),
            Happening::Line { device, bits, second, third } => self.tell_line(device, bits, [second, third]),
            Happening::Agent { spot, bits } => self.tell_agent(spot, bits),
        }
    }

    fn tell_state(&mut self, leg: LegId, state: u32, mode: u32) {
        let skipped = |name: &String| state_named(name) == Some(state);
        if self.config.quirks.skip_states.iter().any(skipped) {
            return;
        }
        if self.told.insert(leg) {
            self.announce(leg);
        }
        let handles: Vec<u32> = self.handles.iter().filter(|(_, h)| h.leg == leg).map(|(id, _)| *id).collect();
        for id in handles {
            let Some(handle) = self.handles.get_mut(&id) else { continue };
            let (open, privilege) = (handle.open, handle.privilege);
            let fresh = std::mem::take(&mut handle.fresh);
            let Some(line) = self.opens.get(&open) else { continue };
            let (program, instance, api) = (line.program, line.instance, line.api);
            if fresh && self.config.quirks.info_first {
                let bits = LINECALLINFOSTATE_CALLERID | LINECALLINFOSTATE_CALLEDID;
                self.push(program, message(id, LINE_CALLINFO, instance, [bits as usize, 0, 0]));
            }
            if fresh && api >= crate::layout::V2_0 {
                let address = self.exchange.legs.get(&leg).and_then(|leg| leg.spot).map_or(0, |spot| spot.address);
                let parameters = [address as usize, id as usize, privilege as usize];
                self.push(program, message(open, LINE_APPNEWCALL, instance, parameters));
            }
            let mut third = if fresh { privilege } else { 0 };
            if fresh && self.config.quirks.unknown_first {
                let parameters = [LINECALLSTATE_UNKNOWN as usize, 0, third as usize];
                self.push(program, message(id, LINE_CALLSTATE, instance, parameters));
                third = 0;
            }
            let second = if state == LINECALLSTATE_CONFERENCED { self.conference_handle(open, leg) } else { mode };
            let parameters = [state as usize, second as usize, third as usize];
            self.push(program, message(id, LINE_CALLSTATE, instance, parameters));
        }
    }

    /// The handle of the conference that a call is a party of; 0 if the program has none.
    fn conference_handle(&self, open: u32, leg: LegId) -> u32 {
        let conference = self.exchange.legs.get(&leg).and_then(|leg| leg.conference);
        conference.and_then(|conference| self.handle_of(open, conference)).unwrap_or(0)
    }

    /// A call is there: every program that has the line open and wants to get a handle of it gets one.
    fn announce(&mut self, leg: LegId) {
        let Some(spot) = self.exchange.legs.get(&leg).and_then(|leg| leg.spot) else { return };
        let elsewhere = self.exchange.device(spot.device).is_some_and(|device| device.line.owned);
        let opens: Vec<(u32, u32)> =
            self.opens.iter().filter(|(_, open)| open.shows(spot)).map(|(id, open)| (*id, open.privileges)).collect();
        for (open, privileges) in opens {
            if self.handle_of(open, leg).is_some() {
                continue;
            }
            let free = !elsewhere && self.owners(leg) == 0;
            if privileges & LINECALLPRIVILEGE_OWNER != 0 && free {
                self.add_handle(open, leg, LINECALLPRIVILEGE_OWNER, true);
            } else if privileges & LINECALLPRIVILEGE_MONITOR != 0 {
                self.add_handle(open, leg, LINECALLPRIVILEGE_MONITOR, true);
            }
        }
    }

    /// For every handle of a call: program, handle, instance.
    fn handles_of(&self, leg: LegId) -> Vec<(u32, u32, usize)> {
        let of_it = self.handles.iter().filter(|(_, handle)| handle.leg == leg && !handle.fresh);
        of_it
            .filter_map(|(id, handle)| {
                let open = self.opens.get(&handle.open)?;
                Some((open.program, *id, open.instance))
            })
            .collect()
    }

    pub(crate) fn tell_info(&mut self, leg: LegId, bits: u32) {
        if self.exchange.state(leg) == LINECALLSTATE_IDLE {
            return;
        }
        for (program, handle, instance) in self.handles_of(leg) {
            self.push(program, message(handle, LINE_CALLINFO, instance, [bits as usize, 0, 0]));
        }
    }

    fn tell_digit(&mut self, leg: LegId, digit: char) {
        let tick = self.ticks();
        for (program, id, instance) in self.handles_of(leg) {
            let modes = self.handles.get(&id).map_or(0, |handle| handle.digits);
            for mode in [LINEDIGITMODE_PULSE, LINEDIGITMODE_DTMF, LINEDIGITMODE_DTMFEND] {
                // Tones, not pulses; the end of a tone is told to who wants it.
                if modes & mode != 0 && mode != LINEDIGITMODE_PULSE {
                    let parameters = [digit as usize, mode as usize, tick];
                    self.push(program, message(id, LINE_MONITORDIGITS, instance, parameters));
                }
            }
        }
    }

    fn tell_generated(&mut self, leg: LegId, how: u32) {
        let tick = self.ticks();
        for (program, id, instance) in self.handles_of(leg) {
            if self.handles.get(&id).is_some_and(|handle| handle.privilege == LINECALLPRIVILEGE_OWNER) {
                self.push(program, message(id, LINE_GENERATE, instance, [how as usize, 0, tick]));
            }
        }
    }

    fn tell_address(&mut self, spot: Spot, bits: u32) {
        let mut messages = Vec::new();
        for (id, open) in &self.opens {
            let wanted = bits & open.address_states;
            if open.shows(spot) && wanted != 0 {
                let parameters = [spot.address as usize, wanted as usize, 0];
                messages.push((open.program, message(*id, LINE_ADDRESSSTATE, open.instance, parameters)));
            }
        }
        self.push_all(messages);
    }

    fn tell_line(&mut self, device: u32, bits: u32, [second, third]: [usize; 2]) {
        let mut messages = Vec::new();
        for (id, open) in &self.opens {
            let wanted = bits & open.line_states;
            if open.device == device && wanted != 0 {
                let parameters = [wanted as usize, second, third];
                messages.push((open.program, message(*id, LINE_LINEDEVSTATE, open.instance, parameters)));
            }
        }
        self.push_all(messages);
    }

    fn tell_agent(&mut self, spot: Spot, bits: u32) {
        let state = self.exchange.desks.get(&spot).and_then(|desk| desk.agent.as_ref()).map_or(0, |agent| agent.state);
        let state = if bits & LINEAGENTSTATUS_STATE != 0 { state } else { 0 };
        let mut messages = Vec::new();
        for (id, open) in &self.opens {
            if open.shows(spot) && open.api >= crate::layout::V2_0 {
                let parameters = [spot.address as usize, bits as usize, state as usize];
                messages.push((open.program, message(*id, LINE_AGENTSTATUS, open.instance, parameters)));
            }
        }
        self.push_all(messages);
    }

    pub(crate) fn push_all(&mut self, messages: Vec<(u32, crate::layout::LINEMESSAGE)>) {
        for (program, message) in messages {
            self.push(program, message);
        }
    }

    /// What Windows counts in milliseconds since it was started.
    fn ticks(&self) -> usize {
        usize::try_from(self.now() & 0xFFFF_FFFF).unwrap_or(0)
    }
}
