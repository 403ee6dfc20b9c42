//! The conversations of `transcripts/`: the adapter is given what the server says, asks what it likes, and must come to
//! the same requests for commands and to the same events.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::Bench;
use jackfield_plugin_api::{CallState, Direction, Fact, LineId};
use serde_json::{Value, json};

/// A line of a conversation.
struct Turn {
    dir: String,
    name: String,
    body: Value,
    whole: Value,
}

fn read(name: &str) -> Vec<Turn> {
    let path = format!("{}/tests/transcripts/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let turn = |line: &str| {
        let whole: Value = serde_json::from_str(line).unwrap();
        Turn {
            dir: whole["dir"].as_str().unwrap().to_owned(),
            name: whole["msg"][0].as_str().unwrap_or_default().to_owned(),
            body: whole["msg"][1].clone(),
            whole,
        }
    };
    text.lines().map(turn).collect()
}

/// The user of the conversations, logged in at a server that answers as at the beginning of them.
fn up() -> Bench {
    let mut bench = Bench::new(&json!({}));
    bench.line_as("101", "op1");
    bench.opened(0);
    bench.take();
    bench.side(0).requests.clear();
    bench
}

/// What the client asks by itself, when it likes.
fn asks_by_itself(name: &str) -> bool {
    matches!(name, "ping" | "subscribeevent" | "getextendedlineinfo" | "getcurrentqueue" | "cc_getlunchtypes")
}

/// Plays a conversation. Commands are given where the client sent them.
fn play(bench: &mut Bench, turns: &[Turn]) {
    for (at, turn) in turns.iter().enumerate() {
        let reply = turn.name.ends_with("result") || turn.name == "pong";
        match turn.dir.as_str() {
            "c>s" if !asks_by_itself(&turn.name) => {
                let answer = turns[at..].iter().find(|t| t.dir == "s>c" && t.body["qid"] == turn.body["qid"]);
                let mut body = answer.unwrap().body.clone();
                body.as_object_mut().unwrap().remove("qid");
                bench.side(0).replies.insert(turn.name.clone(), body);
                bench.side(0).requests.clear();
                let (command, params) = command(bench, turn);
                bench.command(command, params);
                assert_eq!(bench.side(0).take(&[&turn.name])[0][1], renamed(&turn.body, bench), "{}", turn.whole);
            }
            "s>c" if !reply => {
                // Events that come together are followed by what the line then is.
                let then = turns[at..].iter().find(|t| t.name == "getextendedlineinforesult");
                if let Some(then) = then {
                    bench.side(0).info = then.body.clone();
                }
                bench.text(0, &turn.whole["msg"].to_string());
                if turns.get(at + 1).is_none_or(|next| next.dir != "s>c") {
                    bench.wait(1000);
                }
            }
            _ => {}
        }
    }
    bench.wait(1000);
}

/// A request of the client with the qid that the adapter gave it.
fn renamed(body: &Value, bench: &Bench) -> Value {
    let mut body = body.clone();
    body["qid"] = bench.last_qid.clone();
    body
}

/// The command that leads to a request.
fn command(bench: &Bench, turn: &Turn) -> (&'static str, Value) {
    let current = || json!({"callId": bench.key(bench.newest())});
    let body = &turn.body;
    match turn.name.as_str() {
        "pbxautocallstart" if body.get("intercom").is_some() => {
            ("librarySpecificService", json!({"name": "intercom", "params": {"number": body["number"]}}))
        }
        "pbxautocallstart" => ("makeCall", json!({"to": body["number"]})),
        "pbxanswercall" => ("answerCall", current()),
        "pbxabortcall" | "pbxdeclinecall" | "pbxautocallabort" => ("dropCall", current()),
        "pbxmakeflash" if bench.last_call(bench.newest()).state == CallState::Held => ("unholdCall", current()),
        "pbxmakeflash" => ("holdCall", current()),
        "pbxmaketransfer" => {
            ("blindTransferCall", json!({"callId": bench.key(bench.newest()), "to": body["transferto"]}))
        }
        "setuserstate" => {
            let code = match (body["userstateid"].as_i64().unwrap(), body["onccmanual"].as_bool()) {
                (1, Some(true)) => "readyCCManual",
                (1, Some(false)) => "ready",
                (1, None) => "readyCC",
                (2, _) => "break",
                (3, _) => "dnd",
                (5, _) => "busy",
                other => panic!("no state for {other:?}"),
            };
            ("setUserState", json!({"code": code, "reason": body.get("lunchreasonid").map(ToString::to_string)}))
        }
        other => panic!("no command for {other}"),
    }
}

/// The events that facts make: as the host's model derives them, without what it adds.
fn events(facts: &[Fact]) -> Vec<String> {
    let mut events = Vec::new();
    let mut states: BTreeMap<String, CallState> = BTreeMap::new();
    for fact in facts {
        let Fact::Call(call) = fact else { continue };
        let before = states.insert(call.key.to_string(), call.state);
        let party = if call.direction == Some(Direction::Out) { &call.called } else { &call.caller };
        let number = party.as_ref().map_or("", |party| &party.number);
        let word = match (before, call.state) {
            (None, CallState::Alerting) => format!("callStarted {} {number}", call.direction.unwrap()),
            (None, _) => format!("callStarted {} {number} {}", call.direction.unwrap(), call.state),
            (Some(CallState::Alerting), CallState::Connected) => "commutationStarted".to_owned(),
            (Some(CallState::Connected), CallState::Held) => "hold".to_owned(),
            (Some(CallState::Held), CallState::Connected) => "unhold".to_owned(),
            (Some(_), CallState::Finished) => "callFinished".to_owned(),
            (Some(before), now) if before == now => continue,
            other => panic!("{other:?}"),
        };
        events.push(word);
    }
    events
}

/// The events that the conversation names. A call that is started again before it was finished counts once: there the
/// CRM's client took an own phone that rang in between for a new call.
fn expected(turns: &[Turn]) -> Vec<String> {
    let mut live: BTreeSet<String> = BTreeSet::new();
    let mut events = Vec::new();
    for turn in turns.iter().filter(|turn| turn.dir == "cti") {
        let event = turn.whole["event"].as_str().unwrap();
        let id = turn.whole["callId"].as_str().unwrap_or_default();
        match event {
            "callStarted" if live.insert(id.to_owned()) => {
                let direction = turn.whole["direction"].as_str().unwrap().to_lowercase();
                events.push(format!("callStarted {direction} {}", id.split(':').nth(1).unwrap()));
            }
            "callFinished" => {
                live.remove(id);
                events.push(event.to_owned());
            }
            "commutationStarted" | "hold" | "unhold" => events.push(event.to_owned()),
            _ => {}
        }
    }
    events
}

#[test]
fn calls_go_as_in_the_conversations() {
    for name in [
        "10-incoming-answer-remote-end",
        "11-incoming-missed",
        "12-incoming-declined",
        "13-outgoing-hold-unhold-end",
        "14-outgoing-far-end-first-abort",
    ] {
        let mut turns = read(name);
        let mut bench = up();
        if name.starts_with("14") {
            bench = far_end_first();
            // The second half asks for an intercom call and shows the far end's number of the first; it has a test of its own.
            let end = turns.iter().position(|turn| turn.body.get("intercom").is_some()).unwrap();
            turns.truncate(end);
        }
        play(&mut bench, &turns);
        assert_eq!(events(&bench.facts), expected(&turns), "{name}");
        let answered = bench.commands.iter().all(|(_, answered)| *answered);
        assert!(answered, "{name}: {:?}", bench.commands);
        assert!(!bench.said.iter().any(|word| word.starts_with("refused")), "{name}: {:?}", bench.said);
    }
}

fn far_end_first() -> Bench {
    let mut bench = Bench::new(&json!({"sequence": "abonent"}));
    bench.line_as("101", "op1");
    bench.opened(0);
    bench.side(0).requests.clear();
    bench
}

#[test]
fn a_blind_transfer_goes_as_in_the_conversation() {
    let mut bench = up();
    // The conversation begins in a talk.
    bench.side(0).info = common::talks(common::OUTSIDE, common::CHAIN);
    bench.event("phoneevent_commstarted", json!({}));
    let turns = read("17-blind-transfer");
    play(&mut bench, &turns);
    let said = events(&bench.facts);
    assert_eq!(said, ["callStarted in 79990000001 connected", "callFinished"]);
    assert!(bench.said.iter().any(|word| word.contains("finished transferred")), "{:?}", bench.said);
}

#[test]
fn the_users_states_are_set_by_the_same_requests() {
    let mut turns = read("15-agent-status");
    // The rest is the older way of setting them, by fewer fields, which an adapter has no need for.
    let end = turns.iter().position(|turn| turn.whole["text"] == "legacy setStatus").unwrap();
    turns.truncate(end);
    // The state that the client has before it sets the first one.
    let mut bench = up();
    play(&mut bench, &turns);
    let states: Vec<String> = bench
        .facts
        .iter()
        .filter_map(|fact| if let Fact::Agent(agent) = fact { Some(agent.code.clone()) } else { None })
        .collect();
    assert_eq!(states, ["ready", "readyCC", "break", "readyCCManual", "busy", "ready", "dnd"]);
    let call_centre: Vec<Option<bool>> = bench
        .facts
        .iter()
        .filter_map(|fact| if let Fact::Agent(agent) = fact { Some(agent.call_centre) } else { None })
        .collect();
    let expected = [false, true, true, true, true, false, false].map(Some);
    assert_eq!(call_centre, expected);
}

/// Answers of the server by name, the first of each.
fn answers(turns: &[Turn]) -> BTreeMap<String, Value> {
    let mut answers = BTreeMap::new();
    for turn in turns.iter().filter(|turn| turn.dir == "s>c") {
        if let Some(name) = turn.name.strip_suffix("result") {
            let mut body = turn.body.clone();
            body.as_object_mut().unwrap().remove("qid");
            answers.entry(name.to_owned()).or_insert(body);
        }
    }
    answers
}

/// The n-th request of this name, without what differs between clients.
fn request(turns: &[Turn], name: &str, nth: usize) -> Value {
    let turn = turns.iter().filter(|turn| turn.dir == "c>s" && turn.name == name).nth(nth);
    let mut body = turn.unwrap().body.clone();
    body.as_object_mut().unwrap().remove("qid");
    body
}

#[test]
fn logins_say_what_the_vendors_client_says() {
    for name in ["01-login-logout", "05-login-session"] {
        let turns = read(name);
        let mut bench = Bench::new(&json!({}));
        bench.line_as("101", "op1");
        bench.side(0).replies.extend(answers(&turns));
        bench.opened(0);
        assert_eq!(bench.take()[0], "up Oktell 2.12.0.150501", "{name}");
        assert_eq!(bench.sent("login"), [request(&turns, "login", 0)], "{name}");
        for also in
            ["getversion", "getmyuserinfo", "cc_getlunchtypes", "getuserstate", "getredirectrules", "getpbxnumbers"]
        {
            assert_eq!(bench.sent(also)[0], request(&turns, also, 0), "{name}");
        }
        if name.starts_with("05") {
            bench.closed(0);
            bench.opened(0);
            assert_eq!(bench.sent("login")[1], request(&turns, "login", 1), "by the session");
        }
        bench.driver.give(&jackfield_plugin_api::frame::input::InputFrame::line_closed(LineId(0))).unwrap();
        bench.pump();
        if name.starts_with("01") {
            assert_eq!(bench.sent("logout"), [request(&turns, "logout", 0)]);
        }
    }
}

#[test]
fn refused_logins_are_told_as_the_vendors_client_tells_them() {
    for (name, code) in [
        ("02-login-wrong-password", "authenticationFailed no retry"),
        ("03-login-desktop-client-online", "deviceClaimed no retry"),
        ("04-login-licence-limit", "licenceMissing no retry"),
    ] {
        let turns = read(name);
        let mut bench = Bench::new(&json!({}));
        bench.line_as("101", "op1");
        bench.side(0).replies.extend(answers(&turns));
        bench.opened(0);
        assert_eq!(bench.take(), [format!("down line 0 {code}")], "{name}");
    }
}

#[test]
fn the_queue_and_the_records_are_read() {
    let turns = read("16-queue");
    let mut bench = up();
    bench.side(0).replies.extend(answers(&turns));
    bench.command("librarySpecificService", json!({"name": "queue"}));
    assert_eq!(bench.values["queue"][0]["number"], "79990000009");
    let turns = read("18-misc-commands");
    bench.side(0).replies.extend(answers(&turns));
    bench.command("queryCallRecords", json!({"nativeId": common::CHAIN}));
    assert_eq!(bench.values["urls"][0], "http://oktell.example:80/download/rec/1?temppass=tmp1");
    assert_eq!(bench.sent("getpbxcalljournal"), [request(&turns, "getpbxcalljournal", 0)]);
    assert_eq!(bench.sent("gettemphttppass"), [request(&turns, "gettemphttppass", 0)]);
    for turn in turns.iter().filter(|turn| turn.dir == "s>c") {
        bench.text(0, &turn.whole["msg"].to_string());
    }
    bench.command("librarySpecificService", json!({"name": "numbers"}));
    assert_eq!(bench.values["numbers"][0]["state"], "busy", "the event of the conversation says so");
}

#[test]
fn a_dropped_socket_is_a_loss_and_no_end() {
    let turns = read("19-socket-drop");
    assert!(turns.iter().any(|turn| turn.whole["text"].as_str().is_some_and(|text| text.contains("closed"))));
    let mut bench = up();
    bench.side(0).info = common::talks(common::OUTSIDE, common::CHAIN);
    bench.event("phoneevent_commstarted", json!({}));
    bench.closed(0);
    bench.opened(0);
    assert_eq!(events(&bench.facts), ["callStarted in 79990000001 connected"]);
    let snapshots = bench.facts.iter().filter(|fact| matches!(fact, Fact::Snapshot(s) if s.calls.len() == 1)).count();
    assert_eq!(snapshots, 1, "it is still there afterwards");
}
