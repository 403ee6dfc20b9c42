//! The host as a service: what its manager is told, as whom it runs, what its log says, what goes with the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use jackfield_tests::build::{self, Version};
use jackfield_tests::host::{Host, PATIENCE, Setup};
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";

fn config(connections: &[&str]) -> String {
    let sim =
        |id: &&str| format!("[[connection]]\nid = \"{id}\"\nplugin = \"simulator\"\n[connection.settings]\nseed = 1\n");
    let lines: Vec<String> = connections.iter().map(|id| format!("\"{id}/101\"")).collect();
    let user =
        format!("[[user]]\nname = \"alice\"\nrole = \"agent\"\ntoken = \"{ALICE}\"\nlines = [{}]\n", lines.join(", "));
    connections.iter().map(sim).collect::<String>() + &user
}

fn jackfield(arguments: &[&str]) -> Output {
    Command::new(build::jackfield(Version::Present).unwrap()).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What the host tells its manager, until it has told this.
fn until(manager: &UnixDatagram, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let end = Instant::now() + PATIENCE;
    let mut told = Vec::new();
    loop {
        let mut bytes = [0; 4096];
        if let Ok(count) = manager.recv(&mut bytes) {
            told.push(String::from_utf8_lossy(&bytes[..count]).into_owned());
            if wanted(told.last().unwrap()) {
                return told;
            }
        }
        assert!(Instant::now() < end, "only this was told: {told:#?}");
    }
}

#[test]
fn the_manager_is_told_that_the_host_serves_lives_reloads_and_stops() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut setup = Setup::new(config(&["sim"]), &["simulator"]);
    setup.env.push(("NOTIFY_SOCKET".to_owned(), socket.to_str().unwrap().to_owned()));
    setup.env.push(("WATCHDOG_USEC".to_owned(), "1000000".to_owned()));
    let mut host = setup.start().unwrap();

    let first = until(&manager, |text| text.starts_with("READY=1\n"));
    assert_eq!(first.len(), 1, "it was ready before it said so: {first:?}");
    assert!(first[0].contains("STATUS=0 clients, "), "{first:?}");
    let up = "STATUS=0 clients, 1 of 1 connections up, 1 of 1 lines up\n";
    if !first[0].contains(up) {
        until(&manager, |text| text == format!("WATCHDOG=1\n{up}"));
    }
    let client = host.client(ALICE).unwrap();
    until(&manager, |text| text.contains("STATUS=1 clients, "));
    until(&manager, |text| text == "WATCHDOG=1\n");

    host.write_config(&config(&["sim", "second"])).unwrap();
    assert_eq!(host.command(&["reload"]).unwrap().status.code(), Some(0));
    let told = until(&manager, |text| text.starts_with("READY=1\n"));
    let reloading = told.iter().find_map(|text| text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=")).unwrap();
    assert!(reloading.trim_end().parse::<u64>().unwrap() > 0);
    assert!(told.last().unwrap().contains(" of 2 connections up, "), "{told:?}");

    host.write_config("[[connection]]\nidd = \"x\"").unwrap();
    assert_eq!(host.command(&["reload"]).unwrap().status.code(), Some(3));
    let told = until(&manager, |text| text.starts_with("READY=1\n"));
    assert!(told.last().unwrap().contains("the configuration file was refused"), "{told:?}");
    drop(client);

    assert!(host.stop().unwrap().success());
    until(&manager, |text| text.starts_with("STOPPING=1\n"));
}

#[test]
fn a_manager_that_is_not_there_keeps_no_host_from_serving() {
    let mut setup = Setup::new(config(&["sim"]), &["simulator"]);
    setup.env.push(("NOTIFY_SOCKET".to_owned(), "/nowhere/notify".to_owned()));
    let host = setup.start().unwrap();
    host.wait_log("the service manager is not told that the host serves: NOTIFY_SOCKET=/nowhere/notify: ").unwrap();
    host.client(ALICE).unwrap();
}

/// A call on the line, from its beginning to its end.
fn call(host: &Host, line: &str) {
    let mut alice = host.client(ALICE).unwrap();
    let made = alice.call("makeCall", &json!({ "line": line, "to": "600" })).unwrap();
    alice.named("commutationStarted", line).unwrap();
    alice.call("dropCall", &json!({ "line": line, "callId": made["callId"] })).unwrap();
    alice.named("callFinished", line).unwrap();
}

/// How many debug lines each connection has in the log. What was logged before this is in it: the audit's line of a
/// client that comes now stands behind it.
fn debug_lines(host: &Host) -> (usize, usize) {
    let before = host.log().matches("\"hello\"").count();
    host.client(ALICE).unwrap();
    let end = Instant::now() + PATIENCE;
    while host.log().matches("\"hello\"").count() <= before {
        assert!(Instant::now() < end, "no hello in the log:\n{}", host.log());
        std::thread::sleep(Duration::from_millis(10));
    }
    let log = host.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ids: Vec<Value> =
        lines
            .filter(|line| line["level"] == "DEBUG")
            .map(|line| {
                if line["connection"].is_null() {
                    line["span"]["connection"].clone()
                } else {
                    line["connection"].clone()
                }
            })
            .collect();
    let of = |id: &str| ids.iter().filter(|found| *found == id).count();
    (of("one"), of("two"))
}

fn log(host: &Host, arguments: &[&str]) -> String {
    out(&host.command(&[&["log"], arguments].concat()).unwrap())
}

#[test]
fn one_connection_is_logged_in_detail_while_the_host_runs() {
    let host = Setup::new(config(&["one", "two"]), &["simulator"]).start().unwrap();
    call(&host, "one/101");
    assert_eq!(debug_lines(&host), (0, 0));
    assert_eq!(log(&host, &[]), "the host: info\n");

    assert_eq!(log(&host, &["debug", "--connection", "one"]), "the host: info\nconnection one: debug\n");
    call(&host, "one/101");
    call(&host, "two/101");
    let (one, two) = debug_lines(&host);
    assert!(one >= 2, "{}", host.log());
    assert_eq!(two, 0, "{}", host.log());

    assert_eq!(log(&host, &["--reset", "--connection", "one"]), "the host: info\n");
    call(&host, "one/101");
    assert_eq!(debug_lines(&host), (one, 0));

    let refused = host.command(&["log", "debug", "--connection", "three"]).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("there is no connection `three` (there are: one, two)"), "{told}");
    let audit = host.wait_log("\"log level\"").unwrap();
    assert!(audit.contains("\"connection\":\"one\"") && audit.contains("\"level\":\"debug\""), "{audit}");
}

#[test]
fn what_the_environment_set_is_where_levels_begin_and_where_they_return() {
    let mut setup = Setup::new(config(&["one", "two"]), &["simulator"]);
    setup.env.push(("JACKFIELD_LOG".to_owned(), "info,jackfield::input=debug".to_owned()));
    let host = setup.start().unwrap();
    log(&host, &["info", "--connection", "one"]);
    let (one, two) = debug_lines(&host);
    call(&host, "one/101");
    call(&host, "two/101");
    let (quiet, loud) = debug_lines(&host);
    assert_eq!(quiet, one, "{}", host.log());
    assert!(loud > two, "{}", host.log());

    let shown: Value = serde_json::from_str(&log(&host, &["info", "--json"])).unwrap();
    assert_eq!((&shown["host"], &shown["connections"]), (&json!("info"), &json!({ "one": "info" })));
    let (_, two) = debug_lines(&host);
    call(&host, "two/101");
    assert_eq!(debug_lines(&host).1, two);

    log(&host, &["--reset"]);
    call(&host, "one/101");
    let (back, _) = debug_lines(&host);
    assert!(back > quiet, "{}", host.log());
}

/// Runs something as a user who owns nothing; who is one already runs it as they are.
fn without_rights(program: &Path) -> Command {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let rights = [
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ];
    command.args(rights).arg("--").arg(program);
    command
}

#[test]
fn a_user_who_may_write_nothing_but_the_runtime_folder_can_run_it() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir(at("adapters")).unwrap();
    std::fs::create_dir(at("runtime")).unwrap();
    let library = build::library("simulator", Version::Present).unwrap();
    std::fs::copy(&library, at("adapters").join(library.file_name().unwrap())).unwrap();
    // The build's folder may be one that only its owner can enter.
    std::fs::copy(build::jackfield(Version::Present).unwrap(), at("jackfield")).unwrap();
    let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n{}", config(&["sim"]));
    std::fs::write(at("jackfield.toml"), text).unwrap();
    mode(&at("jackfield.toml"), 0o444);
    mode(&at("runtime"), 0o777);
    mode(dir.path(), 0o555);
    let command = |arguments: &[&str]| {
        let mut command = without_rights(&at("jackfield"));
        command.current_dir("/").env_clear().args(arguments).arg("--config").arg(at("jackfield.toml"));
        command.env("RUNTIME_DIRECTORY", at("runtime")).env("TMPDIR", at("runtime"));
        command
    };
    let mut host = command(&["run"]).stderr(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + PATIENCE;
    let status = loop {
        let output = command(&["status"]).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        if shown.contains("sim/101 up") || Instant::now() > end || host.try_wait().unwrap().is_some() {
            break shown;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let stopped = Command::new("kill").args(["-TERM", &host.id().to_string()]).status().unwrap();
    let output = host.wait_with_output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    mode(dir.path(), 0o755);
    assert!(stopped.success() && output.status.success(), "{log}");
    assert!(status.contains("  sim/101 up\n"), "{status}\n{log}");
    let left: Vec<_> = std::fs::read_dir(at("runtime")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "it left {left:?}");
}

#[test]
fn completions_are_scripts_that_a_shell_can_read() {
    for (shell, checker) in [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish")] {
        let script = out(&jackfield(&["completions", shell]));
        for word in ["doctor", "reload", "service", "connection"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        let Ok(mut reads) = Command::new(checker).arg("-n").stdin(Stdio::piped()).spawn() else {
            continue; // This shell is not installed.
        };
        reads.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(reads.wait().unwrap().success(), "{checker} cannot read it");
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let dir = tempfile::tempdir().unwrap();
    out(&jackfield(&["man", "--dir", dir.path().to_str().unwrap()]));
    let pages: Vec<String> =
        std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for page in ["jackfield.1", "jackfield-run.1", "jackfield-doctor.1", "jackfield-service-install.1"] {
        assert!(pages.iter().any(|there| there == page), "{page} is not in {pages:?}");
    }
    let page = out(&jackfield(&["man"]));
    assert_eq!(page.trim_end(), std::fs::read_to_string(dir.path().join("jackfield.1")).unwrap().trim_end());
    for text in ["Exit codes", "the configuration is refused", "jackfield\\-doctor(1)"] {
        assert!(page.contains(text), "{text} is not in:\n{page}");
    }
    // Where there is groff, every page is set without a complaint.
    for page in &pages {
        let set = Command::new("groff").args(["-k", "-man", "-Tutf8", "-ww", "-z"]).arg(dir.path().join(page)).output();
        if let Ok(set) = set {
            assert!(set.stderr.is_empty(), "{page}: {}", String::from_utf8_lossy(&set.stderr));
        }
    }
}

#[test]
fn every_command_has_help_with_examples() {
    let help = out(&jackfield(&["--help"]));
    assert!(help.contains("Exit codes:\n  0  done"), "{help}");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands {
        let help = out(&jackfield(&[command, "--help"]));
        assert!(help.contains("Examples:\n  "), "{command}:\n{help}");
    }
}

#[test]
fn a_unit_is_printed_and_installed_for_a_user() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("my config.toml");
    std::fs::write(&config, "").unwrap();
    let install = |more: &[&str]| {
        let mut command = Command::new(build::jackfield(Version::Present).unwrap());
        command.env("XDG_CONFIG_HOME", dir.path()).args(["service", "install", "--user"]).args(more);
        command.arg("--config").arg(&config).output().unwrap()
    };
    let unit = dir.path().join("systemd/user/jackfield.service");
    let planned = out(&install(&["--dry-run"]));
    assert!(planned.contains(&format!("would write {}", unit.display())) && !unit.exists(), "{planned}");

    let told = out(&install(&[]));
    assert!(told.contains("systemctl --user enable --now jackfield"), "{told}");
    let text = std::fs::read_to_string(&unit).unwrap();
    assert!(text.contains(&format!(" run --config \"{}\"\n", config.display())), "{text}");
    assert!(planned.contains(&text));
    assert!(out(&install(&[])).contains("is there already"));

    std::fs::write(&unit, "[Service]\n").unwrap();
    let refused = install(&[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--force replaces it"));
    assert_eq!(std::fs::read_to_string(&unit).unwrap(), "[Service]\n");
    out(&install(&["--force"]));
    assert_eq!(std::fs::read_to_string(&unit).unwrap(), text);

    // It is taken away when nothing begins it any more.
    let uninstall = |more: &[&str]| {
        let mut command = Command::new(build::jackfield(Version::Present).unwrap());
        command.env("XDG_CONFIG_HOME", dir.path()).args(["service", "uninstall", "--user"]).args(more);
        command.output().unwrap()
    };
    let link = dir.path().join("systemd/user/default.target.wants/jackfield.service");
    std::fs::create_dir(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&unit, &link).unwrap();
    let refused = uninstall(&[]);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("first: systemctl --user disable --now jackfield"), "{told}");
    std::fs::remove_file(&link).unwrap();
    assert!(out(&uninstall(&["--dry-run"])).contains("would remove ") && unit.exists());
    assert!(out(&uninstall(&[])).contains("removed ") && !unit.exists());
    assert!(out(&uninstall(&[])).contains("is not there"));
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let dir = tempfile::tempdir().unwrap();
    for (scope, more) in [("--system", None), ("--user", Some("--user"))] {
        let mut arguments = vec!["service", "unit"];
        arguments.extend(more);
        let text = out(&jackfield(&arguments));
        let path = dir.path().join("jackfield.service");
        // A manual page that is not installed is no mistake of the unit.
        let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("Documentation=")).collect();
        std::fs::write(&path, text.join("\n") + "\n").unwrap();
        let Ok(verified) = Command::new("systemd-analyze").args(["verify", scope]).arg(&path).output() else {
            return; // There is no systemd here.
        };
        let told = String::from_utf8_lossy(&verified.stderr).into_owned();
        let ours: Vec<&str> = told.lines().filter(|line| line.contains("jackfield.service")).collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
}
