//! Recordings by reference: Infinity is asked for them by the host, and the client sees nothing of Infinity.

use jackfield_tests::host::Setup;
use jackfield_tests::sim::Sim;
use serde_json::json;

use crate::bed::{Bed, FAST, ONE, OTHER, OUTSIDE, TOKEN, config};

#[test]
fn a_recording_is_fetched_through_the_host() {
    let infinity = Sim::start("infinity", "outside = \"manual\"\n").unwrap();
    let url = infinity.url().to_owned();
    let place = format!("[connection.recordings]\nurl = \"{url}/stat/\"\n[[line]]");
    let text = config(&url, "process", &[101, 102], FAST).replacen("[[line]]", &place, 1);
    let host = Setup::new(text, &["infinity"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    client.named("lineStateChanged", ONE).unwrap();
    let mut bed = Bed { infinity, host, client };
    let call = bed.rings(OUTSIDE);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    let talks = bed.of("commutationStarted", ONE, &call);
    assert_eq!(talks["params"]["data"]["call"]["recording"], true);
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.first("callSaved", ONE, |e| e["params"]["data"]["final"] == true);
    let told = bed.asks(ONE, "queryCallRecords", json!({"callId": call}));
    let path = format!("/api/v1/calls/{}/recordings/1", call.as_str().unwrap());
    assert_eq!(told, json!({"urls": [path]}));
    let heard = bed.host.get(&path, TOKEN).unwrap();
    assert_eq!((heard.status, &heard.bytes[..4], &heard.bytes[8..12]), (200, &b"RIFF"[..], &b"WAVE"[..]));
    let shown = format!("{:?}", heard.headers);
    assert!(!shown.contains("IDConnection") && !shown.contains(&url), "{shown}");

    // A call in which nobody has talked has none.
    let call = bed.rings(OTHER);
    bed.phones(json!({"do": "hangup", "number": OTHER}));
    bed.of("callFinished", ONE, &call);
    let told = bed.try_ask(ONE, "queryCallRecords", json!({"callId": call})).unwrap_err();
    assert!(told.contains("recordNotFound"), "{told}");
    bed.sound("recordings");
}
