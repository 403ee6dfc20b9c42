//! Reading the file, with variables laid over it and secrets looked up.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::{Config, ConfigError, secret};

/// What variables that override keys begin with: `JACKFIELD_SERVER__LISTEN`.
const PREFIX: &str = "JACKFIELD_";
/// The tables whose keys can be overridden.
const TABLES: [&str; 3] = ["server", "plugins", "store"];
/// A configuration is written by a person.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// Reads a configuration: file, then `JACKFIELD_…` variables, then secrets; relative paths become relative to the file.
///
/// # Errors
/// What cannot be read or makes no sense, all of it where possible.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_SIZE {
        return Err(unreadable(std::io::Error::other(format!("{size} bytes are too many for a configuration"))));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let base = std::path::absolute(path).map_err(unreadable)?;
    let base = base.parent().unwrap_or(Path::new("/"));
    parse(&text, path, base, std::env::vars())
}

pub(super) fn parse(
    text: &str,
    path: &Path,
    base: &Path,
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let syntax = |text: String| ConfigError::Syntax { path: path.to_owned(), text };
    // The text itself first: its errors carry line and column.
    let mut config: Config = toml::from_str(text).map_err(|e| syntax(e.to_string()))?;
    let mut table: Table = toml::from_str(text).map_err(|e| syntax(e.to_string()))?;
    if lay_over(&mut table, variables)? {
        config = serde_path_to_error::deserialize(table).map_err(|e| ConfigError::Variable {
            variable: format!("{PREFIX}{}", e.path().to_string().to_uppercase().replace('.', "__")),
            text: e.inner().to_string(),
        })?;
    }
    absolute(&mut config.plugins.folder, base);
    if let Some(tls) = &mut config.server.tls {
        absolute(&mut tls.cert, base);
        absolute(&mut tls.key, base);
    }
    let findings = look_up_secrets(&mut config, base);
    if !findings.is_empty() {
        return Err(ConfigError::Senseless { path: path.to_owned(), findings });
    }
    super::check::check(&config)
        .map_err(|findings| ConfigError::Senseless { path: path.to_owned(), findings })
        .map(|()| config)
}

fn absolute(path: &mut PathBuf, base: &Path) {
    if path.is_relative() {
        *path = base.join(&*path);
    }
}

fn look_up_secrets(config: &mut Config, base: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    for connection in &mut config.connections {
        let path = format!("connection `{}`: settings", connection.id);
        secret::look_up_all(&mut connection.settings, &path, base, &mut findings);
        let path = format!("connection `{}`: lines", connection.id);
        secret::look_up_all(&mut connection.lines, &path, base, &mut findings);
    }
    for line in &mut config.lines {
        let path = format!("line `{}`: settings", line.name);
        secret::look_up_all(&mut line.settings, &path, base, &mut findings);
    }
    for user in &mut config.users {
        if let Err(error) = user.token.look_up(base) {
            findings.push(format!("user `{}`: token: {error}", user.name));
        }
    }
    findings
}

/// Lays the variables over the tables they name. `true`: there was one.
fn lay_over(table: &mut Table, variables: impl Iterator<Item = (String, String)>) -> Result<bool, ConfigError> {
    let mut any = false;
    for (variable, value) in variables {
        let Some((section, key)) = variable.strip_prefix(PREFIX).and_then(|rest| rest.split_once("__")) else {
            continue;
        };
        let (section, key) = (section.to_lowercase(), key.to_lowercase());
        if !TABLES.contains(&section.as_str()) {
            let text = format!("there is no table `{section}` to override; there are {}", TABLES.join(", "));
            return Err(ConfigError::Variable { variable, text });
        }
        let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(key, scalar(&value));
            any = true;
        }
    }
    Ok(any)
}

/// A variable's value: TOML where it is TOML (`true`, `8080`, `["a"]`), else a text.
fn scalar(text: &str) -> Value {
    #[derive(Deserialize)]
    struct One {
        value: Value,
    }
    toml::from_str::<One>(&format!("value = {text}")).map_or_else(|_| Value::String(text.to_owned()), |one| one.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        parse(text, Path::new("jackfield.toml"), Path::new("/etc/jackfield"), variables)
    }

    #[test]
    fn variables_lie_over_the_file() {
        let config = read(
            "[server]\nlisten = \"127.0.0.1:1\"",
            &[("JACKFIELD_SERVER__LISTEN", "127.0.0.1:2"), ("JACKFIELD_SERVER__INSECURE", "true"), ("HOME", "/")],
        )
        .unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert!(config.server.insecure);
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = read("[plugins]\nfolder = \"p\"", &[]).unwrap();
        assert_eq!(config.plugins.folder, Path::new("/etc/jackfield/p"));
    }

    #[test]
    fn wrong_keys_values_and_variables_are_told() {
        let told = |text: &str, variables: &[(&str, &str)]| read(text, variables).unwrap_err().to_string();
        assert!(told("[server]\nlissten = 1", &[]).contains("unknown field `lissten`"));
        assert!(told("[server]\nlissten = 1", &[]).contains("line 2"));
        assert!(told("", &[("JACKFIELD_SERVER__LISTEN", "nowhere")]).contains("JACKFIELD_SERVER__LISTEN"));
        assert!(told("", &[("JACKFIELD_LINE__NAME", "x")]).contains("there is no table `line`"));
        let user = "[[user]]\nname = \"a\"\nrole = \"agent\"\ntoken = { env = \"JF_SURELY_NOT_SET\" }";
        assert!(told(user, &[]).contains("user `a`: token: the environment variable JF_SURELY_NOT_SET is not set"));
    }

    #[test]
    fn a_secret_is_never_shown() {
        let config = read("[[user]]\nname = \"a\"\nrole = \"admin\"\ntoken = \"very-secret-token\"", &[]).unwrap();
        assert!(!format!("{config:?}").contains("very-secret"));
    }
}
