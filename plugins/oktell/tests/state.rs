//! What is saved of a line, and states that nobody saved.
#![allow(clippy::unwrap_used, reason = "a test that fails says where")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod common;

use std::time::Duration;

use common::{Bench, CHAIN, CHAIN_2, OUTSIDE, dials, holding, talks};
use jackfield_plugin_api::testing::{damaged_states, kept_state};
use jackfield_plugin_api::{CloseKind, CloseReason, Command, LineId};
use serde_json::json;

/// Two lines; one of them consults, with commands that wait and half a message in parts.
fn busy() -> Bench {
    let mut bench = Bench::up();
    bench.line("102");
    bench.opened(1);
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_commstarted"]);
    bench.becomes(holding(dials("103", CHAIN_2), OUTSIDE, CHAIN), &["flashstatechanged 1"]);
    bench.text(0, r#"["multipart", {"message-id": "m", "packetcount": 3, "packetnumber": 0, "content": "WyJ"}]"#);
    bench.side(0).deaf.extend(["getuserstate", "setuserstate", "pbxabortcall"]);
    bench.command("setUserState", json!({"code": "break", "reason": "1"}));
    if let Some(key) = bench.live().last().cloned() {
        bench.command("dropCall", json!({"callId": key}));
    }
    bench
}

#[test]
fn a_password_is_not_in_the_state_and_a_login_after_a_swap_has_it() {
    let mut bench = busy();
    let saved = String::from_utf8_lossy(&bench.driver.save().unwrap().unwrap()).into_owned();
    // As it is in the settings, and as it travels.
    for secret in ["Secret1", "d6cb2342e44efb6dd628276f36da2359", "e52d98c459819a11775936d8dfbb7929"] {
        assert!(!saved.contains(secret), "{secret}");
    }
    bench
        .side(0)
        .replies
        .insert("login".into(), json!({"result": 0, "error": 1, "errormsg": "Session does not exist"}));
    let settings = bench.settings.clone();
    assert!(bench.driver.swap(&settings).unwrap());
    for _ in 0..2 {
        bench.closed(0);
        bench.opened(0);
    }
    let logins = bench.sent("login");
    assert_eq!(logins.last().unwrap()["Password"], "d6cb2342e44efb6dd628276f36da2359", "{logins:?}");
}

#[test]
fn damaged_states_do_no_harm() {
    let rounds = std::env::var("JACKFIELD_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let bench = busy();
    let keys = bench.live();
    let info = json!(["getextendedlineinforesult", talks("103", CHAIN)]).to_string();
    damaged_states(&bench.driver, rounds, |driver| {
        for line in [0, 1] {
            for (name, params) in [
                ("holdCall", json!({"callId": keys.first()})),
                ("makeCall", json!({"to": "104"})),
                ("setUserState", json!({"code": "ready"})),
                ("setForwarding", json!({"kind": "all", "to": "105"})),
                ("librarySpecificService", json!({"name": "numbers"})),
            ] {
                if let Some(Ok(command)) = Command::decode(name, params) {
                    let _ = driver.command(LineId(line), &command);
                }
            }
            for event in ["phoneevent_commstopped", "linestatechanged", "userstatechanged", "multipart"] {
                let _ = driver.text(line, &json!([event, {"userstateid": 2}]).to_string());
            }
            let _ = driver.text(line, &info);
        }
        let _ = driver.advance(Duration::from_secs(60));
        let _ = driver.closed(0, &CloseReason::new(CloseKind::Lost, "reset by peer"));
        let _ = driver.opened(0);
        let _ = driver.advance(Duration::from_secs(60));
    })
    .unwrap();
}

#[test]
fn state_of_version_1_is_read() {
    let mut bench = busy();
    let kept = kept_state(format!("{}/tests/states/1.state", env!("CARGO_MANIFEST_DIR")), &bench.driver).unwrap();
    bench.driver = bench.driver.restored(&bench.settings, &kept).unwrap();
    assert!(bench.driver.outputs().is_empty(), "{:?}", bench.driver.rendered());
    bench.take();
    // The consultation is answered, and the held party leaves.
    bench.becomes(holding(talks("103", CHAIN_2), OUTSIDE, CHAIN), &["phoneevent_commstarted"]);
    bench.becomes(talks("103", CHAIN_2), &["flashstatechanged 4"]);
    bench.wait(30_000);
    assert_eq!(
        bench.take(),
        [
            "A changed",
            "B connected out 103 consult",
            "A finished normalClearing by remote",
            "B changed",
            // What the deaf server did not answer in time.
            "refused 1 timeout",
        ]
    );
}
