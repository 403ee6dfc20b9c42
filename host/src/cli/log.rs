//! `jackfield log`: levels of a running host's log.

use serde_json::{Value, json};

use super::{ConfigFile, Failure, control, output};

/// Shows or changes the levels of a running host's log, without a restart.
///
/// A level holds until it is reset or the host is started again; JACKFIELD_LOG says what it begins with. `debug` and
/// `trace` concern Jackfield itself, other libraries stay at `info`. What the audit says is never below `info`, and a
/// connection's level does not concern it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield log                            what is set
  jackfield log debug --connection ast     everything about one phone system
  jackfield log --reset --connection ast   enough of it
  jackfield log warn                       the whole host says less
  jackfield log --reset                    everything as at the start")]
pub(super) struct Log {
    #[command(flatten)]
    file: ConfigFile,
    /// What is to be logged from now on; without it: what is set is shown.
    #[arg(value_enum, conflicts_with = "reset")]
    level: Option<Level>,
    /// Only for this connection.
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    /// As at the start.
    #[arg(long)]
    reset: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Level {
    /// Nothing, not even the audit.
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Log {
    pub(super) fn main(self) -> Result<(), Failure> {
        let params = json!({ "connection": self.connection, "level": self.level.map(Level::name) });
        let method = if self.level.is_some() || self.reset { "setLogLevel" } else { "logLevels" };
        let levels = control::ask(&self.file, method, &params).map_err(Failure::new)?;
        if self.json {
            return output::say(&levels.to_string());
        }
        shown(&levels).iter().try_for_each(|line| output::say(line))
    }
}

fn shown(levels: &Value) -> Vec<String> {
    let text = |value: &Value| output::harmless(value.as_str().unwrap_or_default());
    let mut lines = vec![match levels["host"].as_str() {
        Some(level) => format!("the host: {} (at the start: {})", output::harmless(level), text(&levels["start"])),
        None => format!("the host: {}", text(&levels["start"])),
    }];
    for (id, level) in levels["connections"].as_object().into_iter().flatten() {
        lines.push(format!("connection {}: {}", output::harmless(id), text(level)));
    }
    lines
}
