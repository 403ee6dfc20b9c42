//! What the fuzz target of configurations does with its input: an ordinary function, so that tests run it too. Only
//! compiled for tests and with the feature `fuzz`.
#![allow(clippy::panic, reason = "a fuzz target fails by panicking")]

use std::path::Path;

use super::made_up::MadeUp;
use super::{Config, SecretText, load, print, settings};

/// Shorter texts may stand in a sentence by chance.
const SHORTEST_SECRET: usize = 16;

/// Reads a text as a configuration, judges it with an adapter that is made up, and writes down what is in effect.
///
/// # Panics
/// When what is said of it cannot be read again, or shows a token or a password.
pub fn configuration(text: &str) {
    let (config, said) = said(text, &MadeUp::new());
    for secret in config.iter().flat_map(secrets) {
        // What stands elsewhere in the file, too, may be shown for what it is there.
        let only_there = text.matches(secret).count() <= 1;
        let no_word = secret.len() >= SHORTEST_SECRET && secret.bytes().any(|byte| byte.is_ascii_digit());
        assert!(!(only_there && no_word && said.contains(secret)), "a secret is shown: {said}");
    }
}

fn secrets(config: &Config) -> impl Iterator<Item = &str> {
    let tokens = config.users.iter().map(|user| user.token.reveal());
    let hooks = config.connections.iter().filter_map(|connection| connection.hooks.as_ref()?.secret.as_ref());
    tokens
        .chain(hooks.map(SecretText::reveal))
        .chain(config.connections.iter().filter_map(|connection| connection.settings.get("password")?.as_str()))
}

/// What can be made out of a text, and everything that can be said of it.
///
/// # Panics
/// When it cannot be judged to its end though it is TOML, or when what is in effect is no configuration.
pub(super) fn said(text: &str, made_up: &MadeUp) -> (Option<Config>, String) {
    let file = Path::new("jackfield.toml");
    let reading = load::parse(text, file, Path::new("/nowhere"), std::iter::empty());
    let mut said = format!("{reading:?}");
    let Some(config) = reading.config else {
        // Whatever is TOML can be judged to its end.
        let told = reading.findings.to_string();
        assert!(told.contains("this is no TOML") || told.contains("too many digits"), "{told}\n{text}");
        return (None, said + &told);
    };
    let sound = reading.findings.list.is_empty();
    let findings = reading.findings.and(settings::check(&config, made_up));
    for connection in &config.connections {
        said += &format!("{:?}", super::lines::line_plans(&config, connection));
    }
    // Also of what is not sound: more can go wrong there.
    match print::effective(&config, made_up) {
        Ok(shown) => {
            assert!(shown.parse::<toml::Table>().is_ok(), "what is in effect is no TOML: {shown}");
            said += &shown;
        }
        Err(why) => assert!(!sound, "{why}: {text}"),
    }
    (Some(config), said + &findings.to_string() + &findings.json().to_string())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_seeds_and_what_once_failed() {
        let mut count = 0;
        for kind in ["seeds", "regressions"] {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(kind).join("configuration");
            // The target may have had no failure yet.
            for file in std::fs::read_dir(&folder).into_iter().flatten() {
                configuration(&std::fs::read_to_string(file.unwrap().path()).unwrap());
                count += 1;
            }
        }
        assert!(count > 0);
    }
}
