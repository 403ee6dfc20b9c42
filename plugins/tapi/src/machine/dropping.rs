//! Hanging up, so that what is to end ends: a conference that comes to its end while it is to be dropped is another call
//! by the time its driver looks, and refuses.

use std::time::Duration;

use jackfield_plugin_api::{CallKey, CommandId, Host, LineId, ReleasedBy, Reply, Timestamp};

use super::Machine;
use super::commands::{At, Done};
use super::pending::{Pending, Work, refusal};
use super::talk::Wish;
use crate::asks::Request;
use crate::sys::constants::{
    LINECALLSTATE_CONFERENCED, LINEERR_INVALCALLHANDLE, LINEERR_INVALCALLSTATE, LINEERR_INVALCONFCALLHANDLE, error,
};

/// How long it is waited between two tries, where no message about the call comes sooner.
const AGAIN: Duration = Duration::from_millis(300);

/// A talk that is to be dropped, by a command.
#[derive(Debug)]
pub(super) struct Dropping {
    id: CommandId,
    line: LineId,
    /// The handle that was asked for last.
    call: u32,
    /// It was a conference's, or the talk has another one since: that it is refused need not be the last word.
    moves: bool,
    /// What its driver said last.
    code: i32,
    /// The command waits for the next try, then. Absent: for the answer to a request, or for nothing any more.
    waits: Option<Timestamp>,
    /// Until then it is tried again.
    until: Timestamp,
}

impl Dropping {
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.waits
    }
}

/// That a call is in no state to be dropped, or that there is none with this handle (any more).
fn is_gone(code: i32) -> bool {
    [LINEERR_INVALCALLSTATE, LINEERR_INVALCALLHANDLE, LINEERR_INVALCONFCALLHANDLE]
        .into_iter()
        .any(|gone| code == error(gone))
}

impl Machine {
    pub(super) fn drop_call(&mut self, at: At, key: &CallKey, host: &mut Host<'_>) -> Done {
        let number = self.talk_of(at, key)?;
        let (call, leg) = self.leg_of(number)?;
        let moves = leg.whole || leg.is(LINECALLSTATE_CONFERENCED);
        self.wish(&[number], Some(Wish { cause: None, by: ReleasedBy::Local, because: Some(at.id), after: None }));
        let until = host.now() + Duration::from_secs(self.config.request_timeout.into());
        let new = Dropping { id: at.id, line: at.line, call, moves, code: 0, waits: None, until };
        let before = self.talks.get_mut(&number).and_then(|talk| talk.dropping.replace(new));
        if let Some(before) = before.filter(|before| before.waits.is_some()) {
            // Two who want the same: the first has the answer of the second to come.
            host.refuse(before.id, refusal("lineDrop", before.code));
        }
        self.request_of(number, Request::Drop { call }, at.pending(Work::Ends { talks: vec![number] }), host)
    }

    /// A driver refuses to drop. `true`: that is not the last word.
    pub(super) fn drop_refused(&mut self, pending: &Pending, code: i32, host: &mut Host<'_>) -> bool {
        let (Work::Ends { talks }, Some(id)) = (&pending.work, pending.command) else { return false };
        let [number] = talks.as_slice() else { return false };
        if pending.function != "lineDrop" || !is_gone(code) {
            return false;
        }
        let number = *number;
        let Some(talk) = self.talks.get_mut(&number) else {
            // It was over before its driver looked: who wanted it to end has got it.
            host.reply(id, Reply::accepted());
            return true;
        };
        let other = talk.main != pending.calls[0];
        let Some(dropping) = talk.dropping.as_mut().filter(|dropping| dropping.id == id) else { return false };
        dropping.moves |= other;
        if !dropping.moves || host.now() >= dropping.until {
            talk.dropping = None;
            return false;
        }
        (dropping.code, dropping.waits) = (code, Some(host.now() + AGAIN));
        if talk.main != dropping.call {
            self.drop_again(number, host);
        }
        true
    }

    /// A talk is led by another handle, or by one that has a state of its own again.
    pub(super) fn drop_follows(&mut self, number: u64, host: &mut Host<'_>) {
        let Some(talk) = self.talks.get_mut(&number) else { return };
        let Some(dropping) = &talk.dropping else { return };
        if host.now() >= dropping.until && dropping.waits.is_none() {
            talk.dropping = None;
            return;
        }
        let own = self.legs.get(&talk.main).is_some_and(|leg| !leg.whole && !leg.is(LINECALLSTATE_CONFERENCED));
        if talk.main != dropping.call || (own && dropping.waits.is_some()) {
            self.drop_again(number, host);
        }
    }

    fn drop_again(&mut self, number: u64, host: &mut Host<'_>) {
        let Some(talk) = self.talks.get_mut(&number) else { return };
        let call = talk.main;
        let Some(dropping) = &mut talk.dropping else { return };
        dropping.call = call;
        if dropping.waits.take().is_some() {
            let pending = Pending::new(dropping.id, dropping.line, Work::Ends { talks: vec![number] }).about(number);
            self.request(Request::Drop { call }, pending, host);
        } else {
            // The command has its answer, or one is to come that is about what was before.
            self.also(Request::Drop { call }, host);
        }
    }

    /// Time for another try, or for giving up.
    pub(super) fn drops_due(&mut self, now: Timestamp, host: &mut Host<'_>) {
        let due: Vec<u64> = self
            .talks
            .iter()
            .filter(|(_, talk)| talk.dropping.as_ref().and_then(Dropping::due).is_some_and(|at| at <= now))
            .map(|(number, _)| *number)
            .collect();
        for number in due {
            let Some(talk) = self.talks.get_mut(&number) else { continue };
            let ends = talk.ending.is_some();
            let Some(dropping) = &mut talk.dropping else { continue };
            if ends {
                // It is seen how it ends: nothing is to be done meanwhile.
                dropping.waits = Some(now + AGAIN);
            } else if now < dropping.until {
                self.drop_again(number, host);
            } else {
                let (id, code) = (dropping.id, dropping.code);
                talk.dropping = None;
                self.wish(&[number], None);
                host.refuse(id, refusal("lineDrop", code));
            }
        }
    }

    /// A request to drop was not answered in time: it is not followed any more.
    pub(super) fn drop_given_up(&mut self, talks: &[u64], id: CommandId) {
        for number in talks {
            if let Some(talk) = self.talks.get_mut(number)
                && talk.dropping.as_ref().is_some_and(|dropping| dropping.id == id)
            {
                talk.dropping = None;
            }
        }
    }

    /// Commands that wait for another try, of a line or of all: nobody tries it any more.
    pub(super) fn waiting_drops(&mut self, line: Option<LineId>) -> Vec<CommandId> {
        let talks = self.talks.values_mut().filter(|talk| line.is_none_or(|line| talk.line == line));
        let waiting = talks.filter_map(|talk| talk.dropping.take_if(|dropping| dropping.waits.is_some()));
        waiting.map(|dropping| dropping.id).collect()
    }
}

/// A talk is over: whoever waits for another try to drop it has got it.
pub(super) fn dropped(dropping: Option<Dropping>, host: &mut Host<'_>) {
    if let Some(dropping) = dropping.filter(|dropping| dropping.waits.is_some()) {
        host.reply(dropping.id, Reply::accepted());
    }
}
