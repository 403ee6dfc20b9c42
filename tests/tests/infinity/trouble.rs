//! Answers that are wrong in every way, a server that is not there, a link that is cut in a call.

use jackfield_tests::host::Setup;
use jackfield_tests::proxy::Proxy;
use jackfield_tests::sim::Sim;
use jackfield_tests::web::Web;
use serde_json::{Value, json};

use crate::bed::{BOSS, Bed, FAST, ONE, OTHER, OUTSIDE, PBX, TOKEN, TWO, call_id, config};

/// A list of calls is asked for so many times more.
fn asked_more(bed: &mut Bed, more: u64) {
    let lists = |all: &Value| all["paths"]["call/getactivecalls"].as_u64().unwrap_or(0);
    let before = lists(&bed.phones(json!({"do": "requests"})));
    bed.infinity.wait_for(&json!({"do": "requests"}), |all| lists(all) >= before + more).unwrap();
}

/// The line's calls after a break.
fn reconciled(bed: &mut Bed) -> Value {
    let back = bed.client.event(|e| {
        let params = &e["params"];
        e["method"] == "activeCallSnapshot" && params["line"] == ONE && params["data"]["reason"] == "reconciled"
    });
    back.unwrap()["params"]["data"]["activeCalls"].clone()
}

/// What tells of a break, or of something that does not work.
const BREAKS: [&str; 6] = ["disconnected", "initialized", "error", "hold", "unhold", "commutationStarted"];

/// Every kind of bad answer in a call: a few are nothing, many are a connection that is down; the call outlives all.
fn bad_answers(isolation: &str, kinds: &[&str]) {
    let settings = format!("{FAST}answer_timeout = 1\nfails = 4\n");
    let mut bed = Bed::with(isolation, PBX, &settings);
    let call = bed.incoming();
    let lists = json!(["call/getactivecalls"]);
    for &fault in kinds {
        let faults = |count: u32| match fault {
            "late" => json!({"late_ms": 1_500, "methods": lists, "count": count}),
            _ => json!({"answers": fault, "methods": lists, "count": count}),
        };
        // Two lines are asked, and none of them meets enough in a row.
        let before = bed.client.events.len();
        bed.phones(json!({"do": "faults", "faults": faults(2)}));
        asked_more(&mut bed, 8);
        bed.asks(ONE, "getCapabilities", json!({}));
        let told = bed.client.events[before..].iter().filter_map(|e| e["method"].as_str());
        let tells = |method: &&str| method.starts_with("call") && *method != "callSaved" || BREAKS.contains(method);
        assert_eq!(told.filter(tells).collect::<Vec<_>>(), [""; 0], "{fault}: a few of them");
        // All are bad: the call is unknown, and the same afterwards.
        bed.phones(json!({"do": "faults", "faults": faults(0)}));
        let lost = bed.client.named("disconnected", ONE).unwrap();
        assert_eq!(lost["params"]["data"]["activeCallIds"], json!([call]), "{fault}");
        bed.phones(json!({"do": "faults", "faults": {}}));
        let calls = reconciled(&mut bed);
        assert_eq!(
            (&calls[0]["callId"], &calls[0]["state"], &calls[1]),
            (&call, &json!("connected"), &Value::Null),
            "{fault}"
        );
        // The other line, if it was down, is up again as well.
        let count = |bed: &Bed, method: &str| {
            let events = bed.client.events.iter();
            events.filter(|e| e["method"] == method && e["params"]["line"] == TWO).count()
        };
        while count(&bed, "initialized") < count(&bed, "disconnected") + 1 {
            bed.client.event(|_| true).unwrap();
        }
    }
    // An answer that comes twice is an answer, whatever comes behind it.
    let before = bed.client.events.len();
    bed.phones(json!({"do": "faults", "faults": {"answers": "twice", "methods": lists}}));
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    bed.phones(json!({"do": "faults", "faults": {}}));
    assert!(bed.client.events[before..].iter().all(|e| e["method"] != "disconnected"), "twice");
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &call);
    bed.core(ONE, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
    bed.sound("bad answers");
}

#[test]
fn bad_answers_end_no_call_isolated() {
    bad_answers("process", &["406", "500", "html", "half", "huge", "empty", "none", "late"]);
}

#[test]
fn bad_answers_end_no_call_in_the_host() {
    bad_answers("host", &["500", "half", "huge"]);
}

/// Commands whose answer is wrong: refused is refused; done and answered by nonsense shows by what the calls are.
#[test]
fn commands_with_bad_answers_are_answered_once_and_the_calls_tell() {
    let mut bed = Bed::with("process", PBX, &format!("{FAST}answer_timeout = 1\n"));
    let call = bed.incoming();
    let faults = |answers: &str| json!({"do": "faults", "faults": {"answers": answers, "methods": ["call/hold", "call/unhold"], "count": 1}});
    for (fault, code) in [("406", "commandFailed"), ("500", "commandFailed")] {
        bed.phones(faults(fault));
        let refused = bed.try_ask(ONE, "holdCall", json!({"callId": call})).unwrap_err();
        assert!(refused.contains(code), "{fault}: {refused}");
    }
    for fault in ["html", "half", "huge", "empty", "none", "twice"] {
        for (method, event) in [("holdCall", "hold"), ("unholdCall", "unhold")] {
            let before = bed.client.events.len();
            bed.phones(faults(fault));
            let answer = bed.try_ask(ONE, method, json!({"callId": call}));
            if let Err(told) = answer {
                assert!(matches!(fault, "half" | "huge" | "none"), "{fault}: {told}");
            }
            bed.client.event(|e| e["method"] == event && e["params"]["line"] == ONE).unwrap();
            let told = bed.client.events[before..].iter().filter(|e| e["method"] == event).count();
            assert_eq!(told, 1, "{fault}");
        }
    }
    // Where only the states of users do not come, that is told, and calls go on.
    bed.phones(json!({"do": "faults", "faults": {"answers": "500", "methods": ["user/getstate"]}}));
    let told = bed.client.event(|e| e["params"].to_string().contains("does not tell the states of users")).unwrap();
    assert_eq!((&told["method"], &told["params"]["data"]["severity"]), (&json!("error"), &json!("warning")));
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.phones(json!({"do": "faults", "faults": {}}));
    assert!(bed.client.events.iter().all(|e| e["method"] != "disconnected"));
    bed.sound("commands");
}

/// The link breaks in a call. Afterwards the call is the same, or over, and what has come meanwhile is there.
fn cut(isolation: &str) {
    let infinity = Sim::start("infinity", PBX).unwrap();
    let port = infinity.url().rsplit(':').next().unwrap().parse().unwrap();
    let proxy = Proxy::to(port).unwrap();
    let mut bed = Bed::over(infinity, &format!("http://127.0.0.1:{}", proxy.port()), isolation, FAST);
    let call = bed.incoming();
    for meanwhile in [json!({"do": "hold", "number": "101"}), json!({"do": "call", "from": OTHER, "to": "101"})] {
        proxy.cut();
        let lost = bed.client.named("disconnected", ONE).unwrap();
        assert_eq!(lost["params"]["data"]["activeCallIds"], json!([call]));
        bed.phones(meanwhile);
        proxy.mend();
        let calls = reconciled(&mut bed);
        assert_eq!((&calls[0]["callId"], &calls[0]["state"]), (&call, &json!("held")));
    }
    let other = bed.first("callStarted", ONE, |e| e["params"]["synthetic"] == true);
    assert_eq!(other["params"]["data"]["call"]["caller"]["number"], OTHER);
    bed.client.event(|_| true).unwrap();
    proxy.cut();
    let lost = bed.client.named("disconnected", ONE).unwrap();
    assert_eq!(lost["params"]["data"]["activeCallIds"], json!([call, call_id(&other)]));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    proxy.mend();
    let finished = bed.of("callFinished", ONE, &call);
    assert_eq!(finished["params"]["cause"]["code"], "lost");
    bed.phones(json!({"do": "hangup", "number": OTHER}));
    bed.of("callFinished", ONE, &call_id(&other));
    bed.sound("cut");
}

#[test]
fn a_link_that_is_cut_in_a_call_isolated() {
    cut("process");
}

#[test]
fn a_link_that_is_cut_in_a_call_in_the_host() {
    cut("host");
}

/// A call that one answer shows and the next does not, and one that is missing from every other answer.
#[test]
fn a_call_for_one_instant_and_one_that_flickers() {
    let mut bed = Bed::with("process", PBX, &format!("{FAST}gone_after = 2\n"));
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101", "blinks": true}));
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    assert_eq!(bed.of("callFinished", ONE, &call)["params"]["data"]["missed"], true);
    bed.core(ONE, &["callStarted", "callFinished"]);
    // Both lines are asked in turn: every third answer hides what there is, so no line meets two of them in a row.
    let call = bed.rings(OTHER);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    bed.of("commutationStarted", ONE, &call);
    bed.phones(json!({"do": "faults", "faults": {"empty_lists": 7}}));
    asked_more(&mut bed, 40);
    bed.phones(json!({"do": "faults", "faults": {}}));
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.core(ONE, &["callStarted", "callFinished", "callStarted", "commutationStarted", "callFinished"]);
    bed.sound("flicker");
}

/// Lines that Infinity does not know, a user whom it does not know, and addresses where there is no Infinity.
fn wrong(isolation: &str) {
    let mut infinity = Sim::start("infinity", PBX).unwrap();
    let more = "[[line]]\nname = \"inf/999\"\n[[line]]\nname = \"inf/103\"\n[line.settings]\nuser = \"77\"\n[[user]]";
    let text = config(infinity.url(), isolation, &[101], FAST).replacen("[[user]]", more, 1);
    let host = Setup::new(text, &["infinity"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    // Both may have been told before there was a client: the log has them.
    host.wait_log("Infinity does not tell the state of user 77 (setting `user`): User not found").unwrap();
    host.wait_log("Infinity does not show the calls of extension 999: User not found").unwrap();
    // The others work.
    infinity.tell(&json!({"do": "call", "from": OUTSIDE, "to": "101"})).unwrap();
    client.look_again();
    client.named("callStarted", ONE).unwrap();
    infinity.tell(&json!({"do": "call", "from": OTHER, "to": "103"})).unwrap();
    client.look_again();
    client.named("callStarted", "inf/103").unwrap();
    assert!(!client.events.iter().any(|e| e["method"] == "initialized" && e["params"]["line"] == "inf/999"));
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);

    // Another web server, and none at all until it is there.
    let web = Web::start(|_| ("404 Not Found", Vec::new(), b"<html>no such page</html>".to_vec())).unwrap();
    let port = infinity.url().rsplit(':').next().unwrap().parse().unwrap();
    let proxy = Proxy::to(port).unwrap();
    proxy.cut();
    for (url, why) in
        [(web.url(), "status 404"), (format!("http://127.0.0.1:{}", proxy.port()), "without a good answer")]
    {
        let host = Setup::new(config(&url, isolation, &[101], FAST), &["infinity"]).start().unwrap();
        let mut client = host.client(TOKEN).unwrap();
        client.look_again();
        let told = client.event(|e| e["params"].to_string().contains(why)).unwrap();
        assert!(told["params"].to_string().contains("connectionFailed"), "{told}");
        if why != "status 404" {
            proxy.mend();
            client.named("initialized", ONE).unwrap();
        }
    }
}

#[test]
fn wrong_settings_are_told_and_the_others_work_isolated() {
    wrong("process");
}

#[test]
fn wrong_settings_are_told_and_the_others_work_in_the_host() {
    wrong("host");
}
