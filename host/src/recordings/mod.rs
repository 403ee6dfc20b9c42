//! Recordings of calls: found by what a phone system says of them, and read for who may hear them.
//!
//! A recording lies in a folder ([`folder`]) or at a web server ([`web`]), as the administrator says. What an adapter
//! says of it is a name *within* that place and never more: a name that leads out of it is no recording. Clients never
//! see the name, nor the server's address. Everything is streamed in pieces; how many are read at a time is bounded, and
//! so is the time that a reader may take for a piece.
//!
//! Who may hear what is not decided here but by who asks ([`crate::api`]).

mod folder;
mod part;
mod stream;
#[cfg(test)]
mod tests;
mod web;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::RecordingsConfig;
use crate::store::CallRecord;

/// Recordings of a connection that are read at a time.
const MOST: usize = 32;
/// How long who asks waits for their turn.
const TURN: Duration = Duration::from_secs(5);
/// The longest name of a recording, in bytes.
pub const LONGEST_NAME: usize = 1_024;
/// The most recordings of a call.
pub const MOST_OF_CALL: usize = 32;
/// What templates of names may hold.
const PLACES: [&str; 2] = ["{nativeId}", "{globalId}"];

/// Why a recording is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// There is none of this name; or the name leads out of where recordings lie.
    #[error("{0}")]
    NotThere(String),
    /// Not now.
    #[error("{0}")]
    Unavailable(String),
}

/// What is wanted of a recording, as the request says it.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only the header.
    pub head: bool,
    /// The fields `Range`, `If-Range` and `If-None-Match`, as they came.
    pub headers: HeaderMap,
}

/// Where the recordings of a connection lie.
#[derive(Debug)]
pub struct Recordings {
    config: RecordingsConfig,
    turns: Arc<Semaphore>,
}

impl Recordings {
    /// Where a configuration says.
    #[must_use]
    pub fn new(config: RecordingsConfig) -> Self {
        Self { config, turns: Arc::new(Semaphore::new(MOST)) }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &RecordingsConfig {
        &self.config
    }

    /// What the recordings of a call are called by the configured templates, when the phone system says nothing. Only
    /// those of a folder can be looked for.
    pub async fn found(&self, call: &CallRecord) -> Vec<String> {
        let Some(folder) = self.config.folder.clone() else { return Vec::new() };
        let names = names(&self.config.names, call);
        if names.is_empty() {
            return names;
        }
        let look = move || names.into_iter().filter(|name| folder::open(&folder, name).is_ok()).collect();
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// Reads a recording. The answer has its status, length, range and validators; what it is called is not told.
    ///
    /// # Errors
    /// It is not there, or cannot be read now.
    pub async fn read(&self, name: &str, wanted: Wanted) -> Result<Response<Body>, Trouble> {
        let turn = self.turn().await?;
        match (&self.config.folder, &self.config.url) {
            (Some(folder), _) => {
                let name = folder::within(name, folder, self.config.prefix.as_deref())?;
                folder::read(folder.clone(), name, wanted, turn).await
            }
            (None, Some(base)) => web::read(&self.config, base, name, &wanted, turn).await,
            (None, None) => Err(Trouble::NotThere("no place of recordings is configured".to_owned())),
        }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Trouble> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await;
        turn.ok()
            .and_then(Result::ok)
            .ok_or_else(|| Trouble::Unavailable(format!("{MOST} recordings of this connection are being read already")))
    }
}

/// The templates with the call's ids in them. An id that is no part of a file's name gives none.
fn names(templates: &[String], call: &CallRecord) -> Vec<String> {
    let sound = |id: &&String| {
        let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+' | b'@' | b':');
        (1..=200).contains(&id.len()) && id.bytes().all(safe)
    };
    let natives = || call.details.native_ids.iter().chain(&call.native_id).filter(sound);
    let globals = || call.details.global_ids.iter().filter(sound);
    let mut names: Vec<String> = Vec::new();
    for template in templates {
        let ids: Vec<(&str, &String)> =
            natives().map(|id| (PLACES[0], id)).chain(globals().map(|id| (PLACES[1], id))).collect();
        for (place, id) in ids.into_iter().filter(|(place, _)| template.contains(place)) {
            let name = template.replace(place, id);
            if !names.contains(&name) && names.len() < MOST_OF_CALL && !name.contains(['{', '}']) {
                names.push(name);
            }
        }
    }
    names
}

/// Whether a text is a template of names: one place for an id.
///
/// # Errors
/// What is expected.
pub fn check_template(template: &str) -> Result<(), String> {
    let expected = || "the name of a file with {nativeId} or {globalId} in it, `{globalId}.wav`".to_owned();
    let rest = PLACES.iter().fold(template.to_owned(), |text, place| text.replace(place, "x"));
    let sound = !rest.contains(['{', '}']) && folder::relative(&rest).is_some();
    let places = PLACES.iter().filter(|place| template.contains(**place)).count();
    if places == 1 && sound { Ok(()) } else { Err(expected()) }
}

/// Whether a text is the address of a place at a web server.
///
/// # Errors
/// What is expected.
pub fn check_base(url: &str) -> Result<(), String> {
    web::base(url).map(drop)
}
