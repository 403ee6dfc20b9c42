//! The address of a PostgreSQL, and how the way to it is protected.
//!
//! Two ways, and no third that looks safe and is not: encrypted with the server's certificate checked
//! (`sslmode=require`, or `verify-full`, which means the same here), or not at all (`sslmode=disable`). When the address
//! does not say, a server of this machine is reached plainly, any other one with its certificate checked.

use std::path::PathBuf;
use std::sync::Arc;

use postgres::Config;
use postgres::config::{Host, SslMode};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// What an address looks like.
const EXPECTED: &str = "postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?sslmode=require]";

/// A database of a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Without `sslmode`.
    url: String,
    encrypted: bool,
    ca: Option<PathBuf>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Server {
    /// The server of an address.
    ///
    /// # Errors
    /// What is expected. What was found may hold the password, and is not repeated.
    pub(super) fn of(url: &str) -> Result<Self, String> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut rest) = (None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", said)) => mode = Some(said),
                Some(("sslrootcert", _)) => {
                    return Err(format!("{EXPECTED}; the file of trusted roots is `store.ca`, not in the address"));
                }
                _ => rest.push(pair),
            }
        }
        let url = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        let config: Config = url.parse().map_err(|_| EXPECTED.to_owned())?;
        let encrypted = match mode {
            None => !is_near(&config),
            Some("disable") => false,
            Some("require" | "verify-full") => true,
            Some(_) => {
                return Err(format!(
                    "{EXPECTED}; `sslmode` is `require` (encrypted, the certificate is checked) or `disable` (the way to \
                     the server is trusted)"
                ));
            }
        };
        Ok(Self { url, encrypted, ca: None })
    }

    /// With a file of further trusted roots.
    #[must_use]
    pub fn with_ca(self, ca: Option<PathBuf>) -> Self {
        Self { ca, ..self }
    }

    /// As it may be shown: no password.
    pub(super) fn shown(&self) -> String {
        // An address may carry a password among its parameters, too.
        let place = self.url.split_once('?').map_or(self.url.as_str(), |(place, _)| place);
        match (place.split_once("://"), place.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
            _ => place.to_owned(),
        }
    }

    /// How to connect.
    pub(super) fn config(&self) -> Result<Config, String> {
        let mut config: Config =
            self.url.parse().map_err(|_| format!("store.url is not understood; expected {EXPECTED}"))?;
        config.ssl_mode(if self.encrypted { SslMode::Require } else { SslMode::Disable });
        Ok(config)
    }

    /// How the server's certificate is checked: by the system's roots, and those of `ca`. Read at every connection:
    /// certificates are renewed while the host runs. None: nothing is encrypted.
    pub(super) fn tls(&self) -> Result<Option<rustls::ClientConfig>, String> {
        if !self.encrypted {
            return Ok(None);
        }
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(file) = &self.ca {
            let told = |why: &dyn std::fmt::Display| format!("store.ca: {}: {why}", file.display());
            let own: Vec<_> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect).map_err(|e| told(&e))?;
            if own.is_empty() {
                return Err(told(&"there is no certificate in it"));
            }
            roots.add_parsable_certificates(own);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?;
        Ok(Some(config.with_root_certificates(roots).with_no_client_auth()))
    }

    /// Why a connection that failed may have failed, and what to do.
    pub(super) fn hint(&self, why: &str) -> &'static str {
        if !self.encrypted {
            return "";
        }
        if why.contains("does not support TLS") {
            return "; `sslmode=disable` in `store.url` says that the way to the server is trusted";
        }
        if why.contains("certificate") && self.ca.is_none() {
            return "; if the certificate is of an authority of your own, name its root as `store.ca`";
        }
        ""
    }
}

/// Whether all hosts of an address are this machine.
fn is_near(config: &Config) -> bool {
    let near = |host: &Host| match host {
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(near) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_another_machine_is_encrypted_unless_it_is_said_to_be_trusted() {
        for (url, encrypted) in [
            ("postgres://me@%2Fvar%2Frun%2Fpostgresql/db", false),
            ("postgres://me@localhost/db", false),
            ("postgres://me@127.0.0.1:5433/db", false),
            ("postgres://me@db.example/db", true),
            ("postgres://me@10.0.0.7/db?connect_timeout=3", true),
            ("postgres://me@localhost,db.example/db", true),
            ("postgres://me@localhost/db?sslmode=require", true),
            ("postgres://me@localhost/db?sslmode=verify-full", true),
            ("postgres://me@db.example/db?sslmode=disable", false),
        ] {
            let server = Server::of(url).unwrap();
            assert_eq!(server.encrypted, encrypted, "{url}");
            let mode = server.config().unwrap().get_ssl_mode();
            assert_eq!(mode == SslMode::Require, encrypted, "{url}");
        }
        for (url, said) in [
            ("postgres://me@db/db?sslmode=prefer", "`require`"),
            ("postgres://me@db/db?sslmode=verify-ca", "`require`"),
            ("postgres://me@db/db?sslrootcert=a.pem", "`store.ca`"),
            ("postgres://me@db/db?nonsense=1", "postgres://USER"),
            ("postgres://me@db:port/db", "postgres://USER"),
        ] {
            let why = Server::of(url).unwrap_err();
            assert!(why.contains(said), "{url}: {why}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        for url in ["postgres://me:geheim@db/x?sslmode=require", "postgres://me@db/x?password=geheim"] {
            let server = Server::of(url).unwrap();
            assert!(!format!("{server:?}").contains("geheim"), "{server:?}");
        }
    }
}
