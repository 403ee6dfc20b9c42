//! What the library does wrong on command, seen through it.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test")]

mod driver;

use std::mem::offset_of;
use std::time::{Duration, Instant};

use cti_tapisim::constants::*;
use cti_tapisim::layout::*;
use driver::{CONTROL, Message, Tapi, outcome, wide, word};
use serde_json::{Value, json};

fn with(config: &Value) -> (Tapi, u32) {
    let mut tapi = Tapi::with(config);
    tapi.begin();
    let line = tapi.open(0, CONTROL).unwrap();
    (tapi, line)
}

/// A line with a call that is talked on.
fn talking(config: &Value) -> (Tapi, u32, u32) {
    let (mut tapi, line) = with(config);
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    let call = tapi.new_call(line);
    tapi.done(json!({"do": "answer", "number": "101"}));
    tapi.state(call, LINECALLSTATE_CONNECTED);
    tapi.seen.clear();
    (tapi, line, call)
}

fn fault(tapi: &Tapi, fault: Value) {
    tapi.done(json!({"do": "fault", "fault": fault}));
}

/// Reads until a message that only this makes comes: everything before it is there.
fn all(tapi: &mut Tapi) -> Vec<Message> {
    tapi.done(json!({"do": "message", "message": 99}));
    tapi.until("the mark", |m| m.id == 99);
    std::mem::take(&mut tapi.seen)
}

fn replies(messages: &[Message]) -> Vec<u32> {
    messages.iter().filter(|m| m.id == LINE_REPLY).map(|m| m.first).collect()
}

#[test]
fn functions_and_replies_have_the_errors_that_they_are_told() {
    let (mut tapi, _, call) = talking(&json!({}));
    fault(&tapi, json!({"on": "lineHold", "times": 1, "error": "RESOURCEUNAVAIL"}));
    fault(&tapi, json!({"on": "lineHold", "times": 1, "after": 0, "fails": "OPERATIONFAILED"}));
    assert_eq!(outcome(tapi.call("lineHold", &[call as usize])), Err(LINEERR_RESOURCEUNAVAIL));
    // Both befell that call; from here on nothing does.
    fault(&tapi, json!({"on": "lineHold", "times": 1, "fails": "OPERATIONFAILED"}));
    let request = tapi.call("lineHold", &[call as usize]);
    assert_eq!(tapi.reply(request), Err(LINEERR_OPERATIONFAILED));
    assert_eq!(word(&tapi.status(call), offset_of!(LINECALLSTATUS, dwCallState)), LINECALLSTATE_CONNECTED);
    tapi.ask("lineHold", &[call as usize]);
}

#[test]
fn replies_come_never_twice_and_with_strange_numbers() {
    let (mut tapi, _, call) = talking(&json!({}));
    fault(&tapi, json!({"on": "lineHold", "times": 1, "reply": "never"}));
    assert!(tapi.call("lineHold", &[call as usize]) > 0);
    tapi.state(call, LINECALLSTATE_ONHOLD);
    assert_eq!(replies(&all(&mut tapi)), [0u32; 0]);

    fault(&tapi, json!({"on": "lineUnhold", "times": 1, "reply": "twice"}));
    let request = u32::try_from(tapi.call("lineUnhold", &[call as usize])).unwrap();
    tapi.until("its state", |m| m.is_state(call, LINECALLSTATE_CONNECTED));
    assert_eq!(replies(&all(&mut tapi)), [request, request]);

    fault(&tapi, json!({"on": "lineHold", "times": 1, "reply": "stranger-first"}));
    let request = u32::try_from(tapi.call("lineHold", &[call as usize])).unwrap();
    tapi.state(call, LINECALLSTATE_ONHOLD);
    let came = replies(&all(&mut tapi));
    assert_eq!((came.len(), came[1]), (2, request), "{came:?}");
    assert_ne!(came[0], request);

    fault(&tapi, json!({"on": "lineUnhold", "times": 1, "reply": "wrong-id"}));
    let request = u32::try_from(tapi.call("lineUnhold", &[call as usize])).unwrap();
    tapi.state(call, LINECALLSTATE_CONNECTED);
    let came = replies(&all(&mut tapi));
    assert!(came.len() == 1 && came[0] != request, "{came:?}");

    fault(&tapi, json!({"on": "lineHold", "times": 1, "reply": "lost"}));
    assert!(tapi.call("lineHold", &[call as usize]) > 0);
    // The next request is answered, and nothing of the lost one is there.
    let request = tapi.call("lineUnhold", &[call as usize]);
    assert_eq!(tapi.reply(request), Err(LINEERR_INVALCALLSTATE));
    assert_eq!(word(&tapi.status(call), offset_of!(LINECALLSTATUS, dwCallState)), LINECALLSTATE_CONNECTED);
}

#[test]
fn a_reply_waits_before_its_function_has_returned() {
    let (tapi, line) = with(&json!({}));
    fault(&tapi, json!({"on": "lineMakeCallW", "reply": "early"}));
    let mut handle = Box::new(0u32);
    let number = wide("0441234567");
    let places = [line as usize, &raw mut *handle as usize, number.as_ptr() as usize, 0, 0];
    let request = u32::try_from(tapi.call("lineMakeCallW", &places)).unwrap();
    assert_ne!(*handle, 0, "the handle is there already");
    let first = tapi.read(0).expect("so is a message");
    assert_eq!((first.id, first.first), (LINE_REPLY, request));
}

#[test]
fn states_come_before_their_reply_if_told() {
    let (mut tapi, _, call) = talking(&json!({"quirks": {"order": "states-first"}}));
    let request = u32::try_from(tapi.call("lineHold", &[call as usize])).unwrap();
    tapi.until("the reply", |m| m.id == LINE_REPLY && m.first == request);
    assert!(tapi.seen.iter().any(|m| m.is_state(call, LINECALLSTATE_ONHOLD)), "{:?}", tapi.seen);
}

#[test]
fn two_threads_bring_a_reply_and_its_states() {
    let (mut tapi, _, call) = talking(&json!({}));
    fault(&tapi, json!({"on": "*", "reply": "two-threads"}));
    for _ in 0..20 {
        tapi.ask("lineHold", &[call as usize]);
        tapi.state(call, LINECALLSTATE_ONHOLD);
        tapi.ask("lineUnhold", &[call as usize]);
        tapi.state(call, LINECALLSTATE_CONNECTED);
    }
}

#[test]
fn a_reply_comes_after_the_call_is_gone() {
    let (mut tapi, _, call) = talking(&json!({}));
    fault(&tapi, json!({"on": "lineDrop", "reply": "after-gone"}));
    let request = u32::try_from(tapi.call("lineDrop", &[call as usize, 0, 0])).unwrap();
    tapi.state(call, LINECALLSTATE_IDLE);
    assert_eq!(replies(&all(&mut tapi)), [0u32; 0]);
    tapi.call("lineDeallocateCall", &[call as usize]);
    assert_eq!(replies(&all(&mut tapi)), [request]);
    tapi.is_clean();
}

#[test]
fn who_gives_a_handle_back_gets_no_reply_and_no_write() {
    let (mut tapi, _, call) = talking(&json!({}));
    fault(&tapi, json!({"on": "lineSetupTransferW", "delay": 50}));
    let mut second = Box::new(0u32);
    let request = tapi.call("lineSetupTransferW", &[call as usize, &raw mut *second as usize, 0]);
    assert!(request > 0);
    assert_eq!(tapi.call("lineDeallocateCall", &[call as usize]), 0);
    // Something that is due later than the request was.
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(replies(&all(&mut tapi)), [0u32; 0]);
    assert_eq!(*second, 0);
}

#[test]
fn slow_functions_and_slow_replies_take_their_time() {
    let (mut tapi, _, call) = talking(&json!({}));
    fault(&tapi, json!({"on": "lineHold", "slow": 100}));
    fault(&tapi, json!({"on": "lineUnhold", "delay": 100}));
    let begin = Instant::now();
    let request = tapi.call("lineHold", &[call as usize]);
    assert!(begin.elapsed() >= Duration::from_millis(100));
    assert_eq!(tapi.reply(request), Ok(()));
    let begin = Instant::now();
    tapi.ask("lineUnhold", &[call as usize]);
    assert!(begin.elapsed() >= Duration::from_millis(100));
}

#[test]
fn a_panic_inside_does_not_cross_the_boundary() {
    let (mut tapi, _, call) = talking(&json!({}));
    fault(&tapi, json!({"on": "lineHold", "times": 1, "crash": "panic"}));
    assert_eq!(outcome(tapi.call("lineHold", &[call as usize])), Err(LINEERR_OPERATIONFAILED));
    tapi.ask("lineHold", &[call as usize]);
}

#[test]
fn spoilt_structures_are_given() {
    let (tapi, _, call) = talking(&json!({}));
    let read = |room: usize| {
        let mut bytes = vec![0u8; room];
        bytes[0..4].copy_from_slice(&u32::try_from(room).unwrap().to_ne_bytes());
        assert_eq!(tapi.call("lineGetCallInfoW", &[call as usize, bytes.as_mut_ptr() as usize]), 0);
        bytes
    };
    for (how, wrong) in [
        ("offsets", |b: &[u8]| word(b, offset_of!(LINECALLINFO, dwCallerIDOffset)) as usize > b.len()),
        ("sizes", |b: &[u8]| word(b, offset_of!(LINECALLINFO, dwCallerIDSize)) > 0x7FFF_FFFF),
        ("odd", |b: &[u8]| word(b, offset_of!(LINECALLINFO, dwCallerIDSize)) == 21),
        ("unterminated", |b: &[u8]| word(b, offset_of!(LINECALLINFO, dwCallerIDSize)) == 20),
        ("insatiable", |b: &[u8]| word(b, 4) as usize > b.len()),
    ] as [(&str, fn(&[u8]) -> bool); 5]
    {
        tapi.done(json!({"do": "faults", "faults": [{"on": "lineGetCallInfoW", "structure": how}]}));
        assert!(wrong(&read(1000)), "{how}");
        assert!(wrong(&read(5000)), "{how}");
    }
    tapi.done(json!({"do": "faults", "faults": []}));
    assert_eq!(driver::text(&read(1000), offset_of!(LINECALLINFO, dwCallerIDSize)), "0441234567");
}

#[test]
fn a_function_can_be_missing_in_a_driver_and_in_a_library() {
    let (mut tapi, _, call) = talking(&json!({"lines": [
        {"name": "one", "addresses": [{"number": "101"}], "without": ["lineParkW", "lineHold"]},
    ]}));
    assert_eq!(tapi.features(call) & (LINECALLFEATURE_PARK | LINECALLFEATURE_HOLD), 0);
    assert_ne!(tapi.features(call) & LINECALLFEATURE_BLINDTRANSFER, 0);
    assert_eq!(outcome(tapi.call("lineHold", &[call as usize])), Err(LINEERR_OPERATIONUNAVAIL));
    tapi.ask("lineDrop", &[call as usize, 0, 0]);

    let library = std::fs::read(driver::built()).unwrap();
    let changed = cti_tapisim::testing::without(&library, &["lineParkW", "lineSwapHold"]).unwrap();
    let mut tapi = Tapi::of(&changed, None);
    for name in cti_tapisim::ffi::NAMES {
        assert_eq!(tapi.has(name), !["lineParkW", "lineSwapHold"].contains(name), "{name}");
    }
    assert_eq!(tapi.begin(), 3);
    assert!(cti_tapisim::testing::without(&library, &["lineFly"]).is_none());
}

#[test]
fn every_function_of_the_interface_is_exported() {
    let tapi = Tapi::with(&json!({}));
    assert_eq!(cti_tapisim::ffi::NAMES.len(), 113);
    for name in cti_tapisim::ffi::NAMES {
        assert!(tapi.has(name), "{name}");
    }
    assert_eq!(outcome(tapi.call("lineConfigProvider", &[0, 0])), Err(LINEERR_OPERATIONUNAVAIL));
}

#[test]
fn handles_that_there_are_not_are_refused() {
    let (tapi, line) = with(&json!({}));
    let mut room = vec![0u8; 512];
    room[0..4].copy_from_slice(&512u32.to_ne_bytes());
    let place = room.as_mut_ptr() as usize;
    for (name, arguments, error) in [
        ("lineHold", vec![5], LINEERR_INVALCALLHANDLE),
        ("lineGetCallInfoW", vec![5, place], LINEERR_INVALCALLHANDLE),
        ("lineMakeCallW", vec![5, place, 0, 0, 0], LINEERR_INVALLINEHANDLE),
        ("lineMakeCallW", vec![line as usize, 0, 0, 0, 0], LINEERR_INVALPOINTER),
        ("lineClose", vec![5], LINEERR_INVALLINEHANDLE),
        ("lineShutdown", vec![5], LINEERR_INVALAPPHANDLE),
        ("lineGetMessage", vec![5, place, 0], LINEERR_INVALAPPHANDLE),
        ("lineGetDevCapsW", vec![5, 0, 0x0002_0002, 0, place], LINEERR_INVALAPPHANDLE),
        ("lineGetDevCapsW", vec![tapi.app as usize, 0, 0x0002_0002, 0, 0], LINEERR_INVALPOINTER),
        ("lineGetAddressStatusW", vec![line as usize, 1, place], LINEERR_INVALADDRESSID),
        ("lineGetAgentStatusW", vec![line as usize, 0, place], LINEERR_OPERATIONUNAVAIL),
        ("lineOpenW", vec![tapi.app as usize, 0, place, 0x0002_0002, 0, 0, 8, 4, 0], LINEERR_INVALPRIVSELECT),
        ("lineOpenW", vec![tapi.app as usize, 0, place, 0x0003_0001, 0, 0, 4, 4, 0], LINEERR_INCOMPATIBLEAPIVERSION),
        ("lineOpenW", vec![tapi.app as usize, 0, place, 0x0002_0002, 0, 0, 4, 0x20, 0], LINEERR_INVALMEDIAMODE),
    ] {
        assert_eq!(outcome(tapi.call(name, &arguments)), Err(error), "{name} {arguments:?}");
    }
}

#[test]
fn a_stub_does_nothing_and_says_that_it_went_well() {
    let tapi = Tapi::with(&json!({"quirks": {"stub": true}}));
    assert_eq!(tapi.initialize(0x0002_0002, 2), (0, 0, 0, 0x0002_0002));
    let mut message = LINEMESSAGE::default();
    assert_eq!(tapi.call("lineGetMessage", &[0, &raw mut message as usize, 1000]), 0);
}

#[test]
fn who_waits_is_woken_by_the_end() {
    let (tapi, _) = with(&json!({}));
    let begin = Instant::now();
    assert_eq!(tapi.read(200).unwrap_err(), LINEERR_OPERATIONFAILED);
    assert!(begin.elapsed() >= Duration::from_millis(200));
    let app = tapi.app;
    std::thread::scope(|scope| {
        // Its own thread, as a program has one.
        let waits = scope.spawn(|| tapi.read(u32::MAX));
        // However early or late it comes: the answer is the same.
        assert_eq!(tapi.call("lineShutdown", &[app as usize]), 0);
        assert_eq!(waits.join().unwrap().unwrap_err(), LINEERR_INVALAPPHANDLE);
    });
    // The drop of `tapi` does it once more, which is refused.
    assert_eq!(outcome(tapi.call("lineShutdown", &[app as usize])), Err(LINEERR_INVALAPPHANDLE));
}

#[test]
fn a_hundred_thousand_messages_wait() {
    let (tapi, _) = with(&json!({}));
    tapi.done(json!({"do": "message", "message": 99, "parameters": [7, 8, 9], "times": 100_000}));
    for _ in 0..100_000 {
        let message = tapi.read(0).unwrap();
        assert_eq!((message.id, message.first, message.second, message.third), (99, 7, 8, 9));
    }
    assert_eq!(tapi.read(0).unwrap_err(), LINEERR_OPERATIONFAILED);
}
