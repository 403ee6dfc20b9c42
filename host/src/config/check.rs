//! Whether a configuration makes sense, and which lines it has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::{Table, Value};

use super::{Config, ConnectionConfig, Isolation, OpenMode, Role};

/// The shortest token: 128 bits as base64, or as good.
const MIN_TOKEN: usize = 16;
/// The longest line name; it stands in every event.
const MAX_NAME: usize = 100;

/// A line of a connection, with its settings put together.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LinePlan {
    /// `connection/device`.
    pub name: String,
    /// What stands after the slash.
    pub device: String,
    /// The adapter's settings of the line.
    pub settings: Table,
}

/// Checks what the types cannot.
///
/// # Errors
/// Every finding: which key, what was found, what to do.
pub fn check(config: &Config) -> Result<(), Vec<String>> {
    let mut findings = Vec::new();
    server(config, &mut findings);
    connections(config, &mut findings);
    lines(config, &mut findings);
    users(config, &mut findings);
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

fn server(config: &Config, findings: &mut Vec<String>) {
    let server = &config.server;
    if !server.listen.ip().is_loopback() && server.tls.is_none() && !server.insecure {
        findings.push(format!(
            "server.listen: {} is not loopback, so tokens and calls would cross the network unencrypted; set \
             server.tls, or server.insecure = true if something in front of the host encrypts",
            server.listen
        ));
    }
    let scan = config.plugins.scan;
    if scan < Duration::from_millis(100) || scan > Duration::from_secs(3600) {
        findings.push(format!("plugins.scan: {scan:?} is not between 100ms and 1h"));
    }
    let settle = config.plugins.settle;
    if settle < Duration::from_millis(100) || settle > Duration::from_secs(60) {
        findings.push(format!("plugins.settle: {settle:?} is not between 100ms and 1m"));
    }
    if !config.plugins.trusted_keys.is_empty() {
        findings.push(
            "plugins.trusted_keys: this version cannot check signatures yet, and would load unsigned libraries in \
             spite of it; remove the key"
                .to_owned(),
        );
    }
}

fn connections(config: &Config, findings: &mut Vec<String>) {
    let mut ids = BTreeSet::new();
    for connection in &config.connections {
        let id = &connection.id;
        if !is_id(id) {
            findings.push(format!("connection `{id}`: an id consists of a-z, 0-9 and -"));
        }
        if !ids.insert(id) {
            findings.push(format!("connection `{id}`: there are two of this id"));
        }
        if connection.isolation == Isolation::Process {
            findings.push(format!(
                "connection `{id}`: isolation = \"process\" (the default) does not exist in this version yet; write \
                 isolation = \"host\" to run this adapter inside the host, where it must be trusted"
            ));
        }
        if connection.hooks.is_some() {
            findings.push(format!(
                "connection `{id}`: hooks: this version does not take requests of phone systems yet; leave it out"
            ));
        }
        if connection.reorder_window.as_millis() > 200 {
            findings.push(format!("connection `{id}`: reorder_window is at most 200ms"));
        }
        if connection.backoff.first.is_zero() || connection.backoff.first > connection.backoff.most {
            findings.push(format!("connection `{id}`: backoff: `first` is above zero and not above `most`"));
        }
        if connection.replay > 100_000 {
            findings.push(format!("connection `{id}`: replay is at most 100000 events per line"));
        }
    }
}

fn lines(config: &Config, findings: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for line in &config.lines {
        let name = &line.name;
        if let Err(finding) = line_name(config, name) {
            findings.push(format!("line `{name}`: {finding}"));
        }
        if !names.insert(name) {
            findings.push(format!("line `{name}`: there are two of this name"));
        }
        if line.open == OpenMode::OnDemand {
            findings
                .push(format!("line `{name}`: open = \"on-demand\" does not exist in this version yet; leave it out"));
        }
    }
}

fn users(config: &Config, findings: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    let mut tokens = BTreeMap::new();
    for user in &config.users {
        let name = &user.name;
        if name.is_empty() || name.len() > MAX_NAME {
            findings.push(format!("user `{name}`: a name has 1 to {MAX_NAME} bytes"));
        }
        if !names.insert(name) {
            findings.push(format!("user `{name}`: there are two of this name"));
        }
        let token = user.token.reveal();
        if token.len() < MIN_TOKEN || !token.bytes().all(is_token_byte) {
            findings.push(format!(
                "user `{name}`: token: at least {MIN_TOKEN} of the characters A-Z a-z 0-9 - . _ ~ (a browser sends it \
                 as a subprotocol); `openssl rand -hex 24` makes one"
            ));
        } else if let Some(other) = tokens.insert(token, name) {
            findings.push(format!("user `{name}`: token: user `{other}` has the same one"));
        }
        for line in &user.lines {
            match line.strip_suffix("/*") {
                Some(_) if user.role == Role::Agent => {
                    findings.push(format!("user `{name}`: lines: `{line}`: an agent's lines are named one by one"));
                }
                Some(connection) => {
                    if !config.connections.iter().any(|c| c.id == connection) {
                        findings.push(format!("user `{name}`: lines: `{line}`: there is no such connection"));
                    }
                }
                None => {
                    if let Err(finding) = line_name(config, line) {
                        findings.push(format!("user `{name}`: lines: `{line}`: {finding}"));
                    }
                }
            }
        }
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_NAME
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn line_name(config: &Config, name: &str) -> Result<(), String> {
    let Some((connection, device)) = name.split_once('/') else {
        return Err("a line is named connection/device".to_owned());
    };
    if !config.connections.iter().any(|c| c.id == connection) {
        let known = config.connections.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", ");
        return Err(format!("there is no connection `{connection}` (there are: {known})"));
    }
    if device.is_empty() || device == "*" || name.len() > MAX_NAME || device.chars().any(char::is_control) {
        return Err(format!("the device is no name (1 character or more, {MAX_NAME} bytes in all)"));
    }
    Ok(())
}

/// The lines of a connection: those of `[[line]]`, and those that users name.
#[must_use]
pub fn line_plans(config: &Config, connection: &ConnectionConfig) -> Vec<LinePlan> {
    let mut names: BTreeSet<&str> = config.lines.iter().map(|l| l.name.as_str()).collect();
    names.extend(config.users.iter().flat_map(|u| u.lines.iter().map(String::as_str)).filter(|n| !n.ends_with("/*")));
    names
        .into_iter()
        .filter_map(|name| {
            name.split_once('/').filter(|(id, _)| *id == connection.id).map(|(_, device)| (name, device))
        })
        .map(|(name, device)| {
            let mut settings = connection.lines.clone();
            fill_in(&mut settings, device);
            if let Some(line) = config.lines.iter().find(|l| l.name == name) {
                settings.extend(line.settings.clone());
            }
            LinePlan { name: name.to_owned(), device: device.to_owned(), settings }
        })
        .collect()
}

/// Replaces `{device}` in every text.
fn fill_in(table: &mut Table, device: &str) {
    for (_, value) in table.iter_mut() {
        fill_in_value(value, device);
    }
}

fn fill_in_value(value: &mut Value, device: &str) {
    match value {
        Value::String(text) => *text = text.replace("{device}", device),
        Value::Table(table) => fill_in(table, device),
        Value::Array(values) => values.iter_mut().for_each(|v| fill_in_value(v, device)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const GOOD: &str = r#"
        [[connection]]
        id = "ast"
        plugin = "asterisk"
        isolation = "host"
        [connection.lines]
        device = "PJSIP/{device}"
        [[line]]
        name = "ast/102"
        settings = { device = "SIP/102" }
        [[user]]
        name = "alice"
        role = "agent"
        token = "alice-token-0123456789"
        lines = ["ast/101"]
    "#;

    fn read(text: &str) -> Result<Config, String> {
        super::super::load::parse(text, Path::new("c.toml"), Path::new("/"), std::iter::empty())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn lines_come_from_lines_and_users() {
        let config = read(GOOD).unwrap();
        let plans = line_plans(&config, &config.connections[0]);
        let seen: Vec<_> = plans.iter().map(|p| (p.name.as_str(), p.settings["device"].as_str().unwrap())).collect();
        assert_eq!(seen, [("ast/101", "PJSIP/101"), ("ast/102", "SIP/102")]);
    }

    #[test]
    fn every_finding_is_told_at_once() {
        let bad = GOOD
            .replace("isolation = \"host\"", "")
            .replace("alice-token-0123456789", "short")
            .replace("[\"ast/101\"]", "[\"ast/*\", \"as/101\", \"101\"]");
        let told = read(&bad).unwrap_err();
        for part in [
            "isolation = \"process\" (the default) does not exist",
            "at least 16",
            "named one by one",
            "there is no connection `as` (there are: ast)",
            "a line is named connection/device",
        ] {
            assert!(told.contains(part), "`{part}` is not in:\n{told}");
        }
    }

    #[test]
    fn the_folder_is_looked_at_neither_for_ever_nor_never() {
        let told = |text: &str| read(&format!("[plugins]\n{text}")).map(drop);
        assert_eq!(told("scan = \"100ms\"\nsettle = \"1m\"\nwatch = false"), Ok(()));
        for bad in ["scan = \"0s\"", "scan = \"2h\"", "settle = \"0ms\"", "settle = \"61s\""] {
            let key = bad.split(' ').next().unwrap_or_default();
            assert!(told(bad).unwrap_err().contains(&format!("plugins.{key}: ")), "{bad}");
        }
    }

    #[test]
    fn the_network_needs_encryption() {
        assert!(read("[server]\nlisten = \"0.0.0.0:8080\"").unwrap_err().contains("not loopback"));
        assert!(read("[server]\nlisten = \"0.0.0.0:8080\"\ninsecure = true").is_ok());
        assert!(read("[server]\nlisten = \"[::1]:8080\"").is_ok());
    }
}
