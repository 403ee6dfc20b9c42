//! Digits that are sent and heard while a call is talked on.
#![allow(unsafe_code, reason = "exported names")]

use super::{exported, memory};
use crate::constants::*;

/// The modes that are heard.
const HEARD: u32 = LINEDIGITMODE_DTMF | LINEDIGITMODE_DTMFEND;
/// The most digits of one go.
const MOST: usize = 100;

exported! {
    fn lineGenerateDigitsW(hCall: u32, dwDigitMode: u32, lpszDigits: usize, _dwDuration: u32) |call| {
        let handle = call.service.owned(hCall)?;
        let (leg, open) = (handle.leg, handle.open);
        call.offered(call.service.opened(open)?.device)?;
        let digits = memory::text(lpszDigits).map_err(|_| LINEERR_INVALDIGITS)?.unwrap_or_default();
        if !digits.is_empty() && dwDigitMode != LINEDIGITMODE_DTMF {
            return Err(LINEERR_INVALDIGITMODE);
        }
        let known = |c: char| c.is_ascii_digit() || matches!(c, 'A'..='D' | 'a'..='d' | '*' | '#' | ',' | '!');
        if digits.len() > MOST || !digits.chars().all(known) {
            return Err(LINEERR_INVALDIGITS);
        }
        let digits = digits.to_ascii_uppercase().chars().collect();
        call.service.with_exchange(|exchange| exchange.generate(leg, digits))?;
        Ok(0)
    }

    fn lineMonitorDigits(hCall: u32, dwDigitModes: u32) |call| {
        let handle = call.service.handle(hCall)?;
        let (leg, open) = (handle.leg, handle.open);
        call.offered(call.service.opened(open)?.device)?;
        if dwDigitModes & !HEARD != 0 {
            return Err(LINEERR_INVALDIGITMODE);
        }
        if call.service.exchange.state(leg) == LINECALLSTATE_IDLE {
            return Err(LINEERR_INVALCALLSTATE);
        }
        if let Some(handle) = call.service.handles.get_mut(&hCall) {
            handle.digits = dwDigitModes;
        }
        call.service.tell_info(leg, LINECALLINFOSTATE_MONITORMODES);
        Ok(0)
    }

    fn lineMonitorMedia(hCall: u32, _dwMediaModes: u32) |call| {
        // Nothing but voices is carried, and that never changes.
        call.service.handle(hCall)?;
        Ok(0)
    }
}
