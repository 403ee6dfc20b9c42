//! Calls between two parties: dialling, ringing, answering, ending.

use serde_json::json;

use super::{
    Behaviour, Exchange, Job, MAX_CALLS, Party, Place, Refusal,
    call::{Call, Seat, Side, Stage},
    journal::Ended,
    refuse,
};
use crate::oktell::{Millis, config::Chain, ids::Kind};

/// How long a busy tone is heard.
pub(super) const BUSY_TONE: Millis = 1_000;
/// How often a call is redirected at most.
const REDIRECTS: usize = 5;
/// The longest number that can be dialled.
const DIGITS: usize = 64;

/// Which phone is rung first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// The caller's own.
    Own,
    /// The called one's.
    Far,
    /// The caller has the handset in the hand.
    Lifted,
}

impl Exchange {
    /// Begins a call. `chain`: the chain that it belongs to, if there is one already.
    pub(crate) fn dial(
        &mut self,
        caller: &Party,
        number: &str,
        first: First,
        auto: bool,
        chain: Option<String>,
    ) -> Result<String, Refusal> {
        if number.is_empty() || number.len() > DIGITS {
            return refuse(2106, "There is no such number");
        }
        if self.calls.len() >= MAX_CALLS {
            return refuse(2107, "There are too many calls");
        }
        if self.number(caller) == number {
            return refuse(2107, "A phone cannot call itself");
        }
        if let Party::User(user) = *caller {
            let line = &self.users[user];
            if !line.phone {
                return refuse(2002, "The phone is not connected");
            }
            if line.current.is_some() {
                return refuse(2103, "The line is not free");
            }
        }
        let chain = chain.unwrap_or_else(|| self.ids.next(Kind::Chain));
        let id = self.fresh();
        let stage = match first {
            First::Own => Stage::OwnPhone,
            First::Far => Stage::FarFirst,
            First::Lifted => Stage::Dialling,
        };
        let called = self.party(number);
        self.journal.step(&chain, self.now, "dialled", number);
        if let Party::User(user) = *caller {
            self.users[user].current = Some(Place::Call(id));
            if auto {
                self.tell(user, "phoneevent_acmcallstarted", json!({ "chainid": chain, "number": number }));
            }
        }
        let call = Call {
            chain: chain.clone(),
            commutation: String::new(),
            caller: caller.clone(),
            called,
            stage,
            auto,
            queue: None,
            tried: 0,
            failed: false,
            began: self.now,
            answered: None,
            stamp: 0,
        };
        self.calls.insert(id, call);
        match (stage, caller) {
            (Stage::OwnPhone, Party::User(user)) => self.ring_own_phone(id, *user),
            _ => self.ring(id),
        }
        if let Party::User(user) = *caller {
            self.settle(user);
        }
        Ok(chain)
    }

    /// Enters a stage, and arranges what happens in it by itself.
    pub(super) fn enter(&mut self, id: u64, stage: Stage) {
        let stamp = self.fresh();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = stage;
        call.stamp = stamp;
        let outside_only = !matches!(call.caller, Party::User(_)) && !matches!(call.called, Party::User(_));
        let waits = matches!(call.called, Party::Queue(_));
        let talks_ms = match call.called {
            Party::Script(script) => Some(self.config.scripts[script].talks_ms),
            _ => None,
        };
        match (stage, talks_ms) {
            (Stage::Talk, Some(talks_ms)) => self.later(talks_ms, Job::ScriptEnds { call: id, stamp }),
            (Stage::Talk, None) if outside_only => {
                self.later(self.config.outside_talk_ms, Job::End { call: id, stamp });
            }
            (Stage::OwnPhone | Stage::FarAnswered, _) => {
                if self.config.lift_ms > 0 {
                    self.later(self.config.lift_ms, Job::Lift { call: id, stamp });
                }
                self.later(self.config.no_answer_ms, Job::NoAnswer { call: id, stamp });
            }
            // Who waits in a queue gives up at last, too.
            (Stage::FarFirst | Stage::Dialling, _) if waits => {
                self.later(self.config.no_answer_ms.saturating_mul(20), Job::End { call: id, stamp });
            }
            (Stage::FarFirst | Stage::Dialling, _) => {
                self.later(self.config.no_answer_ms, Job::NoAnswer { call: id, stamp });
            }
            (Stage::Talk | Stage::Held(_), _) => {}
        }
    }

    fn ring_own_phone(&mut self, id: u64, user: usize) {
        self.enter(id, Stage::OwnPhone);
        let Some(call) = self.calls.get(&id) else { return };
        let body = json!({
            "chainid": call.chain,
            "callerdirection": "oktell_pbx",
            "callerid": "",
            "callername": "",
            "callerinfo": format!("Auto dial. Callback. Abonent: {}", self.number(&call.called)),
            "callerlineid": Self::no_chain(),
            "callerlinenum": "00000",
            "connectionindex": 1,
            "isconference": false,
            "isextline": false,
            "istask": false,
        });
        self.tell(user, "phoneevent_ringstarted", body);
    }

    /// Lets the called party ring, in the stage that the call is in (`Dialling` or `FarFirst`).
    pub(super) fn ring(&mut self, id: u64) {
        for _ in 0..REDIRECTS {
            let Some(call) = self.calls.get_mut(&id) else { return };
            let Party::User(user) = call.called else { break };
            let Some(number) = self.redirected(user) else { break };
            let to = self.party(&number);
            let Some(call) = self.calls.get_mut(&id) else { return };
            if to == call.caller {
                return self.give_up(id, "busy");
            }
            call.called = to;
        }
        let Some(call) = self.calls.get(&id) else { return };
        let (stage, called) = (call.stage, call.called.clone());
        self.enter(id, stage);
        let Some(stamp) = self.calls.get(&id).map(|call| call.stamp) else { return };
        match called {
            Party::User(user) if !self.takes_calls(user) || self.behaviour(&called) == Behaviour::Busy => {
                return self.give_up(id, "busy");
            }
            Party::User(user) => {
                self.users[user].current = Some(Place::Call(id));
                self.tell_ringing(id, user);
                self.settle(user);
            }
            Party::Queue(queue) => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.queue = Some(queue);
                }
                self.serve_queues();
                return;
            }
            Party::Script(_) => return self.later(0, Job::Answer { call: id, stamp }),
            Party::Outside(_) => {}
        }
        let Some(party) = self.calls.get(&id).map(|call| call.called.clone()) else { return };
        match self.behaviour(&party) {
            Behaviour::Manual => {}
            Behaviour::Answer { after_ms } => self.later(after_ms, Job::Answer { call: id, stamp }),
            Behaviour::Busy => self.give_up(id, "busy"),
            Behaviour::Refuse { after_ms } => self.later(after_ms, Job::End { call: id, stamp }),
        }
    }

    /// The called party cannot be had: the caller hears the busy tone for a moment. A queue goes on.
    fn give_up(&mut self, id: u64, cause: &'static str) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.queue.is_some() {
            return self.back_to_queue(id);
        }
        self.journal.step(&call.chain, self.now, cause, &self.number(&call.called));
        // Nobody rings while the tone is heard: the other end is the exchange's own.
        let (number, stage) = (self.number(&call.called), call.stage);
        self.vacate(id, Side::Called);
        if let Some(call) = self.calls.get_mut(&id) {
            call.called = Party::Outside(number);
            call.failed = true;
        }
        self.enter(id, stage);
        if let Some(stamp) = self.calls.get(&id).map(|call| call.stamp) {
            self.later(BUSY_TONE, Job::End { call: id, stamp });
        }
    }

    pub(super) fn tell_ringing(&mut self, id: u64, user: usize) {
        let Some(call) = self.calls.get(&id) else { return };
        let from = call.caller.clone();
        let (number, name) = (self.number(&from), self.name(&from));
        let (line_id, line_number) = self.line_of(&from);
        let body = json!({
            "chainid": call.chain,
            "callerid": number,
            "callername": name,
            "callerinfo": "",
            "callercomment": "",
            "callerdescription": "",
            "callerdirection": if matches!(from, Party::Outside(_)) { "pstn" } else { "oktell_pbx" },
            "callerlineid": line_id,
            "callerlinenum": line_number,
            "connectionindex": 1,
            "isconference": false,
            "isextline": matches!(from, Party::Outside(_)),
            "istask": false,
            "canfax": false,
            "canvideo": false,
        });
        self.tell(user, "phoneevent_ringstarted", body);
    }

    /// Whoever rings in this call at its far end answers.
    pub(super) fn answered(&mut self, id: u64) {
        let Some(call) = self.calls.get(&id) else { return };
        if call.seat(Side::Called) != Seat::Ring || call.failed {
            return;
        }
        let (chain, caller, called, far_first) =
            (call.chain.clone(), call.caller.clone(), call.called.clone(), call.stage == Stage::FarFirst);
        if !far_first {
            return self.commutate(id);
        }
        self.enter(id, Stage::FarAnswered);
        if let Party::User(user) = called {
            self.tell(user, "phoneevent_ringstopped", json!({ "chainid": chain }));
            self.settle(user);
        }
        if let Party::User(user) = caller {
            self.tell(user, "phoneevent_ringstarted", json!({ "chainid": chain, "callerid": self.number(&called) }));
            self.settle(user);
        }
    }

    /// The caller's own phone, which rang for a callback, is lifted.
    pub(super) fn lifted(&mut self, id: u64) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.stage == Stage::FarAnswered {
            return self.commutate(id);
        }
        if call.stage != Stage::OwnPhone {
            return;
        }
        let (chain, caller) = (call.chain.clone(), call.caller.clone());
        call.stage = Stage::Dialling;
        if let Party::User(user) = caller {
            self.tell(user, "phoneevent_ringstopped", json!({ "chainid": chain }));
            self.settle(user);
        }
        self.ring(id);
    }

    /// Connects the two sides of a call.
    pub(super) fn commutate(&mut self, id: u64) {
        let commutation = self.ids.next(Kind::Commutation);
        let new_chain = (self.config.answer_chain == Chain::New).then(|| self.ids.next(Kind::Chain));
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (old_chain, first) = (call.chain.clone(), call.answered.is_none());
        let seats = [Side::Caller, Side::Called].map(|side| (side, call.seat(side)));
        if let Some(new) = new_chain.filter(|_| first) {
            call.chain = new;
        }
        call.commutation = commutation;
        call.answered.get_or_insert(self.now);
        let auto = std::mem::take(&mut call.auto);
        self.journal.step(&call.chain, self.now, "connected", "");
        self.enter(id, Stage::Talk);
        let users = seats.map(|(side, seat)| (side, seat, self.calls.get(&id).map(|call| call.party(side).clone())));
        for (side, seat, party) in users {
            let Some(Party::User(user)) = party else { continue };
            if matches!(seat, Seat::Ring | Seat::OwnRing) {
                self.tell(user, "phoneevent_ringstopped", json!({ "chainid": old_chain }));
            }
            if auto && side == Side::Caller {
                self.tell(user, "phoneevent_acmcallstopped", json!({ "chainid": old_chain }));
            }
            self.tell_talk(id, side, user);
            self.settle(user);
        }
    }

    /// Says that a side talks: with a machine, or with somebody.
    pub(super) fn tell_talk(&mut self, id: u64, side: Side, user: usize) {
        let Some(call) = self.calls.get(&id) else { return };
        let other = call.party(side.other()).clone();
        let body = json!({
            "chainid": call.chain,
            "commutationid": call.commutation,
            "callerid": self.number(&other),
            "isextline": matches!(other, Party::Outside(_)),
            "isconference": false,
        });
        if let Party::Script(_) = other {
            self.tell(user, "phoneevent_ivrstarted", json!({ "chainid": call.chain, "isroutingivr": false }));
        } else {
            self.tell(user, "phoneevent_commstarted", body);
        }
    }

    /// Says that a side talks no longer.
    pub(super) fn tell_talk_stopped(&mut self, id: u64, side: Side, user: usize) {
        let Some(call) = self.calls.get(&id) else { return };
        let (chain, commutation) = (&call.chain, &call.commutation);
        if matches!(call.party(side.other()), Party::Script(_)) {
            self.tell(user, "phoneevent_ivrstopped", json!({ "chainid": chain, "isroutingivr": false }));
        } else {
            self.tell(user, "phoneevent_commstopped", json!({ "chainid": chain, "commutationid": commutation }));
        }
    }

    /// Takes a user out of its seat in a call, without a word.
    pub(super) fn vacate(&mut self, id: u64, side: Side) {
        let Some(call) = self.calls.get(&id) else { return };
        let Party::User(user) = *call.party(side) else { return };
        let line = &mut self.users[user];
        for place in [&mut line.current, &mut line.held] {
            if *place == Some(Place::Call(id)) {
                *place = None;
            }
        }
    }

    /// Ends a call. `by`: the user who left, as against everything else that ends calls.
    pub(super) fn release(&mut self, id: u64, by: Option<usize>, cause: &'static str) {
        let mut touched = Vec::new();
        for side in [Side::Caller, Side::Called] {
            let Some(call) = self.calls.get(&id) else { return };
            let (seat, chain, auto) = (call.seat(side), call.chain.clone(), call.auto && side == Side::Caller);
            let Party::User(user) = *call.party(side) else { continue };
            if seat == Seat::Away {
                continue;
            }
            match seat {
                Seat::Ring | Seat::OwnRing => self.tell(user, "phoneevent_ringstopped", json!({ "chainid": chain })),
                Seat::Talk => self.tell_talk_stopped(id, side, user),
                Seat::Holding => {
                    let lost = if by == Some(user) { 3 } else { 4 };
                    self.tell(user, "flashstatechanged", json!({ "flashtypeid": lost }));
                }
                Seat::InFlash => {
                    self.tell(user, "flashstatechanged", json!({ "flashtypeid": 13 }));
                    self.tell_talk_stopped(id, side, user);
                }
                Seat::AutoCall | Seat::Waiting | Seat::Away => {}
            }
            if auto {
                self.tell(user, "phoneevent_acmcallstopped", json!({ "chainid": chain }));
            }
            self.vacate(id, side);
            touched.push(user);
        }
        if let Some(call) = self.calls.remove(&id) {
            self.journal.step(&call.chain, self.now, cause, "");
            let (from, to) = (self.number(&call.caller), self.number(&call.called));
            let Call { chain, began, answered, .. } = call;
            self.journal.end(Ended { chain, from, to, began, answered, ended: self.now, cause });
        }
        for user in touched {
            self.settle(user);
        }
    }
}
