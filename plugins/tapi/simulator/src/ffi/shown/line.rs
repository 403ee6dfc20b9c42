//! Lines.

use std::mem::offset_of;

use super::super::call::MOST_DATA;
use super::super::line::MEDIA;
use crate::block::Block;
use crate::config::Answer;
use crate::constants::*;
use crate::exchange::Refusal;
use crate::layout::*;
use crate::service::Service;

/// What is told of lines.
const TOLD: u32 = LINEDEVSTATE_RINGING
    | LINEDEVSTATE_CONNECTED
    | LINEDEVSTATE_DISCONNECTED
    | LINEDEVSTATE_MSGWAITON
    | LINEDEVSTATE_MSGWAITOFF
    | LINEDEVSTATE_INSERVICE
    | LINEDEVSTATE_OUTOFSERVICE
    | LINEDEVSTATE_OPEN
    | LINEDEVSTATE_CLOSE
    | LINEDEVSTATE_NUMCALLS
    | LINEDEVSTATE_REINIT
    | LINEDEVSTATE_REMOVED;

/// `LINEDEVCAPS`.
pub(crate) fn line_caps(service: &Service, device: u32, api: Version) -> Result<Block, Refusal> {
    let exchange = &service.exchange;
    let line = &exchange.device(device).ok_or(LINEERR_BADDEVICEID)?.line;
    let addresses = u32::try_from(line.addresses.len()).unwrap_or(u32::MAX);
    let caps = LINEDEVCAPS {
        dwPermanentLineID: line.permanent.unwrap_or(device + 1),
        dwStringFormat: STRINGFORMAT_UNICODE,
        dwAddressModes: LINEADDRESSMODE_ADDRESSID | LINEADDRESSMODE_DIALABLEADDR,
        dwNumAddresses: addresses,
        dwBearerModes: LINEBEARERMODE_VOICE,
        dwMaxRate: 64_000,
        dwMediaModes: MEDIA,
        dwGenerateDigitModes: LINEDIGITMODE_DTMF,
        dwMonitorDigitModes: LINEDIGITMODE_DTMF | LINEDIGITMODE_DTMFEND,
        dwDevCapFlags: if addresses > 1 { LINEDEVCAPFLAGS_MULTIPLEADDR } else { 0 },
        dwMaxNumActiveCalls: addresses,
        dwAnswerMode: match line.answer {
            Answer::None => LINEANSWERMODE_NONE,
            Answer::Drop => LINEANSWERMODE_DROP,
            Answer::Hold => LINEANSWERMODE_HOLD,
        },
        dwRingModes: 1,
        dwLineStates: TOLD,
        dwUUIMakeCallSize: MOST_DATA,
        dwUUISendUserUserInfoSize: MOST_DATA,
        dwUUICallInfoSize: MOST_DATA,
        dwLineFeatures: exchange.line_features(device, true),
        PermanentLineGuid: [0x4A46_0002, line.permanent.unwrap_or(device + 1), 0, 0],
        dwAddressTypes: LINEADDRESSTYPE_PHONENUMBER,
        ..Default::default()
    };
    let mut block = Block::new(caps.bytes(), size_in(DEV_CAPS, api));
    block.text(offset_of!(LINEDEVCAPS, dwProviderInfoSize), &service.config.provider);
    block.text(offset_of!(LINEDEVCAPS, dwSwitchInfoSize), &service.config.switch);
    block.text(offset_of!(LINEDEVCAPS, dwLineNameSize), &line.name);
    // A list of texts, one behind the other, with an empty one at its end.
    block.text(offset_of!(LINEDEVCAPS, dwDeviceClassesSize), "tapi/line\0");
    Ok(block)
}

/// `LINEDEVSTATUS`.
pub(crate) fn line_status(service: &Service, open: u32) -> Result<Block, Refusal> {
    let exchange = &service.exchange;
    let (id, api) = {
        let open = service.opened(open)?;
        (open.device, open.api)
    };
    let device = exchange.device(id).ok_or(LINEERR_NODEVICE)?;
    let opens: Vec<_> = service.opens.values().filter(|open| open.device == id).collect();
    let calls: Vec<_> = exchange.spots(id).into_iter().flat_map(|spot| exchange.at(spot)).collect();
    let number = |wanted: &dyn Fn(u32) -> bool| count(calls.iter().filter(|leg| wanted(leg.state)).count());
    let held = number(&|state| state == LINECALLSTATE_ONHOLD);
    let pending = number(&|state| matches!(state, LINECALLSTATE_ONHOLDPENDTRANSFER | LINECALLSTATE_ONHOLDPENDCONF));
    let mut flags = 0;
    for (on, flag) in [
        (device.connected, LINEDEVSTATUSFLAGS_CONNECTED),
        (device.in_service, LINEDEVSTATUSFLAGS_INSERVICE),
        (device.message_waits, LINEDEVSTATUSFLAGS_MSGWAIT),
    ] {
        if on {
            flags |= flag;
        }
    }
    let status = LINEDEVSTATUS {
        dwNumOpens: count(opens.len()),
        dwOpenMediaModes: opens.iter().fold(0, |modes, open| modes | open.media),
        dwNumActiveCalls: count(calls.len()) - held - pending,
        dwNumOnHoldCalls: held,
        dwNumOnHoldPendCalls: pending,
        dwLineFeatures: exchange.line_features(id, false),
        dwRingMode: u32::from(calls.iter().any(|leg| leg.is_ringing())),
        dwSignalLevel: 0xFFFF,
        dwBatteryLevel: 0xFFFF,
        dwRoamMode: LINEROAMMODE_UNAVAIL,
        dwDevStatusFlags: flags,
        dwAvailableMediaModes: MEDIA,
        ..Default::default()
    };
    Ok(Block::new(status.bytes(), size_in(DEV_STATUS, api)))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
