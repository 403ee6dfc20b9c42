//! An adapter is replaced in the middle of everything, and nobody notices: not the phone system, which counts who
//! connects, and not the clients, whose events are compared with those of a course without a replacement.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::print_stdout, reason = "figures for whoever runs it by hand")]

mod bed;
mod faults;
mod load;
mod moves;
mod pbx;
#[path = "../isolation/script.rs"]
mod script;
mod states;

use jackfield_tests::library::Turnover;
use serde_json::json;

use bed::{Bed, LINE, Plan, STEPS, TOKEN, same};

const VERSIONS: [&str; 2] = ["1.0.0", "1.1.0"];

/// A host with two versions of the adapter; the second one runs.
fn two(plan: Plan) -> Bed {
    Bed::start(plan, &VERSIONS.map(Turnover::version))
}

/// Swaps back and forth at every step of a course.
fn every_step(isolation: &'static str) {
    let mut bed = two(Plan::new(isolation));
    let expected = bed.course(|_, _| {});
    assert!(expected.len() >= 20, "a course of {} events", expected.len());
    same(&expected, &bed.course(|_, _| {}), "without a swap");
    let mut next = VERSIONS.iter().cycle();
    let mut swaps = 0;
    for step in 0..=STEPS {
        let came = bed.course(|bed, at| {
            if at == step {
                bed.swap(&["--version", next.next().unwrap()]);
                swaps += 1;
            }
        });
        same(&expected, &came, &format!("a swap before step {step}"));
    }
    let came = bed.course(|bed, _| {
        bed.swap(&["--version", next.next().unwrap()]);
        swaps += 1;
    });
    same(&expected, &came, "a swap before every step");
    // The very library that runs, as proof that it can.
    let came = bed.course(|bed, at| {
        if at % 3 == 1 {
            bed.swap(&["--version", bed.status()["adapter"]["version"].as_str().unwrap()]);
            swaps += 1;
        }
    });
    same(&expected, &came, "a swap to the same library");
    unnoticed(&bed, swaps);
}

/// The phone system was connected to once, and no client was told of anything.
fn unnoticed(bed: &Bed, swaps: usize) {
    assert_eq!((bed.pbx.accepted(), bed.pbx.heard("HELLO").len()), (1, 1), "the phone system saw one connection");
    for method in ["disconnected", "reconnected"] {
        assert!(bed.alice.events.iter().all(|e| e["method"] != method), "{method}");
    }
    let epochs: Vec<_> = bed.alice.events.iter().filter(|e| e["params"]["line"] == LINE).collect();
    assert!(epochs.iter().all(|e| e["params"]["epoch"] == epochs[0]["params"]["epoch"]), "one epoch");
    assert_eq!(bed.host.repairs(TOKEN).unwrap(), Vec::<String>::new(), "nothing had to be mended");
    let line = format!("cti_adapter_swaps_total{{connection=\"pbx\",outcome=\"swapped\"}} {swaps}");
    bed.host.wait_metric(TOKEN, &line).unwrap();
    let line = format!("cti_adapter_swap_pause_seconds_count{{connection=\"pbx\"}} {swaps}");
    bed.host.wait_metric(TOKEN, &line).unwrap();
}

#[test]
fn a_swap_at_every_step_of_a_course_changes_nothing_for_anybody() {
    every_step("process");
}

#[test]
fn nor_does_one_inside_the_host() {
    every_step("host");
}

/// Half of a message before, half after; cut anywhere.
fn half_a_message(isolation: &'static str) {
    let mut bed = two(Plan::new(isolation));
    let key = bed.pbx.ring("101", "555");
    bed.wait("callStarted");
    bed.pbx.now(&key, "connected");
    bed.wait("commutationStarted");
    let mut next = VERSIONS.iter().cycle();
    // The shortest line has 22 bytes and its end.
    for cut in [1, 5, 6, 12, 21, 22] {
        for (state, event) in [("held", "hold"), ("connected", "unhold")] {
            let line = bed.pbx.quietly(&key, state);
            let (before, after) = line.split_at(cut);
            bed.half(before);
            bed.swap(&["--version", next.next().unwrap()]);
            bed.pbx.raw(after);
            bed.wait(event);
        }
    }
    unnoticed(&bed, 12);
}

#[test]
fn half_a_message_goes_over() {
    half_a_message("process");
}

#[test]
fn half_a_message_goes_over_inside_the_host() {
    half_a_message("host");
}

#[test]
fn a_new_file_in_the_folder_is_taken_without_anybody_noticing_and_told() {
    let mut bed = Bed::start(Plan::new("process"), &[Turnover::version("1.0.0")]);
    let expected = bed.course(|_, _| {});
    let came = bed.course(|bed, at| {
        if at == 3 {
            bed.install("build0", &Turnover::version("1.1.0"));
            bed.until("1.1.0 runs", |status| status["adapter"]["version"] == "1.1.0");
        }
    });
    same(&expected, &came, "a new file");
    unnoticed(&bed, 1);
    let status = bed.status();
    assert_eq!(status["lastSwap"]["outcome"], "swapped", "{status}");
    assert_eq!(status["lastSwap"]["from"]["version"], "1.0.0", "{status}");
    assert!(status["lastSwap"]["pauseUs"].as_u64().unwrap() > 0, "{status}");
    assert_eq!(status["adapter"]["probation"]["standsBy"], true, "{status}");
    assert_eq!(status["warning"], json!(null), "{status}");
    let shown = bed.host.command(&["status"]).unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("on probation for") && shown.contains("version 1.0.0 stands by"), "{shown}");
    // Who comes later is told the version that runs.
    let mut late = bed.host.client(TOKEN).unwrap();
    let told = late.named("initialized", LINE).unwrap();
    assert_eq!(told["params"]["data"]["connection"]["adapterVersion"], "1.1.0", "{told}");
}

#[test]
fn a_pinned_version_stays_and_what_is_asked_for_by_name_runs_until_it_is_gone() {
    let builds = ["1.0.0", "1.0.1", "2.0.0"].map(Turnover::version);
    let plan = Plan { keys: "version = \"1.0\"".to_owned(), ..Plan::new("process") };
    let mut bed = Bed::start(plan, &builds);
    assert_eq!(bed.status()["adapter"]["version"], "1.0.1");
    bed.swap(&["--version", "2"]);
    assert_eq!(bed.status()["adapter"]["version"], "2.0.0");
    // What else happens in the folder is no reason to go back.
    bed.installed("build9", &Turnover::version("1.0.9"), "1.0.9");
    let hash = bed.status()["adapter"]["sha256"].as_str().unwrap().to_owned();
    bed.swap(&["--sha256", &hash[..12]]);
    assert_eq!(bed.status()["adapter"]["version"], "2.0.0");
    bed.swap(&[]);
    assert_eq!(bed.status()["adapter"]["version"], "1.0.9");
    let (done, said) = bed.try_swap(&["--version", "7"]);
    assert!(!done && said.contains("there is no version 7 of plugin `turnover`"), "{said}");
    let (done, said) = bed.try_swap(&["--sha256", "zz"]);
    assert!(!done && said.contains("no library of plugin `turnover`"), "{said}");
    bed.swap(&["--version", "2"]);
    std::fs::remove_file(bed.host.adapters().join(jackfield_tests::library::file_name("build2"))).unwrap();
    bed.until("it is gone", |status| status["adapter"]["version"] == "1.0.9");
    bed.course(|_, _| {});
    unnoticed(&bed, 5);
}
