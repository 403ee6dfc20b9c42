//! The simulator without sockets, and somebody who asks it.
#![allow(clippy::needless_pass_by_value, reason = "a command is written where it is given")]

use jackfield_sim::{
    Arrives, Behaviour, Output, Request, Response, System as _,
    infinity::{Config, Simulator},
};
use serde_json::Value;

pub(crate) const ONE: &str = "79990000001";
pub(crate) const TWO: &str = "79990000002";

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) now: u64,
    asked: u64,
    /// Its own requests since the last look.
    pub(crate) hooks: Vec<String>,
    /// Answers that were not there at once.
    pub(crate) late: Vec<(u64, Response)>,
}

impl World {
    /// Nothing happens by itself, and answers are right JSON.
    pub(crate) fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { outside: Behaviour::Manual, dial_ms: 0, ..Config::default() };
        config.answers.unescaped = false;
        change(&mut config);
        Self::with(config)
    }

    pub(crate) fn with(config: Config) -> Self {
        Self { simulator: Simulator::new(config, 1), now: 0, asked: 0, hooks: Vec::new(), late: Vec::new() }
    }

    fn collect(&mut self) {
        self.simulator.check().unwrap();
        for output in self.simulator.outputs() {
            match output {
                Output::Hook { hook, .. } => self.hooks.push(hook.url),
                Output::Respond { client, response, .. } => self.late.push((client, response)),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Asks, and takes the answer if there is one now.
    pub(crate) fn try_ask(&mut self, target: &str) -> Option<Response> {
        self.asked += 1;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let request = Request {
            method: "GET".into(),
            path: format!("/{}", path.trim_start_matches('/')),
            query: query.into(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        self.simulator.request(self.asked, request, self.now);
        self.collect();
        let at = self.late.iter().position(|(client, _)| *client == self.asked)?;
        Some(self.late.remove(at).1)
    }

    pub(crate) fn ask(&mut self, target: &str) -> (u16, String) {
        let response = self.try_ask(target).expect("there is no answer");
        assert_eq!(response.arrives, Arrives::Whole);
        (response.status, String::from_utf8(response.body).unwrap())
    }

    /// What a request results in that is not refused.
    pub(crate) fn done(&mut self, target: &str) -> Value {
        let (status, body) = self.ask(target);
        assert_eq!(status, 200, "{target}: {body}");
        serde_json::from_str::<Value>(&body).unwrap_or_else(|error| panic!("{error}: {body}"))["result"].take()
    }

    /// Why a request is refused.
    pub(crate) fn refused(&mut self, target: &str) -> String {
        let (status, body) = self.ask(target);
        assert_eq!(status, 406, "{target}: {body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        body["result"]["ErrorMessage"].as_str().unwrap().to_owned()
    }

    pub(crate) fn control(&mut self, command: Value) -> Value {
        let answer = self.simulator.control(&command, self.now);
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        self.collect();
        answer
    }

    pub(crate) fn wait(&mut self, time: u64) {
        self.now += time;
        self.simulator.tick(self.now);
        self.collect();
    }

    /// The calls of a user as they are listed.
    pub(crate) fn calls(&mut self, extension: &str) -> Vec<Value> {
        let result = self.done(&format!("call/getactivecalls/?Extension={extension}"));
        result["Data"].as_array().unwrap().clone()
    }

    /// Of each call of a user: its state and who is at the other end.
    pub(crate) fn sees(&mut self, extension: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.calls(extension).iter().map(|call| format!("{} {}", text(&call["State"]), text(&call["Number"]))).collect()
    }

    /// The id of a user's last call.
    pub(crate) fn id(&mut self, extension: &str) -> String {
        let calls = self.calls(extension);
        calls.last().expect("there is no call")["ID"].as_str().unwrap().to_owned()
    }

    /// Something with a call of a user.
    pub(crate) fn act(&mut self, method: &str, extension: &str, call: &str, more: &str) -> Value {
        self.done(&format!("/call/{method}/?Extension={extension}&IDCall={call}{more}"))
    }
}
