//! docs/protocol.md, executed: every conversation of the page is had with a real host, and what comes is compared with
//! what the page shows. With `JACKFIELD_SHOW_WIRE=1` and `--no-capture` what really travels is printed, for who writes
//! the page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(missing_docs, reason = "rooms of one test")]

mod page;
mod pattern;
mod play;
mod schemas;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use page::{Conversation, Page};
use play::{Play, SHOW, Shown};
use schemas::Schemas;
use serde_json::Value;

/// What no conversation with the simulator can show, and why. The page shows a message of each all the same.
const ONLY_SHOWN: [(&str, &str); 2] = [
    ("callSaved", "this version keeps no history"),
    ("rawMessage", "the simulator has no wire whose messages could be shown"),
];

/// Has all conversations of a page that begin at these lines; what went wrong, and what was shown.
fn have(page: &Page, only: Option<usize>) -> (Vec<String>, Shown) {
    let schemas = Schemas::read();
    let wanted: Vec<&Conversation> = page.conversations.iter().filter(|c| only.is_none_or(|at| c.at == at)).collect();
    let (next, result) = (AtomicUsize::new(0), Mutex::new((Vec::new(), Shown::default())));
    // Each has a host of its own, and waits most of the time. What is printed for people comes in order.
    let workers = if std::env::var_os(SHOW).is_some() { 1 } else { 4 };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(conversation) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = Play::new(page, conversation, &schemas).and_then(|mut play| {
                        play.run(conversation)?;
                        Ok(play.shown)
                    });
                    let mut result = result.lock().unwrap();
                    match done {
                        Ok(shown) => result.1.add(shown),
                        Err(e) => result.0.push(e),
                    }
                }
            });
        }
    });
    result.into_inner().unwrap()
}

#[test]
fn every_conversation_of_the_page_is_had_and_nothing_is_missing() {
    let page = Page::read().unwrap();
    assert!(page.conversations.len() > 10, "only {} conversations", page.conversations.len());
    let (wrong, shown) = have(&page, None);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let schemas = Schemas::read();
    let mut there = shown.events;
    there.extend(ONLY_SHOWN.iter().map(|(name, _)| (*name).to_owned()));
    let missing: Vec<String> = schemas.names("events").into_iter().filter(|name| !there.contains(name)).collect();
    assert!(missing.is_empty(), "the page shows no {missing:?}");
    let mut methods: BTreeSet<String> = schemas.names("commands").into_iter().collect();
    methods.extend(schemas.names("session").into_iter().filter(|name| name != "answer" && name != "error"));
    let missing: Vec<&String> = methods.difference(&shown.accepted).collect();
    assert!(missing.is_empty(), "the page shows no accepted {missing:?}");
    let errors = &shown.errors;
    for code in ["forbidden", "unknownCall", "invalidCallState", "commandNotSupported", "protocolError", "timeout"] {
        assert!(errors.contains(code), "the page shows no `{code}`, only {errors:?}");
    }
    for code in [1000, 4400, 4401, 4403, 4503] {
        assert!(shown.closes.contains(&code), "the page shows no close code {code}");
    }
}

#[test]
fn what_is_only_shown_is_as_its_schema_says() {
    let page = Page::read().unwrap();
    let schemas = Schemas::read();
    let mut shown = BTreeSet::new();
    for (at, line) in &page.examples {
        let message: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("line {at}: {e}"));
        schemas.event(&message).unwrap_or_else(|e| panic!("line {at}: {e}"));
        shown.insert(message["method"].as_str().unwrap().to_owned());
    }
    let expected: BTreeSet<String> = ONLY_SHOWN.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(shown, expected, "what the simulator can do belongs into a conversation");
}

/// The fields that a cell of a table names: those that are always there, and those that may be left out (`name?`).
/// What is in braces is a level deeper.
fn fields(cell: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let top: String = cell.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after)).collect();
    let names = top.split('`').skip(1).step_by(2).map(ToOwned::to_owned);
    let (optional, required): (BTreeSet<String>, _) = names.partition(|name| name.ends_with('?'));
    (required, optional.iter().map(|name| name.trim_end_matches('?').to_owned()).collect())
}

/// The same of a schema.
fn described(schema: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let all: BTreeSet<String> = schema["properties"].as_object().into_iter().flat_map(|p| p.keys().cloned()).collect();
    let required: BTreeSet<String> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    let optional = all.difference(&required).cloned().collect();
    (required, optional)
}

#[test]
fn the_tables_of_the_page_name_the_fields_of_the_schemas() {
    let folder = jackfield_tests::build::workspace().join("docs");
    let text = std::fs::read_to_string(folder.join("protocol.md")).unwrap();
    let table = |header: &str| -> Vec<Vec<String>> {
        let rows = text.lines().skip_while(|line| !line.starts_with(header)).skip(2).take_while(|l| l.starts_with('|'));
        rows.map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
    };
    let schema = |document: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(format!("schemas/{document}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let resolve = |document: &Value, schema: &Value| -> Value {
        let name = schema["$ref"].as_str().unwrap_or_default().trim_start_matches("#/$defs/").to_owned();
        if name.is_empty() { schema.clone() } else { document["$defs"][name].clone() }
    };

    let events = schema("events");
    let mut seen = BTreeSet::new();
    for row in table("| event |") {
        for event in fields(&row[1]).0 {
            let data = resolve(&events, &events["$defs"][&event]["properties"]["params"]["properties"]["data"]);
            assert_eq!(fields(&row[2]), described(&data), "{event}");
            seen.insert(event);
        }
    }
    assert_eq!(seen.len(), 21, "{seen:?}");

    let commands = schema("commands");
    let mut seen = BTreeSet::new();
    for row in table("| command |") {
        for command in fields(&row[1]).0 {
            let params = &commands["$defs"][&command]["properties"]["params"];
            let (mut required, mut optional) = described(params);
            for shared in ["line", "connection", "idempotencyKey", "timeoutMs"] {
                assert!(required.remove(shared) || optional.remove(shared), "{command} has no {shared}");
            }
            assert_eq!(fields(&row[2]), (required, optional), "{command}");
            let result = resolve(&commands, &commands["$defs"][format!("{command}Result")]);
            let (always, sometimes) = described(&result);
            let (names, more) = fields(&row[3]);
            let unknown = names.union(&more).find(|name| !always.contains(*name) && !sometimes.contains(*name));
            assert_eq!(unknown, None, "the result of {command}");
            seen.insert(command);
        }
    }
    assert_eq!(seen.len(), commands["oneOf"].as_array().unwrap().len(), "{seen:?}");

    let (call, named) = (described(&events["$defs"]["Call"]), text.split("A `call` is always").nth(1).unwrap());
    let (always, rest) = named.split_once("When known:").unwrap();
    let listed = |part: &str| fields(part.split_once(':').map_or(part, |(_, list)| list)).0;
    assert_eq!(listed(always), call.0, "what a call always has");
    assert_eq!(listed(&format!(":{}", rest.split_once('.').unwrap().0)), call.1, "what a call may have");
}

/// A page that is wrong must be found out, or none of this means anything.
#[test]
fn a_page_that_is_wrong_is_found_out() {
    let text = std::fs::read_to_string(jackfield_tests::build::workspace().join("docs/protocol.md")).unwrap();
    let page = Page::parse(&text).unwrap();
    let line_of = |page: &Page, part: &str| {
        let begins = |at: usize| text.lines().skip(at).take_while(|line| *line != "```").any(|l| l.contains(part));
        page.conversations.iter().map(|c| c.at).find(|at| begins(*at)).unwrap_or_else(|| panic!("no {part}"))
    };
    for (right, wrong) in [
        // Another value, another name, another kind, another number, too little, too much, another end.
        (r#""releasedBy":"local","finishedFrom":"connected""#, r#""releasedBy":"remote","finishedFrom":"connected""#),
        (r#""previousCallId":"<call A>""#, r#""previousCallId":"<call B>""#),
        (
            r#""at":"<time>","currentCallId":"<call A>","replyTo""#,
            r#""at":"<call A>","currentCallId":"<call A>","replyTo""#,
        ),
        (r#""seq":<n+8>,"at""#, r#""seq":<n+9>,"at""#),
        (r#""digits":"12#","by":"local""#, r#""digits":"12#""#),
        (r#""heldBy":"local"}}}"#, r#""heldBy":"local","why":"so"}}}"#),
        ("← closes 4403", "← closes 4400"),
        (r#""code":-32602,"message":"`makeCall` has no"#, r#""code":-32600,"message":"`makeCall` has no"#),
    ] {
        let at = line_of(&page, right);
        let (found, _) = have(&Page::parse(&text.replace(right, wrong)).unwrap(), Some(at));
        assert_eq!(found.len(), 1, "{wrong} was not found out");
    }
    // An event that the page does not show, at the end of a conversation and before it.
    let begin = line_of(&page, r#""method":"dtmfEntered""#);
    for part in [r#""seq":<n+11>"#, r#""method":"dtmfEntered""#] {
        let mut lines: Vec<&str> = text.lines().collect();
        let at = begin + lines[begin..].iter().position(|line| line.contains(part)).unwrap();
        lines.remove(at);
        let (found, _) = have(&Page::parse(&lines.join("\n")).unwrap(), Some(begin));
        assert_eq!(found.len(), 1, "without {part} nothing is missed");
    }
}
