//! The command line.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the configuration is refused.

mod bench;
mod check;
mod control;
mod output;
mod plugins;
mod run;
mod schema;
mod watch;
mod watch_line;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A host into which phone systems are plugged: one stream of CtiModel events for every client.
#[derive(Debug, Parser)]
#[command(name = "jackfield", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the host in the foreground until SIGTERM or Ctrl-C.
    Run(run::Run),
    /// Checks a configuration, all of it, and says everything that is wrong with it.
    Check(check::Check),
    /// Shows the libraries of a folder: what each is, or why it is refused.
    Plugins(plugins::Plugins),
    /// Connects to a running host and prints events as they come.
    Watch(watch::Watch),
    /// Shows how the running host is: connections, adapters, lines, calls, clients.
    Status(control::Status),
    /// Lets the running host read its configuration again; only what differs is touched.
    Reload(control::Reload),
    /// Measures what this machine can carry: a host of its own, simulated calls, clients.
    Bench(bench::Bench),
    /// Prints JSON Schemas of what clients and host say to each other.
    Schema(schema::Schema),
    /// Shows the versions of the host and of its plugin API.
    Version {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, short, value_name = "FILE", env = "JACKFIELD_CONFIG", default_value = "/etc/jackfield/jackfield.toml")]
    config: PathBuf,
}

/// What went wrong, and the exit code for it.
struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    fn new(text: impl Into<String>) -> Self {
        Self { code: 1, text: text.into() }
    }

    fn config(error: &crate::config::ConfigError) -> Self {
        Self { code: 3, text: error.to_string() }
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    // The only provider there is; a second installation would be the only failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let done = match Cli::parse().command {
        Command::Run(run) => run.main(),
        Command::Check(check) => check.main(),
        Command::Plugins(plugins) => plugins.main(),
        Command::Watch(watch) => watch.main(),
        Command::Status(status) => status.main(),
        Command::Reload(reload) => reload.main(),
        Command::Bench(bench) => bench.main(),
        Command::Schema(schema) => schema.main(),
        Command::Version { json } => version(json),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, text }) => {
            output::complain(&text);
            ExitCode::from(code)
        }
    }
}

fn version(json: bool) -> Result<(), Failure> {
    let (host, api) = (env!("CARGO_PKG_VERSION"), jackfield_plugin_api::API_VERSION);
    output::say(&match json {
        true => serde_json::json!({ "jackfield": host, "pluginApi": api, "protocol": 1 }).to_string(),
        false => format!("jackfield {host}\nplugin API {api}\nclient protocol 1 (jackfield.v1)"),
    })
}
