//! Durations as people write them: `200ms`, `30s`, `5m`, `8h`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| {
        de::Error::custom(format_args!(
            "`{text}` is no duration; write a whole number and a unit: \"200ms\", \"30s\", \"5m\", \"8h\""
        ))
    })
}

fn parse(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    match &text[digits.len()..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!(parse("200ms"), Some(Duration::from_millis(200)));
        assert_eq!(parse("8h"), Some(Duration::from_secs(28_800)));
        for bad in ["", "8", "h", "1.5h", "-1s", "8 h", "18446744073709551615h"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
