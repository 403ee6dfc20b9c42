//! `jackfield plugins swap`.

use serde_json::{Value, json};

use crate::cli::control::ask;
use crate::cli::{ConfigFile, Failure, output};

/// Puts an adapter into the place of the one that runs, in the middle of everything: calls, clients and the sockets to
/// the phone system stay.
///
/// Without --version and --sha256: what the configuration asks for, which may be the very library that runs. A library
/// that is asked for by name stays until its file is gone, until this is said again without a name, or until the host
/// is restarted; `version` in the configuration keeps it for good.
#[derive(Debug, clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:
  jackfield plugins swap ast
  jackfield plugins swap ast --version 1.2.0
  jackfield plugins swap ast --sha256 3f2a9c11"
)]
pub(super) struct Swap {
    /// The connection.
    connection: String,
    /// The version that is to run, or its beginning.
    #[arg(long)]
    version: Option<String>,
    /// The library that is to run, by its SHA-256 or the beginning of it.
    #[arg(long, value_name = "HASH")]
    sha256: Option<String>,
    #[command(flatten)]
    file: ConfigFile,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Swap {
    pub(super) fn main(self) -> Result<(), Failure> {
        let Self { connection, version, sha256, file, json } = self;
        let wanted = json!({ "connection": connection, "version": version, "sha256": sha256 });
        let told = ask(&file, "swap", &wanted).map_err(Failure::new)?;
        output::say(&if json { told.to_string() } else { shown(&told) })
    }
}

fn shown(told: &Value) -> String {
    let text = output::harmless(told["text"].as_str().unwrap_or_default());
    match told["pauseUs"].as_u64() {
        Some(pause) => format!("{text}; inputs waited {pause} µs"),
        None => text,
    }
}
