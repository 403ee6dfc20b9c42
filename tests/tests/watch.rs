//! `jackfield watch`, `jackfield version`, and the vendor's example with its phone system.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use jackfield_tests::build::{self, Version};
use jackfield_tests::host::{PATIENCE, Setup};
use serde_json::{Value, json};

const TOKEN: &str = "demo-token-0123456789";

struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (send, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    fn line(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if wanted(&line) => return line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("it did not come; there came:\n{}", seen.join("\n")),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watch(url: &str, more: &[&str]) -> Running {
    let mut command = Command::new(build::jackfield(Version::Present).unwrap());
    Running::start(command.args(["watch", url]).args(more).env("JACKFIELD_TOKEN", TOKEN))
}

fn user(line: &str) -> String {
    format!("[[user]]\nname = \"demo\"\nrole = \"admin\"\ntoken = \"{TOKEN}\"\nlines = [\"{line}\"]\n")
}

#[test]
fn watch_shows_calls_as_they_come_and_json_for_scripts() {
    let config = format!("[[connection]]\nid = \"sim\"\nplugin = \"simulator\"\n{}", user("sim/101"));
    let host = Setup::new(config, &["simulator"]).start().unwrap();
    let people = watch(host.url(), &[]);
    let scripts = watch(host.url(), &["--json", "--line", "sim/101"]);
    people.line(|l| l == "-- sim/101 is up");
    scripts.line(|l| l.contains("\"result\""));
    let mut client = host.client(TOKEN).unwrap();
    let ring = json!({ "line": "sim/101", "name": "ring", "params": { "from": "5551234", "name": "\u{1b}[31mEvil" } });
    client.call("librarySpecificService", &ring).unwrap();
    let line = people.line(|l| l.contains("callStarted"));
    assert!(line.contains("sim/101") && line.contains("in  5551234") && line.contains("alerting ringing"), "{line}");
    assert!(!line.contains('\u{1b}'), "a caller's name must not steer the terminal: {line:?}");
    let line = scripts.line(|l| l.contains("callStarted"));
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["params"]["data"]["call"]["caller"]["number"], "5551234");
}

#[test]
fn watch_without_a_valid_token_ends_and_says_why() {
    let config = format!("[[connection]]\nid = \"sim\"\nplugin = \"simulator\"\n{}", user("sim/101"));
    let host = Setup::new(config, &["simulator"]).start().unwrap();
    let output = Command::new(build::jackfield(Version::Present).unwrap())
        .args(["watch", host.url()])
        .env("JACKFIELD_TOKEN", "wrong-token-0123456789")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the token is missing or not valid"));
    for (address, code, said) in [
        (host.url().to_owned(), 2, "a token is needed, one of the configuration's users: JACKFIELD_TOKEN=…".to_owned()),
        (format!("http://{}/#login=abc", host.address()), 1, format!("the host's is ws://{}/ws", host.address())),
    ] {
        let token = if code == 2 { "" } else { TOKEN };
        let mut watch = Command::new(build::jackfield(Version::Present).unwrap());
        let output = watch.args(["watch", "--once", &address]).env("JACKFIELD_TOKEN", token).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && told.contains(&said), "{told}");
    }
}

#[test]
fn version_tells_all_three() {
    let run = |more: &[&str]| {
        let output = Command::new(build::jackfield(Version::Present).unwrap()).arg("version").args(more).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert!(run(&[]).contains("plugin API 1.0"));
    assert_eq!(serde_json::from_str::<Value>(&run(&["--json"])).unwrap()["protocol"], 1);
}

#[test]
fn the_vendors_example_loads_by_copying_one_file_and_shows_its_phone_systems_calls() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let target = build::jackfield(Version::Present).unwrap();
    let built = Command::new(env!("CARGO"))
        .current_dir(build::workspace())
        .args(["build", "--quiet", "--workspace", "--example", "acme-pbx"])
        .status()
        .unwrap();
    assert!(built.success());
    let pbx = target.with_file_name("examples").join(format!("acme-pbx{}", std::env::consts::EXE_SUFFIX));
    let mut pbx = Running::start(Command::new(&pbx).arg(format!("127.0.0.1:{port}")));
    pbx.line(|l| l.contains("listens"));
    let config = format!(
        r#"
[[connection]]
id = "acme"
plugin = "acme"
backoff = {{ first = "100ms", most = "500ms" }}
[connection.settings]
host = "127.0.0.1"
port = {port}
user = "cti"
password = {{ env = "ACME_PASSWORD" }}
[connection.lines]
extension = "{{device}}"
{}"#,
        user("acme/101")
    );
    let mut setup = Setup::new(config, &["first"]);
    setup.env.push(("ACME_PASSWORD".to_owned(), "secret".to_owned()));
    let host = setup.start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    let started = client.named("callStarted", "acme/101").unwrap();
    let id = &started["params"]["data"]["call"]["callId"];
    client.call("answerCall", &json!({ "line": "acme/101", "callId": id })).unwrap();
    client.named("commutationStarted", "acme/101").unwrap();
    client.call("holdCall", &json!({ "line": "acme/101", "callId": id })).unwrap();
    client.named("hold", "acme/101").unwrap();
    let snapshot = client.call("queryActiveCallSnapshot", &json!({ "line": "acme/101" })).unwrap();
    assert!(snapshot["activeCalls"].as_array().unwrap().iter().any(|c| c["callId"] == *id && c["state"] == "held"));
    // Pull the plug: the phone system is gone, its calls are not ended by it.
    pbx.child.kill().unwrap();
    let gone = client.named("disconnected", "acme/101").unwrap();
    assert!(gone["params"]["data"]["activeCallIds"].as_array().unwrap().contains(id), "{gone}");
    assert_eq!(gone["params"]["data"]["willRetry"], true);
    assert!(!host.log().contains("secret"), "a password is in the log");
}
