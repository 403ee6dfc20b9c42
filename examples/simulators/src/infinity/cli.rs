//! `jackfield-sim infinity`.

use std::net::SocketAddr;
use std::time::SystemTime;

use clap::Args;

use super::{Config, Simulator};
use crate::{Kind, cli, control};

/// A phone system that speaks Infinity's HTTP integration module.
///
/// Users 11 to 14 with the extensions 101 to 104, a queue at 700, a machine at 800; every other number is outside and
/// answers after three seconds. A configuration file changes all of it.
#[derive(Debug, Args)]
#[command(after_long_help = format!("The control channel:\n\n{}", control::help::<Simulator>()))]
pub struct Arguments {
    /// Where the integration module listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:10080")]
    listen: SocketAddr,
    /// Where the control channel listens: whoever reaches it moves the phones
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:10090")]
    control: SocketAddr,
    #[command(flatten)]
    common: cli::Common,
}

impl Arguments {
    /// Runs it until Ctrl-C.
    ///
    /// # Errors
    /// A file cannot be used, or an address is taken.
    pub async fn run(self) -> Result<(), String> {
        let mut config = self.common.read(Config::parse)?;
        config.answers.began = today();
        let doors = self.common.doors(Kind::Http, self.listen)?;
        cli::run(Simulator::new(config, self.common.seed), doors, self.control).await
    }
}

/// The time now, as OLE Automation has it: days since 30 December 1899.
fn today() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    25_569.0 + since.as_secs_f64() / 86_400.0
}
