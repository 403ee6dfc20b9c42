//! What numbers mean, beside those of lines: the special ones, the queue's, the parking slots.

use jackfield_plugin_api::CauseCode;

use crate::config::{Config, micros};
use crate::state::Outcome;

/// The parking slots.
pub(crate) const SLOTS: [&str; 9] = ["711", "712", "713", "714", "715", "716", "717", "718", "719"];

const SECOND: i64 = 1_000_000;

/// What a number does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Behaviour {
    /// It is a machine of the phone system: its name.
    pub(crate) service: Option<&'static str>,
    /// What it does after how long; nothing: it rings for ever.
    pub(crate) outcome: Option<(i64, Outcome)>,
    /// What it does after its answer.
    pub(crate) habit: Habit,
}

/// What an outside party does after its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// It talks until it hears the end.
    Talks,
    /// It hangs up after this time.
    HangsUp(i64),
    /// It holds after this time, for that time, again and again.
    Holds(i64, i64),
    /// It sends digits after this time.
    SendsDigits(i64, &'static str),
}

/// What a number outside, or one of the special ones, does.
pub(crate) fn behaviour(number: &str, config: &Config) -> Behaviour {
    let fails =
        |after, cause| Behaviour { service: None, outcome: Some((after, Outcome::Fail(cause))), habit: Habit::Talks };
    let answers = |after, habit| Behaviour { service: None, outcome: Some((after, Outcome::Answer)), habit };
    match number {
        "600" => Behaviour { service: Some("Echo"), ..answers(0, Habit::Talks) },
        "601" => answers(3 * SECOND, Habit::HangsUp(10 * SECOND)),
        "602" => answers(2 * SECOND, Habit::Holds(3 * SECOND, 5 * SECOND)),
        "603" => fails(SECOND / 2, CauseCode::Busy),
        "604" => fails(SECOND / 2, CauseCode::InvalidDestination),
        "605" => Behaviour { service: None, outcome: None, habit: Habit::Talks },
        "606" => fails(2 * SECOND, CauseCode::Rejected),
        "607" => fails(15 * SECOND, CauseCode::NoAnswer),
        "608" => fails(SECOND, CauseCode::NetworkError),
        "609" => answers(SECOND, Habit::SendsDigits(2 * SECOND, "1234#")),
        _ => {
            let outside = &config.outside;
            let longest = outside.answer_after.iter().filter(|(beginning, _)| number.starts_with(beginning.as_str()));
            let after =
                longest.max_by_key(|(beginning, _)| beginning.len()).map_or(outside.answer, |(_, after)| *after);
            let habit = if outside.talk > 0.0 { Habit::HangsUp(micros(outside.talk)) } else { Habit::Talks };
            answers(micros(after), habit)
        }
    }
}

/// Whether it can be dialled: digits, `*`, `#`, a leading `+`; at most 32.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (1..=32).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#')
}
