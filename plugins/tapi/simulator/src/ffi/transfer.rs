//! Calls that go elsewhere: consultations, transfers, redirection, parking.
#![allow(unsafe_code, reason = "exported names")]

use std::mem::offset_of;

use super::params::Params;
use super::{exported, memory};
use crate::block::Block;
use crate::constants::*;
use crate::layout::VARSTRING;
use crate::service::Done;

exported! {
    fn lineSetupTransferW(hCall: u32, lphConsultCall: usize, lpCallParams: usize) |call| {
        if lphConsultCall == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let params = Params::read(lpCallParams)?;
        call.ask_owned(hCall, move |exchange, leg| {
            let second = exchange.consult(leg, false)?;
            params.mark(exchange.leg_mut(second)?);
            if params.flags & LINECALLPARAMFLAGS_ONESTEPTRANSFER != 0
                && let Err(error) = exchange.dial(second, &params.target)
            {
                exchange.end(second)?;
                return Err(error);
            }
            Ok(Done::call(lphConsultCall, second))
        })
    }

    fn lineCompleteTransfer(hCall: u32, hConsultCall: u32, lphConfCall: usize, dwTransferMode: u32) |call| {
        let second = call.service.owned(hConsultCall).map_err(|error| match error {
            LINEERR_INVALCALLHANDLE => LINEERR_INVALCONSULTCALLHANDLE,
            other => other,
        })?;
        let second = second.leg;
        if dwTransferMode == LINETRANSFERMODE_CONFERENCE && lphConfCall == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        call.ask_owned(hCall, move |exchange, leg| {
            let conference = exchange.complete(leg, second, dwTransferMode)?;
            Ok(conference.map_or_else(Done::default, |conference| Done::call(lphConfCall, conference)))
        })
    }

    fn lineBlindTransferW(hCall: u32, lpszDestAddressW: usize, _dwCountryCode: u32) |call| {
        let number = memory::text(lpszDestAddressW).map_err(|_| LINEERR_INVALADDRESS)?.ok_or(LINEERR_INVALPOINTER)?;
        call.ask_owned(hCall, move |exchange, leg| {
            exchange.blind_transfer(leg, &number)?;
            Ok(Done::default())
        })
    }

    fn lineRedirectW(hCall: u32, lpszDestAddress: usize, _dwCountryCode: u32) |call| {
        let number = memory::text(lpszDestAddress).map_err(|_| LINEERR_INVALADDRESS)?.ok_or(LINEERR_INVALPOINTER)?;
        call.ask_owned(hCall, move |exchange, leg| {
            exchange.redirect(leg, &number)?;
            Ok(Done::default())
        })
    }

    fn lineParkW(hCall: u32, dwParkMode: u32, lpszDirAddress: usize, lpNonDirAddress: usize) |call| {
        let slot = match dwParkMode {
            LINEPARKMODE_DIRECTED => Some(memory::text(lpszDirAddress)?.ok_or(LINEERR_INVALPOINTER)?),
            LINEPARKMODE_NONDIRECTED => {
                memory::room(lpNonDirAddress, size_of::<VARSTRING>())?;
                None
            }
            _ => return Err(LINEERR_INVALPARKMODE),
        };
        call.ask_owned(hCall, move |exchange, leg| {
            let taken = exchange.park(leg, slot.as_deref())?;
            if slot.is_some() {
                return Ok(Done::default());
            }
            let fixed = VARSTRING { dwStringFormat: STRINGFORMAT_UNICODE, ..Default::default() };
            let mut block = Block::new(fixed.bytes(), size_of::<VARSTRING>());
            block.text(offset_of!(VARSTRING, dwStringSize), &taken);
            Ok(Done::block(lpNonDirAddress, block))
        })
    }
}
