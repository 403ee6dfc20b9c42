//! The simulator with one client logged in, and what the client was told, in short.

use jackfield_sim::{
    Behaviour, Data, Output, System as _,
    callway::{Config, Simulator},
};
use serde_json::{Value, json};

pub(crate) const ONE: &str = "79990000001";
pub(crate) const TWO: &str = "79990000002";

/// A message, read: its kind and its fields.
pub(crate) type Message = (String, Vec<(String, String)>);

pub(crate) fn field<'a>(message: &'a Message, name: &str) -> &'a str {
    message.1.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
}

/// The messages that a client sees in these bytes. Nothing of the simulator's own reading is used.
pub(crate) fn messages(text: &str) -> Vec<Message> {
    let blocks = text.split("\r\n\r\n").filter(|block| !block.is_empty());
    let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let read = |block: &str| {
        let mut lines: Vec<(String, String)> = block.split("\r\n").filter_map(pair).collect();
        if lines.first().is_none_or(|(name, _)| name != "Message") {
            return ("no message".to_owned(), lines);
        }
        (lines.remove(0).1, lines)
    };
    blocks.map(read).collect()
}

/// A block of lines.
pub(crate) fn block(kind: &str, fields: &[(&str, &str)]) -> String {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("Message: {kind}\r\n{fields}\r\n")
}

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) now: u64,
    /// Connections that were ended.
    pub(crate) ended: Vec<u64>,
}

impl World {
    /// Nothing happens by itself but what a test waits for.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// The same with some of the configuration.
    pub(crate) fn with(toml: &str) -> Self {
        let mut config = Config::parse(toml).unwrap();
        if !toml.contains("outside =") {
            config.outside = Behaviour::Manual;
        }
        if !toml.contains("lift_ms") {
            config.lift_ms = 0;
        }
        let mut world = Self { simulator: Simulator::new(config, 1), now: 0, ended: Vec::new() };
        world.simulator.open(1, 0);
        let said = world.say("AuthorizationRequest", &[("Login", "integration"), ("Password", "Secret1")]);
        assert_eq!(said, ["AuthorizationResponse Success"]);
        world
    }

    /// What client 1 was sent, whole.
    pub(crate) fn sent(&mut self) -> Vec<Message> {
        self.simulator.check().unwrap();
        let mut text = String::new();
        for output in self.simulator.outputs() {
            match output {
                Output::Send { client: 1, data, .. } => match data {
                    Data::Text(more) => text += &more,
                    Data::Bytes(bytes) => text += &String::from_utf8_lossy(&bytes),
                },
                Output::Close { client, .. } | Output::Cut { client, .. } => self.ended.push(client),
                _ => {}
            }
        }
        messages(&text)
    }

    /// The same in short: `210 New 79990000001 Incoming a`, `210 Bridge a`, the ids without what all have.
    pub(crate) fn told(&mut self) -> Vec<String> {
        let short = |message: &Message| {
            let id = field(message, "UniqueId").trim_start_matches("1700000001.");
            let operator = field(message, "OperatorId");
            match message.0.as_str() {
                "NewCall" => {
                    let (number, direction) = (field(message, "Number"), field(message, "Direction"));
                    let queue = field(message, "QueueId");
                    let queue = if queue.is_empty() { String::new() } else { format!(" queue {queue}") };
                    format!("{operator} New {number} {direction} {id}{queue}")
                }
                "CallStateChanged" => format!("{operator} {} {id}", field(message, "State")),
                "OperatorState" => format!("{operator} is {}", field(message, "State")),
                "AuthorizationResponse" => format!("AuthorizationResponse {}", field(message, "AuthorizationResult")),
                other => other.to_owned(),
            }
        };
        self.sent().iter().map(short).collect()
    }

    /// A message of client 1; what it was told then.
    pub(crate) fn say(&mut self, kind: &str, fields: &[(&str, &str)]) -> Vec<String> {
        self.simulator.receive(1, block(kind, fields).as_bytes().into(), self.now);
        self.told()
    }

    /// A command of the control channel; what client 1 was told then.
    pub(crate) fn control(&mut self, command: &Value) -> Vec<String> {
        self.answer(command);
        self.told()
    }

    /// A command of the control channel, and its answer.
    pub(crate) fn answer(&mut self, command: &Value) -> Value {
        let answer = self.simulator.control(command, self.now);
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        answer
    }

    /// A command that is refused.
    pub(crate) fn refused(&mut self, command: &Value) -> String {
        let answer = self.simulator.control(command, self.now);
        assert_eq!(answer["ok"], false, "{command}: {answer}");
        answer["error"].as_str().unwrap().to_owned()
    }

    /// Time passes; what client 1 was told then.
    pub(crate) fn wait(&mut self, time: u64) -> Vec<String> {
        self.now += time;
        self.simulator.tick(self.now);
        self.told()
    }

    /// ONE has called 210, who talks: as call 1 with the leg 2.
    pub(crate) fn talk(&mut self) {
        let rings = self.control(&json!({ "do": "call", "from": ONE, "to": "210" }));
        assert_eq!(rings, [format!("210 New {ONE} Incoming 2")]);
        assert_eq!(self.say("Answer", &[("UniqueId", &id(2)), ("OperatorId", "210")]), ["210 Bridge 2"]);
    }

    /// 210 talks to ONE, and asks 211: legs 2, 3 and 4.
    pub(crate) fn consult(&mut self) {
        self.talk();
        let asks = self.say("MakeCall", &[("OperatorId", "210"), ("Number", "211")]);
        assert_eq!(asks, ["210 Hold 2", "210 New 211 Internal 3", "211 New 210 Internal 4"]);
        let answers = self.say("Answer", &[("UniqueId", &id(4)), ("OperatorId", "211")]);
        assert_eq!(answers, ["211 Bridge 4", "210 Bridge 3"]);
    }

    /// What the client said last that was ignored, and why.
    pub(crate) fn ignored(&mut self) -> String {
        let heard = self.answer(&json!({ "do": "heard" }));
        let last = heard["messages"].as_array().unwrap().last().unwrap().clone();
        last["ignored"].as_str().unwrap_or_default().to_owned()
    }
}

/// A `UniqueId`, of its count.
pub(crate) fn id(count: u32) -> String {
    format!("1700000001.{count}")
}
