//! Calls that were over before an answer could show them.
//!
//! Infinity's client opens an address when a call comes (`phoneid` is the call's id), and Infinity may send requests of its
//! own. Such a request is a reason to ask, and no more. Where it names a call that the next answers do not show, Infinity is
//! asked for that call's talks: what it tells then is told on, as a call that has begun and ended.

use jackfield_plugin_api::{Direction, Host, LineId, Phase, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::adapter::Infinity;
use crate::answers::{Said, Waiting};
use crate::calls::{described, end};
use crate::item::Stage;
use crate::json::{self, text};
use crate::line::Line;
use crate::query::Query;
use crate::schedule::Question;

/// Calls that were named and not seen yet, of one line.
const MOST: usize = 8;
/// So many answers in a row do not show a call that is over.
const ANSWERS: u32 = 2;
/// How soon it is looked for again.
pub(crate) const SOON: std::time::Duration = std::time::Duration::from_millis(500);

/// A call that a request has named.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Named {
    id: String,
    /// Only answers to later questions can show it.
    since: Timestamp,
    /// Answers that did not.
    missing: u32,
}

impl Line {
    /// A request names a call of this line.
    pub(crate) fn name_call(&mut self, id: &str, now: Timestamp) {
        let waits = self.named.iter().any(|named| named.id == id);
        if waits || self.knows(id) || self.named.len() >= MOST {
            return;
        }
        self.named.push(Named { id: id.to_owned(), since: now, missing: 0 });
    }

    /// An answer to a question that was asked then has shown all calls: the named ones that it cannot be waited for any
    /// longer.
    fn unseen(&mut self, asked: Timestamp) -> Vec<String> {
        let known: Vec<String> =
            self.named.iter().filter(|named| self.knows(&named.id)).map(|named| named.id.clone()).collect();
        self.named.retain(|named| !known.contains(&named.id));
        for named in self.named.iter_mut().filter(|named| named.since <= asked) {
            named.missing += 1;
        }
        self.named.extract_if(.., |named| named.missing >= ANSWERS).map(|named| named.id).collect()
    }
}

impl Infinity {
    /// An answer has shown all calls of a line: those that were named and are not there are asked for.
    pub(crate) fn look_for_named(&mut self, id: LineId, asked: Timestamp, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let unseen = line.unseen(asked);
        if !line.named.is_empty()
            && let Some(due) = &mut line.due[Question::Calls as usize]
        {
            *due = (*due).min(host.now() + SOON);
        }
        for call in unseen {
            let query = Query::new(&self.config, "/stat/connectionsbycall/").with("IDCall", &call);
            self.send(&query.with("AllInfo", "1"), Waiting::Missed { line: id, call }, host);
        }
    }

    /// What Infinity says of such a call. If it knows nothing of it, the request was not true, or about somebody else.
    pub(crate) fn missed(&mut self, id: LineId, call: &str, said: Said, host: &mut Host<'_>) {
        let Said::Yes(Ok(result)) = said else { return };
        let now = host.now();
        let Some(line) = self.lines.get_mut(&id).filter(|line| line.is_shown && !line.knows(call)) else { return };
        let rows = result.get("Data").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let talks: Vec<Talk> = rows
            .iter()
            .take(64)
            .filter_map(Value::as_object)
            .filter(|row| is_new(row, now))
            .filter_map(|row| talk(row, line))
            .collect();
        let Some(first) = talks.first() else { return };
        let begun = line.begin(call, first.direction, Stage::Alerting(Phase::Ringing));
        begun.number = Some(first.number.clone());
        self.tell(id, call, host);
        if talks.iter().any(|talk| talk.talked) {
            if let Some(call) = self.lines.get_mut(&id).and_then(|line| line.calls.iter_mut().find(|c| c.id == call)) {
                (call.at, call.was_connected) = (Stage::Connected, true);
            }
            self.tell(id, call, host);
        }
        if let Some(line) = self.lines.get_mut(&id) {
            end(line, call, host);
        }
    }

    fn tell(&self, id: LineId, call: &str, host: &mut Host<'_>) {
        let Some(line) = self.lines.get(&id) else { return };
        if let Some(call) = line.call(call) {
            host.report_call(&described(line, call, &self.config));
        }
    }
}

/// A talk that began longer ago is no news: the address of an old call was opened once more.
const NEWS: f64 = 180.0;
/// How far the clocks of the two machines may be apart.
const APART: f64 = 60.0;
/// Days from the beginning of Infinity's time (30 December 1899) to that of ours.
const EPOCH: f64 = 25_569.0;
const DAY: f64 = 86_400.0;
/// Times of the clock differ by whole quarters of an hour, up to 14 hours.
const QUARTER: f64 = 900.0;

/// Whether a talk has begun just now. Its time is that of Infinity's clock on the wall, whose zone is not told: it is new
/// in one zone or another. A talk without a time is believed.
fn is_new(row: &Map<String, Value>, now: Timestamp) -> bool {
    let Some(start) = json::fraction(row, "TimeStart") else { return true };
    let now = now.since(Timestamp::from_micros(0)).as_secs_f64();
    let ago = now - (start - EPOCH) * DAY + APART;
    ago.abs() <= 15.0 * 3_600.0 && ago.rem_euclid(QUARTER) <= NEWS + APART
}

/// What a row of the statistics says of a line's part.
struct Talk {
    direction: Direction,
    number: String,
    talked: bool,
}

/// A talk of this line with somebody; none: it is others', or a technical part, which has no number.
fn talk(row: &Map<String, Value>, line: &Line) -> Option<Talk> {
    let number = |name: &str| text(row, name).map(std::borrow::Cow::into_owned);
    let (a, b) = (number("ANumber")?, number("BNumber")?);
    let ours = number("BIDUser").is_some_and(|user| line.user.as_ref() == Some(&user)) || b == line.extension;
    let (direction, number) = match (ours, a == line.extension) {
        (true, _) => (Direction::In, a),
        (_, true) => (Direction::Out, b),
        _ => return None,
    };
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = !digits.is_empty() && digits.len() <= 64 && digits.bytes().all(|b| b.is_ascii_digit());
    let talked = json::fraction(row, "DurationTalk").is_some_and(|days| days > 0.0);
    is_number.then_some(Talk { direction, number, talked })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_talk_is_new_in_one_zone_or_another() {
        // 1 December 2026, 12:00:00 UTC.
        let now = Timestamp::from_micros(1_796_126_400_000_000);
        let noon = 46_357.5;
        let begun = |seconds_ago: f64, hours: f64| {
            let start = noon - seconds_ago / DAY + hours / 24.0;
            let row = json!({ "TimeStart": format!("{start:.9}").replace('.', ",") });
            is_new(row.as_object().unwrap(), now)
        };
        assert!(begun(0.0, 0.0) && begun(100.0, 2.0) && begun(20.0, -3.5) && begun(20.0, 5.75));
        assert!(begun(-30.0, 0.0), "their clock is a little fast");
        assert!(!begun(300.0, 0.0) && !begun(600.0, 3.0), "minutes ago");
        assert!(!begun(DAY, 0.0) && !begun(30.0 * DAY, 3.0), "days ago");
        assert!(is_new(&Map::new(), now), "nothing is told of it");
    }
}
