//! What a request asks for: its parameters, judged.

use axum::extract::Query;
use axum::http::Uri;
use jackfield_plugin_api::Direction;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Asker, Refusal};
use crate::store::Outcome;
use crate::store::query::{Cursor, Filter, Sees};

/// The shortest number, and the shortest text, that is looked for.
const SHORTEST_NUMBER: usize = 3;
/// The longest text that is looked for.
const LONGEST_TEXT: usize = 100;

/// Which calls.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Calls that began at this time or later (RFC 3339).
    #[schemars(schema_with = "super::view::time")]
    #[serde(default)]
    pub(super) from: Option<String>,
    /// Calls that began before this time (RFC 3339).
    #[schemars(schema_with = "super::view::time")]
    #[serde(default)]
    pub(super) to: Option<String>,
    /// Calls of this line: `connection/device`.
    #[serde(default)]
    pub(super) line: Option<String>,
    /// Calls with this number on the other side, or one that ends with it; at least three digits.
    #[schemars(schema_with = "some_digits")]
    #[serde(default)]
    pub(super) number: Option<String>,
    /// Calls that went so.
    #[serde(default)]
    pub(super) result: Option<Outcome>,
    /// Calls of this way.
    #[serde(default)]
    pub(super) direction: Option<Direction>,
    /// `true`: calls that are up; `false`: calls that are over.
    #[serde(default)]
    pub(super) open: Option<bool>,
    /// Calls with this text in a name, a number, the queue or the comment; letters of either case.
    #[schemars(length(min = 1, max = 100))]
    #[serde(default)]
    pub(super) text: Option<String>,
}

/// Which calls, and which page of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhichPage {
    /// Calls that began at this time or later (RFC 3339).
    #[schemars(schema_with = "super::view::time")]
    #[serde(default)]
    from: Option<String>,
    /// Calls that began before this time (RFC 3339).
    #[schemars(schema_with = "super::view::time")]
    #[serde(default)]
    to: Option<String>,
    /// Calls of this line: `connection/device`.
    #[serde(default)]
    line: Option<String>,
    /// Calls with this number on the other side, or one that ends with it; at least three digits.
    #[schemars(schema_with = "some_digits")]
    #[serde(default)]
    number: Option<String>,
    /// Calls that went so.
    #[serde(default)]
    result: Option<Outcome>,
    /// Calls of this way.
    #[serde(default)]
    direction: Option<Direction>,
    /// `true`: calls that are up; `false`: calls that are over.
    #[serde(default)]
    open: Option<bool>,
    /// Calls with this text in a name, a number, the queue or the comment; letters of either case.
    #[schemars(length(min = 1, max = 100))]
    #[serde(default)]
    text: Option<String>,
    /// How many calls; 50 unless told.
    #[schemars(range(min = 1, max = 1000))]
    #[serde(default = "fifty")]
    pub(super) limit: usize,
    /// The page after: `next` of the one before.
    #[schemars(schema_with = "a_cursor")]
    #[serde(default)]
    pub(super) cursor: Option<String>,
}

fn some_digits(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "pattern": "([^0-9]*[0-9]){3}" })
}

fn a_cursor(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "pattern": "^[0-9]{1,18}_[A-Za-z0-9-]{1,64}$" })
}

const fn fifty() -> usize {
    50
}

impl WhichPage {
    /// What it has in common with an export, and the rest.
    pub(super) fn parts(self) -> (Which, usize, Option<String>) {
        let Self { from, to, line, number, result, direction, open, text, limit, cursor } = self;
        (Which { from, to, line, number, result, direction, open, text }, limit, cursor)
    }
}

/// The parameters of a request.
pub(super) fn parameters<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    match Query::<T>::try_from_uri(uri) {
        Ok(Query(parameters)) => Ok(parameters),
        Err(error) => {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Err(Refusal::bad(&format!("the parameters are not understood: {why}")))
        }
    }
}

/// A time of a parameter, in microseconds since 1970.
fn time_of(name: &str, text: Option<&str>) -> Result<Option<i64>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(time) => Ok(i64::try_from(time.unix_timestamp_nanos() / 1_000).ok()),
        Err(_) => Err(Refusal::bad(&format!(
            "`{name}` is a time of RFC 3339, 2026-11-21T00:00:00Z or 2026-11-21T00:00:00%2B02:00"
        ))),
    }
}

impl Which {
    /// The question, of the lines that the asker may see.
    pub(super) fn filter(self, asker: &Asker) -> Result<Filter, Refusal> {
        let sees = asker.sees();
        let lines = match self.line {
            None => sees,
            // Whether a line exists is nobody's business who may not see it.
            Some(line) if sees.includes(&line) => Sees::Lines(vec![line]),
            Some(_) => Sees::Lines(Vec::new()),
        };
        if let Some(number) = &self.number
            && number.chars().filter(char::is_ascii_digit).count() < SHORTEST_NUMBER
        {
            return Err(Refusal::bad(&format!("`number` has at least {SHORTEST_NUMBER} digits")));
        }
        if let Some(text) = &self.text
            && !(1..=LONGEST_TEXT).contains(&text.chars().count())
        {
            return Err(Refusal::bad(&format!("`text` has 1 to {LONGEST_TEXT} characters")));
        }
        Ok(Filter {
            from: time_of("from", self.from.as_deref())?,
            to: time_of("to", self.to.as_deref())?,
            number: self.number,
            result: self.result,
            direction: self.direction,
            is_final: self.open.map(|open| !open),
            // No text of the history has it, and PostgreSQL does not know it.
            text: self.text.map(|text| text.replace('\0', "\u{fffd}")),
            after: None,
            ..Filter::of(lines)
        })
    }
}

/// A page's end as a text, and back.
pub(super) fn cursor_text(cursor: &Cursor) -> String {
    format!("{}_{}", cursor.started_at, cursor.call_id)
}

pub(super) fn cursor(text: Option<String>) -> Result<Option<Cursor>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let read = || {
        let (started_at, call_id) = text.split_once('_')?;
        let is_id =
            (1..=64).contains(&call_id.len()) && call_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let started_at = started_at.parse().ok().filter(|_| is_id)?;
        Some(Cursor { started_at, call_id: call_id.to_owned() })
    };
    read().map(Some).ok_or_else(|| Refusal::bad("`cursor` is none of ours: it is `next` of the page before"))
}
