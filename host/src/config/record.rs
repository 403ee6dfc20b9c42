//! `[connection.record]`, and what a recording must know of the rest of the file.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::secret::SecretText;

/// What a recording must know of the file besides its own table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Around {
    /// The folder of the file.
    pub(crate) base: PathBuf,
    /// Everything in it that is secret: what was looked up, tokens, the database's password.
    pub(crate) secrets: Arc<[SecretText]>,
}

/// A connection's recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RecordConfig {
    /// The folder of all recordings; a connection has one of its own in it.
    pub folder: PathBuf,
    /// How many MiB a connection's recording may take; the oldest goes first.
    pub mib: u32,
    /// Whether phone numbers are recorded as they are; else they are replaced by pseudonyms.
    pub numbers: bool,
}

impl Default for RecordConfig {
    fn default() -> Self {
        Self { folder: PathBuf::from("recorder"), mib: 256, numbers: true }
    }
}
