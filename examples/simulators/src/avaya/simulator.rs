//! The phone system with its servers: bytes come in, frames go out, and time is told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Config, Faults, control,
    faults::Own,
    frame::{self, Frame},
    monitors::{Monitor, Object},
    pranks, read, requests,
    session::{Peer, Session},
    switch::{Party, Refusal, Switch},
    write::{Node, Space, avaya, node},
};
use crate::{Client, Data, Millis, System, visits::Visits, wire::Wire};

/// How many servers there may be.
const SERVERS: usize = 2;

/// What the next requests of a kind are answered, whatever they ask for.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) service: String,
    pub(super) times: u32,
    pub(super) answer: PlannedAnswer,
}

/// See [`Plan`].
#[derive(Debug)]
pub(super) enum PlannedAnswer {
    Refusal(Refusal),
    /// The same inside of Avaya's own exception.
    Exception(Refusal),
    Silence,
}

/// The whole phone system, without sockets and without a clock.
#[derive(Debug)]
pub struct Simulator {
    pub(super) switch: Switch,
    pub(super) faults: Own,
    pub(super) peers: BTreeMap<Client, Peer>,
    pub(super) sessions: BTreeMap<u64, Session>,
    pub(super) monitors: BTreeMap<u32, Monitor>,
    pub(super) link_down: bool,
    pub(super) servers_down: [bool; SERVERS],
    pub(super) plans: Vec<Plan>,
    /// What is said after the answer, and was not asked for.
    pub(super) later: Vec<(u64, Node)>,
    /// How often each service was asked for.
    pub(super) served: BTreeMap<String, u64>,
    /// The server behind each door.
    doors: Vec<usize>,
    pub(super) visits: Visits,
    pub(super) wire: Wire,
    pub(super) events: u32,
    pub(super) last_session: u64,
    last_monitor: u32,
    last_reference: u32,
    pub(super) seed: u32,
}

impl Simulator {
    /// A phone system at rest with one server. The same seed gives the same ids.
    pub fn new(config: Config, seed: u32) -> Self {
        let Faults { wire, own } = config.faults.clone();
        let mut simulator = Self {
            switch: Switch::new(config, seed),
            faults: Own::default(),
            peers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            monitors: BTreeMap::new(),
            link_down: false,
            servers_down: [false; SERVERS],
            plans: Vec::new(),
            later: Vec::new(),
            served: BTreeMap::new(),
            doors: Vec::new(),
            visits: Visits::default(),
            wire: Wire::new(wire, Data::Bytes(pranks::RUBBISH.to_vec())),
            events: 0,
            last_session: 0,
            last_monitor: 0,
            last_reference: 0,
            seed,
        };
        simulator.set_own_faults(own);
        simulator
    }

    /// A pair of servers: for each door, the first one (0) or the second one (1).
    #[must_use]
    pub fn behind(mut self, doors: &[usize]) -> Self {
        self.doors = doors.iter().map(|server| (*server).min(SERVERS - 1)).collect();
        self
    }

    fn request(&mut self, client: Client, frame: &Frame) {
        let answer = match read::parse(&frame.body) {
            Ok(request) => {
                if self.served.len() < 256 || self.served.contains_key(&request.name) {
                    *self.served.entry(request.name.clone()).or_default() += 1;
                }
                requests::answer(self, client, &request)
            }
            Err(_) => Some(requests::error(&super::switch::operation("generic"))),
        };
        let reply = answer.and_then(|answer| self.encode(frame.invoke, answer, false));
        if self.faults.late_replies {
            self.deliver();
        }
        if let Some(reply) = reply {
            self.reply(client, reply);
        }
        self.say_missed(client);
        for (session, node) in std::mem::take(&mut self.later) {
            if node.name() == "SystemStatus" {
                self.ask(session, node);
            } else {
                self.say(session, node);
            }
        }
        self.deliver();
    }

    fn reply(&mut self, client: Client, reply: Vec<u8>) {
        let swap = self.faults.swap_replies;
        let Some(peer) = self.peers.get_mut(&client) else { return };
        // Before there is a session, a client has nothing else to ask that could go first.
        if swap && peer.session.is_some() && peer.waiting.is_none() {
            peer.waiting = Some(reply);
            return;
        }
        let waiting = peer.waiting.take();
        self.wire.reply(client, [Data::Bytes(reply)]);
        if let Some(waiting) = waiting {
            self.wire.reply(client, [Data::Bytes(waiting)]);
        }
    }

    /// Other faults from now on.
    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.wire.set_faults(faults.wire);
        self.set_own_faults(faults.own);
    }

    fn set_own_faults(&mut self, own: Own) {
        self.wire.set_cutting(own.cut_every);
        self.faults = own;
        if !self.faults.swap_replies {
            let waiting = self.peers.iter_mut().filter_map(|(client, peer)| Some((*client, peer.waiting.take()?)));
            for (client, reply) in waiting.collect::<Vec<_>>() {
                self.wire.reply(client, [Data::Bytes(reply)]);
            }
        }
    }

    /// A number for a new monitor.
    pub(super) fn new_monitor(&mut self, monitor: Monitor) -> u32 {
        self.last_monitor += 1;
        self.monitors.insert(self.last_monitor, monitor);
        self.last_monitor
    }

    /// A number for something else that is referred to.
    pub(super) fn new_reference(&mut self) -> u32 {
        self.last_reference += 1;
        self.last_reference
    }

    /// The next answer to a service, if it was decided beforehand; the inner value is the answer, if there is to be one.
    pub(super) fn planned(&mut self, service: &str) -> Option<Option<Node>> {
        let plan = self.plans.iter_mut().find(|plan| plan.service == service && plan.times > 0)?;
        plan.times -= 1;
        let answer = match &plan.answer {
            PlannedAnswer::Refusal(refusal) => Some(requests::error(refusal)),
            PlannedAnswer::Exception(refusal) => {
                let exception = avaya("CSTAException").say("exceptionClass", "ch.ecma.csta.errors.CSTAException");
                Some(exception.say("message", &refusal.value).with(requests::error(refusal)))
            }
            PlannedAnswer::Silence => None,
        };
        self.plans.retain(|plan| plan.times > 0);
        Some(answer)
    }
}

impl System for Simulator {
    const HELP: &'static str = control::HELP;

    fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    fn open_at(&mut self, client: Client, door: usize, now: Millis) {
        self.tick(now);
        self.wire.open(client);
        let server = self.doors.get(door).copied().unwrap_or(0);
        self.peers.insert(client, Peer { server, ..Peer::default() });
        if self.servers_down[server] {
            self.wire.cut(client, false);
        }
    }

    fn receive(&mut self, client: Client, data: Data, now: Millis) {
        self.tick(now);
        if self.wire.is_silent() {
            return;
        }
        if let Some(peer) = self.peers.get_mut(&client) {
            peer.pieces.push(data.as_bytes());
        }
        while let Some(next) = self.peers.get_mut(&client).map(|peer| peer.pieces.next()) {
            match next {
                Ok(Some(frame)) => self.request(client, &frame),
                Ok(None) => break,
                Err(frame::Lost) => {
                    self.wire.close(client, 0);
                    break;
                }
            }
        }
    }

    fn closed(&mut self, client: Client, now: Millis) {
        self.tick(now);
        self.wire.closed(client);
        let session = self.peers.remove(&client).and_then(|peer| peer.session);
        let Some(session) = session.and_then(|key| self.sessions.get_mut(&key)) else { return };
        session.client = None;
        session.lost = Some(self.switch.now.saturating_add(session.cleanup));
        let user = self.switch.config.users[session.user].name.clone();
        self.visits.note(&user, "lost", "");
    }

    fn tick(&mut self, now: Millis) {
        self.switch.pass(now);
        self.deliver();
        let now = self.switch.now;
        let over: Vec<u64> =
            self.sessions.iter().filter(|(_, session)| session.ends() <= now).map(|(key, _)| *key).collect();
        for key in over {
            let client = self.sessions.get(&key).and_then(|session| session.client);
            let id = self.sessions.get(&key).map(|session| session.id.clone()).unwrap_or_default();
            let reason = node(Space::Session, "sessionTermReason").say("definedTermReason", "sessionTimerExpired");
            let farewell = node(Space::Session, "ApplicationSessionTerminated").say("sessionID", id).with(reason);
            self.say(key, farewell);
            self.end_session(key, "expired");
            if let Some(client) = client {
                self.wire.close(client, 0);
            }
        }
    }

    fn due(&self) -> Option<Millis> {
        let sessions = self.sessions.values().map(Session::ends).min();
        [self.switch.due(), sessions].into_iter().flatten().min()
    }

    fn command(&mut self, command: &Value, _: Millis) -> Result<Value, String> {
        let answer = control::run(self, command);
        self.deliver();
        answer
    }

    fn clients_of(&self, who: &str) -> Result<Vec<Client>, String> {
        let user = self.switch.config.users.iter().position(|user| user.name == who);
        let station = self.switch.station(who);
        if who != "all" && user.is_none() && station.is_none() {
            return Err(format!("{who:?} is neither a station, nor a user, nor \"all\""));
        }
        let watches = |key: u64| {
            let object = station.map(|station| Object::Party(Party::Station(station)));
            self.monitors.values().any(|monitor| monitor.session == key && Some(&monitor.object) == object.as_ref())
        };
        let meant = |(key, session): (&u64, &Session)| {
            let meant = who == "all" || Some(session.user) == user || watches(*key);
            session.client.filter(|_| meant)
        };
        Ok(self.sessions.iter().filter_map(meant).collect())
    }

    fn check(&self) -> Result<(), String> {
        self.switch.check()
    }

    fn calls(&self) -> usize {
        self.switch.calls.len()
    }
}
