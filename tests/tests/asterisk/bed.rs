//! Asterisk, a host connected to it, and a client that sees all lines.

use std::collections::BTreeMap;

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Pbx};
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use serde_json::{Value, json};

pub const TOKEN: &str = "tests-token-0123456789";
/// An outside number that calls.
pub const CALLER: &str = "79161234567";
/// An outside number that is called.
pub const DESTINATION: &str = "79031112233";

pub struct Bed {
    pub client: Client,
    pub host: Host,
    pub pbx: Pbx,
    name: &'static str,
}

/// The configuration of a host for this Asterisk.
pub fn config(port: u16, user: &str, secret: &str) -> String {
    format!(
        r#"
[[connection]]
id = "ast"
plugin = "asterisk"
isolation = "host"
backoff = {{ first = "200ms", most = "1s" }}
[connection.settings]
host = "127.0.0.1"
port = {port}
username = "{user}"
password = "{secret}"
context = "internal"
conference_context = "cti-conf"
[connection.lines]
device = "PJSIP/{{device}}"
remote_control = "notify"
[[user]]
name = "tests"
role = "admin"
token = "{TOKEN}"
lines = ["ast/101", "ast/102", "ast/103"]
"#
    )
}

impl Bed {
    /// A bed; `None` where there is no Asterisk (which was said already).
    pub fn new(name: &'static str) -> Option<Self> {
        let pbx = Pbx::for_test().unwrap()?;
        Some(Self::on(name, pbx))
    }

    /// A bed on an Asterisk.
    pub fn on(name: &'static str, pbx: Pbx) -> Self {
        let host = Setup::new(config(pbx.ami_port(), AMI_MIN_USER, AMI_MIN_SECRET), &["asterisk"]).start().unwrap();
        let mut client = host.client(TOKEN).unwrap();
        for line in ["ast/101", "ast/102", "ast/103"] {
            client.named("initialized", line).unwrap();
        }
        client.look_again();
        Self { client, host, pbx, name }
    }

    /// The next event of a name on a line.
    pub fn wait(&mut self, event: &str, line: &str) -> Value {
        self.client.named(event, line).unwrap_or_else(|e| panic!("{e}\n{}", self.host.log()))
    }

    /// A command, accepted.
    pub fn command(&mut self, method: &str, line: &str, more: &Value) -> Value {
        let mut params = more.clone();
        params["line"] = json!(line);
        self.client.call(method, &params).unwrap_or_else(|e| panic!("{method} on {line}: {e}\n{}", self.host.log()))
    }

    /// What each line saw of each of its calls, in the order in which they started; printed, then compared.
    pub fn expect(&mut self, lines: &[(&str, &[&str])]) {
        let told: Vec<(String, Vec<String>)> =
            lines.iter().map(|(line, _)| ((*line).to_owned(), self.client.core(line))).collect();
        #[allow(clippy::print_stdout, reason = "the table that the test run shows")]
        for (line, events) in &told {
            println!("| {} | {line} | {} |", self.name, events.join(" "));
        }
        for ((line, expected), (_, events)) in lines.iter().zip(&told) {
            assert_eq!(events, expected, "{line} in `{}`\n{}", self.name, self.transcript());
        }
        self.check_invariants();
    }

    /// Everything that came, one line an event.
    pub fn transcript(&self) -> String {
        self.client.events.iter().map(|e| format!("{e}\n")).collect()
    }

    /// What must be true of every stream: numbers without gaps, starts before ends, holds in pairs, no repairs.
    pub fn check_invariants(&self) {
        let mut seqs: BTreeMap<(String, u64), u64> = BTreeMap::new();
        let mut open: BTreeMap<String, bool> = BTreeMap::new();
        for event in &self.client.events {
            let params = &event["params"];
            let (Some(line), Some(seq)) = (params["line"].as_str(), params["seq"].as_u64()) else { continue };
            if params["resent"] == true {
                continue;
            }
            let key = (line.to_owned(), params["epoch"].as_u64().unwrap());
            if let Some(last) = seqs.insert(key, seq) {
                assert_eq!(seq, last + 1, "a gap: {event}");
            }
            let Some(id) = params["data"]["call"]["callId"].as_str() else { continue };
            match event["method"].as_str().unwrap() {
                "callStarted" => assert!(open.insert(id.to_owned(), false).is_none(), "started twice: {event}"),
                "callFinished" => {
                    assert_eq!(open.remove(id), Some(false), "an end without a start, or in a hold: {event}");
                }
                "hold" => assert_eq!(open.insert(id.to_owned(), true), Some(false), "hold: {event}"),
                "unhold" => assert_eq!(open.insert(id.to_owned(), false), Some(true), "unhold: {event}"),
                _ => {}
            }
        }
    }

    /// The last `callFinished` of a line.
    pub fn finish(&self, line: &str) -> &Value {
        let finished = |e: &&Value| e["method"] == "callFinished" && e["params"]["line"] == line;
        &self.client.events.iter().rev().find(finished).unwrap()["params"]
    }
}

/// The call of an event.
pub fn call(event: &Value) -> &Value {
    &event["params"]["data"]["call"]
}
