//! Libraries as vendors ship them: builds of the fixture, other versions of it, and broken ones.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::build::{self, Version};

/// What the fixture's record begins with.
const RECORD: &[u8] = b"FIXTURE-RECORD ";
/// Its length.
const LENGTH: usize = 128;

/// A build of the fixture. What makes it another is written into its bytes, as another compilation would.
#[derive(Debug, Clone)]
pub struct Fixture {
    words: [String; 5],
    tail: Vec<u8>,
}

impl Fixture {
    /// A version. It does not hand its state over: it is replaced by a restart.
    #[must_use]
    pub fn version(version: &str) -> Self {
        Self { words: ["fixture", version, "-", "-", "restarts"].map(ToOwned::to_owned), tail: Vec::new() }
    }

    /// It hands its state over to another one.
    #[must_use]
    pub fn saves(mut self) -> Self {
        "-".clone_into(&mut self.words[4]);
        self
    }

    /// Under another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.words[0]);
        self
    }

    /// What it needs.
    #[must_use]
    pub fn needs(mut self, need: &str) -> Self {
        need.clone_into(&mut self.words[2]);
        self
    }

    /// Where it fails: `manifest`, `settings`, `new`, `started`, `command`. `for-ever`: its manifest never comes.
    #[must_use]
    pub fn fails(mut self, place: &str) -> Self {
        place.clone_into(&mut self.words[3]);
        self
    }

    /// The same once more, with another hash.
    #[must_use]
    pub fn build(mut self, number: u8) -> Self {
        self.tail.push(number);
        self
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// It cannot be built, or has no record.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        recorded("fixture", RECORD, &self.words, &self.tail)
    }
}

/// What the record of `turnover` begins with.
const TURNOVER: &[u8] = b"TURNOVER-RECORD ";

/// A build of `turnover`, the adapter that is replaced in the middle of everything.
#[derive(Debug, Clone)]
pub struct Turnover {
    words: [String; 4],
    tail: Vec<u8>,
}

impl Turnover {
    /// A version; its states are of version 1.
    #[must_use]
    pub fn version(version: &str) -> Self {
        Self { words: [version, "1-1", "-", "-"].map(ToOwned::to_owned), tail: Vec::new() }
    }

    /// The states that it reads and writes: `1-2` writes 2 and reads both, `-` does not save.
    #[must_use]
    pub fn states(mut self, states: &str) -> Self {
        states.clone_into(&mut self.words[1]);
        self
    }

    /// What it needs.
    #[must_use]
    pub fn needs(mut self, need: &str) -> Self {
        need.clone_into(&mut self.words[2]);
        self
    }

    /// Where it fails: `restore-panics`, `line-aborts:3` … (`swap-plugin/src/lib.rs`).
    #[must_use]
    pub fn fails(mut self, place: &str) -> Self {
        place.clone_into(&mut self.words[3]);
        self
    }

    /// The same once more, with another hash.
    #[must_use]
    pub fn build(mut self, number: u8) -> Self {
        self.tail.push(number);
        self
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// It cannot be built, or has no record.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        recorded("turnover", TURNOVER, &self.words, &self.tail)
    }
}

/// A library with other words in its record.
fn recorded(plugin: &str, record: &[u8], words: &[String], tail: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = stripped(plugin)?;
    let places = find(&bytes, record);
    let [at] = places[..] else { return Err(format!("{plugin} has {} records", places.len())) };
    let text = format!("{}{}", String::from_utf8_lossy(record), words.join(" "));
    bytes[at..at + LENGTH].fill(b' ');
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    bytes.extend_from_slice(tail);
    Ok(bytes)
}

/// A plugin's library as a release has it: without what only a debugger reads.
///
/// # Errors
/// It cannot be built.
pub fn stripped(plugin: &str) -> Result<Vec<u8>, String> {
    static FIXTURE: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    static TURNOVER: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    match plugin {
        "fixture" => FIXTURE.get_or_init(|| strip(plugin)).clone(),
        "turnover" => TURNOVER.get_or_init(|| strip(plugin)).clone(),
        _ => strip(plugin),
    }
}

fn strip(plugin: &str) -> Result<Vec<u8>, String> {
    let library = build::library(plugin, Version::Present)?;
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let stripped = dir.path().join("stripped");
    let output = Command::new("strip").arg("--strip-debug").arg("-o").arg(&stripped).arg(&library).output();
    let file = if output.is_ok_and(|o| o.status.success()) { stripped } else { library };
    fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))
}

/// Every place where a text stands.
#[must_use]
pub fn find(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|b| *b == text[0]) {
        let at = from + at;
        if bytes[at..].starts_with(text) {
            places.push(at);
        }
        from = at + 1;
    }
    places
}

/// Writes another text of the same length over every place of one.
///
/// # Errors
/// It stands nowhere.
pub fn patch(bytes: &mut [u8], text: &[u8], by: &[u8]) -> Result<(), String> {
    let places = find(bytes, text);
    if places.is_empty() || text.len() != by.len() {
        return Err(format!("`{}` is nowhere, or not as long", String::from_utf8_lossy(text)));
    }
    for at in places {
        bytes[at..at + by.len()].copy_from_slice(by);
    }
    Ok(())
}

/// The name of a library's file.
#[must_use]
pub fn file_name(stem: &str) -> String {
    format!("{stem}{}", std::env::consts::DLL_SUFFIX)
}

/// Installs a library as an administrator should: written aside, then renamed to its place.
///
/// # Errors
/// The file cannot be written.
pub fn install(folder: &Path, stem: &str, bytes: &[u8]) -> Result<(), String> {
    let aside = folder.join(format!(".{stem}.new"));
    fs::write(&aside, bytes)
        .and_then(|()| fs::rename(&aside, folder.join(file_name(stem))))
        .map_err(|e| format!("{stem}: {e}"))
}
