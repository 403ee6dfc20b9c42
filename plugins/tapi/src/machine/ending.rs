//! How calls end, and in which order it is told.

use std::collections::BTreeSet;
use std::time::Duration;

use jackfield_plugin_api::{CallFact, CallState, Cause, CauseCode, Direction, Host, Phase, ReleasedBy, Timestamp};
use serde_json::json;

use super::Machine;
use super::dropping::dropped;
use super::talk::{Ending, Leg, Talk, Until};
use crate::asks::Request;
use crate::sys::constants::{
    LINECALLSTATE_DISCONNECTED, LINECALLSTATE_IDLE, LINEDISCONNECTMODE_BADADDRESS, LINEDISCONNECTMODE_BLOCKED,
    LINEDISCONNECTMODE_BUSY, LINEDISCONNECTMODE_CANCELLED, LINEDISCONNECTMODE_DONOTDISTURB,
    LINEDISCONNECTMODE_FORWARDED, LINEDISCONNECTMODE_NOANSWER, LINEDISCONNECTMODE_NORMAL,
    LINEDISCONNECTMODE_NUMBERCHANGED, LINEDISCONNECTMODE_PICKUP, LINEDISCONNECTMODE_REJECT, LINEDISCONNECTMODE_UNAVAIL,
    LINEDISCONNECTMODE_UNKNOWN,
};

/// How long the end of a call waits for what belongs before it.
const PATIENCE: Duration = Duration::from_secs(2);

impl Machine {
    /// A leg is over: the other side has gone, or all is.
    pub(super) fn leg_over(&mut self, handle: u32, host: &mut Host<'_>) {
        let Some(leg) = self.legs.get_mut(&handle) else { return };
        let idle = leg.is(LINECALLSTATE_IDLE);
        // Only who owns a call can clear what is left of it.
        if leg.is(LINECALLSTATE_DISCONNECTED) && leg.owned() && !leg.cleared {
            leg.cleared = true;
            self.also(Request::Drop { call: handle }, host);
        }
        let number = self.legs.get(&handle).and_then(|leg| leg.talk);
        if let Some(number) = number {
            self.talk_loses(number, handle, host);
        }
        if idle {
            self.let_idle_go(host);
        }
    }

    /// Gives handles of calls back that are over, once nothing that was asked of them waits for an answer: a driver
    /// need not answer for a call that nobody has a handle of.
    pub(super) fn let_idle_go(&mut self, host: &mut Host<'_>) {
        let waits = |call: &u32| self.pending.values().any(|p| !p.late && p.calls.contains(call));
        let idle = self.legs.iter().filter(|(_, leg)| leg.is(LINECALLSTATE_IDLE)).map(|(handle, _)| *handle);
        let idle: Vec<u32> = idle.filter(|handle| !waits(handle)).collect();
        for call in idle {
            self.legs.remove(&call);
            // What came before the handle was known is over, too.
            self.early.retain(|heard| heard.device != call);
            self.also(Request::Deallocate { call }, host);
        }
        self.forget_unseen();
    }

    /// A conference that was named, never seen, and is nobody's any more is no handle of ours.
    pub(super) fn forget_unseen(&mut self) {
        let named: BTreeSet<u32> =
            self.legs.values().filter(|leg| leg.talk.is_some()).filter_map(|leg| leg.conference).collect();
        let unseen = |leg: &Leg| leg.whole && leg.state == 0 && leg.info.line == 0 && leg.talk.is_none();
        self.legs.retain(|handle, leg| !unseen(leg) || named.contains(handle));
    }

    fn talk_loses(&mut self, number: u64, handle: u32, host: &mut Host<'_>) {
        let Some(talk) = self.talks.get_mut(&number) else { return };
        if talk.main != handle {
            talk.members.remove(&handle);
            let main = talk.main;
            let alone = self.together(number) == 0;
            if alone && self.legs.get(&main).is_none_or(|leg| !leg.is_known()) {
                // The conference was named and never seen.
                return self.end(number, handle, host);
            }
            let Some(talk) = self.talks.get_mut(&number) else { return };
            let waits = talk.ending.as_ref().is_some_and(|ending| ending.until == Until::Alone);
            if !waits {
                self.report(number, host);
                return self.report_pairs(number, host);
            }
            if self.together(number) == 0 {
                self.finish(number, host);
            }
            return;
        }
        if talk.ending.is_some() {
            return;
        }
        if self.legs.get(&handle).is_some_and(|leg| leg.whole) && self.goes_on_alone(number, host) {
            return;
        }
        self.end(number, handle, host);
    }

    /// The conference as a whole is over: one of its legs may go on.
    fn goes_on_alone(&mut self, number: u64, host: &mut Host<'_>) -> bool {
        let Some(talk) = self.talks.get(&number) else { return false };
        let left: Vec<u32> =
            talk.members.iter().copied().filter(|m| self.legs.get(m).is_some_and(|leg| !leg.over())).collect();
        let alone = left.iter().copied().find(|m| self.legs.get(m).is_some_and(|leg| leg.held() || leg.talks_alone()));
        if let Some(alone) = alone {
            self.leads(number, alone, host);
            self.report(number, host);
            self.report_pairs(number, host);
            return true;
        }
        // What is to be dropped is over with its last leg. Another wish (it is parked, handed over) has come true.
        if left.is_empty() || (talk.wish.is_some() && talk.dropping.is_none()) {
            return false;
        }
        if let [last] = left.as_slice() {
            // Its own state follows, or its end.
            let last = *last;
            self.leads(number, last, host);
            return true;
        }
        let main = talk.main;
        self.wait_to_end(number, main, Until::Alone, host);
        true
    }

    /// A leg is all that is left of a talk.
    pub(super) fn leads(&mut self, number: u64, handle: u32, host: &mut Host<'_>) {
        let Some(talk) = self.talks.get_mut(&number) else { return };
        let before = std::mem::replace(&mut talk.main, handle);
        let others = std::mem::take(&mut talk.members);
        talk.ending = None;
        if before != handle {
            self.leaves(before);
        }
        if let Some(leg) = self.legs.get_mut(&handle) {
            leg.talk = Some(number);
            leg.conference = None;
        }
        for other in others.into_iter().filter(|other| *other != handle) {
            // Each of what is left is a call of its own, if it goes on.
            if let Some(leg) = self.legs.get_mut(&other) {
                (leg.talk, leg.conference) = (None, None);
            }
        }
        self.drop_follows(number, host);
    }

    /// The talk is over with this leg.
    pub(super) fn end(&mut self, number: u64, handle: u32, host: &mut Host<'_>) {
        let after = self.talks.get(&number).and_then(|talk| talk.wish?.after);
        if let Some(after) = after.filter(|after| self.talks.contains_key(after)) {
            return self.wait_to_end(number, handle, Until::Over(after), host);
        }
        self.wait_to_end(number, handle, Until::Alone, host);
        self.finish(number, host);
    }

    fn wait_to_end(&mut self, number: u64, handle: u32, until: Until, host: &mut Host<'_>) {
        let (Some(leg), Some(talk)) = (self.legs.get(&handle), self.talks.get(&number)) else { return };
        let (cause, by) = cause(talk, leg);
        let native = if leg.is(LINECALLSTATE_DISCONNECTED) { leg.mode } else { 0 };
        self.end_as(number, cause, by, native, until, host);
    }

    /// The talk is over for a reason.
    pub(super) fn end_as(
        &mut self,
        number: u64,
        cause: CauseCode,
        by: ReleasedBy,
        native: u32,
        until: Until,
        host: &Host<'_>,
    ) {
        let at = host.now() + PATIENCE;
        if let Some(talk) = self.talks.get_mut(&number) {
            let because = talk.wish.and_then(|wish| wish.because).or(talk.because);
            talk.ending = Some(Ending { cause, by, native, because, until, at });
        }
    }

    /// Tells that a talk is over, and then those that waited for it.
    pub(super) fn finish(&mut self, number: u64, host: &mut Host<'_>) {
        let Some(mut talk) = self.talks.remove(&number) else { return };
        let Some(ending) = talk.ending.take() else { return };
        dropped(talk.dropping.take(), host);
        // A conference that was named and never seen is no handle of ours.
        self.legs.retain(|_, leg| leg.talk != Some(number) || !leg.whole || leg.state != 0);
        for leg in self.legs.values_mut().filter(|leg| leg.talk == Some(number)) {
            leg.talk = None;
        }
        if self.lines.get(&talk.line).is_some_and(|line| line.live) {
            tell_end(&talk, &ending, host);
        }
        for other in self.talks.values_mut().filter(|other| other.parent == Some(number)) {
            other.parent = None;
        }
        self.refuse_talk(number, host);
        let waits = |talk: &Talk| talk.ending.as_ref().is_some_and(|e| e.until == Until::Over(number));
        let waiting: Vec<u64> = self.talks.iter().filter(|(_, talk)| waits(talk)).map(|(n, _)| *n).collect();
        for other in waiting {
            self.finish(other, host);
        }
        let left: Vec<u64> =
            self.talks.iter().filter(|(_, t)| t.line == talk.line && t.told).map(|(n, _)| *n).collect();
        for other in left {
            self.returns(other, host);
            self.report(other, host);
        }
    }

    /// A conference stands: those who were merged into it are over.
    pub(super) fn end_merged(&mut self, number: u64, host: &mut Host<'_>) {
        let waits = |talk: &Talk| talk.ending.as_ref().is_some_and(|e| e.until == Until::Conference(number));
        let merged: Vec<u64> = self.talks.iter().filter(|(_, talk)| waits(talk)).map(|(n, _)| *n).collect();
        for other in merged {
            self.finish(other, host);
        }
    }

    /// Ends whose wait is over.
    pub(super) fn end_overdue(&mut self, now: Timestamp, host: &mut Host<'_>) {
        let due = |talk: &Talk| talk.ending.as_ref().is_some_and(|ending| ending.at <= now);
        let late: Vec<u64> = self.talks.iter().filter(|(_, talk)| due(talk)).map(|(n, _)| *n).collect();
        for number in late {
            self.finish(number, host);
        }
    }

    /// On a shared line somebody else has the call now.
    pub(super) fn elsewhere(&mut self, handle: u32, host: &mut Host<'_>) {
        let Some(number) = self.legs.get(&handle).and_then(|leg| leg.talk) else { return };
        let connected = self.talks.get(&number).is_some_and(|talk| talk.connected);
        let cause = if connected { CauseCode::NormalClearing } else { CauseCode::PickedUpElsewhere };
        self.end_as(number, cause, ReleasedBy::System, 0, Until::Alone, host);
        self.finish(number, host);
    }
}

impl Leg {
    fn talks_alone(&self) -> bool {
        self.is_known() && self.conference.is_none() || self.is(crate::sys::constants::LINECALLSTATE_CONNECTED)
    }
}

fn tell_end(talk: &Talk, ending: &Ending, host: &mut Host<'_>) {
    let busy = ending.cause == CauseCode::Busy && !talk.busy && !talk.connected && talk.direction == Direction::Out;
    if !talk.told {
        // Who dialled is told of a call that came to nothing; nobody else saw it.
        if talk.dialled.is_none() {
            return;
        }
        let fact = CallFact::new(talk.line, talk.key.clone(), CallState::Alerting);
        let mut fact = fact.phase(Phase::Dialing).direction(Direction::Out);
        fact.called = talk.dialled.clone().map(jackfield_plugin_api::Party::new);
        fact.command = talk.because;
        host.report(fact);
    }
    let mut why = Cause::new(ending.cause);
    if ending.native != 0 {
        why = why.native(json!({ "linedisconnectmode": ending.native }));
    }
    if busy {
        // The driver has no state for it, only this way of ending.
        host.report(CallFact::new(talk.line, talk.key.clone(), CallState::Busy).cause(why.clone()));
    }
    let mut fact = CallFact::finished(talk.line, talk.key.clone(), why).released_by(ending.by);
    fact.command = ending.because;
    host.report(fact);
}

/// Why a talk is over, and who ended it.
fn cause(talk: &Talk, leg: &Leg) -> (CauseCode, ReleasedBy) {
    let incoming = talk.direction == Direction::In;
    let own_end = match (talk.connected, talk.busy, incoming) {
        (true, _, _) => CauseCode::NormalClearing,
        (_, true, _) => CauseCode::Busy,
        (_, _, true) => CauseCode::Rejected,
        _ => CauseCode::Cancelled,
    };
    if let Some(wish) = talk.wish {
        return (wish.cause.unwrap_or(own_end), wish.by);
    }
    if !leg.is(LINECALLSTATE_DISCONNECTED) {
        return match (talk.connected, talk.busy) {
            (true, _) => (CauseCode::NormalClearing, ReleasedBy::Unknown),
            (_, true) => (CauseCode::Busy, ReleasedBy::System),
            _ => (CauseCode::Cancelled, ReleasedBy::Unknown),
        };
    }
    if talk.busy && !talk.connected {
        return (CauseCode::Busy, ReleasedBy::System);
    }
    match leg.mode {
        LINEDISCONNECTMODE_NORMAL | LINEDISCONNECTMODE_UNKNOWN | LINEDISCONNECTMODE_UNAVAIL | 0 => {
            match (talk.connected, incoming) {
                (true, _) => (CauseCode::NormalClearing, ReleasedBy::Remote),
                (_, true) => (CauseCode::Cancelled, ReleasedBy::Remote),
                _ if leg.mode == LINEDISCONNECTMODE_NORMAL => (CauseCode::NoAnswer, ReleasedBy::Remote),
                _ => (CauseCode::Unknown, ReleasedBy::Unknown),
            }
        }
        LINEDISCONNECTMODE_REJECT | LINEDISCONNECTMODE_BLOCKED | LINEDISCONNECTMODE_DONOTDISTURB => {
            (CauseCode::Rejected, ReleasedBy::Remote)
        }
        LINEDISCONNECTMODE_PICKUP => (CauseCode::PickedUpElsewhere, ReleasedBy::System),
        LINEDISCONNECTMODE_FORWARDED => (CauseCode::Redirected, ReleasedBy::System),
        LINEDISCONNECTMODE_BUSY => (CauseCode::Busy, ReleasedBy::System),
        LINEDISCONNECTMODE_NOANSWER => (CauseCode::NoAnswer, ReleasedBy::System),
        LINEDISCONNECTMODE_BADADDRESS | LINEDISCONNECTMODE_NUMBERCHANGED => {
            (CauseCode::InvalidDestination, ReleasedBy::System)
        }
        LINEDISCONNECTMODE_CANCELLED if incoming => (CauseCode::Cancelled, ReleasedBy::Remote),
        LINEDISCONNECTMODE_CANCELLED => (CauseCode::Cancelled, ReleasedBy::Local),
        _ => (CauseCode::NetworkError, ReleasedBy::System),
    }
}
