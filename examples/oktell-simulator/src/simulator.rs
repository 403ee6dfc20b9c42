//! The phone system with its sessions: texts come in, texts go out, and time is told.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    Config, Millis, control,
    exchange::{Exchange, Notice},
    faults::Faults,
    frame,
    ids::Kind,
    requests,
    session::Session,
};

/// A client's socket; whoever opens it chooses the number.
pub type SessionId = u64;

/// How many session ids are remembered.
const TOKENS: usize = 4_096;
/// How long after the answer to `logout` the socket is closed.
const LOGOUT_CLOSES: Millis = 100;

/// What is to be done with a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a text frame, so many milliseconds later.
    Text {
        /// To whom.
        session: SessionId,
        /// The text.
        text: String,
        /// How much later.
        delay: Millis,
    },
    /// Close the socket in order, so many milliseconds later.
    Close {
        /// Whose.
        session: SessionId,
        /// How much later.
        delay: Millis,
    },
    /// Drop the connection at once, without a close frame.
    Cut {
        /// Whose.
        session: SessionId,
        /// A text of which one half of a frame is sent first.
        half: Option<String>,
    },
}

/// The whole phone system, without sockets and without a clock.
///
/// Every method that takes `now` may put outputs into the list that [`Simulator::outputs`] takes away. Times never go
/// backwards. [`Simulator::due`] says when [`Simulator::tick`] has something to do.
#[derive(Debug)]
pub struct Simulator {
    pub(crate) exchange: Exchange,
    pub(crate) faults: Faults,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    /// Session ids that clients may come back with, and whose they are; the order is that of their making.
    pub(crate) tokens: BTreeMap<u64, (String, usize)>,
    outputs: Vec<Output>,
}

impl Simulator {
    /// A phone system at rest. The same seed gives the same ids.
    pub fn new(config: Config, seed: u32) -> Self {
        let faults = config.faults.clone();
        Self {
            exchange: Exchange::new(config, seed),
            faults,
            sessions: BTreeMap::new(),
            tokens: BTreeMap::new(),
            outputs: Vec::new(),
        }
    }

    /// A socket is open.
    pub fn open(&mut self, session: SessionId, now: Millis) {
        self.tick(now);
        self.sessions.insert(session, Session::new(self.exchange.now));
    }

    /// A socket is gone. Calls stay: the phones are still there.
    pub fn closed(&mut self, session: SessionId, now: Millis) {
        self.tick(now);
        self.sessions.remove(&session);
    }

    /// A text frame has come.
    pub fn receive(&mut self, session: SessionId, text: &str, now: Millis) {
        self.tick(now);
        let Some(known) = self.sessions.get_mut(&session) else { return };
        known.heard = self.exchange.now;
        if self.faults.silent {
            return;
        }
        let Some(message) = frame::parse(text) else {
            // What a real server does is not known; nobody can answer a text without a qid.
            self.outputs.push(Output::Close { session, delay: 0 });
            return;
        };
        let answer = requests::answer(self, session, &message);
        if let Some((name, mut body)) = answer {
            if let Some(qid) = message.body.get("qid") {
                body.insert("qid".into(), qid.clone());
            }
            self.send_reply(session, &name, body);
            if message.method == "logout" {
                self.outputs.push(Output::Close { session, delay: LOGOUT_CLOSES });
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
                    self.outputs.push(Output::Close { session: *session, delay: 0 });
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
        let answer = match control::run(self, command) {
            Ok(Value::Object(mut answer)) => {
                answer.insert("ok".into(), true.into());
                Value::Object(answer)
            }
            Ok(other) => json!({ "ok": true, "answer": other }),
            Err(text) => json!({ "ok": false, "error": text }),
        };
        self.deliver();
        answer
    }

    /// Takes away what is to be sent.
    pub fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
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

    /// Whether the handshake answers the subprotocol.
    pub fn answers_subprotocol(&self) -> bool {
        !self.faults.no_subprotocol
    }

    /// Other faults from now on. What waits to change places with an event that may never come is sent.
    pub(crate) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
        if !self.faults.reorder {
            let waiting =
                self.sessions.iter_mut().filter_map(|(session, known)| Some((*session, known.waiting.take()?)));
            for (session, text) in waiting.collect::<Vec<_>>() {
                self.send(session, text);
            }
        }
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.outputs.push(output);
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

    fn send_reply(&mut self, session: SessionId, name: &str, body: Map<String, Value>) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        known.sent_replies += 1;
        if every(self.faults.drop_replies, known.sent_replies) {
            return;
        }
        let text = frame::text(name, &Value::Object(body));
        let over = self.faults.multipart_over;
        if over > 0 && text.len() > over {
            let id = self.exchange.ids.next(Kind::Message);
            for part in frame::multipart(&text, &id) {
                self.send(session, part);
            }
        } else {
            self.send(session, text);
        }
    }

    /// Sends the exchange's events to those who subscribed to them.
    fn deliver(&mut self) {
        self.exchange.remember();
        for Notice { user, name, body } in std::mem::take(&mut self.exchange.notices) {
            let wants =
                |known: &Session| known.user.is_some() && (user.is_none() || known.user == user) && known.wants(name);
            let to: Vec<SessionId> =
                self.sessions.iter().filter(|(_, known)| wants(known)).map(|(session, _)| *session).collect();
            for session in to {
                let mut body = body.clone();
                if let Some(own) = self.sessions.get(&session).and_then(|known| known.user) {
                    let own = &self.exchange.users[own];
                    body.entry("userid").or_insert_with(|| own.id.clone().into());
                    body.entry("userlogin").or_insert_with(|| own.login.clone().into());
                }
                body.insert("qid".into(), self.exchange.ids.next(Kind::Event).into());
                self.send_event(session, frame::text(name, &Value::Object(body)));
            }
        }
    }

    fn send_event(&mut self, session: SessionId, text: String) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        known.sent_events += 1;
        if every(self.faults.drop_events, known.sent_events) {
            return;
        }
        if !self.faults.reorder {
            return self.send(session, text);
        }
        match known.waiting.take() {
            Some(earlier) => {
                self.send(session, text);
                self.send(session, earlier);
            }
            None => known.waiting = Some(text),
        }
    }

    /// Sends a text as it is, with what befalls every text.
    pub(crate) fn send(&mut self, session: SessionId, text: String) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        if self.faults.silent {
            return;
        }
        known.sent += 1;
        let delay = self.faults.delay_ms;
        if every(self.faults.garbage, known.sent) {
            self.outputs.push(Output::Text { session, text: control::RUBBISH.to_owned(), delay });
        }
        self.outputs.push(Output::Text { session, text, delay });
    }
}

fn every(nth: u32, count: u32) -> bool {
    nth > 0 && count.is_multiple_of(nth)
}
