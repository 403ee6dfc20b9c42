//! The session of a line: login, refusals, the first look, keep-alive, redirect, loss and return, several users.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod common;

use common::{Bench, CHAIN, OUTSIDE, holding, idle, rings, talks};
use jackfield_plugin_api::{AgentFeatures, CallFeatures, Fact};
use serde_json::{Value, json};

const UP: [&str; 3] = ["up Oktell 2.12.0.150501", "snapshot 0 []", "agent ready ready cc=false"];

/// What is sent after the link is open, without what ties replies to requests.
fn requests(bench: &mut Bench) -> Vec<(String, Value)> {
    let mut all = std::mem::take(&mut bench.side(0).requests);
    for (_, body) in &mut all {
        body.as_object_mut().unwrap().remove("qid");
    }
    all
}

fn refused(reply: Value) -> Bench {
    let mut bench = Bench::new(&json!({}));
    bench.line("101");
    bench.side(0).replies.insert("login".into(), reply);
    bench.opened(0);
    bench
}

#[test]
fn a_login_says_both_hashes_and_everything_that_is_needed_is_asked_for() {
    let mut bench = Bench::new(&json!({}));
    bench.line("101");
    let open = &bench.open[0].1;
    assert!(open.contains("ws://oktell.example:4066") && open.contains("subprotocols: [\"json\"]"), "{open}");
    bench.opened(0);
    assert_eq!(bench.take(), UP);
    let requests = requests(&mut bench);
    assert_eq!(requests[0], ("ping".to_owned(), json!({})));
    let login = json!({"userlogin": "op101", "Password": "d6cb2342e44efb6dd628276f36da2359",
        "password": "e52d98c459819a11775936d8dfbb7929", "showid": 1, "usewebrtc": false});
    assert_eq!(requests[1], ("login".to_owned(), login));
    let names: Vec<&str> = requests.iter().map(|(name, _)| name.as_str()).filter(|n| *n != "subscribeevent").collect();
    let expected = [
        "ping",
        "login",
        "getversion",
        "getmyuserinfo",
        "cc_getlunchtypes",
        "getuserstate",
        "getredirectrules",
        "getextendedlineinfo",
        "getpbxnumbers",
    ];
    assert_eq!(names, expected);
    let events = requests.iter().filter(|(name, _)| name == "subscribeevent");
    let events: Vec<Value> = events.map(|(_, body)| body["eventmethod"][0].clone()).collect();
    assert_eq!(events.len(), 13);
    assert!(events.contains(&json!("phoneevent_ringstarted")) && events.contains(&json!("pbxnumberstatechanged")));
}

#[test]
fn refusals_are_told_apart() {
    for (reply, code, slow) in [
        (json!({"result": 0, "errormsg": "Wrong login/pass combination"}), "authenticationFailed no retry", true),
        (json!({"result": 0, "error": 50093, "errormsg": "already registered"}), "deviceClaimed no retry", true),
        (json!({"result": 0, "error": 50025, "errormsg": "online user limit"}), "licenceMissing no retry", true),
        (json!({"result": 0, "errormsg": "Service not available"}), "phoneSystemUnavailable", false),
        (json!({"result": 0}), "authenticationFailed no retry", true),
    ] {
        let mut bench = refused(reply.clone());
        assert_eq!(bench.take(), [format!("down line 0 {code}")], "{reply}");
        let asked: Vec<&str> = bench.open[1..].iter().map(|(_, what)| what.as_str()).collect();
        assert_eq!(asked, if slow { &["reconnect", "slow"][..] } else { &["reconnect"] });
        bench.closed(0);
        assert_eq!(bench.take(), [""; 0], "the reason is known already");
    }
}

#[test]
fn a_server_that_is_too_old_or_silent_is_no_server_for_us() {
    let mut bench = Bench::new(&json!({}));
    bench.line("101");
    bench.side(0).replies.insert("getversion".into(), json!({"version": {"dated": 120_326}}));
    bench.opened(0);
    assert_eq!(bench.take(), ["down line 0 versionUnsupported no retry"]);
    for deaf in ["ping", "login", "getuserstate"] {
        let mut bench = Bench::new(&json!({}));
        bench.line("101");
        bench.side(0).deaf.push(deaf);
        bench.opened(0);
        assert_eq!(bench.take(), [""; 0]);
        bench.wait(10_100);
        assert_eq!(bench.take(), ["down line 0 timeout"], "{deaf}");
    }
}

#[test]
fn an_older_server_offers_less() {
    let mut bench = Bench::new(&json!({}));
    bench.line("101");
    bench.side(0).replies.insert("getversion".into(), json!({"version": {"dated": 120_400}}));
    bench.opened(0);
    let names: Vec<String> = requests(&mut bench).into_iter().map(|(name, _)| name).collect();
    assert!(!names.contains(&"cc_getlunchtypes".to_owned()) && !names.contains(&"getredirectrules".to_owned()));
    let line = bench.facts.iter().rev().find_map(|f| if let Fact::Line(line) = f { Some(line.clone()) } else { None });
    let can = line.unwrap().capabilities.unwrap();
    assert!(!can.call.contains(CallFeatures::ANSWER) && !can.call.contains(CallFeatures::HOLD));
    assert!(can.call.contains(CallFeatures::DIAL) && !can.agent.contains(AgentFeatures::FORWARDING));
}

#[test]
fn calls_that_were_up_are_in_the_first_snapshot() {
    let mut bench = Bench::new(&json!({}));
    bench.line("101");
    bench.side(0).info = holding(talks("102", CHAIN), OUTSIDE, "c2");
    bench.opened(0);
    assert_eq!(bench.take()[1], "snapshot 0 [A held unknown 79990000001; B connected unknown 102]");
}

#[test]
fn a_login_is_repeated_by_the_session_and_its_calls_are_the_same() {
    let mut bench = Bench::up();
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_commstarted"]);
    bench.take();
    bench.closed(0);
    assert_eq!(bench.take(), ["down connectionLost"], "the only line that works is the connection");
    bench.side(0).requests.clear();
    bench.opened(0);
    assert_eq!(bench.take()[1], "snapshot 0 [A changed]");
    let login = &requests(&mut bench)[1].1;
    assert_eq!((login["sessionid"].as_str(), login.get("Password")), (Some("sess-101"), None));
}

#[test]
fn calls_that_are_gone_after_a_loss_are_not_in_the_snapshot() {
    let mut bench = Bench::up();
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    bench.closed(0);
    bench.side(0).info = idle();
    bench.take();
    bench.opened(0);
    assert_eq!(bench.take()[1], "snapshot 0 []");
}

#[test]
fn a_session_that_the_server_has_forgotten_is_followed_by_the_password() {
    let mut bench = Bench::up();
    bench.closed(0);
    let works = bench.side(0).replies["login"].clone();
    let forgotten = json!({"result": 0, "errormsg": "Bad request. Session does not exist"});
    bench.side(0).replies.insert("login".into(), forgotten);
    bench.take();
    bench.opened(0);
    assert_eq!(bench.take(), ["down line 0 connectionLost"]);
    bench.closed(0);
    bench.side(0).replies.insert("login".into(), works);
    bench.side(0).requests.clear();
    bench.opened(0);
    assert_eq!(bench.take(), UP);
    assert!(requests(&mut bench)[1].1.get("Password").is_some());
}

#[test]
fn a_server_that_is_not_there_is_noticed() {
    let mut bench = Bench::up();
    bench.wait(60_000);
    assert_eq!(bench.take(), [""; 0], "pings are answered");
    bench.side(0).deaf.push("ping");
    bench.wait(60_000);
    assert_eq!(bench.take(), ["down connectionLost"]);
    assert_eq!(bench.open.last().unwrap().1, "reconnect");
}

#[test]
fn a_redirect_is_followed_once_and_left_when_nobody_is_there() {
    let mut bench = Bench::new(&json!({}));
    bench.line("101");
    bench.side(0).deaf.push("ping");
    bench.opened(0);
    bench.text(0, r#"["websocketredirect",{}]"#);
    assert_eq!(bench.open[1].1, "close");
    assert!(bench.open[2].1.contains("wss://oktell.example:443"), "{:?}", bench.open);
    bench.closed(0);
    assert_eq!((bench.open[3].1.as_str(), bench.open.len()), ("close", 4));
    bench.wait(30_100);
    assert!(bench.open[4].1.contains("ws://oktell.example:4066"), "{:?}", bench.open);
    bench.side(0).deaf.clear();
    bench.opened(0);
    assert!(bench.take().ends_with(&UP.map(ToOwned::to_owned)));
    bench.text(0, r#"["websocketredirect",{}]"#);
    assert_eq!(bench.open.len(), 5, "not in the middle of a session");
}

#[test]
fn an_address_that_has_worked_is_kept() {
    let mut bench = Bench::new(&json!({}));
    bench.line("101");
    bench.side(0).deaf.push("ping");
    bench.opened(0);
    bench.text(0, r#"["websocketredirect",{}]"#);
    bench.side(0).deaf.clear();
    bench.opened(0);
    assert_eq!(bench.take(), UP);
    bench.closed(0);
    bench.wait(60_000);
    assert_eq!(bench.open.len(), 3, "the host opens it again by itself: {:?}", bench.open);
}

#[test]
fn one_user_that_is_lost_leaves_the_others_alone() {
    let mut bench = Bench::new(&json!({}));
    for (at, name) in ["101", "102", "103"].iter().enumerate() {
        bench.line(name);
        bench.opened(u32::try_from(at).unwrap());
    }
    let said = bench.take();
    assert_eq!(said.iter().filter(|word| word.starts_with("up")).count(), 1, "{said:?}");
    let keepers = |bench: &mut Bench, side: u32| bench.side(side).take(&["getpbxnumbers"]).len();
    let asked = (keepers(&mut bench, 0), keepers(&mut bench, 1), keepers(&mut bench, 2));
    assert_eq!(asked, (1, 0, 0), "one asks for the numbers, for all");
    bench.closed(0);
    assert_eq!(bench.take(), ["down line 0 connectionLost"]);
    assert_eq!(keepers(&mut bench, 1), 1, "another one listens for the states of numbers");
    bench.opened(0);
    assert_eq!(bench.take(), ["snapshot 0 []", "agent ready ready cc=false"]);
    for line in [2, 1, 0] {
        bench.closed(line);
    }
    assert_eq!(bench.take(), ["down line 2 connectionLost", "down line 1 connectionLost", "down connectionLost"]);
}

#[test]
fn two_lines_of_one_user_are_refused() {
    let mut bench = Bench::up();
    bench.driver.line("201", &json!({"login": "OP101", "password": "x"})).unwrap();
    bench.pump();
    assert_eq!(bench.take(), ["error deviceClaimed"]);
    bench.driver.line("202", &json!({"login": " ", "password": "x"})).unwrap();
    bench.pump();
    assert_eq!((bench.take(), bench.open.len()), (vec!["error configInvalid".to_owned()], 1));
}

#[test]
fn settings_that_make_no_sense_are_refused_with_their_place() {
    for (settings, place) in [
        (json!({"url": "http://oktell.example"}), "url: "),
        (json!({"url": "ws://o", "ping": 0}), "ping: "),
        (json!({"url": "ws://o", "subprotocol": "a b"}), "subprotocol: "),
        (json!({"url": "ws://o", "web": "oktell.example"}), "web: "),
        (json!({"url": "ws://o", "settle_percent": 1001}), "settle_percent: "),
    ] {
        let refused = jackfield_plugin_api::testing::Driver::<jackfield_plugin_oktell::Oktell>::new(&settings);
        let text = refused.unwrap_err().to_string();
        assert!(text.starts_with(&format!("settings: {place}")), "{text}");
    }
}

#[test]
fn long_messages_in_parts_and_rubbish_are_taken_in() {
    let mut bench = Bench::up();
    for rubbish in ["", "[]", "{}", "[\"multipart\",{}]", "[1,2,3]", "[\"userstatechanged\"]", "\u{0}"] {
        bench.text(0, rubbish);
    }
    bench.text(0, &format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)));
    assert_eq!(bench.take(), [""; 0]);
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    assert_eq!(bench.take(), ["A alerting/ringing in 79990000001"]);
}

#[test]
fn the_adapter_is_replaced_in_a_call() {
    let mut bench = Bench::up();
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    let settings = bench.settings.clone();
    assert!(bench.driver.swap(&settings).unwrap());
    bench.take();
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_commstarted"]);
    assert_eq!(bench.take(), ["A connected in 79990000001"]);
    bench.wait(60_000);
    assert_eq!(bench.take(), [""; 0], "pings and looks go on");
}
