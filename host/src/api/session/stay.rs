//! Whether somebody who was let in may stay.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::time::Sleep;

use super::{Goodbye, Session};
use crate::api::auth::User;
use crate::hub::close_code;

/// Tokens end at whole seconds; this much later they surely have.
const ROUNDING: Duration = Duration::from_millis(50);

/// When a session's token ends, if it does. Boxed: most never do, and there may be thousands of sessions.
#[derive(Debug, Default)]
pub(super) struct Ends(Option<Pin<Box<Sleep>>>);

impl Ends {
    pub(super) fn of(user: &User) -> Self {
        let left = |until: SystemTime| until.duration_since(SystemTime::now()).unwrap_or_default() + ROUNDING;
        Self(user.until().map(|until| Box::pin(tokio::time::sleep(left(until)))))
    }

    /// Waits for the end; for ever when there is none.
    pub(super) async fn run_out(&mut self) {
        match &mut self.0 {
            Some(end) => end.await,
            None => std::future::pending().await,
        }
    }
}

impl Session {
    /// Users and lines have changed, or the token has ended. Who has other rights now comes again, and resumes.
    pub(super) fn may_stay(&mut self) -> Result<(), Option<Goodbye>> {
        let Some(user) = &self.user else { return Ok(()) };
        self.ends = Ends::of(user);
        let goodbye = match self.shared.again(user) {
            Some(now) if now == *user => return Ok(()),
            Some(_) => Goodbye(close_code::REPLACED, "your lines or your role have changed; connect again".to_owned()),
            None => Goodbye(close_code::NOT_AUTHENTICATED, "the token is not valid any more".to_owned()),
        };
        tracing::info!(target: "audit", session = %self.id, user = %user.name, "closed: {}", goodbye.1);
        Err(Some(goodbye))
    }
}
