//! Conferences.
#![allow(unsafe_code, reason = "exported names")]

use super::address::call_list;
use super::params::Params;
use super::{exported, memory};
use crate::constants::*;
use crate::exchange::LegId;
use crate::service::Done;

exported! {
    fn lineSetupConferenceW(
        hCall: u32,
        _hLine: u32,
        lphConfCall: usize,
        lphConsultCall: usize,
        _dwNumParties: u32,
        lpCallParams: usize,
    ) |call| {
        if lphConfCall == 0 || lphConsultCall == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let params = Params::read(lpCallParams)?;
        call.ask_owned(hCall, move |exchange, leg| {
            let (conference, second) = exchange.setup_conference(leg)?;
            params.mark(exchange.leg_mut(second)?);
            Ok(Done { calls: vec![(lphConfCall, conference), (lphConsultCall, second)], block: None })
        })
    }

    fn linePrepareAddToConferenceW(hConfCall: u32, lphConsultCall: usize, lpCallParams: usize) |call| {
        if lphConsultCall == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let params = Params::read(lpCallParams)?;
        call.ask_owned(hConfCall, move |exchange, leg| {
            let second = exchange.prepare_conference(leg)?;
            params.mark(exchange.leg_mut(second)?);
            Ok(Done::call(lphConsultCall, second))
        })
    }

    fn lineAddToConference(hConfCall: u32, hConsultCall: u32) |call| {
        let party = call.service.owned(hConsultCall).map_err(|error| match error {
            LINEERR_INVALCALLHANDLE => LINEERR_INVALCONSULTCALLHANDLE,
            other => other,
        })?;
        let party = party.leg;
        call.ask_owned(hConfCall, move |exchange, leg| {
            exchange.add_to_conference(leg, party)?;
            Ok(Done::default())
        })
    }

    fn lineRemoveFromConference(hCall: u32) |call| {
        call.ask_owned(hCall, |exchange, leg| {
            exchange.remove_from_conference(leg)?;
            Ok(Done::default())
        })
    }

    fn lineGetConfRelatedCalls(hCall: u32, lpCallList: usize) |call| {
        let handle = call.service.handle(hCall)?;
        let (leg, open) = (handle.leg, handle.open);
        let there = call.service.exchange.leg(leg)?;
        let conference = if there.is_conference { Some(leg) } else { there.conference };
        let Some(conference) = conference else { return Err(LINEERR_NOCONFERENCE) };
        let mut legs: Vec<LegId> = vec![conference];
        legs.extend(call.service.exchange.parties(conference));
        let room = memory::room(lpCallList, size_of::<crate::layout::LINECALLLIST>())?;
        let fits = size_of::<crate::layout::LINECALLLIST>() + 4 * legs.len() <= room;
        let service = &mut call.service;
        // Who asks gets handles of those that it had none of.
        let handles: Vec<u32> = legs.into_iter().map(|leg| match service.handle_of(open, leg) {
            Some(handle) => handle,
            None if fits => service.add_handle(open, leg, LINECALLPRIVILEGE_MONITOR, false),
            None => 0,
        }).collect();
        let block = call_list(&handles);
        call.give(lpCallList, block)
    }
}
