//! A host with one connection whose adapter is replaced, its phone system, and a client that sees what happens.

use std::time::{Duration, Instant};

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use jackfield_tests::library::{self, Turnover};
use serde_json::{Value, json};

use crate::pbx::Pbx;
use crate::script::{comparable, difference};

pub(crate) const TOKEN: &str = "root-token-0123456789";
pub(crate) const LINE: &str = "pbx/101";
/// The lines of the connection.
pub(crate) const LINES: u32 = 10;
/// The steps of a course: before each of them something may happen, and after the last.
pub(crate) const STEPS: usize = 9;

/// How the connection is configured.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// `process` or `host`.
    pub(crate) isolation: &'static str,
    /// More keys of the connection.
    pub(crate) keys: String,
    /// More of its settings.
    pub(crate) settings: String,
}

impl Plan {
    pub(crate) fn new(isolation: &'static str) -> Self {
        Self { isolation, keys: String::new(), settings: String::new() }
    }

    pub(crate) fn config(&self, port: u16) -> String {
        let Self { isolation, keys, settings } = self;
        let lines: Vec<String> = (101..101 + LINES).map(|line| format!("\"pbx/{line}\"")).collect();
        format!(
            r#"
settle = "100ms"
[[connection]]
id = "pbx"
plugin = "turnover"
isolation = "{isolation}"
backoff = {{ first = "20ms", most = "100ms" }}
{keys}
[connection.settings]
port = {port}
{settings}
[[user]]
name = "root"
role = "admin"
token = "{TOKEN}"
lines = [{}]
"#,
            lines.join(", ")
        )
    }
}

pub(crate) struct Bed {
    pub(crate) host: Host,
    pub(crate) pbx: Pbx,
    pub(crate) alice: Client,
    plan: Plan,
}

impl Bed {
    /// A host with these builds in its folder, the highest one running.
    pub(crate) fn start(plan: Plan, builds: &[Turnover]) -> Self {
        let pbx = Pbx::start();
        let mut setup = Setup::new(plan.config(pbx.port), &[]);
        for (number, build) in builds.iter().enumerate() {
            setup.files.push((library::file_name(&format!("build{number}")), build.bytes().unwrap()));
        }
        let host = setup.start().unwrap();
        let mut alice = host.client(TOKEN).unwrap();
        alice.event(|e| e["method"] == "initialized" && e["params"]["line"] == LINE).unwrap();
        pbx.wait_heard("HELLO", 1);
        let mut bed = Self { host, pbx, alice, plan };
        bed.settled();
        bed
    }

    /// Installs a build as an administrator does.
    pub(crate) fn install(&self, stem: &str, build: &Turnover) {
        library::install(&self.host.adapters(), stem, &build.bytes().unwrap()).unwrap();
    }

    /// Waits until the folder has been found to hold a version.
    pub(crate) fn installed(&self, stem: &str, build: &Turnover, version: &str) {
        self.install(stem, build);
        let file = library::file_name(stem);
        let found = |line: &str| line.contains(&file) && line.contains(&format!("\"{version}\""));
        self.host.wait_log_of(found).unwrap_or_else(|log| panic!("{version} is not found:\n{log}"));
    }

    /// Runs `jackfield plugins swap`: what it says, and whether it was taken.
    pub(crate) fn try_swap(&self, more: &[&str]) -> (bool, String) {
        let arguments: Vec<&str> = ["plugins", "swap", "pbx"].iter().chain(more).copied().collect();
        let output = self.host.command(&arguments).unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), said)
    }

    /// Swaps, and expects that nobody notices.
    pub(crate) fn swap(&self, more: &[&str]) {
        let (done, said) = self.try_swap(more);
        assert!(done && said.contains("goes on for"), "{said}\n{}", self.host.log());
    }

    /// Another configuration of the connection takes effect; what the reload reports.
    pub(crate) fn reload(&mut self, plan: Plan) -> Value {
        self.host.write_config(&plan.config(self.pbx.port)).unwrap();
        self.plan = plan;
        let output = self.host.command(&["reload", "--json"]).unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text} {output:?}\n{}", self.host.log()))
    }

    /// The connection's entry of `jackfield status`.
    pub(crate) fn status(&self) -> Value {
        let output = self.host.command(&["status", "--json"]).unwrap();
        let mut status: Value = serde_json::from_slice(&output.stdout).unwrap();
        status["connections"][0].take()
    }

    /// Waits for something of the status.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            if holds(&status) {
                return status;
            }
            assert!(Instant::now() < until, "{what}: {status}\n{}", self.host.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn command(&mut self, method: &str, more: &Value) -> Value {
        let mut params = more.clone();
        params["line"] = json!(LINE);
        self.alice.call(method, &params).unwrap_or_else(|e| panic!("{method}: {e}\n{}", self.host.log()))
    }

    pub(crate) fn service(&mut self, name: &str, params: &Value) -> Value {
        self.command("librarySpecificService", &json!({ "name": name, "params": params }))
    }

    pub(crate) fn wait(&mut self, method: &str) -> Value {
        let log = |host: &Host, e: String| format!("{method}: {e}\n{}", host.log());
        let event = |e: &Value| e["method"] == method && e["params"]["line"] == LINE && e["params"]["resent"] != true;
        self.alice.event(event).unwrap_or_else(|e| panic!("{}", log(&self.host, e)))
    }

    /// Says half a line, and waits until the adapter has it.
    pub(crate) fn half(&mut self, half: &str) {
        self.pbx.raw(half);
        let until = Instant::now() + PATIENCE;
        while self.service("state", &json!({}))["partial"] != json!(half.len()) {
            assert!(Instant::now() < until, "the half line is not there");
            // A client that asks without a pause is told to slow down.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What came on the line is all there.
    fn settled(&mut self) {
        self.command("getCapabilities", &json!({}));
    }

    /// A course of calls; before each step, and after the last, something else happens. The events of it.
    pub(crate) fn course(&mut self, mut between: impl FnMut(&mut Self, usize)) -> Vec<Value> {
        self.settled();
        let from = self.alice.events.len();
        between(self, 0);
        let key = self.pbx.ring("101", "555");
        let call = self.wait("callStarted")["params"]["data"]["call"]["callId"].clone();
        between(self, 1);
        self.command("answerCall", &json!({ "callId": call }));
        self.wait("commutationStarted");
        between(self, 2);
        self.command("holdCall", &json!({ "callId": call }));
        self.wait("hold");
        between(self, 3);
        self.command("unholdCall", &json!({ "callId": call }));
        self.wait("unhold");
        between(self, 4);
        let consult = self.command("makeConsultCall", &json!({ "callId": call, "to": "102" }))["callId"].clone();
        self.wait("callStarted");
        between(self, 5);
        self.pbx.now(&self.pbx.last(), "connected");
        self.wait("commutationStarted");
        between(self, 6);
        self.command("dropCall", &json!({ "callId": consult }));
        self.wait("callFinished");
        between(self, 7);
        self.pbx.now(&key, "connected");
        self.wait("unhold");
        between(self, 8);
        self.command("dropCall", &json!({ "callId": call }));
        self.wait("callFinished");
        between(self, 9);
        self.settled();
        told(&self.alice.events[from..])
    }
}

/// Events of the line as two courses can be compared: every number there, in order; what is told of adapters that were
/// not taken left out.
pub(crate) fn told(events: &[Value]) -> Vec<Value> {
    let mine = |e: &&Value| e["params"]["line"] == LINE && e["params"]["resent"] != true && e["params"]["seq"].is_u64();
    let numbers: Vec<(u64, u64)> = events
        .iter()
        .filter(mine)
        .map(|e| (e["params"]["epoch"].as_u64().unwrap_or(0), e["params"]["seq"].as_u64().unwrap_or(0)))
        .collect();
    for pair in numbers.windows(2) {
        let next = pair[0].0 == pair[1].0 && pair[0].1 + 1 == pair[1].1;
        assert!(next || (pair[0].0 < pair[1].0 && pair[1].1 == 1), "{pair:?} in {numbers:?}");
    }
    let mut told = comparable(events, LINE);
    told.retain(|e| e["method"] != "error");
    for event in &mut told {
        event["params"]["seq"] = Value::Null;
    }
    told
}

/// Asserts that two courses were the same for the client.
pub(crate) fn same(expected: &[Value], came: &[Value], after: &str) {
    if let Some(difference) = difference(expected, came) {
        panic!("{after}: {difference}");
    }
}
