//! Commands for two calls: consultations, transfers, conferences, swaps.

use jackfield_plugin_api::{CallKey, CauseCode, CommandError, CommandId, ErrorCode, Host, LineId, ReleasedBy, Reply};

use super::commands::{At, Done, destination};
use super::pending::Work;
use super::talk::Wish;
use super::{Machine, gone};
use crate::asks::Request;
use crate::sys::constants::{
    LINECALLFEATURE_ADDTOCONF, LINECALLFEATURE_PREPAREADDCONF, LINECALLFEATURE_SETUPCONF,
    LINECALLFEATURE_SETUPTRANSFER, LINECALLFEATURE_UNHOLD, LINECALLSTATE_ONHOLD, LINETRANSFERMODE_CONFERENCE,
    LINETRANSFERMODE_TRANSFER,
};
use crate::told::Given;

impl Machine {
    pub(super) fn consult(&mut self, at: At, key: &CallKey, to: Option<&str>, host: &mut Host<'_>) -> Done {
        let to = to.map(destination).transpose()?;
        let number = self.talk_of(at, key)?;
        let (line, _) = self.handle_of(at.line)?;
        let (call, leg) = self.leg_of(number)?;
        let can = |feature: u32| leg.features & feature != 0;
        let what = if can(LINECALLFEATURE_SETUPTRANSFER) || to.is_none() {
            Request::SetupTransfer { call }
        } else if can(LINECALLFEATURE_PREPAREADDCONF) {
            Request::PrepareAddToConference { conference: call }
        } else if can(LINECALLFEATURE_SETUPCONF) {
            Request::SetupConference { call, line }
        } else {
            Request::SetupTransfer { call }
        };
        self.request_of(number, what, at.pending(Work::Consult { parent: number, to }), host)
    }

    /// The consultation's handle has come: it dials.
    pub(super) fn consulting(
        &mut self,
        given: &Given,
        parent: u64,
        to: Option<String>,
        (line, command): (Option<LineId>, Option<CommandId>),
        host: &mut Host<'_>,
    ) {
        let calls = if let Given::Calls(calls) = given { calls.as_slice() } else { &[] };
        let handle = calls.last().copied().unwrap_or(0);
        // A handle that is another call's already is no conference of this one.
        let is_another = |whole: u32| self.legs.get(&whole).and_then(|leg| leg.talk).is_some_and(|talk| talk != parent);
        if let ([whole, _], Some(place)) = (calls, self.place_of_talk(parent))
            && !is_another(*whole)
        {
            self.is_whole(*whole, place);
            self.becomes(parent, *whole);
            self.replay(*whole, host);
        }
        let parent = Some(parent).filter(|parent| self.talks.contains_key(parent));
        let made = line.and_then(|line| self.made(line, handle, command, to.clone(), parent));
        let (Some(number), Some(line)) = (made, line) else {
            if handle != 0 && !self.legs.contains_key(&handle) {
                self.also(Request::Drop { call: handle }, host);
                self.also(Request::Deallocate { call: handle }, host);
            }
            if let Some(command) = command {
                host.refuse(command, gone());
            }
            return;
        };
        let key = self.talks[&number].key.clone();
        self.replay(handle, host);
        if self.legs.get(&handle).is_some_and(|leg| leg.is_known()) {
            self.settle(handle, host);
        }
        match (to, command) {
            (Some(to), Some(id)) => {
                if let Err(error) = self.dial(At { id, line }, number, to, host) {
                    host.refuse(id, error);
                }
            }
            (None, Some(id)) => host.reply(id, Reply::call(key)),
            // Who asked has gone: nobody is to be called.
            (_, None) => self.also(Request::Drop { call: handle }, host),
        }
    }

    pub(super) fn transfer(&mut self, at: At, key: &CallKey, other: &CallKey, host: &mut Host<'_>) -> Done {
        let (held, active) = self.pair(at, key, other)?;
        let (held_call, _) = self.leg_of(held)?;
        let (active_call, _) = self.leg_of(active)?;
        let wish =
            |after| Wish { cause: Some(CauseCode::Transferred), by: ReleasedBy::Local, because: Some(at.id), after };
        // The consultation ends first.
        self.wish(&[active], Some(wish(None)));
        self.wish(&[held], Some(wish(Some(active))));
        let mode = LINETRANSFERMODE_TRANSFER;
        let what = Request::CompleteTransfer { call: held_call, consult: active_call, mode };
        self.request_of(held, what, at.pending(Work::Ends { talks: vec![active, held] }), host)
    }

    /// Two talks, the one that waits first.
    fn pair(&self, at: At, one: &CallKey, other: &CallKey) -> Result<(u64, u64), CommandError> {
        let (one, other) = (self.talk_of(at, one)?, self.talk_of(at, other)?);
        if one == other {
            return Err(one_and_the_same());
        }
        let (_, first) = self.leg_of(one)?;
        let (_, second) = self.leg_of(other)?;
        Ok(if second.held() && !first.held() { (other, one) } else { (one, other) })
    }

    pub(super) fn cancel(&mut self, at: At, key: &CallKey, consult: &CallKey, host: &mut Host<'_>) -> Done {
        let (first, consult) = (self.talk_of(at, key)?, self.talk_of(at, consult)?);
        if first == consult {
            return Err(one_and_the_same());
        }
        let (call, _) = self.leg_of(consult)?;
        self.wish(&[consult], Some(Wish { cause: None, by: ReleasedBy::Local, because: Some(at.id), after: None }));
        if let Some(talk) = self.talks.get_mut(&first) {
            talk.returns = true;
        }
        let work = Work::GiveUp { first, consult };
        self.request_of(consult, Request::Drop { call }, at.pending(work), host)
    }

    /// A call whose consultation was given up, and that its driver has left on hold.
    pub(super) fn returns(&mut self, number: u64, host: &mut Host<'_>) {
        let Some(talk) = self.talks.get_mut(&number).filter(|talk| talk.returns) else { return };
        let Some(leg) = self.legs.get(&talk.main) else { return };
        if leg.talks() {
            talk.returns = false;
        } else if leg.is(LINECALLSTATE_ONHOLD) && leg.features & LINECALLFEATURE_UNHOLD != 0 {
            talk.returns = false;
            let call = talk.main;
            self.also(Request::Unhold { call }, host);
        }
    }

    pub(super) fn alternate(&mut self, at: At, key: &CallKey, other: &CallKey, host: &mut Host<'_>) -> Done {
        let (held, active) = self.pair(at, key, other)?;
        let ((held_call, _), (active_call, _)) = (self.leg_of(held)?, self.leg_of(active)?);
        self.because(held, Some(at.id));
        let what = Request::SwapHold { active: active_call, held: held_call };
        self.request_of(active, what, at.pending(Work::Plain), host)
    }

    pub(super) fn conference(&mut self, at: At, key: &CallKey, consult: &CallKey, host: &mut Host<'_>) -> Done {
        let (stays, merged) = (self.talk_of(at, key)?, self.talk_of(at, consult)?);
        if stays == merged {
            return Err(one_and_the_same());
        }
        let ((first, whole), (second, other)) = (self.leg_of(stays)?, self.leg_of(merged)?);
        let adds = (whole.features | other.features) & LINECALLFEATURE_ADDTOCONF != 0;
        let what = if whole.whole && adds {
            Request::AddToConference { conference: first, consult: second }
        } else if other.whole && adds {
            Request::AddToConference { conference: second, consult: first }
        } else {
            let (held, active) = self.pair(at, key, consult)?;
            let ((call, _), (consult, _)) = (self.leg_of(held)?, self.leg_of(active)?);
            Request::CompleteTransfer { call, consult, mode: LINETRANSFERMODE_CONFERENCE }
        };
        self.request_of(stays, what, at.pending(Work::Merge { stays }), host)
    }
}

fn one_and_the_same() -> CommandError {
    CommandError::new(ErrorCode::NoConsultCall, "the two calls are one and the same")
}
