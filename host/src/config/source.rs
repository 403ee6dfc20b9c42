//! The text of a configuration: its values, and where in the text each of them stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::finding::Finding;
use super::path::KeyPath;
use super::words;

/// The lists whose members have names of their own, and the key that holds the name.
const NAMED: [(&str, &str); 3] = [("connection", "id"), ("line", "name"), ("user", "name")];

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In the file: line and column of the key and of the value.
    File {
        /// The key; for a member of a list the value.
        key: (usize, usize),
        /// The value; for a table its header.
        value: (usize, usize),
    },
    /// In a variable.
    Variable(String),
}

/// Which end of `key = value` a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Key,
    Value,
}

/// Where the values of a configuration come from. It says nothing of what is configured, so any two are equal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    places: BTreeMap<KeyPath, Place>,
    /// Values that were looked up in a variable or a file: never shown.
    secrets: BTreeSet<KeyPath>,
    /// What the members of lists are called.
    names: BTreeMap<KeyPath, String>,
}

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Source {
    /// Says that a value comes from a variable.
    pub(super) fn variable(&mut self, path: KeyPath, variable: String) {
        self.places.retain(|below, _| !below.is_within(&path));
        self.places.insert(path, Place::Variable(variable));
    }

    /// Says that a value was looked up.
    pub(super) fn secret(&mut self, path: KeyPath) {
        self.secrets.insert(path);
    }

    /// Whether a value was looked up.
    pub(super) fn is_secret(&self, path: &KeyPath) -> bool {
        self.secrets.contains(path)
    }

    /// Whether something is said there, in the file or by a variable.
    pub(super) fn has(&self, path: &KeyPath) -> bool {
        self.places.contains_key(path)
    }

    /// A finding with its place and its subject.
    pub(super) fn locate(&self, mut finding: Finding, at: At) -> Finding {
        if finding.subject.is_empty() {
            finding.subject = self.subject(&finding.path);
        }
        let mut path = Some(finding.path.clone());
        while let Some(here) = path {
            match self.places.get(&here) {
                Some(Place::File { key, value }) => {
                    // What is missing is missing in the table above, whose place is its header.
                    let own = here == finding.path && at == At::Value;
                    finding.place = Some(if own { *value } else { *key });
                    return finding;
                }
                Some(Place::Variable(variable)) => {
                    finding.variable = Some(variable.clone());
                    return finding;
                }
                None => path = here.parent(),
            }
        }
        finding
    }

    /// The key as a person would say it.
    fn subject(&self, path: &KeyPath) -> String {
        let Some((list, index, rest)) = path.element().filter(|(list, ..)| NAMED.iter().any(|(l, _)| l == list)) else {
            return path.to_string();
        };
        let member = match self.names.get(&KeyPath::of(list).index(index)) {
            Some(name) => format!("{list} {}", words::name(name)),
            None => format!("{list} number {}", index + 1),
        };
        if rest.is_empty() { member } else { format!("{member}: {rest}") }
    }
}

/// Reads a text.
///
/// # Errors
/// Everywhere where it is no TOML.
pub(super) fn read(text: &str) -> Result<(Table, Source), Vec<Finding>> {
    let lines = Lines::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|error| no_toml(error, &lines)).collect());
    }
    let mut reading = Reading { lines, source: Source::default(), findings: Vec::new() };
    let read = reading.table(table.into_inner(), &KeyPath::default());
    for (list, key) in NAMED {
        for (index, member) in read.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
            if let Some(name) = member.get(key).and_then(Value::as_str).filter(|name| !name.is_empty()) {
                reading.source.names.insert(KeyPath::of(list).index(index), name.to_owned());
            }
        }
    }
    if reading.findings.is_empty() { Ok((read, reading.source)) } else { Err(reading.findings) }
}

/// What the parser says, without the line itself: a password may stand in it.
fn no_toml(error: &toml::de::Error, lines: &Lines<'_>) -> Finding {
    let what = error.message().lines().collect::<Vec<_>>().join("; ");
    let mut finding = Finding::new(KeyPath::default(), format!("this is no TOML: {what}"));
    finding.place = error.span().map(|span| lines.place(span.start));
    let hint = if what.contains("basic string") || what.contains("literal string") && what.contains("expected `'`") {
        "a text begins and ends with a quote, on one line"
    } else if what.contains("expected `=`") {
        "after a key stand an equals sign and a value: key = \"text\""
    } else if what.contains("invalid float") || what.contains("invalid integer") || what.contains("invalid datetime") {
        "what begins with a digit is read as a number; a text stands in quotes: key = \"text\""
    } else if what.contains("array table") || what.contains("unclosed table") {
        "a table begins with [name], a member of a list with [[name]]"
    } else if what.contains("duplicate key") {
        "every key stands once in its table, and every [table] once in the file; a further member of a list begins \
         with [[…]]"
    } else if what.contains("string values must be quoted") {
        "a text stands in quotes: key = \"text\""
    } else {
        return finding;
    };
    finding.hint(hint)
}

struct Reading<'a> {
    lines: Lines<'a>,
    source: Source,
    findings: Vec<Finding>,
}

impl Reading<'_> {
    fn table(&mut self, table: DeTable<'_>, path: &KeyPath) -> Table {
        let mut read = Table::new();
        for (key, value) in table {
            let path = path.key(key.get_ref());
            let span = key.span();
            if let Some(value) = self.value(value, &path, Some(span)) {
                read.insert(key.into_inner().into_owned(), value);
            }
        }
        read
    }

    /// Notes the place, and makes an ordinary value.
    fn value(&mut self, value: Spanned<DeValue<'_>>, path: &KeyPath, key: Option<Range<usize>>) -> Option<Value> {
        let at = self.lines.place(value.span().start);
        let key = key.map_or(at, |key| self.lines.place(key.start));
        self.source.places.insert(path.clone(), Place::File { key, value: at });
        Some(match value.into_inner() {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Boolean(truth) => Value::Boolean(truth),
            DeValue::Datetime(time) => Value::Datetime(time),
            DeValue::Array(values) => {
                let read = (0..).zip(values).filter_map(|(index, value)| self.value(value, &path.index(index), None));
                Value::Array(read.collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table, path)),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => return self.too_large(path, at),
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) => Value::Float(number),
                Err(_) => return self.too_large(path, at),
            },
        })
    }

    fn too_large(&mut self, path: &KeyPath, at: (usize, usize)) -> Option<Value> {
        let finding = Finding::new(path.clone(), "this number has too many digits");
        self.findings.push(Finding { place: Some(at), subject: path.to_string(), ..finding });
        None
    }
}

/// Where lines begin.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Line and column of a byte.
    fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..at).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}
