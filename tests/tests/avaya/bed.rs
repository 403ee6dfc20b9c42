//! A simulated switch, a host with some of its stations, and a client that sees them all.

use std::fmt::Write;
use std::time::{Duration, Instant};

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "crm-token-01234567890";
pub(crate) const BOSS: &str = "boss-token-0123456789";
/// Somebody outside.
pub(crate) const OUTSIDE: &str = "380501112233";
/// Somebody else.
pub(crate) const OTHER: &str = "380502223344";

pub(crate) const ONE: &str = "aes/101";
pub(crate) const TWO: &str = "aes/102";
pub(crate) const THREE: &str = "aes/103";
pub(crate) const FOUR: &str = "aes/104";
const LINES: [&str; 4] = [ONE, TWO, THREE, FOUR];

/// A switch at which nothing happens by itself.
pub(crate) const QUIET: &str = "outside = \"manual\"\nbusy_tone_ms = 0\nno_answer_ms = 0\n";

/// What the host is told of the connection.
pub(crate) struct Plan {
    pub(crate) isolation: &'static str,
    /// More settings, TOML.
    pub(crate) settings: String,
    pub(crate) password: &'static str,
    pub(crate) plain: bool,
}

impl Plan {
    pub(crate) fn new(isolation: &'static str) -> Self {
        Self { isolation, settings: String::new(), password: "Secret1", plain: true }
    }

    pub(crate) fn with(isolation: &'static str, settings: &str) -> Self {
        Self { settings: settings.to_owned(), ..Self::new(isolation) }
    }

    /// The configuration of a host with servers at these doors.
    pub(crate) fn config(&self, doors: &[String]) -> String {
        let servers: Vec<&str> = doors.iter().filter_map(|door| door.split("://").nth(1)).collect();
        let mut config = format!(
            "[[connection]]\nid = \"aes\"\nplugin = \"avaya\"\nisolation = \"{}\"\nbackoff = {{ first = \"100ms\", most = \
             \"300ms\" }}\n[connection.settings]\nservers = {servers:?}\nusername = \"cti\"\npassword = \"{}\"\nswitch = \
             \"CM1\"\nplain = {}\nanswer_timeout = 30\nagent_poll_ms = 300\n{}\n",
            self.isolation, self.password, self.plain, self.settings
        );
        for line in LINES {
            let number = line.trim_start_matches("aes/");
            config += &format!(
                "[[line]]\nname = \"{line}\"\n[line.settings]\nextension = \"{number}\"\nagent = \"9{number}\"\n\
                 agent_password = \"1234\"\n"
            );
        }
        config += &format!("[[user]]\nname = \"crm\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"aes/*\"]\n");
        config += &format!("[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n");
        config
    }
}

/// Agents whose ids follow from the numbers of their stations.
pub(crate) fn agents(numbers: &[&str], splits: &str) -> String {
    let mut text = String::new();
    for number in numbers {
        write!(text, "[[agents]]\nid = \"9{number}\"\npassword = \"1234\"\nsplits = [{splits}]\n").unwrap();
    }
    text
}

pub(crate) struct Bed {
    pub(crate) pbx: Sim,
    pub(crate) host: Host,
    pub(crate) client: Client,
}

impl Bed {
    /// A quiet switch, all lines up.
    pub(crate) fn new(isolation: &'static str) -> Self {
        Self::start(QUIET, &Plan::new(isolation))
    }

    pub(crate) fn start(switch: &str, plan: &Plan) -> Self {
        let mut bed = Self::unready(switch, &[], plan);
        bed.up(&LINES);
        bed
    }

    /// The same before the lines are known to be up.
    pub(crate) fn unready(switch: &str, arguments: &[&str], plan: &Plan) -> Self {
        let pbx = Sim::start_with("avaya", switch, arguments).unwrap();
        let host = Setup::new(plan.config(pbx.urls()), &["avaya"]).start().unwrap();
        let client = host.client(TOKEN).unwrap();
        Self { pbx, host, client }
    }

    /// Waits until these lines are up.
    pub(crate) fn up(&mut self, lines: &[&str]) {
        for line in lines {
            self.client.look_again();
            self.client.named("lineStateChanged", line).unwrap();
        }
    }

    /// The next scenario: a client that has seen nothing yet, and lines where nothing is.
    pub(crate) fn next(&mut self, name: &str) {
        self.phones(json!({"do": "end"}));
        self.pbx.wait_for(&json!({"do": "show"}), |all| all["calls"] == json!([])).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            self.client = Client::connect(self.host.url(), Some(TOKEN)).unwrap();
            let hello = self.client.call("hello", &json!({ "client": { "name": name } })).unwrap();
            assert_eq!(hello["lines"].as_array().map(Vec::len), Some(LINES.len()), "{name}");
            let shown = LINES.map(|line| {
                self.client.look_again();
                self.client.named("activeCallSnapshot", line).unwrap()["params"]["data"]["activeCalls"].clone()
            });
            if shown.iter().all(|calls| *calls == json!([])) {
                return;
            }
            assert!(Instant::now() < until, "{name}: {shown:?}");
        }
    }

    /// Waits until a line's story has so many of these.
    pub(crate) fn until(&mut self, line: &str, count: usize, name: &str) {
        let until = Instant::now() + PATIENCE;
        while self.story(line).iter().filter(|event| event.starts_with(name)).count() < count {
            assert!(Instant::now() < until, "{name}: {:?}", self.story(line));
            self.client.read_for(Duration::from_millis(50));
        }
    }

    /// Nothing had to be mended or thrown away.
    pub(crate) fn clean(&self, name: &str) {
        assert_eq!(self.host.repairs(BOSS).unwrap(), [""; 0], "{name}");
    }

    /// A command of the control channel.
    pub(crate) fn phones(&mut self, what: Value) -> Value {
        self.pbx.tell(&what).unwrap()
    }

    pub(crate) fn at(&mut self, what: &str, number: &str) {
        self.phones(json!({ "do": what, "number": number }));
    }

    pub(crate) fn asks(&mut self, line: &str, method: &str, mut params: Value) -> Value {
        params["line"] = line.into();
        self.client.call(method, &params).unwrap_or_else(|e| panic!("{method} {params}: {e}"))
    }

    /// A command that is refused: the answer's `data`.
    pub(crate) fn refused(&mut self, line: &str, method: &str, mut params: Value) -> Value {
        params["line"] = line.into();
        let answer = self.client.call(method, &params);
        let error: Value = serde_json::from_str(&answer.expect_err(method)).unwrap();
        let mut data = error["data"].clone();
        data["message"] = error["message"].clone();
        data
    }

    /// The first event of this name of the scenario on a line for which this holds.
    pub(crate) fn first(&mut self, method: &str, line: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.client.look_again();
        let found = self.client.event(|e| {
            let params = &e["params"];
            e["method"] == method && params["line"] == line && params["resent"] != true && wanted(e)
        });
        found.unwrap_or_else(|e| panic!("{method} on {line}: {e}\n{:?}", self.story(line)))
    }

    pub(crate) fn of(&mut self, method: &str, line: &str, call: &Value) -> Value {
        self.first(method, line, |e| call_id(e) == *call)
    }

    /// A call that has become known on a line after those that are known already.
    pub(crate) fn started(&mut self, line: &str, known: &[&Value]) -> Value {
        let known: Vec<Value> = known.iter().map(|id| (*id).clone()).collect();
        call_id(&self.first("callStarted", line, |e| !known.contains(&call_id(e))))
    }

    /// A call from outside at 101, answered there: its id.
    pub(crate) fn incoming(&mut self) -> Value {
        self.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
        let call = self.started(ONE, &[]);
        self.asks(ONE, "answerCall", json!({"callId": call}));
        self.of("commutationStarted", ONE, &call);
        call
    }

    /// Another station is asked about it, and answers: the consultation's id, and that of the other one.
    pub(crate) fn consult(&mut self, first: &Value, line: &str) -> (Value, Value) {
        let to = line.trim_start_matches("aes/");
        let made = self.asks(ONE, "makeConsultCall", json!({"callId": first, "to": to}));
        let theirs = self.started(line, &[]);
        self.asks(line, "answerCall", json!({"callId": theirs}));
        let consult = made["callId"].clone();
        self.of("commutationStarted", ONE, &consult);
        self.of("commutationStarted", line, &theirs);
        let started = self.of("callStarted", ONE, &consult);
        assert_eq!(started["params"]["data"]["call"]["role"], "consult");
        (consult, theirs)
    }

    /// What has happened to a line's calls, in order: A is its first one; how each has ended; the current one, if it
    /// has become another.
    pub(crate) fn story(&self, line: &str) -> Vec<String> {
        const CORE: [&str; 7] =
            ["callStarted", "callBusy", "commutationStarted", "hold", "unhold", "currentCallChanged", "callFinished"];
        let mut names: Vec<Value> = Vec::new();
        let mut story = Vec::new();
        for event in &self.client.events {
            let (method, params) = (event["method"].as_str().unwrap_or_default(), &event["params"]);
            if params["line"] != line || params["resent"] == true || !CORE.contains(&method) {
                continue;
            }
            let id = call_id(event);
            let place = names.iter().position(|known| *known == id).unwrap_or_else(|| {
                names.push(id.clone());
                names.len() - 1
            });
            let name = char::from(b'A' + u8::try_from(place).unwrap());
            let more = match method {
                "callFinished" => format!(" {}", params["cause"]["code"].as_str().unwrap_or("?")),
                "callStarted" => format!(" {}", params["data"]["call"]["direction"].as_str().unwrap_or("?")),
                _ => String::new(),
            };
            story.push(format!("{method} {name}{more}"));
        }
        story
    }

    /// A line's story is this, and nothing else.
    pub(crate) fn told(&self, line: &str, wanted: &[&str]) {
        assert_eq!(self.story(line), wanted, "{line}");
    }

    /// The parties of a call on a line are these, in any order; waits for it.
    pub(crate) fn parties(&mut self, line: &str, call: &Value, state: &str, wanted: &[&str]) {
        self.client.look_again();
        let found = self.client.event(|e| {
            let shown = &e["params"]["data"]["call"];
            let numbers = shown["participants"].as_array().map_or(&[][..], Vec::as_slice);
            let mut numbers: Vec<&str> = numbers.iter().filter_map(|it| it["number"].as_str()).collect();
            numbers.sort_unstable();
            e["params"]["line"] == line && call_id(e) == *call && shown["state"] == state && numbers == wanted
        });
        found.unwrap_or_else(|e| panic!("{wanted:?} on {line}: {e}\n{:?}", self.story(line)));
    }
}

pub(crate) fn call_id(event: &Value) -> Value {
    let data = &event["params"]["data"];
    let id = &data["call"]["callId"];
    if id.is_null() { data["callId"].clone() } else { id.clone() }
}

/// The cause, who released, and the state before of a call's end.
pub(crate) fn ended(event: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let params = &event["params"];
    (text(&params["cause"]["code"]), text(&params["data"]["releasedBy"]), text(&params["data"]["finishedFrom"]))
}
