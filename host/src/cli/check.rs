//! `jackfield check`.

use super::{ConfigFile, Failure, output};
use crate::config::{self, Config, Findings, settings};
use crate::plugins::{Catalogue, Folder};

/// Checks a configuration, all of it, and says everything that is wrong with it.
///
/// The adapters' settings are checked against the libraries of the plugins' folder, which are loaded for it. Exit codes:
/// 0 nothing is wrong, 1 something is, 2 wrong usage.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield check
  jackfield check --config new.toml && mv new.toml /etc/jackfield/jackfield.toml && jackfield reload")]
pub(super) struct Check {
    #[command(flatten)]
    file: ConfigFile,
    /// Prints the configuration as it is in effect: with variables, defaults and the settings of every line; secrets are
    /// masked.
    #[arg(long)]
    print: bool,
    /// Findings as JSON: an array, empty when nothing is wrong.
    #[arg(long, conflicts_with = "print")]
    json: bool,
}

impl Check {
    pub(super) fn main(self) -> Result<(), Failure> {
        let (config, findings) = match config::read(&self.file.config) {
            Ok(reading) => (reading.config, reading.findings),
            Err(error) => (None, error.into_findings()),
        };
        let is_sound = findings.list.is_empty();
        let (catalogue, findings) = match &config {
            Some(config) => judge(config, findings),
            None => (Catalogue::default(), findings),
        };
        if self.json {
            output::say(&findings.json().to_string())?;
        } else if self.print {
            if !findings.list.is_empty() {
                output::note(&findings.to_string());
            }
            if let Some(config) = config.filter(|_| is_sound) {
                let text = config::print::effective(&config, &catalogue).map_err(Failure::new)?;
                output::say(text.trim_end())?;
            }
        } else if findings.list.is_empty() {
            output::say(&summary(&self, config.as_ref()))?;
        } else {
            output::say(&findings.to_string())?;
        }
        match findings.list.len() {
            0 => Ok(()),
            _ if self.json => Err(Failure::new("")),
            1 => Err(Failure::new("one finding")),
            many => Err(Failure::new(format!("{many} findings"))),
        }
    }
}

/// The settings of adapters, against the libraries that are there.
fn judge(config: &Config, findings: Findings) -> (Catalogue, Findings) {
    if config.connections.is_empty() {
        return (Catalogue::default(), findings);
    }
    let folder = &config.plugins.folder;
    let catalogue = Folder::once(folder).unwrap_or_else(|trouble| {
        let mut unreadable = Catalogue::default();
        unreadable.folder.clone_from(folder);
        unreadable.trouble = Some(trouble);
        unreadable
    });
    let found = settings::check(config, &catalogue);
    (catalogue, findings.and(found))
}

fn summary(check: &Check, config: Option<&Config>) -> String {
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let file = check.file.config.display();
    let Some(config) = config else { return format!("{file}: nothing is wrong") };
    let lines: usize =
        config.connections.iter().map(|connection| config::check::line_plans(config, connection).len()).sum();
    format!(
        "{file}: nothing is wrong: {}, {}, {}",
        count(config.connections.len(), "connection"),
        count(lines, "line"),
        count(config.users.len(), "user")
    )
}
