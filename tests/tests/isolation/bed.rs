//! A host with two connections: `bad`, whose adapter is hostile and has a call up, and `good`, on which calls go their
//! way meanwhile; clients at both.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jackfield_tests::build::Version;
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use serde_json::{Value, json};

use crate::pbx::Pbx;
use crate::remains::Remains;
use crate::script::{comparable, difference};

/// The hostile adapter's password; it is looked for everywhere.
pub(crate) const SECRET: &str = "Geheim-4711-of-the-phone-system";
const TOKEN: &str = "root-token-0123456789";
/// The hostile connection's line.
pub(crate) const BAD: &str = "bad/101";
const A: &str = "good/101";
const B: &str = "good/102";

/// How the hostile connection is configured.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// `process` or `host`, for both connections.
    pub(crate) isolation: &'static str,
    /// More keys of the hostile connection: `input_timeout = "2s"`.
    pub(crate) keys: String,
    /// More of its settings.
    pub(crate) settings: String,
    /// The hostile library.
    pub(crate) library: Vec<u8>,
    /// More of the folder, by name.
    pub(crate) others: Vec<(String, Vec<u8>)>,
}

impl Plan {
    pub(crate) fn new(isolation: &'static str, library: Vec<u8>) -> Self {
        Self { isolation, keys: String::new(), settings: String::new(), library, others: Vec::new() }
    }

    fn config(&self, port: u16) -> String {
        let Self { isolation, keys, settings, .. } = self;
        format!(
            r#"
[[connection]]
id = "bad"
plugin = "hostile"
isolation = "{isolation}"
backoff = {{ first = "50ms", most = "200ms" }}
{keys}
[connection.settings]
host = "127.0.0.1"
port = {port}
password = "{SECRET}"
{settings}
[[connection]]
id = "good"
plugin = "simulator"
isolation = "{isolation}"
[connection.settings]
seed = 5
[connection.settings.outside]
answer = 0.2
[connection.settings.agents]
every_line = false
[[user]]
name = "root"
role = "admin"
token = "{TOKEN}"
lines = ["{BAD}", "{A}", "{B}"]
"#
        )
    }
}

/// The events of one course of calls on the good connection, as each of its clients saw them.
pub(crate) type Course = Vec<Vec<Value>>;

pub(crate) struct Bed {
    pub(crate) host: Host,
    pub(crate) pbx: Pbx,
    /// Looks at the hostile connection.
    pub(crate) watcher: Client,
    /// Commands the calls of the good one.
    agent: Client,
    /// Only looks at them.
    supervisor: Client,
    scratch: tempfile::TempDir,
    /// What the host had when all was up.
    before: Remains,
}

impl Bed {
    /// A host with everything up.
    pub(crate) fn start(plan: &Plan) -> Self {
        let mut bed = Self::start_host(plan);
        bed.watcher.event(with_its_call).unwrap();
        bed.before = Remains::settled(bed.host.pid(), &bed.folders_of());
        bed
    }

    /// A host; the hostile connection may never come up.
    pub(crate) fn start_host(plan: &Plan) -> Self {
        let pbx = Pbx::start(&["1 101 555 connected"]);
        let scratch = tempfile::tempdir().unwrap();
        let mut setup = Setup::new(plan.config(pbx.port), &["simulator"]);
        setup.version = Version::Present;
        setup.files.push((jackfield_tests::library::file_name("hostile"), plan.library.clone()));
        setup
            .files
            .extend(plan.others.iter().map(|(name, bytes)| (jackfield_tests::library::file_name(name), bytes.clone())));
        // A folder of its own, so that what is left behind is seen.
        setup.env.push(("TMPDIR".to_owned(), scratch.path().display().to_string()));
        let host = setup.start().unwrap();
        pbx.host_is(host.pid());
        wait_good(&host);
        let client = || host.client(TOKEN).unwrap();
        let (mut watcher, mut agent, mut supervisor) = (client(), client(), client());
        for client in [&mut watcher, &mut agent, &mut supervisor] {
            client.event(|e| snapshot_of(e, A)).unwrap();
            client.look_again();
        }
        let before = Remains::of(host.pid(), &[host.dir(), scratch.path()]);
        Self { host, pbx, watcher, agent, supervisor, scratch, before }
    }

    fn folders_of(&self) -> [&Path; 2] {
        [self.host.dir(), self.scratch.path()]
    }

    /// The folders in which the host may leave something.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        self.folders_of().map(Path::to_owned).to_vec()
    }

    /// Lets its clients read: one that does not is taken for dead after a while.
    pub(crate) fn read(&mut self) {
        for client in [&mut self.watcher, &mut self.agent, &mut self.supervisor] {
            client.read_for(Duration::from_millis(1));
        }
    }

    /// Waits until the host has what it had when all was up.
    pub(crate) fn as_before(&self, after: &str) {
        self.before.wait(self.host.pid(), &self.folders_of(), after);
    }

    /// A course of calls on the good connection: in, answered, *something else*, held, resumed, consulted, transferred.
    pub(crate) fn course<T>(&mut self, meanwhile: impl FnOnce(&mut Self) -> T) -> (Course, T) {
        let from = [self.agent.events.len(), self.supervisor.events.len()];
        self.service("ring", &json!({ "from": "555", "name": "Olena" }));
        let call = self.wait("callStarted", A)["params"]["data"]["call"]["callId"].clone();
        self.command("answerCall", A, &json!({ "callId": call }));
        self.wait("commutationStarted", A);
        let told = meanwhile(self);
        self.command("holdCall", A, &json!({ "callId": call }));
        self.wait("hold", A);
        self.command("unholdCall", A, &json!({ "callId": call }));
        self.wait("unhold", A);
        let consult = self.command("makeConsultCall", A, &json!({ "callId": call, "to": "102" }));
        let theirs = self.wait("callStarted", B)["params"]["data"]["call"]["callId"].clone();
        self.command("answerCall", B, &json!({ "callId": theirs }));
        self.wait("commutationStarted", B);
        self.command("transferCall", A, &json!({ "callId": call, "consultCallId": consult["callId"] }));
        self.wait("callFinished", A);
        self.wait("callFinished", A);
        self.command("dropCall", B, &json!({ "callId": theirs }));
        self.wait("callFinished", B);
        let mut course = Vec::new();
        for (client, from) in [&mut self.agent, &mut self.supervisor].into_iter().zip(from) {
            // An answer comes after the events before it.
            for line in [A, B] {
                client.call("getCapabilities", &json!({ "line": line })).unwrap();
            }
            // Another line's last event may be under way for a moment.
            client.read_for(Duration::from_millis(50));
            course.extend([A, B].map(|line| comparable(&client.events[from..], line)));
        }
        (course, told)
    }

    fn command(&mut self, method: &str, line: &str, more: &Value) -> Value {
        let mut params = more.clone();
        params["line"] = json!(line);
        self.agent.call(method, &params).unwrap_or_else(|e| panic!("{method} on {line}: {e}"))
    }

    fn service(&mut self, name: &str, params: &Value) {
        self.command("librarySpecificService", A, &json!({ "name": name, "params": params }));
    }

    fn wait(&mut self, method: &str, line: &str) -> Value {
        self.agent
            .event(|e| e["method"] == method && e["params"]["line"] == line && e["params"]["resent"] != true)
            .unwrap_or_else(|e| panic!("{method} on {line}: {e}"))
    }

    /// The hostile connection works: its call is held and resumed.
    pub(crate) fn bad_works(&mut self) {
        for (state, event) in [("held", "hold"), ("connected", "unhold")] {
            self.pbx.say(&format!("CALL 1 101 555 {state}"));
            self.watcher.named(event, BAD).unwrap();
        }
    }

    /// Waits until the hostile connection is lost, back, and reconciled (I15, I22); why it was lost.
    pub(crate) fn bad_came_back(&mut self) -> String {
        let lost = self.watcher.named("disconnected", BAD).unwrap();
        assert_eq!(lost["params"]["cause"]["code"], "adapterFault", "{lost}");
        let calls = lost["params"]["data"]["activeCallIds"].as_array().unwrap().clone();
        assert_eq!(calls.len(), 1, "its call is not ended by it: {lost}");
        let again = self.watcher.named("initialized", BAD).unwrap();
        assert_ne!(again["params"]["epoch"], lost["params"]["epoch"], "a new epoch");
        let table = self.watcher.event(reconciled).unwrap();
        let now = &table["params"]["data"]["activeCalls"];
        assert_eq!((now.as_array().unwrap().len(), &now[0]["callId"]), (1, &calls[0]), "the same call: {table}");
        reason(&lost)
    }

    /// What status tells of the hostile line.
    pub(crate) fn bad_status(&self) -> Value {
        let mut client = Client::connect(self.host.url(), Some(TOKEN)).unwrap();
        let hello = client.call("hello", &json!({ "lines": [BAD] })).unwrap();
        hello["lines"][0].clone()
    }

    /// How many events of some kind the watcher has seen on the hostile line.
    pub(crate) fn seen(&self, method: &str) -> usize {
        self.watcher.events.iter().filter(|e| e["method"] == method && e["params"]["line"] == BAD).count()
    }

    /// The secret is nowhere: not in the log, not in what clients got.
    pub(crate) fn secret_is_nowhere(&self, after: &str) {
        let seen = |text: &str| text.contains(SECRET);
        assert!(!seen(&self.host.log()), "the log has the password after {after}");
        for client in [&self.watcher, &self.agent, &self.supervisor] {
            let event = client.events.iter().map(ToString::to_string).find(|e| seen(e));
            assert_eq!(event, None, "clients have the password after {after}");
        }
    }

    /// Waits for something of the host.
    pub(crate) fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds() {
            assert!(Instant::now() < until, "{what} does not come:\n{}", self.host.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Waits until the good connection's lines are up.
fn wait_good(host: &Host) {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut client = Client::connect(host.url(), Some(TOKEN)).unwrap();
        let hello = client.call("hello", &json!({ "lines": [A, B] })).unwrap();
        if hello["lines"].as_array().unwrap().iter().all(|line| line["state"] == "up") {
            return;
        }
        assert!(Instant::now() < until, "{hello}\n{}", host.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Asserts that a course went as another, for every client of it.
pub(crate) fn same(expected: &Course, came: &Course, after: &str) {
    let whose = [
        format!("the agent on {A}"),
        format!("the agent on {B}"),
        format!("the supervisor on {A}"),
        format!("the supervisor on {B}"),
    ];
    for ((whose, expected), came) in whose.iter().zip(expected).zip(came) {
        if let Some(difference) = difference(expected, came) {
            panic!("after {after}, for {whose}: {difference}");
        }
    }
}

/// The hostile line as it is, with its call up: to a client that has come later, or when it has come up.
fn with_its_call(event: &Value) -> bool {
    let data = &event["params"]["data"];
    snapshot_of(event, BAD) && data["reason"] != "beforeReconcile" && data["activeCalls"][0]["state"] == "connected"
}

/// The hostile line after a loss.
fn reconciled(event: &Value) -> bool {
    snapshot_of(event, BAD) && event["params"]["data"]["reason"] == "reconciled"
}

fn snapshot_of(event: &Value, line: &str) -> bool {
    event["method"] == "activeCallSnapshot" && event["params"]["line"] == line
}

/// Why a connection was lost, without what differs from run to run.
fn reason(lost: &Value) -> String {
    let text = lost["params"]["cause"]["text"].as_str().unwrap_or_default();
    let text = text.strip_prefix("the adapter is at fault: ").unwrap_or(text);
    text.split("; it is started again in").next().unwrap_or_default().to_owned()
}
