//! Calls through the finished library.

mod driver;

use std::mem::offset_of;

use cti_tapisim::constants::*;
use cti_tapisim::layout::*;
use driver::{CONTROL, Message, Tapi, text, wide, word};
use serde_json::json;

fn simple() -> Tapi {
    let mut tapi = Tapi::with(&json!({}));
    assert_eq!(tapi.begin(), 3);
    tapi
}

/// The states that messages told of a call, in order, with their modes.
fn states(messages: &[Message], call: u32) -> Vec<(u32, u32)> {
    messages.iter().filter(|m| m.id == LINE_CALLSTATE && m.device == call).map(|m| (m.first, m.second)).collect()
}

#[test]
fn lines_say_what_they_are() {
    let tapi = simple();
    assert_eq!(tapi.negotiate(0, 0x0002_0000, 0x0002_0002), Ok(0x0002_0002));
    assert_eq!(tapi.negotiate(0, 0x0003_0000, 0x0003_0001), Err(LINEERR_INCOMPATIBLEAPIVERSION));
    assert_eq!(tapi.negotiate(3, 0x0002_0000, 0x0002_0002), Err(LINEERR_BADDEVICEID));
    let caps = tapi.structure("lineGetDevCapsW", &[tapi.app as usize, 1, 0x0002_0002, 0]);
    assert_eq!(text(&caps, offset_of!(LINEDEVCAPS, dwLineNameSize)), "Line 102");
    assert_eq!(word(&caps, offset_of!(LINEDEVCAPS, dwPermanentLineID)), 1002);
    assert_eq!(word(&caps, offset_of!(LINEDEVCAPS, dwNumAddresses)), 1);
    let caps = tapi.structure("lineGetAddressCapsW", &[tapi.app as usize, 1, 0, 0x0002_0002, 0]);
    assert_eq!(text(&caps, offset_of!(LINEADDRESSCAPS, dwAddressSize)), "102");
    let providers = tapi.structure("lineGetProviderListW", &[0x0002_0002]);
    assert_eq!(word(&providers, offset_of!(LINEPROVIDERLIST, dwNumProviders)), 1);
    let at = word(&providers, offset_of!(LINEPROVIDERLIST, dwProviderListOffset)) as usize;
    assert_eq!(text(&providers, at + offset_of!(LINEPROVIDERENTRY, dwProviderFilenameSize)), "cti_tapisim.tsp");
}

#[test]
fn a_structure_that_is_too_small_says_what_it_needs() {
    let tapi = simple();
    let arguments = |bytes: &mut Vec<u8>| {
        let size = u32::try_from(bytes.len()).unwrap();
        bytes[0..4].copy_from_slice(&size.to_ne_bytes());
        [tapi.app as usize, 0, 0x0002_0002, 0, bytes.as_mut_ptr() as usize]
    };
    let mut small = vec![0u8; 267];
    let answer = tapi.call("lineGetDevCapsW", &arguments(&mut small));
    assert_eq!(driver::outcome(answer), Err(LINEERR_STRUCTURETOOSMALL));
    let mut fixed = vec![0u8; 268];
    assert_eq!(tapi.call("lineGetDevCapsW", &arguments(&mut fixed)), 0);
    assert!(word(&fixed, 4) > 268);
    assert_eq!((word(&fixed, 8), word(&fixed, offset_of!(LINEDEVCAPS, dwLineNameSize))), (268, 0));
    let mut enough = vec![0u8; word(&fixed, 4) as usize];
    assert_eq!(tapi.call("lineGetDevCapsW", &arguments(&mut enough)), 0);
    assert_eq!(text(&enough, offset_of!(LINEDEVCAPS, dwLineNameSize)), "Line 101");
}

#[test]
fn an_older_version_has_smaller_structures() {
    let mut tapi = Tapi::with(&json!({"api": ["1.4", "3.1"]}));
    let (answer, app, _, version) = tapi.initialize(0x0002_0000, 2);
    assert_eq!((answer, version), (0, 0x0002_0000));
    tapi.app = app;
    for (version, size) in [(V1_4, 240), (V2_0, 252), (V2_2, 268), (V3_1, 292)] {
        let mut bytes = vec![0u8; 292];
        bytes[0..4].copy_from_slice(&u32::to_ne_bytes(292));
        let arguments = [tapi.app as usize, 0, version as usize, 0, bytes.as_mut_ptr() as usize];
        assert_eq!(tapi.call("lineGetDevCapsW", &arguments), 0);
        let first = word(&bytes, offset_of!(LINEDEVCAPS, dwProviderInfoOffset));
        assert!(first == 0 || first == size, "{version:#x}: {first}");
    }
    // A line of version 1.4 is told of a new call by its first state alone.
    let line = tapi.open_as(0, CONTROL, V1_4).unwrap();
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    let first = tapi.until("the call", |m| m.id == LINE_CALLSTATE);
    assert_eq!((first.first, first.third), (LINECALLSTATE_OFFERING, LINECALLPRIVILEGE_OWNER));
    assert!(tapi.seen.iter().all(|m| m.id != LINE_APPNEWCALL), "{:?}", tapi.seen);
    let _ = line;
}

#[test]
fn a_call_out_is_made_and_ended() {
    let mut tapi = simple();
    let line = tapi.open(0, CONTROL).unwrap();
    let call = tapi.make(line, "0441234567");
    tapi.state(call, LINECALLSTATE_RINGBACK);
    tapi.done(json!({"do": "answer", "number": "0441234567"}));
    tapi.state(call, LINECALLSTATE_CONNECTED);
    let told = states(&tapi.seen, call);
    assert_eq!(
        told,
        [(LINECALLSTATE_DIALTONE, 1), (LINECALLSTATE_DIALING, 0), (LINECALLSTATE_PROCEEDING, 0)],
        "what came before"
    );
    let info = tapi.info(call);
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwCalledIDSize)), "0441234567");
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwCallerIDSize)), "101");
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwConnectedIDSize)), "0441234567");
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwAppNameSize)), "A test");
    assert_eq!(word(&info, offset_of!(LINECALLINFO, dwOrigin)), LINECALLORIGIN_OUTBOUND);
    assert_eq!(word(&info, offset_of!(LINECALLINFO, hLine)), line);
    tapi.done(json!({"do": "hangup", "number": "0441234567"}));
    assert_eq!(tapi.state(call, LINECALLSTATE_DISCONNECTED).second, LINEDISCONNECTMODE_NORMAL);
    tapi.ask("lineDrop", &[call as usize, 0, 0]);
    tapi.state(call, LINECALLSTATE_IDLE);
    assert_eq!(tapi.call("lineDeallocateCall", &[call as usize]), 0);
    assert_eq!(driver::outcome(tapi.call("lineDeallocateCall", &[call as usize])), Err(LINEERR_INVALCALLHANDLE));
    tapi.is_clean();
}

#[test]
fn a_call_in_rings_and_is_answered() {
    let mut tapi = simple();
    let line = tapi.open(0, CONTROL).unwrap();
    tapi.done(json!({"do": "call", "from": "0441234567", "name": "Zoë", "to": "101"}));
    let call = tapi.new_call(line);
    let first = tapi.until("its state", |m| m.device == call);
    assert_eq!((first.first, first.third), (LINECALLSTATE_OFFERING, LINECALLPRIVILEGE_OWNER));
    assert_eq!(first.instance, 0);
    let info = tapi.info(call);
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwCallerIDSize)), "0441234567");
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwCallerIDNameSize)), "Zoë");
    assert_ne!(tapi.features(call) & LINECALLFEATURE_ANSWER, 0);
    tapi.ask("lineAnswer", &[call as usize, 0, 0]);
    tapi.state(call, LINECALLSTATE_CONNECTED);
    assert_eq!(tapi.features(call) & LINECALLFEATURE_ANSWER, 0);
    assert_ne!(tapi.features(call) & LINECALLFEATURE_HOLD, 0);
    tapi.ask("lineHold", &[call as usize]);
    tapi.state(call, LINECALLSTATE_ONHOLD);
    let again = tapi.call("lineHold", &[call as usize]);
    assert_eq!(tapi.reply(again), Err(LINEERR_INVALCALLSTATE));
    tapi.ask("lineUnhold", &[call as usize]);
    tapi.state(call, LINECALLSTATE_CONNECTED);
    tapi.ask("lineDrop", &[call as usize, 0, 0]);
    tapi.state(call, LINECALLSTATE_IDLE);
    tapi.call("lineDeallocateCall", &[call as usize]);
    tapi.is_clean();
}

#[test]
fn two_addresses_talk_and_a_third_is_brought_in() {
    let mut tapi = simple();
    let lines = [0, 1, 2].map(|device| tapi.open(device, CONTROL).unwrap());
    let out = tapi.make(lines[0], "102");
    let there = tapi.new_call(lines[1]);
    tapi.ask("lineAnswer", &[there as usize, 0, 0]);
    tapi.state(out, LINECALLSTATE_CONNECTED);
    let ids = [out, there].map(|call| word(&tapi.info(call), offset_of!(LINECALLINFO, dwCallID)));
    assert_eq!(ids[0], ids[1]);
    // 102 asks 103, and leaves.
    let mut second = Box::new(0u32);
    tapi.ask("lineSetupTransferW", &[there as usize, &raw mut *second as usize, 0]);
    tapi.state(there, LINECALLSTATE_ONHOLDPENDTRANSFER);
    let number = wide("103");
    tapi.ask("lineDialW", &[*second as usize, number.as_ptr() as usize, 0]);
    let third = tapi.new_call(lines[2]);
    tapi.ask("lineAnswer", &[third as usize, 0, 0]);
    tapi.state(*second, LINECALLSTATE_CONNECTED);
    assert_ne!(tapi.features(*second) & LINECALLFEATURE_COMPLETETRANSF, 0);
    assert_eq!(word(&tapi.info(*second), offset_of!(LINECALLINFO, dwRelatedCallID)), ids[0]);
    let transfer = LINETRANSFERMODE_TRANSFER as usize;
    tapi.ask("lineCompleteTransfer", &[there as usize, *second as usize, 0, transfer]);
    tapi.state(there, LINECALLSTATE_IDLE);
    tapi.state(*second, LINECALLSTATE_IDLE);
    assert_eq!(text(&tapi.info(out), offset_of!(LINECALLINFO, dwConnectedIDSize)), "103");
    assert_eq!(text(&tapi.info(third), offset_of!(LINECALLINFO, dwConnectedIDSize)), "101");
    tapi.ask("lineDrop", &[out as usize, 0, 0]);
    assert_eq!(tapi.state(third, LINECALLSTATE_DISCONNECTED).second, LINEDISCONNECTMODE_NORMAL);
    tapi.ask("lineDrop", &[third as usize, 0, 0]);
    for call in [out, there, *second, third] {
        assert_eq!(tapi.call("lineDeallocateCall", &[call as usize]), 0);
    }
    tapi.is_clean();
}

#[test]
fn a_consultation_that_ends_brings_the_first_call_back() {
    let mut tapi = simple();
    let line = tapi.open(0, CONTROL).unwrap();
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    let call = tapi.new_call(line);
    tapi.ask("lineAnswer", &[call as usize, 0, 0]);
    let mut second = Box::new(0u32);
    tapi.ask("lineSetupTransferW", &[call as usize, &raw mut *second as usize, 0]);
    tapi.seen.clear();
    tapi.ask("lineDrop", &[*second as usize, 0, 0]);
    tapi.state(call, LINECALLSTATE_CONNECTED);
}

#[test]
fn three_talk_in_a_conference() {
    let mut tapi = simple();
    let line = tapi.open(0, CONTROL).unwrap();
    let call = tapi.make(line, "0441234567");
    tapi.state(call, LINECALLSTATE_RINGBACK);
    tapi.done(json!({"do": "answer", "number": "0441234567"}));
    tapi.state(call, LINECALLSTATE_CONNECTED);
    let (mut conference, mut second) = (Box::new(0u32), Box::new(0u32));
    let places = [&raw mut *conference as usize, &raw mut *second as usize];
    tapi.ask("lineSetupConferenceW", &[call as usize, line as usize, places[0], places[1], 3, 0]);
    tapi.state(*conference, LINECALLSTATE_ONHOLDPENDCONF);
    assert_eq!(tapi.state(call, LINECALLSTATE_CONFERENCED).second, *conference);
    let number = wide("0447654321");
    tapi.ask("lineDialW", &[*second as usize, number.as_ptr() as usize, 0]);
    tapi.state(*second, LINECALLSTATE_RINGBACK);
    tapi.done(json!({"do": "answer", "number": "0447654321"}));
    tapi.state(*second, LINECALLSTATE_CONNECTED);
    tapi.ask("lineAddToConference", &[*conference as usize, *second as usize]);
    tapi.state(*conference, LINECALLSTATE_CONNECTED);
    assert_eq!(tapi.state(*second, LINECALLSTATE_CONFERENCED).second, *conference);
    let list = tapi.structure("lineGetConfRelatedCalls", &[call as usize]);
    assert_eq!(word(&list, offset_of!(LINECALLLIST, dwCallsNumEntries)), 3);
    // One of the two leaves: what is left is a call.
    tapi.done(json!({"do": "hangup", "number": "0447654321"}));
    tapi.state(*second, LINECALLSTATE_DISCONNECTED);
    tapi.state(*conference, LINECALLSTATE_IDLE);
    tapi.state(call, LINECALLSTATE_CONNECTED);
    for call in [*second, call] {
        tapi.ask("lineDrop", &[call as usize, 0, 0]);
    }
    for call in [*second, call, *conference] {
        assert_eq!(tapi.call("lineDeallocateCall", &[call as usize]), 0);
    }
    tapi.is_clean();
}

/// Two hundred calls; as many as `JACKFIELD_TAPI_CALLS` says.
#[test]
fn calls_without_end_leave_nothing() {
    let times = std::env::var("JACKFIELD_TAPI_CALLS").ok().and_then(|times| times.parse().ok()).unwrap_or(200);
    let mut tapi = Tapi::with(&json!({
        "outside": [{"number": "0441*", "answers_after": 0}],
        "times": {"reply": 0, "dial": 0, "proceed": 0, "release": 0},
    }));
    tapi.begin();
    let line = tapi.open(0, CONTROL).unwrap();
    for _ in 0..times {
        let call = tapi.make(line, "0441234567");
        tapi.state(call, LINECALLSTATE_CONNECTED);
        tapi.ask("lineDrop", &[call as usize, 0, 0]);
        tapi.state(call, LINECALLSTATE_IDLE);
        assert_eq!(tapi.call("lineDeallocateCall", &[call as usize]), 0);
        tapi.seen.clear();
    }
    tapi.is_clean();
    let count = tapi.done(json!({"do": "count"}));
    assert_eq!(count["made"]["handles"], times, "{count}");
    assert!(count["due"].as_u64().is_some_and(|due| due < 10), "{count}");
}
