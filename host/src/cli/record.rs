//! `jackfield record`: recordings of a running host.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Subcommand;
use jackfield_plugin_api::Timestamp;
use serde_json::{Value, json};

use super::{ConfigFile, Failure, control, output};
use crate::config;
use crate::model::timestamp_text;
use crate::recorder::{Recording, cut, ring_folder};

/// Records what a phone system and its adapter say to each other, to be played again by `jackfield replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield record start ast
  jackfield record cut ast --last 10m -o fault.jfrec
  jackfield record stop ast")]
pub(super) struct Record {
    #[command(flatten)]
    file: ConfigFile,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Begins the recording of a connection of the running host; it goes on until it is ended or the host is.
    Start {
        /// The connection's id.
        connection: String,
    },
    /// Ends the recording of a connection. Its files stay.
    Stop {
        /// The connection's id.
        connection: String,
    },
    /// Copies the end of a recording into one file; the recording goes on.
    Cut {
        /// The connection's id.
        connection: String,
        /// How much of it: from the last place before so long ago at which one can begin. Without it: everything.
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        last: Option<Duration>,
        /// The new file.
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
    },
}

fn duration(text: &str) -> Result<Duration, String> {
    config::duration(text).ok_or_else(|| "a duration is a number and a unit: 90s, 10m, 2h".to_owned())
}

impl Record {
    pub(super) fn main(self) -> Result<(), Failure> {
        match &self.what {
            What::Start { connection } => self.order(connection, true),
            What::Stop { connection } => self.order(connection, false),
            What::Cut { connection, last, output } => self.cut(connection, *last, output),
        }
    }

    fn order(&self, connection: &str, start: bool) -> Result<(), Failure> {
        let params = json!({ "connection": connection, "start": start });
        let status = control::ask(&self.file, "record", &params).map_err(Failure::new)?;
        let folder = output::harmless(status["folder"].as_str().unwrap_or_default());
        if !start {
            return output::say(&format!("{connection} is no longer recorded; what there is lies in {folder}"));
        }
        output::say(&format!("{connection} is recorded in {folder}; numbers {}", text(&status["numbers"])))?;
        if status["replayable"] == false {
            output::note(
                "its adapter cannot tell its state: the recording can be played again from the adapter's next start on",
            );
        }
        match status["secretsTooShort"].as_u64() {
            Some(count) if count > 0 => {
                output::note(&format!(
                    "{count} secrets have fewer than four characters: what cannot be told from other text is not \
                     looked for"
                ));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn cut(&self, connection: &str, last: Option<Duration>, to: &Path) -> Result<(), Failure> {
        let recording = Recording::at(&recorded(&self.file, connection)?).map_err(Failure::new)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let since = last.map(|last| {
            let since = now.saturating_sub(last).as_micros();
            Timestamp::from_micros(i64::try_from(since).unwrap_or(i64::MAX))
        });
        let cut = cut(&recording, since, to).map_err(Failure::new)?;
        for trouble in &cut.trouble {
            output::note(&output::harmless(trouble));
        }
        output::say(&format!(
            "{}: {} bytes, {} records, from {} to {}",
            to.display(),
            cut.bytes,
            cut.records,
            timestamp_text(cut.from),
            timestamp_text(cut.to)
        ))?;
        if !cut.is_playable {
            output::note(
                "no start of the adapter is in it, and its state is not known: it can be explained, not replayed",
            );
        }
        Ok(())
    }
}

fn text(value: &Value) -> String {
    output::harmless(value.as_str().unwrap_or_default())
}

/// The folder of a connection's recording, which is there.
pub(super) fn recorded(file: &ConfigFile, connection: &str) -> Result<PathBuf, Failure> {
    let folder = folder(file, connection)?;
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Failure::new(format!(
        "connection `{connection}` was never recorded: {} is not there; `jackfield record start {connection}` begins a \
         recording",
        folder.display()
    )))
}

/// The folder of a connection's recording: as the running host says, or as it is configured.
fn folder(file: &ConfigFile, connection: &str) -> Result<PathBuf, Failure> {
    if let Ok(status) = control::ask(file, "status", &json!({})) {
        let of = |c: &&Value| c["connection"] == connection;
        let found = status["connections"].as_array().into_iter().flatten().find(of);
        if let Some(folder) = found.and_then(|c| c["record"]["folder"].as_str()) {
            return Ok(PathBuf::from(folder));
        }
    }
    let config = config::load(&file.config).map_err(|e| Failure::config(&e))?;
    let known = config.connections.iter().find(|c| c.id == connection);
    let known = known.ok_or_else(|| {
        let ids: Vec<&str> = config.connections.iter().map(|c| c.id.as_str()).collect();
        Failure::new(format!("there is no connection `{connection}` (there are: {})", ids.join(", ")))
    })?;
    let record = known.record.clone().unwrap_or_default();
    Ok(ring_folder(&known.around.base.join(record.folder), connection))
}
