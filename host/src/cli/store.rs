//! `jackfield store`.

use std::path::PathBuf;

use clap::Subcommand;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description};

use super::{ConfigFile, Failure, output};
use crate::config;
use crate::config::StoreConfig;
use crate::store::{Source, StoreError, retention, schema, upkeep};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Looks after the history of calls.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield store check
  jackfield store backup /var/backups/jackfield.db
  jackfield store erase --number +380441234567")]
pub(super) struct Store {
    #[command(flatten)]
    file: ConfigFile,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Copies the history into a new file; the host may go on running.
    Backup {
        /// The new file.
        to: PathBuf,
    },
    /// Puts a backup into the place of the history; the host must not run.
    Restore {
        /// The backup.
        from: PathBuf,
    },
    /// Looks whether the history is sound; changes nothing.
    Check {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Brings a history of an earlier version to this one; the host does it by itself when it starts.
    Migrate,
    /// Forgets calls that are over, with their timelines. They cannot be brought back.
    #[command(group(clap::ArgGroup::new("which").required(true)))]
    Erase {
        /// All calls with exactly this number, whichever side it was.
        #[arg(long, group = "which")]
        number: Option<String>,
        /// All calls that began before this day (2026-11-21, UTC) or time (RFC 3339).
        #[arg(long, group = "which")]
        before: Option<String>,
    },
}

impl Store {
    pub(super) fn main(self) -> Result<(), Failure> {
        let config = config::load(&self.file.config).map_err(|e| Failure::config(&e))?;
        let store = config.store.ok_or_else(|| {
            Failure::new(format!("{} has no [store]: calls are not kept", self.file.config.display()))
        })?;
        let source = store.source().map_err(|expected| Failure::new(format!("store.url: expected {expected}")))?;
        done(&self.what, &source, &store)
    }
}

fn done(what: &What, source: &Source, store: &StoreConfig) -> Result<(), Failure> {
    let told = |error: StoreError| Failure::new(error.to_string());
    match what {
        What::Backup { to } => {
            upkeep::back_up(source, to).map_err(told)?;
            output::say(&format!("{} is a copy of {}", to.display(), source.shown()))
        }
        What::Restore { from } => {
            upkeep::restore(source, &store.pending_folder(), from).map_err(told)?;
            output::say(&format!("{} is as {} was", source.shown(), from.display()))
        }
        What::Check { json } => check(source, store, *json),
        What::Migrate => {
            let mut database = source.connect().map_err(told)?;
            let before = schema::migrate(database.as_mut()).map_err(told)?;
            let now = schema::VERSION;
            output::say(&match before == now {
                true => format!("{} is of version {now} already", source.shown()),
                false => format!("{}: version {before} became version {now}", source.shown()),
            })
        }
        What::Erase { number, before } => {
            let mut database = source.open().map_err(told)?;
            let count = match (number, before) {
                (Some(number), _) => retention::forget_number(database.as_mut(), number),
                (None, Some(before)) => retention::forget_before(database.as_mut(), time(before)?),
                (None, None) => Ok(0),
            };
            let count = count.map_err(told)?;
            if !retention::empty_log(database.as_mut()).map_err(told)? {
                output::note("the database's log is being read: it still has them, until it is begun anew");
            }
            output::say(&format!("{} forgotten", output::count(count, "call")))?;
            let others = match number {
                Some(number) => retention::written_otherwise(database.as_mut(), number).map_err(told)?,
                None => Vec::new(),
            };
            if !others.is_empty() {
                let others = output::harmless(&others.join(", "));
                output::note(&format!("not forgotten, since their numbers are written otherwise: calls of {others}"));
            }
            Ok(())
        }
    }
}

fn check(source: &Source, store: &StoreConfig, json: bool) -> Result<(), Failure> {
    let health = upkeep::check(source, &store.pending_folder()).map_err(|e| Failure::new(e.to_string()))?;
    if json {
        output::say(&serde_json::json!(health).to_string())?;
    } else {
        let migrate = match health.version < health.known {
            true => format!("; version {} comes with the next start, or with `jackfield store migrate`", health.known),
            false => String::new(),
        };
        output::say(&format!(
            "{}\nversion {}{migrate}\n{} calls, {} of them not over\n{} bytes wait in journals",
            health.database, health.version, health.calls, health.open, health.pending_bytes
        ))?;
    }
    match health.findings.as_slice() {
        [] if json => Ok(()),
        [] => output::say("sound"),
        findings => Err(Failure::new(format!("the history is damaged: {}", findings.join("; ")))),
    }
}

/// A day or a time, in microseconds since 1970.
fn time(text: &str) -> Result<i64, Failure> {
    let day = Date::parse(text, DAY).map(|day| day.midnight().assume_offset(UtcOffset::UTC));
    let time = day.or_else(|_| OffsetDateTime::parse(text, &Rfc3339)).map_err(|_| {
        Failure::new(format!("`{text}` is neither a day (2026-11-21) nor a time (2026-11-21T00:00:00Z)"))
    })?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000).map_err(|_| Failure::new("that is too far away".to_owned()))
}
