//! `jackfield-oktell-simulator`: an Oktell to try clients against.

use std::{fs, io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use jackfield_oktell_simulator::{Config, HELP, Options, Tls, serve};

/// A phone system that speaks Oktell's WebSocket protocol.
///
/// Users op1 to op4 with the numbers 101 to 104 (password Secret1), a queue at 700, a welcome script at 800; every other
/// number is outside and answers after three seconds. A configuration file changes all of it.
#[derive(Debug, Parser)]
#[command(version, after_long_help = format!("The control channel:\n\n{HELP}"))]
struct Arguments {
    /// Where the WebSocket listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4066")]
    listen: SocketAddr,
    /// Where the control channel listens: whoever reaches it moves the phones
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4067")]
    control: SocketAddr,
    /// Where the WebSocket over TLS listens
    #[arg(long, value_name = "ADDRESS", requires = "tls_cert", requires = "tls_key")]
    tls_listen: Option<SocketAddr>,
    /// The certificates for it, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The key for it, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Users, queues, scripts, times and faults, TOML: the README shows one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The seed of the ids, which are the same for the same seed
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let read = |path: &PathBuf| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let config = match &arguments.config {
        Some(path) => {
            let text = String::from_utf8(read(path)?).map_err(|_| format!("{}: this is no UTF-8", path.display()))?;
            Config::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?
        }
        None => Config::default(),
    };
    let tls = match (arguments.tls_listen, &arguments.tls_cert, &arguments.tls_key) {
        (Some(at), Some(cert), Some(key)) => Some((at, Tls { certificates: read(cert)?, key: read(key)? })),
        _ => None,
    };
    let options = Options { listen: arguments.listen, tls, control: arguments.control, seed: arguments.seed };
    let server = serve(config, options).await.map_err(|error| error.to_string())?;
    let mut out = std::io::stdout();
    let secure = server.tls_address.map(|at| format!("wss://{at}\n")).unwrap_or_default();
    writeln!(out, "ws://{}\n{secure}control {}", server.address, server.control).map_err(|error| error.to_string())?;
    out.flush().map_err(|error| error.to_string())?;
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}
