//! The phone system with its connections: bytes come in, bytes go out, and time is told.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use serde_json::Value;

use super::{
    Config, Faults, control,
    exchange::Exchange,
    faults,
    log::Log,
    message::{self, Message, TooLong},
    requests,
    session::Session,
};
use crate::{Client, Data, Millis, System, visits::Visits, wire::Wire};

/// The whole phone system, without sockets and without a clock.
#[derive(Debug)]
pub struct Simulator {
    pub(super) exchange: Exchange,
    pub(super) faults: faults::Own,
    pub(super) sessions: BTreeMap<Client, Session>,
    pub(super) log: Log,
    pub(super) visits: Visits,
    encoding: &'static Encoding,
    wire: Wire,
}

impl Simulator {
    /// A phone system at rest. The same seed gives the same ids.
    pub fn new(config: Config, seed: u32) -> Self {
        let Faults { wire, own } = config.faults.clone();
        Self {
            encoding: message::encoding(&config.encoding).unwrap_or(encoding_rs::UTF_8),
            exchange: Exchange::new(config, seed),
            faults: own,
            sessions: BTreeMap::new(),
            log: Log::default(),
            visits: Visits::default(),
            wire: Wire::new(wire, Data::Bytes(RUBBISH.to_vec())),
        }
    }

    /// When a connection is ended for its silence.
    fn ends_at(&self, session: &Session) -> Option<Millis> {
        let (idle, login) = (self.faults.idle_close_ms, self.exchange.config.login_ms);
        let idle = (idle > 0).then(|| session.heard.saturating_add(idle));
        let login = (login > 0 && session.login.is_none()).then(|| session.opened.saturating_add(login));
        [idle, login].into_iter().flatten().min().filter(|_| !session.over)
    }

    /// Other faults from now on.
    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults.own;
        self.wire.set_faults(faults.wire);
    }

    /// Ends a connection in order.
    fn close(&mut self, client: Client) {
        if let Some(session) = self.sessions.get_mut(&client) {
            session.over = true;
            self.wire.close(client, 0);
        }
    }

    /// The connections that have logged in.
    pub(super) fn logged_in(&self) -> Vec<Client> {
        let those = self.sessions.iter().filter(|(_, session)| session.login.is_some() && !session.over);
        those.map(|(client, _)| *client).collect()
    }

    /// Answers one client.
    pub(super) fn reply(&mut self, client: Client, message: &Message) {
        let data = self.data(message);
        self.wire.reply(client, [data]);
    }

    /// A message's bytes.
    fn data(&self, message: &Message) -> Data {
        Data::Bytes(message::encode(self.encoding, &message.text()))
    }

    /// Tells everybody who has logged in, with what befalls events here.
    pub(super) fn tell(&mut self, message: &Message) {
        let data = self.data(message);
        let fields = [("OperatorId", message.get("OperatorId")), ("Novelty", "yes: of a later version")];
        let strange = self.data(&Message::new("SomethingNew", &fields));
        for client in self.logged_in() {
            let Some(session) = self.sessions.get_mut(&client) else { continue };
            session.events = session.events.wrapping_add(1);
            let nth = |every: u32| every > 0 && session.events.is_multiple_of(every);
            let (before, twice) = (nth(self.faults.strange), nth(self.faults.twice));
            if before {
                self.wire.send(client, strange.clone());
            }
            self.wire.event(client, data.clone());
            if twice {
                self.wire.event(client, data.clone());
            }
        }
    }

    /// Sends the exchange's events.
    fn deliver(&mut self) {
        for message in std::mem::take(&mut self.exchange.notices) {
            self.tell(&message);
        }
    }

    /// The phone system is started anew: connections are dropped, calls are gone, and nobody is told of them.
    pub(super) fn restart(&mut self) {
        self.exchange.restart();
        for client in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.wire.cut(client, false);
        }
        for session in self.sessions.values_mut() {
            session.over = true;
        }
    }
}

/// A block that is no message.
const RUBBISH: &[u8] = b"\x00\xff\xfe: rubbish\r\nMessage\r\n: \r\n\r\n";

impl System for Simulator {
    const HELP: &'static str = control::HELP;

    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn open(&mut self, client: Client, now: Millis) {
        self.tick(now);
        self.wire.open(client);
        self.sessions.insert(client, Session::new(self.exchange.now));
    }

    fn receive(&mut self, client: Client, data: Data, now: Millis) {
        self.tick(now);
        let silent = self.wire.is_silent();
        let Some(session) = self.sessions.get_mut(&client) else { return };
        session.heard = self.exchange.now;
        if silent || session.over {
            return;
        }
        session.framer.feed(data.as_bytes());
        loop {
            let Some(session) = self.sessions.get_mut(&client).filter(|session| !session.over) else { return };
            match session.framer.next(self.encoding) {
                Ok(Some(message)) => {
                    requests::receive(self, client, &message);
                    self.deliver();
                }
                Ok(None) => return,
                Err(TooLong) => return self.close(client),
            }
        }
    }

    fn closed(&mut self, client: Client, now: Millis) {
        self.tick(now);
        self.wire.closed(client);
        if let Some(Session { login: Some(login), .. }) = self.sessions.remove(&client) {
            self.visits.note(&login, "gone", "");
        }
    }

    fn tick(&mut self, now: Millis) {
        self.exchange.pass(now);
        let now = self.exchange.now;
        let late = self.sessions.iter().filter(|(_, session)| self.ends_at(session).is_some_and(|at| at <= now));
        for client in late.map(|(client, _)| *client).collect::<Vec<_>>() {
            self.close(client);
        }
        self.deliver();
    }

    fn due(&self) -> Option<Millis> {
        let ends = self.sessions.values().filter_map(|session| self.ends_at(session)).min();
        [self.exchange.due(), ends].into_iter().flatten().min()
    }

    fn command(&mut self, command: &Value, _: Millis) -> Result<Value, String> {
        let answer = control::run(self, command);
        self.deliver();
        answer
    }

    /// One connection serves all operators: whoever is meant by an operator's number is all who have logged in.
    fn clients_of(&self, who: &str) -> Result<Vec<Client>, String> {
        if who == "all" {
            return Ok(self.sessions.keys().copied().collect());
        }
        let logged_in = self.logged_in();
        if self.exchange.operator(who).is_some() {
            return Ok(logged_in);
        }
        let of = |client: &Client| self.sessions.get(client).is_some_and(|one| one.login.as_deref() == Some(who));
        let found: Vec<Client> = logged_in.into_iter().filter(of).collect();
        if found.is_empty() && who != self.exchange.config.login {
            return Err(format!("{who:?} is no operator and no login; \"all\" means every connection"));
        }
        Ok(found)
    }

    fn check(&self) -> Result<(), String> {
        self.exchange.check()
    }

    fn calls(&self) -> usize {
        self.exchange.call_count()
    }
}
