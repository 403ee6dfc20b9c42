//! Lines, programs that share them, agents, forwards, and the three ways of commands.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test")]

mod driver;

use std::io::Write;
use std::mem::offset_of;

use cti_tapisim::constants::*;
use cti_tapisim::layout::*;
use driver::{CONTROL, Tapi, outcome, text, wide, word};
use serde_json::{Value, json};

fn begun(config: &Value) -> Tapi {
    let mut tapi = Tapi::with(config);
    tapi.begin();
    tapi
}

#[test]
fn calls_that_are_there_already_are_asked_for() {
    let mut tapi = begun(&json!({}));
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    let line = tapi.open(0, CONTROL).unwrap();
    let list = tapi.structure("lineGetNewCalls", &[line as usize, 0, LINECALLSELECT_LINE as usize]);
    assert_eq!(word(&list, offset_of!(LINECALLLIST, dwCallsNumEntries)), 1);
    let call = word(&list, word(&list, offset_of!(LINECALLLIST, dwCallsOffset)) as usize);
    let status = tapi.status(call);
    assert_eq!(word(&status, offset_of!(LINECALLSTATUS, dwCallState)), LINECALLSTATE_OFFERING);
    assert_eq!(word(&status, offset_of!(LINECALLSTATUS, dwCallPrivilege)), LINECALLPRIVILEGE_MONITOR);
    assert_eq!(word(&status, offset_of!(LINECALLSTATUS, dwCallFeatures)), 0);
    assert_eq!(outcome(tapi.call("lineAnswer", &[call as usize, 0, 0])), Err(LINEERR_NOTOWNER));
    let owner = LINECALLPRIVILEGE_OWNER as usize;
    assert_eq!(tapi.call("lineSetCallPrivilege", &[call as usize, owner]), 0);
    tapi.ask("lineAnswer", &[call as usize, 0, 0]);
    tapi.state(call, LINECALLSTATE_CONNECTED);
    let list = tapi.structure("lineGetNewCalls", &[line as usize, 0, LINECALLSELECT_LINE as usize]);
    assert_eq!(word(&list, offset_of!(LINECALLLIST, dwCallsNumEntries)), 0);
}

#[test]
fn the_first_program_owns_a_call_and_the_second_watches_it() {
    let mut tapi = begun(&json!({}));
    let first = tapi.open(0, CONTROL).unwrap();
    let second = tapi.open(0, CONTROL).unwrap();
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    let owned = tapi.until("the first", |m| m.id == LINE_APPNEWCALL && m.device == first);
    let watched = tapi.until("the second", |m| m.id == LINE_APPNEWCALL && m.device == second);
    assert_eq!((owned.third, watched.third), (LINECALLPRIVILEGE_OWNER, LINECALLPRIVILEGE_MONITOR));
    let state = tapi.state(watched.second, LINECALLSTATE_OFFERING);
    assert_eq!(state.third, LINECALLPRIVILEGE_MONITOR);
    let info = tapi.info(owned.second);
    assert_eq!(word(&info, offset_of!(LINECALLINFO, dwNumOwners)), 1);
    assert_eq!(word(&info, offset_of!(LINECALLINFO, dwNumMonitors)), 1);
    tapi.done(json!({"do": "steal", "number": "101"}));
    let lost = tapi.until("the loss", |m| m.id == LINE_CALLSTATE && m.device == owned.second && m.third == 2);
    assert_eq!(lost.first, LINECALLSTATE_OFFERING);
}

#[test]
fn a_line_of_another_program_is_only_watched() {
    let mut tapi = begun(&json!({"lines": [
        {"name": "one", "addresses": [{"number": "101"}], "owned": true},
        {"name": "two", "addresses": [{"number": "102"}], "open": {"owner": "ALLOCATED"}},
        {"name": "three", "addresses": [{"number": "103"}], "dead": true},
    ]}));
    assert_eq!(tapi.open(1, CONTROL), Err(LINEERR_ALLOCATED));
    assert!(tapi.open(1, LINECALLPRIVILEGE_MONITOR).is_ok());
    assert_eq!(tapi.negotiate(2, 0x0002_0000, 0x0002_0002), Err(LINEERR_NODRIVER));
    let line = tapi.open(0, CONTROL).unwrap();
    tapi.done(json!({"do": "dial", "number": "101", "to": "0441234567"}));
    let call = tapi.until("the call", |m| m.id == LINE_APPNEWCALL && m.device == line);
    assert_eq!(call.third, LINECALLPRIVILEGE_MONITOR);
    // Nobody drops it: it ends by itself.
    tapi.state(call.second, LINECALLSTATE_RINGBACK);
    tapi.done(json!({"do": "hangup", "number": "0441234567"}));
    tapi.state(call.second, LINECALLSTATE_DISCONNECTED);
    tapi.state(call.second, LINECALLSTATE_IDLE);
}

#[test]
fn a_line_is_busy_twice_over() {
    let mut tapi = begun(&json!({
        "lines": [{"name": "one", "addresses": [{"number": "101"}]},
                  {"name": "two", "addresses": [{"number": "102", "calls": 1}]}],
        "outside": [{"number": "0442*", "fate": "trunk-busy"}, {"number": "0443*", "fate": "reorder"}],
        "times": {"busy": 1},
    }));
    let line = tapi.open(0, CONTROL).unwrap();
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "102"}));
    for (number, state, mode, end) in [
        ("102", LINECALLSTATE_BUSY, LINEBUSYMODE_STATION, LINEDISCONNECTMODE_BUSY),
        ("0442000000", LINECALLSTATE_BUSY, LINEBUSYMODE_TRUNK, LINEDISCONNECTMODE_CONGESTION),
        ("0443000000", LINECALLSTATE_SPECIALINFO, LINESPECIALINFO_REORDER, LINEDISCONNECTMODE_UNKNOWN),
    ] {
        let call = tapi.make(line, number);
        assert_eq!(tapi.state(call, state).second, mode, "{number}");
        assert_eq!(tapi.state(call, LINECALLSTATE_DISCONNECTED).second, end, "{number}");
        tapi.ask("lineDrop", &[call as usize, 0, 0]);
        tapi.call("lineDeallocateCall", &[call as usize]);
    }
    let call = tapi.make(line, "999");
    assert_eq!(tapi.state(call, LINECALLSTATE_DISCONNECTED).second, LINEDISCONNECTMODE_BADADDRESS);
}

#[test]
fn calls_go_elsewhere() {
    let mut tapi = begun(&json!({"lines": [
        {"name": "one", "addresses": [{"number": "101", "name": "Olena"}]},
        {"name": "two", "addresses": [{"number": "102", "name": "Ivan", "group": "sales"}]},
        {"name": "three", "addresses": [{"number": "103", "group": "sales"}]},
    ]}));
    let [one, two, three] = [0, 1, 2].map(|device| tapi.open(device, CONTROL).unwrap());
    // Redirected while it rings.
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    let first = tapi.new_call(one);
    let to = wide("102");
    tapi.ask("lineRedirectW", &[first as usize, to.as_ptr() as usize, 0]);
    tapi.state(first, LINECALLSTATE_IDLE);
    let second = tapi.new_call(two);
    let info = tapi.info(second);
    assert_eq!(word(&info, offset_of!(LINECALLINFO, dwReason)), LINECALLREASON_REDIRECT);
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwRedirectingIDSize)), "101");
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwCallerIDSize)), "0441234567");
    // Picked up from the group, transferred, parked, and taken back.
    let mut third = Box::new(0u32);
    tapi.ask("linePickupW", &[three as usize, 0, &raw mut *third as usize, 0, 0]);
    tapi.state(second, LINECALLSTATE_IDLE);
    tapi.state(*third, LINECALLSTATE_CONNECTED);
    assert_eq!(word(&tapi.info(*third), offset_of!(LINECALLINFO, dwReason)), LINECALLREASON_PICKUP);
    tapi.ask("lineBlindTransferW", &[*third as usize, to.as_ptr() as usize, 0]);
    tapi.state(*third, LINECALLSTATE_IDLE);
    let fourth = tapi.new_call(two);
    assert_eq!(word(&tapi.info(fourth), offset_of!(LINECALLINFO, dwReason)), LINECALLREASON_TRANSFER);
    tapi.ask("lineAnswer", &[fourth as usize, 0, 0]);
    tapi.state(fourth, LINECALLSTATE_CONNECTED);
    let mut slot = Box::new([0u8; 64]);
    slot[0] = 64;
    let park = LINEPARKMODE_NONDIRECTED as usize;
    tapi.ask("lineParkW", &[fourth as usize, park, 0, slot.as_mut_ptr() as usize]);
    tapi.state(fourth, LINECALLSTATE_IDLE);
    let slot = text(&slot[..], offset_of!(VARSTRING, dwStringSize));
    assert_eq!(slot, "701");
    let mut fifth = Box::new(0u32);
    let slot = wide(&slot);
    tapi.ask("lineUnparkW", &[one as usize, 0, &raw mut *fifth as usize, slot.as_ptr() as usize]);
    tapi.state(*fifth, LINECALLSTATE_CONNECTED);
    assert_eq!(text(&tapi.info(*fifth), offset_of!(LINECALLINFO, dwConnectedIDSize)), "0441234567");
    tapi.ask("lineDrop", &[*fifth as usize, 0, 0]);
    for call in [first, second, *third, fourth, *fifth] {
        assert_eq!(tapi.call("lineDeallocateCall", &[call as usize]), 0);
    }
    tapi.is_clean();
}

/// A `LINEFORWARDLIST` of version 2.2 with one entry.
fn forward(mode: u32, to: &str) -> Vec<u8> {
    let to: Vec<u8> = if to.is_empty() { Vec::new() } else { wide(to).iter().flat_map(|u| u.to_ne_bytes()).collect() };
    let entry = LINEFORWARD {
        dwForwardMode: mode,
        dwDestAddressSize: u32::try_from(to.len()).unwrap(),
        dwDestAddressOffset: 32,
        ..Default::default()
    };
    let mut list = u32::try_from(32 + to.len()).unwrap().to_ne_bytes().to_vec();
    list.extend(1u32.to_ne_bytes());
    list.extend(&entry.bytes()[..24]);
    list.extend(to);
    list
}

#[test]
fn forwards_and_do_not_disturb() {
    let mut tapi = begun(&json!({}));
    let [one, two] = [0, 1].map(|device| tapi.open(device, CONTROL).unwrap());
    let all = LINEADDRESSSTATE_FORWARD as usize;
    assert_eq!(tapi.call("lineSetStatusMessages", &[one as usize, 0, all]), 0);
    let mut consult = Box::new(5u32);
    let list = forward(LINEFORWARDMODE_UNCOND, "102");
    let place = &raw mut *consult as usize;
    tapi.ask("lineForwardW", &[one as usize, 1, 0, list.as_ptr() as usize, 3, place, 0]);
    tapi.until("its state", |m| m.id == LINE_ADDRESSSTATE && m.second == LINEADDRESSSTATE_FORWARD);
    assert_eq!(*consult, 0);
    let status = tapi.structure("lineGetAddressStatusW", &[one as usize, 0]);
    assert_eq!(word(&status, offset_of!(LINEADDRESSSTATUS, dwForwardNumEntries)), 1);
    let at = word(&status, offset_of!(LINEADDRESSSTATUS, dwForwardOffset)) as usize;
    assert_eq!(word(&status, at), LINEFORWARDMODE_UNCOND);
    assert_eq!(text(&status, at + offset_of!(LINEFORWARD, dwDestAddressSize)), "102");
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    let call = tapi.new_call(two);
    let info = tapi.info(call);
    assert_eq!(word(&info, offset_of!(LINECALLINFO, dwReason)), LINECALLREASON_FWDUNCOND);
    assert_eq!(text(&info, offset_of!(LINECALLINFO, dwRedirectingIDSize)), "101");
    // Do not disturb.
    let list = forward(LINEFORWARDMODE_UNCOND, "");
    tapi.ask("lineForwardW", &[one as usize, 0, 0, list.as_ptr() as usize, 0, place, 0]);
    tapi.done(json!({"do": "hangup", "number": "102"}));
    let call = tapi.make(two, "101");
    assert_eq!(tapi.state(call, LINECALLSTATE_DISCONNECTED).second, LINEDISCONNECTMODE_DONOTDISTURB);
    tapi.ask("lineForwardW", &[one as usize, 0, 0, 0, 0, place, 0]);
    let status = tapi.structure("lineGetAddressStatusW", &[one as usize, 0]);
    assert_eq!(word(&status, offset_of!(LINEADDRESSSTATUS, dwForwardNumEntries)), 0);
}

#[test]
fn digits_are_sent_heard_and_broken_off() {
    let mut tapi = begun(&json!({"times": {"digit": 5}}));
    let [one, two] = [0, 1].map(|device| tapi.open(device, CONTROL).unwrap());
    let call = tapi.make(one, "102");
    let there = tapi.new_call(two);
    let early = wide("1");
    let dtmf = LINEDIGITMODE_DTMF as usize;
    let answer = tapi.call("lineGenerateDigitsW", &[call as usize, dtmf, early.as_ptr() as usize, 0]);
    assert_eq!(outcome(answer), Err(LINEERR_INVALCALLSTATE));
    tapi.ask("lineAnswer", &[there as usize, 0, 0]);
    tapi.state(call, LINECALLSTATE_CONNECTED);
    assert_eq!(tapi.call("lineMonitorDigits", &[there as usize, dtmf]), 0);
    let digits = wide("1,2#");
    assert_eq!(tapi.call("lineGenerateDigitsW", &[call as usize, dtmf, digits.as_ptr() as usize, 0]), 0);
    let done = tapi.until("the end", |m| m.id == LINE_GENERATE && m.device == call);
    assert_eq!(done.first, LINEGENERATETERM_DONE);
    let heard: String = tapi
        .seen
        .iter()
        .filter(|m| m.id == LINE_MONITORDIGITS && m.device == there)
        .map(|m| char::from(u8::try_from(m.first).unwrap()))
        .collect();
    assert_eq!(heard, "12#");
    // A second one breaks the first off.
    let long = wide("0123456789012345678901234567890123456789");
    assert_eq!(tapi.call("lineGenerateDigitsW", &[call as usize, dtmf, long.as_ptr() as usize, 0]), 0);
    assert_eq!(tapi.call("lineGenerateDigitsW", &[call as usize, dtmf, 0, 0]), 0);
    let done = tapi.until("the end", |m| m.id == LINE_GENERATE && m.device == call);
    assert_eq!(done.first, LINEGENERATETERM_CANCEL);
    tapi.done(json!({"do": "digits", "number": "101", "digits": "9"}));
    tapi.until("a digit", |m| m.id == LINE_MONITORDIGITS && m.first == u32::from(b'9'));
}

#[test]
fn an_agent_logs_on_works_and_logs_off() {
    let mut tapi = begun(&json!({"lines": [{"name": "one", "addresses": [{"number": "101",
        "agent": {"groups": ["Sales", "Support"], "activities": ["Lunch", "Training"], "wrap_up": 5}}]}]}));
    let line = tapi.open(0, CONTROL).unwrap();
    let get = |tapi: &mut Tapi, name: &str| {
        let mut bytes = vec![0u8; 1000];
        bytes[0..4].copy_from_slice(&1000u32.to_ne_bytes());
        tapi.ask(name, &[line as usize, 0, bytes.as_mut_ptr() as usize]);
        bytes
    };
    let list = get(&mut tapi, "lineGetAgentGroupListW");
    assert_eq!(word(&list, offset_of!(LINEAGENTGROUPLIST, dwNumEntries)), 2);
    let at = word(&list, offset_of!(LINEAGENTGROUPLIST, dwListOffset)) as usize + 24;
    assert_eq!(text(&list, at + offset_of!(LINEAGENTGROUPENTRY, dwNameSize)), "Support");
    let list = get(&mut tapi, "lineGetAgentActivityListW");
    let at = word(&list, offset_of!(LINEAGENTACTIVITYLIST, dwListOffset)) as usize;
    assert_eq!(word(&list, at), 1);
    assert_eq!(text(&list, at + offset_of!(LINEAGENTACTIVITYENTRY, dwNameSize)), "Lunch");
    let set = |tapi: &mut Tapi, state: u32| {
        let request = tapi.call("lineSetAgentState", &[line as usize, 0, state as usize, 0]);
        tapi.reply(request)
    };
    assert_eq!(set(&mut tapi, LINEAGENTSTATE_READY), Err(LINEERR_INVALAGENTSTATE), "logged off");
    // The list as it was given is what is logged on to.
    let mut groups = get(&mut tapi, "lineGetAgentGroupListW");
    tapi.ask("lineSetAgentGroup", &[line as usize, 0, groups.as_mut_ptr() as usize]);
    assert_eq!(set(&mut tapi, LINEAGENTSTATE_READY), Ok(()));
    let told = tapi.until("ready", |m| m.id == LINE_AGENTSTATUS && m.third == LINEAGENTSTATE_READY);
    assert_eq!((told.device, told.first), (line, 0));
    let status = get(&mut tapi, "lineGetAgentStatusW");
    assert_eq!(word(&status, offset_of!(LINEAGENTSTATUS, dwState)), LINEAGENTSTATE_READY);
    assert_eq!(word(&status, offset_of!(LINEAGENTSTATUS, dwNumEntries)), 2);
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    tapi.done(json!({"do": "answer", "number": "101"}));
    tapi.until("busy", |m| m.id == LINE_AGENTSTATUS && m.third == LINEAGENTSTATE_BUSYINCOMING);
    tapi.seen.clear();
    tapi.done(json!({"do": "hangup", "number": "0441234567"}));
    tapi.until("after the call", |m| m.id == LINE_AGENTSTATUS && m.third == LINEAGENTSTATE_WORKINGAFTERCALL);
    tapi.until("ready again", |m| m.id == LINE_AGENTSTATUS && m.third == LINEAGENTSTATE_READY);
    tapi.ask("lineSetAgentActivity", &[line as usize, 0, 2]);
    let status = get(&mut tapi, "lineGetAgentStatusW");
    assert_eq!(text(&status, offset_of!(LINEAGENTSTATUS, dwActivitySize)), "Training");
    tapi.ask("lineSetAgentGroup", &[line as usize, 0, 0]);
    tapi.until("logged off", |m| m.id == LINE_AGENTSTATUS && m.third == LINEAGENTSTATE_LOGGEDOFF);
    tapi.done(json!({"do": "agents", "served": false}));
    let answer = tapi.call("lineSetAgentState", &[line as usize, 0, 4, 0]);
    assert_eq!(outcome(answer), Err(LINEERR_OPERATIONUNAVAIL));
    tapi.until("its end", |m| m.id == LINE_PROXYSTATUS && m.first == LINEPROXYSTATUS_CLOSE);
}

#[test]
fn lines_come_go_and_stop() {
    let mut tapi = begun(&json!({}));
    let line = tapi.open(0, CONTROL).unwrap();
    let states = (LINEDEVSTATE_OUTOFSERVICE | LINEDEVSTATE_INSERVICE) as usize;
    assert_eq!(tapi.call("lineSetStatusMessages", &[line as usize, states, 0]), 0);
    tapi.done(json!({"do": "service", "line": "Line 101", "on": false}));
    tapi.until("out of service", |m| m.id == LINE_LINEDEVSTATE && m.first == LINEDEVSTATE_OUTOFSERVICE);
    tapi.done(json!({"do": "service", "line": 0, "on": true}));
    tapi.until("in service", |m| m.id == LINE_LINEDEVSTATE && m.first == LINEDEVSTATE_INSERVICE);
    tapi.done(json!({"do": "close", "line": 0}));
    assert_eq!(tapi.until("the close", |m| m.id == LINE_CLOSE).device, line);
    assert_eq!(outcome(tapi.call("lineClose", &[line as usize])), Err(LINEERR_INVALLINEHANDLE));
    let answer = tapi.done(json!({"do": "create", "line": {"name": "New", "addresses": [{"number": "104"}]}}));
    assert_eq!(answer["device"], 3);
    assert_eq!(tapi.until("the new line", |m| m.id == LINE_CREATE).first, 3);
    assert!(tapi.open(3, CONTROL).is_ok());
    tapi.done(json!({"do": "remove", "line": 1}));
    assert_eq!(tapi.until("the removal", |m| m.id == LINE_REMOVE).first, 1);
    assert_eq!(tapi.open(1, CONTROL), Err(LINEERR_BADDEVICEID));
    tapi.done(json!({"do": "stop"}));
    assert_eq!(tapi.open(0, CONTROL), Err(LINEERR_SERVICE_NOT_RUNNING));
    tapi.done(json!({"do": "start"}));
    tapi.done(json!({"do": "reinit"}));
    let told = tapi.until("the word", |m| m.id == LINE_LINEDEVSTATE && m.first == LINEDEVSTATE_REINIT);
    assert_eq!((told.device, told.second), (0, 0));
    assert_eq!(outcome(tapi.initialize(0x0002_0002, 2).0), Err(LINEERR_REINIT));
    tapi.call("lineShutdown", &[tapi.app as usize]);
    assert_eq!(tapi.begin(), 4);
}

#[test]
fn the_script_and_the_file_of_commands_move_it() {
    let mut tapi = begun(&json!({"script": [
        {"at": 10, "do": "call", "from": "0441111111", "to": "101"},
        {"at": 30, "do": "hangup", "number": "0441111111"},
    ]}));
    let line = tapi.open(0, CONTROL).unwrap();
    let call = tapi.new_call(line);
    tapi.state(call, LINECALLSTATE_IDLE);
    // A file: half a line is waited for.
    let name = driver::built().with_extension("commands");
    let path = tapi.folder().join(name.file_name().unwrap());
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"rubbish\n{\"do\":\"call\",\"from\":\"0442222222\",").unwrap();
    file.write_all(b"\"to\":\"101\"}\n").unwrap();
    let call = tapi.new_call(line);
    assert_eq!(text(&tapi.info(call), offset_of!(LINECALLINFO, dwCallerIDSize)), "0442222222");
    file.write_all(b"{\"do\":\"hangup\",\"number\":\"0442222222\"}\n").unwrap();
    tapi.state(call, LINECALLSTATE_IDLE);
    // A shorter one is a new one.
    std::fs::write(&path, "{\"do\":\"call\",\"from\":\"7654321\",\"to\":\"101\"}\n").unwrap();
    tapi.new_call(line);
}

#[test]
fn a_configuration_that_cannot_be_used_is_refused() {
    for wrong in [
        json!({"line": []}),
        json!({"lines": [{"name": "x", "addresses": []}]}),
        json!({"faults": [{"on": "lineFly"}]}),
        json!({"faults": [{"on": "lineHold", "error": "NOSUCH"}]}),
        json!({"api": ["2.2", "2.0"]}),
    ] {
        let tapi = Tapi::with(&wrong);
        assert_eq!(outcome(tapi.initialize(0x0002_0002, 2).0), Err(LINEERR_INIFILECORRUPT), "{wrong}");
    }
}

#[test]
fn commands_that_cannot_be_done_say_why() {
    let tapi = begun(&json!({}));
    for command in [
        json!([]),
        json!({}),
        json!({"do": "fly"}),
        json!({"do": "answer", "number": "101"}),
        json!({"do": "call", "from": "1"}),
        json!({"do": "service", "line": 17, "on": true}),
        json!({"do": "fault", "fault": {"on": "lineFly"}}),
        json!({"do": "reset"}),
    ] {
        let answer = tapi.command(&command);
        assert_eq!(answer["ok"], false, "{command}");
        assert!(answer["error"].as_str().is_some_and(|error| error.len() > 5), "{answer}");
    }
}

#[test]
fn with_the_clock_by_hand_nothing_happens_by_itself() {
    let mut tapi = begun(&json!({"clock": "manual", "times": {"reply": 10, "dial": 100}}));
    let line = tapi.open(0, CONTROL).unwrap();
    let mut handle = Box::new(0u32);
    let number = wide("0441234567");
    let places = [line as usize, &raw mut *handle as usize, number.as_ptr() as usize, 0, 0];
    let request = tapi.call("lineMakeCallW", &places);
    assert_eq!(tapi.read(20).unwrap_err(), LINEERR_OPERATIONFAILED);
    tapi.done(json!({"do": "advance", "ms": 10}));
    assert_eq!(tapi.reply(request), Ok(()));
    tapi.done(json!({"do": "advance", "ms": 99}));
    tapi.state(*handle, LINECALLSTATE_DIALING);
    while let Ok(message) = tapi.read(20) {
        assert_eq!(message.id, LINE_CALLINFO);
    }
    tapi.done(json!({"do": "advance", "ms": 1}));
    tapi.state(*handle, LINECALLSTATE_PROCEEDING);
}
