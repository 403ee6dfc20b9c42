//! A driver that ends its process, or never returns: seen from outside, since whoever has it loaded does not see it.
//!
//! Each test starts this program once more with the name of what is to be done, and looks at how that process ends.

#![allow(clippy::unwrap_used, clippy::panic, clippy::needless_pass_by_value, reason = "a test")]
#![allow(clippy::print_stdout, reason = "how the other process tells where it is")]

mod driver;

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cti_tapisim::constants::*;
use driver::{CONTROL, Tapi};
use serde_json::{Value, json};

/// What the other process is told to do.
const DEED: &str = "CTI_TAPISIM_DEED";
/// What it ends with when it gets to the end by itself.
const SURVIVED: i32 = 42;

fn other(deed: &Value) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["the_other_process", "--exact", "--nocapture", "--test-threads=1"]).env(DEED, deed.to_string());
    command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// What the other process has said of its steps, without what the test's frame says.
fn steps(out: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(out);
    text.lines().filter_map(|line| line.trim_end().rsplit_once("step: ").map(|(_, step)| step.to_owned())).collect()
}

/// The other process ends of itself; where it was, and how it ended.
fn ended(deed: Value) -> (Vec<String>, ExitStatus) {
    let Output { status, stdout, .. } = other(&deed).output().unwrap();
    (steps(&stdout), status)
}

fn step(name: &str) {
    println!("step: {name}");
}

/// Not a test by itself: what the others start.
#[test]
fn the_other_process() {
    let Ok(deed) = std::env::var(DEED) else { return };
    let deed: Value = serde_json::from_str(&deed).unwrap();
    let mut tapi = Tapi::with(&json!({"faults": deed["faults"].as_array().cloned().unwrap_or_default()}));
    step("loaded");
    tapi.begin();
    step("begun");
    let line = tapi.open(0, CONTROL).unwrap();
    tapi.done(json!({"do": "call", "from": "0441234567", "to": "101"}));
    let call = tapi.new_call(line);
    tapi.ask("lineAnswer", &[call as usize, 0, 0]);
    tapi.state(call, LINECALLSTATE_CONNECTED);
    step("talking");
    match deed["then"].as_str().unwrap_or_default() {
        "hold twice" => {
            tapi.ask("lineHold", &[call as usize]);
            step("held");
            tapi.ask("lineUnhold", &[call as usize]);
            tapi.call("lineHold", &[call as usize]);
            step("held again");
        }
        "command" => {
            tapi.command(&deed["command"]);
            step("commanded");
        }
        "file" => {
            // The library's own thread does it.
            let path = tapi.folder().join(driver::built().file_name().unwrap()).with_extension("commands");
            std::fs::write(path, format!("{}\n", deed["command"])).unwrap();
            let end = Instant::now() + driver::PATIENCE;
            while Instant::now() < end {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        "hang aside" => hang_aside(&tapi, call),
        other => panic!("nobody does `{other}`"),
    }
    // Without giving anything back: it may hang.
    std::process::exit(SURVIVED);
}

/// One thread never comes back; everything else goes on.
fn hang_aside(tapi: &Tapi, call: u32) -> ! {
    tapi.done(json!({"do": "fault", "fault": {"on": "lineHold", "hang": true}}));
    let came_back = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            step("into the function");
            tapi.call("lineHold", &[call as usize]);
            came_back.store(true, Ordering::SeqCst);
        });
        // Messages, structures and requests of others.
        for _ in 0..20 {
            while let Ok(message) = tapi.read(0) {
                assert_ne!(message.id, LINE_REPLY);
            }
            assert_ne!(tapi.features(call) & LINECALLFEATURE_HOLD, 0);
            assert_eq!(tapi.read(10).unwrap_err(), LINEERR_OPERATIONFAILED);
        }
        assert!(tapi.call("lineDrop", &[call as usize, 0, 0]) > 0);
        let dropped = (0..6000).any(|_| tapi.read(10).is_ok_and(|m| m.is_state(call, LINECALLSTATE_IDLE)));
        assert!(dropped, "the other requests are done");
        assert_eq!(tapi.call("lineShutdown", &[tapi.app as usize]), 0);
        step("the rest went on");
        assert!(!came_back.load(Ordering::SeqCst));
        std::process::exit(SURVIVED);
    })
}

/// How a process ends that does what a fault says.
fn is(how: &str, status: ExitStatus) -> bool {
    if how == "exit" {
        return status.code() == Some(3);
    }
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        let signal = if how == "abort" { libc::SIGABRT } else { libc::SIGSEGV };
        status.signal() == Some(signal)
    }
    #[cfg(windows)]
    {
        // A program that ends itself, and one that writes where it may not.
        let code = if how == "abort" { 0xC000_0409_u32 } else { 0xC000_0005 };
        status.code() == Some(code.cast_signed())
    }
}

#[test]
fn a_function_ends_the_process() {
    for how in ["abort", "segv", "exit"] {
        let (steps, status) = ended(json!({"then": "hold twice", "faults": [{"on": "lineHold", "crash": how}]}));
        assert!(is(how, status), "{how}: {status}");
        assert_eq!(steps, ["loaded", "begun", "talking"], "{how}");
    }
    // The first one passes.
    let (steps, status) =
        ended(json!({"then": "hold twice", "faults": [{"on": "lineHold", "after": 1, "crash": "abort"}]}));
    assert!(is("abort", status), "{status}");
    assert_eq!(steps, ["loaded", "begun", "talking", "held"]);
    // Without a fault it gets to the end: what ended the others was the fault.
    let (steps, status) = ended(json!({"then": "hold twice"}));
    assert_eq!(status.code(), Some(SURVIVED));
    assert_eq!(steps, ["loaded", "begun", "talking", "held", "held again"]);
}

#[test]
fn every_function_can() {
    for (function, last) in [("lineInitializeExW", "loaded"), ("lineOpenW", "begun"), ("lineGetMessage", "begun")] {
        let (steps, status) = ended(json!({"then": "hold twice", "faults": [{"on": function, "crash": "segv"}]}));
        assert!(is("segv", status), "{function}: {status}");
        assert_eq!(steps.last().map(String::as_str), Some(last), "{function}");
    }
}

#[test]
fn a_command_ends_the_process() {
    for how in ["abort", "segv", "exit"] {
        for then in ["command", "file"] {
            let (steps, status) = ended(json!({"then": then, "command": {"do": "crash", "how": how}}));
            assert!(is(how, status), "{how} by {then}: {status}");
            assert_eq!(steps, ["loaded", "begun", "talking"], "{how} by {then}");
        }
    }
}

#[test]
fn a_function_that_hangs_keeps_its_thread_and_nothing_else() {
    let (steps, status) = ended(json!({"then": "hang aside"}));
    assert_eq!(status.code(), Some(SURVIVED), "{steps:?}");
    assert_eq!(steps, ["loaded", "begun", "talking", "into the function", "the rest went on"]);
}

#[test]
fn a_library_that_hangs_is_ended_from_outside() {
    let (steps, status) = ended(json!({"then": "command", "command": {"do": "hang", "ms": 50}}));
    assert_eq!(status.code(), Some(SURVIVED));
    assert_eq!(steps, ["loaded", "begun", "talking", "commanded"]);

    let mut child = other(&json!({"then": "command", "command": {"do": "hang"}})).spawn().unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let talking = said.map_while(Result::ok).any(|line| line.trim_end().ends_with("step: talking"));
    assert!(talking, "it never came so far");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it has come back");
    child.kill().unwrap();
    child.wait().unwrap();
}
