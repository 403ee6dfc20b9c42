//! What goes wrong: logins, links, commands that come to nothing, messages that come twice or not.

use jackfield_tests::host::Setup;
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use crate::bed::{BOSS, Bed, ONE, OUTSIDE, Plan, TOKEN, TWO, call_id, story};

fn faults(bed: &mut Bed, faults: Value) {
    bed.phones(json!({"do": "faults", "faults": faults}));
}

/// The line is up again, with what the host knows of its calls.
fn back(bed: &mut Bed) -> Value {
    let reconciled = |e: &Value| e["params"]["data"]["reason"] == "reconciled";
    bed.first("activeCallSnapshot", ONE, reconciled)["params"]["data"]["activeCalls"].take()
}

fn wrong_login(isolation: &'static str) {
    let plan = Plan { phones: "password = \"Other-Pass-9\"", ..Plan::new(isolation) };
    let mut callway = plan.simulator();
    let host = Setup::new(plan.config(callway.url()), &["callway"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    // Who is there when it happens is told an error; who comes later is told why the line is down.
    let why = |e: &Value| [e["params"]["data"]["code"].clone(), e["params"]["cause"]["code"].clone()];
    client.event(|e| why(e).contains(&json!("authenticationFailed"))).unwrap();
    host.wait_log("CallWay refused the login of `integration`: check `login` and `password`").unwrap();
    callway.wait_for(&json!({"do": "visits"}), |all| all.to_string().matches("refused").count() >= 2).unwrap();
    assert!(!host.log().contains("Secret1") && !format!("{:?}", client.events).contains("Secret1"));
    let hello = &client.call("subscribe", &json!({"lines": [ONE]}));
    assert!(hello.is_ok(), "{hello:?}");
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn a_wrong_login_is_told_and_tried_again_isolated() {
    wrong_login("process");
}

#[test]
fn a_wrong_login_is_told_and_tried_again_in_the_host() {
    wrong_login("host");
}

/// I15: CallWay cannot be asked what is. What it speaks of again is known again; what it does not, ends at last.
fn cut_in_a_call(isolation: &'static str) {
    let mut bed = Bed::new(&Plan { keys: "stale_timeout = \"3s\"", ..Plan::new(isolation) });
    let call = bed.incoming();
    bed.phones(json!({"do": "cut", "number": "210"}));
    let lost = bed.first("disconnected", ONE, |_| true);
    assert_eq!(lost["params"]["data"]["activeCallIds"], json!([call]));
    let calls = back(&mut bed);
    assert_eq!((&calls[0]["callId"], &calls[0]["state"]), (&call, &json!("unknown")));
    // The phone is used: the call is known again.
    bed.callway.wait_visits("integration", &["login", "gone", "login"]).unwrap();
    bed.phones(json!({"do": "hold", "number": "210"}));
    bed.of("hold", ONE, &call);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.told(
        ONE,
        &[
            "callStarted(A)",
            "L(A)",
            "commutationStarted(A)",
            "L(A)",
            "disconnected",
            "initialized",
            "snapshot(beforeReconcile)",
            "snapshot(reconciled)",
            "agent(ready)",
            "L(A)",
            "callInfoChanged(A)*",
            "hold(A)",
            "L(A)",
            "unhold(A)",
            "L(A)",
            "callFinished(A,normalClearing)",
            "L",
        ],
    );
    bed.sound("cut and confirmed");

    // It ends while nobody listens.
    bed.next();
    let call = bed.incoming();
    faults(&mut bed, json!({"refuse_logins": true}));
    bed.phones(json!({"do": "half", "number": "210"}));
    bed.first("disconnected", ONE, |_| true);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    faults(&mut bed, json!({}));
    back(&mut bed);
    // The other line's calls go on meanwhile, and a new call here is none of its business.
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "211"}));
    let other = bed.call(TWO, 1);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &other);
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["cause"]["code"], &end["params"]["data"]["estimated"], &end["params"]["synthetic"]),
        (&json!("lost"), &json!(true), &json!(true)),
        "{end}"
    );
    bed.sound("cut and lost");
}

#[test]
fn a_link_is_cut_in_a_call_isolated() {
    cut_in_a_call("process");
}

#[test]
fn a_link_is_cut_in_a_call_in_the_host() {
    cut_in_a_call("host");
}

/// M12 14: the phone system starts anew, its calls are gone, and an id of theirs comes again.
#[test]
fn the_phone_system_restarts_in_a_call() {
    let mut bed = Bed::new(&Plan { keys: "stale_timeout = \"3s\"", ..Plan::new("process") });
    let call = bed.incoming();
    bed.phones(json!({"do": "restart"}));
    let calls = back(&mut bed);
    assert_eq!((&calls[0]["callId"], &calls[0]["state"]), (&call, &json!("unknown")));
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "210"}));
    let second = bed.call(ONE, 2);
    assert_ne!(call, second);
    bed.asks(ONE, "answerCall", json!({"callId": second}));
    bed.of("commutationStarted", ONE, &second);
    assert_eq!(bed.of("callFinished", ONE, &call)["params"]["data"]["estimated"], true);
    bed.asks(ONE, "dropCall", json!({"callId": second}));
    bed.of("callFinished", ONE, &second);
    bed.sound("restart");

    // An id that an unconfirmed call has is a new call's: the old one is over.
    bed.next();
    let call = bed.incoming();
    let native = bed.of("callStarted", ONE, &call)["params"]["data"]["call"]["nativeId"].clone();
    bed.phones(json!({"do": "restart"}));
    back(&mut bed);
    bed.phones(json!({"do": "say", "message": "NewCall", "fields": [
        ["OperatorId", "210"], ["Number", "555"], ["Direction", "Incoming"], ["QueueId", ""], ["UniqueId", native]
    ]}));
    let second = bed.call(ONE, 2);
    assert_eq!(bed.of("callFinished", ONE, &call)["params"]["cause"]["code"], "lost");
    bed.phones(json!({"do": "say", "message": "CallStateChanged", "fields": [
        ["OperatorId", "210"], ["UniqueId", native], ["State", "Hangup"]
    ]}));
    bed.of("callFinished", ONE, &second);
    bed.sound("an id again");
}

/// M12 19: calls that were there before the host was.
#[test]
fn calls_that_began_before_the_host_are_told_when_callway_speaks_of_them() {
    let plan = Plan::new("process");
    let mut callway = plan.simulator();
    for what in [
        json!({"do": "call", "from": OUTSIDE, "to": "210"}),
        json!({"do": "answer", "number": "210"}),
        json!({"do": "call", "from": OUTSIDE, "to": "211"}),
    ] {
        callway.tell(&what).unwrap();
    }
    let host = Setup::new(plan.config(callway.url()), &["callway"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    for line in [ONE, TWO] {
        client.look_again();
        client.event(|e| e["method"] == "agentStateChanged" && e["params"]["line"] == line).unwrap();
    }
    client.events.clear();
    client.look_again();
    let mut bed = Bed { callway, host, client };
    // Nothing is known of it, so its end is nobody's.
    bed.phones(json!({"do": "hangup", "number": "211"}));
    bed.phones(json!({"do": "hold", "number": "210"}));
    let call = bed.call(ONE, 1);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &call);
    let told: Vec<String> = story(&bed.client.events, ONE).into_iter().filter(|it| !it.starts_with("L")).collect();
    let wanted =
        ["callStarted(A)*", "commutationStarted(A)*", "hold(A)", "unhold(A)", "callFinished(A,normalClearing)"];
    let plain = |text: &str| text.trim_end_matches('*').to_owned();
    assert_eq!(told.iter().map(|t| plain(t)).collect::<Vec<_>>(), wanted.map(plain));
    assert!(story(&bed.client.events, TWO).iter().all(|it| !it.contains("callFinished")));
    bed.sound("calls of before");
}

/// M12 20: what comes twice is told once; rubbish and unknown kinds are passed over; and what changes places makes no
/// call that never was.
#[test]
fn messages_come_twice_between_rubbish_and_in_another_order() {
    let mut bed = Bed::new(&Plan::new("process"));
    faults(&mut bed, json!({"twice": 1, "strange": 2, "garbage": 3}));
    let call = bed.incoming();
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let talks = ["callStarted(A)", "L(A)", "commutationStarted(A)", "L(A)"];
    let rest = ["hold(A)", "L(A)", "unhold(A)", "L(A)", "callFinished(A,normalClearing)", "L"];
    bed.told(ONE, &talks.iter().chain(&rest).copied().collect::<Vec<_>>());
    bed.sound("twice");

    bed.next();
    faults(&mut bed, json!({"reorder": true}));
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "210"}));
    bed.phones(json!({"do": "answer", "number": "210"}));
    let call = bed.call(ONE, 1);
    bed.phones(json!({"do": "hold", "number": "210"}));
    bed.phones(json!({"do": "hangup", "number": "210"}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["data"]["missed"], false);
    faults(&mut bed, json!({}));
    bed.settle(ONE);
    let told = story(&bed.client.events, ONE);
    for once in ["callStarted(A)", "commutationStarted(A)", "callFinished(A,normalClearing)"] {
        assert_eq!(told.iter().filter(|text| text.trim_end_matches('*') == once).count(), 1, "{told:?}");
    }
    let caller = bed.of("callInfoChanged", ONE, &call);
    assert_eq!(caller["params"]["data"]["call"]["caller"]["number"], OUTSIDE);
    bed.sound("reordered");
}

/// A command of which nothing comes is refused in time, and has changed nothing: how the call ends later is not its doing.
fn commands_that_come_to_nothing(isolation: &'static str) {
    let mut bed = Bed::new(&Plan { settings: "answer_timeout = 1", ..Plan::new(isolation) });
    let call = bed.incoming();
    faults(&mut bed, json!({"ignore_commands": 1}));
    for (method, params) in [
        ("makeConsultCall", json!({"callId": call, "to": "211"})),
        ("holdCall", json!({"callId": call})),
        ("blindTransferCall", json!({"callId": call, "to": "211"})),
        ("dropCall", json!({"callId": call})),
        ("setUserState", json!({"code": "Busy"})),
    ] {
        let refused = bed.refused(ONE, method, params);
        assert_eq!((&refused["code"], &refused["retryable"]), (&json!("timeout"), &json!(true)), "{method}: {refused}");
    }
    faults(&mut bed, json!({}));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["cause"]["code"], &end["params"]["data"]["releasedBy"]),
        (&json!("normalClearing"), &json!("unknown")),
        "{end}"
    );
    // The call ends before what was asked of it can come; and a link that breaks refuses what waits.
    bed.next();
    let call = bed.incoming();
    faults(&mut bed, json!({"unhold_fails": true}));
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    let waits = bed.client.send("unholdCall", &json!({"line": ONE, "callId": call})).unwrap();
    bed.callway.wait_for(&json!({"do": "heard"}), |all| all.to_string().contains("\"UnHold\"")).unwrap();
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let answer = bed.client.answer(&json!(waits)).unwrap();
    assert_eq!(answer["error"]["data"]["code"], "invalidCallState", "{answer}");
    bed.of("callFinished", ONE, &call);
    bed.sound("commands that come to nothing");
}

#[test]
fn commands_that_come_to_nothing_isolated() {
    commands_that_come_to_nothing("process");
}

#[test]
fn commands_that_come_to_nothing_in_the_host() {
    commands_that_come_to_nothing("host");
}

/// A server that hears and says nothing is found out by asking; one that floods is let go.
#[test]
fn a_server_that_is_silent_or_never_ends_a_message_is_connected_anew() {
    let mut bed = Bed::new(&Plan { settings: "probe = 1", ..Plan::new("process") });
    faults(&mut bed, json!({"silent": true}));
    let lost = bed.first("disconnected", ONE, |_| true);
    assert_eq!(lost["params"]["cause"]["code"], "connectionLost", "{lost}");
    faults(&mut bed, json!({}));
    bed.first("initialized", ONE, |_| true);
    back(&mut bed);
    bed.next();
    let text = "x".repeat(80_000);
    bed.phones(json!({"do": "raw", "number": "210", "text": text}));
    let lost = bed.first("disconnected", ONE, |_| true);
    assert!(lost["params"]["cause"]["text"].as_str().unwrap().contains("64 KiB"), "{lost}");
    back(&mut bed);
    let call = bed.incoming();
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(call_id(&end), call);
    bed.sound("silence and floods");
}

/// TLS around the link, with a certificate of one's own: accepted when it is known, refused when it is not.
#[test]
fn it_is_spoken_over_tls_where_the_settings_say_so() {
    let made = rcgen::generate_simple_self_signed(["callway.example".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (cert, key) = (file("cert.pem", made.cert.pem()), file("key.pem", made.signing_key.serialize_pem()));
    let doors = ["--tls-listen", "127.0.0.1:0", "--tls-cert", &cert, "--tls-key", &key];
    let mut callway = Sim::start_with("callway", "outside = \"manual\"\nlift_ms = 0\n", &doors).unwrap();
    let url = callway.urls()[1].clone();
    let with = |tls: String| {
        let plan = Plan::new("process");
        plan.config(&url).replace("raw = true\n", &format!("raw = true\ntls = {{ {tls} }}\n"))
    };
    let known = with(format!("ca = {cert:?}, server_name = \"callway.example\""));
    let host = Setup::new(known, &["callway"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    client.named("lineStateChanged", ONE).unwrap();
    callway.tell(&json!({"do": "call", "from": OUTSIDE, "to": "210"})).unwrap();
    let call = call_id(&client.named("callStarted", ONE).unwrap());
    callway.tell(&json!({"do": "hangup", "number": OUTSIDE})).unwrap();
    assert_eq!(call_id(&client.named("callFinished", ONE).unwrap()), call);

    let stranger = Setup::new(with(String::new()), &["callway"]).start().unwrap();
    stranger.wait_log("TLS failed").unwrap();
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}
