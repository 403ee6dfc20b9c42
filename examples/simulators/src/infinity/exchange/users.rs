//! Users and their states.

use super::{Exchange, Notice, Refusal, refuse};

/// Gone.
pub(super) const OFFLINE: u32 = 399;
/// Ready, break, gone away, unavailable, busy, offline.
pub(crate) const STATES: [u32; 6] = [300, 301, 302, 303, 304, OFFLINE];

impl Exchange {
    pub(crate) fn user_by_id(&self, id: &str) -> Option<usize> {
        self.users.iter().position(|user| user.id.to_string() == id)
    }

    /// Another state; an equal one is told to nobody.
    pub(crate) fn set_state(&mut self, user: usize, state: u32) -> Result<(), Refusal> {
        if !STATES.contains(&state) {
            return refuse("User state not found");
        }
        if self.users[user].state != state {
            self.users[user].state = state;
            self.notices.push(Notice::User(user));
        }
        Ok(())
    }

    /// Enters with a password: ready.
    pub(crate) fn log_on(&mut self, user: Option<usize>, password: &str) -> Result<usize, Refusal> {
        match user.filter(|user| self.users[*user].password == password) {
            Some(user) => self.set_state(user, 300).map(|()| user),
            None => refuse("Wrong login or password"),
        }
    }

    /// The phone is there, or it is taken away with all its calls.
    pub(crate) fn set_phone(&mut self, user: usize, there: bool) {
        self.users[user].phone = there;
        if !there {
            for call in self.calls_of(user).collect::<Vec<_>>() {
                // One may have ended with the other.
                drop(self.hang_up(call));
            }
        }
    }
}
