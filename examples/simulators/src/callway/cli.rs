//! `jackfield-sim callway`.

use std::net::SocketAddr;

use clap::Args;

use super::{Config, Simulator};
use crate::{Kind, cli, control};

/// A phone system that speaks CallWay's integration protocol.
///
/// Operators 210 to 214 (213 and 214 with desk phones), a queue at 700, a welcome script at 800, the login integration
/// with the password Secret1; every other number is outside and answers after three seconds. A configuration file
/// changes all of it.
#[derive(Debug, Args)]
#[command(after_long_help = format!("The control channel:\n\n{}", control::help::<Simulator>()))]
pub struct Arguments {
    /// Where clients connect
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:34600")]
    listen: SocketAddr,
    /// Where the control channel listens: whoever reaches it moves the phones
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:34601")]
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
        let config = self.common.read(Config::parse)?;
        let doors = self.common.doors(Kind::Tcp, self.listen)?;
        cli::run(Simulator::new(config, self.common.seed), doors, self.control).await
    }
}
