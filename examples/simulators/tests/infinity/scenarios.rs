//! What happens between users: calls, consultations, transfers, queues, conferences, recordings.

use jackfield_sim::System as _;
use serde_json::json;

use crate::world::{ONE, TWO, World};

impl World {
    /// 101 talks to ONE, who has called: the call.
    fn talk(&mut self) -> String {
        self.control(json!({ "do": "call", "from": ONE, "to": "101" }));
        let call = self.id("101");
        self.act("accept", "101", &call, "");
        assert_eq!(self.sees("101"), [format!("21 {ONE}")]);
        call
    }

    /// 101 asks 102 about it, who answers: both calls.
    fn consult(&mut self) -> (String, String) {
        let first = self.talk();
        let made = self.act("starttransfer", "101", &first, "&Number=102");
        self.wait(0);
        assert_eq!(self.sees("101"), [format!("41 {ONE}"), "13 102".into()]);
        assert_eq!(self.sees("102"), ["1 101"]);
        let theirs = self.id("102");
        self.act("accept", "102", &theirs, "");
        assert_eq!(self.sees("101"), [format!("41 {ONE}"), "21 102".into()]);
        let consult = made["IDCall"].to_string();
        assert_eq!(self.calls("101")[1]["ParentCallID"], first);
        (first, consult)
    }
}

#[test]
fn an_outgoing_call_goes_through_its_states() {
    let mut world = World::new(|config| config.dial_ms = 200);
    let made = world.done("call/make/?Extension=101&Number=79990000001&Tag=x");
    let id = made["IDCall"].to_string();
    assert_eq!(world.sees("101"), [format!("12 {ONE}")]);
    world.wait(200);
    assert_eq!(world.sees("101"), [format!("13 {ONE}")]);
    let call = &world.calls("101")[0];
    assert_eq!((&call["ID"], &call["Direction"], &call["AWavFile"]), (&json!(id), &json!("2"), &json!("null")));
    assert_eq!((&call["CanDrop"], &call["CanHold"]), (&json!("1"), &json!("0")));
    world.control(json!({ "do": "answer", "number": ONE }));
    assert_eq!(world.sees("101"), [format!("21 {ONE}")]);
    assert_eq!(world.calls("101")[0]["AWavFile"], "D:\\Infinity\\records\\new\\5000001001_A.wav");
    world.act("hold", "101", &id, "");
    assert_eq!(world.sees("101"), [format!("41 {ONE}")]);
    assert_eq!(world.refused(&format!("call/hold/?Extension=101&IDCall={id}")), "Call is on hold");
    world.act("unhold", "101", &id, "");
    world.act("drop", "101", &id, "");
    assert!(world.sees("101").is_empty());
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn calls_from_outside_ring_and_end_in_every_way() {
    let mut world = World::new(|config| config.no_answer_ms = 5_000);
    let call = json!({ "do": "call", "from": ONE, "to": "101" });
    for end in [json!({ "do": "hangup", "number": ONE }), json!({ "do": "hangup", "number": "101" })] {
        world.control(call.clone());
        assert_eq!(world.sees("101"), [format!("1 {ONE}")]);
        world.control(end);
        assert_eq!((world.sees("101").len(), world.simulator.calls()), (0, 0));
    }
    world.control(call.clone());
    world.wait(5_000);
    assert_eq!((world.sees("101").len(), world.simulator.calls()), (0, 0));
    // A call that is there for one look only.
    world.control(json!({ "do": "call", "from": ONE, "to": "101", "blinks": true }));
    assert_eq!(world.sees("101"), [format!("1 {ONE}")]);
    assert_eq!((world.sees("101").len(), world.simulator.calls()), (0, 0));
    // Who has gone, and whose phone is not there, is not reached.
    for gone in [
        json!({ "do": "state", "number": "101", "state": 399 }),
        json!({ "do": "phone", "number": "101", "there": false }),
    ] {
        world.control(gone);
        world.control(call.clone());
        assert_eq!((world.sees("101").len(), world.simulator.calls()), (0, 0));
        world.control(json!({ "do": "state", "number": "101", "state": 300 }));
    }
}

#[test]
fn outside_numbers_have_ways_of_their_own() {
    let mut world = World::new(|_| {});
    for (behaviour, then) in [
        (json!("busy"), vec![]),
        (json!({ "refuse": { "after_ms": 500 } }), vec![]),
        (json!({ "answer": { "after_ms": 500 } }), vec![format!("21 {TWO}")]),
    ] {
        world.control(json!({ "do": "outside", "number": TWO, "behaviour": behaviour }));
        world.done(&format!("call/make/?IDUser=11&Number={TWO}"));
        world.wait(500);
        assert_eq!(world.sees("101"), then);
    }
    world.control(json!({ "do": "hangup", "number": TWO }));
    assert_eq!(world.simulator.calls(), 0);
    // A machine answers by itself and has an end.
    world.done("call/make/?IDUser=11&Number=800");
    world.wait(0);
    assert_eq!(world.sees("101"), ["21 800"]);
    world.wait(5_000);
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn a_consultation_ends_with_the_two_connected_or_without() {
    let mut world = World::new(|config| config.inferred = true);
    let (first, _) = world.consult();
    world.act("finishtransfer", "101", &first, "");
    assert!(world.sees("101").is_empty());
    assert_eq!(world.sees("102"), [format!("21 {ONE}")]);
    world.control(json!({ "do": "hangup", "number": ONE }));
    assert_eq!(world.simulator.calls(), 0);

    // Dropped, the first one stays on hold; while it still rings it may be finished as well.
    let (first, consult) = world.consult();
    world.act("drop", "101", &consult, "");
    assert_eq!((world.sees("101"), world.sees("102").len()), (vec![format!("41 {ONE}")], 0));
    world.act("starttransfer", "101", &first, "&Number=102");
    world.wait(0);
    world.act("finishtransfer", "101", &first, "");
    assert_eq!((world.sees("101").len(), world.sees("102")), (0, vec![format!("1 {ONE}")]));
    world.control(json!({ "do": "answer", "number": "102" }));
    assert_eq!(world.sees("102"), [format!("21 {ONE}")]);
    world.control(json!({ "do": "end" }));

    // Who was asked about leaves.
    world.consult();
    world.control(json!({ "do": "hangup", "number": ONE }));
    assert_eq!(world.sees("101"), ["21 102"]);
}

#[test]
fn a_consultation_as_another_server_may_do_it() {
    let mut world = World::new(|config| {
        config.dial_ms = 100;
        config.returns = true;
        config.transfer_state = 51;
    });
    let first = world.talk();
    world.control(json!({ "do": "outside", "number": TWO, "behaviour": "busy" }));
    world.act("starttransfer", "101", &first, &format!("&Number={TWO}"));
    assert_eq!(world.sees("101"), [format!("51 {ONE}"), format!("12 {TWO}")]);
    world.wait(100);
    assert_eq!(world.sees("101"), [format!("21 {ONE}")]);
    // What nobody describes is not there.
    let (status, body) = world.ask(&format!("call/finishtransfer/?Extension=101&IDCall={first}"));
    assert!(status == 404 && body.contains("<html>"), "{body}");
}

#[test]
fn a_call_is_passed_on_and_rings_elsewhere() {
    let mut world = World::new(|_| {});
    let call = world.talk();
    world.act("quicktransfer", "101", &call, "&Number=102");
    assert_eq!((world.sees("101").len(), world.sees("102")), (0, vec![format!("1 {ONE}")]));
    world.control(json!({ "do": "answer", "number": "102" }));
    world.control(json!({ "do": "hangup", "number": "102" }));
    assert_eq!(world.simulator.calls(), 0);
    // Of two users: who is passed on stays in the call.
    world.done("call/make/?Extension=101&Number=102");
    world.wait(0);
    world.control(json!({ "do": "answer", "number": "102" }));
    let call = world.id("101");
    world.act("quicktransfer", "101", &call, "&Number=103");
    assert_eq!((world.sees("102"), world.sees("103")), (vec!["21 103".to_owned()], vec!["1 102".to_owned()]));
    world.control(json!({ "do": "hangup", "number": "103" }));
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn one_voice_has_room_for_one() {
    let mut world = World::new(|_| {});
    let first = world.talk();
    world.control(json!({ "do": "call", "from": TWO, "to": "101" }));
    assert_eq!(world.sees("101"), [format!("21 {ONE}"), format!("1 {TWO}")]);
    world.control(json!({ "do": "call", "from": "79990000003", "to": "101" }));
    assert_eq!(world.sees("101").len(), 2, "a third call is busy");
    world.control(json!({ "do": "answer", "number": "101" }));
    assert_eq!(world.sees("101"), [format!("41 {ONE}"), format!("21 {TWO}")]);
    world.act("unhold", "101", &first, "");
    assert_eq!(world.sees("101"), [format!("21 {ONE}"), format!("41 {TWO}")]);
    // Held by the other user, and by both.
    world.control(json!({ "do": "end" }));
    world.done("call/make/?Extension=101&Number=102");
    world.wait(0);
    world.control(json!({ "do": "answer", "number": "102" }));
    world.control(json!({ "do": "hold", "number": "102" }));
    assert_eq!((world.sees("101"), world.sees("102")), (vec!["42 102".to_owned()], vec!["41 101".to_owned()]));
    world.control(json!({ "do": "hold", "number": "101" }));
    assert_eq!(world.sees("101"), ["41 102"]);
    world.control(json!({ "do": "unhold", "number": "102" }));
    assert_eq!(world.sees("102"), ["42 101"]);
}

#[test]
fn a_conference_and_who_leaves_it() {
    let mut world = World::new(|config| config.inferred = true);
    for (leaves, left, other) in
        [("101", vec![], "21 79990000001"), (ONE, vec!["21 102"], "21 101"), ("102", vec!["21 79990000001"], "")]
    {
        let (first, _) = world.consult();
        world.act("finishconference", "101", &first, "");
        assert_eq!((world.sees("101"), world.sees("102")), (vec![format!("31 {ONE}")], vec!["32 101".to_owned()]));
        world.control(json!({ "do": "hangup", "number": leaves }));
        assert_eq!(world.sees("101"), left, "{leaves}");
        assert_eq!(world.sees("102").join(""), other, "{leaves}");
        world.control(json!({ "do": "end" }));
    }
}

#[test]
fn a_queue_rings_who_is_ready_and_records_tell_the_way() {
    let mut world = World::new(|_| {});
    world.control(json!({ "do": "state", "number": "102", "state": 301 }));
    world.control(json!({ "do": "call", "from": ONE, "to": "700" }));
    assert_eq!(world.sees("101"), [format!("1 {ONE}")]);
    assert_eq!(world.calls("101")[0]["AbonentCallInfoStr"], "Queue: Support\r\nNumber:\t700");
    // Refused: the next one, who is not ready yet.
    world.wait(4_000);
    world.control(json!({ "do": "state", "number": "102", "state": 300 }));
    world.control(json!({ "do": "hangup", "number": "101" }));
    world.wait(500);
    assert_eq!((world.sees("101").len(), world.sees("102")), (0, vec![format!("1 {ONE}")]));
    world.wait(1_500);
    let call = world.id("102");
    world.act("accept", "102", &call, "");
    world.wait(8_640);
    world.act("hold", "102", &call, "");
    world.wait(864);
    let connection = world.done(&format!("stat/connectionsbycall/?IDCall={call}&Recorded=1"));
    let connection = connection["Connections"].as_array().unwrap().clone();
    assert_eq!(connection.len(), 1);
    assert!(connection[0].as_u64().unwrap() > u64::from(u32::MAX));
    world.act("drop", "102", &call, "");
    let rows = world.done(&format!("stat/connectionsbycall/?IDCall={call}&AllInfo=1"));
    let row = &rows["Data"][0];
    assert_eq!(
        (&row["ID"], &row["ANumber"], &row["BIDUser"]),
        (&json!(connection[0].to_string()), &json!(ONE), &json!("12"))
    );
    assert_eq!(
        (&row["DurationTalk"], &row["DurationHold"], &row["DurationConference"]),
        (&json!("0,0001"), &json!("0,00001"), &json!("0"))
    );
    assert_eq!(
        (&row["TimeStartDate"], row["TimeStartTime"].as_str().unwrap().split(',').next()),
        (&json!("46000"), Some("0"))
    );
    for (codec, starts) in [("", &b"RIFF"[..]), ("&codec=gsm", b"RIFF"), ("&codec=mp3", b"\xff\xfb")] {
        let file = world.try_ask(&format!("stat/getrecordedfile/?IDConnection={}{codec}", connection[0])).unwrap();
        assert!(
            file.status == 200 && file.body.starts_with(starts) && file.content_type.starts_with("audio/"),
            "{codec}"
        );
    }
    let seance = row["IDSeance"].as_str().unwrap().to_owned();
    assert_eq!(world.try_ask(&format!("stat/getrecordedfile/?IDSeance={seance}")).unwrap().status, 200);
    assert_eq!(world.refused("stat/getrecordedfile/?IDConnection=1"), "Connection not found");
    assert_eq!(world.refused("stat/getrecordedfile/"), "Connection not found");

    // A user who calls the queue has its part, too: named, not numbered.
    world.done("call/make/?Extension=103&Number=700");
    world.wait(0);
    assert_eq!((world.sees("103"), world.sees("101")), (vec!["13 700".to_owned()], vec!["1 103".to_owned()]));
    let own = world.id("103");
    world.control(json!({ "do": "answer", "number": "101" }));
    assert_eq!(world.sees("103"), ["21 101"]);
    let rows = world.done(&format!("stat/connectionsbycall/?IDCall={own}&AllInfo=1"));
    assert_eq!((&rows["Data"][0]["BNumber"], &rows["Data"][1]["BNumber"]), (&json!("Queue:Support"), &json!("101")));
    assert_eq!(
        world.done(&format!("stat/connectionsbycall/?IDCall={own}&Recorded=1"))["Connections"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.control(json!({ "do": "hangup", "number": "103" }));
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn users_have_states_and_others_are_told() {
    let mut world = World::new(|config| config.events_url = Some("http://h/hooks/inf/".into()));
    assert_eq!(world.done("user/getstate/?IDUser=11")["IDUserState"], 300);
    world.done("user/setstate/?IDUser=11&IDUserState=301");
    world.done("user/setstate/?IDUser=11&IDUserState=301");
    assert_eq!(world.hooks, ["http://h/hooks/inf/user/OnStateChanged/?IDUser=11&IDUserState=301"]);
    assert_eq!(world.refused("user/setstate/?IDUser=11&IDUserState=7"), "User state not found");
    assert_eq!(world.refused("user/getstate/?IDUser=99"), "User not found");
    assert_eq!(world.refused("user/getstate/"), "User not found");
    world.done("user/logoff/?IDUser=11");
    assert_eq!(world.refused("call/make/?IDUser=11&Number=1"), "User is not logged on");
    assert_eq!(world.refused("user/logon/?Login=op1&Password=x&IDRole=1"), "Wrong login or password");
    assert_eq!(world.done("user/logon/?Login=op1&Password=Secret1&IDRole=1&HostHame=pc")["IDUser"], 11);
    assert_eq!(world.done("user/getstate/?IDUser=11")["IDUserState"], 300);
    // Twice, false ones, and those about calls, which no page names.
    world.hooks.clear();
    world.control(json!({ "do": "faults", "faults": { "double_hooks": true } }));
    world.control(json!({ "do": "hook", "path": "/call/Whatever/?a=b" }));
    assert_eq!(world.hooks, ["http://h/hooks/inf/call/Whatever/?a=b"; 2]);
    world.control(json!({ "do": "events-url", "url": "" }));
    world.done("user/setstate/?IDUser=11&IDUserState=302");
    assert_eq!(world.hooks.len(), 2);

    let mut world = World::new(|config| {
        config.events_url = Some("http://h/e".into());
        config.call_events = Some("/call/OnStateChanged/".into());
    });
    world.talk();
    world.control(json!({ "do": "hangup", "number": ONE }));
    let told = |state| format!("http://h/e/call/OnStateChanged/?IDCall=1001&IDUser=11&State={state}");
    assert_eq!(world.hooks, [told(1), told(21), told(100)]);
}
