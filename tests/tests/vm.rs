//! The host as a service of a real systemd, in a virtual machine of its own: the administrator's tour of the service as
//! its page shows it, and what a tour has no time for.
//!
//! It takes minutes where the processor is imitated, so it is not tried unless `JACKFIELD_VM=1` asks for it
//! (`cargo xtask test --vm`). `VM_SUITE` chooses the Debian, and with it the systemd.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::print_stderr, reason = "what was seen is shown by the test runner")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jackfield_tests::build::{self, Version};
use jackfield_tests::client::Client;
use jackfield_tests::page::{Block, blocks, fits};
use jackfield_tests::vm::{Vm, WANTED_VAR};
use serde_json::json;

const PAGE: &str = "administrator.md";
const TOKEN: &str = "carol-token-0123456789";
/// Where the tour is walked: a checkout with nothing but what was built.
const CHECKOUT: &str = "/root/jackfield";
/// How long a client waits for what takes a moment: the machine is slow.
const PATIENCE: Duration = Duration::from_secs(300);

/// Programs and libraries, as they are built, without what debuggers want of them.
fn payload(at: &Path) {
    let release = at.join("target/release");
    std::fs::create_dir_all(&release).unwrap();
    let program = build::jackfield(Version::Present).unwrap();
    let mut files = vec![program.clone(), program.with_file_name("jackfield-sim")];
    files.extend(["simulator", "infinity"].map(|plugin| build::library(plugin, Version::Present).unwrap()));
    for file in files {
        let to = release.join(file.file_name().unwrap());
        let stripped = Command::new("strip").arg("--strip-debug").arg("-o").arg(&to).arg(&file).status();
        if !stripped.is_ok_and(|status| status.success()) {
            std::fs::copy(&file, &to).unwrap();
        }
    }
}

/// What is looked at.
type Step = fn(&mut Machine);

/// A machine where things are done one after the other.
struct Machine(Vm);

impl Machine {
    /// What a script prints; it must end well.
    fn sh(&mut self, script: &str) -> String {
        let done = self.0.run(&format!("set -e\n{script}")).unwrap();
        assert_eq!(done.code, 0, "$ {script}\n{}\n--- the log\n{}", done.text, self.log());
        done.text
    }

    fn log(&mut self) -> String {
        self.0.run("journalctl -u jackfield -o short-precise --no-pager | tail -n 60").unwrap().text
    }

    /// Gives the commands of a section, and compares what they print.
    fn play(&mut self, section: &str) {
        for block in blocks(PAGE, section).unwrap() {
            match block {
                Block::File(name, text) => drop(self.sh(&format!("cat > {name} <<'EOF'\n{text}EOF"))),
                Block::Console(list) => list.iter().for_each(|(command, shown)| self.give(command, shown)),
            }
        }
    }

    fn give(&mut self, command: &str, shown: &[String]) {
        let done = self.0.run(&format!("cd {CHECKOUT}\n{command}")).unwrap();
        let mut printed: Vec<String> = done.text.lines().map(str::to_owned).collect();
        if done.code != 0 {
            printed.push(format!("[exit code {}]", done.code));
        }
        let same = printed.len() == shown.len() && shown.iter().zip(&printed).all(|(s, p)| fits(s, p));
        assert!(
            same,
            "$ {command}\n--- printed\n{}\n--- shown\n{}\n--- the log\n{}",
            printed.join("\n"),
            shown.join("\n"),
            self.log()
        );
    }

    fn client(&self) -> Client {
        let url = format!("ws://{}/ws", self.0.address());
        let until = Instant::now() + PATIENCE;
        loop {
            let connected = Client::connect(&url, Some(TOKEN)).and_then(|mut client| {
                client.call("hello", &json!({}))?;
                Ok(client)
            });
            match connected {
                Ok(client) => return client,
                Err(why) if Instant::now() > until => panic!("{url}: {why}"),
                Err(_) => std::thread::sleep(Duration::from_millis(500)),
            }
        }
    }
}

#[test]
fn a_service_from_an_empty_machine_to_an_empty_machine() {
    if std::env::var(WANTED_VAR).as_deref() != Ok("1") {
        eprintln!("NOT TESTED: a real systemd; {WANTED_VAR}=1 (cargo xtask test --vm) tries it in a virtual machine");
        return;
    }
    let begun = Instant::now();
    let dir = tempfile::tempdir().unwrap();
    payload(dir.path());
    let mut machine = Machine(Vm::start(dir.path()).unwrap_or_else(|e| panic!("{e}")));
    let seen = |what: &str| eprintln!("{:>4} s  {what}", begun.elapsed().as_secs());
    seen(&machine.sh("systemctl --version | head -n 1; uname -r"));
    machine.sh(&format!("mkdir -p {CHECKOUT} && ln -s /payload/target {CHECKOUT}/target"));
    let steps: [(&str, Step); 12] = [
        ("the tour", |m| m.play("A tour of the service")),
        ("it is shut away", shut_away),
        ("secrets are root's", secrets),
        ("the journal knows what is bad", priorities),
        ("calls outlive the host", calls),
        ("the watchdog bites", watchdog),
        ("a port below 1024", low_port),
        ("a configuration that is refused", refused),
        ("a service of one user", of_one_user),
        ("another boot", reboot),
        ("the end", |m| m.play("The end of the service")),
        ("nothing is left", nothing_left),
    ];
    for (what, step) in steps {
        step(&mut machine);
        seen(what);
    }
}

/// The unit is what `systemd-analyze` likes, the host has no rights, and its runners are filtered.
fn shut_away(machine: &mut Machine) {
    assert_eq!(machine.sh("systemd-analyze verify /etc/systemd/system/jackfield.service 2>&1"), "");
    let security = machine.sh("systemd-analyze security jackfield --no-pager");
    let score = security.lines().find_map(|line| line.split_once("exposure level for jackfield.service: "));
    let score: f32 = score.unwrap().1.split(' ').next().unwrap().parse().unwrap();
    eprintln!("systemd-analyze security: {score}");
    assert!(score <= 2.0, "{security}");
    let of = "for p in $(pgrep -f 'jackfield r'); do grep -E '^(Uid|NoNewPrivs|Seccomp|CapEff):' /proc/$p/status; done";
    let user = machine.sh("id -u jackfield").trim().to_owned();
    let none = "0".repeat(16);
    let bound = format!("Uid:\t{user}\t{user}\t{user}\t{user}\nCapEff:\t{none}\nNoNewPrivs:\t1\nSeccomp:\t2\n");
    assert_eq!(machine.sh(of), bound.repeat(2));
    // Nothing of the sandbox was missing.
    let missing = machine.sh("journalctl -u jackfield -o cat | grep 'less isolated' || true");
    assert!(missing.is_empty() || missing.contains("Landlock is older"), "{missing}");
    assert_eq!(
        machine.sh("stat -c '%a %U %G' /run/jackfield /var/lib/jackfield /etc/jackfield /var/lib/jackfield/calls.db"),
        "700 jackfield jackfield\n750 jackfield jackfield\n750 root jackfield\n600 jackfield jackfield\n"
    );
    assert_eq!(machine.sh("journalctl -u jackfield | grep -c 'mode is different' || true"), "0\n");
}

fn secrets(machine: &mut Machine) {
    assert_eq!(machine.sh("stat -c '%a %U' /etc/jackfield/environment"), "600 root\n");
    machine.sh("! runuser -u jackfield -- cat /etc/jackfield/environment");
    machine.sh(
        ". /etc/jackfield/environment; test -n \"$ALICE_TOKEN\"; ! journalctl -u jackfield | grep -F \"$ALICE_TOKEN\"",
    );
    // The service's user is told the same as root; nobody else is told anything.
    let doctor = machine.sh("runuser -u jackfield -- jackfield doctor");
    assert!(doctor.contains("\nok       runtime folder    the host answers at /run/jackfield/"), "{doctor}");
    machine.sh("! runuser -u nobody -- jackfield status");
    let asked = machine.sh("systemctl stop jackfield; jackfield doctor || true; systemctl start jackfield");
    assert!(asked.contains("(set -a; . /etc/jackfield/environment; jackfield doctor)"), "{asked}");
}

fn priorities(machine: &mut Machine) {
    let of = |level: &str| format!("journalctl -u jackfield _COMM=jackfield -p {level}..{level} -o cat");
    for (level, word) in [("err", "ERROR"), ("warning", "WARN"), ("info", "INFO")] {
        let lines = machine.sh(&of(level));
        let told: Vec<&str> = lines.lines().filter(|line| line.starts_with('{')).collect();
        let word = format!("\"level\":\"{word}\"");
        assert!(told.iter().all(|line| line.contains(&word)), "{level}: {lines}");
        assert!(level == "warning" || !told.is_empty(), "{level}: {lines}");
    }
}

/// A call at a phone system outlives a restart of the service, a crash of it, and of its adapter.
fn calls(machine: &mut Machine) {
    machine.sh(
        "systemd-run -q --unit pbx /payload/target/release/jackfield-sim infinity --listen 127.0.0.1:7000 --control \
         127.0.0.1:7001\n\
         install -m 640 -g jackfield /payload/target/release/libjackfield_plugin_infinity.so /etc/jackfield/adapters/\n\
         printf 'JACKFIELD_SERVER__LISTEN=0.0.0.0:8080\\nJACKFIELD_SERVER__INSECURE=true\\n' >> \
         /etc/jackfield/environment",
    );
    machine.sh(&format!(
        "cat >> /etc/jackfield/jackfield.toml <<'EOF'\n[[connection]]\nid = \"inf\"\nplugin = \
         \"infinity\"\n[connection.settings]\nurl = \"http://127.0.0.1:7000\"\n[[line]]\nname = \
         \"inf/101\"\n[line.settings]\nuser = \"11\"\n[[user]]\nname = \"carol\"\nrole = \"agent\"\ntoken = \
         \"{TOKEN}\"\nlines = [\"inf/101\"]\nEOF\nsystemctl restart jackfield"
    ));
    machine.sh("until jackfield status | grep -q 'inf/101 up'; do sleep 0.3; done");
    let mut client = machine.client();
    let made = client.call("makeCall", &json!({ "line": "inf/101", "to": "79990000001" })).unwrap();
    let call = made["callId"].as_str().unwrap().to_owned();
    client.named("commutationStarted", "inf/101").unwrap();
    let kill = "kill -KILL $(systemctl show -P MainPID jackfield)";
    let adapter = "kill -KILL $(pgrep -f 'jackfield runner inf')";
    for deed in ["systemctl restart jackfield", kill, adapter] {
        let before = machine.sh("systemctl show -P NRestarts jackfield; date +%s");
        machine.sh(deed);
        drop(client);
        // The one before may still be answering: a new one has another process, or the adapter has.
        machine.sh("until jackfield status | grep -q 'inf/101 up, 1 call'; do sleep 0.3; done");
        client = machine.client();
        let shown = client.named("activeCallSnapshot", "inf/101").unwrap();
        let calls = &shown["params"]["data"]["activeCalls"];
        assert_eq!(calls[0]["callId"], json!(call), "{deed}, {before}: {shown}");
        assert_eq!(calls.as_array().map(Vec::len), Some(1), "{deed}: {shown}");
    }
    client.call("dropCall", &json!({ "line": "inf/101", "callId": call })).unwrap();
    client.event(|e| e["method"] == "callSaved" && e["params"]["data"]["final"] == true).unwrap();
    machine
        .sh("systemctl stop pbx; sed -i /JACKFIELD_SERVER/d /etc/jackfield/environment; systemctl restart jackfield");
    let kept = machine.sh(&format!("curl -s -H 'Authorization: Bearer {TOKEN}' http://127.0.0.1:8080/api/v1/calls"));
    assert_eq!(kept.matches(&format!("\"callId\":\"{call}\"")).count(), 1, "{kept}");
}

/// With less patience than the unit has, so that nobody waits for half a minute; more than a slow machine needs.
fn watchdog(machine: &mut Machine) {
    machine.sh("mkdir -p /etc/systemd/system/jackfield.service.d\n\
         printf '[Service]\\nWatchdogSec=10\\n' > /etc/systemd/system/jackfield.service.d/watchdog.conf\n\
         systemctl daemon-reload && systemctl restart jackfield\n\
         kill -STOP $(systemctl show -P MainPID jackfield)\n\
         until [ \"$(systemctl show -P NRestarts jackfield)\" != 0 ]; do sleep 0.3; done\n\
         until [ \"$(systemctl is-active jackfield)\" = active ]; do sleep 0.3; done\n\
         journalctl -u jackfield | grep 'Watchdog timeout'\n\
         rm -r /etc/systemd/system/jackfield.service.d; systemctl daemon-reload");
    // A host that is well is not bitten: three times as long as it has.
    machine.sh("sleep 30; systemctl is-active jackfield; test $(systemctl show -P NRestarts jackfield) = 1");
}

/// As the unit says it is done; adapters get nothing of the right.
fn low_port(machine: &mut Machine) {
    machine.sh("printf 'JACKFIELD_SERVER__LISTEN=127.0.0.1:80\\n' >> /etc/jackfield/environment");
    let denied =
        machine.sh("systemctl restart jackfield 2>&1 && exit 1; journalctl -u jackfield -p err -o cat | tail -n 3");
    assert!(denied.contains("127.0.0.1:80"), "{denied}");
    machine.sh("mkdir -p /etc/systemd/system/jackfield.service.d\n\
         (echo '[Service]'; sed -n 's/^# \\(.*=CAP_NET_BIND_SERVICE\\)$/\\1/p' \
         /etc/systemd/system/jackfield.service) > /etc/systemd/system/jackfield.service.d/port.conf\n\
         systemctl daemon-reload && systemctl restart jackfield");
    machine.sh("until jackfield status | grep -q 'sim/101 up'; do sleep 0.3; done; curl -sf http://127.0.0.1/livez");
    let rights = machine.sh("grep -h -E '^Cap(Prm|Eff|Inh|Amb)' /proc/$(pgrep -f 'jackfield runner sim')/status");
    assert_eq!(rights.matches("\t0000000000000000\n").count(), 4, "{rights}");
    machine
        .sh("rm -r /etc/systemd/system/jackfield.service.d; sed -i /JACKFIELD_SERVER/d /etc/jackfield/environment\n\
         systemctl daemon-reload && systemctl restart jackfield");
}

/// It is not tried again, and says why.
fn refused(machine: &mut Machine) {
    let said = machine.sh("sed -i 's/\"agent\"/\"agnet\"/' /etc/jackfield/jackfield.toml\n\
         systemctl restart jackfield && exit 1\n\
         systemctl show -p ActiveState,NRestarts,ExecMainStatus jackfield\n\
         sed -i 's/\"agnet\"/\"agent\"/' /etc/jackfield/jackfield.toml; systemctl start jackfield");
    for property in ["ActiveState=failed\n", "NRestarts=0\n", "ExecMainStatus=3\n"] {
        assert!(said.contains(property), "{said}");
    }
}

fn of_one_user(machine: &mut Machine) {
    machine.sh("systemctl stop jackfield; useradd -m -s /bin/bash tess; loginctl enable-linger tess\n\
         mkdir -p /home/tess/.config/jackfield/adapters\n\
         cp /etc/jackfield/adapters/libjackfield_plugin_simulator.so /home/tess/.config/jackfield/adapters\n\
         printf '[[connection]]\\nid = \"sim\"\\nplugin = \"simulator\"\\n[[line]]\\nname = \"sim/101\"\\n' > \
         /home/tess/.config/jackfield/jackfield.toml\n\
         chown -R tess /home/tess; until [ -S /run/user/$(id -u tess)/bus ]; do sleep 0.3; done");
    let mut tess = |script: &str| {
        machine.sh(&format!(
            "runuser -u tess -- env HOME=/home/tess XDG_RUNTIME_DIR=/run/user/$(id -u tess) bash -c \"cd; {script}\""
        ))
    };
    tess(
        "jackfield service install --user && systemctl --user daemon-reload && systemctl --user enable --now jackfield",
    );
    tess("until jackfield status | grep -q 'sim/101 up'; do sleep 0.3; done");
    tess("systemctl --user reload jackfield && jackfield doctor");
    tess("! jackfield service uninstall --user");
    tess("systemctl --user disable --now jackfield && jackfield service uninstall --user");
    machine.sh("loginctl disable-linger tess; loginctl terminate-user tess || true; systemctl start jackfield");
}

fn reboot(machine: &mut Machine) {
    machine.0.reboot().unwrap();
    machine.sh("until jackfield status | grep -q 'sim/101 up'; do sleep 0.3; done");
    let said = machine
        .sh("systemctl show -p ActiveState,NRestarts jackfield; journalctl -b -1 -u jackfield -o cat | tail -n 4");
    assert!(said.contains("ActiveState=active\n") && said.contains("NRestarts=0\n"), "{said}");
    assert!(said.contains("Deactivated successfully"), "the boot before did not end it in order: {said}");
    let kept = machine.sh(&format!("curl -s -H 'Authorization: Bearer {TOKEN}' http://127.0.0.1:8080/api/v1/calls"));
    assert!(kept.contains("79990000001"), "{kept}");
}

fn nothing_left(machine: &mut Machine) {
    machine.sh("userdel -r tess");
    let found = machine.sh(
        "find / -xdev -iname '*jackfield*' -not -path '/proc/*' -not -path '/sys/*' -not -path '/root/*' -not -name \
         'jackfield-vm*'; getent passwd jackfield || true; getent group jackfield || true; pgrep -f 'jackfield r' || true",
    );
    assert_eq!(found, "");
}
