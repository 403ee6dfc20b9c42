//! The golden scenarios on the simulator, as a client sees them: exact core events on each line, nothing that the host
//! had to mend, every invariant checked by a reader of the stream that does not know the model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::time::{Duration, Instant};

use jackfield::model::check::Checker;
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use jackfield_tests::scenarios::show;
use serde_json::{Value, json};

const TOKEN: &str = "tests-token-0123456789";
const CONFIG: &str = r#"
[[connection]]
id = "sim"
plugin = "simulator"
[connection.settings]
seed = 5
[connection.settings.exchange]
busy_tone = 0.3
[connection.settings.outside]
answer = 0.2
[connection.settings.agents]
every_line = false
[[user]]
name = "tests"
role = "admin"
token = "tests-token-0123456789"
lines = ["sim/101", "sim/102", "sim/103"]
"#;
const A: &str = "sim/101";
const B: &str = "sim/102";
const PATIENCE: Duration = Duration::from_secs(30);

struct Bed {
    host: Host,
    client: Client,
    checker: Checker,
    /// Where the scenario begins in the client's events, and how far the checker has read.
    from: usize,
    checked: usize,
    mended: u64,
}

impl Bed {
    fn new() -> Self {
        let host = Setup::new(CONFIG, &["simulator"]).start().unwrap();
        let client = host.client(TOKEN).unwrap();
        let mut bed = Self { host, client, checker: Checker::new(), from: 0, checked: 0, mended: 0 };
        // The checker reads whole epochs, and the first one began before this client came.
        bed.service("fault", &json!({ "kind": "restart", "seconds": 0.1 }));
        let begins = |e: &Value| e["method"] == "initialized" && e["params"]["resent"] != true;
        bed.client.event(begins).unwrap();
        bed.checked = bed.client.events.iter().position(begins).unwrap();
        bed.client.read_for(Duration::from_millis(300));
        bed.from = bed.client.events.len();
        bed
    }

    fn command(&mut self, method: &str, line: &str, more: &Value) -> Value {
        let mut params = more.clone();
        params["line"] = json!(line);
        self.client.call(method, &params).unwrap_or_else(|e| panic!("{method} on {line}: {e}"))
    }

    fn service(&mut self, name: &str, params: &Value) -> Value {
        self.command("librarySpecificService", A, &json!({ "name": name, "params": params }))
    }

    /// The newest event of a scenario for which something holds.
    fn wait(&mut self, method: &str, line: &str, nth: usize) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let live = |e: &&Value| e["params"]["resent"] != true;
            let found = self.client.events[self.from..]
                .iter()
                .filter(live)
                .filter(|e| e["method"] == method && e["params"]["line"] == line)
                .nth(nth);
            if let Some(found) = found {
                return found.clone();
            }
            assert!(Instant::now() < until, "no {method} on {line}: {:?}", self.seen(line));
            self.client.read_for(Duration::from_millis(20));
        }
    }

    /// The id of the nth call that began on a line.
    fn call(&mut self, line: &str, nth: usize) -> Value {
        self.wait("callStarted", line, nth)["params"]["data"]["call"]["callId"].clone()
    }

    /// An outside call to 101 that is answered.
    fn talk(&mut self) -> Value {
        self.service("ring", &json!({ "from": "555", "name": "Olena" }));
        let call = self.call(A, 0);
        self.command("answerCall", A, &json!({ "callId": call }));
        self.wait("commutationStarted", A, 0);
        call
    }

    /// A consultation of 102 that is answered.
    fn consult(&mut self, call: &Value) -> Value {
        let consult = self.command("makeConsultCall", A, &json!({ "callId": call, "to": "102" }));
        let theirs = self.call(B, 0);
        self.command("answerCall", B, &json!({ "callId": theirs }));
        self.wait("commutationStarted", A, 1);
        consult["callId"].clone()
    }

    /// The other party of the nth call that began on 101 hangs up.
    fn remote_hangup(&mut self, nth: usize) {
        let native = self.wait("callStarted", A, nth)["params"]["data"]["call"]["nativeId"].clone();
        self.service("remoteHangup", &json!({ "call": native }));
    }

    fn drop_call(&mut self, line: &str, call: &Value) {
        self.command("dropCall", line, &json!({ "callId": call }));
    }

    /// The core events of a line since the scenario began; ends with their causes.
    fn seen(&self, line: &str) -> Vec<String> {
        const CORE: [&str; 9] = [
            "callStarted",
            "callBusy",
            "commutationStarted",
            "hold",
            "unhold",
            "currentCallChanged",
            "callFinished",
            "disconnected",
            "initialized",
        ];
        let live = self.client.events[self.from..].iter().filter(|e| e["params"]["resent"] != true);
        live.filter(|e| e["params"]["line"] == line && CORE.iter().any(|core| e["method"] == *core))
            .map(|e| {
                let name = e["method"].as_str().unwrap();
                let synthetic = if e["params"]["synthetic"] == true { "*" } else { "" };
                match (name, e["params"]["cause"]["code"].as_str()) {
                    ("callFinished", Some(cause)) => format!("{name}({cause}){synthetic}"),
                    _ => format!("{name}{synthetic}"),
                }
            })
            .collect()
    }

    /// Ends a scenario: what the lines saw is compared and shown. Returns how much was mended.
    fn end(&mut self, name: &str, expected: &[(&str, &str)]) -> u64 {
        for (line, events) in expected {
            let until = Instant::now() + PATIENCE;
            while self.seen(line).len() < events.split(' ').count() && Instant::now() < until {
                self.client.read_for(Duration::from_millis(20));
            }
        }
        self.command("getCapabilities", A, &json!({}));
        self.client.read_for(Duration::from_millis(100));
        let told = self.host.repairs(TOKEN).unwrap();
        let all = told.iter().map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
        let mended = std::mem::replace(&mut self.mended, all).abs_diff(all);
        for (line, _) in expected {
            show(&format!("| simulator: {name} | {line} | {} | repairs {mended} |", self.seen(line).join(" ")));
        }
        for (line, events) in expected {
            assert_eq!(self.seen(line).join(" "), *events, "{line} in `{name}`");
        }
        for event in &self.client.events[self.checked..] {
            self.checker.event(event);
        }
        self.checker.settled();
        let broken: Vec<String> = self.checker.violations().iter().map(ToString::to_string).collect();
        assert!(broken.is_empty(), "in `{name}`:\n{}", broken.join("\n"));
        self.from = self.client.events.len();
        self.checked = self.from;
        mended
    }

    fn honest(&mut self, name: &str, expected: &[(&str, &str)]) {
        assert_eq!(self.end(name, expected), 0, "`{name}` needed repairs");
    }
}

#[test]
fn calls_of_one_line() {
    let mut bed = Bed::new();

    let call = bed.talk();
    bed.command("holdCall", A, &json!({ "callId": call }));
    bed.wait("hold", A, 0);
    bed.command("unholdCall", A, &json!({ "callId": call }));
    bed.wait("unhold", A, 0);
    bed.service("remoteHangup", &json!({}));
    bed.honest(
        "incoming, hold, resume, remote hang-up",
        &[(A, "callStarted commutationStarted hold unhold callFinished(normalClearing)")],
    );

    bed.service("ring", &json!({ "from": "555", "patience": 0.3 }));
    assert_eq!(bed.wait("callFinished", A, 0)["params"]["data"]["missed"], true);
    bed.honest("incoming, the caller gives up", &[(A, "callStarted callFinished(cancelled)")]);

    bed.service("ring", &json!({ "from": "555" }));
    let call = bed.call(A, 0);
    bed.drop_call(A, &call);
    bed.honest("incoming, rejected", &[(A, "callStarted callFinished(rejected)")]);

    let call = bed.command("makeCall", A, &json!({ "to": "600" }))["callId"].clone();
    bed.wait("commutationStarted", A, 0);
    bed.drop_call(A, &call);
    bed.honest("outgoing, answered", &[(A, "callStarted commutationStarted callFinished(normalClearing)")]);

    bed.command("makeCall", A, &json!({ "to": "603" }));
    bed.honest("outgoing, busy", &[(A, "callStarted callBusy callFinished(busy)")]);

    let call = bed.command("makeCall", A, &json!({ "to": "605" }))["callId"].clone();
    bed.drop_call(A, &call);
    bed.honest("outgoing, given up", &[(A, "callStarted callFinished(cancelled)")]);

    bed.command("makeCall", A, &json!({ "to": "606" }));
    bed.honest("outgoing, rejected", &[(A, "callStarted callFinished(rejected)")]);

    let call = bed.talk();
    bed.command("holdCall", A, &json!({ "callId": call }));
    bed.wait("hold", A, 0);
    bed.service("remoteHangup", &json!({}));
    bed.honest(
        "the held party hangs up",
        &[(A, "callStarted commutationStarted hold unhold* callFinished(normalClearing)")],
    );
}

#[test]
fn calls_that_meet() {
    let mut bed = Bed::new();

    let call = bed.talk();
    let consult = bed.consult(&call);
    bed.command("transferCall", A, &json!({ "callId": call, "consultCallId": consult }));
    let theirs = bed.call(B, 0);
    bed.wait("callFinished", A, 1);
    bed.drop_call(B, &theirs);
    bed.honest(
        "a consultation, completed",
        &[
            (
                A,
                "callStarted commutationStarted hold callStarted commutationStarted callFinished(transferred) unhold* \
                 callFinished(transferred)",
            ),
            (B, "callStarted commutationStarted callFinished(normalClearing)"),
        ],
    );

    let call = bed.talk();
    let consult = bed.consult(&call);
    bed.command("cancelTransfer", A, &json!({ "callId": call, "consultCallId": consult }));
    bed.wait("unhold", A, 0);
    bed.drop_call(A, &call);
    bed.honest(
        "a consultation, cancelled",
        &[
            (
                A,
                "callStarted commutationStarted hold callStarted commutationStarted callFinished(normalClearing) \
                 unhold callFinished(normalClearing)",
            ),
            (B, "callStarted commutationStarted callFinished(normalClearing)"),
        ],
    );

    let call = bed.talk();
    let consult = bed.consult(&call);
    bed.remote_hangup(0);
    bed.wait("callFinished", A, 0);
    bed.drop_call(A, &consult);
    bed.honest(
        "a consultation, the held party hangs up",
        &[
            (
                A,
                "callStarted commutationStarted hold callStarted commutationStarted unhold* \
                 callFinished(normalClearing) currentCallChanged callFinished(normalClearing)",
            ),
            (B, "callStarted commutationStarted callFinished(normalClearing)"),
        ],
    );

    let call = bed.talk();
    bed.command("makeConsultCall", A, &json!({ "callId": call, "to": "603" }));
    bed.wait("callFinished", A, 0);
    bed.command("unholdCall", A, &json!({ "callId": call }));
    bed.wait("unhold", A, 0);
    bed.drop_call(A, &call);
    bed.honest(
        "a consultation, busy",
        &[(
            A,
            "callStarted commutationStarted hold callStarted callBusy callFinished(busy) unhold \
             callFinished(normalClearing)",
        )],
    );

    let call = bed.talk();
    bed.command("blindTransferCall", A, &json!({ "callId": call, "to": "102" }));
    let theirs = bed.call(B, 0);
    bed.command("answerCall", B, &json!({ "callId": theirs }));
    bed.wait("commutationStarted", B, 0);
    bed.drop_call(B, &theirs);
    bed.honest(
        "a blind transfer",
        &[
            (A, "callStarted commutationStarted callFinished(transferred)"),
            (B, "callStarted commutationStarted callFinished(normalClearing)"),
        ],
    );

    let first = bed.talk();
    bed.service("ring", &json!({ "from": "777" }));
    let second = bed.call(A, 1);
    bed.command("answerCall", A, &json!({ "callId": second }));
    bed.wait("commutationStarted", A, 1);
    bed.command("alternateCall", A, &json!({ "callId": first, "otherCallId": second }));
    bed.wait("hold", A, 1);
    bed.remote_hangup(1);
    bed.wait("callFinished", A, 0);
    bed.drop_call(A, &first);
    bed.honest(
        "a second call while talking, alternated",
        &[(
            A,
            "callStarted commutationStarted callStarted hold commutationStarted currentCallChanged hold unhold \
             currentCallChanged unhold* callFinished(normalClearing) callFinished(normalClearing)",
        )],
    );

    bed.talk();
    bed.service("ring", &json!({ "from": "777" }));
    let second = bed.call(A, 1);
    bed.command("answerCall", A, &json!({ "callId": second }));
    bed.wait("commutationStarted", A, 1);
    bed.service("ring", &json!({ "from": "888", "patience": 0.2 }));
    bed.wait("callFinished", A, 0);
    bed.remote_hangup(0);
    bed.wait("callFinished", A, 1);
    bed.drop_call(A, &second);
    bed.honest(
        "three calls at once",
        &[(
            A,
            "callStarted commutationStarted callStarted hold commutationStarted currentCallChanged callStarted \
             callFinished(cancelled) unhold* callFinished(normalClearing) callFinished(normalClearing)",
        )],
    );

    let call = bed.talk();
    let consult = bed.consult(&call);
    bed.command("conferenceCall", A, &json!({ "callId": call, "consultCallId": consult }));
    bed.wait("callFinished", A, 0);
    let theirs = bed.call(B, 0);
    bed.drop_call(B, &theirs);
    bed.wait("callFinished", B, 0);
    bed.drop_call(A, &call);
    bed.honest(
        "a conference, one leaves",
        &[
            (
                A,
                "callStarted commutationStarted hold callStarted commutationStarted unhold \
                 callFinished(conferenced) callFinished(normalClearing)",
            ),
            (B, "callStarted commutationStarted callFinished(normalClearing)"),
        ],
    );
}

#[test]
fn calls_and_losses() {
    let mut bed = Bed::new();

    bed.talk();
    bed.service("fault", &json!({ "kind": "restart", "seconds": 0.2 }));
    bed.honest(
        "the phone system restarts in a call",
        &[(A, "callStarted commutationStarted disconnected initialized callFinished(lost)*")],
    );

    let call = bed.talk();
    bed.service("fault", &json!({ "kind": "drop", "seconds": 0.2 }));
    bed.wait("initialized", A, 0);
    bed.drop_call(A, &call);
    bed.honest(
        "the link breaks in a call",
        &[(A, "callStarted commutationStarted disconnected initialized callFinished(normalClearing)")],
    );

    bed.service("fault", &json!({ "kind": "lie", "seconds": 2.0 }));
    for _ in 0..3 {
        bed.service("ring", &json!({ "from": "555", "patience": 0.3 }));
        bed.client.read_for(Duration::from_millis(500));
    }
    let mended = bed.end("a phone system that lies", &[]);
    assert!(mended > 0, "it did not lie");
}
