//! Reading the file, with variables laid over it and secrets looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;
use toml::Value;

use super::finding::{Finding, Findings};
use super::path::KeyPath;
use super::record::Around;
use super::secret::{LookUp, SecretText};
use super::source::Source;
use super::{Config, ConfigError, check, repair, schema, source, types, variables};

/// A configuration is written by a person.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// A file that was read, and everything that is wrong with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reading {
    /// What it says. With findings it is incomplete: good for finding more, for nothing else. None: it cannot be made
    /// out at all.
    pub config: Option<Config>,
    /// What is wrong with it.
    pub findings: Findings,
}

/// Reads a configuration: file, then `JACKFIELD_…` variables, then secrets; relative paths become relative to the file.
///
/// Settings of adapters are not judged here: that is [`settings::check`](super::settings::check).
///
/// # Errors
/// It cannot be read, or everything that is wrong with it.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let reading = read(path)?;
    match reading.config {
        Some(config) if reading.findings.list.is_empty() => Ok(config),
        _ => Err(ConfigError::Refused(reading.findings)),
    }
}

/// As [`load`], and whatever could be made out of a wrong one.
///
/// # Errors
/// The file cannot be read.
pub fn read(path: &Path) -> Result<Reading, ConfigError> {
    read_with(path, std::env::vars_os())
}

/// As [`read`], with the environment of another process.
///
/// # Errors
/// The file cannot be read.
pub fn read_with(path: &Path, variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Reading, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_SIZE + 1).read_to_end(&mut bytes)).map_err(|e| match e.kind() {
        ErrorKind::NotFound => unreadable(Error::new(
            e.kind(),
            "there is no such file; --config, or JACKFIELD_CONFIG, names the configuration",
        )),
        _ => unreadable(e),
    })?;
    if bytes.len() as u64 > MAX_SIZE {
        let text = format!("it has more than {MAX_SIZE} bytes, which is too much for a configuration");
        return Err(unreadable(Error::other(text)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        unreadable(Error::other(format!("line {line} is not UTF-8; save the file as UTF-8")))
    })?;
    let base = std::path::absolute(path).map_err(unreadable)?;
    Ok(parse(&text, path, base.parent().unwrap_or(Path::new("/")), variables))
}

pub(super) fn parse(
    text: &str,
    path: &Path,
    base: &Path,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Reading {
    let (mut table, mut source) = match source::read(text) {
        Ok(read) => read,
        Err(findings) => return Reading { config: None, findings: Findings::new(path, findings) },
    };
    let schema = types::schema();
    let variables: BTreeMap<OsString, OsString> = variables.collect();
    let laid = variables.iter().map(|(name, value)| (name.clone(), value.clone()));
    let mut findings = variables::lay_over(&mut table, &mut source, laid, &keys(&schema));
    let mut value = Value::Table(table);
    let secrets = look_up_secrets(&mut value, base, &variables, &mut source, &mut findings);
    let mut wrong: BTreeSet<KeyPath> = findings.iter().map(|f| f.path.clone()).filter(|p| !p.is_empty()).collect();
    let misfits = schema::judge(&schema, &value, &|path| source.is_secret(path));
    if !misfits.is_empty() {
        repair::repair(&mut value, misfits.iter().map(|misfit| &misfit.finding.path));
    }
    for misfit in misfits {
        if wrong.insert(misfit.finding.path.clone()) {
            findings.push(source.locate(misfit.finding, misfit.at));
        }
    }
    let config = match serde_path_to_error::deserialize::<_, Config>(value) {
        Ok(mut config) => {
            absolute(&mut config.plugins.folder, base);
            if let Some(tls) = &mut config.server.tls {
                absolute(&mut tls.cert, base);
                absolute(&mut tls.key, base);
            }
            if let Some(store) = &mut config.store {
                store.base = base.to_owned();
            }
            for recordings in config.connections.iter_mut().filter_map(|connection| connection.recordings.as_mut()) {
                [&mut recordings.folder, &mut recordings.ca]
                    .into_iter()
                    .flatten()
                    .for_each(|path| absolute(path, base));
            }
            around(&mut config, base, secrets);
            config.source = source;
            findings.extend(check::check(&config, &wrong));
            Some(config)
        }
        // The schema is made from the types, so they agree. If they ever do not, nothing is said of the value.
        Err(error) if findings.is_empty() => {
            let message = format!("{} cannot be understood", error.path());
            findings.push(Finding::new(KeyPath::default(), message));
            None
        }
        Err(_) => None,
    };
    Reading { config, findings: Findings::new(path, findings) }
}

/// The keys of each table of the file: what variables may override.
fn keys(schema: &Json) -> Vec<(&'static str, String)> {
    let of = |table: &'static str| {
        let properties = schema::properties(schema, table);
        properties.into_iter().map(move |key| (table, key))
    };
    variables::TABLES.into_iter().flat_map(of).collect()
}

fn absolute(path: &mut PathBuf, base: &Path) {
    if path.is_relative() {
        *path = base.join(&*path);
    }
}

/// Tells connections what they must know of the rest of the file.
fn around(config: &mut Config, base: &Path, looked_up: Vec<SecretText>) {
    let mut secrets = looked_up;
    secrets.extend(config.users.iter().map(|user| user.token.clone()));
    secrets.extend(config.store.iter().flat_map(|store| store.url.password()));
    for connection in &config.connections {
        secrets.extend(connection.hooks.iter().filter_map(|hooks| hooks.secret.clone()));
        secrets.extend(connection.recordings.iter().filter_map(|recordings| recordings.password.clone()));
    }
    secrets.retain(|secret| !secret.reveal().is_empty());
    let secrets: Arc<[SecretText]> = secrets.into();
    for connection in &mut config.connections {
        connection.around = Around { base: base.to_owned(), secrets: Arc::clone(&secrets) };
        if let Some(record) = &mut connection.record {
            absolute(&mut record.folder, base);
        }
    }
}

/// Secrets may stand in settings of connections and lines, be users' tokens, a part of the path of hooks, and the
/// address of the database.
fn look_up_secrets(
    top: &mut Value,
    base: &Path,
    variables: &BTreeMap<OsString, OsString>,
    source: &mut Source,
    findings: &mut Vec<Finding>,
) -> Vec<SecretText> {
    let mut look_up = LookUp { base, variables, source, findings, found: Vec::new() };
    if let Some(url) = top.get_mut("store").and_then(|store| store.get_mut("url")) {
        look_up.within(url, &KeyPath::of("store").key("url"));
    }
    let connections = top.get_mut("connection").and_then(Value::as_array_mut);
    for (index, connection) in connections.into_iter().flatten().enumerate() {
        if let Some(secret) = connection.get_mut("hooks").and_then(|hooks| hooks.get_mut("secret")) {
            look_up.within(secret, &KeyPath::of("connection").index(index).key("hooks").key("secret"));
        }
    }
    for (list, keys) in
        [("connection", &["settings", "lines", "recordings"][..]), ("line", &["settings"]), ("user", &["token"])]
    {
        let members = top.get_mut(list).and_then(Value::as_array_mut);
        for (index, member) in members.into_iter().flatten().enumerate() {
            for key in keys {
                if let Some(value) = member.get_mut(key) {
                    look_up.within(value, &KeyPath::of(list).index(index).key(key));
                }
            }
        }
    }
    look_up.found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Reading {
        let variables = variables.iter().map(|(k, v)| (OsString::from(k), OsString::from(v)));
        parse(text, Path::new("jackfield.toml"), Path::new("/etc/jackfield"), variables)
    }

    fn good(text: &str, variables: &[(&str, &str)]) -> Config {
        let reading = read(text, variables);
        assert_eq!(reading.findings.to_string(), "");
        reading.config.unwrap()
    }

    #[test]
    fn variables_lie_over_the_file() {
        let variables =
            [("JACKFIELD_SERVER__LISTEN", "127.0.0.1:2"), ("JACKFIELD_SERVER__INSECURE", "true"), ("HOME", "/")];
        let config = good("[server]\nlisten = \"127.0.0.1:1\"", &variables);
        assert_eq!(config.server.listen.port(), 2);
        assert!(config.server.insecure);
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = good("[plugins]\nfolder = \"p\"", &[]);
        assert_eq!(config.plugins.folder, Path::new("/etc/jackfield/p"));
    }

    #[test]
    fn wrong_variables_are_told() {
        for (variable, value, told) in [
            (
                "JACKFIELD_SERVER__LISTEN",
                "nowhere",
                "JACKFIELD_SERVER__LISTEN: server.listen: found the text \"nowhere\", expected an address and a port \
                 (\"127.0.0.1:8080\", \"[::1]:8080\")",
            ),
            (
                "JACKFIELD_SERVER__LISSTEN",
                "127.0.0.1:1",
                "JACKFIELD_SERVER__LISSTEN: [server] has no key `lissten`; there are insecure, listen, max_sessions, \
                 origins and tls\n    did you mean JACKFIELD_SERVER__LISTEN?",
            ),
            (
                "JACKFIELD_SEVER__LISTEN",
                "127.0.0.1:1",
                "JACKFIELD_SEVER__LISTEN: there is no table `sever` to override; there are server, plugins and \
                 store\n    did you mean JACKFIELD_SERVER__LISTEN?",
            ),
            (
                "JACKFIELD_SERVER_LISTEN",
                "127.0.0.1:1",
                "JACKFIELD_SERVER_LISTEN: it overrides nothing: two underscores stand between table and key\n    did \
                 you mean JACKFIELD_SERVER__LISTEN?",
            ),
            (
                "JACKFIELD_LINE__NAME",
                "x",
                "JACKFIELD_LINE__NAME: there is no table `line` to override; there are server, plugins and store",
            ),
        ] {
            assert_eq!(read("", &[(variable, value)]).findings.to_string(), told);
        }
        // A secret may have any name.
        good("", &[("JACKFIELD_TOKEN_OF_ALICE", "x")]);
    }

    #[test]
    fn the_schema_and_the_types_agree() {
        let schema = types::schema();
        let empty = Value::Table(toml::Table::new());
        assert!(schema::judge(&schema, &empty, &|_| false).is_empty());
        // A configuration with every default said aloud fits its own schema.
        let config = good("[[connection]]\nid = \"a\"\nplugin = \"b\"\nisolation = \"host\"", &[]);
        let value = Value::try_from(&config).unwrap();
        let misfits: Vec<_> = schema::judge(&schema, &value, &|_| false).into_iter().map(|m| m.finding).collect();
        assert_eq!(misfits, []);
    }
}
