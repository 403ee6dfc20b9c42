//! Handles of calls: what a program holds of a call, and with which privilege.

use super::{Service, number};
use crate::constants::*;
use crate::exchange::{Act, LegId, Refusal};

/// Where the handles of calls begin.
const FIRST: u32 = 0x0100_0000;

/// A program's handle of a call.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    pub(crate) open: u32,
    pub(crate) leg: LegId,
    /// `LINECALLPRIVILEGE`.
    pub(crate) privilege: u32,
    /// The `LINEDIGITMODE`s that are told.
    pub(crate) digits: u32,
    /// Nothing was said of it yet.
    pub(crate) fresh: bool,
}

impl Service {
    /// Makes a handle.
    pub(crate) fn add_handle(&mut self, open: u32, leg: LegId, privilege: u32, fresh: bool) -> u32 {
        let (handles, reuse) = (&self.handles, self.config.quirks.reuse_handles);
        let id = number(FIRST, &mut self.last_handle, reuse, |id| handles.contains_key(&id));
        self.handles.insert(id, Handle { open, leg, privilege, digits: 0, fresh });
        self.counters.handles += 1;
        self.count_owners(leg);
        id
    }

    /// Takes a handle away. What was asked for through it is never answered.
    pub(crate) fn drop_handle(&mut self, id: u32) {
        let Some(handle) = self.handles.remove(&id) else { return };
        self.requests.retain(|_, request| request.handle != Some(id));
        self.count_owners(handle.leg);
        let state = self.exchange.state(handle.leg);
        if state == LINECALLSTATE_DISCONNECTED {
            self.exchange.later.push((self.config.times.release, Act::Release { leg: handle.leg }));
        }
        if !self.handles.values().any(|other| other.leg == handle.leg) {
            let (ready, wait): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.late).into_iter().partition(|(leg, ..)| *leg == handle.leg);
            self.late = wait;
            for (_, program, message) in ready {
                self.push(program, message);
            }
        }
    }

    /// Whether somebody owns a call, after that may have changed.
    pub(crate) fn count_owners(&mut self, leg: LegId) {
        let owned = self.owners(leg) > 0;
        if let Some(leg) = self.exchange.legs.get_mut(&leg) {
            leg.owned = owned;
        }
    }

    pub(crate) fn owners(&self, leg: LegId) -> usize {
        self.handles.values().filter(|h| h.leg == leg && h.privilege == LINECALLPRIVILEGE_OWNER).count()
    }

    pub(crate) fn monitors(&self, leg: LegId) -> usize {
        self.handles.values().filter(|h| h.leg == leg && h.privilege == LINECALLPRIVILEGE_MONITOR).count()
    }

    pub(crate) fn handle(&self, id: u32) -> Result<&Handle, Refusal> {
        if self.stopped {
            return Err(LINEERR_SERVICE_NOT_RUNNING);
        }
        self.handles.get(&id).ok_or(LINEERR_INVALCALLHANDLE)
    }

    /// A handle whose holder owns the call.
    pub(crate) fn owned(&self, id: u32) -> Result<&Handle, Refusal> {
        let handle = self.handle(id)?;
        if handle.privilege != LINECALLPRIVILEGE_OWNER {
            return Err(LINEERR_NOTOWNER);
        }
        Ok(handle)
    }

    /// A program's handle of a call, through one of its lines.
    pub(crate) fn handle_of(&self, open: u32, leg: LegId) -> Option<u32> {
        self.handles.iter().find(|(_, handle)| handle.open == open && handle.leg == leg).map(|(id, _)| *id)
    }
}
