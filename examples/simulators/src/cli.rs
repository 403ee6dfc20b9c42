//! What the command lines of all phone systems share.

use std::{fs, io::Write, net::SocketAddr, path::PathBuf};

use clap::Args;

use crate::{Door, Kind, Server, System, Tls, serve};

/// Options of every phone system.
#[derive(Debug, Args)]
pub struct Common {
    /// Where there is a door over TLS as well
    #[arg(long, value_name = "ADDRESS", requires = "tls_cert", requires = "tls_key")]
    pub tls_listen: Option<SocketAddr>,
    /// The certificates for it, PEM
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The key for it, PEM
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// What the phone system consists of, TOML: its README shows one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The seed of the ids, which are the same for the same seed
    #[arg(long, default_value_t = 1)]
    pub seed: u32,
}

impl Common {
    /// The configuration: that of the file, or the default.
    ///
    /// # Errors
    /// The file cannot be read, or not be understood.
    pub fn read<C: Default>(&self, parse: impl Fn(&str) -> Result<C, String>) -> Result<C, String> {
        let Some(path) = &self.config else { return Ok(C::default()) };
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The door, and the one over TLS if there is to be one.
    ///
    /// # Errors
    /// Certificate or key cannot be read.
    pub fn doors(&self, kind: Kind, listen: SocketAddr) -> Result<Vec<Door>, String> {
        let read = |path: &PathBuf| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        let mut doors = vec![Door { at: listen, kind, tls: None }];
        if let (Some(at), Some(cert), Some(key)) = (self.tls_listen, &self.tls_cert, &self.tls_key) {
            doors.push(Door { at, kind, tls: Some(Tls { certificates: read(cert)?, key: read(key)? }) });
        }
        Ok(doors)
    }
}

/// Runs a phone system until Ctrl-C: says where it is, a line for each door and one for the control channel.
///
/// # Errors
/// It cannot be started.
pub async fn run<S: System>(system: S, doors: Vec<Door>, control: SocketAddr) -> Result<(), String> {
    let server: Server = serve(system, doors, control).await.map_err(|error| error.to_string())?;
    let mut out = std::io::stdout();
    let mut text = String::new();
    for (scheme, address) in &server.doors {
        text += &format!("{scheme}://{address}\n");
    }
    text += &format!("control {}\n", server.control);
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}
