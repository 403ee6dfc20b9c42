//! All deeds by name.

use std::sync::OnceLock;

use jackfield_plugin_api::Host;

use crate::frames::Rubbish;
use crate::{crash, flood, threads};

/// What an adapter knows of where it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// Where its phone system listens.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What must not be seen anywhere.
    pub(crate) secret: String,
}

/// What a deed came to, when it came back.
#[derive(Debug)]
pub(crate) enum Done {
    /// In words.
    Said(String),
    /// To be done below the safe API, when this input is handled.
    Below(Rubbish),
    /// There is no such deed, or not here.
    Unknown,
}

/// What the deed at load came to.
static AT_LOAD: OnceLock<String> = OnceLock::new();

/// Keeps what the deed at load came to, until somebody asks.
pub(crate) fn keep(done: Done) {
    if let Done::Said(text) = done {
        // A library is loaded once.
        let _ = AT_LOAD.set(text);
    }
}

/// Does a deed that needs nothing but a process.
pub(crate) fn alone(name: &str, around: &Surroundings) -> Done {
    if let Some(said) = crash::deed(name) {
        return Done::Said(said);
    }
    #[cfg(target_os = "linux")]
    if let Some(said) = crate::attempts::deed(name, around) {
        return Done::Said(said);
    }
    match name {
        "stdout-flood" => Done::Said(flood::standard_streams()),
        "print-secret" => Done::Said(flood::print(&around.secret)),
        _ => Done::Unknown,
    }
}

/// Does a deed.
pub(crate) fn deed(name: &str, around: &Surroundings, host: &mut Host<'_>) -> Done {
    if name == "tell-what-was-done-at-load" {
        return Done::Said(AT_LOAD.get().cloned().unwrap_or_else(|| "nothing".to_owned()));
    }
    if let Some(said) = flood::deed(name, around, host).or_else(|| threads::deed(name, host)) {
        return Done::Said(said);
    }
    match Rubbish::named(name) {
        Some(rubbish) => Done::Below(rubbish),
        None => alone(name, around),
    }
}
