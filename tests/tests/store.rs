//! The databases: the same questions to both, and the same answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![cfg(unix)]

use std::process::Command;

use jackfield::store::database::{StoreError, Value, transaction};
use jackfield::store::entry::{CallChange, LineChange, TimelineEvent};
use jackfield::store::query::{self, By, Cursor, Filter, Sees};
use jackfield::store::record::{CallRecord, Details, Party};
use jackfield::store::{CallLink, Database, Edit, Outcome, Source, commit, edit, find, retention, schema, upkeep};
use jackfield_tests::build::{self, Version};
use jackfield_tests::postgres::Postgres;
use serde_json::json;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const START: i64 = 1_795_165_200 * SECOND;

/// A call that is over.
fn record(number: i64) -> CallRecord {
    let value = json!({
        "callId": format!("01a00000-0000-7000-8000-{number:012}"), "connection": "ast", "line": "ast/101",
        "conversation": format!("01a00000-0000-7000-8000-{number:012}"), "parent": null, "role": "primary",
        "state": "finished", "direction": "in", "scope": "external", "nativeId": format!("n{number}"),
        "caller": { "number": format!("+38044123{number:04}"), "name": "Olena Koval" }, "called": { "number": "101" },
        "queue": { "id": "support", "name": "Support" }, "agent": "8001", "startedAt": START + number * SECOND,
        "connectedAt": START + (number + 5) * SECOND, "endedAt": START + (number + 65) * SECOND, "ringMs": 5000,
        "talkMs": 60000, "holdMs": 0, "holdCount": 0, "result": "answered", "cause": "normalClearing",
        "releasedBy": "remote", "estimated": false, "details": {},
    });
    serde_json::from_value(value).unwrap()
}

fn change(change: i64, record: CallRecord) -> CallChange {
    let event = TimelineEvent {
        at: record.started_at,
        src_at: None,
        name: "callFinished".to_owned(),
        detail: json!({ "state": "finished" }).as_object().unwrap().clone(),
    };
    CallChange { change, record, event, merged: Vec::new() }
}

fn keep(database: &mut dyn Database, records: impl IntoIterator<Item = CallRecord>) {
    let changes: Vec<CallChange> = records.into_iter().map(|record| change(1, record)).collect();
    assert_eq!(commit(database, &changes, &[], START).unwrap().len(), changes.len());
}

fn ids(database: &mut dyn Database, filter: &Filter) -> Vec<i64> {
    let calls = query::page(database, filter, 1_000).unwrap();
    calls.iter().map(|call| call.record.call_id[24..].parse().unwrap()).collect()
}

/// Runs a test with an empty database of each kind.
fn with_both(test: impl Fn(&mut dyn Database, &Source)) {
    with_both_at(|url| {
        let source = Source::of(url).unwrap();
        test(source.open().unwrap().as_mut(), &source);
    });
}

fn with_both_at(test: impl Fn(&str)) {
    let dir = tempfile::tempdir().unwrap();
    test(&format!("sqlite://{}", dir.path().join("calls.db").display()));
    if let Some(server) = Postgres::start().unwrap() {
        test(&server.url());
    }
}

#[test]
fn a_row_gives_back_what_was_written_and_counts_its_revisions() {
    with_both(|database, _| {
        let mut full = record(1);
        full.details = Details {
            global_ids: vec!["g1".to_owned()],
            redirecting: Some(Party { number: "102".to_owned(), name: None }),
            ..Details::default()
        };
        full.caller =
            Some(Party { number: "\u{0}'; DROP TABLE calls; --".to_owned(), name: Some("Zoë 🦊".to_owned()) });
        let saved = commit(database, &[change(1, full.clone())], &[], START).unwrap();
        assert_eq!((saved[0].revision, saved[0].is_final), (1, true));
        let found = find(database, &full.call_id).unwrap().unwrap();
        if database.dialect() == jackfield::store::database::Dialect::Postgres {
            // It has no NUL in texts.
            full.caller.as_mut().unwrap().number = "\u{fffd}'; DROP TABLE calls; --".to_owned();
        }
        assert_eq!(found.record, full);
        assert_eq!(commit(database, &[change(1, full.clone())], &[], START).unwrap(), [], "a change that comes again");
        assert_eq!(commit(database, &[change(2, full.clone())], &[], START).unwrap()[0].revision, 2);
        let several = [change(3, full.clone()), change(4, full.clone())];
        assert_eq!(commit(database, &several, &[], START).unwrap().len(), 1, "a group is one change of the row");
        assert_eq!(find(database, &full.call_id).unwrap().unwrap().revision, 3);
        let whole = query::whole(database, &full.call_id, &Sees::All).unwrap().unwrap();
        assert_eq!(whole.timeline.len(), 4, "and every event is in its timeline");
        assert_eq!(query::whole(database, &full.call_id, &Sees::Lines(vec!["ast/102".to_owned()])).unwrap(), None);
    });
}

#[test]
fn questions_find_what_they_ask_for() {
    with_both(|database, _| {
        keep(database, (0..50).map(record));
        let mut other = record(100);
        other.line = "ast/102".to_owned();
        other.queue = None;
        other.result = Some(Outcome::Missed);
        other.connected_at = None;
        other.caller = Some(Party { number: "100%_!".to_owned(), name: Some("ÉCLAIR".to_owned()) });
        keep(database, [other]);
        let all = || Filter::of(Sees::All);
        let newest_first: Vec<i64> = [100].into_iter().chain((0..50).rev()).collect();
        assert_eq!(ids(database, &all()), newest_first);
        let line = |line: &str| Sees::Lines(vec![line.to_owned()]);
        assert_eq!(ids(database, &Filter::of(line("ast/102"))), [100]);
        assert_eq!(ids(database, &Filter::of(Sees::Lines(vec![]))), Vec::<i64>::new());
        let both = Sees::Lines(vec!["ast/101".to_owned(), "ast/102".to_owned()]);
        assert_eq!(ids(database, &Filter::of(both)), newest_first, "the newest of several lines");
        let many = Sees::Lines((0..500).map(|n| format!("ast/{n}")).collect());
        assert_eq!(ids(database, &Filter::of(many)), newest_first, "and of many");
        let from = Some(START + 10 * SECOND);
        assert_eq!(ids(database, &Filter { from, to: Some(START + 13 * SECOND), ..all() }), [12, 11, 10]);
        assert_eq!(ids(database, &Filter { number: Some("+380 44 123 0007".to_owned()), ..all() }), [7]);
        assert_eq!(ids(database, &Filter { number: Some("0007".to_owned()), ..all() }), [7], "its last digits");
        assert_eq!(ids(database, &Filter { result: Some(Outcome::Missed), ..all() }), [100]);
        assert_eq!(ids(database, &Filter { text: Some("éclair".to_owned()), ..all() }), [100]);
        assert_eq!(ids(database, &Filter { text: Some("0%_!".to_owned()), ..all() }), [100], "no pattern");
        assert_eq!(ids(database, &Filter { text: Some("' OR 1=1 --".to_owned()), ..all() }), Vec::<i64>::new());
        assert_eq!(ids(database, &Filter { is_final: Some(false), ..all() }), Vec::<i64>::new());
        let mut seen = Vec::new();
        let mut filter = all();
        loop {
            let page = query::page(database, &filter, 7).unwrap();
            let Some(last) = page.last() else { break };
            let (started_at, call_id) = (last.record.started_at, last.record.call_id.clone());
            filter.after = Some(Cursor { started_at, call_id });
            seen.extend(page.iter().map(|call| call.record.call_id[24..].parse::<i64>().unwrap()));
        }
        assert_eq!(seen, newest_first, "page by page");
        let by_line = query::statistics(database, &all(), By::Line).unwrap();
        assert_eq!(
            by_line.iter().map(|b| (b.key.as_deref(), b.calls)).collect::<Vec<_>>(),
            [(Some("ast/101"), 50), (Some("ast/102"), 1)]
        );
        assert_eq!((by_line[0].answered, by_line[1].missed, by_line[0].talk_ms), (50, 1, 3_000_000));
        let by_queue = query::statistics(database, &all(), By::Queue).unwrap();
        assert_eq!(by_queue.iter().map(|b| b.calls).sum::<i64>(), 51);
        let by_day = query::statistics(database, &all(), By::Day { offset: 0 }).unwrap();
        assert_eq!(by_day[0].key, Some((START / DAY).to_string()));
    });
}

#[test]
fn an_edit_is_of_one_revision_and_outlives_what_the_phone_system_tells() {
    with_both(|database, _| {
        keep(database, [record(1)]);
        let id = record(1).call_id;
        let link = CallLink { kind: "Case".to_owned(), id: "c1".to_owned(), title: "Broken".to_owned() };
        let wanted = Edit {
            comment: Some(Some("CALL Back".to_owned())),
            result: Some(Some(Outcome::Failed)),
            links: Some(vec![link.clone()]),
            by: "alice".to_owned(),
        };
        let edited = edit(database, &id, 1, &wanted).unwrap().unwrap();
        assert_eq!((edited.revision, edited.record.result), (2, Some(Outcome::Failed)));
        let late = edit(database, &id, 1, &wanted).unwrap().unwrap_err().unwrap();
        assert_eq!(late.revision, 2, "who is late learns what is there now");
        assert_eq!(edit(database, "nothing", 1, &wanted).unwrap(), Err(None));
        commit(database, &[change(2, record(1))], &[], START).unwrap();
        let now = find(database, &id).unwrap().unwrap();
        assert_eq!((now.revision, now.record.result), (3, Some(Outcome::Failed)));
        assert_eq!(
            (now.comment.as_deref(), now.links, now.edited_by.as_deref()),
            (Some("CALL Back"), vec![link], Some("alice"))
        );
        assert_eq!(ids(database, &Filter { text: Some("call back".to_owned()), ..Filter::of(Sees::All) }), [1]);
        let back = Edit { result: Some(None), comment: Some(None), by: "bob".to_owned(), ..Edit::default() };
        let back = edit(database, &id, 3, &back).unwrap().unwrap();
        assert_eq!((back.record.result, back.comment), (Some(Outcome::Answered), None), "the host's own word");
    });
}

#[test]
fn conversations_that_turn_out_to_be_one_become_one() {
    with_both(|database, _| {
        keep(database, [record(1), record(2)]);
        let mut third = change(1, record(3));
        third.record.conversation = record(1).call_id;
        third.merged = vec![record(2).call_id];
        commit(database, &[third], &[], START).unwrap();
        let mut first = change(2, record(2));
        first.record.conversation = record(1).call_id;
        commit(database, &[first], &[], START).unwrap();
        let whole = query::whole(database, &record(3).call_id, &Sees::All).unwrap().unwrap();
        let calls: Vec<&str> =
            whole.conversation.iter().map(|call| call.record.native_id.as_deref().unwrap()).collect();
        assert_eq!(calls, ["n1", "n2", "n3"]);
    });
}

#[test]
fn a_database_of_the_version_before_is_brought_up_and_one_of_a_later_version_is_left_alone() {
    with_both(|_, source| {
        let mut database = source.connect().unwrap();
        let tables = ["calls", "timeline", "lines", "schema_version"];
        tables.iter().for_each(|table| database.batch(&format!("DROP TABLE {table}")).unwrap());
        for version in 1..=schema::VERSION {
            schema::migrate_to(database.as_mut(), version).unwrap();
            assert_eq!(schema::version(database.as_mut()).unwrap(), version);
            let saved = commit(database.as_mut(), &[change(version, record(1))], &[], START).unwrap();
            assert_eq!(saved[0].revision, version, "the call of the version before is still there");
        }
        let line = LineChange { line: "l".to_owned(), connection: "c".to_owned(), epoch: 1, up: true, at: START };
        commit(database.as_mut(), &[], &[line], START).unwrap();
        assert_eq!(schema::migrate(database.as_mut()).unwrap(), schema::VERSION, "nothing is left to do");
        database.batch("INSERT INTO schema_version (version) VALUES (999)").unwrap();
        let Err(StoreError::Invalid(why)) = source.open().map(drop) else { panic!("it was opened") };
        assert!(why.contains("version 999"), "{why}");
    });
}

#[test]
fn an_administrator_brings_a_history_up_by_a_command() {
    let program = build::jackfield(Version::Present).unwrap();
    with_both_at(|url| {
        let mut database = Source::of(url).unwrap().connect().unwrap();
        schema::migrate_to(database.as_mut(), 1).unwrap();
        commit(database.as_mut(), &[change(1, record(1))], &[], START).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("jackfield.toml");
        std::fs::write(&config, format!("[store]\nurl = {url:?}\n")).unwrap();
        let says = |what: &str| {
            let mut command = Command::new(&program);
            command.args(["store", what, "-c"]).arg(&config).env("NO_COLOR", "1");
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{what}: {said}{}", String::from_utf8_lossy(&output.stderr));
            said
        };
        let now = schema::VERSION;
        let before = says("check");
        assert!(before.contains(&format!("version 1; version {now} comes with the next start")), "{before}");
        assert!(says("migrate").ends_with(&format!("version 1 became version {now}\n")));
        assert!(says("migrate").ends_with(&format!("is of version {now} already\n")));
        let after = says("check");
        assert!(after.contains(&format!("version {now}\n1 calls, 0 of them not over")), "{after}");
        assert!(after.ends_with("sound\n"), "{after}");
        // As somebody who goes back to an earlier program finds it.
        database.batch("INSERT INTO schema_version (version) VALUES (999)").unwrap();
        let output = Command::new(&program).args(["store", "migrate", "-c"]).arg(&config).output().unwrap();
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && why.contains("version 999"), "{why}");
    });
}

#[test]
fn what_cannot_be_committed_leaves_nothing_behind() {
    with_both(|database, _| {
        let failed: Result<(), StoreError> = transaction(database, |database| {
            database.execute("INSERT INTO schema_version (version) VALUES ($1)", &[Value::Int(77)])?;
            Err(StoreError::Invalid("no".to_owned()))
        });
        assert!(failed.is_err());
        assert_eq!(schema::version(database).unwrap(), schema::VERSION);
        keep(database, [record(1)]);
    });
}

#[test]
fn calls_are_forgotten_by_age_and_by_number_and_open_ones_stay() {
    with_both(|database, _| {
        keep(database, (0..1_200).map(|n| record(n % 600 + n / 600 * 10_000)));
        let mut open = record(20_000);
        open.state = jackfield_plugin_api::CallState::Connected;
        open.started_at = START - DAY;
        keep(database, [open]);
        assert_eq!(retention::forget_before(database, START + 700 * SECOND).unwrap(), 600);
        assert_eq!(ids(database, &Filter::of(Sees::All)).len(), 601);
        let number = record(10_000).caller.unwrap().number;
        assert_eq!(retention::forget_number(database, &number).unwrap(), 1);
        assert!(retention::forget_number(database, "no digits").is_err());
        assert_eq!(retention::written_otherwise(database, "04412310001").unwrap(), ["+3804412310001"]);
        assert!(retention::written_otherwise(database, "+3804412310001").unwrap().is_empty());
        let events = database.query("SELECT COUNT(*) FROM timeline", &[]).unwrap();
        assert_eq!(events[0].int(0), Some(600), "their timelines are gone, too");
    });
}

/// Not in the file, not in its log: whoever reads the disk finds none of it.
#[test]
fn what_was_forgotten_is_nowhere_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let source = Source::of(&format!("sqlite://{}", dir.path().join("calls.db").display())).unwrap();
    let mut database = source.open().unwrap();
    keep(database.as_mut(), (1..400).map(record));
    let has = |text: &str| {
        let files = std::fs::read_dir(dir.path()).unwrap().flatten().map(|file| std::fs::read(file.path()).unwrap());
        files.filter(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes())).count()
    };
    let number = record(200).caller.unwrap().number;
    assert!(has(&number) > 0);
    assert_eq!(retention::forget_number(database.as_mut(), &number).unwrap(), 1);
    assert!(retention::empty_log(database.as_mut()).unwrap());
    assert_eq!(has(&number), 0);
    assert!(has(&record(201).caller.unwrap().number) > 0, "the others stay");
    retention::forget_before(database.as_mut(), START + 300 * SECOND).unwrap();
    assert!(retention::empty_log(database.as_mut()).unwrap());
    for number in [1, 100, 299] {
        assert_eq!(has(&record(number).caller.unwrap().number), 0, "{number}");
    }
}

#[test]
fn a_backup_is_what_was_there_and_can_be_restored() {
    let dir = tempfile::tempdir().unwrap();
    let (file, backup, pending) =
        (dir.path().join("calls.db"), dir.path().join("backup.db"), dir.path().join("pending"));
    let source = Source::of(&format!("sqlite://{}", file.display())).unwrap();
    let mut database = source.open().unwrap();
    keep(database.as_mut(), [record(1)]);
    upkeep::back_up(&source, &backup).unwrap();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&backup).unwrap().permissions()) & 0o777,
        0o600
    );
    assert!(upkeep::back_up(&source, &backup).is_err(), "nothing is overwritten");
    keep(database.as_mut(), [record(2)]);
    drop(database);
    upkeep::restore(&source, &pending, &backup).unwrap();
    assert_eq!(ids(source.open().unwrap().as_mut(), &Filter::of(Sees::All)), [1]);
    let health = upkeep::check(&source, &pending).unwrap();
    assert_eq!((health.calls, health.findings.len()), (1, 0));
    // A file that is no database takes nobody's place.
    std::fs::write(&backup, "calls").unwrap();
    assert!(upkeep::restore(&source, &pending, &backup).is_err());
    assert_eq!(ids(source.open().unwrap().as_mut(), &Filter::of(Sees::All)), [1]);
}
