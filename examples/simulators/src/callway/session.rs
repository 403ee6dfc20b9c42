//! One client's connection, as the phone system knows it.

use super::message::Framer;
use crate::Millis;

/// A connection; nobody is logged in at first.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) login: Option<String>,
    pub(super) opened: Millis,
    pub(super) heard: Millis,
    /// How many commands came.
    pub(super) commands: u32,
    /// How many events were told.
    pub(super) events: u32,
    /// It is being closed, and nothing that comes counts any more.
    pub(super) over: bool,
    pub(super) framer: Framer,
}

impl Session {
    pub(super) fn new(now: Millis) -> Self {
        Self { login: None, opened: now, heard: now, commands: 0, events: 0, over: false, framer: Framer::default() }
    }
}
