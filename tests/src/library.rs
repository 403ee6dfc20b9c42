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
    words: [String; 4],
    tail: Vec<u8>,
}

impl Fixture {
    /// A version.
    #[must_use]
    pub fn version(version: &str) -> Self {
        Self { words: ["fixture", version, "-", "-"].map(ToOwned::to_owned), tail: Vec::new() }
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
        let mut bytes = stripped("fixture")?;
        let places = find(&bytes, RECORD);
        let [at] = places[..] else { return Err(format!("the fixture has {} records", places.len())) };
        let text = format!("{}{}", String::from_utf8_lossy(RECORD), self.words.join(" "));
        bytes[at..at + LENGTH].fill(b' ');
        bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
        bytes.extend_from_slice(&self.tail);
        Ok(bytes)
    }
}

/// A plugin's library as a release has it: without what only a debugger reads.
///
/// # Errors
/// It cannot be built.
pub fn stripped(plugin: &str) -> Result<Vec<u8>, String> {
    static FIXTURE: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    if plugin == "fixture" { FIXTURE.get_or_init(|| strip(plugin)).clone() } else { strip(plugin) }
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
