//! Conversations that a real client has had, replayed: what the client says goes in, what it was told must come out.
//!
//! `transcripts/*.jsonl` has one thing per line: `c>s` and `s>c` messages, commands of the control channel, sockets
//! that open and close. A message that must come may have more fields than the transcript's, events may have others
//! between them, ids may be others, but the same ones for the same things.

use std::{collections::BTreeMap, fs, path::Path};

use jackfield_sim::{
    Behaviour, Data, Output, System as _,
    oktell::{Config, Simulator, hash, lower_hash},
};
use serde_json::{Value, json};

const EVENTS: [&str; 14] = [
    "customevent",
    "userstatechanged",
    "pbxnumberstatechanged",
    "linestatechanged",
    "flashstatechanged",
    "confcompositionchanged",
    "confcompetitorstatechanged",
    "phoneevent_acmcallstarted",
    "phoneevent_acmcallstopped",
    "phoneevent_ringstarted",
    "phoneevent_ringstopped",
    "phoneevent_ivrstarted",
    "phoneevent_commstarted",
    "phoneevent_commstopped",
];

fn config() -> Config {
    let mut config = Config { outside: Behaviour::Manual, lift_ms: 0, ..Config::default() };
    config.users.truncate(2);
    config
}

struct Replay {
    simulator: Simulator,
    session: u64,
    /// Ids of the transcript, and what they are here.
    ids: BTreeMap<String, String>,
    /// What has come and was not asked for yet.
    replies: Vec<(Value, bool)>,
    events: Vec<Value>,
    cuts: Vec<u64>,
    parts: Vec<String>,
}

impl Replay {
    fn new() -> Self {
        let mut simulator = Simulator::new(config(), 7);
        simulator.open(1, 0);
        let (ids, replies, events, cuts, parts) = (BTreeMap::new(), vec![], vec![], vec![], vec![]);
        Self { simulator, session: 1, ids, replies, events, cuts, parts }
    }

    fn collect(&mut self) {
        self.simulator.check().unwrap();
        for output in self.simulator.outputs() {
            match output {
                Output::Send { data: Data::Text(text), .. } => self.take(&text, false),
                Output::Cut { client, .. } => self.cuts.push(client),
                _ => {}
            }
        }
    }

    fn take(&mut self, text: &str, parted: bool) {
        let message: Value = serde_json::from_str(text).unwrap();
        if message[0] == "multipart" {
            use base64::{Engine, engine::general_purpose::STANDARD};
            assert_eq!(message[1]["packetnumber"], self.parts.len());
            let content = STANDARD.decode(message[1]["content"].as_str().unwrap()).unwrap();
            self.parts.push(String::from_utf8(content).unwrap());
            if message[1]["packetcount"] == self.parts.len() {
                let whole = std::mem::take(&mut self.parts).concat();
                self.take(&whole, true);
            }
        } else if EVENTS.contains(&message[0].as_str().unwrap()) {
            self.events.push(message);
        } else {
            self.replies.push((message, parted));
        }
    }

    fn say(&mut self, mut message: Value) {
        self.own_ids(&mut message);
        self.simulator.receive(self.session, Data::Text(message.to_string()), 0);
        self.collect();
    }

    /// The transcript's ids become ours.
    fn own_ids(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(own) = self.ids.get(text) {
                    own.clone_into(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.own_ids(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.own_ids(field)),
            _ => {}
        }
    }

    fn log_in(&mut self, login: &str) {
        let password = "Secret1";
        self.say(json!(["login", { "userlogin": login, "Password": hash(password), "password": lower_hash(password), "qid": "in" }]));
        assert_eq!(self.replies.remove(0).0[1]["result"], 1);
        for event in EVENTS {
            self.say(json!(["subscribeevent", { "eventmethod": [event], "qid": "in" }]));
        }
        self.replies.clear();
    }

    fn expect(&mut self, message: &Value, parted: bool) -> Result<(), String> {
        let qid = message[1]["qid"].as_str().unwrap();
        if !qid.starts_with('e') {
            let found = self.replies.iter().position(|(reply, _)| reply[1]["qid"] == qid);
            let (reply, was_parted) = self.replies.remove(found.ok_or(format!("no reply to {qid}"))?);
            if reply[0] != message[0] || parted != was_parted {
                return Err(format!("the reply is {reply}"));
            }
            return self.same(&message[1], &reply[1]).map_err(|what| format!("{what} of {reply}"));
        }
        let mut seen = Vec::new();
        while !self.events.is_empty() {
            let event = self.events.remove(0);
            if event[0] == message[0] {
                let before = self.ids.clone();
                match self.same(&message[1], &event[1]) {
                    Ok(()) => return Ok(()),
                    Err(what) => seen.push(format!("{what} of {event}")),
                }
                self.ids = before;
            } else {
                seen.push(event.to_string());
            }
        }
        Err(format!("no such event; there were {seen:#?}"))
    }

    /// Everything that is expected is there.
    fn same(&mut self, expected: &Value, real: &Value) -> Result<(), String> {
        match (expected, real) {
            (Value::Object(expected), Value::Object(real)) => {
                if expected.is_empty() && !real.is_empty() {
                    return Err(format!("expected nothing, found {}", json!(real)));
                }
                for (name, value) in expected.iter().filter(|(name, _)| *name != "qid" && *name != "password") {
                    let real = real.get(name).ok_or(format!("field {name} is missing"))?;
                    self.same(value, real).map_err(|what| format!("{name}: {what}"))?;
                }
                Ok(())
            }
            (Value::Array(expected), Value::Array(real)) if expected.len() == real.len() => {
                expected.iter().zip(real).try_for_each(|(expected, real)| self.same(expected, real))
            }
            (Value::String(text), Value::String(real)) if is_id(text) => {
                let known = self.ids.entry(text.clone()).or_insert_with(|| real.clone());
                let right = known == real && is_id(real);
                right.then_some(()).ok_or(format!("{text} was {known}, is {real}"))
            }
            _ => (expected == real).then_some(()).ok_or(format!("expected {expected}, found {real}")),
        }
    }
}

/// A GUID other than the zero one, or a session id of the transcripts.
fn is_id(text: &str) -> bool {
    let guid = text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
    (guid && !text.starts_with("00000000-0000-0000")) || text.starts_with("sess-")
}

fn replay(path: &Path) {
    let mut replay = Replay::new();
    for (number, line) in (1..).zip(fs::read_to_string(path).unwrap().lines()) {
        let place = format!("{}:{number}", path.display());
        let line: Value = serde_json::from_str(line).unwrap();
        if line.get("c>s").is_some() {
            replay.say(line["c>s"].clone());
        } else if line.get("s>c").is_some() {
            let parted = line["multipart"] == true;
            replay.expect(&line["s>c"], parted).unwrap_or_else(|what| panic!("{place}: {what}"));
        } else if line.get("control").is_some() {
            let answer = replay.simulator.control(&line["control"], 0);
            assert_eq!(answer["ok"], true, "{place}: {answer}");
            replay.collect();
        } else if let Some(login) = line["login"].as_str() {
            replay.log_in(login);
        } else if let Some(session) = line["open"].as_u64() {
            replay.session = session;
            replay.simulator.open(session, 0);
        } else if let Some(session) = line["close"].as_u64() {
            replay.simulator.closed(session, 0);
        } else if let Some(session) = line["cut"].as_u64() {
            assert_eq!(replay.cuts, [session], "{place}");
        } else {
            assert!(line["title"].is_string() || line["note"].is_string(), "{place}: what is this?");
        }
    }
}

#[test]
fn every_transcript_goes_the_same_way_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oktell/transcripts");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 15);
    for path in paths {
        replay(&path);
    }
}
