//! What is wrong with a configuration, in words for the person who must correct it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::path::KeyPath;

/// The most findings that are shown; somebody who has more wants to correct these first.
const MOST_SHOWN: usize = 200;

/// One thing that is wrong.
///
/// Nothing of it holds a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where in the file: line and column, both from 1, the column in characters. None: nowhere in particular, or the
    /// value comes from a variable.
    pub place: Option<(usize, usize)>,
    /// The variable that the value comes from, if it does.
    pub variable: Option<String>,
    /// The key.
    pub path: KeyPath,
    /// The key as a person would say it: `` connection `ast`: settings.port ``.
    pub subject: String,
    /// What is wrong, without where.
    pub message: String,
    /// What was found, if that says something. Never a secret.
    pub found: Option<String>,
    /// What is expected.
    pub expected: Option<String>,
    /// What to do.
    pub hint: Option<String>,
}

impl Finding {
    /// A sentence about a key.
    pub(super) fn new(path: KeyPath, message: impl Into<String>) -> Self {
        Self {
            place: None,
            variable: None,
            path,
            subject: String::new(),
            message: message.into(),
            found: None,
            expected: None,
            hint: None,
        }
    }

    /// Found something else than was expected.
    pub(super) fn other(path: KeyPath, found: impl Into<String>, expected: impl Into<String>) -> Self {
        let (found, expected) = (found.into(), expected.into());
        let message = format!("found {found}, expected {expected}");
        Self { found: Some(found), expected: Some(expected), ..Self::new(path, message) }
    }

    /// What to do.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to do, if anything can be said.
    pub(super) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

/// Everything that is wrong with a file, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Findings {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub list: Vec<Finding>,
}

impl Findings {
    pub(super) fn new(file: &Path, mut list: Vec<Finding>) -> Self {
        // Variables after the file; what has no place is about the file as a whole.
        list.sort_by(|a, b| {
            (&a.variable, a.place, &a.path, &a.message).cmp(&(&b.variable, b.place, &b.path, &b.message))
        });
        Self { file: file.to_owned(), list }
    }

    /// Takes others of the same file in, but for keys that something is said of already, or of what they stand in.
    #[must_use]
    pub fn and(mut self, others: Vec<Finding>) -> Self {
        let told: BTreeSet<KeyPath> = self.list.iter().map(|finding| finding.path.clone()).collect();
        let is_told = |path: &KeyPath| {
            let mut around = Some(path.clone()).filter(|path| !path.is_empty());
            while let Some(here) = around {
                if told.contains(&here) {
                    return true;
                }
                around = here.parent();
            }
            false
        };
        self.list.extend(others.into_iter().filter(|finding| !is_told(&finding.path)));
        Self::new(&self.file, self.list)
    }

    /// For scripts: a list of objects with `file`, `line`, `column`, `variable`, `path`, `message`, `found`,
    /// `expected`, `hint`; what is not known is null.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        #[derive(Serialize)]
        struct Line<'a> {
            file: String,
            line: Option<usize>,
            column: Option<usize>,
            variable: Option<&'a str>,
            path: String,
            message: String,
            found: Option<&'a str>,
            expected: Option<&'a str>,
            hint: Option<&'a str>,
        }
        let line = |finding: &Finding| {
            serde_json::json!(Line {
                file: self.file.display().to_string(),
                line: finding.place.map(|(line, _)| line),
                column: finding.place.map(|(_, column)| column),
                variable: finding.variable.as_deref(),
                path: finding.path.to_string(),
                message: about(finding),
                found: finding.found.as_deref(),
                expected: finding.expected.as_deref(),
                hint: finding.hint.as_deref(),
            })
        };
        self.list.iter().map(line).collect()
    }
}

/// The sentence with its subject.
fn about(finding: &Finding) -> String {
    match finding.subject.as_str() {
        "" => finding.message.clone(),
        subject => format!("{subject}: {}", finding.message),
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.list.iter().take(MOST_SHOWN).enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            match (&finding.variable, finding.place) {
                (Some(variable), _) => f.write_str(variable)?,
                (None, Some((line, column))) => write!(f, "{}:{line}:{column}", self.file.display())?,
                (None, None) => write!(f, "{}", self.file.display())?,
            }
            write!(f, ": {}", about(finding))?;
            if let Some(hint) = &finding.hint {
                for line in hint.lines() {
                    write!(f, "\n    {line}")?;
                }
            }
        }
        match self.list.len().saturating_sub(MOST_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}
