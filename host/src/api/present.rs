//! Who is here: what an administrator sees of each session. Written when somebody comes and goes, and read by who asks;
//! no event passes through it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::Shared;
use super::auth::User;
use crate::hub::SessionId;

/// Somebody who has said `hello`.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// The user's name, and what they may do.
    pub(super) user: String,
    pub(super) role: &'static str,
    /// What the client calls itself.
    pub(super) client: String,
    /// Its address.
    pub(super) from: String,
    /// Since when.
    pub(super) since: SystemTime,
}

impl Who {
    pub(super) fn new(user: &User, client: String, from: String) -> Self {
        Self { user: user.name.clone(), role: user.role.as_str(), client, from, since: SystemTime::now() }
    }
}

/// Everybody who is here.
#[derive(Debug, Default)]
pub(super) struct Present(Mutex<BTreeMap<SessionId, Who>>);

impl Present {
    fn all(&self) -> MutexGuard<'_, BTreeMap<SessionId, Who>> {
        // Whoever panicked with it left whole entries.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest that match, the newest first, and how many match in all.
    pub(super) fn newest(&self, matches: impl Fn(&Who) -> bool, most: usize) -> (Vec<(SessionId, Who)>, usize) {
        let all = self.all();
        let found = || all.iter().rev().filter(|(_, who)| matches(who));
        (found().take(most).map(|(id, who)| (*id, who.clone())).collect(), found().count())
    }
}

/// An entry, which goes with its session, however that ends.
pub(super) struct Here {
    shared: Arc<Shared>,
    id: SessionId,
}

impl Here {
    pub(super) fn enter(shared: &Arc<Shared>, id: SessionId, who: Who) -> Self {
        shared.present.all().insert(id, who);
        Self { shared: Arc::clone(shared), id }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.shared.present.all().remove(&self.id);
    }
}
