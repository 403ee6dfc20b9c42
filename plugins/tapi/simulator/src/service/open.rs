//! Lines that programs have opened.

use super::{Service, number};
use crate::constants::*;
use crate::exchange::{Refusal, Spot};
use crate::layout::Version;

/// Where the handles of lines begin.
const FIRST: u32 = 0x0001_0000;

/// A line as one program has opened it.
pub(crate) struct Open {
    pub(crate) program: u32,
    pub(crate) device: u32,
    pub(crate) api: Version,
    /// The version of the driver's extension that is used; 0 for none.
    pub(crate) extension: Version,
    pub(crate) instance: usize,
    /// Bits of `LINECALLPRIVILEGE`.
    pub(crate) privileges: u32,
    pub(crate) media: u32,
    /// Only this address.
    pub(crate) address: Option<u32>,
    /// Which `LINEDEVSTATE` and `LINEADDRESSSTATE` bits it wants to hear of.
    pub(crate) line_states: u32,
    pub(crate) address_states: u32,
}

/// What `lineOpen` asks for.
#[derive(Clone, Copy)]
pub(crate) struct NewOpen {
    pub(crate) program: u32,
    pub(crate) device: u32,
    pub(crate) api: Version,
    pub(crate) extension: Version,
    pub(crate) instance: usize,
    pub(crate) privileges: u32,
    pub(crate) media: u32,
    pub(crate) address: Option<u32>,
}

impl Open {
    /// Whether it shows an address.
    pub(crate) fn shows(&self, spot: Spot) -> bool {
        self.device == spot.device && self.address.is_none_or(|address| address == spot.address)
    }
}

impl Service {
    /// The versions that a line speaks: what its driver and the library have in common.
    pub(crate) fn versions_of(&self, device: u32) -> Result<(Version, Version), Refusal> {
        if self.stopped {
            return Err(LINEERR_SERVICE_NOT_RUNNING);
        }
        let there = self.exchange.device(device).ok_or(LINEERR_BADDEVICEID)?;
        if there.line.dead {
            return Err(LINEERR_NODRIVER);
        }
        let all = self.config.api.versions().map_err(|_| LINEERR_INIFILECORRUPT)?;
        let own = there.line.api.as_ref().map_or(Ok(all), crate::config::Span::versions);
        own.map_err(|_| LINEERR_INIFILECORRUPT)
    }

    /// Refuses a version that a line does not speak.
    pub(crate) fn speaks(&self, device: u32, version: Version) -> Result<(), Refusal> {
        let (low, high) = self.versions_of(device)?;
        if (low..=high).contains(&version) { Ok(()) } else { Err(LINEERR_INCOMPATIBLEAPIVERSION) }
    }

    /// Opens a line.
    pub(crate) fn open(&mut self, new: NewOpen) -> u32 {
        let (opens, reuse) = (&self.opens, self.config.quirks.reuse_handles);
        let id = number(FIRST, &mut self.last_open, reuse, |id| opens.contains_key(&id));
        let NewOpen { program, device, api, extension, instance, privileges, media, address } = new;
        let open = Open {
            program,
            device,
            api,
            extension,
            instance,
            privileges,
            media,
            address,
            // By default nothing is told but that everything must begin anew.
            line_states: LINEDEVSTATE_REINIT,
            address_states: 0,
        };
        self.opens.insert(id, open);
        id
    }

    pub(crate) fn opened(&self, id: u32) -> Result<&Open, Refusal> {
        if self.stopped {
            return Err(LINEERR_SERVICE_NOT_RUNNING);
        }
        self.opens.get(&id).ok_or(LINEERR_INVALLINEHANDLE)
    }

    /// An address of an open line.
    pub(crate) fn spot(&self, open: u32, address: u32) -> Result<Spot, Refusal> {
        let spot = Spot { device: self.opened(open)?.device, address };
        if !self.opened(open)?.shows(spot) || !self.exchange.desks.contains_key(&spot) {
            return Err(LINEERR_INVALADDRESSID);
        }
        Ok(spot)
    }

    /// Closes a line: its handles of calls are gone, its requests are never answered.
    pub(crate) fn close(&mut self, id: u32) -> Result<Open, Refusal> {
        let open = self.opens.remove(&id).ok_or(LINEERR_INVALLINEHANDLE)?;
        let handles: Vec<u32> = self.handles.iter().filter(|(_, h)| h.open == id).map(|(id, _)| *id).collect();
        for handle in handles {
            self.drop_handle(handle);
        }
        self.requests.retain(|_, request| request.open != id);
        Ok(open)
    }
}
