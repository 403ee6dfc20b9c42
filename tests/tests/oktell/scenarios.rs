//! Scenario after scenario at one simulated Oktell, through the whole host: what happens at phones and what clients ask,
//! against what a client of each line is told. Every scenario has a client of its own, and both isolation modes.

use jackfield_tests::client::Client;
use jackfield_tests::host::Host;
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use super::{BOSS, TOKEN, call_id, host_at};
use crate::server::OUTSIDE;

const ONE: &str = "okt/101";
const TWO: &str = "okt/102";
/// Nothing is answered or lifted by itself; the machine at 800 talks for a while and hangs up.
const PBX: &str =
    "outside = \"manual\"\nlift_ms = 0\n[[scripts]]\nnumber = \"800\"\nname = \"Welcome\"\ntalks_ms = 2000\n";

struct Bed {
    oktell: Sim,
    host: Host,
    client: Client,
}

impl Bed {
    fn new(isolation: &str) -> Self {
        let oktell = Sim::start("oktell", PBX).unwrap();
        let host = host_at(oktell.url(), isolation, &["101", "102"], "op", 100);
        let mut client = host.client(TOKEN).unwrap();
        for line in [ONE, TWO] {
            client.look_again();
            client.named("lineStateChanged", line).unwrap();
        }
        Self { oktell, host, client }
    }

    /// The next scenario: a client that has seen nothing yet, and lines where nothing is.
    fn next(&mut self, name: &str) {
        self.oktell.wait_for(&json!({"do": "show"}), |all| all["calls"] == json!([])).unwrap();
        self.client = Client::connect(self.host.url(), Some(TOKEN)).unwrap();
        let hello = self.client.call("hello", &json!({ "client": { "name": name } })).unwrap();
        assert_eq!(hello["lines"].as_array().map(Vec::len), Some(2), "{name}");
        for line in [ONE, TWO] {
            self.client.look_again();
            let shown = self.client.named("activeCallSnapshot", line).unwrap();
            assert_eq!(shown["params"]["data"]["activeCalls"], json!([]), "{name}");
        }
    }

    fn phones(&mut self, what: Value) {
        self.oktell.tell(&what).unwrap();
    }

    fn asks(&mut self, line: &str, method: &str, mut params: Value) -> Value {
        params["line"] = line.into();
        self.client.call(method, &params).unwrap_or_else(|e| panic!("{method} {params}: {e}"))
    }

    /// The first event of this name of the scenario on a line for which this holds.
    fn first(&mut self, method: &str, line: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.client.look_again();
        let found = self.client.event(|e| {
            let params = &e["params"];
            e["method"] == method && params["line"] == line && params["resent"] != true && wanted(e)
        });
        found.unwrap_or_else(|e| panic!("{method} on {line}: {e}"))
    }

    fn of(&mut self, method: &str, line: &str, call: &Value) -> Value {
        self.first(method, line, |e| call_id(e) == *call)
    }

    /// A call from outside at 101, answered: its id.
    fn incoming(&mut self) -> Value {
        self.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
        let call = call_id(&self.first("callStarted", ONE, |_| true));
        self.asks(ONE, "answerCall", json!({"callId": call}));
        self.of("commutationStarted", ONE, &call);
        call
    }

    /// 102 is asked about it, and answers: the consultation's id, and that of 102.
    fn consult(&mut self, first: &Value) -> (Value, Value) {
        let made = self.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "102"}));
        let theirs = call_id(&self.first("callStarted", TWO, |_| true));
        self.asks(TWO, "answerCall", json!({"callId": theirs}));
        let consult = made["callId"].clone();
        self.of("commutationStarted", ONE, &consult);
        self.of("commutationStarted", TWO, &theirs);
        let started = self.of("callStarted", ONE, &consult);
        assert_eq!(started["params"]["data"]["call"]["role"], "consult");
        (consult, theirs)
    }

    /// A feature of a pair of calls is there: both sides hear of an answer by themselves, in either order.
    fn can(&mut self, feature: &str) {
        self.first("lineStateChanged", ONE, |e| {
            e["params"]["data"]["features"].as_array().is_some_and(|f| f.contains(&json!(feature)))
        });
    }

    fn core(&self, line: &str, wanted: &[&str]) {
        assert_eq!(self.client.core(line), wanted, "{line}");
    }
}

/// The seed's first figure: an operator's outgoing call with hold, taking back and end.
fn outgoing(bed: &mut Bed) {
    let made = bed.client.send("makeCall", &json!({"line": ONE, "to": OUTSIDE})).unwrap();
    let started = bed.first("callStarted", ONE, |_| true);
    assert_eq!(started["params"]["data"]["call"]["phase"], "ownRinging");
    let call = call_id(&started);
    assert_eq!(bed.client.answer(&json!(made)).unwrap()["result"]["callId"], call);
    bed.phones(json!({"do": "answer", "number": "101"}));
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["phase"] == "dialing");
    bed.phones(json!({"do": "answer", "number": OUTSIDE}));
    bed.of("commutationStarted", ONE, &call);
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["cause"]["code"], &end["params"]["data"]["releasedBy"]),
        (&json!("normalClearing"), &json!("local"))
    );
    bed.core(ONE, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
}

/// The second figure: an incoming call, a consultation with a second subscriber, and the two connected.
fn connected(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.can("completeTransfer");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": consult}));
    for ended in [&consult, &first] {
        assert_eq!(bed.of("callFinished", ONE, ended)["params"]["cause"]["code"], "transferred");
    }
    bed.first("callInfoChanged", TWO, |e| e["params"]["data"]["call"]["redirection"]["number"] == OUTSIDE);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    bed.core(TWO, &["callStarted", "commutationStarted", "callFinished"]);
    let mine = bed.client.core(ONE);
    assert_eq!(
        mine[..5],
        ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"],
        "{mine:?}"
    );
}

fn missed(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["data"]["missed"], &end["params"]["data"]["finishedFrom"]),
        (&json!(true), &json!("alerting"))
    );
    bed.core(ONE, &["callStarted", "callFinished"]);
}

fn declined(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["cause"]["code"], &end["params"]["data"]["releasedBy"]),
        (&json!("rejected"), &json!("local"))
    );
    bed.core(ONE, &["callStarted", "callFinished"]);
}

fn remote_hang_up(bed: &mut Bed) {
    let call = bed.incoming();
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["cause"]["code"], &end["params"]["data"]["missed"]),
        (&json!("normalClearing"), &json!(false))
    );
    assert_ne!(end["params"]["data"]["releasedBy"], "local");
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished"]);
}

fn held_party_lost(bed: &mut Bed) {
    let call = bed.incoming();
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["data"]["releasedBy"], &end["params"]["data"]["finishedFrom"]),
        (&json!("remote"), &json!("held"))
    );
    bed.core(ONE, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
}

/// The same while a consultation goes on: it stays, and is the only one then.
fn held_party_lost_in_a_consultation(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": consult}));
    bed.of("callFinished", ONE, &consult);
    bed.of("callFinished", TWO, &theirs);
}

fn consultation_aborted(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.asks(ONE, "cancelTransfer", json!({"callId": first, "consultCallId": consult}));
    bed.of("callFinished", ONE, &consult);
    bed.of("unhold", ONE, &first);
    bed.of("callFinished", TWO, &theirs);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    assert_eq!(bed.client.core(ONE).iter().filter(|name| *name == "callFinished").count(), 2);
}

fn ivr(bed: &mut Bed) {
    let made = bed.client.send("makeCall", &json!({"line": ONE, "to": "800"})).unwrap();
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    assert_eq!(bed.client.answer(&json!(made)).unwrap()["result"]["callId"], call);
    bed.phones(json!({"do": "answer", "number": "101"}));
    let talks = bed.of("commutationStarted", ONE, &call);
    let parties = talks["params"]["data"]["call"]["participants"].to_string();
    assert!(parties.contains("\"ivr\""), "{talks}");
    bed.of("callFinished", ONE, &call);
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished"]);
}

fn conference(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.can("conference");
    bed.asks(ONE, "conferenceCall", json!({"callId": first, "consultCallId": consult}));
    assert_eq!(bed.of("callFinished", ONE, &consult)["params"]["cause"]["code"], "conferenced");
    let three = |e: &Value| {
        let call = &e["params"]["data"]["call"];
        call["state"] == "conferenced" && call["participants"].as_array().is_some_and(|p| p.len() == 3)
    };
    bed.first("callInfoChanged", ONE, three);
    bed.first("callInfoChanged", TWO, three);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
}

fn socket_dropped(bed: &mut Bed) {
    let call = bed.incoming();
    for (fault, visits) in
        [("cut", ["login", "gone", "resumed"].as_slice()), ("half", &["login", "gone", "resumed", "gone", "resumed"])]
    {
        let before = bed.client.events.len();
        bed.phones(json!({"do": fault, "number": "101"}));
        bed.oktell.wait_visits("op1", visits).unwrap();
        let back = bed.client.event(|e| {
            let params = &e["params"];
            e["method"] == "activeCallSnapshot" && params["line"] == ONE && params["data"]["reason"] == "reconciled"
        });
        let calls = &back.unwrap()["params"]["data"]["activeCalls"];
        assert_eq!(
            (&calls[0]["callId"], &calls[0]["state"], &calls[1]),
            (&call, &json!("connected"), &Value::Null),
            "{fault}"
        );
        let lost = bed.client.events[before..].iter().filter(|e| e["method"] == "disconnected");
        let lost: Vec<&Value> = lost.map(|e| &e["params"]["line"]).collect();
        assert_eq!(lost, [ONE], "{fault}: the other line has not noticed");
    }
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished"]);
}

fn two_agents(bed: &mut Bed) {
    let made = bed.client.send("makeCall", &json!({"line": ONE, "to": "102"})).unwrap();
    let mine = call_id(&bed.first("callStarted", ONE, |_| true));
    assert_eq!(bed.client.answer(&json!(made)).unwrap()["result"]["callId"], mine);
    bed.phones(json!({"do": "answer", "number": "101"}));
    let rings = bed.first("callStarted", TWO, |_| true);
    let (theirs, call) = (call_id(&rings), &rings["params"]["data"]["call"]);
    assert_eq!(
        (&call["direction"], &call["scope"], &call["caller"]["number"]),
        (&json!("in"), &json!("internal"), &json!("101"))
    );
    assert_ne!(mine, theirs);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    for (line, call, direction, with) in [(ONE, &mine, "out", "102"), (TWO, &theirs, "in", "101")] {
        let talks = bed.of("commutationStarted", line, call);
        let call = &talks["params"]["data"]["call"];
        let side = if direction == "out" { "called" } else { "caller" };
        assert_eq!((&call["direction"], &call[side]["number"]), (&json!(direction), &json!(with)));
    }
    // Held by one, the other talks on; the end is both's.
    bed.asks(TWO, "holdCall", json!({"callId": theirs}));
    bed.of("hold", TWO, &theirs);
    bed.asks(TWO, "unholdCall", json!({"callId": theirs}));
    bed.of("unhold", TWO, &theirs);
    bed.asks(ONE, "dropCall", json!({"callId": mine}));
    bed.of("callFinished", ONE, &mine);
    bed.of("callFinished", TWO, &theirs);
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished"]);
    bed.core(TWO, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
}

type Scenario = (&'static str, fn(&mut Bed));
const ALL: [Scenario; 12] = [
    ("outgoing", outgoing),
    ("connected", connected),
    ("missed", missed),
    ("declined", declined),
    ("remote hang-up", remote_hang_up),
    ("held party lost", held_party_lost),
    ("held party lost in a consultation", held_party_lost_in_a_consultation),
    ("consultation aborted", consultation_aborted),
    ("IVR", ivr),
    ("conference", conference),
    ("socket dropped", socket_dropped),
    ("two agents", two_agents),
];

fn all(isolation: &str) {
    let mut bed = Bed::new(isolation);
    for (name, scenario) in ALL {
        bed.next(name);
        scenario(&mut bed);
        assert_eq!(bed.host.repairs(BOSS).unwrap(), [""; 0], "{name}");
    }
}

#[test]
fn every_scenario_isolated() {
    all("process");
}

#[test]
fn every_scenario_in_the_host() {
    all("host");
}

/// Logins that the phone system refuses: what clients are told, and that it goes on by itself.
fn refused_logins(isolation: &str) {
    let two = "[[users]]\nlogin = \"op1\"\npassword = \"Secret1\"\nnumber = \"101\"\n[[users]]\nlogin = \"op2\"\npassword = \"Other1\"\nnumber = \"102\"\n";
    let mut oktell = Sim::start("oktell", &format!("queues = []\n{two}")).unwrap();
    oktell.tell(&json!({"do": "desktop", "number": "101", "on": true})).unwrap();
    let host = host_at(oktell.url(), isolation, &["101", "102"], "op", 100);
    let mut client = host.client(TOKEN).unwrap();
    for (line, code) in [("101", "deviceClaimed"), ("102", "authenticationFailed")] {
        client.look_again();
        let told = client.event(|e| {
            let data = &e["params"]["data"];
            e["method"] == "error" && data["message"].as_str().is_some_and(|m| m.contains(&format!("line {line}:")))
        });
        assert_eq!(told.unwrap()["params"]["data"]["code"], code, "{line}");
    }
    oktell.tell(&json!({"do": "desktop", "number": "101", "on": false})).unwrap();
    client.named("initialized", ONE).unwrap();
    assert!(oktell.visits("op2").unwrap().iter().all(|what| what == "refused"));

    // One user's licence, and somebody has it.
    let mut oktell = Sim::start("oktell", "").unwrap();
    oktell.tell(&json!({"do": "licences", "count": 1})).unwrap();
    let host = host_at(oktell.url(), isolation, &["101", "102"], "op", 100);
    let mut client = host.client(TOKEN).unwrap();
    client.look_again();
    let told = client.event(|e| e["method"] == "error" && e["params"]["data"]["code"] == "licenceMissing").unwrap();
    assert!(told["params"]["data"]["message"].as_str().is_some_and(|m| m.contains("licence")), "{told}");
    oktell.tell(&json!({"do": "licences", "count": 2})).unwrap();
    for line in [ONE, TWO] {
        client.look_again();
        client.event(|e| e["method"] == "lineStateChanged" && e["params"]["line"] == line).unwrap();
    }
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn refused_logins_are_told_and_tried_again_isolated() {
    refused_logins("process");
}

#[test]
fn refused_logins_are_told_and_tried_again_in_the_host() {
    refused_logins("host");
}
