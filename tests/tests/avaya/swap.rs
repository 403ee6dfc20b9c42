//! The adapter is replaced with calls up, and nobody notices: not the servers, and not the clients.

use serde_json::json;

use crate::bed::{Bed, ONE, OUTSIDE, TWO};

impl Bed {
    fn swap(&self) {
        let output = self.host.command(&["plugins", "swap", "aes"]).unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("goes on for"), "{output:?}\n{}", self.host.log());
    }
}

/// A consultation and a transfer, with another adapter before each step.
fn every_step(isolation: &'static str) {
    let mut bed = Bed::new(isolation);
    bed.swap();
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let first = bed.started(ONE, &[]);
    bed.swap();
    bed.asks(ONE, "answerCall", json!({"callId": first}));
    bed.of("commutationStarted", ONE, &first);
    bed.swap();
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "102"}));
    let theirs = bed.started(TWO, &[]);
    bed.swap();
    bed.at("answer", "102");
    bed.of("commutationStarted", ONE, &made["callId"]);
    bed.of("commutationStarted", TWO, &theirs);
    bed.swap();
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": made["callId"]}));
    bed.of("callFinished", ONE, &first);
    bed.first("callInfoChanged", TWO, |e| e["params"]["data"]["call"]["redirection"]["number"] == OUTSIDE);
    bed.swap();
    bed.asks(TWO, "holdCall", json!({"callId": theirs}));
    bed.of("hold", TWO, &theirs);
    bed.swap();
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", TWO, &theirs);
    bed.told(
        ONE,
        &[
            "callStarted A in",
            "commutationStarted A",
            "hold A",
            "callStarted B out",
            "commutationStarted B",
            "callFinished B transferred",
            "unhold A",
            "callFinished A transferred",
        ],
    );
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "hold A", "unhold A", "callFinished A normalClearing"]);
    assert!(bed.client.events.iter().all(|e| e["method"] != "disconnected"), "nobody was told");
    assert_eq!(bed.pbx.visits("cti").unwrap(), ["started"], "the server saw one session");
    let served = bed.phones(json!({"do": "served"}));
    assert_eq!(served["served"]["MonitorStart"], 4, "{served}");
    bed.clean("swap");
}

#[test]
fn a_swap_before_every_step_is_not_noticed_isolated() {
    every_step("process");
}

#[test]
fn a_swap_before_every_step_is_not_noticed_in_the_host() {
    every_step("host");
}
