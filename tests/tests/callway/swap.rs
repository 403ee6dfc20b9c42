//! M12 15: the adapter is replaced with calls up, before every step, and nobody notices.

use serde_json::json;

use crate::bed::{Bed, ONE, OUTSIDE, Plan, TWO, story};

impl Bed {
    /// Replaces the adapter by the library that runs.
    fn swap(&self) {
        let output = self.host.command(&["plugins", "swap", "cw"]).unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("goes on for"), "{said}\n{}", self.host.log());
    }
}

/// A call is held, asked about and handed over.
fn course(bed: &mut Bed, between: impl Fn(&mut Bed)) -> Vec<String> {
    bed.next();
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "210"}));
    let call = bed.call(ONE, 1);
    between(bed);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    between(bed);
    let consult = bed.asks(ONE, "makeConsultCall", json!({"callId": call, "to": "211"}))["callId"].clone();
    let theirs = bed.call(TWO, 1);
    between(bed);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", ONE, &consult);
    between(bed);
    bed.asks(ONE, "transferCall", json!({"callId": call, "consultCallId": consult}));
    bed.of("callFinished", ONE, &call);
    between(bed);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    bed.settle(ONE);
    let mut told = story(&bed.client.events, ONE);
    told.retain(|text| !text.starts_with('L') && !text.starts_with("callInfoChanged"));
    told
}

fn swapped(isolation: &'static str) {
    let mut bed = Bed::new(&Plan::new(isolation));
    let plain = course(&mut bed, |_| {});
    assert_eq!(plain.len(), 8, "{plain:?}");
    assert_eq!(course(&mut bed, |bed| bed.swap()), plain);
    let visits = bed.callway.visits("integration").unwrap();
    assert_eq!(visits, ["login"], "the phone system has noticed");
    bed.sound("swaps");

    // A command waits for what it causes while the adapter is replaced.
    bed.next();
    let waits = bed.client.send("makeCall", &json!({"line": "cw/213", "to": OUTSIDE})).unwrap();
    bed.callway.wait_for(&json!({"do": "show"}), |all| all["calls"][0]["stage"] == "ownPhone").unwrap();
    assert!(bed.client.answer(&json!(waits)).unwrap().get("error").is_none());
    bed.swap();
    bed.phones(json!({"do": "answer", "number": "213"}));
    let call = bed.call("cw/213", 1);
    let started = bed.of("callStarted", "cw/213", &call);
    assert_eq!(started["params"]["data"]["call"]["direction"], "out");
    bed.asks("cw/213", "dropCall", json!({"callId": call}));
    bed.of("callFinished", "cw/213", &call);
    bed.settle("cw/213");
    let told = story(&bed.client.events, "cw/213");
    assert_eq!(
        told.iter().filter(|text| text.starts_with("callStarted")).count(),
        1,
        "the hidden leg stays hidden: {told:?}"
    );
    bed.sound("a swap while a phone rings");
}

#[test]
fn the_adapter_is_replaced_with_calls_up_isolated() {
    swapped("process");
}

#[test]
fn the_adapter_is_replaced_with_calls_up_in_the_host() {
    swapped("host");
}
