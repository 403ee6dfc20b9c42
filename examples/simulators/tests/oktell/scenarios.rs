//! What happens between users: consultations, transfers, queues, conferences; and what faults do to it.
#![allow(clippy::needless_pass_by_value, reason = "a command is written where it is given")]

use jackfield_sim::{
    Behaviour, Data, Output, System as _,
    oktell::{Config, Simulator, config::Chain, hash},
};
use serde_json::{Value, json};

const ONE: &str = "79990000001";
const TWO: &str = "79990000002";
const ZERO: &str = "00000000-0000-0000-0000-000000000000";

/// The simulator with op1 to op4 on line as the sessions 1 to 4; nothing happens by itself but what a test waits for.
struct World {
    simulator: Simulator,
    now: u64,
    asked: u64,
    events: Vec<(u64, Value)>,
}

impl World {
    fn new() -> Self {
        Self::with(Config { outside: Behaviour::Manual, lift_ms: 0, ..Config::default() })
    }

    fn with(config: Config) -> Self {
        let mut world = Self { simulator: Simulator::new(config, 1), now: 0, asked: 0, events: Vec::new() };
        for session in 1..=4 {
            world.simulator.open(session, 0);
            world.ask(session, "login", json!({ "userlogin": format!("op{session}"), "Password": hash("Secret1") }));
            let events = ["phoneevent", "flashstatechanged", "userstatechanged", "confcompositionchanged"];
            world.ask(session, "subscribeevent", json!({ "eventmethod": events }));
        }
        world
    }

    fn collect(&mut self) -> Vec<(u64, Value)> {
        self.simulator.check().unwrap();
        let texts = self.simulator.outputs().into_iter().filter_map(|output| match output {
            Output::Send { client, data: Data::Text(text), .. } => {
                Some((client, serde_json::from_str(&text).unwrap_or(Value::Null)))
            }
            _ => None,
        });
        texts.collect()
    }

    fn ask(&mut self, session: u64, method: &str, mut body: Value) -> Value {
        self.asked += 1;
        body["qid"] = self.asked.into();
        self.simulator.receive(session, Data::Text(json!([method, body]).to_string()), self.now);
        let mut reply = Value::Null;
        for (to, message) in self.collect() {
            if message[1]["qid"] == self.asked {
                reply = message[1].clone();
            } else {
                self.events.push((to, message));
            }
        }
        reply
    }

    fn done(&mut self, session: u64, method: &str, body: Value) -> Value {
        let reply = self.ask(session, method, body);
        assert_eq!(reply["result"], 1, "{method}: {reply}");
        reply
    }

    fn control(&mut self, command: Value) -> Value {
        let answer = self.simulator.control(&command, self.now);
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        let events = self.collect();
        self.events.extend(events);
        answer
    }

    fn wait(&mut self, time: u64) {
        self.now += time;
        self.simulator.tick(self.now);
        let events = self.collect();
        self.events.extend(events);
    }

    /// The names of a session's events since the last question; flashes with their type.
    fn heard(&mut self, session: u64) -> Vec<String> {
        let (own, others): (Vec<_>, Vec<_>) = self.events.drain(..).partition(|(to, _)| *to == session);
        self.events = others;
        let name = |event: &Value| match event[1]["flashtypeid"].as_u64() {
            Some(flash) => format!("flash {flash}"),
            None => event[0].as_str().unwrap().trim_start_matches("phoneevent_").to_owned(),
        };
        own.iter().map(|(_, event)| name(event)).filter(|name| name != "userstatechanged").collect()
    }

    fn line(&mut self, session: u64) -> Value {
        self.ask(session, "getextendedlineinfo", json!({}))
    }

    fn is_idle(&mut self, session: u64) -> bool {
        let line = self.line(session);
        line["abonent"] == json!({}) && line["chainid"] == ZERO && line["isflashing"] == false
    }

    /// op1 talks to ONE, who has called.
    fn talk(&mut self) {
        self.control(json!({ "do": "call", "from": ONE, "to": "101" }));
        self.done(1, "pbxanswercall", json!({}));
        self.events.clear();
    }

    /// op1 talks to ONE, holds, and talks to op2.
    fn consult(&mut self) {
        self.talk();
        self.done(1, "pbxautocallstart", json!({ "number": "102", "sequence": "user" }));
        assert_eq!(self.heard(1), ["acmcallstarted", "flash 1", "commstopped"]);
        self.done(2, "pbxanswercall", json!({}));
        assert_eq!(self.heard(1), ["acmcallstopped", "commstarted"]);
        self.events.clear();
    }
}

#[test]
fn a_consultation_ends_with_the_two_connected() {
    let mut world = World::new();
    world.consult();
    let line = world.line(1);
    assert_eq!((&line["abonent"]["number"], &line["flashed"]["number"]), (&json!("102"), &json!(ONE)));
    assert_ne!(line["chainid"], line["flashed"]["chainid"]);
    world.done(1, "pbxabortcall", json!({}));
    assert_eq!(world.heard(1), ["flash 5", "commstopped"]);
    assert!(world.is_idle(1));
    let other = world.line(2);
    assert_eq!((&other["abonent"]["number"], &other["chainid"]), (&json!(ONE), &line["flashed"]["chainid"]));
    world.control(json!({ "do": "hangup", "number": ONE }));
    assert!(world.is_idle(2));
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn a_consultation_is_dropped_and_the_held_one_comes_back() {
    let mut world = World::new();
    world.consult();
    world.done(1, "pbxmakeflash", json!({ "mode": "switch" }));
    assert_eq!(world.heard(1), ["commstopped", "flash 7", "commstarted"]);
    assert_eq!(world.heard(2), ["flash 11"]);
    assert_eq!(world.line(2)["abonent"]["iswaitinginflash"], true);
    assert_eq!(world.line(1)["abonent"]["number"], ONE);
    world.done(1, "pbxmakeflash", json!({ "mode": "abort" }));
    assert_eq!(world.heard(1), ["commstopped", "flash 2", "commstarted"]);
    assert_eq!(world.line(1)["abonent"]["number"], "102");
    assert_eq!(world.heard(2), ["flash 12"]);
}

#[test]
fn a_held_party_that_leaves_is_lost_and_the_consultation_goes_on() {
    let mut world = World::new();
    world.consult();
    world.control(json!({ "do": "hangup", "number": ONE }));
    assert_eq!(world.heard(1), ["flash 4"]);
    let line = world.line(1);
    assert_eq!((&line["isflashing"], &line["abonent"]["number"]), (&json!(false), &json!("102")));
}

#[test]
fn a_consulted_phone_that_still_rings_can_be_given_the_call() {
    let mut world = World::new();
    world.talk();
    world.done(1, "pbxautocallstart", json!({ "number": "102" }));
    world.done(1, "pbxabortcall", json!({}));
    assert_eq!(world.heard(1), ["acmcallstarted", "flash 1", "commstopped", "flash 5", "acmcallstopped"]);
    world.done(2, "pbxanswercall", json!({}));
    assert_eq!(world.line(2)["abonent"]["number"], ONE);
}

#[test]
fn a_dialling_is_aborted_and_the_hold_stays() {
    let mut world = World::new();
    world.talk();
    world.done(1, "pbxautocallstart", json!({ "number": "102" }));
    world.done(1, "pbxautocallabort", json!({}));
    let line = world.line(1);
    assert_eq!((&line["linestatestr"], &line["abonent"]), (&json!("lsHookUp"), &json!({})));
    assert_eq!(line["flashed"]["number"], ONE);
    assert!(world.is_idle(2));
}

#[test]
fn a_third_gets_the_current_one_and_the_held_one_comes_back() {
    let mut world = World::new();
    world.consult();
    world.done(1, "pbxmaketransfer", json!({ "transferto": "103" }));
    assert_eq!(world.heard(1), ["commstopped", "flash 2", "commstarted"]);
    assert_eq!(world.line(1)["abonent"]["number"], ONE);
    world.done(3, "pbxanswercall", json!({}));
    assert_eq!(world.line(3)["abonent"]["number"], "102");
    assert_eq!(world.line(2)["abonent"]["number"], "103");
}

#[test]
fn by_itself_the_own_phone_is_lifted_and_the_outside_answers() {
    let mut world = World::with(Config::default());
    world.done(1, "pbxautocallstart", json!({ "number": ONE, "sequence": "user" }));
    assert_eq!(world.line(1)["abonent"], json!({ "isringing": true, "direction": "acm_callback" }));
    world.wait(1_500);
    assert_eq!(world.line(1)["abonent"]["iswaitingforanswer"], true);
    world.wait(3_000);
    assert_eq!(world.line(1)["abonent"]["iscommutated"], true);
    assert_eq!(world.heard(1), ["acmcallstarted", "ringstarted", "ringstopped", "acmcallstopped", "commstarted"]);

    // The far end first: it answers, and only then the own phone rings.
    world.done(2, "pbxautocallstart", json!({ "number": TWO, "sequence": "abonent" }));
    assert_eq!(world.line(2)["abonent"]["isautocall"], true);
    world.wait(3_000);
    assert_eq!(world.line(2)["abonent"]["direction"], "acm_callback");
    world.wait(1_500);
    assert_eq!(world.line(2)["abonent"]["iscommutated"], true);

    // Nobody answers, and a number refuses.
    world.control(json!({ "do": "outside", "number": "555", "behaviour": { "refuse": { "after_ms": 200 } } }));
    world.control(json!({ "do": "call", "from": "103", "to": "555" }));
    world.control(json!({ "do": "call", "from": TWO, "to": "104" }));
    world.wait(200);
    assert!(world.is_idle(3) && !world.is_idle(4));
    world.wait(29_800);
    assert!(world.is_idle(4));
}

#[test]
fn a_chain_id_changes_at_the_answer_if_it_is_to() {
    let config = Config { answer_chain: Chain::New, outside: Behaviour::Manual, ..Config::default() };
    let mut world = World::with(config);
    world.control(json!({ "do": "call", "from": ONE, "to": "101" }));
    let ringing = world.line(1)["chainid"].clone();
    world.done(1, "pbxanswercall", json!({}));
    let talking = world.line(1)["chainid"].clone();
    assert!(ringing != talking && talking != ZERO, "{ringing} {talking}");
}

#[test]
fn a_queue_gives_its_caller_to_who_is_ready_and_to_the_next_one() {
    let mut world = World::new();
    world.control(json!({ "do": "call", "from": ONE, "to": "700" }));
    assert_eq!(world.ask(1, "getcurrentqueue", json!({}))["queue"][0]["number"], ONE);
    assert_eq!(world.ask(3, "getcurrentqueue", json!({}))["queue"], json!([]));
    world.done(1, "setuserstate", json!({ "userstateid": 1, "oncallcenter": true }));
    assert_eq!(world.heard(1), ["ringstarted"]);
    assert_eq!(world.ask(1, "getcurrentqueue", json!({}))["queue"], json!([]));
    world.done(2, "entercallcenter", json!({}));
    world.done(1, "pbxdeclinecall", json!({}));
    assert_eq!(world.heard(1), ["ringstopped"]);
    assert_eq!(world.heard(2), ["ringstarted"]);
    world.wait(30_000);
    assert_eq!((world.heard(2), world.heard(1)), (vec!["ringstopped".to_owned()], vec!["ringstarted".to_owned()]));
    world.done(1, "pbxanswercall", json!({}));
    assert_eq!(world.line(1)["abonent"]["number"], ONE);
}

#[test]
fn a_script_talks_and_sends_its_caller_on() {
    let mut world = World::new();
    world.control(json!({ "do": "call", "from": "101", "to": "800" }));
    world.wait(0);
    assert_eq!(world.heard(1), ["ivrstarted"]);
    let line = world.line(1);
    assert_eq!((&line["abonent"]["isivr"], &line["abonent"]["ivrname"]), (&json!(true), &json!("Welcome")));
    world.done(2, "entercallcenter", json!({}));
    world.wait(5_000);
    assert_eq!(world.heard(1), ["ivrstopped"]);
    world.done(2, "pbxanswercall", json!({}));
    assert_eq!(world.line(1)["abonent"]["number"], "102");
}

#[test]
fn who_is_busy_or_redirected_or_not_to_be_disturbed_is_not_rung() {
    let mut world = World::new();
    world.done(2, "setuserstate", json!({ "userstateid": 3 }));
    world.control(json!({ "do": "call", "from": "101", "to": "102" }));
    assert!(world.is_idle(2));
    world.wait(1_000);
    assert!(world.is_idle(1));
    let rule = json!({ "id": "r", "state": 2, "isenabled": true, "destinationnumber": "103" });
    world.done(2, "saveredirectrules", json!({ "redirectrule": rule }));
    world.done(2, "setuserstate", json!({ "onredirect": true }));
    world.control(json!({ "do": "call", "from": ONE, "to": "102" }));
    assert!(world.is_idle(2));
    assert_eq!(world.line(3)["abonent"]["isringing"], true);
    assert_eq!(world.ask(1, "pbxautocallstart", json!({ "number": "101" }))["result"], 0);
}

#[test]
fn a_conference_grows_is_held_and_ends() {
    let mut world = World::new();
    world.consult();
    assert_eq!(world.ask(1, "checkcanconnecttogathertoconference", json!({}))["canconnecttogather"], true);
    let id = world.done(1, "connecttogathertoconference", json!({}))["conferenceid"].clone();
    assert!(world.heard(1).contains(&"flash 6".to_owned()));
    for session in [1, 2] {
        assert_eq!(world.line(session)["abonent"]["conferenceid"], id);
    }
    world.done(1, "invitetoconference", json!({ "conferenceid": id, "competitors": [{ "number": TWO }] }));
    world.control(json!({ "do": "answer", "number": TWO }));
    let list = world.done(1, "getconferencecompetitors", json!({ "conferenceid": id }))["competitorlist"].clone();
    assert_eq!(list.as_array().unwrap().len(), 4);
    world.done(1, "pbxmakeflash", json!({ "mode": "switch" }));
    assert_eq!(world.line(1)["flashed"]["conferenceid"], id);
    world.done(1, "pbxmakeflash", json!({ "mode": "switch" }));
    for number in [ONE, TWO] {
        let one = list.as_array().unwrap().iter().find(|one| one["number"] == number).unwrap();
        let kick = json!({ "conferenceid": id, "competitor": { "competitorid": one["competitorid"] } });
        world.done(1, "confdisconnectcompetitor", kick);
    }
    world.done(1, "exitconference", json!({ "conferenceid": id }));
    assert!(world.is_idle(1) && world.is_idle(2));
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn a_conference_from_idle_rings_its_creator_and_those_invited() {
    let mut world = World::new();
    world.done(3, "setuserstate", json!({ "userstateid": 3 }));
    let wish = json!({ "conference": { "name": "Monday" }, "competitors": [{ "number": "102" }, { "number": "103" }] });
    let id = world.done(1, "createnewconference", wish)["conferenceid"].clone();
    assert_eq!(world.line(1)["abonent"]["direction"], "acm_callback");
    // Who is not to be disturbed is not rung, and not in the list.
    assert!(world.is_idle(3));
    world.done(1, "pbxanswercall", json!({}));
    world.done(2, "pbxanswercall", json!({}));
    let info = world.done(1, "getconferenceinfo", json!({ "conferenceid": id }));
    assert_eq!((&info["conference"]["name"], info["competitors"].as_array().unwrap().len()), (&json!("Monday"), 2));
    assert_eq!(world.ask(3, "getconferencecompetitors", json!({ "conferenceid": id }))["result"], 0);
    world.done(2, "pbxabortcall", json!({}));
    assert!(world.is_idle(1) && world.is_idle(2));
}

#[test]
fn one_login_per_user_if_it_is_to_be() {
    let mut world = World::with(Config { one_login: true, ..Config::default() });
    let login = json!({ "userlogin": "op1", "Password": hash("Secret1") });
    world.simulator.open(5, 0);
    assert_eq!(world.ask(5, "login", login.clone())["error"], 50_093);
    world.simulator.closed(1, 0);
    world.done(5, "login", login);
}

#[test]
fn a_listener_needs_the_right() {
    let mut world = World::new();
    world.control(json!({ "do": "call", "from": ONE, "to": "102" }));
    world.control(json!({ "do": "answer", "number": "102" }));
    let id = |world: &mut World, session| world.ask(session, "getmyuserinfo", json!({}))["userid"].clone();
    let (two, three) = (id(&mut world, 2), id(&mut world, 3));
    assert_ne!(two, three);
    assert_eq!(world.ask(3, "attachasghost", json!({ "ghostedid": two }))["error"], 52_710);
    world.done(1, "attachasghost", json!({ "ghostedid": two }));
    world.control(json!({ "do": "answer", "number": "101" }));
    assert_eq!(world.line(1)["abonent"]["isconference"], true);
    world.control(json!({ "do": "hangup", "number": ONE }));
    assert!(world.is_idle(1) && world.is_idle(2));
}

#[test]
fn a_phone_that_goes_takes_its_calls_with_it() {
    let mut world = World::new();
    world.consult();
    world.control(json!({ "do": "phone", "number": "101", "there": false }));
    assert_eq!(world.line(1)["linestatestr"], "lsDisconnected");
    assert_eq!(world.ask(1, "getuserstate", json!({}))["userstateid"], 7);
    assert!(world.is_idle(2));
    world.control(json!({ "do": "phone", "number": "101", "there": true }));
    assert!(world.is_idle(1));
    assert_eq!(world.ask(1, "getuserstate", json!({}))["userstateid"], 1);
}

#[test]
fn late_states_show_the_line_as_it_was() {
    let mut world = World::new();
    world.control(json!({ "do": "faults", "faults": { "late_ms": 500 } }));
    world.wait(1_000);
    world.talk();
    world.wait(499);
    assert_eq!(world.line(1)["abonent"], json!({}));
    world.wait(1);
    assert_eq!(world.line(1)["abonent"]["iscommutated"], true);
}

#[test]
fn events_and_replies_are_lost_or_change_places() {
    let mut world = World::new();
    world.control(json!({ "do": "faults", "faults": { "reorder": true } }));
    world.control(json!({ "do": "call", "from": ONE, "to": "103" }));
    let order = |world: &World| -> Vec<Value> {
        world.events.iter().filter(|(to, _)| *to == 3).map(|(_, event)| event[0].clone()).collect()
    };
    assert_eq!(order(&world), ["userstatechanged", "phoneevent_ringstarted"]);
    world.control(json!({ "do": "answer", "number": "103" }));
    world.control(json!({ "do": "hangup", "number": ONE }));
    world.control(json!({ "do": "faults", "faults": {} }));
    // Nothing is lost: what waited for a successor has come at last.
    assert_eq!(order(&world).len(), 6);

    let mut world = World::new();
    world.control(json!({ "do": "faults", "faults": { "drop_events": 1, "drop_replies": 1 } }));
    world.talk_without_replies();
    assert!(world.events.is_empty());
    world.control(json!({ "do": "faults", "faults": { "silent": true } }));
    assert_eq!(world.ask(1, "ping", json!({})), Value::Null);
    world.control(json!({ "do": "faults", "faults": {} }));
    assert_eq!(world.line(1)["abonent"]["iscommutated"], true);
}

impl World {
    fn talk_without_replies(&mut self) {
        self.control(json!({ "do": "call", "from": ONE, "to": "101" }));
        assert_eq!(self.ask(1, "pbxanswercall", json!({})), Value::Null);
    }
}

#[test]
fn a_client_that_says_nothing_is_closed() {
    let mut world = World::new();
    world.control(json!({ "do": "faults", "faults": { "idle_close_ms": 30_000 } }));
    world.wait(20_000);
    world.ask(1, "ping", json!({}));
    world.simulator.tick(30_000);
    let closed: Vec<u64> = world
        .simulator
        .outputs()
        .into_iter()
        .filter_map(|output| match output {
            Output::Close { client, .. } => Some(client),
            _ => None,
        })
        .collect();
    assert_eq!(closed, [2, 3, 4]);
}

#[test]
fn a_password_is_changed_by_who_knows_it() {
    let mut world = World::new();
    let wrong = json!({ "oldpwdmd5": hash("no"), "newpwdmd5": hash("Neu") });
    assert_eq!(world.ask(1, "changepassword", wrong)["errormsg"], "old password is wrong");
    world.done(1, "changepassword", json!({ "oldpwdmd5": hash("Secret1"), "newpwdmd5": hash("Neu") }));
    let log_in = |password: &str| json!({ "userlogin": "op1", "Password": hash(password) });
    assert_eq!(world.ask(1, "login", log_in("Secret1"))["errormsg"], "Wrong login/pass combination");
    world.done(1, "login", log_in("Neu"));
}

#[test]
fn configurations_are_judged() {
    assert!(Config::parse("lift_ms = 0\noutside = { answer = { after_ms = 10 } }\n[faults]\nreorder = true").is_ok());
    for (bad, why) in [
        ("lift = 1", "unknown field"),
        ("[[queues]]\nnumber = \"101\"\nmembers = []", "twice"),
        ("[[queues]]\nnumber = \"9\"\nmembers = [\"nobody\"]", "no user"),
    ] {
        let said = Config::parse(bad).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn one_outside_number_called_twice_is_no_call_with_itself() {
    for second_talks in [true, false] {
        let mut world = World::new();
        world.control(json!({ "do": "call", "from": ONE, "to": "101" }));
        world.control(json!({ "do": "answer", "number": "101" }));
        // By hand: the program's way refuses it.
        world.control(json!({ "do": "call", "from": "101", "to": ONE }));
        if second_talks {
            world.control(json!({ "do": "answer", "number": ONE }));
        }
        world.control(json!({ "do": "hangup", "number": "101" }));
        assert_eq!(world.simulator.calls(), 0);
        assert_eq!(world.done(1, "getextendedlineinfo", json!({}))["isflashing"], false);
    }
}
