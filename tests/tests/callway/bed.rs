//! A host at a simulated CallWay, a client, and what the client was told, in short.

use std::collections::BTreeMap;

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "crm-token-01234567890";
pub(crate) const BOSS: &str = "boss-token-0123456789";
pub(crate) const OUTSIDE: &str = "79990000001";
pub(crate) const OTHER: &str = "79990000002";
/// Softphones, and one desk phone.
pub(crate) const ONE: &str = "cw/210";
pub(crate) const TWO: &str = "cw/211";
pub(crate) const DESK: &str = "cw/213";

/// How a test wants its world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// `process` or `host`.
    pub(crate) isolation: &'static str,
    /// More of the simulator's configuration; nothing is answered by itself.
    pub(crate) phones: &'static str,
    /// More keys of the connection.
    pub(crate) keys: &'static str,
    /// More settings of the adapter.
    pub(crate) settings: &'static str,
}

impl Plan {
    pub(crate) fn new(isolation: &'static str) -> Self {
        Self { isolation, ..Self::default() }
    }

    pub(crate) fn simulator(&self) -> Sim {
        Sim::start("callway", &format!("outside = \"manual\"\nlift_ms = 0\n{}", self.phones)).unwrap()
    }

    pub(crate) fn config(&self, url: &str) -> String {
        let Self { isolation, keys, settings, .. } = self;
        let (_, port) = url.rsplit_once(':').unwrap();
        let mut config = format!(
            "[[connection]]\nid = \"cw\"\nplugin = \"callway\"\nisolation = \"{isolation}\"\nbackoff = {{ first = \
             \"50ms\", most = \"200ms\" }}\n{keys}\n[connection.settings]\nhost = \"127.0.0.1\"\nport = {port}\nlogin = \
             \"integration\"\npassword = \"Secret1\"\nring_back_caller_id = \"asterisk\"\nraw = true\n{settings}\n"
        );
        for line in [ONE, TWO, "cw/212"] {
            config += &format!("[[line]]\nname = \"{line}\"\n");
        }
        config += &format!("[[line]]\nname = \"{DESK}\"\n[line.settings]\nsoftphone = false\n");
        config += &format!("[[user]]\nname = \"crm\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"cw/*\"]\n");
        config + &format!("[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n")
    }
}

pub(crate) struct Bed {
    pub(crate) callway: Sim,
    pub(crate) host: Host,
    pub(crate) client: Client,
}

impl Bed {
    pub(crate) fn new(plan: &Plan) -> Self {
        let callway = plan.simulator();
        let host = Setup::new(plan.config(callway.url()), &["callway"]).start().unwrap();
        let mut client = host.client(TOKEN).unwrap();
        for line in [ONE, TWO, DESK] {
            client.look_again();
            let agent = |e: &Value| e["method"] == "agentStateChanged" && e["params"]["line"] == line;
            client.event(agent).unwrap_or_else(|e| panic!("{line}: {e}"));
        }
        let mut bed = Self { callway, host, client };
        bed.next();
        bed
    }

    /// The next scenario: a client that has seen nothing yet, and lines where nothing is.
    pub(crate) fn next(&mut self) {
        self.callway.wait_for(&json!({"do": "show"}), |all| all["calls"] == json!([])).unwrap();
        let idle = "cti_calls_active{connection=\"cw\"} 0";
        if self.host.metrics(BOSS).unwrap().contains("cti_calls_active") {
            self.host.wait_metric(BOSS, idle).unwrap();
        }
        self.client = self.host.client(TOKEN).unwrap();
        for line in [ONE, TWO, DESK] {
            self.client.look_again();
            self.client.named("lineStateChanged", line).unwrap();
        }
        // What was told at first is no part of the story.
        self.client.events.clear();
        self.client.look_again();
    }

    /// Nothing had to be mended.
    pub(crate) fn sound(&self, what: &str) {
        assert_eq!(self.host.repairs(BOSS).unwrap(), [""; 0], "{what}");
    }

    pub(crate) fn phones(&mut self, what: Value) -> Value {
        self.callway.tell(&what).unwrap()
    }

    /// A command that is done.
    pub(crate) fn asks(&mut self, line: &str, method: &str, mut params: Value) -> Value {
        params["line"] = line.into();
        self.client.call(method, &params).unwrap_or_else(|e| panic!("{method} {params}: {e}"))
    }

    /// A command that is refused: the answer's `data`.
    pub(crate) fn refused(&mut self, line: &str, method: &str, mut params: Value) -> Value {
        params["line"] = line.into();
        let error = self.client.call(method, &params).expect_err(method);
        serde_json::from_str::<Value>(&error).unwrap_or_else(|e| panic!("{error}: {e}"))["data"].take()
    }

    /// The first event of this name on a line for which this holds.
    pub(crate) fn first(&mut self, method: &str, line: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.client.look_again();
        let found = self.client.event(|e| {
            let params = &e["params"];
            e["method"] == method && params["line"] == line && params["resent"] != true && wanted(e)
        });
        found.unwrap_or_else(|e| panic!("{method} on {line}: {e}\n{:?}", story(&self.client.events, line)))
    }

    /// The event of this name of a call.
    pub(crate) fn of(&mut self, method: &str, line: &str, call: &Value) -> Value {
        self.first(method, line, |e| call_id(e) == *call)
    }

    /// The nth call of a line, once it is there.
    pub(crate) fn call(&mut self, line: &str, nth: usize) -> Value {
        self.client.look_again();
        let mut found = Value::Null;
        for _ in 0..nth {
            let started = |e: &Value| e["method"] == "callStarted" && e["params"]["line"] == line;
            found = call_id(&self.client.event(started).unwrap_or_else(|e| panic!("call {nth} of {line}: {e}")));
        }
        found
    }

    /// Everything that was told so far is here: the answer to a question comes after it.
    pub(crate) fn settle(&mut self, line: &str) {
        self.client.call("getCapabilities", &json!({ "line": line })).unwrap();
    }

    /// All that a line was told, in short, once the last of it has come.
    pub(crate) fn told(&mut self, line: &str, wanted: &[&str]) {
        let ends = |events: &[Value]| story(events, line).len() >= wanted.len();
        while !ends(&self.client.events) {
            if let Err(error) = self.client.event(|e| e["params"]["line"] == line) {
                panic!("{error}\n{:#?}", story(&self.client.events, line));
            }
        }
        self.settle(line);
        assert_eq!(story(&self.client.events, line), wanted, "{line}");
    }

    /// A call from outside at 210, answered: its id.
    pub(crate) fn incoming(&mut self) -> Value {
        self.phones(json!({"do": "call", "from": OUTSIDE, "to": "210"}));
        let call = self.call(ONE, 1);
        self.asks(ONE, "answerCall", json!({"callId": call}));
        self.of("commutationStarted", ONE, &call);
        call
    }

    /// 211 is asked about it, and answers: the consultation's id, and that of 211.
    pub(crate) fn consult(&mut self, first: &Value) -> (Value, Value) {
        let made = self.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "211"}));
        let theirs = self.call(TWO, 1);
        self.asks(TWO, "answerCall", json!({"callId": theirs}));
        let consult = made["callId"].clone();
        self.of("commutationStarted", ONE, &consult);
        self.of("commutationStarted", TWO, &theirs);
        (consult, theirs)
    }

    /// A call has a feature.
    pub(crate) fn can(&mut self, line: &str, feature: &str) {
        self.first("lineStateChanged", line, |e| {
            e["params"]["data"]["features"].as_array().is_some_and(|f| f.contains(&json!(feature)))
        });
    }

    /// What CallWay has heard last of a kind, as names and values.
    pub(crate) fn heard(&mut self, kind: &str) -> Vec<(String, String)> {
        let heard = self.phones(json!({"do": "heard"}));
        let mut of = heard["messages"].as_array().unwrap().iter().filter(|m| m["message"] == kind);
        serde_json::from_value(of.next_back().unwrap_or_else(|| panic!("no {kind}"))["fields"].clone()).unwrap()
    }
}

pub(crate) fn call_id(event: &Value) -> Value {
    event["params"]["data"]["call"]["callId"].clone()
}

/// What a line was told: `callStarted(A)`, `L(A)` for the state of call A, `L` for that of the line, `callFinished(A,
/// cause)`, with `*` where the host has made it up. Calls are named in the order in which they began.
pub(crate) fn story(events: &[Value], line: &str) -> Vec<String> {
    let mut names: BTreeMap<String, char> = BTreeMap::new();
    let mine = |e: &&Value| e["params"]["line"] == line && e["params"]["resent"] != true;
    let mut told = Vec::new();
    for event in events.iter().filter(mine) {
        let (method, params) = (event["method"].as_str().unwrap_or_default(), &event["params"]);
        let data = &params["data"];
        let id = data["call"]["callId"].as_str().or_else(|| data["callId"].as_str());
        let next = char::from(b'A' + u8::try_from(names.len()).unwrap_or(25));
        let name = id.map(|id| *names.entry(id.to_owned()).or_insert(next));
        let named = |what: &str| name.map_or_else(|| what.to_owned(), |name| format!("{what}({name})"));
        let text = match method {
            "rawMessage" | "callSaved" => continue,
            "lineStateChanged" => named("L"),
            "callFinished" => {
                let cause = params["cause"]["code"].as_str().unwrap_or("?");
                format!("callFinished({},{cause})", name.unwrap_or('?'))
            }
            "activeCallSnapshot" => format!("snapshot({})", data["reason"].as_str().unwrap_or("?")),
            "agentStateChanged" => format!("agent({})", data["state"].as_str().unwrap_or("?")),
            other => named(other),
        };
        told.push(if params["synthetic"] == true { text + "*" } else { text });
    }
    told
}
