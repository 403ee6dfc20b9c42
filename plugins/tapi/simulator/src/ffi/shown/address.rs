//! Addresses.

use std::mem::offset_of;

use super::super::call::MOST_DATA;
use super::super::line::MEDIA;
use crate::block::Block;
use crate::config::Hanging;
use crate::constants::*;
use crate::exchange::{Forward, MODES, MOST_FORWARDS, MOST_PARTIES, Refusal, Spot};
use crate::layout::*;
use crate::service::Service;

/// Every state that calls have here.
const STATES: u32 = LINECALLSTATE_IDLE
    | LINECALLSTATE_OFFERING
    | LINECALLSTATE_ACCEPTED
    | LINECALLSTATE_DIALTONE
    | LINECALLSTATE_DIALING
    | LINECALLSTATE_RINGBACK
    | LINECALLSTATE_BUSY
    | LINECALLSTATE_SPECIALINFO
    | LINECALLSTATE_CONNECTED
    | LINECALLSTATE_PROCEEDING
    | LINECALLSTATE_ONHOLD
    | LINECALLSTATE_CONFERENCED
    | LINECALLSTATE_ONHOLDPENDCONF
    | LINECALLSTATE_ONHOLDPENDTRANSFER
    | LINECALLSTATE_DISCONNECTED
    | LINECALLSTATE_UNKNOWN;
/// What is told of calls.
const INFO: u32 = LINECALLINFOSTATE_MEDIAMODE
    | LINECALLINFOSTATE_APPSPECIFIC
    | LINECALLINFOSTATE_CALLID
    | LINECALLINFOSTATE_RELATEDCALLID
    | LINECALLINFOSTATE_REASON
    | LINECALLINFOSTATE_NUMOWNERINCR
    | LINECALLINFOSTATE_NUMOWNERDECR
    | LINECALLINFOSTATE_NUMMONITORS
    | LINECALLINFOSTATE_CALLERID
    | LINECALLINFOSTATE_CALLEDID
    | LINECALLINFOSTATE_CONNECTEDID
    | LINECALLINFOSTATE_REDIRECTIONID
    | LINECALLINFOSTATE_REDIRECTINGID
    | LINECALLINFOSTATE_DISPLAY
    | LINECALLINFOSTATE_USERUSERINFO
    | LINECALLINFOSTATE_MONITORMODES
    | LINECALLINFOSTATE_CALLDATA;
/// How parties can be known.
const PARTY: u32 = LINECALLPARTYID_BLOCKED | LINECALLPARTYID_NAME | LINECALLPARTYID_ADDRESS | LINECALLPARTYID_UNAVAIL;
/// How calls can end.
const ENDS: u32 = LINEDISCONNECTMODE_NORMAL
    | LINEDISCONNECTMODE_UNKNOWN
    | LINEDISCONNECTMODE_REJECT
    | LINEDISCONNECTMODE_BUSY
    | LINEDISCONNECTMODE_NOANSWER
    | LINEDISCONNECTMODE_BADADDRESS
    | LINEDISCONNECTMODE_UNREACHABLE
    | LINEDISCONNECTMODE_CONGESTION
    | LINEDISCONNECTMODE_NUMBERCHANGED
    | LINEDISCONNECTMODE_OUTOFORDER
    | LINEDISCONNECTMODE_BLOCKED
    | LINEDISCONNECTMODE_DONOTDISTURB;

/// `LINEADDRESSCAPS`.
pub(crate) fn address_caps(service: &Service, spot: Spot, api: Version) -> Result<Block, Refusal> {
    let exchange = &service.exchange;
    let desk = exchange.desks.get(&spot).ok_or(LINEERR_INVALADDRESSID)?;
    let (features, second) = exchange.all_call_features(spot.device);
    let quirks = &service.config.quirks;
    let mut flags = LINEADDRCAPFLAGS_FWDNUMRINGS
        | LINEADDRCAPFLAGS_PICKUPGROUPID
        | LINEADDRCAPFLAGS_BLOCKIDOVERRIDE
        | LINEADDRCAPFLAGS_DIALED
        | LINEADDRCAPFLAGS_TRANSFERHELD
        | LINEADDRCAPFLAGS_TRANSFERMAKE
        | LINEADDRCAPFLAGS_CONFERENCEMAKE
        | LINEADDRCAPFLAGS_PARTIALDIAL
        | LINEADDRCAPFLAGS_FWDSTATUSVALID
        | LINEADDRCAPFLAGS_FWDINTEXTADDR
        | LINEADDRCAPFLAGS_FWDBUSYNAADDR
        | LINEADDRCAPFLAGS_CONFDROP;
    if !quirks.keep_held {
        flags |= LINEADDRCAPFLAGS_AUTORECONNECT;
    }
    let caps = LINEADDRESSCAPS {
        dwLineDeviceID: spot.device,
        dwAddressSharing: LINEADDRESSSHARING_PRIVATE,
        dwAddressStates: LINEADDRESSSTATE_INUSEZERO
            | LINEADDRESSSTATE_INUSEONE
            | LINEADDRESSSTATE_INUSEMANY
            | LINEADDRESSSTATE_NUMCALLS
            | LINEADDRESSSTATE_FORWARD,
        dwCallInfoStates: INFO,
        dwCallerIDFlags: PARTY,
        dwCalledIDFlags: PARTY,
        dwConnectedIDFlags: PARTY,
        dwRedirectionIDFlags: PARTY,
        dwRedirectingIDFlags: PARTY,
        dwCallStates: STATES,
        dwDialToneModes: LINEDIALTONEMODE_NORMAL,
        dwBusyModes: LINEBUSYMODE_STATION | LINEBUSYMODE_TRUNK,
        dwSpecialInfo: LINESPECIALINFO_NOCIRCUIT | LINESPECIALINFO_REORDER,
        dwDisconnectModes: ENDS,
        dwMaxNumActiveCalls: 1,
        dwMaxNumOnHoldCalls: 10,
        dwMaxNumOnHoldPendingCalls: 10,
        dwMaxNumConference: u32::try_from(MOST_PARTIES).unwrap_or(u32::MAX),
        dwMaxNumTransConf: 3,
        dwAddrCapFlags: flags,
        dwCallFeatures: features,
        dwRemoveFromConfCaps: LINEREMOVEFROMCONF_ANY,
        dwRemoveFromConfState: if quirks.drop == Hanging::Both {
            LINECALLSTATE_DISCONNECTED
        } else {
            LINECALLSTATE_IDLE
        },
        dwTransferModes: LINETRANSFERMODE_TRANSFER | LINETRANSFERMODE_CONFERENCE,
        dwParkModes: LINEPARKMODE_DIRECTED | LINEPARKMODE_NONDIRECTED,
        dwForwardModes: MODES,
        dwMaxForwardEntries: u32::try_from(MOST_FORWARDS).unwrap_or(u32::MAX),
        dwMaxSpecificEntries: u32::try_from(MOST_FORWARDS).unwrap_or(u32::MAX),
        dwMinFwdNumRings: 1,
        dwMaxFwdNumRings: 20,
        dwAddressFeatures: exchange.address_features(spot, true),
        dwMaxCallDataSize: MOST_DATA,
        dwCallFeatures2: second,
        dwConnectedModes: LINECONNECTEDMODE_ACTIVE,
        dwOfferingModes: LINEOFFERINGMODE_ACTIVE,
        dwAvailableMediaModes: MEDIA,
        ..Default::default()
    };
    let mut block = Block::new(caps.bytes(), size_in(ADDRESS_CAPS, api));
    block.text(offset_of!(LINEADDRESSCAPS, dwAddressSize), &desk.address.number);
    block.text(offset_of!(LINEADDRESSCAPS, dwDeviceClassesSize), "tapi/line\0");
    Ok(block)
}

/// `LINEADDRESSSTATUS`.
pub(crate) fn address_status(service: &Service, open: u32, address: u32) -> Result<Block, Refusal> {
    let exchange = &service.exchange;
    let api = service.opened(open)?.api;
    let spot = service.spot(open, address)?;
    let desk = exchange.desks.get(&spot).ok_or(LINEERR_INVALADDRESSID)?;
    let number = |wanted: &dyn Fn(u32) -> bool| {
        u32::try_from(exchange.at(spot).filter(|leg| wanted(leg.state)).count()).unwrap_or(u32::MAX)
    };
    let held = number(&|state| state == LINECALLSTATE_ONHOLD);
    let pending = number(&|state| matches!(state, LINECALLSTATE_ONHOLDPENDTRANSFER | LINECALLSTATE_ONHOLDPENDCONF));
    let all = number(&|_| true);
    let status = LINEADDRESSSTATUS {
        dwNumInUse: u32::from(all > 0),
        dwNumActiveCalls: all - held - pending,
        dwNumOnHoldCalls: held,
        dwNumOnHoldPendCalls: pending,
        dwAddressFeatures: exchange.address_features(spot, false),
        dwNumRingsNoAnswer: desk.rings,
        dwForwardNumEntries: u32::try_from(desk.forwards.len()).unwrap_or(u32::MAX),
        ..Default::default()
    };
    let mut block = Block::new(status.bytes(), size_of::<LINEADDRESSSTATUS>());
    let list = forward_entries(&desk.forwards, api, size_of::<LINEADDRESSSTATUS>());
    block.bytes(offset_of!(LINEADDRESSSTATUS, dwForwardSize), list);
    Ok(block)
}

/// The forwards as entries of the version's size, with their texts behind. Offsets count from the structure's
/// beginning; the list is its first part and begins at `from`.
fn forward_entries(forwards: &[Forward], api: Version, from: usize) -> Vec<u8> {
    let stride = size_in(FORWARD, api);
    let (mut list, mut texts) = (Vec::new(), Vec::new());
    for forward in forwards {
        let mut put = |text: &str| {
            if text.is_empty() {
                return (0, 0);
            }
            let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_ne_bytes).collect();
            let at = from + forwards.len() * stride + texts.len();
            texts.extend_from_slice(&bytes);
            texts.resize(texts.len().next_multiple_of(4), 0);
            (u32::try_from(bytes.len()).unwrap_or(0), u32::try_from(at).unwrap_or(0))
        };
        let (caller, to) = (put(&forward.caller), put(&forward.to));
        let entry = LINEFORWARD {
            dwForwardMode: forward.mode,
            dwCallerAddressSize: caller.0,
            dwCallerAddressOffset: caller.1,
            dwDestCountryCode: forward.country,
            dwDestAddressSize: to.0,
            dwDestAddressOffset: to.1,
            dwCallerAddressType: LINEADDRESSTYPE_PHONENUMBER,
            dwDestAddressType: LINEADDRESSTYPE_PHONENUMBER,
        };
        list.extend_from_slice(&entry.bytes()[..stride]);
    }
    list.extend(texts);
    list
}
