//! Libraries that attack when they are loaded: by a constructor, which runs before any check of the ABI; by their
//! manifest; by what makes an adapter.

use std::time::Duration;

use jackfield_tests::library::{find, stripped};

use crate::bed::{Bed, Plan, same};
use crate::deeds::is_refusal;
use crate::remains::Remains;

/// What the hostile library's record begins with, and its length.
const RECORD: &[u8] = b"HOSTILE-RECORD ";
const LENGTH: usize = 160;

/// A build that does these deeds: at load, at its manifest, when an adapter is made.
pub(crate) fn build(needs: &str, deeds: [&str; 3]) -> Vec<u8> {
    let mut bytes = stripped("hostile").unwrap();
    let places = find(&bytes, RECORD);
    let [at] = places[..] else { panic!("the hostile library has {} records", places.len()) };
    let text = format!("{}1.0.0 {needs} {}", String::from_utf8_lossy(RECORD), deeds.join(" "));
    bytes[at..at + LENGTH].fill(b' ');
    bytes[at..at + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// A host into whose folder such a build is dropped: the line's status tells why it does not run, and the host, its
/// other connection and its clients go on as before.
fn refused(deeds: [&str; 3], words: &[&str]) {
    // A library is loaded for the first time in a runner, wherever it is to run.
    for isolation in ["process", "host"] {
        refused_in(isolation, deeds, words);
    }
}

fn refused_in(isolation: &'static str, deeds: [&str; 3], words: &[&str]) {
    let name = format!("{deeds:?} with isolation = {isolation:?}");
    let mut bed = Bed::start_host(&Plan::new(isolation, build("-", deeds)));
    let (expected, ()) = bed.course(|_| ());
    // The host has not waited for it.
    bed.until(&format!("a word of {words:?} for {name}"), || {
        let log = bed.host.log();
        words.iter().any(|word| log.contains(word))
    });
    let status = bed.bad_status();
    assert_ne!(status["state"], "up", "{name}: {status}");
    let folders = bed.folders();
    let folders: Vec<_> = folders.iter().map(|f| f.as_path()).collect();
    let before = Remains::settled(bed.host.pid(), &folders);
    let (course, ()) = bed.course(|_| std::thread::sleep(Duration::from_millis(300)));
    same(&expected, &course, &name);
    before.wait(bed.host.pid(), &folders, &name);
}

#[test]
fn a_constructor_that_crashes_is_refused() {
    refused(["segv", "-", "-"], &["SIGSEGV"]);
    refused(["abort", "-", "-"], &["SIGABRT"]);
    refused(["exit-in-order", "-", "-"], &["code 0", "exit"]);
}

#[test]
fn a_constructor_that_does_not_come_back_is_refused() {
    // In one isolation: each waits for as long as a library may take.
    refused_in("host", ["endless-loop", "-", "-"], &["refused"]);
    refused(["memory-without-end", "-", "-"], &["refused"]);
}

#[test]
fn a_manifest_that_crashes_or_never_comes_is_refused() {
    refused(["-", "segv", "-"], &["SIGSEGV"]);
    refused_in("process", ["-", "sleep-for-ever", "-"], &["refused"]);
    refused(["-", "wrong-lengths", "-"], &["refused"]);
    refused(["-", "unknown-status", "-"], &["refused"]);
}

#[test]
fn an_adapter_that_is_none_is_a_fault() {
    for (deed, word) in [("no-adapter", "adapter"), ("unknown-status", "77"), ("segv", "SIGSEGV")] {
        let mut bed = Bed::start_host(&Plan::new("process", build("-", ["-", "-", deed])));
        let (expected, ()) = bed.course(|_| ());
        let (course, ()) = bed.course(|bed| {
            bed.until("a third start", || bed.host.log().matches("the adapter is at fault").count() >= 3);
        });
        same(&expected, &course, deed);
        let status = bed.bad_status();
        assert_eq!(status["lastError"]["code"], "adapterFault", "{deed}: {status}");
        assert!(status["lastError"]["text"].as_str().unwrap().contains(word), "{deed}: {status}");
    }
}

#[test]
fn a_constructor_is_refused_what_its_library_is_refused() {
    let bed = Bed::start(&Plan::new("process", build("-", ["everything", "-", "-"])));
    const ASK: &str = "tell-what-was-done-at-load";
    bed.pbx.deed(ASK);
    let said = bed.pbx.did(ASK, Duration::from_secs(20)).unwrap();
    let tried: Vec<(&str, &str)> = said.split("; ").filter_map(|attempt| attempt.rsplit_once('=')).collect();
    assert!(tried.len() > 50, "{said}");
    let allowed: Vec<_> = tried.iter().filter(|(_, answer)| !is_refusal(answer)).collect();
    assert!(allowed.is_empty(), "{allowed:?}");
}

/// Besides the hostile library; a place is left for one that is good.
const HANGING: usize = 2;

#[test]
fn libraries_that_do_not_come_back_keep_nobody_waiting() {
    let mut plan = Plan::new("process", build("-", ["-", "endless-loop", "-"]));
    for number in 0..HANGING {
        // Before the good one by their names; and each another content: the same is loaded once.
        let mut bytes = plan.library.clone();
        bytes.extend_from_slice(format!("{number}").as_bytes());
        plan.others.push((format!("a-hangs-{number}"), bytes));
    }
    let bed = Bed::start_host(&plan);
    // The good connection is up, and they have not had their time yet.
    let log = bed.host.log();
    assert!(!log.contains("does not come back"), "{log}");
    bed.until("a refusal of each", || bed.host.log().matches("it does not come back within").count() > HANGING);
}
