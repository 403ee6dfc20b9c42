//! Addresses that log a user in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::{Value, json};

use super::Service;
use crate::api::{CODE_LASTS, pages};
use crate::config::Role;

impl Service {
    /// Addresses that open the panel as a user, and for an admin the administrator's page; each is good once, soon.
    /// `at`: what browsers call this host, when it is not its own address.
    ///
    /// # Errors
    /// There is no such user, or too many wait.
    pub fn login(&self, user: &str, at: Option<&str>) -> Result<Value, String> {
        let own = || format!("{}://{}", if self.certificate.is_some() { "https" } else { "http" }, near(self.address));
        let at = at.map_or_else(own, |at| at.trim_end_matches('/').to_owned());
        // A code of its own for each: each is used by its page.
        let way = |page: &str| self.shared.login_code(user).map(|code| format!("{at}{page}#login={code}"));
        let mut ways = json!({ "user": user, "panel": way("/")?, "expiresIn": CODE_LASTS.as_secs() });
        let directory = self.shared.directory();
        if directory.users.named(user).is_some_and(|user| user.role == Role::Admin) {
            ways["admin"] = json!(way("/admin/")?);
        }
        if pages::built().iter().any(|(_, there)| !there) {
            ways["missing"] = json!(pages::in_words());
        }
        Ok(ways)
    }
}

/// An address of this machine that a browser on it can open, for one that listens everywhere.
fn near(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
