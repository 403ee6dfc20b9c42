//! The phone system with its door: requests come in, answers and requests of its own go out, and time is told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Config, Faults, control,
    exchange::{Exchange, Notice},
    faults::{self, Answers},
    json,
    requests::{self, Answer},
    statistics::Statistics,
};
use crate::{Arrives, Client, Data, Hook, Millis, Request, Response, System, wire::Wire};

/// The size of a huge answer.
const HUGE: usize = 50_000_000;
/// A page where JSON is expected, as a server in front of the module, or the module's own web server, may show.
const PAGE: &str = "<!DOCTYPE html>\r\n<html><head><title>Error</title></head><body><h1>Server Error</h1><p>The \
                    request could not be processed.</p></body></html>\r\n";
/// A body that no client can read.
const RUBBISH: &[u8] = b"{\"result\":{\"Data\":[{\"ID\":\0\xff\xfe]]";
/// How many answers may be late at a time.
const LATE: usize = 4_096;

/// The whole phone system, without sockets and without a clock.
#[derive(Debug)]
pub struct Simulator {
    pub(super) exchange: Exchange,
    pub(super) faults: faults::Own,
    pub(super) statistics: Statistics,
    pub(super) seed: u32,
    /// How many answers were asked of those that faults are for, and how many lists.
    counted: u32,
    spoilt: u32,
    lists: u32,
    late: BTreeMap<(Millis, u64), (Client, Response)>,
    answered: u64,
    wire: Wire,
}

impl Simulator {
    /// A phone system at rest. The same seed gives the same ids.
    pub fn new(config: Config, seed: u32) -> Self {
        let Faults { wire, own } = config.faults.clone();
        Self {
            exchange: Exchange::new(config, seed),
            faults: own,
            statistics: Statistics::default(),
            seed,
            counted: 0,
            spoilt: 0,
            lists: 0,
            late: BTreeMap::new(),
            answered: 0,
            wire: Wire::new(wire, Data::Bytes(RUBBISH.to_vec())),
        }
    }

    /// Whether faults are for this one.
    fn spoils(&mut self, path: &str) -> bool {
        let own = &self.faults;
        if own.answers == Answers::Right && own.late_ms == 0 {
            return false;
        }
        if !own.methods.is_empty() && !own.methods.iter().any(|method| method.trim_matches('/') == path) {
            return false;
        }
        if own.count > 0 && self.spoilt >= own.count {
            return false;
        }
        self.counted = self.counted.wrapping_add(1);
        let spoils = self.counted.is_multiple_of(own.every.max(1));
        self.spoilt += u32::from(spoils);
        spoils
    }

    /// Whether the next list of calls is to be empty.
    pub(super) fn hides_calls(&mut self) -> bool {
        self.lists = self.lists.wrapping_add(1);
        self.faults.empty_lists > 0 && self.lists.is_multiple_of(self.faults.empty_lists)
    }

    fn response(&self, answer: Answer) -> Response {
        let arrives = Arrives::Whole;
        match answer {
            Answer::Json { status, value } => {
                let body = json::write(&value, &self.exchange.config.answers);
                Response { status, content_type: "application/json", body, arrives }
            }
            Answer::File { content_type, bytes } => Response { status: 200, content_type, body: bytes, arrives },
            Answer::Nowhere => page(404),
            Answer::NotSo => page(405),
        }
    }

    /// Other faults from now on.
    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults.own;
        (self.counted, self.spoilt, self.lists) = (0, 0, 0);
        self.wire.set_faults(faults.wire);
    }

    /// A request of its own: what stands behind the address that events are sent to.
    pub(super) fn tell(&mut self, rest: &str) {
        let Some(base) = &self.exchange.config.events_url else { return };
        let url = format!("{}/{}", base.trim_end_matches('/'), rest.trim_start_matches('/'));
        for _ in 0..if self.faults.double_hooks { 2 } else { 1 } {
            self.wire.hook(Hook { method: "GET", url: url.clone(), body: None });
        }
    }

    /// Makes the requests that what has happened is a reason for.
    fn deliver(&mut self) {
        self.exchange.remember();
        for notice in std::mem::take(&mut self.exchange.notices) {
            match notice {
                Notice::User(user) => {
                    let user = &self.exchange.users[user];
                    self.tell(&format!("user/OnStateChanged/?IDUser={}&IDUserState={}", user.id, user.state));
                }
                Notice::Call(call, user, state) => {
                    let Some(path) = self.exchange.config.call_events.clone() else { continue };
                    let user = self.exchange.users[user].id;
                    self.tell(&format!("{}/?IDCall={call}&IDUser={user}&State={state}", path.trim_end_matches('/')));
                }
            }
        }
    }
}

fn page(status: u16) -> Response {
    Response { status, content_type: "text/html", body: PAGE.into(), arrives: Arrives::Whole }
}

impl System for Simulator {
    const HELP: &'static str = control::HELP;

    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn request(&mut self, client: Client, request: Request, now: Millis) {
        self.tick(now);
        let path = request.path.trim_matches('/').to_ascii_lowercase();
        self.statistics.count(&path, now);
        let spoilt = self.spoils(&path);
        let fault = if spoilt { self.faults.answers } else { Answers::Right };
        let mut response = match fault {
            Answers::NotAcceptable => self.response(Answer::refused("The method cannot be executed now")),
            Answers::Broken => page(500),
            _ => {
                let answer = requests::answer(self, &path, &request);
                self.response(answer)
            }
        };
        match fault {
            Answers::Right | Answers::NotAcceptable | Answers::Broken => {}
            Answers::Html => response = page(200),
            Answers::Half => response.arrives = Arrives::Half,
            Answers::Twice => response.arrives = Arrives::Twice,
            Answers::None => response.arrives = Arrives::Nothing,
            Answers::Empty => response.body = Vec::new(),
            Answers::Huge => {
                let (head, tail) = (b"{\"result\":{\"Data\":[", b"]}}");
                response.body = vec![b' '; HUGE];
                response.body[..head.len()].copy_from_slice(head);
                response.body[HUGE - tail.len()..].copy_from_slice(tail);
            }
        }
        if spoilt && self.faults.late_ms > 0 && self.late.len() < LATE {
            self.answered += 1;
            let due = self.exchange.now.saturating_add(self.faults.late_ms);
            self.late.insert((due, self.answered), (client, response));
        } else {
            self.wire.respond(client, response);
        }
        self.deliver();
    }

    fn tick(&mut self, now: Millis) {
        self.exchange.pass(now);
        while let Some(entry) = self.late.first_entry().filter(|entry| entry.key().0 <= self.exchange.now) {
            let (client, response) = entry.remove();
            self.wire.respond(client, response);
        }
        self.deliver();
    }

    fn due(&self) -> Option<Millis> {
        let late = self.late.first_key_value().map(|((due, _), _)| *due);
        [self.exchange.due(), late].into_iter().flatten().min()
    }

    fn command(&mut self, command: &Value, _: Millis) -> Result<Value, String> {
        let answer = control::run(self, command);
        self.deliver();
        answer
    }

    fn clients_of(&self, _: &str) -> Result<Vec<Client>, String> {
        Err("HTTP has no connections that belong to a user; take `faults` with `answers`".to_owned())
    }

    fn check(&self) -> Result<(), String> {
        self.exchange.check()
    }

    fn calls(&self) -> usize {
        self.exchange.count()
    }
}
