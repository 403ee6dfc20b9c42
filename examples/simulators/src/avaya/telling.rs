//! What is said to sessions: frames are written, and what has happened is told to those who watch.

use super::{
    Simulator, events,
    frame::{self, EVENT},
    switch::Notice,
    write::Node,
};
use crate::{Client, Data};

impl Simulator {
    /// A message as bytes; `None`: it is too long for a frame.
    pub(super) fn encode(&self, invoke: u16, node: Node, event: bool) -> Option<Vec<u8>> {
        let config = &self.switch.config;
        let node = if event && self.faults.disorder { node.disordered() } else { node };
        frame::write(invoke, node.document(config.namespaces, config.prolog).as_bytes())
    }

    /// Says something that a session has not asked for.
    pub(super) fn say(&mut self, session: u64, node: Node) {
        let Some(frame) = self.encode(EVENT, node, true) else { return };
        let Some(session) = self.sessions.get_mut(&session) else { return };
        let Some(client) = session.client else {
            if self.switch.config.replays {
                session.miss(frame);
            }
            return;
        };
        self.events = self.events.wrapping_add(1);
        let twice = self.faults.duplicate_events;
        if twice > 0 && self.events.is_multiple_of(twice) {
            self.wire.event(client, Data::Bytes(frame.clone()));
        }
        self.wire.event(client, Data::Bytes(frame));
    }

    /// Asks a session something.
    pub(super) fn ask(&mut self, session: u64, node: Node) {
        let asked = self.sessions.get_mut(&session).and_then(|session| Some((session.client?, session.ask())));
        let Some((client, invoke)) = asked else { return };
        if let Some(frame) = self.encode(invoke, node, false) {
            self.wire.send(client, Data::Bytes(frame));
        }
    }

    /// Sends bytes as they are.
    pub(super) fn send(&mut self, client: Client, bytes: Vec<u8>) {
        self.wire.send(client, Data::Bytes(bytes));
    }

    pub(super) fn say_missed(&mut self, client: Client) {
        let session = self.peers.get(&client).and_then(|peer| peer.session);
        let Some(session) = session.and_then(|key| self.sessions.get_mut(&key)) else { return };
        for frame in session.missed() {
            self.wire.event(client, Data::Bytes(frame));
        }
    }

    /// Tells the monitors what has happened in the switch.
    pub(super) fn deliver(&mut self) {
        for notice in std::mem::take(&mut self.switch.notices) {
            // What happens while there is no link is told to nobody.
            if !self.link_down {
                self.deliver_one(&notice);
            }
        }
    }

    fn deliver_one(&mut self, notice: &Notice) {
        let switch = &self.switch;
        let told: Vec<(u64, Node)> = self
            .monitors
            .iter()
            .filter_map(|(number, monitor)| {
                let local = monitor.sees(notice, switch)?;
                Some((monitor.session, events::event(switch, notice, *number, local)?))
            })
            .collect();
        for (session, node) in told {
            self.say(session, node);
        }
    }
}
