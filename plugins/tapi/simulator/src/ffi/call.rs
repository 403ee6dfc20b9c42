//! Calls: making, answering, holding and ending them, and what is known of them.
#![allow(unsafe_code, reason = "exported names")]

use super::params::Params;
use super::{exported, memory, shown};
use crate::constants::*;
use crate::service::Done;

/// The most that calls carry of their program's or user's own data, in bytes.
pub(crate) const MOST_DATA: u32 = 1024;

exported! {
    fn lineMakeCallW(hLine: u32, lphCall: usize, lpszDestAddress: usize, _dwCountryCode: u32, lpCallParams: usize)
    |call| {
        let device = call.service.opened(hLine)?.device;
        if lphCall == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        let number = memory::text(lpszDestAddress).map_err(|_| LINEERR_INVALADDRESS)?.unwrap_or_default();
        let params = Params::read(lpCallParams)?;
        let asker = call.service.asker(hLine)?;
        call.ask(asker, move |exchange| {
            let spot = params.spot(exchange, device)?;
            let leg = exchange.lift(spot)?;
            params.mark(exchange.leg_mut(leg)?);
            if !number.is_empty()
                && let Err(error) = exchange.dial(leg, &number)
            {
                exchange.end(leg)?;
                return Err(error);
            }
            Ok(Done::call(lphCall, leg))
        })
    }

    fn lineDialW(hCall: u32, lpszDestAddress: usize, _dwCountryCode: u32) |call| {
        let number = memory::text(lpszDestAddress).map_err(|_| LINEERR_INVALADDRESS)?.ok_or(LINEERR_INVALPOINTER)?;
        call.ask_owned(hCall, move |exchange, leg| {
            exchange.dial(leg, &number)?;
            Ok(Done::default())
        })
    }

    fn lineAccept(hCall: u32, _lpsUserUserInfo: usize, _dwSize: u32) |call| {
        call.ask_owned(hCall, |exchange, leg| {
            exchange.accept(leg)?;
            Ok(Done::default())
        })
    }

    fn lineAnswer(hCall: u32, _lpsUserUserInfo: usize, _dwSize: u32) |call| {
        call.ask_owned(hCall, |exchange, leg| {
            exchange.answer(leg)?;
            Ok(Done::default())
        })
    }

    fn lineDrop(hCall: u32, _lpsUserUserInfo: usize, _dwSize: u32) |call| {
        call.ask_owned(hCall, |exchange, leg| {
            exchange.end(leg)?;
            Ok(Done::default())
        })
    }

    fn lineHold(hCall: u32) |call| {
        call.ask_owned(hCall, |exchange, leg| {
            exchange.hold(leg)?;
            Ok(Done::default())
        })
    }

    fn lineUnhold(hCall: u32) |call| {
        call.ask_owned(hCall, |exchange, leg| {
            exchange.unhold(leg)?;
            Ok(Done::default())
        })
    }

    fn lineSwapHold(hActiveCall: u32, hHeldCall: u32) |call| {
        let held = call.service.owned(hHeldCall)?.leg;
        call.ask_owned(hActiveCall, move |exchange, leg| {
            exchange.swap(leg, held)?;
            Ok(Done::default())
        })
    }

    fn lineDeallocateCall(hCall: u32) |call| {
        let handle = call.service.handle(hCall)?;
        let (leg, open, owner) = (handle.leg, handle.open, handle.privilege == LINECALLPRIVILEGE_OWNER);
        let api = call.service.opened(open)?.api;
        let over = call.service.exchange.state(leg) == LINECALLSTATE_IDLE;
        if owner && !over && api < crate::layout::V2_0 && call.service.owners(leg) == 1 {
            return Err(LINEERR_INVALCALLSTATE);
        }
        call.service.drop_handle(hCall);
        call.service.counters.given_back += 1;
        let bits = if owner { LINECALLINFOSTATE_NUMOWNERDECR } else { LINECALLINFOSTATE_NUMMONITORS };
        call.service.tell_info(leg, bits);
        Ok(0)
    }

    fn lineGetCallInfoW(hCall: u32, lpCallInfo: usize) |call| {
        let block = shown::call_info(call.service, hCall)?;
        call.give(lpCallInfo, block)
    }

    fn lineGetCallStatus(hCall: u32, lpCallStatus: usize) |call| {
        let block = shown::call_status(call.service, hCall)?;
        call.give(lpCallStatus, block)
    }

    fn lineSetCallPrivilege(hCall: u32, dwCallPrivilege: u32) |call| {
        let handle = call.service.handle(hCall)?;
        let (leg, open, before) = (handle.leg, handle.open, handle.privilege);
        let device = call.service.opened(open)?.device;
        call.offered(device)?;
        match dwCallPrivilege {
            LINECALLPRIVILEGE_MONITOR => {}
            LINECALLPRIVILEGE_OWNER => {
                // Another program's calls stay its own.
                let elsewhere = call.service.exchange.device(device).is_some_and(|device| device.line.owned);
                if elsewhere || call.service.exchange.state(leg) == LINECALLSTATE_IDLE {
                    return Err(if elsewhere { LINEERR_OPERATIONFAILED } else { LINEERR_INVALCALLSTATE });
                }
            }
            _ => return Err(LINEERR_INVALCALLPRIVILEGE),
        }
        if before != dwCallPrivilege {
            if let Some(handle) = call.service.handles.get_mut(&hCall) {
                handle.privilege = dwCallPrivilege;
            }
            call.service.count_owners(leg);
            let owners = if dwCallPrivilege == LINECALLPRIVILEGE_OWNER {
                LINECALLINFOSTATE_NUMOWNERINCR
            } else {
                LINECALLINFOSTATE_NUMOWNERDECR
            };
            call.service.tell_info(leg, owners | LINECALLINFOSTATE_NUMMONITORS);
        }
        Ok(0)
    }

    fn lineSetAppSpecific(hCall: u32, dwAppSpecific: u32) |call| {
        let leg = call.service.owned(hCall)?.leg;
        call.service.exchange.leg_mut(leg)?.app_specific = dwAppSpecific;
        call.service.exchange.info(leg, LINECALLINFOSTATE_APPSPECIFIC);
        Ok(0)
    }

    fn lineSetMediaMode(hCall: u32, dwMediaModes: u32) |call| {
        let leg = call.service.owned(hCall)?.leg;
        if dwMediaModes == 0 || dwMediaModes & !super::line::MEDIA != 0 {
            return Err(LINEERR_INVALMEDIAMODE);
        }
        call.service.exchange.leg_mut(leg)?.media = dwMediaModes;
        call.service.exchange.info(leg, LINECALLINFOSTATE_MEDIAMODE);
        Ok(0)
    }

    fn lineSetCallData(hCall: u32, lpCallData: usize, dwSize: u32) |call| {
        if dwSize > MOST_DATA {
            return Err(LINEERR_INVALPARAM);
        }
        let data = memory::bytes(lpCallData, dwSize as usize)?;
        call.ask_owned(hCall, move |exchange, leg| {
            let peer = exchange.peer(leg);
            for end in [Some(leg), peer].into_iter().flatten() {
                exchange.leg_mut(end)?.call_data.clone_from(&data);
                exchange.info(end, LINECALLINFOSTATE_CALLDATA);
            }
            Ok(Done::default())
        })
    }

    fn lineSendUserUserInfo(hCall: u32, lpsUserUserInfo: usize, dwSize: u32) |call| {
        if dwSize > MOST_DATA {
            return Err(LINEERR_USERUSERINFOTOOBIG);
        }
        let data = memory::bytes(lpsUserUserInfo, dwSize as usize)?;
        call.ask_owned(hCall, move |exchange, leg| {
            if let Some(peer) = exchange.peer(leg) {
                exchange.leg_mut(peer)?.user_user = data;
                exchange.info(peer, LINECALLINFOSTATE_USERUSERINFO);
            }
            Ok(Done::default())
        })
    }

    fn lineReleaseUserUserInfo(hCall: u32) |call| {
        call.ask_owned(hCall, |exchange, leg| {
            exchange.leg_mut(leg)?.user_user.clear();
            Ok(Done::default())
        })
    }
}
