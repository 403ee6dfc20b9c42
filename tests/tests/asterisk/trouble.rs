//! When things break.

use jackfield_tests::asterisk::{AMI_MIN_USER, Caller, Pbx, Phone};
use jackfield_tests::host::Setup;
use serde_json::json;

use crate::bed::{Bed, CALLER, TOKEN, call, config};

#[test]
fn asterisk_is_killed_in_a_call_and_comes_back() {
    let Some(mut bed) = Bed::new("Asterisk killed in a call and restarted") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    let id = call(&bed.wait("commutationStarted", "ast/101"))["callId"].clone();
    bed.pbx.kill().unwrap();
    let gone = bed.wait("disconnected", "ast/101");
    assert_eq!(gone["params"]["data"]["activeCallIds"], json!([id]), "calls are not ended by it");
    bed.pbx.restart().unwrap();
    bed.wait("initialized", "ast/101");
    let finished = bed.wait("callFinished", "ast/101");
    assert_eq!((&call(&finished)["callId"], &finished["params"]["synthetic"]), (&id, &json!(true)), "{finished}");
    assert_eq!(finished["params"]["cause"]["code"], "lost");
    bed.expect(&[("ast/101", &["callStarted", "commutationStarted", "callFinished"])]);
}

#[test]
fn the_socket_to_asterisk_breaks_in_a_call_and_the_call_goes_on() {
    let Some(mut bed) = Bed::new("socket to Asterisk cut in a call") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    let id = call(&bed.wait("commutationStarted", "ast/101"))["callId"].clone();
    // Asterisk ends the manager session; the call does not care.
    bed.pbx.cli("module reload manager").unwrap();
    bed.pbx.cli("manager kick session all").ok();
    let sessions = bed.pbx.cli("manager show connected").unwrap();
    let cut = cut_manager(&bed.pbx, bed.host.pid());
    assert!(cut, "the socket could not be cut:\n{sessions}");
    bed.wait("disconnected", "ast/101");
    let epoch = bed.wait("initialized", "ast/101")["params"]["epoch"].clone();
    let after = bed.find("the snapshot after the gap", |e| {
        e["params"]["line"] == "ast/101"
            && e["params"]["data"]["reason"] == "reconciled"
            && e["params"]["epoch"] == epoch
    });
    let survivor = &after["params"]["data"]["activeCalls"][0];
    assert_eq!((&survivor["callId"], &survivor["state"]), (&id, &json!("connected")), "{after}");
    bed.command("dropCall", "ast/101", &json!({ "callId": id }));
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "commutationStarted", "callFinished"])]);
}

/// Breaks the host's socket to the manager port from outside (`ss -K`).
fn cut_manager(pbx: &Pbx, _host: u32) -> bool {
    let filter = format!("dport = {}", pbx.ami_port());
    std::process::Command::new("ss")
        .args(["-K", "dst", "127.0.0.1", &filter])
        .output()
        .is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains("127.0.0.1"))
}

#[test]
fn a_wrong_password_is_told_and_not_hammered() {
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let setup = Setup::new(config(pbx.ami_port(), AMI_MIN_USER, "wrong-secret-1234"), &["asterisk"]);
    let host = setup.start().unwrap();
    host.wait_log("authenticationFailed").unwrap();
    let mut client = host.client(TOKEN).unwrap();
    let refused = client.call("makeCall", &json!({ "line": "ast/101", "to": "102" })).unwrap_err();
    assert!(refused.contains("authenticationFailed") || refused.contains("connectionLost"), "{refused}");
    assert!(!host.log().contains("wrong-secret-1234"), "a password is in the log");
}
