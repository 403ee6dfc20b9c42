//! `jackfield doctor`: the page for an installation that is well, and for one that is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use jackfield_tests::build::{self, Version};
use jackfield_tests::host::Setup;
use serde_json::Value;

const ALICE: &str = "alice-token-0123456789";

fn user(lines: &str) -> String {
    format!("[[user]]\nname = \"alice\"\nrole = \"agent\"\ntoken = \"{ALICE}\"\nlines = [{lines}]\n")
}

fn doctor(dir: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(build::jackfield(Version::Present).unwrap());
    command.env("XDG_RUNTIME_DIR", dir).env_remove("RUNTIME_DIRECTORY").arg("doctor").args(more);
    command.arg("--config").arg(dir.join("jackfield.toml")).output().unwrap()
}

/// The page, but for what the machine itself says, and with names for what differs from run to run.
fn page(output: &Output, names: &[(&str, &str)]) -> String {
    let machine = ["open files", "temporary folder", "clock", "kernel"];
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut shown = Vec::new();
    let mut skipped = false;
    for line in text.lines() {
        let advice = line.starts_with(&" ".repeat(26));
        skipped = if advice {
            skipped
        } else {
            machine.iter().any(|topic| line.get(9..).is_some_and(|l| l.starts_with(topic)))
        };
        if !skipped {
            shown.push(line.trim_end());
        }
    }
    // The last line counts; it counts the machine's too.
    shown.pop();
    let mut text = shown.join("\n");
    for (name, value) in names {
        text = text.replace(value, name);
    }
    text
}

fn verdicts(output: &Output, topic: &str) -> Vec<(String, String)> {
    let page: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = page["findings"].as_array().unwrap();
    findings.iter().filter(|f| f["topic"] == topic).map(|f| (text(&f["verdict"]), text(&f["text"]))).collect()
}

#[test]
fn an_installation_that_is_well() {
    let config = format!("[[connection]]\nid = \"sim\"\nplugin = \"simulator\"\n{}", user("\"sim/101\""));
    // A service has it in its environment, whoever asks the doctor has not.
    let config = config.replace(&format!("\"{ALICE}\""), "{ env = \"TOKEN_OF_THE_SERVICE\" }");
    let mut setup = Setup::new(config, &["simulator"]);
    setup.env.push(("TOKEN_OF_THE_SERVICE".to_owned(), ALICE.to_owned()));
    let mut host = setup.start().unwrap();
    host.client(ALICE).unwrap().named("initialized", "sim/101").unwrap();
    // The client is gone again when this is so.
    while !String::from_utf8_lossy(&host.command(&["status"]).unwrap().stdout).contains(", 0 clients") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let output = doctor(host.dir(), &[]);
    let (dir, pid) = (host.dir().display().to_string(), format!("process {}", host.pid()));
    let socket = fs::read_dir(host.dir().join("jackfield")).unwrap().next().unwrap().unwrap().file_name();
    let socket = socket.into_string().unwrap();
    let names = [
        ("DIR", dir.as_str()),
        ("PID", &pid),
        ("ADDRESS", host.address()),
        ("VERSION", env!("CARGO_PKG_VERSION")),
        ("SOCKET", &socket),
    ];
    let expected = "\
ok       configuration     DIR/jackfield.toml: 1 connection, 1 user
ok       host              version VERSION runs (PID), 0 clients
ok       connection sim    1 of 1 lines are up
ok       address           the host listens at ws://ADDRESS/ws
ok       certificate       none is needed: only this machine can connect
ok       adapters          simulator VERSION
ok       connection sim    the way to its phone system was not tried: its settings name no host and no url
ok       runtime folder    the host answers at DIR/jackfield/SOCKET";
    assert_eq!(page(&output, &names), expected);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));

    // The same without the host: it is said, and is no problem of the installation. What it had in its environment is
    // not known any more.
    host.stop().unwrap();
    let output = doctor(host.dir(), &["--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    let unset = format!("{dir}/jackfield.toml:");
    let found = verdicts(&output, "configuration");
    assert!(matches!(&found[..], [(bad, why)] if bad == "problem" && why.starts_with(&unset)), "{found:?}");
    assert!(found[0].1.ends_with("the environment variable `TOKEN_OF_THE_SERVICE` is not set"), "{found:?}");
    let none = "none runs with this configuration, as far as this user can see";
    assert_eq!(verdicts(&output, "host"), [("warning".to_owned(), none.to_owned())]);
    assert_eq!(verdicts(&output, "address"), [("ok".to_owned(), "127.0.0.1:0 is free".to_owned())]);
}

#[test]
fn whether_calls_can_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("adapters")).unwrap();
    let config = format!("[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite://calls.db\"\n{}", user(""));
    fs::write(dir.path().join("jackfield.toml"), config).unwrap();
    let history = || verdicts(&doctor(dir.path(), &["--json"]), "history").remove(0);
    let (verdict, text) = history();
    assert!(verdict == "ok" && text.ends_with("calls.db is made when the host starts"), "{text}");
    fs::write(dir.path().join("calls.db"), "no database at all, but long enough to be looked at".repeat(20)).unwrap();
    let (verdict, text) = history();
    assert!(verdict == "problem" && text.contains("file is not a database"), "{text}");
    let url = "postgres://jf:secret-secret@127.0.0.1:1/calls";
    let config = format!("[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"{url}\"\n{}", user(""));
    fs::write(dir.path().join("jackfield.toml"), config).unwrap();
    let (verdict, text) = history();
    assert!(verdict == "problem" && text.contains("refused") && !text.contains("secret"), "{text}");
}

#[test]
fn an_installation_that_is_not_well() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let adapters = dir.path().join("adapters");
    fs::create_dir(&adapters).unwrap();
    let library = build::library("asterisk", Version::Present).unwrap();
    let name = library.file_name().unwrap();
    fs::copy(&library, adapters.join(name)).unwrap();
    fs::write(adapters.join(format!("broken{}", std::env::consts::DLL_SUFFIX)), "no library").unwrap();
    fs::set_permissions(&adapters, fs::Permissions::from_mode(0o777)).unwrap();
    let mut wanted = rcgen::CertificateParams::new(vec!["cti.example".to_owned()]).unwrap();
    wanted.not_before = rcgen::date_time_ymd(2024, 1, 1);
    wanted.not_after = rcgen::date_time_ymd(2024, 6, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    fs::write(dir.path().join("cert.pem"), wanted.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(dir.path().join("key.pem"), key.serialize_pem()).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    // Nobody listens at a port that was given back.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let connection = |id: &str, plugin: &str, settings: &str| {
        format!("[[connection]]\nid = \"{id}\"\nplugin = \"{plugin}\"\n[connection.settings]\n{settings}\n")
    };
    let login = "username = \"cti\"\npassword = \"secret-secret\"\ncontext = \"internal\"";
    let config = [
        format!("[server]\nlisten = \"{listen}\"\ntls = {{ cert = \"cert.pem\", key = \"key.pem\" }}\n"),
        connection(
            "gone",
            "asterisk",
            &format!(
                "host = \"127.0.0.1\"\nport = {closed}\n{login}\n[connection.lines]\ndevice = \"PJSIP/{{device}}\""
            ),
        ),
        connection("lost", "asterisk", &format!("host = \"pbx.invalid\"\n{login}")),
        connection("typo", "astersik", ""),
        user("\"gone/101\""),
    ];
    fs::write(dir.path().join("jackfield.toml"), config.concat()).unwrap();

    let output = doctor(dir.path(), &[]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(!shown.contains("secret-secret"), "{shown}");
    let (at, listen, closed) = (dir.path().display().to_string(), listen.to_string(), format!(":{closed}"));
    let port = listen.rsplit_once(':').unwrap().1;
    let names = [
        ("DIR", at.as_str()),
        ("LISTEN", &listen),
        ("PORT", port),
        (":CLOSED", &closed),
        ("VERSION", env!("CARGO_PKG_VERSION")),
    ];
    let page = page(&output, &names);
    // What becomes of a name that cannot be is the resolver's word, and what to do follows from it.
    let resolver = |line: &&str| !line.contains("getent hosts pbx.invalid") && !line.contains("/etc/resolv.conf");
    let of_name =
        |line| if str::starts_with(line, "problem  connection lost ") { "problem  connection lost" } else { line };
    let page: Vec<&str> = page.lines().filter(resolver).map(of_name).collect();
    let expected = include_str!("service_doctor.txt");
    assert_eq!(page.join("\n").trim_end(), expected.trim_end(), "{shown}");
}

#[test]
fn a_configuration_that_cannot_be_read_ends_the_page_early() {
    let dir = tempfile::tempdir().unwrap();
    let output = doctor(dir.path(), &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found = verdicts(&output, "configuration");
    assert_eq!(found.len(), 1);
    assert!(found[0].0 == "problem" && found[0].1.contains("jackfield.toml"), "{found:?}");
    assert_eq!(verdicts(&output, "clock").len(), 1, "the machine is looked at all the same");
    assert!(verdicts(&output, "address").is_empty());
}
