//! Addresses: what they can, what is at them, and what is taken there.
#![allow(unsafe_code, reason = "exported names")]

use std::mem::offset_of;

use super::{exported, memory, shown};
use crate::block::Block;
use crate::constants::*;
use crate::exchange::{Forward, Refusal, Spot};
use crate::layout::*;
use crate::service::Done;

exported! {
    fn lineGetAddressCapsW(
        hLineApp: u32,
        dwDeviceID: u32,
        dwAddressID: u32,
        dwAPIVersion: u32,
        dwExtVersion: u32,
        lpAddressCaps: usize,
    ) |call| {
        call.service.program(hLineApp)?;
        call.service.speaks(dwDeviceID, dwAPIVersion)?;
        call.service.carries(call.name, hLineApp, dwDeviceID, dwExtVersion)?;
        let spot = Spot { device: dwDeviceID, address: dwAddressID };
        let mut block = shown::address_caps(call.service, spot, dwAPIVersion)?;
        block.bytes(offset_of!(LINEADDRESSCAPS, dwDevSpecificSize), call.service.own_data(dwDeviceID, dwExtVersion));
        call.give(lpAddressCaps, block)
    }

    fn lineGetAddressStatusW(hLine: u32, dwAddressID: u32, lpAddressStatus: usize) |call| {
        let block = shown::address_status(call.service, hLine, dwAddressID)?;
        call.give(lpAddressStatus, block)
    }

    fn lineGetAddressIDW(hLine: u32, lpdwAddressID: usize, dwAddressMode: u32, lpsAddress: usize, dwSize: u32) |call| {
        let device = call.service.opened(hLine)?.device;
        if lpdwAddressID == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        if dwAddressMode != LINEADDRESSMODE_DIALABLEADDR {
            return Err(LINEERR_INVALADDRESSMODE);
        }
        let bytes = memory::bytes(lpsAddress, dwSize as usize)?;
        let units = bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
        let number = String::from_utf16_lossy(&units.take_while(|unit| *unit != 0).collect::<Vec<_>>());
        let exchange = &call.service.exchange;
        let found = exchange.spots(device).into_iter().find(|spot| {
            exchange.desks.get(spot).is_some_and(|desk| desk.address.number == number)
        });
        memory::put_word(lpdwAddressID, found.ok_or(LINEERR_INVALADDRESS)?.address);
        Ok(0)
    }

    fn lineGetNewCalls(hLine: u32, dwAddressID: u32, dwSelect: u32, lpCallList: usize) |call| {
        let open = call.service.opened(hLine)?;
        let device = open.device;
        let spots = match dwSelect {
            LINECALLSELECT_LINE => call.service.exchange.spots(device),
            LINECALLSELECT_ADDRESS => vec![call.service.spot(hLine, dwAddressID)?],
            _ => return Err(LINEERR_INVALCALLSELECT),
        };
        let mut new = Vec::new();
        for spot in spots {
            if call.service.opened(hLine)?.shows(spot) {
                let ids = call.service.exchange.ids_at(spot);
                new.extend(ids.into_iter().filter(|leg| call.service.handle_of(hLine, *leg).is_none()));
            }
        }
        // Only what there is room for is handed over: who asks again gets the same.
        let room = memory::room(lpCallList, size_of::<LINECALLLIST>())?;
        let fits = size_of::<LINECALLLIST>() + 4 * new.len() <= room;
        let handles: Vec<u32> = if fits {
            let service = &mut call.service;
            new.iter().map(|leg| service.add_handle(hLine, *leg, LINECALLPRIVILEGE_MONITOR, false)).collect()
        } else {
            vec![0; new.len()]
        };
        let block = call_list(&handles);
        call.give(lpCallList, block)
    }

    fn linePickupW(hLine: u32, dwAddressID: u32, lphCall: usize, lpszDestAddress: usize, lpszGroupID: usize) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        if lphCall == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let number = memory::text(lpszDestAddress)?.unwrap_or_default();
        let group = memory::text(lpszGroupID)?.unwrap_or_default();
        let asker = call.service.asker(hLine)?;
        call.ask(asker, move |exchange| Ok(Done::call(lphCall, exchange.pick_up(spot, &number, &group)?)))
    }

    fn lineUnparkW(hLine: u32, dwAddressID: u32, lphCall: usize, lpszDestAddress: usize) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        if lphCall == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let slot = memory::text(lpszDestAddress)?.ok_or(LINEERR_INVALPOINTER)?;
        let asker = call.service.asker(hLine)?;
        call.ask(asker, move |exchange| Ok(Done::call(lphCall, exchange.unpark(spot, &slot)?)))
    }

    fn lineForwardW(
        hLine: u32,
        bAllAddresses: u32,
        dwAddressID: u32,
        lpForwardList: usize,
        dwNumRingsNoAnswer: u32,
        lphConsultCall: usize,
        _lpCallParams: usize,
    ) |call| {
        let open = call.service.opened(hLine)?;
        let (device, api) = (open.device, open.api);
        let spots = if bAllAddresses == 0 {
            vec![call.service.spot(hLine, dwAddressID)?]
        } else {
            call.service.exchange.spots(device)
        };
        if lphConsultCall == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let forwards = forwards(lpForwardList, api)?;
        let asker = call.service.asker(hLine)?;
        call.ask(asker, move |exchange| {
            for spot in spots {
                exchange.set_forwards(spot, forwards.clone(), dwNumRingsNoAnswer)?;
            }
            // No call is made for it.
            memory::put_word(lphConsultCall, 0);
            Ok(Done::default())
        })
    }

    fn lineGetNumRings(hLine: u32, dwAddressID: u32, lpdwNumRings: usize) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        let rings = call.service.exchange.desks.get(&spot).map_or(0, |desk| desk.rings);
        if lpdwNumRings == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        memory::put_word(lpdwNumRings, rings);
        Ok(0)
    }

    fn lineSetNumRings(hLine: u32, dwAddressID: u32, dwNumRings: u32) |call| {
        let spot = call.service.spot(hLine, dwAddressID)?;
        if let Some(desk) = call.service.exchange.desks.get_mut(&spot) {
            desk.rings = dwNumRings.clamp(1, 20);
        }
        Ok(0)
    }
}

/// A list of handles.
pub(crate) fn call_list(handles: &[u32]) -> Block {
    let fixed = LINECALLLIST { dwCallsNumEntries: u32::try_from(handles.len()).unwrap_or(0), ..Default::default() };
    let mut block = Block::new(fixed.bytes(), size_of::<LINECALLLIST>());
    block
        .bytes(offset_of!(LINECALLLIST, dwCallsSize), handles.iter().flat_map(|handle| handle.to_ne_bytes()).collect());
    block
}

/// The entries of a `LINEFORWARDLIST`; null, or a list of none, takes all forwards back.
fn forwards(place: usize, api: Version) -> Result<Vec<Forward>, Refusal> {
    /// Where the number of entries and the first of them stand.
    const ENTRIES: usize = 4;
    const FIRST: usize = 8;
    let Some(list) = memory::View::read(place, FIRST)? else { return Ok(Vec::new()) };
    let entries = list.word(ENTRIES) as usize;
    if entries > crate::exchange::MOST_FORWARDS {
        return Err(LINEERR_INVALPARAM);
    }
    let mut forwards = Vec::new();
    for entry in 0..entries {
        let at = FIRST + entry * size_in(FORWARD, api);
        list.slice(at, size_in(FORWARD, api))?;
        forwards.push(Forward {
            mode: list.word(at + offset_of!(LINEFORWARD, dwForwardMode)),
            caller: list.text(at + offset_of!(LINEFORWARD, dwCallerAddressSize))?,
            country: list.word(at + offset_of!(LINEFORWARD, dwDestCountryCode)),
            to: list.text(at + offset_of!(LINEFORWARD, dwDestAddressSize))?,
        });
    }
    Ok(forwards)
}
