//! docs/protocol.md, executed: every conversation of the page is had with a real host, and what comes is compared with
//! what the page shows.
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
