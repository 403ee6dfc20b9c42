//! How answers look, and what becomes of them.

use jackfield_sim::{
    Arrives, System as _,
    infinity::{
        Config,
        config::{Encoding, Members},
    },
};
use serde_json::{Value, json};

use crate::world::{ONE, World};

fn talking(world: &mut World) -> String {
    world.control(json!({ "do": "call", "from": ONE, "to": "101" }));
    world.control(json!({ "do": "answer", "number": "101" }));
    String::from_utf8(world.try_ask("/call/getactivecalls/?IDUser=11").unwrap().body).unwrap()
}

#[test]
fn what_is_no_json_can_be_mended_into_it() {
    let mut world = World::with(Config::default());
    let text = talking(&mut world);
    serde_json::from_str::<Value>(&text).unwrap_err();
    assert!(text.starts_with("{\"result\":{\"Data\":[\r\n{") && text.contains("\"Direction\":\"1\","), "{text}");
    assert!(text.contains("\"AWavFile\":\"D:\\Infinity\\records\\new\\5000001001_A.wav\""), "{text}");
    // As a program does that is known to work with real servers.
    let mended: String = text.chars().filter(|letter| !"\r\n\t".contains(*letter)).collect();
    let mended: Value = serde_json::from_str(&mended.replace('\\', "/")).unwrap();
    assert_eq!(mended["result"]["Data"][0]["BWavFile"], "D:/Infinity/records/new/5000001001_B.wav");
    assert_eq!(mended["result"]["Data"][0]["StartTime"], "46000,375");
}

#[test]
fn fewer_members_plain_values_and_other_letters() {
    let mut world = World::new(|config| {
        config.answers.members = Members::Few;
        config.answers.texts = false;
        config.answers.no_file = String::new();
    });
    let call: Value = serde_json::from_str(&talking(&mut world)).unwrap();
    let call = call["result"]["Data"][0].as_object().unwrap().clone();
    let mut members: Vec<&String> = call.keys().collect();
    members.sort_unstable();
    assert_eq!(members, ["AWavFile", "BWavFile", "Direction", "ID"]);
    assert_eq!((&call["ID"], &call["Direction"]), (&json!(1001), &json!(1)));

    let mut world = World::new(|config| {
        config.answers.encoding = Encoding::Windows1251;
        config.users[1].name = "Оля".into();
    });
    world.done("call/make/?Extension=101&Number=102&Tag=%CE%EB%FF");
    world.wait(0);
    let answer = world.try_ask("call/getactivecalls/?Extension=101").unwrap();
    let letters = [0xce, 0xeb, 0xff];
    assert_eq!(answer.body.windows(3).filter(|three| *three == letters).count(), 2);
}

#[test]
fn calls_that_are_over_may_be_listed_for_a_while_and_a_restart_forgets_all() {
    let mut world = World::new(|config| config.ended_ms = 1_000);
    talking(&mut world);
    world.control(json!({ "do": "hangup", "number": ONE }));
    assert_eq!(world.sees("101"), [format!("99 {ONE}")]);
    assert!(world.refused("call/drop/?Extension=101&IDCall=1001").contains("not found"));
    world.wait(500);
    assert_eq!(world.sees("101"), [format!("100 {ONE}")]);
    world.wait(500);
    assert!(world.sees("101").is_empty());
    talking(&mut world);
    assert_eq!(world.id("101"), "1002");
    world.control(json!({ "do": "restart" }));
    assert!(world.sees("101").is_empty());
    talking(&mut world);
    assert_eq!(world.id("101"), "1001");
}

#[test]
fn requests_that_are_none_are_refused_in_their_ways() {
    let mut world = World::new(|_| {});
    let long = "1".repeat(65);
    for (target, why) in [
        ("call/getactivecalls/?Extension=9", "User not found"),
        ("call/make/?Extension=101", "Number"),
        (&format!("call/make/?Extension=101&Number={long}"), "Number"),
        ("call/drop/?Extension=101", "Call not found"),
        ("call/drop/?Extension=101&IDCall=x", "Call not found"),
        ("stat/connectionsbycall/?IDCall=5", "Call not found"),
        ("stat/getrecordedfile/?IDConnection=1&codec=ogg", "Codec not found"),
    ] {
        let told = world.refused(target);
        assert!(told.contains(why), "{target}: {told}");
    }
    assert_eq!(world.ask("").0, 404);
    assert_eq!(world.ask("call/dance/?Extension=101").0, 404);
    // Somebody else's call is none of one's own; the slash before the question mark may be left out.
    talking(&mut world);
    assert_eq!(world.refused("call/drop?Extension=102&IDCall=1001"), "Call not found");
    world.done("call/drop?IDUser=11&IDCall=1001");
    let counted = world.control(json!({ "do": "requests", "fresh": true }));
    assert_eq!((&counted["total"], &counted["paths"]["call/drop"]), (&json!(12), &json!(4)), "{counted}");
    assert_eq!(world.control(json!({ "do": "requests" }))["total"], 0);
}

#[test]
fn answers_go_wrong_in_every_way_for_those_that_are_meant() {
    let mut world = World::new(|_| {});
    talking(&mut world);
    let list = "call/getactivecalls/?Extension=101";
    let spoil = |world: &mut World, faults: Value| drop(world.control(json!({ "do": "faults", "faults": faults })));
    for (fault, status, arrives) in [
        ("406", 406, Arrives::Whole),
        ("500", 500, Arrives::Whole),
        ("html", 200, Arrives::Whole),
        ("half", 200, Arrives::Half),
        ("twice", 200, Arrives::Twice),
        ("empty", 200, Arrives::Whole),
        ("huge", 200, Arrives::Whole),
        ("none", 200, Arrives::Nothing),
    ] {
        spoil(&mut world, json!({ "answers": fault, "methods": ["/call/getactivecalls/"], "count": 1 }));
        world.done("user/getstate/?IDUser=11");
        let answer = world.try_ask(list).unwrap();
        assert_eq!((answer.status, answer.arrives), (status, arrives), "{fault}");
        match fault {
            "huge" => assert_eq!(answer.body.len(), 50_000_000),
            "empty" => assert!(answer.body.is_empty()),
            "500" | "html" => assert!(answer.body.starts_with(b"<!DOCTYPE")),
            _ => assert!(answer.body.starts_with(b"{\"result\":{")),
        }
        assert_eq!(world.sees("101").len(), 1, "{fault}: once only");
    }
    // What is refused is not done; what is answered wrongly is.
    spoil(&mut world, json!({ "answers": "500", "every": 2 }));
    assert_eq!(world.ask(list).0, 200);
    assert_eq!(world.ask("call/drop/?Extension=101&IDCall=1001").0, 500);
    spoil(&mut world, json!({ "answers": "html", "count": 1 }));
    assert_eq!(world.ask("call/hold/?Extension=101&IDCall=1001").0, 200);
    assert_eq!(world.sees("101"), [format!("41 {ONE}")]);
    // A late answer says what was true.
    spoil(&mut world, json!({ "late_ms": 700, "count": 1 }));
    assert_eq!(world.try_ask(list), None);
    world.control(json!({ "do": "hangup", "number": ONE }));
    world.wait(699);
    assert!(world.late.is_empty());
    world.wait(1);
    let (_, late) = world.late.pop().unwrap();
    assert!(String::from_utf8(late.body).unwrap().contains("1001"));
    // Lists that hide what there is.
    talking(&mut world);
    spoil(&mut world, json!({ "empty_lists": 2 }));
    assert_eq!([0; 4].map(|_| world.sees("101").len()), [1, 0, 1, 0]);
    let answer = world.simulator.control(&json!({ "do": "faults", "faults": { "answers": "wrong" } }), world.now);
    assert_eq!(answer["ok"], false);
    for (wrong, why) in [
        ("transfer_state = 3", "41 or 51"),
        ("lines = 0", "at least one"),
        ("[[queues]]\nnumber = \"700\"\nname = \"x\"\nmembers = [\"9\"]", "\"9\""),
        ("[[machines]]\nnumber = \"101\"\nname = \"x\"", "twice"),
        ("[faults]\nanswers = \"x\"", "`x`"),
    ] {
        let told = Config::parse(wrong).unwrap_err();
        assert!(told.contains(why), "{told}");
    }
}
