//! What an administrator sees and does over HTTP. Everything here is for the role `admin` alone; what is done is told
//! in the audit, with who did it.

mod connections;
mod log;
mod memory;
mod numbers;
mod plugins;
mod sessions;

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};

use super::document::Operation;
use super::{Answer, Host, Refusal, Shared, User, user_of};
use crate::config::Role;

/// Everything there is.
pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![plugins::list(), connections::list(), connections::one()];
    all.extend(connections::deeds());
    all.extend([connections::swap(), sessions::list(), numbers::show(), log::levels(), log::set()]);
    all
}

/// Who asks, if that is an administrator.
fn admin(shared: &Shared, headers: &HeaderMap) -> Result<Arc<User>, Refusal> {
    let user = user_of(shared, headers)?;
    if user.role == Role::Admin {
        return Ok(user);
    }
    tracing::warn!(target: "audit", user = %user.name, "was refused what is for administrators");
    let text = format!("this is for administrators; you are {} ({})", user.name, user.role.as_str());
    Err(Refusal::new(StatusCode::FORBIDDEN, &text))
}
