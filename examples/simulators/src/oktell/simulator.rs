//! The phone system with its sessions: texts come in, texts go out, and time is told.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Config, Faults, control,
    exchange::{Exchange, Notice},
    faults, frame,
    ids::Kind,
    requests,
    session::Session,
};
use crate::{Client, Data, Millis, System, visits::Visits, wire::Wire};

/// How many session ids are remembered.
const TOKENS: usize = 4_096;
/// How long after the answer to `logout` the socket is closed.
const LOGOUT_CLOSES: Millis = 100;

/// The whole phone system, without sockets and without a clock.
#[derive(Debug)]
pub struct Simulator {
    pub(super) exchange: Exchange,
    pub(super) faults: faults::Own,
    pub(super) sessions: BTreeMap<Client, Session>,
    /// Session ids that clients may come back with, and whose they are; the order is that of their making.
    pub(super) tokens: BTreeMap<u64, (String, usize)>,
    pub(super) visits: Visits,
    wire: Wire,
}

impl Simulator {
    /// A phone system at rest. The same seed gives the same ids.
    pub fn new(config: Config, seed: u32) -> Self {
        let Faults { wire, own } = config.faults.clone();
        Self {
            exchange: Exchange::new(config, seed),
            faults: own,
            sessions: BTreeMap::new(),
            tokens: BTreeMap::new(),
            visits: Visits::default(),
            wire: Wire::new(wire, Data::Text(RUBBISH.to_owned())),
        }
    }

    /// Other faults from now on.
    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults.own;
        self.wire.set_faults(faults.wire);
    }

    /// A session id for a user; the oldest of too many is forgotten.
    pub(crate) fn new_token(&mut self, user: usize) -> String {
        let token = self.exchange.ids.next(Kind::Session);
        if self.tokens.len() >= TOKENS {
            self.tokens.pop_first();
        }
        let key = self.tokens.last_key_value().map_or(0, |(key, _)| key + 1);
        self.tokens.insert(key, (token.clone(), user));
        token
    }

    fn send_reply(&mut self, session: Client, name: &str, body: Map<String, Value>) {
        let text = frame::text(name, &Value::Object(body));
        let over = self.faults.multipart_over;
        let parts = if over > 0 && text.len() > over {
            frame::multipart(&text, &self.exchange.ids.next(Kind::Message))
        } else {
            vec![text]
        };
        self.wire.reply(session, parts.into_iter().map(Data::Text));
    }

    /// Sends the exchange's events to those who subscribed to them.
    fn deliver(&mut self) {
        self.exchange.remember();
        for Notice { user, name, body } in std::mem::take(&mut self.exchange.notices) {
            let wants =
                |known: &Session| known.user.is_some() && (user.is_none() || known.user == user) && known.wants(name);
            let to: Vec<Client> =
                self.sessions.iter().filter(|(_, known)| wants(known)).map(|(session, _)| *session).collect();
            for session in to {
                let mut body = body.clone();
                if let Some(own) = self.sessions.get(&session).and_then(|known| known.user) {
                    let own = &self.exchange.users[own];
                    body.entry("userid").or_insert_with(|| own.id.clone().into());
                    body.entry("userlogin").or_insert_with(|| own.login.clone().into());
                }
                body.insert("qid".into(), self.exchange.ids.next(Kind::Event).into());
                self.wire.event(session, Data::Text(frame::text(name, &Value::Object(body))));
            }
        }
    }
}

/// A frame that no client can read.
const RUBBISH: &str = "[\"\u{0}\u{fffd}rubbish\",{{]";

impl System for Simulator {
    const HELP: &'static str = control::HELP;

    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn open(&mut self, session: Client, now: Millis) {
        self.tick(now);
        self.wire.open(session);
        self.sessions.insert(session, Session::new(self.exchange.now));
    }

    fn receive(&mut self, session: Client, data: Data, now: Millis) {
        self.tick(now);
        let Some(known) = self.sessions.get_mut(&session) else { return };
        known.heard = self.exchange.now;
        if self.wire.is_silent() {
            return;
        }
        // Clients of this protocol send texts only.
        let Data::Text(text) = data else { return self.wire.close(session, 0) };
        let Some(message) = frame::parse(&text) else {
            // What a real server does is not known; nobody can answer a text without a qid.
            self.wire.close(session, 0);
            return;
        };
        let answer = requests::answer(self, session, &message);
        if let Some((name, mut body)) = answer {
            if let Some(qid) = message.body.get("qid") {
                body.insert("qid".into(), qid.clone());
            }
            self.send_reply(session, &name, body);
            if message.method == "logout" {
                self.wire.close(session, LOGOUT_CLOSES);
            }
        }
        self.deliver();
    }

    fn closed(&mut self, session: Client, now: Millis) {
        self.tick(now);
        self.wire.closed(session);
        if let Some(Session { user: Some(user), left: false, .. }) = self.sessions.remove(&session) {
            self.visits.note(&self.exchange.users[user].login.clone(), "gone", "");
        }
    }

    fn tick(&mut self, now: Millis) {
        self.exchange.pass(now);
        if self.faults.idle_close_ms > 0 {
            let limit = self.faults.idle_close_ms;
            let now = self.exchange.now;
            for (session, known) in &mut self.sessions {
                if now.saturating_sub(known.heard) >= limit {
                    known.heard = now;
                    self.wire.close(*session, 0);
                }
            }
        }
        self.deliver();
    }

    fn due(&self) -> Option<Millis> {
        let idle = self.faults.idle_close_ms;
        let idle = if idle > 0 { self.sessions.values().map(|known| known.heard + idle).min() } else { None };
        [self.exchange.due(), idle].into_iter().flatten().min()
    }

    fn command(&mut self, command: &Value, _: Millis) -> Result<Value, String> {
        let answer = control::run(self, command);
        self.deliver();
        answer
    }

    fn clients_of(&self, who: &str) -> Result<Vec<Client>, String> {
        let user = control::user(self, who)?;
        let sessions = self.sessions.iter().filter(|(_, known)| known.user == Some(user));
        Ok(sessions.map(|(session, _)| *session).collect())
    }

    fn subprotocol(&self) -> Option<&'static str> {
        (!self.faults.no_subprotocol).then_some("json")
    }

    fn check(&self) -> Result<(), String> {
        self.exchange.check()
    }

    fn calls(&self) -> usize {
        self.exchange.call_count()
    }
}
