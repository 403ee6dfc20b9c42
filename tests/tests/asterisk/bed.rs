//! Asterisk, a host connected to it, and a client that sees all lines.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, CallHandle, Caller, Pbx, Phone, PhoneHandle};
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use jackfield_tests::scenarios::show;
use serde_json::{Value, json};

use crate::swap::Swapper;

pub(crate) const TOKEN: &str = "tests-token-0123456789";
/// An outside number that calls.
pub(crate) const CALLER: &str = "79161234567";
/// An outside number that is called.
pub(crate) const DESTINATION: &str = "79031112233";

/// The lines.
pub(crate) const L101: &str = "ast/101";
pub(crate) const L102: &str = "ast/102";
pub(crate) const L103: &str = "ast/103";

/// How long the last events of a scenario may take.
const EVENTS: Duration = Duration::from_secs(30);

pub(crate) struct Bed {
    pub(crate) client: Client,
    pub(crate) host: Host,
    pub(crate) pbx: Pbx,
    name: &'static str,
    /// Replaces the adapter at every step, when that is what is tested.
    swapper: Option<Swapper>,
    /// How many events of a name on a line were waited for.
    waited: HashMap<(String, String), usize>,
}

/// The configuration of a host for this Asterisk.
pub(crate) fn config(port: u16, user: &str, secret: &str) -> String {
    format!(
        r#"
[[connection]]
id = "ast"
plugin = "asterisk"
backoff = {{ first = "200ms", most = "1s" }}
[connection.settings]
host = "127.0.0.1"
port = {port}
username = "{user}"
password = "{secret}"
context = "internal"
conference_context = "cti-conf"
pause_reasons = [{{ code = "lunch", label = "Lunch" }}, {{ code = "training" }}]
[connection.lines]
device = "PJSIP/{{device}}"
remote_control = "notify"
queues = ["support"]
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
    pub(crate) fn new(name: &'static str) -> Option<Self> {
        let pbx = Pbx::for_test().unwrap()?;
        Some(Self::on(name, pbx))
    }

    /// A bed on an Asterisk.
    pub(crate) fn on(name: &'static str, pbx: Pbx) -> Self {
        let config = config(pbx.ami_port(), AMI_MIN_USER, AMI_MIN_SECRET);
        Self::with(name, pbx, config)
    }

    /// A bed on an Asterisk, with another configuration.
    pub(crate) fn with(name: &'static str, pbx: Pbx, config: String) -> Self {
        record(name, &pbx);
        let config = Swapper::config(config);
        let host = Setup::new(config.as_str(), &["asterisk"]).start().unwrap();
        let client = host.client(TOKEN).unwrap();
        let mut bed = Self { client, host, pbx, name, swapper: None, waited: HashMap::new() };
        for line in [L101, L102, L103] {
            bed.wait("initialized", line);
        }
        bed.swapper = Swapper::new(&bed.host, &bed.pbx, config);
        bed
    }

    /// Something is about to happen: in the tests of `swap` the adapter is replaced now.
    fn step(&mut self) {
        if let Some(swapper) = &mut self.swapper {
            swapper.swap(&self.host);
        }
    }

    /// The next event of a name on a line that was not waited for yet. What came on other lines, or under other names,
    /// before it does not matter: they are waited for in any order.
    pub(crate) fn wait(&mut self, event: &str, line: &str) -> Value {
        self.step();
        let nth = self.waited.entry((event.to_owned(), line.to_owned())).or_default();
        *nth += 1;
        let mut left = *nth;
        let wanted = |e: &Value| e["method"] == event && e["params"]["line"] == line;
        self.client.look_again();
        loop {
            let found = self.client.event(wanted);
            let found = found.unwrap_or_else(|e| {
                panic!("waiting for {event} on {line} in `{}`: {e}\n{}", self.name, self.transcript())
            });
            left -= 1;
            if left == 0 {
                return found;
            }
        }
    }

    /// The first event of all for which something holds.
    pub(crate) fn find(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.step();
        self.client.look_again();
        let found = self.client.event(wanted);
        found.unwrap_or_else(|e| panic!("waiting for {what} in `{}`: {e}\n{}", self.name, self.transcript()))
    }

    /// The first event in which a call is so.
    pub(crate) fn call_is(&mut self, id: &Value, what: &str, so: impl Fn(&Value) -> bool) -> Value {
        self.find(what, |e| call(e)["callId"] == *id && so(call(e)))
    }

    /// Waits until something may be done with a call, as far as was told last.
    pub(crate) fn may(&mut self, id: &Value, feature: &str) {
        let until = Instant::now() + EVENTS;
        loop {
            let of_call = |e: &&Value| {
                let data = &e["params"]["data"];
                data["callId"] == *id && e["method"] == "lineStateChanged" || data["call"]["callId"] == *id
            };
            let data = &self.client.events.iter().rev().find(of_call).unwrap()["params"]["data"];
            let features = if data["call"].is_object() { &data["call"]["features"] } else { &data["features"] };
            if features.as_array().unwrap().contains(&json!(feature)) {
                return;
            }
            assert!(Instant::now() < until, "{feature} is not offered in `{}`\n{}", self.name, self.transcript());
            self.client.read_for(Duration::from_millis(20));
        }
    }

    /// What was told of a call last.
    pub(crate) fn latest(&self, id: &Value) -> &Value {
        call(self.client.events.iter().rev().find(|e| call(e)["callId"] == *id).unwrap())
    }

    /// A command, accepted.
    pub(crate) fn command(&mut self, method: &str, line: &str, more: &Value) -> Value {
        self.step();
        let mut params = more.clone();
        params["line"] = json!(line);
        self.client.call(method, &params).unwrap_or_else(|e| panic!("{method} on {line}: {e}\n{}", self.host.log()))
    }

    /// A command, refused: the code of the error.
    pub(crate) fn refused(&mut self, method: &str, line: &str, more: &Value) -> String {
        let mut params = more.clone();
        params["line"] = json!(line);
        let error = self.client.call(method, &params).expect_err(method);
        let error: Value = serde_json::from_str(&error).unwrap_or_else(|e| panic!("{method}: {e}: {error}"));
        error["data"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Ends a call by command and waits for its end.
    pub(crate) fn drop_call(&mut self, line: &str, id: &Value) {
        self.command("dropCall", line, &json!({ "callId": id }));
        let of_call = |e: &Value| e["method"] == "callFinished" && call(e)["callId"] == *id;
        self.find("the end of a dropped call", of_call);
    }

    /// An outside caller that talks to 101: its phone, the caller, the call.
    pub(crate) fn talk(&mut self, phone: Phone) -> (PhoneHandle, CallHandle, Value) {
        let phone = self.pbx.phone_for("101", phone, 3).unwrap();
        let caller = self.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
        let started = self.wait("callStarted", L101);
        if self.remote(&phone) {
            self.command("answerCall", L101, &json!({ "callId": call(&started)["callId"] }));
        }
        let id = call(&self.wait("commutationStarted", L101))["callId"].clone();
        (phone, caller, id)
    }

    fn remote(&self, phone: &PhoneHandle) -> bool {
        format!("{phone:?}").contains("Remote")
    }

    /// Waits until each line saw as much as it is to see, prints what each line saw of its calls, and compares.
    pub(crate) fn expect(&mut self, lines: &[(&str, &[&str])]) {
        for (line, expected) in lines {
            // A wait's own failure is worse to read than the comparison's below.
            let until = Instant::now() + EVENTS;
            while self.client.core(line).len() < expected.len() && Instant::now() < until {
                self.client.read_for(Duration::from_millis(20));
            }
        }
        // Whatever the host had to say before this answer has come.
        self.client.call("getCapabilities", &json!({ "line": L101 })).unwrap();
        let told: Vec<(String, Vec<String>)> =
            lines.iter().map(|(line, _)| ((*line).to_owned(), self.client.core(line))).collect();
        for (line, events) in &told {
            show(&format!("| {} | {line} | {} |", self.name, events.join(" ")));
        }
        for ((line, expected), (_, events)) in lines.iter().zip(&told) {
            assert_eq!(events, expected, "{line} in `{}`\n{}", self.name, self.transcript());
        }
        self.check_invariants();
        if let Some(swapper) = self.swapper.take() {
            swapper.unnoticed(self.name, &self.host, &self.pbx, &self.client.events);
        }
    }

    /// The states of a line's agent so far: `ready`, `notReady (lunch)`; printed.
    pub(crate) fn agent_states(&self, line: &str) -> Vec<String> {
        let changed =
            self.client.events.iter().filter(|e| e["method"] == "agentStateChanged" && e["params"]["line"] == line);
        let live = changed.map(|e| &e["params"]).filter(|p| p["resent"] != true).map(|p| &p["data"]);
        let told: Vec<String> = live
            .map(|d| match d["reason"]["code"].as_str().or(d["reason"].as_str()) {
                Some(reason) => format!("{} ({reason})", d["state"].as_str().unwrap_or_default()),
                None => d["state"].as_str().unwrap_or_default().to_owned(),
            })
            .collect();
        show(&format!("| {} | {line} agent | {} |", self.name, told.join(" ")));
        told
    }

    /// Waits until a line's agent is in a state that it was not told to be in before.
    pub(crate) fn agent_is(&mut self, line: &str, state: &str) -> Value {
        loop {
            let change = self.wait("agentStateChanged", line);
            if change["params"]["data"]["state"] == state {
                return change["params"]["data"].clone();
            }
        }
    }

    /// The digits that were told of a call, each with who entered it: `1l` by the line itself, `1r` by the other side.
    pub(crate) fn digits(&self, id: &Value) -> String {
        let of_call =
            self.client.events.iter().filter(|e| e["method"] == "dtmfEntered" && e["params"]["data"]["callId"] == *id);
        let told = of_call.map(|e| &e["params"]["data"]);
        told.map(|d| format!("{}{}", d["digits"].as_str().unwrap(), &d["by"].as_str().unwrap()[..1])).collect()
    }

    /// Everything that came, one line an event.
    pub(crate) fn transcript(&self) -> String {
        self.client.events.iter().map(|e| format!("{e}\n")).collect()
    }

    /// What must be true of every stream: numbers without gaps, starts before ends, holds in pairs, no repairs.
    pub(crate) fn check_invariants(&self) {
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
        assert_eq!(
            self.host.repairs(TOKEN).unwrap(),
            Vec::<String>::new(),
            "in `{}`\n{}",
            self.name,
            self.transcript()
        );
    }

    /// The last `callFinished` of a line.
    pub(crate) fn finish(&self, line: &str) -> &Value {
        let finished = |e: &&Value| e["method"] == "callFinished" && e["params"]["line"] == line;
        &self.client.events.iter().rev().find(finished).unwrap()["params"]
    }

    /// The end of a call: cause, who released it.
    pub(crate) fn end(&self, id: &Value) -> (String, String) {
        let finished = |e: &&Value| e["method"] == "callFinished" && call(e)["callId"] == *id;
        let end = &self.client.events.iter().find(finished).unwrap()["params"];
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        (text(&end["cause"]["code"]), text(&end["data"]["releasedBy"]))
    }

    /// The ids of a line's calls, in the order in which they started.
    pub(crate) fn ids(&self, line: &str) -> Vec<Value> {
        let started = |e: &&Value| e["method"] == "callStarted" && e["params"]["line"] == line;
        self.client.events.iter().filter(started).map(|e| call(e)["callId"].clone()).collect()
    }
}

/// With `JACKFIELD_AMI_TRACE` naming a folder, what Asterisk tells an AMI user goes into a file of it, as the traces of
/// the adapter's own tests are.
fn record(name: &str, pbx: &Pbx) {
    let Some(folder) = std::env::var_os("JACKFIELD_AMI_TRACE") else { return };
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let mut file = std::fs::File::create(std::path::Path::new(&folder).join(format!("{name}.ami"))).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", pbx.ami_port())).unwrap();
    write!(stream, "Action: Login\r\nActionID: a1\r\nUsername: {AMI_MIN_USER}\r\nSecret: {AMI_MIN_SECRET}\r\n\r\n")
        .unwrap();
    std::thread::spawn(move || std::io::copy(&mut stream, &mut file));
}

/// The call of an event.
pub(crate) fn call(event: &Value) -> &Value {
    &event["params"]["data"]["call"]
}
