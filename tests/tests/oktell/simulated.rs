//! The same with the simulated Oktell, which was written apart from the adapter: phones are moved by its control
//! channel, clients see what CRM authors see.

use jackfield_tests::sim::Sim;
use serde_json::json;

use super::{BOSS, call_id, client, command, host_at};
use crate::server::OUTSIDE;

fn two_agents(isolation: &str) {
    let mut oktell = Sim::start("oktell", "").unwrap();
    let host = host_at(oktell.url(), isolation, &["101", "102"], "op", 100);
    let mut client = client(&host);
    client.look_again();
    client.named("lineStateChanged", "okt/102").unwrap();

    // An outside call, asked about at the colleague's, and handed over.
    oktell.tell(&json!({"do": "call", "from": OUTSIDE, "to": "101"})).unwrap();
    let first = call_id(&client.named("callStarted", "okt/101").unwrap());
    command(&mut client, "answerCall", json!({"callId": first}));
    client.named("commutationStarted", "okt/101").unwrap();
    let made = command(&mut client, "makeConsultCall", json!({"callId": first, "to": "102"}));
    let theirs = call_id(&client.named("callStarted", "okt/102").unwrap());
    oktell.tell(&json!({"do": "answer", "number": "102"})).unwrap();
    client.named("commutationStarted", "okt/102").unwrap();
    let transfer = json!({"callId": first, "consultCallId": made["callId"]});
    // Both sides hear of the answer by themselves, in either order.
    client.look_again();
    client
        .event(|e| {
            let features = &e["params"]["data"]["features"];
            let joins = features.as_array().is_some_and(|f| f.contains(&json!("completeTransfer")));
            e["method"] == "lineStateChanged" && e["params"]["line"] == "okt/101" && joins
        })
        .unwrap();
    command(&mut client, "transferCall", transfer);
    client.look_again();
    client.event(|e| e["method"] == "callFinished" && call_id(e) == first).unwrap();
    client.look_again();
    let changed = client
        .event(|e| {
            e["method"] == "callInfoChanged"
                && call_id(e) == theirs
                && e["params"]["data"]["call"]["redirection"]["number"] == OUTSIDE
        })
        .unwrap();
    assert_eq!(changed["params"]["data"]["call"]["state"], "connected");

    // The colleague's link breaks in the call, and the call is the same afterwards.
    oktell.tell(&json!({"do": "cut", "number": "102"})).unwrap();
    client.named("disconnected", "okt/102").unwrap();
    let back = client
        .event(|e| {
            e["method"] == "activeCallSnapshot"
                && e["params"]["line"] == "okt/102"
                && e["params"]["data"]["reason"] == "reconciled"
        })
        .unwrap();
    assert_eq!(back["params"]["data"]["activeCalls"][0]["callId"], theirs);
    oktell.tell(&json!({"do": "hangup", "number": OUTSIDE})).unwrap();
    let finished = client.named("callFinished", "okt/102").unwrap();
    assert_eq!(call_id(&finished), theirs);
    assert_eq!(client.core("okt/102"), ["callStarted", "commutationStarted", "callFinished"]);
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn two_agents_hand_a_call_over_isolated() {
    two_agents("process");
}

#[test]
fn two_agents_hand_a_call_over_in_the_host() {
    two_agents("host");
}
