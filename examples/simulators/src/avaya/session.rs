//! Sessions at a server, and the connections behind them.

use std::collections::BTreeMap;

use super::{Millis, frame::Pieces};
use crate::Client;

/// How many events are kept for a session whose connection is lost, where they are.
const MISSED: usize = 10_000;

/// A client's connection.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// The server that it came to.
    pub(super) server: usize,
    pub(super) pieces: Pieces,
    pub(super) session: Option<u64>,
    /// The reply that waits for the next one, to go after it.
    pub(super) waiting: Option<Vec<u8>>,
}

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) server: usize,
    /// The user, as a place in the configuration.
    pub(super) user: usize,
    pub(super) client: Option<Client>,
    /// When it ends unless its timer is reset.
    pub(super) deadline: Millis,
    /// How long it outlives its connection.
    pub(super) cleanup: Millis,
    /// When it ends because its connection is lost.
    pub(super) lost: Option<Millis>,
    /// The devices it has asked for, and whether others may have them.
    pub(super) devices: BTreeMap<String, bool>,
    /// It wants to be told how the link to the switch is.
    pub(super) registered: bool,
    /// The listener that is told the same in Avaya's words.
    pub(super) listener: Option<u32>,
    /// The invoke id of the server's own last request.
    pub(super) asked: u16,
    missed: Vec<Vec<u8>>,
}

impl Session {
    pub(super) fn new(id: String, server: usize, user: usize, client: Client) -> Self {
        Self {
            id,
            server,
            user,
            client: Some(client),
            deadline: 0,
            cleanup: 0,
            lost: None,
            devices: BTreeMap::new(),
            registered: false,
            listener: None,
            asked: 0,
            missed: Vec::new(),
        }
    }

    /// When it ends, if nothing comes of it.
    pub(super) fn ends(&self) -> Millis {
        self.lost.map_or(self.deadline, |lost| lost.min(self.deadline))
    }

    /// An invoke id for a request of the server's own.
    pub(super) fn ask(&mut self) -> u16 {
        self.asked = if self.asked >= super::frame::EVENT - 1 { 1 } else { self.asked + 1 };
        self.asked
    }

    /// Keeps an event for when the connection is there again.
    pub(super) fn miss(&mut self, frame: Vec<u8>) {
        if self.missed.len() < MISSED {
            self.missed.push(frame);
        }
    }

    /// What was kept.
    pub(super) fn missed(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.missed)
    }
}
