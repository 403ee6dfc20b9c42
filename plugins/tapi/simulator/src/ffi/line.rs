//! Lines: what they can, opening and closing them, what is told of them.
#![allow(unsafe_code, reason = "exported names")]

use std::mem::offset_of;

use super::{exported, memory, shown};
use crate::block::Block;
use crate::constants::*;
use crate::exchange::{Happening, Refusal};
use crate::layout::*;
use crate::service::NewOpen;

/// The privileges that can be asked for, without the flags.
const PRIVILEGES: u32 = LINECALLPRIVILEGE_NONE | LINECALLPRIVILEGE_MONITOR | LINECALLPRIVILEGE_OWNER;
/// What stands for "a line that fits": choosing is not simulated.
const LINEMAPPER: u32 = 0xFFFF_FFFF;
/// What calls can carry.
pub(crate) const MEDIA: u32 = LINEMEDIAMODE_INTERACTIVEVOICE | LINEMEDIAMODE_UNKNOWN | LINEMEDIAMODE_AUTOMATEDVOICE;

exported! {
    fn lineGetDevCapsW(hLineApp: u32, dwDeviceID: u32, dwAPIVersion: u32, dwExtVersion: u32, lpLineDevCaps: usize)
    |call| {
        call.service.program(hLineApp)?;
        call.service.speaks(dwDeviceID, dwAPIVersion)?;
        call.service.carries(call.name, hLineApp, dwDeviceID, dwExtVersion)?;
        let mut block = shown::line_caps(call.service, dwDeviceID, dwAPIVersion)?;
        block.bytes(offset_of!(LINEDEVCAPS, dwDevSpecificSize), call.service.own_data(dwDeviceID, dwExtVersion));
        call.give(lpLineDevCaps, block)
    }

    fn lineOpenW(
        hLineApp: u32,
        dwDeviceID: u32,
        lphLine: usize,
        dwAPIVersion: u32,
        dwExtVersion: u32,
        dwCallbackInstance: usize,
        dwPrivileges: u32,
        dwMediaModes: u32,
        lpCallParams: usize,
    ) |call| {
        call.service.program(hLineApp)?;
        if dwDeviceID == LINEMAPPER {
            return Err(LINEERR_LINEMAPPERFAILED);
        }
        call.service.speaks(dwDeviceID, dwAPIVersion)?;
        if lphLine == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        call.service.carries(call.name, hLineApp, dwDeviceID, dwExtVersion)?;
        let single = dwPrivileges & LINEOPENOPTION_SINGLEADDRESS != 0;
        let proxy = dwPrivileges & LINEOPENOPTION_PROXY != 0;
        let privileges = dwPrivileges & !(LINEOPENOPTION_SINGLEADDRESS | LINEOPENOPTION_PROXY);
        if privileges == 0 || privileges & !PRIVILEGES != 0 {
            return Err(LINEERR_INVALPRIVSELECT);
        }
        if proxy {
            // Its own agent handler serves the agents here.
            return Err(LINEERR_OPERATIONUNAVAIL);
        }
        let owner = privileges & LINECALLPRIVILEGE_OWNER != 0;
        if dwMediaModes & !MEDIA != 0 || (owner && dwMediaModes == 0) {
            return Err(LINEERR_INVALMEDIAMODE);
        }
        refused(call.service, dwDeviceID, privileges)?;
        let address = if single {
            let params = memory::View::read(lpCallParams, size_in(CALL_PARAMS, dwAPIVersion))?;
            let params = params.ok_or(LINEERR_INVALCALLPARAMS)?;
            Some(params.word(offset_of!(LINECALLPARAMS, dwAddressID)))
        } else {
            None
        };
        let open = call.service.open(NewOpen {
            program: hLineApp,
            device: dwDeviceID,
            api: dwAPIVersion,
            extension: dwExtVersion,
            instance: dwCallbackInstance,
            privileges,
            media: dwMediaModes,
            address,
        });
        call.service.counters.lines += 1;
        memory::put_word(lphLine, open);
        let bits = LINEDEVSTATE_OPEN;
        call.service.exchange.happened.push(Happening::Line { device: dwDeviceID, bits, second: 0, third: 0 });
        call.service.begin_script();
        Ok(0)
    }

    fn lineClose(hLine: u32) |call| {
        let open = call.service.close(hLine)?;
        call.service.counters.closed += 1;
        let bits = LINEDEVSTATE_CLOSE;
        call.service.exchange.happened.push(Happening::Line { device: open.device, bits, second: 0, third: 0 });
        Ok(0)
    }

    fn lineSetStatusMessages(hLine: u32, dwLineStates: u32, dwAddressStates: u32) |call| {
        call.service.opened(hLine)?;
        if let Some(open) = call.service.opens.get_mut(&hLine) {
            open.line_states = dwLineStates | LINEDEVSTATE_REINIT;
            open.address_states = dwAddressStates;
        }
        Ok(0)
    }

    fn lineGetStatusMessages(hLine: u32, lpdwLineStates: usize, lpdwAddressStates: usize) |call| {
        let open = call.service.opened(hLine)?;
        if lpdwLineStates == 0 || lpdwAddressStates == 0 {
            return Err(LINEERR_INVALPOINTER);
        }
        memory::put_word(lpdwLineStates, open.line_states);
        memory::put_word(lpdwAddressStates, open.address_states);
        Ok(0)
    }

    fn lineGetLineDevStatusW(hLine: u32, lpLineDevStatus: usize) |call| {
        let block = shown::line_status(call.service, hLine)?;
        call.give(lpLineDevStatus, block)
    }

    fn lineGetIDW(hLine: u32, _dwAddressID: u32, hCall: u32, dwSelect: u32, lpDeviceID: usize, lpszDeviceClass: usize)
    |call| {
        let device = match dwSelect {
            LINECALLSELECT_CALL => {
                let open = call.service.handle(hCall)?.open;
                call.service.opened(open)?.device
            }
            _ => call.service.opened(hLine)?.device,
        };
        let class = memory::text(lpszDeviceClass)?.ok_or(LINEERR_INVALPOINTER)?;
        if !class.eq_ignore_ascii_case("tapi/line") {
            return Err(LINEERR_NODEVICE);
        }
        let fixed = VARSTRING { dwStringFormat: STRINGFORMAT_BINARY, ..Default::default() };
        let mut block = Block::new(fixed.bytes(), size_of::<VARSTRING>());
        block.bytes(offset_of!(VARSTRING, dwStringSize), device.to_ne_bytes().to_vec());
        call.give(lpDeviceID, block)
    }

    fn lineTranslateAddressW(
        hLineApp: u32,
        dwDeviceID: u32,
        dwAPIVersion: u32,
        lpszAddressIn: usize,
        _dwCard: u32,
        _dwTranslateOptions: u32,
        lpTranslateOutput: usize,
    ) |call| {
        call.service.program(hLineApp)?;
        call.service.speaks(dwDeviceID, dwAPIVersion)?;
        // A switch wants its numbers as they are: no dialling rules.
        let number = memory::text(lpszAddressIn)?.ok_or(LINEERR_INVALPOINTER)?;
        let mut block = Block::new(LINETRANSLATEOUTPUT::default().bytes(), size_in(TRANSLATE_OUTPUT, dwAPIVersion));
        block.text(offset_of!(LINETRANSLATEOUTPUT, dwDialableStringSize), &number);
        block.text(offset_of!(LINETRANSLATEOUTPUT, dwDisplayableStringSize), &number);
        call.give(lpTranslateOutput, block)
    }
}

/// Whether the line's driver lets somebody in with a privilege.
fn refused(service: &crate::service::Service, device: u32, privileges: u32) -> Result<(), Refusal> {
    let line = &service.exchange.device(device).ok_or(LINEERR_BADDEVICEID)?.line;
    let named = |name: &Option<String>| name.as_deref().and_then(error_named);
    if privileges & LINECALLPRIVILEGE_OWNER != 0
        && let Some(error) = named(&line.open.owner)
    {
        return Err(error);
    }
    if privileges & LINECALLPRIVILEGE_MONITOR != 0
        && let Some(error) = named(&line.open.monitor)
    {
        return Err(error);
    }
    Ok(())
}
