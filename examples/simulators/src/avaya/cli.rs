//! `jackfield-sim avaya`.

use std::net::SocketAddr;

use clap::Args;

use super::{Config, Simulator};
use crate::{Door, Kind, cli, control};

/// A phone system that speaks CSTA XML as Avaya's AE Services do (DMCC).
///
/// Stations 101 to 106, the VDN 600 of the split 700, agents 9001 to 9003 (password 1234); every longer number is outside
/// and answers after three seconds. Programs log in as cti (password Secret1); the switch connection is CM1. A
/// configuration file changes all of it.
#[derive(Debug, Args)]
#[command(after_long_help = format!("The control channel:\n\n{}", control::help::<Simulator>()))]
pub struct Arguments {
    /// Where the server listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4721")]
    listen: SocketAddr,
    /// Where there is a second server for the same switch (a failover pair)
    #[arg(long, value_name = "ADDRESS")]
    second_listen: Option<SocketAddr>,
    /// Where the control channel listens: whoever reaches it moves the phones
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4729")]
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
        let mut doors = self.common.doors(Kind::Tcp, self.listen)?;
        let mut servers = vec![0; doors.len()];
        if let Some(at) = self.second_listen {
            doors.push(Door { at, kind: Kind::Tcp, tls: None });
            servers.push(1);
        }
        cli::run(Simulator::new(config, self.common.seed).behind(&servers), doors, self.control).await
    }
}
