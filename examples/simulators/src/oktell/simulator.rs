//! The phone system with its sessions: texts come in, texts go out, and time is told.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use super::{
    Config, Faults, control,
    exchange::{Exchange, Notice},
    faults, frame,
    ids::Kind,
    requests,
    session::Session,
};
use crate::{Client, Data, Millis, Output, System, wire::Wire};

/// How many comings and goings are remembered.
const VISITS: usize = 1_000;
/// How many session ids are remembered.
const TOKENS: usize = 4_096;
/// How long after the answer to `logout` the socket is closed.
const LOGOUT_CLOSES: Millis = 100;

/// The whole phone system, without sockets and without a clock.
///
/// Every method that takes `now` may put outputs into the list that [`Simulator::outputs`] takes away. Times never go
/// backwards. [`Simulator::due`] says when [`Simulator::tick`] has something to do.
#[derive(Debug)]
pub struct Simulator {
    pub(super) exchange: Exchange,
    pub(super) faults: faults::Own,
    pub(super) sessions: BTreeMap<Client, Session>,
    /// Session ids that clients may come back with, and whose they are; the order is that of their making.
    pub(super) tokens: BTreeMap<u64, (String, usize)>,
    /// Who has come and gone, the newest last, for whoever asks.
    visits: VecDeque<Value>,
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
            visits: VecDeque::new(),
            wire: Wire::new(wire, Data::Text(RUBBISH.to_owned())),
        }
    }

    /// A socket is open.
    pub fn open(&mut self, session: Client, now: Millis) {
        self.tick(now);
        self.wire.open(session);
        self.sessions.insert(session, Session::new(self.exchange.now));
    }

    /// A socket is gone. Calls stay: the phones are still there.
    pub fn closed(&mut self, session: Client, now: Millis) {
        self.tick(now);
        self.wire.closed(session);
        if let Some(Session { user: Some(user), left: false, .. }) = self.sessions.remove(&session) {
            self.visit(&self.exchange.users[user].login.clone(), "gone", "");
        }
    }

    /// A text frame has come.
    pub fn receive(&mut self, session: Client, text: &str, now: Millis) {
        self.tick(now);
        let Some(known) = self.sessions.get_mut(&session) else { return };
        known.heard = self.exchange.now;
        if self.wire.is_silent() {
            return;
        }
        let Some(message) = frame::parse(text) else {
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

    /// Lets time pass.
    pub fn tick(&mut self, now: Millis) {
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

    /// When `tick` has something to do next.
    pub fn due(&self) -> Option<Millis> {
        let idle = self.faults.idle_close_ms;
        let idle = if idle > 0 { self.sessions.values().map(|known| known.heard + idle).min() } else { None };
        [self.exchange.due(), idle].into_iter().flatten().min()
    }

    /// A command of the control channel, and its answer.
    pub fn control(&mut self, command: &Value, now: Millis) -> Value {
        self.tick(now);
        let answer = crate::control::run(self, command, now);
        self.deliver();
        answer
    }

    /// Takes away what is to be sent.
    pub fn outputs(&mut self) -> Vec<Output> {
        self.wire.outputs()
    }

    /// Whether everything that must be true of the phone system is; the error says what is not.
    ///
    /// # Errors
    /// A sentence for whoever looks for the mistake.
    pub fn check(&self) -> Result<(), String> {
        self.exchange.check()
    }

    /// How many calls and conferences there are.
    pub fn calls(&self) -> usize {
        self.exchange.call_count()
    }

    /// Other faults from now on.
    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults.own;
        self.wire.set_faults(faults.wire);
    }

    /// Remembers that somebody has come or gone.
    pub(super) fn visit(&mut self, login: &str, what: &str, why: &str) {
        if self.visits.len() >= VISITS {
            self.visits.pop_front();
        }
        let login: String = login.chars().take(64).collect();
        let mut visit = json!({ "login": login, "what": what });
        if !why.is_empty() {
            visit["why"] = why.into();
        }
        self.visits.push_back(visit);
    }

    /// Who has come and gone.
    pub(super) fn visits(&self) -> Vec<Value> {
        self.visits.iter().cloned().collect()
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

    fn open(&mut self, client: Client, now: Millis) {
        self.open(client, now);
    }

    fn receive(&mut self, client: Client, data: Data, now: Millis) {
        match data {
            Data::Text(text) => self.receive(client, &text, now),
            // Clients of this protocol send texts only.
            Data::Bytes(_) => self.wire.close(client, 0),
        }
    }

    fn closed(&mut self, client: Client, now: Millis) {
        self.closed(client, now);
    }

    fn tick(&mut self, now: Millis) {
        self.tick(now);
    }

    fn due(&self) -> Option<Millis> {
        self.due()
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
}
