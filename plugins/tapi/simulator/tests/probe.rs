//! What `tapi-probe` says of this library: what there is, and messages as they come.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod driver;

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use jackfield_plugin_tapi::{Probe, probe};
use serde_json::json;

#[test]
fn the_probe_says_what_there_is_and_what_comes() {
    let folder = tempfile::tempdir().unwrap();
    let config = json!({
        "lines": [
            {"name": "Reception", "permanent": 7, "addresses": [{"number": "101"}, {"number": "102"}]},
            {"name": "Old", "addresses": [{"number": "201"}], "api": ["1.3", "1.4"]},
        ],
        "script": [
            {"at": 100, "do": "call", "from": "0447654321", "name": "Zoë", "to": "101"},
            {"at": 200, "do": "answer", "number": "101"},
            {"at": 300, "do": "hangup", "number": "0447654321"},
        ],
    });
    let library = driver::put(folder.path(), &std::fs::read(driver::built()).unwrap(), Some(&config));
    let what = Probe {
        library: library.to_str().unwrap().to_owned(),
        lines: vec!["101".to_owned()],
        // It is not waited for.
        listen: Some(Duration::from_secs(600)),
    };
    let (sender, said) = channel();
    std::thread::spawn(move || {
        probe(&what, &mut |line| {
            // Who has seen enough listens no more.
            let _ = sender.send(line.to_owned());
        })
    });
    let (mut all, end) = (Vec::new(), Instant::now() + driver::PATIENCE);
    // In this order, with others between them.
    for wanted in [
        &["provider 1 cti_tapisim.tsp"][..],
        &["device 0 `Reception` id:7 TAPI 2.2"],
        &["driver Jackfield's TAPI simulator Simulated switch"],
        &["line features ", "MAKECALL"],
        &["address 0 `101`"],
        &["call features ", "BLINDTRANSFER", "SWAPHOLD"],
        &["address 1 `102`"],
        &["device 1: cannot be used", "LINEERR_INCOMPATIBLEAPIVERSION"],
        &["device 0 is open: MONITOR"],
        &["APPNEWCALL "],
        &["CALLSTATE ", "OFFERING"],
        &["\"number\":\"0447654321\"", "\"name\":\"Zoë\""],
        &["CALLSTATE ", "CONNECTED"],
        &["CALLSTATE ", "DISCONNECTED"],
        &["CALLSTATE ", "IDLE"],
    ] {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = said.recv_timeout(left).unwrap_or_else(|e| panic!("no {wanted:?} ({e}) in {all:#?}"));
            let found = wanted.iter().all(|part| line.contains(part));
            all.push(line);
            if found {
                break;
            }
        }
    }
}

#[test]
fn a_library_that_is_none_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing.so").to_str().unwrap().to_owned();
    let what = Probe { library: nothing, lines: Vec::new(), listen: None };
    let error = probe(&what, &mut |line| panic!("{line}")).unwrap_err();
    assert!(error.contains("cannot be loaded"), "{error}");
}
