//! The servers in front of the switch: their sessions, and the link that they have to it.

use super::{
    Simulator,
    monitors::Object,
    session::Session,
    write::{Node, avaya, csta},
};
use crate::Client;

impl Simulator {
    /// A new session, made from its id.
    pub(super) fn new_session(&mut self, make: impl FnOnce(String) -> Session) -> u64 {
        self.last_session += 1;
        let session = make(format!("{:08X}{:024X}-0", self.seed, self.last_session));
        self.sessions.insert(self.last_session, session);
        self.last_session
    }

    /// A session goes on over another connection.
    pub(super) fn resume(&mut self, key: u64, client: Client) {
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.lost = None;
        if let Some(old) = session.client.replace(client).filter(|old| *old != client) {
            if let Some(peer) = self.peers.get_mut(&old) {
                peer.session = None;
            }
            self.wire.cut(old, false);
        }
    }

    /// A session is over, and all that it has watched.
    pub(super) fn end_session(&mut self, key: u64, why: &str) {
        let Some(session) = self.sessions.remove(&key) else { return };
        self.monitors.retain(|_, monitor| monitor.session != key);
        if let Some(peer) = session.client.and_then(|client| self.peers.get_mut(&client)) {
            peer.session = None;
        }
        let user = self.switch.config.users[session.user].name.clone();
        self.visits.note(&user, why, "");
    }

    /// The state of the link, in the standard's words.
    pub(super) fn link_status(&self) -> &'static str {
        if self.link_down { "disabled" } else { "normal" }
    }

    /// The link between the servers and the switch fails, or is there again. The switch itself goes on.
    pub(super) fn set_link(&mut self, down: bool) {
        if self.link_down == down {
            return;
        }
        self.deliver();
        self.link_down = down;
        let name = if down { "LinkDownEvent" } else { "LinkUpEvent" };
        let link = |listener: u32, switch: &str| {
            let event = avaya(name).say("eventListenerId", listener).say("linkName", switch);
            if down { event.say("autoReconnect", true) } else { event }
        };
        let switch = self.switch.config.switch.clone();
        let mut said: Vec<(u64, Node)> = Vec::new();
        for (key, session) in &self.sessions {
            if session.registered {
                said.push((*key, csta("SystemStatus").say("systemStatus", self.link_status())));
            }
            said.extend(session.listener.map(|listener| (*key, link(listener, &switch))));
        }
        for (number, monitor) in &self.monitors {
            if monitor.object == Object::Session && monitor.links {
                said.push((monitor.session, link(*number, &switch)));
            }
        }
        if down && self.faults.link_stops_monitors {
            for (number, monitor) in std::mem::take(&mut self.monitors) {
                said.push((monitor.session, csta("MonitorStop").say("monitorCrossRefID", number)));
            }
        }
        for (session, node) in said {
            if node.name() == "SystemStatus" {
                self.ask(session, node);
            } else {
                self.say(session, node);
            }
        }
    }

    /// A server fails, with all of its sessions, or is there again.
    pub(super) fn set_server(&mut self, server: usize, down: bool) {
        self.servers_down[server] = down;
        if !down {
            return;
        }
        let keys: Vec<u64> = self.sessions.iter().filter(|(_, it)| it.server == server).map(|(key, _)| *key).collect();
        for key in keys {
            self.end_session(key, "server down");
        }
        let clients: Vec<Client> =
            self.peers.iter().filter(|(_, peer)| peer.server == server).map(|(client, _)| *client).collect();
        for client in clients {
            self.wire.cut(client, false);
        }
    }
}
