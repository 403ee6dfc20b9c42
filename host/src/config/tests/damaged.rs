//! Damaged texts: whatever is in the file, it is read without a panic, and no secret of it is ever shown.

use super::super::fuzz::said;
use super::super::made_up::MadeUp;

const SECRET: &str = "Geheim";

const GOOD: &str = r#"[server]
listen = "127.0.0.1:1"
tls = { cert = "c", key = "k" }
[[connection]]
id = "a"
plugin = "made-up"
isolation = "host"
backoff = { first = "1s" }
[connection.settings]
host = "h"
password = "Geheim-01234567890"
login = { kind = "certificate", file = "f", passphrase = 'Geheim' }
weights = [["a", 1.5]]
[connection.lines]
device = "{device}"
pin = "Geheim"
[[line]]
name = "a/1"
settings = { pin = "Geheim" }
[[user]]
name = "u"
role = "agent"
token = "Geheim-01234567890"
lines = ["a/1"]
"#;

fn damaged() -> impl Iterator<Item = String> {
    let at: Vec<usize> = GOOD.char_indices().map(|(at, _)| at).collect();
    let cut = at.clone().into_iter().map(|at| GOOD[..at].to_owned());
    let deleted = at.clone().into_iter().map(|at| format!("{}{}", &GOOD[..at], &GOOD[at + 1..]));
    let put = ["\"", "'", "=", "[", "}", "\n", ".", "#", "\\", "\u{feff}", "9"];
    let replaced = at
        .into_iter()
        .flat_map(move |at| put.into_iter().map(move |with| format!("{}{with}{}", &GOOD[..at], &GOOD[at + 1..])));
    let lines: Vec<&str> = GOOD.lines().collect();
    let swapped = (1..lines.len()).map(move |at| {
        let mut lines: Vec<&str> = GOOD.lines().collect();
        lines.swap(at - 1, at);
        lines.join("\n")
    });
    let without = (0..lines.len()).map(|at| {
        let mut lines: Vec<&str> = GOOD.lines().collect();
        lines.remove(at);
        lines.join("\n")
    });
    let twice = (0..lines.len()).map(|at| {
        let mut lines: Vec<&str> = GOOD.lines().collect();
        lines.insert(at, lines[at]);
        lines.join("\n")
    });
    // Every value by one of every other kind, but for the secrets themselves.
    let values = ["1", "-1.5", "true", "\"\"", "[]", "[1, {}]", "{}", "{ a = { b = [{}] } }", "1979-05-27", "inf"];
    let others = (0..lines.len()).flat_map(move |at| {
        values.into_iter().filter_map(move |value| {
            let mut lines: Vec<String> = GOOD.lines().map(ToOwned::to_owned).collect();
            let (key, _) = lines[at].split_once('=')?;
            lines[at] = format!("{key}= {value}");
            Some(lines.join("\n"))
        })
    });
    cut.chain(deleted).chain(replaced).chain(swapped).chain(without).chain(twice).chain(others)
}

#[test]
fn nothing_damaged_panics_or_shows_a_secret() {
    let made_up = MadeUp::new();
    assert_eq!(super::told(GOOD), "");
    let mut count = 0;
    for text in std::iter::once(GOOD.to_owned()).chain(damaged()) {
        let (_, said) = said(&text, &made_up);
        assert!(!said.contains(SECRET), "a secret is shown of\n{text}\n{said}");
        count += 1;
    }
    assert!(count > 5_000, "{count}");
}

#[test]
fn what_is_deep_or_long_is_refused_and_not_followed() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}1{}", "[".repeat(1_000), "]".repeat(1_000)),
        format!("a{} = 1", ".a".repeat(100_000)),
        format!("[a{}]", ".a".repeat(100_000)),
        "{".repeat(10_000),
        format!("{} = 1", "k".repeat(1_000_000)),
        format!("[server]\nlisten = \"{}\"", "1".repeat(1_000_000)),
        "[[user]]\n".repeat(5_000),
        (0..5_000).map(|n| format!("key{n} = 1\n")).collect(),
    ] {
        let told = super::told(&text);
        assert!(!told.is_empty() && told.len() < 100_000, "{} bytes: {:.1000}", told.len(), told);
    }
}
