//! Libraries broken in every way, made from a good one: each is refused before anything of it runs, with its sentence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use jackfield_tests::build::{self, Version};
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use jackfield_tests::library::{self, Fixture, patch};
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";
/// The sentences, one per file: read by a person, then kept.
const SENTENCES: &str = include_str!("broken_libraries.txt");

const CONFIG: &str = r#"
settle = "300ms"
[[connection]]
id = "fix"
plugin = "fixture"
[connection.settings]
greeting = "hello"
[[user]]
name = "alice"
role = "admin"
token = "alice-token-0123456789"
lines = ["fix/101"]
"#;

/// The ELF header's fields that are changed here.
const CLASS: usize = 4;
const KIND: usize = 16;
const MACHINE: usize = 18;
/// Where our section keeps what the host asks for.
const API_MAJOR: usize = 8;
const UNWINDS: usize = 16;

/// A broken library per name.
fn broken() -> BTreeMap<&'static str, Vec<u8>> {
    let good = Fixture::version("1.0.0").bytes().unwrap();
    let section = library::find(&good, b"JACKFLD1")[0];
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    let patched = |text: &[u8], by: &[u8]| with(&|bytes| patch(bytes, text, by).unwrap());
    BTreeMap::from([
        ("empty", Vec::new()),
        ("script", b"#!/bin/sh\necho I ran > /tmp/jackfield-ran\n".to_vec()),
        ("text", b"I am no library at all.".repeat(1_000)),
        ("zeros", vec![0; good.len()]),
        // A copy into a file that was given its size before.
        ("holes", with(&|bytes| bytes[4_096..].fill(0))),
        ("machine-arm", with(&|bytes| bytes[MACHINE] = 0xb7)),
        ("class-32", with(&|bytes| bytes[CLASS] = 1)),
        ("executable", with(&|bytes| bytes[KIND] = 2)),
        ("section-missing", patched(b".jackfld", b".jackflx")),
        ("section-magic", patched(b"JACKFLD1", b"JACKFLDX")),
        ("section-api", with(&|bytes| bytes[section + API_MAJOR] = 9)),
        ("section-abort", with(&|bytes| bytes[section + UNWINDS] = 0)),
        (
            "root-hidden",
            patched(b"_1as_0lib_1header_0root_bmodule_bloader", b"_1as_0lib_1header_0root_bmodule_bloadex"),
        ),
        ("envelope", patched(b"abi stable library for Rust", b"abi stable library for Tsur")),
        ("needs-another", patched(b"libgcc_s.so.1", b"libgcc_X.so.1")),
        ("manifest-panics", Fixture::version("1.0.0").fails("manifest").bytes().unwrap()),
        ("manifest-version", Fixture::version("1").bytes().unwrap()),
        ("manifest-name", Fixture::version("1.0.0").named("Fixture!").bytes().unwrap()),
    ])
}

/// What is in the folder and no file of bytes.
#[cfg(unix)]
fn odd(folder: &Path) -> Vec<&'static str> {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    let at = |stem: &str| folder.join(library::file_name(stem));
    fs::create_dir(at("folder")).unwrap();
    symlink("/nowhere/lib.so", at("link-dangling")).unwrap();
    symlink(at("link-loop"), at("link-loop")).unwrap();
    symlink("/dev/zero", at("device")).unwrap();
    drop(UnixListener::bind(at("socket")).unwrap());
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    fs::File::create(at("huge")).unwrap().set_len(600 * 1024 * 1024).unwrap();
    vec!["folder", "link-dangling", "link-loop", "device", "socket", "pipe", "huge"]
}

fn jackfield_plugins(folder: &Path) -> Vec<Value> {
    let output = Command::new(build::jackfield(Version::Present).unwrap())
        .args(["plugins", "--json", "--folder"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stem(file: &Value) -> String {
    Path::new(file.as_str().unwrap()).file_stem().unwrap().to_string_lossy().into_owned()
}

/// `stem: sentence`, with the folder's place left out.
fn sentences(list: &[Value], folder: &Path) -> String {
    let place = folder.to_string_lossy().into_owned();
    let line = |entry: &Value| {
        let sentence = entry["refused"].as_str().unwrap_or("accepted").replace(&place, "FOLDER");
        // Where the fixture's source stands is this machine's affair.
        let sentence = sentence.split(" (tests/").next().unwrap_or_default();
        format!("{}: {sentence}\n", stem(&entry["file"]))
    };
    list.iter().map(line).collect()
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn every_broken_library_is_refused_with_its_sentence() {
    let dir = tempfile::tempdir().unwrap();
    for (stem, bytes) in broken() {
        fs::write(dir.path().join(library::file_name(stem)), bytes).unwrap();
    }
    odd(dir.path());
    fs::write(dir.path().join(library::file_name("good")), Fixture::version("1.0.0").bytes().unwrap()).unwrap();
    let found = sentences(&jackfield_plugins(dir.path()), dir.path());
    assert_eq!(found, SENTENCES, "found:\n{found}");
}

/// Cut at both sides of everything that a header names, and here and there.
#[test]
fn a_library_that_is_cut_anywhere_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let good = Fixture::version("1.0.0").bytes().unwrap();
    let mut cuts: Vec<usize> = (0..40).map(|part| good.len() * part / 40).collect();
    cuts.extend([1, 16, 63, 64, 65, 4_095, 4_096, good.len() - 4_096, good.len() - 64, good.len() - 1]);
    let section = library::find(&good, b"JACKFLD1")[0];
    cuts.extend([section - 1, section, section + 8, section + 255, section + 256]);
    cuts.sort_unstable();
    cuts.dedup();
    for cut in &cuts {
        fs::write(dir.path().join(library::file_name(&format!("cut-{cut:010}"))), &good[..*cut]).unwrap();
    }
    let list = jackfield_plugins(dir.path());
    assert_eq!(list.len(), cuts.len());
    for entry in &list {
        let why = entry["refused"].as_str().unwrap_or_else(|| panic!("loaded: {entry}"));
        assert!(why.starts_with("it is no complete shared library: "), "{entry}");
        let size = fs::metadata(entry["file"].as_str().unwrap()).unwrap().len();
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) && size >= 64 {
            let told =
                format!("it has {size} bytes and should have at least {}; was it still being copied?", good.len());
            assert!(why.ends_with(&told), "{entry}");
        }
    }
}

fn status(host: &Host) -> Value {
    let mut client = Client::connect(host.url(), Some(ALICE)).unwrap();
    client.call("hello", &json!({ "lines": ["fix/101"] })).unwrap()["lines"][0].clone()
}

/// Each one dropped into the folder of a running host, one after the other: the log says it once, the connection's
/// status says it while it lies there, and in the end a good one starts.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_running_host_says_of_every_broken_library_what_is_wrong() {
    let host = Setup::new(CONFIG, &[]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let sentences: BTreeMap<&str, &str> = SENTENCES.lines().filter_map(|line| line.split_once(": ")).collect();
    let mut said = Vec::new();
    let mut told = |stem: &str| {
        let sentence = sentences[stem].replace("FOLDER", &host.adapters().to_string_lossy());
        let file = library::file_name(stem);
        let log = host.wait_log_of(|line| line.contains(&file) && line.contains("refused: ")).unwrap();
        assert!(log.contains(&in_json(&format!("refused: {sentence}"))), "{stem}: {log}");
        let expected = format!("{file} was refused: {sentence}");
        // The log is told first.
        let until = Instant::now() + PATIENCE;
        loop {
            let why = status(&host)["lastError"]["text"].as_str().unwrap().to_owned();
            if why.contains(&expected) {
                break;
            }
            assert!(Instant::now() < until, "`{expected}` is not in the status: {why}");
        }
        said.push(file.clone());
        let _ = fs::remove_file(host.adapters().join(&file)).or_else(|_| fs::remove_dir(host.adapters().join(&file)));
        host.wait_log_of(|line| line.contains(&file) && line.contains("\"removed\"")).unwrap();
    };
    for (stem, bytes) in broken() {
        library::install(&host.adapters(), stem, &bytes).unwrap();
        told(stem);
    }
    let aside = tempfile::tempdir_in(host.dir()).unwrap();
    for stem in odd(aside.path()) {
        let name = library::file_name(stem);
        if stem == "link-loop" {
            std::os::unix::fs::symlink(host.adapters().join(&name), host.adapters().join(&name)).unwrap();
        } else {
            fs::rename(aside.path().join(&name), host.adapters().join(&name)).unwrap();
        }
        told(stem);
    }
    for file in said {
        let count = host.log().lines().filter(|l| l.contains(&file) && l.contains("\"message\":\"refused: ")).count();
        assert_eq!(count, 1, "{file} is said once");
    }
    library::install(&host.adapters(), "good", &Fixture::version("1.0.0").bytes().unwrap()).unwrap();
    alice.named("initialized", "fix/101").unwrap();
}

/// A text as it stands in a JSON log.
fn in_json(text: &str) -> String {
    let quoted = json!(text).to_string();
    quoted.trim_matches('"').to_owned()
}

/// As an ordinary user: what root may not read is for nobody.
#[cfg(target_os = "linux")]
#[test]
fn a_library_that_may_not_be_read_is_told() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("jackfield");
    fs::copy(build::jackfield(Version::Present).unwrap(), &program).unwrap();
    let folder = dir.path().join("adapters");
    fs::create_dir(&folder).unwrap();
    let library = folder.join(library::file_name("secret"));
    fs::write(&library, Fixture::version("1.0.0").bytes().unwrap()).unwrap();
    fs::set_permissions(&library, fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = Command::new(program);
    command.arg("plugins").arg("--folder").arg(&folder);
    if fs::metadata(dir.path()).unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        text, "refused                secret.so: it cannot be read: Permission denied (os error 13)\n",
        "{output:?}"
    );
}
