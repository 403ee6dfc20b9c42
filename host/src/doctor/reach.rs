//! The way to a phone system: its name, its port. Nothing is said to it, and nobody logs in.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use jackfield_plugin_api::Manifest;
use toml::Value;

use super::{Finding, LIMIT};
use crate::config::ConnectionConfig;

/// Where an adapter's settings say that its phone system is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    topic: String,
    at: At,
}

#[derive(Debug, Clone, PartialEq)]
enum At {
    Place {
        host: String,
        port: u16,
    },
    /// Why nothing is tried.
    NotKnown(String),
}

impl Target {
    /// Settings are the adapter's own business; but many of them have a `host` and a `port`, or a `url`.
    pub(super) fn of(connection: &ConnectionConfig, manifest: &Manifest) -> Self {
        let schema = manifest.config_schema.as_value();
        let known = |key: &str| schema.pointer(&format!("/properties/{key}")).is_some();
        let set = |key: &str| connection.settings.get(key).filter(|_| known(key));
        let at = if let Some(url) = set("url").and_then(Value::as_str) {
            of_url(url)
        } else if let Some(host) = set("host").and_then(Value::as_str) {
            let port = set("port").and_then(Value::as_integer);
            let port = port.or_else(|| schema.pointer("/properties/port/default")?.as_i64());
            match port.and_then(|port| u16::try_from(port).ok()) {
                Some(port) => At::Place { host: host.to_owned(), port },
                None => At::NotKnown("its settings name no port".to_owned()),
            }
        } else {
            At::NotKnown("its settings name no host and no url".to_owned())
        };
        Self { topic: format!("connection {}", connection.id), at }
    }
}

/// `wss://host:port/…`. What stands before an `@` is a secret and goes nowhere.
fn of_url(url: &str) -> At {
    let usual = |scheme: &str| match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    let unknown = || At::NotKnown("its `url` is not understood here".to_owned());
    let Some((scheme, rest)) = url.split_once("://") else { return unknown() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    // A colon within brackets belongs to an address.
    let split = place.rsplit_once(':').filter(|(_, port)| !port.contains(']'));
    let (host, port) = match split {
        Some((host, port)) => (host, port.parse().ok()),
        None => (place, usual(scheme)),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match port {
        Some(port) if !host.is_empty() => At::Place { host: host.to_owned(), port },
        _ => unknown(),
    }
}

/// Tries to connect, and hangs up.
pub(super) async fn reach(Target { topic, at }: Target) -> Finding {
    let (host, port) = match at {
        At::Place { host, port } => (host, port),
        At::NotKnown(why) => return Finding::ok(topic, format!("the way to its phone system was not tried: {why}")),
    };
    let addresses: Vec<SocketAddr> =
        match tokio::time::timeout(LIMIT, tokio::net::lookup_host((host.as_str(), port))).await {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(e)) => {
                let next = format!("check settings.host, and the name server: getent hosts {host}");
                return Finding::problem(topic, format!("{host} is not found: {e}"), next);
            }
            Err(_) => {
                let next = "check the name server: /etc/resolv.conf";
                return Finding::problem(topic, format!("{host}: no name server answers within {LIMIT:?}"), next);
            }
        };
    let began = Instant::now();
    match tokio::time::timeout(LIMIT, tokio::net::TcpStream::connect(&addresses[..])).await {
        Ok(Ok(_)) => Finding::ok(
            topic,
            format!("{host}:{port} accepts connections{}; the login was not tried", slow(began.elapsed())),
        ),
        Ok(Err(e)) => {
            let next = "check address and port of the settings, that the phone system runs, and firewalls";
            Finding::problem(topic, format!("{host}:{port}: {e}"), next)
        }
        Err(_) => {
            let next = "something swallows the packets: check the address, routes and firewalls";
            Finding::problem(topic, format!("{host}:{port}: no connection within {LIMIT:?}"), next)
        }
    }
}

/// Worth a word only when it is long.
fn slow(took: Duration) -> String {
    if took < Duration::from_millis(300) { String::new() } else { format!(" (after {} ms)", took.as_millis()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_from_a_url_without_its_secrets() {
        let place = |host: &str, port| At::Place { host: host.to_owned(), port };
        assert_eq!(of_url("wss://user:secret@pbx.example/x?y"), place("pbx.example", 443));
        assert_eq!(of_url("http://[::1]:8088/"), place("::1", 8088));
        assert_eq!(of_url("http://[::1]/"), place("::1", 80));
        for odd in ["", "pbx", "tcp://pbx", "http://", "http://:1", "http://pbx:99999"] {
            assert!(matches!(of_url(odd), At::NotKnown(_)), "{odd}");
        }
    }
}
