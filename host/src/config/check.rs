//! Whether a configuration makes sense, beyond what the types of its keys say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::finding::Finding;
use super::path::KeyPath;
use super::source::At;
use super::{Config, HooksConfig, Role, duration, words};

pub use super::lines::line_plans;

/// The shortest token: 128 bits as base64, or as good.
const MIN_TOKEN: usize = 16;
/// The longest line name; it stands in every event.
const MAX_NAME: usize = 100;
/// The longest body of a hook, in KiB.
const HOOK_BODY: RangeInclusive<u32> = 1..=1_024;
/// Hooks a second.
const HOOK_RATE: RangeInclusive<u32> = 1..=10_000;
/// How long a line may stay open without clients.
const LINGER: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(86_400);
/// An adapter that takes longer holds up its connection's calls; one that has less is ended by a busy machine.
const INPUT_TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(300);
/// How long the version before a new one may be kept alive.
const PROBATIONS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3600);
/// Memory of an adapter's process, in MiB.
const MEMORY: RangeInclusive<u32> = 16..=65_536;
/// The longest re-order window.
const MAX_WINDOW: Duration = Duration::from_millis(200);
/// The most events that a line keeps.
const MAX_REPLAY: usize = 100_000;
/// How often the folder may be looked at.
const SCAN: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(3_600);
/// How much may wait for the database.
const PENDING_MIB: RangeInclusive<u64> = 8..=1_000_000;
/// How long a file may have to rest.
const SETTLE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);

/// What makes no sense. `wrong`: keys that were found wrong before, and are not judged any more.
pub(super) fn check(config: &Config, wrong: &BTreeSet<KeyPath>) -> Vec<Finding> {
    let ids = config.connections.iter().map(|c| c.id.as_str()).filter(|id| !id.is_empty()).collect();
    let mut checking = Checking { config, wrong, ids, findings: Vec::new() };
    checking.server();
    checking.connections();
    checking.lines();
    checking.users();
    checking.findings
}

struct Checking<'a> {
    config: &'a Config,
    wrong: &'a BTreeSet<KeyPath>,
    /// The connections' ids.
    ids: Vec<&'a str>,
    findings: Vec<Finding>,
}

impl Checking<'_> {
    /// Whether the value, something in it or something around it was found wrong before.
    fn is_wrong(&self, path: &KeyPath) -> bool {
        let within = self.wrong.range(path..).next().is_some_and(|first| first.is_within(path));
        let mut around = Some(path.clone());
        while let Some(here) = around {
            if self.wrong.contains(&here) {
                return true;
            }
            around = here.parent();
        }
        within
    }

    fn add(&mut self, finding: Finding) {
        // What only stands in for a missing key says nothing.
        let stands_in = matches!(finding.path.last_key(), Some("id" | "name" | "token" | "url"))
            && !self.config.source.has(&finding.path);
        if !stands_in && !self.is_wrong(&finding.path) {
            self.findings.push(self.config.source.locate(finding, At::Value));
        }
    }

    fn server(&mut self) {
        let (server, top) = (&self.config.server, KeyPath::of("server"));
        let open = !server.listen.ip().is_loopback() && server.tls.is_none() && !server.insecure;
        // A misspelt `tls` is told; that it is not there is no news then.
        if open && !self.is_wrong(&top) {
            let message = format!(
                "{} is not loopback, and there is no TLS: tokens and calls would cross the network unencrypted",
                server.listen
            );
            let hint = "add tls = { cert = \"…\", key = \"…\" }, or insecure = true if something in front of the host \
                        encrypts";
            self.add(Finding::new(top.key("listen"), message).hint(hint));
        }
        let plugins = KeyPath::of("plugins");
        self.between(plugins.key("scan"), self.config.plugins.scan, SCAN);
        self.between(plugins.key("settle"), self.config.plugins.settle, SETTLE);
        self.store();
        if !self.config.plugins.trusted_keys.is_empty() {
            let message = "this version cannot check signatures yet, and would load unsigned libraries in spite of it";
            self.add(Finding::new(plugins.key("trusted_keys"), message).hint("leave it out"));
        }
    }

    fn store(&mut self) {
        let Some(store) = &self.config.store else { return };
        let path = KeyPath::of("store");
        if let Err(expected) = store.source() {
            // The address may hold a password: it is not repeated.
            let found = if store.url.reveal().is_empty() { "an empty text" } else { "something else" };
            self.add(Finding::other(path.key("url"), found, expected));
        }
        if store.ca.is_some() && !store.url.reveal().starts_with("postgres") {
            self.add(Finding::new(path.key("ca"), "only a PostgreSQL server has this").hint("leave it out"));
        }
        if !PENDING_MIB.contains(&store.pending_mib) {
            let (least, most) = (PENDING_MIB.start(), PENDING_MIB.end());
            let (found, expected) = (store.pending_mib.to_string(), format!("a number from {least} to {most}"));
            self.add(Finding::other(path.key("pending_mib"), found, expected));
        }
        if store.keep_days == Some(0) {
            let finding = Finding::other(path.key("keep_days"), "0", "a number of days above 0");
            self.add(finding.hint("leave it out to keep calls for ever"));
        }
    }

    fn between(&mut self, path: KeyPath, found: Duration, expected: RangeInclusive<Duration>) {
        if !expected.contains(&found) {
            let (least, most) = (duration::text(*expected.start()), duration::text(*expected.end()));
            let found = format!("\"{}\"", duration::text(found));
            self.add(Finding::other(path, found, format!("a duration from \"{least}\" to \"{most}\"")));
        }
    }

    fn connections(&mut self) {
        let mut ids = BTreeSet::new();
        for (index, connection) in self.config.connections.iter().enumerate() {
            let path = KeyPath::of("connection").index(index);
            let id = &connection.id;
            if !is_id(id) {
                let expected = "an id of 1 to 100 of the characters a-z, 0-9 and -";
                self.add(Finding::other(path.key("id"), words::quoted(id), expected).maybe_hint(better_id(id)));
            } else if !ids.insert(id) {
                let message = format!("there is another connection {} above", words::name(id));
                self.add(Finding::new(path.key("id"), message).hint("every connection needs an id of its own"));
            }
            self.between(path.key("input_timeout"), connection.input_timeout, INPUT_TIMEOUTS);
            self.between(path.key("probation"), connection.probation, PROBATIONS);
            if !MEMORY.contains(&connection.memory) {
                let expected = format!("from {} to {} MiB", MEMORY.start(), MEMORY.end());
                self.add(Finding::other(path.key("memory"), connection.memory.to_string(), expected));
            }
            if let Some(hooks) = &connection.hooks {
                self.hooks(&path.key("hooks"), hooks);
            }
            self.between(path.key("linger"), connection.linger, LINGER);
            if let Some(recordings) = &connection.recordings {
                let kept = self.config.store.is_some();
                recordings.check(&path.key("recordings"), kept).into_iter().for_each(|finding| self.add(finding));
            }
            self.between(path.key("reorder_window"), connection.reorder_window, Duration::ZERO..=MAX_WINDOW);
            let (first, most) = (connection.backoff.first, connection.backoff.most);
            if first.is_zero() {
                let finding = Finding::other(path.key("backoff").key("first"), "\"0s\"", "a duration above 0");
                self.add(finding);
            } else if first > most {
                let message = format!(
                    "`first` (\"{}\") is longer than `most` (\"{}\")",
                    duration::text(first),
                    duration::text(most)
                );
                self.add(Finding::new(path.key("backoff"), message));
            }
            if connection.replay > MAX_REPLAY {
                let (found, most) = (connection.replay, MAX_REPLAY);
                let finding = Finding::other(path.key("replay"), found.to_string(), format!("at most {most} events"));
                self.add(finding);
            }
        }
    }

    fn hooks(&mut self, path: &KeyPath, hooks: &HooksConfig) {
        for (key, found, expected) in [("body_kib", hooks.body_kib, HOOK_BODY), ("rate", hooks.rate, HOOK_RATE)] {
            if !expected.contains(&found) {
                let expected = format!("a number from {} to {}", expected.start(), expected.end());
                self.add(Finding::other(path.key(key), found.to_string(), expected));
            }
        }
        if let Some(secret) = &hooks.secret {
            self.secret(path.key("secret"), secret.reveal());
        }
    }

    /// Something that only who may know it knows.
    fn secret(&mut self, path: KeyPath, secret: &str) -> bool {
        let sound = secret.len() >= MIN_TOKEN && secret.bytes().all(is_token_byte);
        if !sound {
            // Which character it is would be a part of the secret.
            let found = match secret.len() < MIN_TOKEN {
                true => format!("a text of {} characters", secret.chars().count()),
                false => "a text with other characters in it".to_owned(),
            };
            let expected = format!("at least {MIN_TOKEN} of the characters A-Z a-z 0-9 - . _ ~");
            let finding = Finding::other(path, found, expected);
            self.add(finding.hint("`openssl rand -hex 24` makes one"));
        }
        sound
    }

    fn lines(&mut self) {
        let mut names = BTreeSet::new();
        for (index, line) in self.config.lines.iter().enumerate() {
            let path = KeyPath::of("line").index(index);
            let name = &line.name;
            self.line_name(path.key("name"), name);
            if !names.insert(name) {
                let finding =
                    Finding::new(path.key("name"), format!("there is another line {} above", words::name(name)));
                self.add(finding.hint("put the settings of a line into one [[line]]"));
            }
        }
    }

    fn users(&mut self) {
        let mut names = BTreeSet::new();
        let mut tokens: BTreeMap<&str, &str> = BTreeMap::new();
        for (index, user) in self.config.users.iter().enumerate() {
            let path = KeyPath::of("user").index(index);
            let name = user.name.as_str();
            if name.is_empty() || name.len() > MAX_NAME {
                let found = format!("{} bytes", name.len());
                self.add(Finding::other(path.key("name"), found, format!("a name of 1 to {MAX_NAME} bytes")));
            } else if !names.insert(name) {
                self.add(Finding::new(path.key("name"), format!("there is another user {} above", words::name(name))));
            }
            let token = user.token.reveal();
            if !self.secret(path.key("token"), token) {
                // Told already.
            } else if let Some(other) = tokens.insert(token, name) {
                let finding = Finding::new(path.key("token"), format!("user {} has the same one", words::name(other)));
                self.add(finding.hint("every user needs a token of their own; `openssl rand -hex 24` makes one"));
            }
            for (number, line) in user.lines.iter().enumerate() {
                let path = path.key("lines").index(number);
                match line.strip_suffix("/*") {
                    Some(connection) if user.role == Role::Agent => {
                        let message = format!("{}: an agent's lines are named one by one", words::quoted(line));
                        let example = if self.ids.contains(&connection) { connection } else { "ast" };
                        self.add(Finding::new(path, message).hint(format!("for example \"{example}/101\"")));
                    }
                    Some(connection) => self.connection(path, connection, "/*"),
                    None => self.line_name(path, line),
                }
            }
        }
    }

    /// `connection/device`.
    fn line_name(&mut self, path: KeyPath, name: &str) {
        let Some((connection, device)) = name.split_once('/') else {
            let finding = Finding::other(path, words::quoted(name), "a line's name: \"connection/device\"");
            let hint = match self.ids.as_slice() {
                [only] if is_device(name) => {
                    Some(format!("did you mean {}?", words::quoted(&format!("{only}/{name}"))))
                }
                _ => None,
            };
            self.add(finding.maybe_hint(hint));
            return;
        };
        if !is_device(device) || name.len() > MAX_NAME {
            let expected = format!("a line's name: \"connection/device\", {MAX_NAME} bytes at most");
            self.add(Finding::other(path.clone(), words::quoted(name), expected));
        }
        self.connection(path, connection, &format!("/{device}"));
    }

    /// The connection of a line must be there.
    fn connection(&mut self, path: KeyPath, id: &str, rest: &str) {
        // Which id a wrong one was meant to be, nobody knows.
        let unsure = self.config.connections.iter().any(|connection| !is_id(&connection.id));
        if self.ids.contains(&id) || unsure || self.wrong.contains(&KeyPath::of("connection")) {
            return;
        }
        let known: Vec<String> = self.ids.iter().map(|id| words::name(id)).collect();
        let there_are = match known.len() {
            0 => "there is none at all".to_owned(),
            1 => format!("there is {}", words::list(&known, "and")),
            _ => format!("there are {}", words::list(&known, "and")),
        };
        let message = format!("there is no connection {}; {there_are}", words::name(id));
        let meant = words::meant(id, self.ids.iter().copied());
        let hint = meant.map(|meant| format!("did you mean {}?", words::quoted(&format!("{meant}{rest}"))));
        self.add(Finding::new(path, message).maybe_hint(hint));
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= MAX_NAME
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// An id from what somebody wrote.
fn better_id(id: &str) -> Option<String> {
    let better = id.trim().to_lowercase().replace(['_', ' ', '.', '/'], "-");
    (better != id && is_id(&better)).then(|| format!("did you mean \"{better}\"?"))
}

fn is_device(device: &str) -> bool {
    !device.is_empty() && device != "*" && !device.chars().any(char::is_control)
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
