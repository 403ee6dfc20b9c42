//! The command line.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the configuration is refused.

mod bench;
mod check;
mod control;
mod doctor;
mod explain;
mod log;
mod login;
mod manager;
mod manual;
mod output;
mod paths;
mod plugins;
mod record;
mod replay;
mod replay_diff;
mod run;
mod schema;
mod service;
mod store;
mod watch;
mod watch_line;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::api::pages;

const AFTER: &str = "Exit codes:
  0  done
  1  failed, or a problem was found
  2  wrong usage of the command line
  3  the configuration is refused

Environment:
  JACKFIELD_CONFIG    the configuration file, unless --config names one
  JACKFIELD_<TABLE>__<KEY>
                      a key of [server], [plugins] or [store]
  JACKFIELD_LOG       what is logged: info, jackfield=debug
  NO_COLOR            no colours, also on a terminal

Files:
  $XDG_CONFIG_HOME/jackfield/jackfield.toml (~/.config), for users
  other than root, when it is there; else
  /etc/jackfield/jackfield.toml

Examples:
  jackfield run --config jackfield.toml
  jackfield doctor
  jackfield service install";

/// A host into which phone systems are plugged: one stream of CtiModel events for every client.
#[derive(Debug, Parser)]
#[command(name = "jackfield", version, about, propagate_version = true, after_help = AFTER)]
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
    /// Shows or changes the levels of a running host's log, without a restart.
    Log(log::Log),
    /// Prints an address that opens the panel as a user of the configuration, once, within five minutes.
    Login(login::Login),
    /// Says in one page what is wrong with an installation, and what to do.
    Doctor(doctor::Doctor),
    /// Records what a phone system and its adapter say to each other, to be played again.
    Record(record::Record),
    /// Plays a recording again with a library, without a phone system and without waiting.
    Replay(replay::Replay),
    /// Shows which messages of the phone system led to which events of a call, from a recording.
    Explain(explain::Explain),
    /// Looks after the history of calls: backs it up, restores it, checks it, brings it to this version, forgets calls.
    Store(store::Store),
    /// Runs the host as a service of systemd: prints or installs its unit.
    Service(service::Service),
    /// Measures what this machine can carry: a host of its own, simulated calls, clients.
    Bench(bench::Bench),
    /// Prints JSON Schemas of what clients and host say to each other.
    Schema(schema::Schema),
    /// Prints the manual page, or writes one for every command.
    Man(manual::Man),
    /// Prints the completions of a shell.
    Completions(manual::Completions),
    /// Shows the versions of the host and of its plugin API.
    #[command(after_help = "Examples:\n  jackfield version --json")]
    Version {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
struct ConfigFile {
    /// The configuration file. By default $XDG_CONFIG_HOME/jackfield/jackfield.toml (~/.config) when it is there and
    /// one is not root, else /etc/jackfield/jackfield.toml.
    #[arg(
        long, short, global = true, value_name = "FILE", env = "JACKFIELD_CONFIG",
        default_value_os_t = paths::default_config(), hide_default_value = true
    )]
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
    #[cfg(target_os = "linux")]
    {
        use crate::plugins::runner;
        if std::env::args_os().nth(1).is_some_and(|command| command == runner::COMMAND) {
            return runner::seat::main();
        }
        runner::Runners::allow(runner::Program::Own);
    }
    // The only provider there is; a second installation would be the only failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let done = match Cli::parse().command {
        Command::Run(run) => run.main(),
        Command::Check(check) => check.main(),
        Command::Plugins(plugins) => plugins.main(),
        Command::Watch(watch) => watch.main(),
        Command::Status(status) => status.main(),
        Command::Reload(reload) => reload.main(),
        Command::Log(log) => log.main(),
        Command::Login(login) => login.main(),
        Command::Doctor(doctor) => doctor.main(),
        Command::Record(record) => record.main(),
        Command::Replay(replay) => replay.main(),
        Command::Explain(explain) => explain.main(),
        Command::Store(store) => store.main(),
        Command::Service(service) => service.main(),
        Command::Bench(bench) => bench.main(),
        Command::Schema(schema) => schema.main(),
        Command::Man(man) => man.main(),
        Command::Completions(completions) => completions.main(),
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
        true => {
            let pages: serde_json::Map<_, _> =
                pages::built().iter().map(|(name, there)| ((*name).to_owned(), (*there).into())).collect();
            serde_json::json!({ "jackfield": host, "pluginApi": api, "protocol": 1, "pages": pages }).to_string()
        }
        false => {
            format!("jackfield {host}\nplugin API {api}\nclient protocol 1 (jackfield.v1)\n{}", pages::in_words())
        }
    })
}
