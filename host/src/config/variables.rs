//! `JACKFIELD_<TABLE>__<KEY>` variables, laid over the file.

use std::ffi::OsString;

use serde::Deserialize;
use toml::{Table, Value};

use super::finding::Finding;
use super::path::KeyPath;
use super::source::Source;
use super::words;

/// What variables that override keys begin with.
const PREFIX: &str = "JACKFIELD_";
/// The tables whose keys can be overridden.
pub(super) const TABLES: [&str; 3] = ["server", "plugins", "store"];

/// Lays the variables over the tables they name. Whether a table has such a key, and whether the value fits, is judged
/// later like everything else.
pub(super) fn lay_over(
    table: &mut Table,
    source: &mut Source,
    variables: impl Iterator<Item = (OsString, OsString)>,
    keys: &[(&str, String)],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (variable, value) in variables {
        let Some(variable) = variable.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let Some((section, key)) = variable[PREFIX.len()..].split_once("__") else {
            findings.extend(one_underscore(variable, keys));
            continue;
        };
        let (section, key) = (section.to_lowercase(), key.to_lowercase());
        let finding = |message: &str| about(variable, message);
        if !TABLES.contains(&section.as_str()) {
            let tables = words::list(&TABLES, "and");
            let message = format!("there is no table {} to override; there are {tables}", words::name(&section));
            let meant = words::meant(&section, TABLES).map(|meant| did_you_mean(meant, &key));
            findings.push(finding(&message).maybe_hint(meant));
            continue;
        }
        let Some(value) = value.to_str() else {
            findings.push(finding("its value is not UTF-8"));
            continue;
        };
        let path = KeyPath::of(&section).key(&key);
        let own = keys.iter().filter(|(table, _)| *table == section).map(|(_, key)| key.as_str());
        if !own.clone().any(|known| known == key) {
            let names: Vec<&str> = own.clone().collect();
            let message =
                format!("[{section}] has no key {}; there are {}", words::name(&key), words::list(&names, "and"));
            let meant = words::meant(&key, own).map(|meant| did_you_mean(&section, meant));
            findings.push(finding(&message).maybe_hint(meant));
            continue;
        }
        // What is no table in the file is told by the schema.
        if let Value::Table(section) = table.entry(section).or_insert_with(|| Value::Table(Table::new())) {
            section.insert(key, scalar(value));
            source.variable(path, variable.to_owned());
        }
    }
    findings
}

fn about(variable: &str, message: &str) -> Finding {
    Finding { variable: Some(variable.to_owned()), ..Finding::new(KeyPath::default(), message) }
}

fn did_you_mean(section: &str, key: &str) -> String {
    format!("did you mean {PREFIX}{}__{}?", section.to_uppercase(), key.to_uppercase())
}

/// `JACKFIELD_SERVER_LISTEN` has one underscore too few. Other names are none of ours: a secret may have any.
fn one_underscore(variable: &str, keys: &[(&str, String)]) -> Option<Finding> {
    let name = variable[PREFIX.len()..].to_lowercase();
    let (section, key) = keys.iter().find(|(section, key)| name == format!("{section}_{key}"))?;
    let message = "it overrides nothing: two underscores stand between table and key";
    Some(about(variable, message).hint(did_you_mean(section, key)))
}

/// A variable's value: TOML where it is TOML (`true`, `8080`, `["a"]`), else a text.
fn scalar(text: &str) -> Value {
    #[derive(Deserialize)]
    struct One {
        value: Value,
    }
    toml::from_str::<One>(&format!("value = {text}")).map_or_else(|_| Value::String(text.to_owned()), |one| one.value)
}
