//! Configurations wrong in every way: what `jackfield check` says of each, word for word, and that it never says a
//! secret. `JACKFIELD_TESTS_BLESS=1` writes what it says now as what is expected; read it before you keep it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jackfield_tests::build::{self, Version};
use serde_json::Value;

/// What every secret of the configurations begins with.
const SECRET: &str = "Geheim";
/// Secrets that are numbers.
const NUMBERS: [&str; 2] = ["1234567890", "1234567890123456"];

/// A folder with adapters and room for a configuration.
struct Place(tempfile::TempDir);

impl Place {
    fn new(plugins: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("adapters")).unwrap();
        for plugin in plugins {
            let library = build::library(plugin, Version::Present).unwrap();
            let name = library.file_name().unwrap().to_owned();
            // As a link where there are links: they are large.
            let link = dir.path().join("adapters").join(name);
            #[cfg(unix)]
            std::os::unix::fs::symlink(library, link).unwrap();
            #[cfg(not(unix))]
            fs::copy(library, link).map(|_| ()).unwrap();
        }
        Self(dir)
    }

    /// With the adapters that a configuration names, `plugin = "…"` or `# adapters: …`.
    fn of(text: &str) -> Self {
        let named = |name: &&str| {
            let plugin = if *name == "first" { "acme" } else { name };
            text.contains(&format!("plugin = \"{plugin}\"")) || text.contains(&format!("# adapters: {plugin}"))
        };
        Self::new(&["asterisk", "simulator", "first"].into_iter().filter(named).collect::<Vec<_>>())
    }

    /// Runs the program there, with the variables that stand in the configuration's first lines, and no others.
    fn jackfield(&self, text: &str, arguments: &[&str]) -> Output {
        fs::write(self.0.path().join("jackfield.toml"), text).unwrap();
        let variables = text.lines().filter_map(|line| line.strip_prefix("# variable: ")?.split_once('='));
        Command::new(build::jackfield(Version::Present).unwrap())
            .args(arguments)
            .args(["--config", "jackfield.toml"])
            .current_dir(self.0.path())
            .env_clear()
            .envs(variables)
            .output()
            .unwrap()
    }

    /// What it says, without the names that differ from run to run.
    fn said(&self, output: &Output) -> String {
        let text = format!("{}{}", text(&output.stdout), text(&output.stderr));
        text.replace(&*self.0.path().to_string_lossy(), "PLACE")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configurations")
}

/// The configurations, in the order of their names.
fn configurations() -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "toml"));
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
}

fn shows_no_secret(said: &str, file: &Path) {
    assert!(!said.contains(SECRET), "{}: a secret is shown:\n{said}", file.display());
    for number in NUMBERS {
        assert!(!said.contains(number), "{}: a secret is shown:\n{said}", file.display());
    }
}

#[test]
fn every_wrong_configuration_has_its_message() {
    let bless = std::env::var_os("JACKFIELD_TESTS_BLESS").is_some();
    let mut differ = Vec::new();
    let all = configurations();
    assert!(all.len() >= 50);
    for (file, text) in all {
        let place = Place::of(&text);
        let output = place.jackfield(&text, &["check"]);
        let said = format!("{}exit code {}\n", place.said(&output), output.status.code().unwrap());
        shows_no_secret(&said, &file);
        let kept = file.with_extension("txt");
        if bless {
            fs::write(&kept, &said).unwrap();
        } else if fs::read_to_string(&kept).unwrap_or_default() != said {
            differ.push(format!("{}:\n{said}", file.display()));
        }
    }
    assert!(differ.is_empty(), "these say something else than before:\n{}", differ.join("\n"));
}

/// The same findings as JSON.
#[test]
fn scripts_are_told_the_same() {
    for (file, text) in configurations() {
        let said = fs::read_to_string(file.with_extension("txt")).unwrap();
        let place = Place::of(&text);
        let output = place.jackfield(&text, &["check", "--json"]);
        shows_no_secret(&place.said(&output), &file);
        let findings: Vec<Value> = serde_json::from_str(&place.said(&output)).unwrap();
        assert_eq!(output.status.code(), Some(i32::from(!findings.is_empty())));
        for finding in &findings {
            let message = finding["message"].as_str().unwrap();
            let place = match (finding["line"].as_u64(), finding["column"].as_u64(), finding["variable"].as_str()) {
                (_, _, Some(variable)) => variable.to_owned(),
                (Some(line), Some(column), None) => format!("jackfield.toml:{line}:{column}"),
                _ => "jackfield.toml".to_owned(),
            };
            assert!(said.contains(&format!("{place}: {message}\n")), "{}: {finding}\n{said}", file.display());
            for key in ["path", "hint", "expected", "found", "file"] {
                assert!(finding.get(key).is_some(), "{finding}");
            }
        }
    }
}

/// What the file itself lacks keeps the host from starting, with the same words. (What its adapters' settings lack does
/// not.)
#[test]
fn the_host_says_the_same_when_it_starts() {
    let mut refused = 0;
    for (file, text) in configurations() {
        let place = Place::new(&[]);
        // Those with variables are wrong, too.
        let is_wrong = text.contains("# variable: ")
            || jackfield::config::read(&file).is_ok_and(|reading| !reading.findings.list.is_empty());
        if !is_wrong {
            continue;
        }
        refused += 1;
        let said = fs::read_to_string(file.with_extension("txt")).unwrap();
        let output = place.jackfield(&text, &["run"]);
        let told = place.said(&output);
        shows_no_secret(&told, &file);
        assert_eq!(output.status.code(), Some(3), "{}: {told}", file.display());
        for line in told.strip_prefix("error: the configuration is refused:\n").unwrap().lines() {
            assert!(said.contains(line), "{}: `run` says and `check` does not: {line}", file.display());
        }
        let printed = place.jackfield(&text, &["check", "--print"]);
        shows_no_secret(&place.said(&printed), &file);
        assert_eq!((printed.stdout.as_slice(), printed.status.code()), (&b""[..], Some(1)), "{}", file.display());
    }
    assert!(refused > 30);
}

#[test]
fn what_is_printed_is_a_configuration_without_secrets() {
    let place = Place::new(&["asterisk", "simulator"]);
    let good = fs::read_to_string(folder().join("00-good.toml")).unwrap();
    let output = place.jackfield(&good, &["check", "--print"]);
    let kept = folder().join("00-good.effective");
    let said = place.said(&output);
    if std::env::var_os("JACKFIELD_TESTS_BLESS").is_some() {
        fs::write(&kept, &said).unwrap();
    }
    assert_eq!(fs::read_to_string(&kept).unwrap(), said);
    shows_no_secret(&said, &kept);
    // With the secrets put in again it is the same configuration.
    let mut number = 0;
    let again: Vec<String> = said
        .replace("PLACE", &place.0.path().to_string_lossy())
        .lines()
        .map(|line| {
            number += 1;
            line.replace("\"…\"", &format!("\"{SECRET}-{number:016}\""))
        })
        .collect();
    let again = place.jackfield(&again.join("\n"), &["check", "--print"]);
    assert_eq!(place.said(&again), said);
}

/// Without the adapter nobody knows which settings are secret, so none is shown.
#[test]
fn settings_of_an_unknown_adapter_are_not_shown() {
    let place = Place::new(&[]);
    let good = fs::read_to_string(folder().join("00-good.toml")).unwrap();
    let output = place.jackfield(&good, &["check", "--print"]);
    assert_eq!(output.status.code(), Some(1));
    let printed = text(&output.stdout);
    assert!(printed.contains("host = \"…\"") && !printed.contains("10.0.0.7"), "{printed}");
    assert!(text(&output.stderr).contains("there is no plugin `asterisk`"), "{output:?}");
}

/// A file that cannot be read is a finding, too.
#[test]
fn a_file_that_cannot_be_read_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str| {
        let mut command = Command::new(build::jackfield(Version::Present).unwrap());
        let output = command.args(["check", "--config", name]).current_dir(dir.path()).env_clear().output().unwrap();
        (text(&output.stdout), output.status.code())
    };
    let missing = "missing.toml: there is no such file; --config, or JACKFIELD_CONFIG, names the configuration\n";
    assert_eq!(check("missing.toml"), (missing.to_owned(), Some(1)));
    fs::write(dir.path().join("latin.toml"), b"[server]\n# b\xfcro\n").unwrap();
    let latin = "latin.toml: line 2 is not UTF-8; save the file as UTF-8\n";
    assert_eq!(check("latin.toml"), (latin.to_owned(), Some(1)));
    fs::File::create(dir.path().join("large.toml")).unwrap().set_len(5_000_000).unwrap();
    let large = "large.toml: it has more than 4194304 bytes, which is too much for a configuration\n";
    assert_eq!(check("large.toml"), (large.to_owned(), Some(1)));
}
