//! A simulated Infinity, a host with lines of it, and a client.

use std::time::Instant;

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "crm-token-01234567890";
pub(crate) const BOSS: &str = "boss-token-0123456789";
pub(crate) const ONE: &str = "inf/101";
pub(crate) const TWO: &str = "inf/102";
pub(crate) const OUTSIDE: &str = "79990000001";
pub(crate) const OTHER: &str = "79990000002";
/// Nothing is answered by itself; three calls at a phone; the methods that nobody describes are there.
pub(crate) const PBX: &str = "outside = \"manual\"\ninferred = true\nlines = 3\n";
/// Asked often, so that tests are short.
pub(crate) const FAST: &str = "busy_ms = 50\nidle_ms = 150\nstate_ms = 300\n";
/// The methods that nobody describes.
pub(crate) const PATHS: &str = "paths = { finish_transfer = \"/call/finishtransfer/\", finish_conference = \
                                \"/call/finishconference/\", send_digits = \"/call/senddigits/\" }\n";

/// A host's configuration with a line for each of these extensions, whose users have their number less ninety.
pub(crate) fn config(url: &str, isolation: &str, extensions: &[u32], settings: &str) -> String {
    let mut config = format!(
        "[store]\nurl = \"sqlite://calls.db\"\n[[connection]]\nid = \"inf\"\nplugin = \"infinity\"\nisolation = \
         \"{isolation}\"\nbackoff = {{ first = \"100ms\", most = \"300ms\" }}\n[connection.settings]\nurl = \
         \"{url}\"\n{settings}"
    );
    for extension in extensions {
        config += &format!("[[line]]\nname = \"inf/{extension}\"\n[line.settings]\nuser = \"{}\"\n", extension - 90);
    }
    config += &format!("[[user]]\nname = \"crm\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"inf/*\"]\n");
    config += &format!("[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n");
    config
}

pub(crate) fn call_id(event: &Value) -> Value {
    event["params"]["data"]["call"]["callId"].clone()
}

pub(crate) struct Bed {
    pub(crate) infinity: Sim,
    pub(crate) host: Host,
    pub(crate) client: Client,
}

impl Bed {
    /// Lines 101 and 102, both up.
    pub(crate) fn new(isolation: &str) -> Self {
        Self::with(isolation, PBX, &format!("{FAST}{PATHS}"))
    }

    pub(crate) fn with(isolation: &str, pbx: &str, settings: &str) -> Self {
        let infinity = Sim::start("infinity", pbx).unwrap();
        let url = infinity.url().to_owned();
        Self::over(infinity, &url, isolation, settings)
    }

    /// By this address.
    pub(crate) fn over(infinity: Sim, url: &str, isolation: &str, settings: &str) -> Self {
        let host = Setup::new(config(url, isolation, &[101, 102], settings), &["infinity"]).start().unwrap();
        let mut client = host.client(TOKEN).unwrap();
        for line in [ONE, TWO] {
            client.look_again();
            client.event(|e| e["method"] == "lineStateChanged" && e["params"]["line"] == line).unwrap();
            client.look_again();
            client.event(|e| e["method"] == "agentStateChanged" && e["params"]["line"] == line).unwrap();
        }
        Self { infinity, host, client }
    }

    /// The next scenario: a client that has seen nothing yet, and lines where nothing is.
    pub(crate) fn next(&mut self, name: &str) {
        self.infinity.wait_for(&json!({"do": "show"}), |all| all["talks"] == 0).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            self.client = Client::connect(self.host.url(), Some(TOKEN)).unwrap();
            self.client.call("hello", &json!({ "client": { "name": name } })).unwrap();
            let mut calls = Vec::new();
            for line in [ONE, TWO] {
                self.client.look_again();
                let shown = self.client.named("activeCallSnapshot", line).unwrap();
                calls.extend(shown["params"]["data"]["activeCalls"].as_array().unwrap().clone());
            }
            if calls.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "{name}: still {calls:?}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    pub(crate) fn phones(&mut self, what: Value) -> Value {
        self.infinity.tell(&what).unwrap()
    }

    pub(crate) fn try_ask(&mut self, line: &str, method: &str, mut params: Value) -> Result<Value, String> {
        params["line"] = line.into();
        self.client.call(method, &params)
    }

    pub(crate) fn asks(&mut self, line: &str, method: &str, params: Value) -> Value {
        self.try_ask(line, method, params.clone()).unwrap_or_else(|e| panic!("{method} {params}: {e}"))
    }

    /// The first event of this name of the scenario on a line for which this holds.
    pub(crate) fn first(&mut self, method: &str, line: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.client.look_again();
        let found = self.client.event(|e| {
            let params = &e["params"];
            e["method"] == method && params["line"] == line && params["resent"] != true && wanted(e)
        });
        found.unwrap_or_else(|e| panic!("{method} on {line}: {e}"))
    }

    pub(crate) fn of(&mut self, method: &str, line: &str, call: &Value) -> Value {
        self.first(method, line, |e| call_id(e) == *call)
    }

    /// Somebody outside calls: the call's id, and its callStarted.
    pub(crate) fn rings(&mut self, from: &str) -> Value {
        self.phones(json!({"do": "call", "from": from, "to": "101"}));
        let rings = self.first("callStarted", ONE, |e| {
            let call = &e["params"]["data"]["call"];
            call["caller"]["number"] == from
        });
        call_id(&rings)
    }

    /// A call from outside at 101, answered: its id.
    pub(crate) fn incoming(&mut self) -> Value {
        let call = self.rings(OUTSIDE);
        self.asks(ONE, "answerCall", json!({"callId": call}));
        self.of("commutationStarted", ONE, &call);
        call
    }

    /// 102 is asked about it, and answers: the consultation's id, and that of 102.
    pub(crate) fn consult(&mut self, first: &Value) -> (Value, Value) {
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

    /// A feature of a pair of calls is there.
    pub(crate) fn can(&mut self, feature: &str) {
        self.first("lineStateChanged", ONE, |e| {
            e["params"]["data"]["features"].as_array().is_some_and(|f| f.contains(&json!(feature)))
        });
    }

    pub(crate) fn core(&self, line: &str, wanted: &[&str]) {
        assert_eq!(self.client.core(line), wanted, "{line}");
    }

    /// Nothing had to be mended.
    pub(crate) fn sound(&self, what: &str) {
        assert_eq!(self.host.repairs(BOSS).unwrap(), [""; 0], "{what}");
    }
}
