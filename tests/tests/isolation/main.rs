//! A hostile adapter, deed by deed: what becomes of its own connection, of another one with calls up, of the clients,
//! and of the host. The table of docs/isolation.md is what comes out; with `JACKFIELD_TESTS_BLESS=1` it is written anew.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(missing_docs, reason = "rooms of one test")]

mod bed;
mod deeds;
mod grants;
mod kills;
mod load;
mod page;
mod pbx;
mod remains;
mod script;

use std::time::Duration;

use bed::{BAD, Bed, Course, Plan, SECRET, same};
use deeds::{After, Deed, is_refusal};
use jackfield_tests::host::PATIENCE;
use jackfield_tests::library::stripped;
use page::{Row, Table};
use serde_json::json;

/// A row of the table: a deed that is done while a call of the good connection is up.
fn row(bed: &mut Bed, expected: &Course, deed: &Deed) -> Row {
    let lost = bed.seen("disconnected");
    let (course, (refused, own)) = bed.course(|bed| {
        bed.pbx.deed(deed.name);
        match deed.after {
            After::Ends(words) => {
                let why = bed.bad_came_back();
                let told = words.iter().any(|word| why.contains(word));
                assert!(told, "`{}` ended by `{why}`, without a word of {words:?}", deed.name);
                (String::new(), format!("ended: {}; back, its call kept", why.replace(SECRET, "<password>")))
            }
            After::Refused => (refused(bed, deed), "goes on".to_owned()),
            After::Lives => {
                let said = bed.pbx.did(deed.name, PATIENCE);
                assert!(said.is_some(), "`{}` did not come back:\n{}", deed.name, bed.host.log());
                (String::new(), "goes on".to_owned())
            }
        }
    });
    same(expected, &course, deed.name);
    take_back(bed, deed.name);
    bed.bad_works();
    let was_lost = usize::from(matches!(deed.after, After::Ends(_)));
    assert_eq!(bed.seen("disconnected") - lost, was_lost, "{BAD} after {}", deed.name);
    // What an adapter was given it can say; see docs/isolation.md.
    if deed.name != "print-secret" {
        bed.secret_is_nowhere(deed.name);
    }
    bed.as_before(deed.name);
    let events = course.iter().map(Vec::len).sum::<usize>();
    Row { what: deed.what, refused, own, others: format!("the same {events} events") }
}

/// Takes back what would be in the way of the next deed.
fn take_back(bed: &mut Bed, name: &str) {
    const CLOSES: &str = "thousand-closes";
    match name {
        "thousand-opens" => {
            bed.pbx.deed(CLOSES);
            bed.pbx.did(CLOSES, PATIENCE).unwrap();
        }
        // The phone system shows the calls that there are.
        "thousand-calls" | "long-texts" => bed.pbx.list(),
        _ => {}
    }
}

/// What was refused; everything must be.
fn refused(bed: &Bed, deed: &Deed) -> String {
    let said = bed.pbx.did(deed.name, PATIENCE).unwrap_or_else(|| panic!("{} does not come back", deed.name));
    let tried: Vec<(&str, &str)> = said.split("; ").filter_map(|attempt| attempt.rsplit_once('=')).collect();
    assert!(!tried.is_empty(), "`{}` tried nothing: {said}", deed.name);
    let allowed: Vec<_> = tried.iter().filter(|(_, answer)| !is_refusal(answer)).collect();
    assert!(allowed.is_empty(), "`{}` was not refused: {allowed:?}", deed.name);
    page::by_answer(&tried)
}

#[test]
fn no_deed_of_a_runner_reaches_anybody_else() {
    // Where it is not the time that ends an adapter, a busy machine must not do it either.
    let [mut strict, mut patient] = ["2s", "2m"].map(|time| {
        let mut plan = Plan::new("process", stripped("hostile").unwrap());
        plan.keys = format!("input_timeout = \"{time}\"\nmemory = 768");
        Bed::start(&plan)
    });
    let (expected, ()) = patient.course(|_| ());
    for bed in [&mut strict, &mut patient] {
        let (again, ()) = bed.course(|_| ());
        same(&expected, &again, "nothing");
    }
    let mut table = Table::new(page::DEEDS);
    // What is printed stays in the log, where the others' deeds are looked for: it comes last.
    let (printing, others): (Vec<&Deed>, Vec<_>) = deeds::all().partition(|deed| deed.name == "print-secret");
    for deed in others.into_iter().chain(printing).filter(|deed| page::wanted(deed.name)) {
        let (bed, other) =
            if deed.takes_its_time() { (&mut strict, &mut patient) } else { (&mut patient, &mut strict) };
        table.add(row(bed, &expected, deed));
        other.read();
    }
    table.compare();
}

#[test]
fn what_a_host_can_survive_in_itself_stays_in_its_connection() {
    let mut bed = Bed::start(&Plan::new("host", stripped("hostile").unwrap()));
    let (expected, ()) = bed.course(|_| ());
    for deed in deeds::all().filter(|deed| deeds::IN_HOST.contains(&deed.name)) {
        row(&mut bed, &expected, deed);
    }
}

#[test]
fn a_command_that_kills_the_adapter_is_answered() {
    let mut bed = Bed::start(&Plan::new("process", stripped("hostile").unwrap()));
    for name in ["segv", "exit-in-order"] {
        let params = json!({ "line": BAD, "name": "deed", "params": { "name": name } });
        let answer = bed.watcher.call("librarySpecificService", &params).unwrap_err();
        assert!(answer.contains("connectionLost") || answer.contains("adapterFault"), "{answer}");
        bed.bad_came_back();
    }
    bed.as_before("commands");
}

#[test]
fn an_adapter_that_never_starts_is_told_and_tried_again_in_peace() {
    for (deed, word) in
        [("segv", "SIGSEGV"), ("panic", "panicked"), ("exit", "3"), ("endless-loop", "did not answer within")]
    {
        let mut plan = Plan::new("process", stripped("hostile").unwrap());
        plan.keys = "input_timeout = \"500ms\"".to_owned();
        plan.settings = format!("deed = \"{deed}\"\non = \"new\"");
        let mut bed = Bed::start_host(&plan);
        let (expected, ()) = bed.course(|_| ());
        let (course, ()) = bed.course(|bed| {
            let faults = |log: &str| log.matches("the adapter is at fault").count();
            bed.until("a third start", || faults(&bed.host.log()) >= 3);
        });
        same(&expected, &course, deed);
        let status = bed.bad_status();
        assert_ne!(status["state"], "up");
        assert_eq!(status["lastError"]["code"], "adapterFault", "{status}");
        assert!(status["lastError"]["text"].as_str().unwrap().contains(word), "{status}");
        bed.secret_is_nowhere(deed);
    }
}

#[test]
fn a_runner_is_given_its_socket_its_words_and_nothing_else() {
    let bed = Bed::start(&Plan::new("process", stripped("hostile").unwrap()));
    let told = |name: &str| {
        bed.pbx.deed(name);
        bed.pbx.did(name, Duration::from_secs(20)).unwrap()
    };
    assert_eq!(told("descriptors"), "0=socket; 1=write; 2=write; 4=socket; 5=socket");
    let environment = told("read-environment");
    assert!(environment.starts_with("variables=none; secrets in the arguments=none"), "{environment}");
}
