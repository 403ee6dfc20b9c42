//! What breaks: connections, sessions, servers, the link to the switch, licences.

use std::time::{Duration, Instant};

use jackfield_tests::client::Client;
use jackfield_tests::host::{PATIENCE, Setup};
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use crate::bed::{Bed, FOUR, ONE, OTHER, OUTSIDE, Plan, QUIET, TOKEN, TWO, call_id};

impl Bed {
    /// The line has come back after a break that began with the n-th event; the calls that it has then.
    fn back(&mut self, line: &str, since: usize) -> Vec<(Value, Value)> {
        let found = loop {
            let found = self.client.event(|e| {
                let params = &e["params"];
                e["method"] == "activeCallSnapshot"
                    && params["line"] == line
                    && params["data"]["reason"] == "reconciled"
            });
            let found = found.unwrap_or_else(|e| panic!("{line} does not come back: {e}\n{}", self.host.log()));
            let place = self.client.events.iter().rposition(|e| *e == found).unwrap_or_default();
            if place >= since {
                break found;
            }
        };
        let calls = found["params"]["data"]["activeCalls"].as_array().cloned().unwrap_or_default();
        calls.into_iter().map(|call| (call["callId"].clone(), call["state"].clone())).collect()
    }

    /// Why a line is down, when it is for this reason: what clients are told who come then.
    fn error(&mut self, code: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut client = Client::connect(self.host.url(), Some(TOKEN)).unwrap();
            let hello = client.call("hello", &json!({})).unwrap();
            let lines = hello["lines"].as_array().cloned().unwrap_or_default();
            if let Some(line) = lines.iter().find(|line| line["lastError"]["code"] == code) {
                return line["lastError"]["text"].as_str().unwrap_or_default().to_owned();
            }
            assert!(Instant::now() < until, "no {code}: {hello}\n{}", self.host.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A connection is cut in a call; the session is taken up again, and the call is the same.
fn recovered(isolation: &'static str) {
    let mut bed = Bed::new(isolation);
    let call = bed.incoming();
    for (count, fault) in ["cut", "half", "cut"].into_iter().enumerate() {
        let since = bed.client.events.len();
        bed.at(fault, "101");
        let calls = bed.back(ONE, since);
        assert_eq!(calls, [(call.clone(), json!("connected"))], "{fault}");
        let mut visits = vec!["started"];
        for _ in 0..=count {
            visits.extend(["lost", "recovered"]);
        }
        assert_eq!(bed.pbx.visits("cti").unwrap(), visits);
    }
    let served = bed.phones(json!({"do": "served"}));
    assert_eq!(served["served"]["MonitorStart"], 4, "the monitors are those of before: {served}");
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
    bed.clean("recovered");
}

#[test]
fn a_lost_session_is_taken_up_again_isolated() {
    recovered("process");
}

#[test]
fn a_lost_session_is_taken_up_again_in_the_host() {
    recovered("host");
}

/// The session is lost, and there is a new one; a call has ended meanwhile, another one has come, one is held now.
fn anew(isolation: &'static str) {
    let mut bed = Bed::new(isolation);
    let gone = bed.incoming();
    bed.phones(json!({"do": "call", "from": OTHER, "to": "102"}));
    let stays = bed.started(TWO, &[]);
    bed.at("answer", "102");
    bed.of("commutationStarted", TWO, &stays);
    bed.phones(json!({"do": "faults", "faults": {"forget_sessions": true, "sessions_refused": true}}));
    let since = bed.client.events.len();
    bed.at("cut", "101");
    bed.client.named("disconnected", ONE).unwrap();
    bed.at("hangup", OUTSIDE);
    bed.at("hold", "102");
    bed.phones(json!({"do": "call", "from": "380503334455", "to": "104"}));
    // Somebody's call comes and goes, and nobody ever hears of it.
    bed.phones(json!({"do": "call", "from": "380507778899", "to": "103"}));
    bed.at("hangup", "380507778899");
    bed.phones(json!({"do": "faults", "faults": {"forget_sessions": true}}));
    assert_eq!(bed.back(ONE, since), []);
    bed.client.look_again();
    assert_eq!(bed.back(TWO, since), [(stays.clone(), json!("held"))]);
    bed.client.look_again();
    let new = bed.back(FOUR, since);
    assert_eq!((new.len(), &new[0].1), (1, &json!("alerting")));
    let end = bed.of("callFinished", ONE, &gone);
    assert_eq!((&end["params"]["cause"]["code"], &end["params"]["synthetic"]), (&json!("lost"), &json!(true)));
    let started = bed.of("callStarted", FOUR, &new[0].0);
    assert_eq!(started["params"]["data"]["call"]["caller"]["number"], "380503334455");
    assert_eq!(started["params"]["data"]["call"]["direction"], "in");
    bed.at("hold", "102");
    bed.of("unhold", TWO, &stays);
    bed.at("answer", "104");
    bed.of("commutationStarted", FOUR, &new[0].0);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "callFinished A lost"]);
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "hold A", "unhold A"]);
    bed.told(FOUR, &["callStarted A in", "commutationStarted A"]);
    let visits = bed.pbx.visits("cti").unwrap();
    assert_eq!((&visits[0][..], &visits[1][..], visits.last().unwrap().as_str()), ("started", "lost", "started"));
    bed.clean("anew");
}

#[test]
fn what_happens_while_nobody_listens_is_found_afterwards_isolated() {
    anew("process");
}

#[test]
fn what_happens_while_nobody_listens_is_found_afterwards_in_the_host() {
    anew("host");
}

/// A password that is wrong, versions that nobody speaks, a server without room.
fn refused(isolation: &'static str) {
    let wrong = Plan { password: "Wrong1", ..Plan::new(isolation) };
    let mut bed = Bed::unready(QUIET, &[], &wrong);
    let said = bed.error("authenticationFailed");
    assert!(said.contains("cti") && said.contains("password") && !said.contains("Wrong1"), "{said}");
    assert!(!bed.host.log().contains("Wrong1"), "secrets are told to nobody");
    let mut bed = Bed::unready(QUIET, &[], &Plan::with(isolation, "protocols = [\"privA\"]\n"));
    assert!(bed.error("versionUnsupported").contains("privA"));
    // There is room, after a while.
    let mut bed = Bed::unready(&format!("{QUIET}[faults]\nsessions_refused = true\n"), &[], &Plan::new(isolation));
    bed.error("phoneSystemUnavailable");
    bed.phones(json!({"do": "faults", "faults": {}}));
    bed.up(&[ONE, TWO]);
}

#[test]
fn a_refused_session_is_told_in_plain_words_isolated() {
    refused("process");
}

#[test]
fn a_refused_session_is_told_in_plain_words_in_the_host() {
    refused("host");
}

/// Licences for two stations, and a right to three: the others are down, and say why.
fn licences(isolation: &'static str) {
    let switch = format!(
        "{QUIET}licences = 2\n[[users]]\nname = \"cti\"\npassword = \"Secret1\"\ndevices = [\"101\", \"102\", \"103\"]\n"
    );
    // One after the other, so that it is known who comes too late.
    let mut bed = Bed::unready(&switch, &[], &Plan::with(isolation, "parallel = 1\n"));
    bed.up(&[ONE, TWO]);
    let said = bed.error("licenceMissing");
    assert!(said.contains("103") && said.contains("licence"), "{said}");
    let said = bed.error("forbidden");
    assert!(said.contains("104") && said.contains("CTI user"), "{said}");
    let call = bed.incoming();
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    assert_eq!(bed.refused("aes/103", "makeCall", json!({"to": "101"}))["retryable"], true);
    bed.clean("licences");
}

#[test]
fn a_station_without_a_licence_is_down_and_says_why_isolated() {
    licences("process");
}

#[test]
fn a_station_without_a_licence_is_down_and_says_why_in_the_host() {
    licences("host");
}

/// The servers lose their switch in a call, and find it again; a call has ended meanwhile.
fn link(isolation: &'static str, stops: bool) {
    let faults = format!("[faults]\nlink_stops_monitors = {stops}\n");
    let mut bed = Bed::start(&format!("{QUIET}{faults}"), &Plan::new(isolation));
    let call = bed.incoming();
    bed.phones(json!({"do": "call", "from": OTHER, "to": "102"}));
    let other = bed.started(TWO, &[]);
    let since = bed.client.events.len();
    bed.phones(json!({"do": "link", "up": false}));
    let down = bed.client.named("disconnected", ONE).unwrap();
    assert_eq!(down["params"]["cause"]["code"], "linkDown", "{down}");
    assert_eq!(down["params"]["data"]["activeCallIds"], json!([call]));
    bed.at("hangup", OTHER);
    bed.phones(json!({"do": "link", "up": true}));
    assert_eq!(bed.back(ONE, since), [(call.clone(), json!("connected"))]);
    bed.of("callFinished", TWO, &other);
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", ONE, &call);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
    bed.told(TWO, &["callStarted A in", "callFinished A lost"]);
    assert_eq!(bed.pbx.visits("cti").unwrap(), ["started"], "the session is the same");
    bed.clean("link");
}

#[test]
fn the_link_to_the_switch_is_lost_and_found_isolated() {
    link("process", false);
}

#[test]
fn the_link_to_the_switch_is_lost_and_found_in_the_host() {
    link("host", false);
}

#[test]
fn the_link_takes_all_monitors_with_it() {
    link("process", true);
}

/// The first server of a pair fails in a call, and the second one has the same switch.
fn failover(isolation: &'static str) {
    let mut bed = Bed::unready(QUIET, &["--second-listen", "127.0.0.1:0"], &Plan::new(isolation));
    bed.up(&[ONE, TWO]);
    let call = bed.incoming();
    let since = bed.client.events.len();
    bed.phones(json!({"do": "server", "number": 0, "up": false}));
    assert_eq!(bed.back(ONE, since), [(call.clone(), json!("connected"))]);
    let show = bed.phones(json!({"do": "show"}));
    assert_eq!((show["sessions"].as_array().map(Vec::len), &show["sessions"][0]["server"]), (Some(1), &json!(1)));
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    // The first one comes back, and the second one fails.
    let since = bed.client.events.len();
    bed.phones(json!({"do": "server", "number": 0, "up": true}));
    bed.phones(json!({"do": "server", "number": 1, "up": false}));
    assert_eq!(bed.back(ONE, since), [(call.clone(), json!("held"))]);
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", ONE, &call);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "hold A", "unhold A", "callFinished A normalClearing"]);
    bed.clean("failover");
}

#[test]
fn the_second_server_of_a_pair_goes_on_isolated() {
    failover("process");
}

#[test]
fn the_second_server_of_a_pair_goes_on_in_the_host() {
    failover("host");
}

/// The server ends the session by itself, because nothing is heard of the client for too long.
#[test]
fn a_session_that_has_run_out_is_begun_anew() {
    // Keep-alives are answered by nothing.
    let mut bed = Bed::start(QUIET, &Plan::with("process", "session_duration = 15\n"));
    let call = bed.incoming();
    let since = bed.client.events.len();
    bed.phones(json!({"do": "faults", "faults": {"silent": true}}));
    bed.client.named("disconnected", ONE).unwrap();
    bed.phones(json!({"do": "faults", "faults": {}}));
    assert_eq!(bed.back(ONE, since), [(call, json!("connected"))]);
    bed.clean("run out");
}

/// TLS, with a certificate of one's own: accepted when it is known, refused when it is not.
#[test]
fn it_is_spoken_over_tls() {
    let made = rcgen::generate_simple_self_signed(["aes.example".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (cert, key) = (file("cert.pem", made.cert.pem()), file("key.pem", made.signing_key.serialize_pem()));
    let doors = ["--tls-listen", "127.0.0.1:0", "--tls-cert", &cert, "--tls-key", &key];
    for (trusted, settings) in
        [(true, format!("tls = {{ ca = {cert:?}, server_name = \"aes.example\" }}\n")), (false, String::new())]
    {
        let pbx = Sim::start_with("avaya", QUIET, &doors).unwrap();
        let plan = Plan { plain: false, ..Plan::with("process", &settings) };
        let host = Setup::new(plan.config(&pbx.urls()[1..]), &["avaya"]).start().unwrap();
        let client = host.client(TOKEN).unwrap();
        let mut bed = Bed { pbx, host, client };
        if trusted {
            bed.up(&[ONE, TWO]);
            let call = bed.incoming();
            bed.at("hangup", OUTSIDE);
            bed.of("callFinished", ONE, &call);
        } else {
            assert!(bed.error("tlsFailed").contains("certificate"));
        }
    }
}

/// A telephone goes and comes back.
#[test]
fn a_station_that_is_taken_away_has_no_calls() {
    let mut bed = Bed::new("process");
    let call = bed.incoming();
    bed.phones(json!({"do": "phone", "number": "101", "there": false}));
    assert_eq!(call_id(&bed.of("callFinished", ONE, &call)), call);
    assert_eq!(bed.refused(ONE, "makeCall", json!({"to": "102"}))["code"], "deviceOutOfService");
    bed.phones(json!({"do": "phone", "number": "101", "there": true}));
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let again = bed.started(ONE, &[&call]);
    bed.at("answer", "101");
    bed.of("commutationStarted", ONE, &again);
    bed.clean("station");
}

/// A host that stops ends its session: what it has at AE Services is free at once.
#[test]
fn a_host_that_stops_ends_its_session() {
    let mut bed = Bed::new("process");
    bed.incoming();
    bed.host.stop().unwrap();
    bed.pbx.wait_visits("cti", &["started", "stopped"]).unwrap();
}
