//! Conversations in text, as those in `tests/conversations`: their inputs, with anything in them.

use std::time::Duration;

use jackfield_plugin_api::Command;
use serde_json::{Value, json};

use super::watch::Watch;

/// Plays the inputs of a conversation.
pub(super) fn play(text: &str) {
    let mut watch = None;
    for line in text.lines() {
        let Some((what, rest)) = line.strip_prefix("> ").map(|line| line.split_once(' ').unwrap_or((line, ""))) else {
            continue;
        };
        if what == "settings" {
            let mut settings: Value = serde_json::from_str(rest).unwrap_or_default();
            if let Some(settings) = settings.as_object_mut() {
                // A function may take its time here.
                settings.insert("hang_timeout".to_owned(), json!(3_600));
            }
            watch = Watch::new(&settings).or(watch);
            continue;
        }
        let Some(watch) = &mut watch else { continue };
        if watch.is_broken() {
            return;
        }
        match what {
            "post" => watch.told(rest),
            "line" => {
                let (name, settings) = rest.split_once(' ').unwrap_or((rest, "{}"));
                watch.line(name, &serde_json::from_str(settings).unwrap_or_default());
            }
            "close-line" => watch.close_line(rest),
            "wait" => watch.advance(duration(rest)),
            "command" => {
                let mut words = rest.splitn(3, ' ');
                let (line, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let params: Value = words.next().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
                if let Some(Ok(command)) = Command::decode(name, params) {
                    watch.command(line, &command);
                }
            }
            _ => {}
        }
    }
    if let Some(mut watch) = watch.filter(|watch| !watch.is_broken()) {
        watch.finish();
    }
}

fn duration(text: &str) -> Duration {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..at].parse().unwrap_or(0);
    let number = number.min(1_000_000);
    match &text[at..] {
        "ms" => Duration::from_millis(number),
        "m" => Duration::from_secs(number * 60),
        _ => Duration::from_secs(number),
    }
}
