//! `jackfield plugins`.

mod inspect;
mod swap;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{ConfigFile, Failure, output};
use crate::config::{self, ConfigError, Finding, Reading};
use crate::plugins::{Entry, Folder, State};

/// Shows the libraries of a folder: what each is, or why it is refused.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  jackfield plugins
  jackfield plugins --folder /etc/jackfield/adapters --json
  jackfield plugins inspect libacme.so
  jackfield plugins swap ast"
)]
pub(super) struct Plugins {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    file: ConfigFile,
    /// The folder; else the configuration's.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Inspect(inspect::Inspect),
    Swap(swap::Swap),
}

impl Plugins {
    pub(super) fn main(self) -> Result<(), Failure> {
        match self.action {
            Some(Action::Inspect(inspect)) => return inspect.main(),
            Some(Action::Swap(swap)) => return swap.main(),
            None => {}
        }
        let folder = match self.folder {
            Some(folder) => folder,
            None => configured(&self.file.config)?,
        };
        let found = Folder::once(&folder).map_err(Failure::new)?;
        if let Some(trouble) = &found.trouble {
            output::note(trouble);
        }
        if self.json {
            let list: Vec<Value> = found.entries.iter().map(as_json).collect();
            return output::say(&Value::from(list).to_string());
        }
        if found.entries.is_empty() {
            output::note("no libraries there");
        }
        let system = |entry: &Entry| match &entry.state {
            State::Loaded(p) => p.manifest.phone_system.chars().count(),
            _ => 0,
        };
        let width = found.entries.iter().map(system).max().unwrap_or(0).clamp(16, 40);
        for entry in &found.entries {
            output::say(&as_text(entry, width))?;
        }
        Ok(())
    }
}

/// The configuration's folder. What is wrong with its connections, lines and users is no hindrance: their secrets may be
/// there for the host alone.
fn configured(file: &Path) -> Result<PathBuf, Failure> {
    let Reading { config, findings } = config::read(file).map_err(|e| Failure::config(&e))?;
    let elsewhere = |finding: &Finding| matches!(finding.path.first_key(), Some("connection" | "line" | "user"));
    match config {
        Some(config) if findings.list.iter().all(elsewhere) => Ok(config.plugins.folder),
        _ => Err(Failure::config(&ConfigError::Refused(findings))),
    }
}

fn as_json(entry: &Entry) -> Value {
    match &entry.state {
        State::Loaded(p) => json!({
            "file": entry.path, "name": p.manifest.name, "version": p.manifest.version,
            "phoneSystem": p.manifest.phone_system, "description": p.manifest.description,
            "apiVersion": p.manifest.api_version, "needs": p.manifest.needs, "sha256": p.hash,
            "call": p.manifest.capabilities.call.names().collect::<Vec<_>>(),
            "agent": p.manifest.capabilities.agent.names().collect::<Vec<_>>(),
        }),
        State::Refused(why) | State::Waits(why) => json!({ "file": entry.path, "refused": why }),
    }
}

/// `width`: of the longest name of a phone system.
fn as_text(entry: &Entry, width: usize) -> String {
    let file = entry.path.file_name().unwrap_or_default().to_string_lossy();
    match &entry.state {
        State::Loaded(p) => {
            let m = &p.manifest;
            let needs = if m.needs.is_empty() { String::new() } else { format!("  needs {}", m.needs.join(", ")) };
            let name = format!("{} {}", m.name, m.version);
            output::harmless(&format!("{name:<22} {:<width$} API {}{needs}  {file}", m.phone_system, m.api_version))
        }
        State::Refused(why) | State::Waits(why) => output::harmless(&format!("refused                {file}: {why}")),
    }
}
