//! A call as an answer to `getactivecalls` shows it. Which members there are beside `ID`, `Direction` and the files of
//! recordings is inferred from the properties of a call in Infinity's COM library: each may be missing.

use jackfield_plugin_api::{CallFeatures, Direction, Phase};
use serde_json::{Map, Value};

use crate::config::Config;
use crate::json::{flag, number, text};

/// Calls of one line that are looked at.
pub(crate) const MOST_CALLS: usize = 32;
/// A text of an answer is kept up to here, in characters.
const LONGEST_TEXT: usize = 256;

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Stage {
    Alerting(Phase),
    Connected,
    Conferenced,
    Held,
}

/// What an answer says of where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    At(Stage),
    /// Nothing that says more than before.
    AsBefore,
    Over,
}

/// A call of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) direction: Option<Direction>,
    pub(crate) shown: Shown,
    /// The far end has put this one on hold.
    pub(crate) far_holds: bool,
    pub(crate) number: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) dialled: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) seance: Option<String>,
    /// What can be done with it; none when the answer says nothing of it.
    pub(crate) can: Option<CallFeatures>,
    pub(crate) recorded: bool,
}

/// The calls of an answer. `None`: it has no list of calls.
pub(crate) fn seen(result: &Map<String, Value>, config: &Config) -> Option<Vec<Seen>> {
    let Value::Array(items) = result.get("Data")? else { return None };
    let items = items.iter().filter_map(Value::as_object).filter_map(|item| read(item, config));
    Some(items.take(MOST_CALLS).collect())
}

/// Whether a text can be a call's id.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-{}_.".contains(&b))
}

fn read(item: &Map<String, Value>, config: &Config) -> Option<Seen> {
    let short = |name: &str| Some(text(item, name)?.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect());
    let id = text(item, "ID").or_else(|| text(item, "IDCall"))?.into_owned();
    let fits = is_id(&id);
    let recorded = ["AWavFile", "BWavFile"].iter().any(|name| text(item, name).is_some());
    let direction = match number(item, "Direction") {
        Some(1) => Some(Direction::In),
        Some(2) => Some(Direction::Out),
        _ => None,
    };
    let state = number(item, "State");
    fits.then(|| Seen {
        id,
        direction,
        shown: shown(state, direction, recorded && config.talk_by_recording, &config.held),
        far_holds: state == Some(ON_HOLD) && !config.held.contains(&ON_HOLD),
        number: short("Number"),
        name: short("Name"),
        dialled: short("DialedNumber"),
        parent: short("ParentCallID").filter(|parent: &String| parent != "0"),
        seance: short("SeanceID").or_else(|| short("IDSeance")).filter(|id: &String| id != "0"),
        can: can(item),
        recorded,
    })
}

/// On hold, beside hold (41): as "in conference" (32) is beside "conference" (31), the far end's doing.
const ON_HOLD: i64 = 42;

/// The states of a call in Infinity's COM library.
fn shown(state: Option<i64>, direction: Option<Direction>, talks: bool, held: &[i64]) -> Shown {
    let ringing = Stage::Alerting(Phase::Ringing);
    match state {
        Some(state) if held.contains(&state) => Shown::At(Stage::Held),
        None if talks => Shown::At(Stage::Connected),
        None if direction == Some(Direction::Out) => Shown::At(Stage::Alerting(Phase::Dialing)),
        None => Shown::At(ringing),
        // Ringing, reminder; alerting at the far end.
        Some(1 | 2 | 13) => Shown::At(ringing),
        // Dial tone.
        Some(11) => Shown::At(Stage::Alerting(Phase::Initiated)),
        // The number is being dialled.
        Some(12) => Shown::At(Stage::Alerting(Phase::Dialing)),
        Some(21 | ON_HOLD) => Shown::At(Stage::Connected),
        // Conference, in a conference.
        Some(31 | 32) => Shown::At(Stage::Conferenced),
        Some(99 | 100) => Shown::Over,
        // Unknown, and whatever else comes.
        Some(_) => Shown::AsBefore,
    }
}

fn can(item: &Map<String, Value>) -> Option<CallFeatures> {
    let flags = [
        ("CanDrop", CallFeatures::DROP),
        ("CanAnswer", CallFeatures::ANSWER),
        ("CanHold", CallFeatures::HOLD),
        ("CanUnHold", CallFeatures::UNHOLD),
        ("CanQuickTransfer", CallFeatures::BLIND_TRANSFER),
        ("CanStartTransfer", CallFeatures::MAKE_CONSULT_CALL),
        ("CanFinishTransfer", CallFeatures::COMPLETE_TRANSFER),
        ("CanFinishConference", CallFeatures::CONFERENCE),
        ("CanSendDigits", CallFeatures::DTMF),
    ];
    let mut can = None;
    for (name, feature) in flags {
        if let Some(is) = flag(item, name) {
            let so_far = can.unwrap_or(CallFeatures::NONE);
            can = Some(if is { so_far | feature } else { so_far });
        }
    }
    // There is no flag for it: it is a drop and an unhold.
    can.map(|can| can | CallFeatures::CANCEL_TRANSFER)
}
