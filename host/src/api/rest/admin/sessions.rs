//! `GET /api/v1/sessions`: who is connected.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Answer, Host, Operation, Refusal, admin};
use crate::api::rest::document::{Reply, parameters_of, schema_of};
use crate::api::rest::question::parameters;
use crate::hub::{LineKey, SessionState};

/// The most sessions of an answer, and how many when nobody says.
const MOST: usize = 1_000;
const USUAL: usize = 200;
/// The most lines of a session that are named.
const MOST_LINES: usize = 50;

/// Which sessions.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Those of this user.
    #[serde(default)]
    user: Option<String>,
    /// How many: 1 to 1000, else 200.
    #[serde(default)]
    limit: Option<usize>,
}

/// Sessions.
#[derive(Serialize, JsonSchema)]
struct Sessions {
    /// The newest first.
    sessions: Vec<Session>,
    /// How many there are in all.
    total: usize,
}

/// A client that has said `hello`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Session {
    /// Its name, as in `hello` and in the log.
    session: String,
    /// Whose it is.
    user: String,
    /// What they may do.
    role: &'static str,
    /// What the client calls itself.
    client: String,
    /// Its address.
    from: String,
    /// Since when (RFC 3339).
    #[schemars(schema_with = "crate::api::rest::view::time")]
    since: String,
    /// Lines that it gets; the first 50 of them.
    lines: Vec<String>,
    /// How many lines it gets.
    line_count: usize,
    /// Bytes of answers and snapshots that wait for it.
    waiting_bytes: usize,
    /// It does not read as fast as there is something to read.
    blocked: bool,
    /// It gets raw messages.
    raw: bool,
}

/// The list.
pub(super) fn list() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/sessions",
        id: "listSessions",
        summary: "Who is connected: user, address, lines, what waits (admin)",
        parameters: parameters_of::<Which>,
        headers: &[],
        body: None,
        replies: &[Reply {
            status: 200,
            about: "The sessions",
            content: Some(("application/json", schema_of::<Sessions>)),
        }],
        problems: &[400, 401, 403],
        route: get(all),
    }
}

async fn all(State(shared): Host, headers: HeaderMap, uri: Uri) -> Answer {
    let asker = admin(&shared, &headers)?;
    let which = parameters::<Which>(&uri)?;
    let limit = which.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::bad(&format!("`limit` is a number from 1 to {MOST}")));
    }
    let matches = |user: &str| which.user.as_ref().is_none_or(|wanted| wanted == user);
    let (found, total) = shared.present.newest(|who| matches(&who.user), limit);
    let states = shared.hub.states(found.iter().map(|(id, _)| *id).collect()).await;
    let states: HashMap<_, SessionState> = states.into_iter().map(|state| (state.id, state)).collect();
    // An administrator has every line.
    let names: HashMap<LineKey, &str> = asker.lines.iter().map(|(name, key)| (*key, name.as_str())).collect();
    let sessions = found.into_iter().map(|(id, who)| {
        let state = states.get(&id);
        let lines = || state.into_iter().flat_map(|state| &state.lines);
        Session {
            session: id.to_string(),
            user: who.user,
            role: who.role,
            client: who.client,
            from: who.from,
            since: OffsetDateTime::from(who.since).format(&Rfc3339).unwrap_or_default(),
            lines: lines().filter_map(|key| names.get(key)).take(MOST_LINES).map(|name| (*name).to_owned()).collect(),
            line_count: lines().count(),
            waiting_bytes: state.map_or(0, |state| state.waiting),
            blocked: state.is_some_and(|state| state.blocked),
            raw: state.is_some_and(|state| state.raw),
        }
    });
    Ok(Json(Sessions { sessions: sessions.collect(), total }).into_response())
}
