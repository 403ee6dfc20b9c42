//! Requests that nobody thought of, made from the description of the API: no answer is a fault of the host's, and every
//! answer is as the description says. Schemathesis makes them; it is installed into a folder of its own below `target`.

use std::path::PathBuf;
use std::process::Command;

use jackfield_tests::build;

use super::*;

const PACKAGE: &str = "schemathesis==4.32.5";
/// What is found wrong.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// How many requests of each operation, and of which kinds. With `JACKFIELD_EXAMPLES` so many, of all kinds.
fn examples() -> [String; 2] {
    let all = "examples,coverage,fuzzing,stateful".to_owned();
    std::env::var("JACKFIELD_EXAMPLES").map_or_else(|_| ["10".to_owned(), "fuzzing".to_owned()], |many| [many, all])
}

/// The program; none where it cannot be had, which is said.
fn schemathesis() -> Option<PathBuf> {
    let target = build::workspace().join("target");
    let folder = target.join("schemathesis-4.32.5");
    let program = folder.join("bin/schemathesis");
    // One installs it, the others wait.
    let lock = std::fs::File::create(target.join("schemathesis.lock")).unwrap();
    lock.lock().unwrap();
    if program.exists() {
        return Some(program);
    }
    let run = |command: &mut Command| -> Result<(), String> {
        let output = command.output().map_err(|e| e.to_string())?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    };
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).and_then(|()| {
        let pip = folder.join("bin/pip");
        run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "--timeout", "20", PACKAGE]))
    });
    if made.is_ok() && program.exists() {
        return Some(program);
    }
    #[allow(clippy::print_stderr)]
    {
        let why = made.err().unwrap_or_default();
        eprintln!("NOT TESTED WITH MADE-UP REQUESTS: {PACKAGE} cannot be installed (Python with venv, PyPI): {why}");
    }
    None
}

fn made_up_requests(token: &str) {
    let Some(program) = schemathesis() else { return };
    let place = "[connection.recordings]\nfolder = \"monitor\"\n[[user]]";
    let config = config("url = \"sqlite://calls.db\"").replacen("[[user]]", place, 1);
    let host = Setup::new(config, &["simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let id = talk(&mut alice, "sim/101", "+380441234567");
    saved(&mut alice, &id);
    let [many, kinds] = examples();
    let output = Command::new(program)
        .args(["--no-color", "run", &format!("http://{}/api/openapi.json", host.address())])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", CHECKS, "--max-examples", &many, "--phases", &kinds, "--seed", "1", "--workers", "2"])
        .args(["--suppress-health-check", "all", "--generation-database", "none"])
        .current_dir(host.dir())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("passed"), "{said}");
    // And it lives.
    assert_eq!(host.get(&format!("/api/v1/calls/{id}"), ALICE).unwrap().status, 200);
    assert!(!host.log().contains("panicked"), "{}", host.log());
}

#[test]
fn no_made_up_request_of_an_agent_is_answered_with_a_fault() {
    made_up_requests(ALICE);
}

#[test]
fn no_made_up_request_of_an_admin_is_answered_with_a_fault() {
    made_up_requests(ADMIN);
}
