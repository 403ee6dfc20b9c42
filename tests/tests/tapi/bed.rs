//! A host with the adapter, the simulated library, and a client that sees two of its lines.

use std::fs;
use std::io::Write;

use jackfield_tests::build::{self, Version};
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "crm-token-01234567890";
pub(crate) const BOSS: &str = "boss-token-0123456789";
pub(crate) const ONE: &str = "tapi/101";
pub(crate) const TWO: &str = "tapi/102";
/// A number outside that rings until it is answered.
pub(crate) const OUTSIDE: &str = "380442752305";
pub(crate) const OTHER: &str = "380442419707";

/// What is not as usual.
pub(crate) struct Plan {
    pub(crate) isolation: &'static str,
    /// The simulator's configuration.
    pub(crate) tapi: Value,
    /// More of the connection, and of its settings.
    pub(crate) connection: String,
    pub(crate) settings: String,
    /// The lines that are not to be waited for.
    pub(crate) down: &'static [&'static str],
    /// Its users' lines, and their settings.
    pub(crate) lines: Vec<(&'static str, &'static str)>,
}

impl Plan {
    pub(crate) fn new(isolation: &'static str) -> Self {
        Self {
            isolation,
            tapi: json!({
                "lines": [
                    {"name": "Line 101", "addresses": [{"number": "101"}]},
                    {"name": "Line 102", "addresses": [{"number": "102"}]},
                ],
                "outside": [{"number": "0449*", "fate": "busy"}, {"number": "0448*", "fate": "no-answer"}],
                "times": {"busy": 20},
            }),
            connection: "grant = [\"threads\", \"libraries\"]".to_owned(),
            settings: String::new(),
            down: &[],
            lines: vec![("101", ""), ("102", "")],
        }
    }

    pub(crate) fn quirk(mut self, name: &str, value: Value) -> Self {
        self.tapi["quirks"][name] = value;
        self
    }

    pub(crate) fn start(self) -> Bed {
        Bed::new(self)
    }
}

pub(crate) struct Bed {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) host: Host,
    pub(crate) client: Client,
    lines: Vec<String>,
    config: String,
}

/// The simulated library, as it was built.
pub(crate) fn library() -> std::path::PathBuf {
    let built = build::library("tapi", Version::Present).unwrap();
    built.with_file_name(format!("{}cti_tapisim{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX))
}

impl Bed {
    pub(crate) fn new(plan: Plan) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A copy for each: in one process two copies are two phone systems, and each has its own file of commands.
        let path = dir.path().join(library().file_name().unwrap());
        fs::copy(library(), &path).unwrap();
        Self::at(plan, dir)
    }

    /// With a library that lies in a folder already, under the simulator's name.
    pub(crate) fn at(plan: Plan, dir: tempfile::TempDir) -> Self {
        let path = dir.path().join(library().file_name().unwrap());
        fs::write(path.with_extension("json"), plan.tapi.to_string()).unwrap();
        fs::write(path.with_extension("commands"), "").unwrap();
        let mut config = format!(
            "[[connection]]\nid = \"tapi\"\nplugin = \"tapi\"\nisolation = \"{}\"\nbackoff = {{ first = \"100ms\", \
             most = \"300ms\" }}\n{}\n[connection.settings]\nlibrary = \"{}\"\n{}\n",
            plan.isolation,
            plan.connection,
            path.display(),
            plan.settings
        );
        for (line, settings) in &plan.lines {
            config += &format!("[[line]]\nname = \"tapi/{line}\"\n[line.settings]\n{settings}\n");
        }
        config += &format!("[[user]]\nname = \"crm\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"tapi/*\"]\n");
        config += &format!("[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n");
        let host = Setup::new(config.clone(), &["tapi"]).start().unwrap();
        let mut client = host.client(TOKEN).unwrap();
        let lines: Vec<String> = plan.lines.iter().map(|(line, _)| format!("tapi/{line}")).collect();
        for line in lines.iter().filter(|line| !plan.down.contains(&line.as_str())) {
            client.look_again();
            client.named("lineStateChanged", line).unwrap();
        }
        Self { dir, host, client, lines, config }
    }

    /// The configuration that it was started with.
    pub(crate) fn config(&self) -> &str {
        &self.config
    }

    /// A configuration without a line of it.
    pub(crate) fn without_line(config: &str, line: &str) -> String {
        let line = format!("[[line]]\nname = \"tapi/{line}\"\n[line.settings]\n\n");
        assert!(config.contains(&line), "{config}");
        config.replace(&line, "")
    }

    /// Another configuration with other lines takes effect, and the client comes again to see them.
    pub(crate) fn reload(&mut self, config: &str) {
        self.host.write_config(config).unwrap();
        let said = self.host.command(&["reload"]).unwrap();
        assert!(said.status.success(), "{said:?}");
        self.client = self.host.client(TOKEN).unwrap();
    }

    /// The next scenario: a client that has seen nothing yet, and lines where nothing is.
    pub(crate) fn next(&mut self, name: &str) {
        for line in self.lines.clone() {
            self.is_quiet(&line);
        }
        self.client = Client::connect(self.host.url(), Some(TOKEN)).unwrap();
        let hello = self.client.call("hello", &json!({ "client": { "name": name } })).unwrap();
        assert_eq!(hello["lines"].as_array().map(Vec::len), Some(self.lines.len()), "{name}");
        for line in self.lines.clone() {
            self.client.look_again();
            let shown = self.client.named("activeCallSnapshot", &line).unwrap();
            assert_eq!(shown["params"]["data"]["activeCalls"], json!([]), "{name}");
        }
    }

    /// Waits until a line has no calls.
    fn is_quiet(&mut self, line: &str) {
        let until = std::time::Instant::now() + jackfield_tests::host::PATIENCE;
        while self.client.call("queryActiveCallSnapshot", &json!({ "line": line })).unwrap()["activeCalls"] != json!([])
        {
            assert!(std::time::Instant::now() < until, "{line} still has calls: {:?}", self.client.core(line));
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// What happens at telephones, at the driver, in the service.
    pub(crate) fn tapi(&self, what: Value) {
        let path = self.dir.path().join(library().file_name().unwrap()).with_extension("commands");
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(format!("{what}\n").as_bytes()).unwrap();
    }

    /// What a new life of the library must not do again.
    pub(crate) fn forget(&self) {
        let path = self.dir.path().join(library().file_name().unwrap()).with_extension("commands");
        fs::write(path, "").unwrap();
    }

    pub(crate) fn try_asks(&mut self, line: &str, method: &str, mut params: Value) -> Result<Value, Value> {
        params["line"] = line.into();
        let answer = self.client.call(method, &params);
        answer.map_err(|error| serde_json::from_str(&error).unwrap_or_else(|_| panic!("{method} {params}: {error}")))
    }

    pub(crate) fn asks(&mut self, line: &str, method: &str, params: Value) -> Value {
        self.try_asks(line, method, params).unwrap_or_else(|e| panic!("{method}: {e}\n{}", self.host.log()))
    }

    /// The first event of this name of the scenario on a line for which this holds.
    pub(crate) fn first(&mut self, method: &str, line: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.client.look_again();
        let found = self.client.event(|e| {
            let params = &e["params"];
            e["method"] == method && params["line"] == line && params["resent"] != true && wanted(e)
        });
        found.unwrap_or_else(|e| panic!("{method} on {line}: {e}\n{}", self.host.log()))
    }

    pub(crate) fn of(&mut self, method: &str, line: &str, call: &Value) -> Value {
        self.first(method, line, |e| call_id(e) == *call)
    }

    /// A call's features have this one.
    pub(crate) fn can(&mut self, line: &str, call: &Value, feature: &str) {
        self.first("lineStateChanged", line, |e| {
            let data = &e["params"]["data"];
            data["callId"] == *call && data["features"].as_array().is_some_and(|f| f.contains(&json!(feature)))
        });
    }

    /// A call from outside, answered: its id.
    pub(crate) fn incoming(&mut self, line: &str) -> Value {
        let number = line.trim_start_matches("tapi/");
        self.tapi(json!({"do": "call", "from": OUTSIDE, "to": number}));
        let call = call_id(&self.first("callStarted", line, |_| true));
        self.asks(line, "answerCall", json!({"callId": call}));
        self.of("commutationStarted", line, &call);
        call
    }

    /// Everything that a client is told of a line's calls, in order; the calls by the order in which they began.
    pub(crate) fn told(&self, line: &str) -> Vec<String> {
        let mut calls: Vec<Value> = Vec::new();
        let events = self.client.events.iter().filter(|e| e["params"]["line"] == line && e["params"]["resent"] != true);
        let mut told = Vec::new();
        for event in events {
            let call = call_id(event);
            if event["method"] == "callStarted" {
                calls.push(call.clone());
            }
            let letter = calls.iter().position(|known| *known == call).map(|at| ["A", "B", "C", "D", "E", "F"][at]);
            let name = event["method"].as_str().unwrap();
            if matches!(name, "lineStateChanged" | "callInfoChanged" | "callSaved") {
                continue;
            }
            let cause = event["params"]["cause"]["code"].as_str().filter(|_| name == "callFinished");
            told.push(match (letter, cause) {
                (Some(letter), Some(cause)) => format!("{name}({letter}, {cause})"),
                (Some(letter), None) => format!("{name}({letter})"),
                _ => name.to_owned(),
            });
        }
        told
    }

    pub(crate) fn is_told(&self, line: &str, wanted: &[&str]) {
        assert_eq!(self.told(line), wanted, "{line}");
    }

    /// Nothing had to be mended.
    pub(crate) fn clean(&self) {
        assert_eq!(self.host.repairs(BOSS).unwrap(), [""; 0]);
    }
}

pub(crate) fn call_id(event: &Value) -> Value {
    event["params"]["data"]["call"]["callId"].clone()
}
