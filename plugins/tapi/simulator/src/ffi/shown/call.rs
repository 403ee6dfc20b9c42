//! Calls.

use std::mem::offset_of;

use crate::block::Block;
use crate::config::CallIds;
use crate::constants::*;
use crate::exchange::Refusal;
use crate::layout::*;
use crate::service::Service;

/// `LINECALLINFO`.
pub(crate) fn call_info(service: &Service, id: u32) -> Result<Block, Refusal> {
    let handle = service.handle(id)?;
    let open = service.opened(handle.open)?;
    let leg = service.exchange.leg(handle.leg)?;
    let spot = leg.spot.ok_or(LINEERR_INVALCALLHANDLE)?;
    let (call, related) = match service.config.quirks.call_ids {
        CallIds::Shared => (leg.call, leg.related),
        CallIds::Own => (0x0100_0000 | leg.id, 0),
        CallIds::None => (0, 0),
    };
    let kind = |party: &crate::exchange::Party| {
        if party.number.is_empty() { 0 } else { LINEADDRESSTYPE_PHONENUMBER }
    };
    let info = LINECALLINFO {
        hLine: handle.open,
        dwLineDeviceID: spot.device,
        dwAddressID: spot.address,
        dwBearerMode: LINEBEARERMODE_VOICE,
        dwRate: 64_000,
        dwMediaMode: leg.media,
        dwAppSpecific: leg.app_specific,
        dwCallID: call,
        dwRelatedCallID: related,
        dwCallParamFlags: if leg.withheld { LINECALLPARAMFLAGS_BLOCKID } else { 0 },
        dwCallStates: leg.seen,
        dwMonitorDigitModes: handle.digits,
        dwOrigin: leg.origin,
        dwReason: leg.reason,
        dwNumOwners: count(service.owners(handle.leg)),
        dwNumMonitors: count(service.monitors(handle.leg)),
        dwTrunk: leg.trunk,
        dwCallerIDFlags: leg.caller.flags(),
        dwCalledIDFlags: leg.called.flags(),
        dwConnectedIDFlags: leg.connected.flags(),
        dwRedirectionIDFlags: leg.redirection.flags(),
        dwRedirectingIDFlags: leg.redirecting.flags(),
        dwCallerIDAddressType: kind(&leg.caller),
        dwCalledIDAddressType: kind(&leg.called),
        dwConnectedIDAddressType: kind(&leg.connected),
        dwRedirectionIDAddressType: kind(&leg.redirection),
        dwRedirectingIDAddressType: kind(&leg.redirecting),
        ..Default::default()
    };
    let mut block = Block::new(info.bytes(), size_in(CALL_INFO, open.api));
    block.bytes(offset_of!(LINECALLINFO, dwDevSpecificSize), service.own_data(spot.device, open.extension));
    let parties = [
        (&leg.caller, offset_of!(LINECALLINFO, dwCallerIDSize)),
        (&leg.called, offset_of!(LINECALLINFO, dwCalledIDSize)),
        (&leg.connected, offset_of!(LINECALLINFO, dwConnectedIDSize)),
        (&leg.redirection, offset_of!(LINECALLINFO, dwRedirectionIDSize)),
        (&leg.redirecting, offset_of!(LINECALLINFO, dwRedirectingIDSize)),
    ];
    for (party, at) in parties {
        if !party.blocked {
            block.text(at, &party.number);
            // The name's size stands behind the number's size and offset.
            block.text(at + 8, &party.name);
        }
    }
    block.text(offset_of!(LINECALLINFO, dwAppNameSize), &leg.app_name);
    block.text(offset_of!(LINECALLINFO, dwCalledPartySize), &leg.called_party);
    block.text(offset_of!(LINECALLINFO, dwCommentSize), &leg.comment);
    block.text(offset_of!(LINECALLINFO, dwDisplaySize), &leg.display);
    block.bytes(offset_of!(LINECALLINFO, dwUserUserInfoSize), leg.user_user.clone());
    block.bytes(offset_of!(LINECALLINFO, dwCallDataSize), leg.call_data.clone());
    Ok(block)
}

/// `LINECALLSTATUS`.
pub(crate) fn call_status(service: &Service, id: u32) -> Result<Block, Refusal> {
    /// What can be done without owning a call.
    const ANYBODY: u32 = LINECALLFEATURE_MONITORDIGITS;
    let handle = service.handle(id)?;
    let open = service.opened(handle.open)?;
    let leg = service.exchange.leg(handle.leg)?;
    let (mut features, mut second) = service.exchange.call_features(leg);
    if handle.privilege != LINECALLPRIVILEGE_OWNER {
        features &= ANYBODY;
        second = 0;
    }
    let mode = if leg.state == LINECALLSTATE_CONFERENCED {
        leg.conference.and_then(|conference| service.handle_of(handle.open, conference)).unwrap_or(0)
    } else {
        leg.mode
    };
    let status = LINECALLSTATUS {
        dwCallState: leg.state,
        dwCallStateMode: mode,
        dwCallPrivilege: handle.privilege,
        dwCallFeatures: features,
        dwCallFeatures2: second,
        tStateEntryTime: system_time(service.since_1970(leg.entered)),
        ..Default::default()
    };
    Ok(Block::new(status.bytes(), size_in(CALL_STATUS, open.api)))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A time as `SYSTEMTIME` has it: eight numbers of 16 bits, in UTC. `milliseconds`: since 1970.
fn system_time(milliseconds: u64) -> [u32; 4] {
    let seconds = milliseconds / 1000;
    let days = seconds / 86_400;
    let (year, month, day) = date(days);
    let of_day = seconds % 86_400;
    // The first of January 1970 was a Thursday.
    let parts = [year, month, (days + 4) % 7, day, of_day / 3600, of_day / 60 % 60, of_day % 60, milliseconds % 1000];
    let halves = parts.map(|part| u16::try_from(part).unwrap_or(u16::MAX).to_ne_bytes());
    let word = |at: usize| u32::from_ne_bytes([halves[at][0], halves[at][1], halves[at + 1][0], halves[at + 1][1]]);
    [word(0), word(2), word(4), word(6)]
}

/// Year, month and day of the month, `days` after the first of January 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut left) = (1970, days);
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if left < length {
            break;
        }
        left -= length;
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(super::date(0), (1970, 1, 1));
        assert_eq!(super::date(11_016), (2000, 2, 29));
        assert_eq!(super::date(20_453), (2025, 12, 31));
        assert_eq!(super::date(20_454), (2026, 1, 1));
    }
}
