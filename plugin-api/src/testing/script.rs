//! Conversations in text: what goes in, and what must come out.
//!
//! ```text
//! # An incoming call.
//! > settings {"host": "pbx.example", "port": 4000}
//! < open 0 tcp pbx.example:4000
//! > line 101 {}
//! > opened 0
//! < send 0 "HELLO\n"
//! > receive 0 "RING 101 17 555\n"
//! < call {"line":0,"key":"17","state":"alerting","direction":"in"}
//! > wait 5s
//! ```
//!
//! Inputs: `settings JSON` (first; makes the adapter and starts it) · `line NAME JSON` · `opened T` · `closed T KIND TEXT`
//! · `receive T "…"` · `text T "…"` · `http R STATUS BODY` (as it is, or in quotes with escapes) · `http-failed R KIND TEXT`
//! · `hook PATH?QUERY` · `post TEXT` (of a thread of the adapter) · `wait DURATION` (`250ms`, `5s`, `2m`) · `command LINE NAME JSON` · `close-line NAME`
//! · `swap` (save and restore) · `stop`. Escapes in quotes: `\r \n \\ \" \xNN`.
//! A script is played a second and a third time with the adapter replaced after every input, and after every byte of a
//! stream, if it saves its state: what it says must be the same.
//! Empty lines and lines with `#` are for people. With `UPDATE_SCRIPTS=1` in the environment the expected lines are
//! written anew: read the difference before you keep it.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{Driver, Swaps, same_with_swaps};
use crate::adapter::Adapter;
use crate::command::Command;
use crate::frame::input::InputFrame;
use crate::ids::RequestId;
use crate::input::{CloseKind, CloseReason, HttpResponse, Webhook};

/// Plays a script and compares.
///
/// # Errors
/// The first difference (or every one that `UPDATE_SCRIPTS=1` wrote), with the script's line; a line that is no script.
pub fn check<A: Adapter>(path: impl AsRef<Path>) -> Result<(), String> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let played = play::<A>(&text).map_err(|error| format!("{}:{error}", path.display()))?;
    if played == text {
        return swapped::<A>(&text).map_err(|error| format!("{}: {error}", path.display()));
    }
    if std::env::var_os("UPDATE_SCRIPTS").is_some() {
        return std::fs::write(path, played).map_err(|error| format!("{}: {error}", path.display()));
    }
    Err(format!("{}:{}", path.display(), first_difference(&text, &played)))
}

fn first_difference(expected: &str, played: &str) -> String {
    let (mut expected_lines, mut played_lines) = (expected.lines(), played.lines());
    for number in 1.. {
        match (expected_lines.next(), played_lines.next()) {
            (Some(a), Some(b)) if a == b => {}
            (a, b) => {
                return format!(
                    "{number}: expected\n    {}\nbut the adapter said\n    {}\n(UPDATE_SCRIPTS=1 writes the script anew)",
                    a.unwrap_or("(the end)"),
                    b.unwrap_or("(nothing more)")
                );
            }
        }
    }
    String::new()
}

/// The script once more, with the adapter replaced after every input and after every byte of a stream.
fn swapped<A: Adapter>(script: &str) -> Result<(), String> {
    let lines = |swaps| match play_with::<A>(script, swaps) {
        Ok(played) => played.lines().map(str::to_owned).collect(),
        Err(error) => vec![error],
    };
    same_with_swaps(&[Swaps::EACH_INPUT, Swaps::EACH_BYTE], lines)
}

/// Plays the inputs of a script and returns the script with the outputs that came.
///
/// # Errors
/// The line and what is wrong with it.
pub fn play<A: Adapter>(script: &str) -> Result<String, String> {
    play_with::<A>(script, Swaps::NEVER)
}

/// The same, with the adapter replaced on the way.
///
/// # Errors
/// As [`play`]; a replacement that can be noticed.
pub fn play_with<A: Adapter>(script: &str, swaps: Swaps) -> Result<String, String> {
    let mut player = Player::<A> { driver: None, settings: Value::Null, swaps };
    let mut played = String::new();
    for (number, line) in script.lines().enumerate() {
        match line.strip_prefix('>') {
            Some(input) => {
                let said = player.input(input.trim()).map_err(|error| format!("{}: {error}", number + 1))?;
                played.push_str(line);
                played.push('\n');
                for output in said {
                    played.push_str("< ");
                    played.push_str(&output);
                    played.push('\n');
                }
            }
            None if line.starts_with('<') => {}
            None if line.is_empty() || line.starts_with('#') => {
                played.push_str(line);
                played.push('\n');
            }
            None => return Err(format!("{}: a line begins with `>`, `<` or `#`", number + 1)),
        }
    }
    Ok(played)
}

struct Player<A> {
    driver: Option<Driver<A>>,
    settings: Value,
    swaps: Swaps,
}

impl<A: Adapter> Player<A> {
    fn input(&mut self, input: &str) -> Result<Vec<String>, String> {
        let (word, rest) = input.split_once(' ').unwrap_or((input, ""));
        if word == "settings" {
            self.settings = parse_json(rest)?;
            let mut driver = Driver::new(&self.settings).map_err(|e| e.to_string())?.swapping(self.swaps);
            let mut said = driver.rendered();
            driver.started().map_err(|e| e.to_string())?;
            said.extend(driver.rendered());
            self.driver = Some(driver);
            return Ok(said);
        }
        let driver = self.driver.as_mut().ok_or("a script begins with `> settings {…}`")?;
        let (first, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let transport = || first.parse::<u32>().map_err(|_| format!("`{first}` is no transport"));
        let line = |name: &str| driver.line_id(name).ok_or_else(|| format!("line `{name}` is not open"));
        match word {
            "line" => driver.line(first, &parse_json(more)?).map(drop),
            "opened" => driver.opened(transport()?),
            "closed" => {
                let (kind, text) = more.split_once(' ').unwrap_or((more, ""));
                let kind = CloseKind::from_name(kind).ok_or_else(|| format!("`{kind}` is no kind of closing"))?;
                driver.closed(transport()?, &CloseReason::new(kind, text))
            }
            "receive" => driver.received(transport()?, unquote(more)?),
            "text" => driver.text(transport()?, &String::from_utf8_lossy(&unquote(more)?)),
            "wait" => driver.advance(parse_duration(rest)?),
            "command" => {
                let (name, params) = more.split_once(' ').unwrap_or((more, "{}"));
                let command = Command::decode(name, parse_json(params)?)
                    .ok_or_else(|| format!("there is no command `{name}`"))?
                    .map_err(|e| e.to_string())?;
                let line = line(first)?;
                driver.command(line, &command).map(drop)
            }
            "close-line" => {
                let line = line(first)?;
                driver.give(&InputFrame::line_closed(line))
            }
            "swap" => match driver.swap(&self.settings) {
                Ok(true) => Ok(()),
                Ok(false) => return Err("the adapter does not save its state".into()),
                Err(error) => Err(error),
            },
            "http" => {
                let (status, body) = more.split_once(' ').unwrap_or((more, ""));
                let status = status.parse().map_err(|_| format!("`{status}` is no status"))?;
                let body = if body.starts_with('"') { unquote(body)? } else { body.as_bytes().to_vec() };
                let response = HttpResponse::new(status, Vec::new(), &body);
                driver.give(&InputFrame::http(request(first)?, Ok(response)))
            }
            "http-failed" => {
                let (kind, text) = more.split_once(' ').unwrap_or((more, ""));
                let kind = CloseKind::from_name(kind).ok_or_else(|| format!("`{kind}` is no kind of closing"))?;
                driver.give(&InputFrame::http(request(first)?, Err(&CloseReason::new(kind, text))))
            }
            "hook" => {
                let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
                driver.give(&InputFrame::webhook(hook(path, query)))
            }
            "post" => driver.give(&InputFrame::posted(rest.as_bytes())),
            "stop" => driver.give(&InputFrame::stopping()),
            _ => return Err(format!("`{word}` is no input of a script")),
        }
        .map_err(|e| e.to_string())?;
        Ok(driver.rendered())
    }
}

fn request(number: &str) -> Result<RequestId, String> {
    number.parse().map(RequestId).map_err(|_| format!("`{number}` is no request"))
}

fn hook(path: &str, query: &str) -> Webhook<'static> {
    let (path, query, from) = (path.to_owned(), query.to_owned(), "192.0.2.1".to_owned());
    Webhook { method: "GET".to_owned(), path, query, headers: Vec::new(), body: &[], from }
}

fn parse_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(if text.is_empty() { "{}" } else { text }).map_err(|e| format!("{e} in `{text}`"))
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("`{text}` is no duration"))?;
    match &text[digits.len()..] {
        "us" => Ok(Duration::from_micros(number)),
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        unit => Err(format!("`{unit}` is no unit: us, ms, s, m")),
    }
}

fn unquote(text: &str) -> Result<Vec<u8>, String> {
    let inner = text
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .ok_or_else(|| format!("bytes stand in quotes, found `{text}`"))?;
    let mut bytes = Vec::new();
    let mut rest = inner.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (escape, after) = rest.split_first().ok_or("a `\\` at the end")?;
        rest = after;
        match escape {
            b'r' => bytes.push(b'\r'),
            b'n' => bytes.push(b'\n'),
            b'\\' | b'"' => bytes.push(*escape),
            b'x' => {
                let (hex, after) = rest.split_at_checked(2).ok_or("`\\x` needs two digits")?;
                let hex = std::str::from_utf8(hex).map_err(|e| e.to_string())?;
                bytes.push(u8::from_str_radix(hex, 16).map_err(|e| e.to_string())?);
                rest = after;
            }
            other => return Err(format!("there is no escape `\\{}`", char::from(*other))),
        }
    }
    Ok(bytes)
}
