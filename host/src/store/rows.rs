//! Calls as rows, and rows as calls.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use jackfield_plugin_api::{CallState, CauseCode, Direction, Queue, ReleasedBy, Role, Scope};

use super::database::{Database, Row, StoreError, Value, transaction};
use super::entry::{CallChange, LineChange};
use super::record::{CallLink, CallRecord, Outcome, Party};

/// What a call's events write.
const TOLD: [&str; 34] = [
    "call_id",
    "connection",
    "line",
    "conversation",
    "parent",
    "role",
    "state",
    "direction",
    "scope",
    "native_id",
    "caller_number",
    "caller_name",
    "called_number",
    "called_name",
    "queue_id",
    "queue_name",
    "agent",
    "started_at",
    "connected_at",
    "ended_at",
    "ring_ms",
    "talk_ms",
    "hold_ms",
    "hold_count",
    "result",
    "cause",
    "released_by",
    "estimated",
    "details",
    "number_key",
    "search",
    "final",
    "saved_at",
    "change_no",
];
/// What people write, and the revision that counts both.
const EDITED: [&str; 5] = ["revision", "comment", "links", "result_edited", "edited_by"];

/// The columns of a row as [`StoredCall::read`] takes them.
pub(super) static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<&str> = TOLD.iter().chain(&EDITED).copied().collect();
    columns.join(", ")
});

/// Writes a row or changes it; a change that was written before touches nothing. A result that somebody has edited
/// stays.
static UPSERT: LazyLock<String> = LazyLock::new(|| {
    let values: Vec<String> = (1..=TOLD.len()).map(|n| format!("${n}")).collect();
    let sets: Vec<String> = TOLD[1..]
        .iter()
        .map(|column| match *column {
            "result" => {
                "result = CASE WHEN calls.result_edited = 1 THEN calls.result ELSE excluded.result END".to_owned()
            }
            // After a restart the agent is told later than the first events of calls that went on.
            "agent" => "agent = COALESCE(excluded.agent, calls.agent)".to_owned(),
            column => format!("{column} = excluded.{column}"),
        })
        .collect();
    format!(
        "INSERT INTO calls ({}, revision) VALUES ({}, 1) ON CONFLICT (call_id) DO UPDATE SET {}, revision = \
         calls.revision + 1 WHERE calls.change_no < excluded.change_no RETURNING revision",
        TOLD.join(", "),
        values.join(", "),
        sets.join(", ")
    )
});

const EVENT: &str = "INSERT INTO timeline (call_id, change_no, at, src_at, name, detail) VALUES ($1, $2, $3, $4, $5, \
                     $6) ON CONFLICT (call_id, change_no) DO NOTHING";
const LINE: &str = "INSERT INTO lines (line, connection, epoch, up, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (line) \
                    DO UPDATE SET connection = excluded.connection, epoch = excluded.epoch, up = excluded.up, at = \
                    excluded.at";
const MERGE: &str = "UPDATE calls SET conversation = $1 WHERE conversation = $2";

/// A row of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    /// The call.
    pub record: CallRecord,
    /// The last change that was written.
    pub change: i64,
    /// Grows by one with every change of the row.
    pub revision: i64,
    /// What somebody wrote.
    pub comment: Option<String>,
    /// Records of the CRM.
    pub links: Vec<CallLink>,
    /// Whether somebody has corrected the result.
    pub result_edited: bool,
    /// Who edited it last.
    pub edited_by: Option<String>,
}

/// The digits of a number from its end: who knows only the last ones looks for a beginning.
#[must_use]
pub(super) fn number_key(number: &str) -> String {
    number.chars().rev().filter(char::is_ascii_digit).collect()
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Invalid(e.to_string()))
}

/// What a search for words looks at, in lower case.
fn search_text(record: &CallRecord) -> String {
    let parties = [&record.caller, &record.called, &record.details.redirecting, &record.details.redirection];
    let mut words = String::new();
    for party in parties.into_iter().flatten() {
        words.push_str(&party.number);
        words.push(' ');
        words.push_str(party.name.as_deref().unwrap_or_default());
        words.push(' ');
    }
    if let Some(queue) = &record.queue {
        words.push_str(queue.name.as_deref().unwrap_or(&queue.id));
    }
    words.to_lowercase()
}

/// Writes a call. Its revision; none when this change was there already.
pub(super) fn write_call(
    database: &mut dyn Database,
    change: i64,
    record: &CallRecord,
    saved_at: i64,
) -> Result<Option<i64>, StoreError> {
    let (caller, called) = (record.caller.as_ref(), record.called.as_ref());
    let number = |party: Option<&'_ Party>| party.map(|party| party.number.clone());
    let name = |party: Option<&'_ Party>| party.and_then(|party| party.name.clone());
    let owned = |text: Option<String>| text.map_or(Value::Null, |text| Value::Text(Cow::Owned(text)));
    let queue = record.queue.as_ref();
    let values = [
        Value::text(&record.call_id),
        Value::text(&record.connection),
        Value::text(&record.line),
        Value::text(&record.conversation),
        Value::maybe(record.parent.as_deref()),
        Value::text(record.role.as_str()),
        Value::text(record.state.as_str()),
        Value::text(record.direction.as_str()),
        Value::text(record.scope.as_str()),
        Value::maybe(record.native_id.as_deref()),
        owned(number(caller)),
        owned(name(caller)),
        owned(number(called)),
        owned(name(called)),
        Value::maybe(queue.map(|queue| queue.id.as_str())),
        Value::maybe(queue.and_then(|queue| queue.name.as_deref())),
        Value::maybe(record.agent.as_deref()),
        Value::Int(record.started_at),
        Value::number(record.connected_at),
        Value::number(record.ended_at),
        Value::Int(record.ring_ms),
        Value::Int(record.talk_ms),
        Value::Int(record.hold_ms),
        Value::Int(record.hold_count),
        Value::maybe(record.result.map(Outcome::as_str)),
        Value::maybe(record.cause.map(CauseCode::as_str)),
        Value::maybe(record.released_by.map(ReleasedBy::as_str)),
        Value::Int(record.estimated.into()),
        owned(Some(json(&record.details)?)),
        owned(record.remote().map(|party| number_key(&party.number))),
        owned(Some(search_text(record))),
        Value::Int(record.is_final().into()),
        Value::Int(saved_at),
        Value::Int(change),
    ];
    Ok(database.query(&UPSERT, &values)?.first().and_then(|row| row.int(0)))
}

/// Writes what an event adds to a call's timeline, and which conversations it joins.
pub(super) fn write_event(database: &mut dyn Database, change: &CallChange) -> Result<(), StoreError> {
    let detail = json(&change.event.detail)?;
    let values = [
        Value::text(&change.record.call_id),
        Value::Int(change.change),
        Value::Int(change.event.at),
        Value::number(change.event.src_at),
        Value::text(&change.event.name),
        Value::text(&detail),
    ];
    database.execute(EVENT, &values)?;
    for merged in &change.merged {
        database.execute(MERGE, &[Value::text(&change.record.conversation), Value::text(merged)])?;
    }
    Ok(())
}

/// Writes where a line's stream stands.
pub(super) fn write_line(database: &mut dyn Database, change: &LineChange) -> Result<(), StoreError> {
    let values = [
        Value::text(&change.line),
        Value::text(&change.connection),
        Value::Int(change.epoch),
        Value::Int(change.up.into()),
        Value::Int(change.at),
    ];
    database.execute(LINE, &values).map(drop)
}

impl StoredCall {
    /// Reads a row with [`COLUMNS`].
    pub(super) fn read(row: &Row) -> Self {
        let text = |column: usize| row.text(column).map(str::to_owned);
        let must = |column: usize| text(column).unwrap_or_default();
        let int = |column: usize| row.int(column).unwrap_or(0);
        let party = |number: usize| text(number).map(|found| Party { number: found, name: text(number + 1) });
        let queue = text(14).map(|id| {
            let mut queue = Queue::new(id);
            queue.name = text(15);
            queue
        });
        let details = row.text(28).and_then(|details| serde_json::from_str(details).ok()).unwrap_or_default();
        let record = CallRecord {
            call_id: must(0),
            connection: must(1),
            line: must(2),
            conversation: must(3),
            parent: text(4),
            role: row.text(5).and_then(Role::from_name).unwrap_or(Role::Primary),
            state: row.text(6).and_then(CallState::from_name).unwrap_or(CallState::Unknown),
            direction: row.text(7).and_then(Direction::from_name).unwrap_or(Direction::Unknown),
            scope: row.text(8).and_then(Scope::from_name).unwrap_or(Scope::Unknown),
            native_id: text(9),
            caller: party(10),
            called: party(12),
            queue,
            agent: text(16),
            started_at: int(17),
            connected_at: row.int(18),
            ended_at: row.int(19),
            ring_ms: int(20),
            talk_ms: int(21),
            hold_ms: int(22),
            hold_count: int(23),
            result: row.text(24).and_then(Outcome::from_name),
            cause: row.text(25).and_then(CauseCode::from_name),
            released_by: row.text(26).and_then(ReleasedBy::from_name),
            estimated: row.int(27) == Some(1),
            details,
        };
        Self {
            record,
            change: int(33),
            revision: int(34),
            comment: text(35),
            links: row.text(36).and_then(|links| serde_json::from_str(links).ok()).unwrap_or_default(),
            result_edited: row.int(37) == Some(1),
            edited_by: text(38),
        }
    }
}

/// A call that is in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// The line.
    pub line: String,
    /// The call.
    pub call_id: String,
    /// The row's revision.
    pub revision: i64,
    /// Whether the call is over, and its row complete.
    pub is_final: bool,
    /// The call's links, when somebody has edited them.
    pub links: Option<Vec<CallLink>>,
}

/// What the store tells a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A call is in the database.
    Saved(Saved),
    /// The database has stopped taking calls, and why.
    Trouble,
}

/// Writes changes as a whole, in their order; several of one call are one of its row. What was committed, call by call.
///
/// # Errors
/// The database does not take them; then nothing was written.
pub fn commit(
    database: &mut dyn Database,
    calls: &[CallChange],
    lines: &[LineChange],
    saved_at: i64,
) -> Result<Vec<Saved>, StoreError> {
    let last: HashMap<&str, usize> =
        calls.iter().enumerate().map(|(index, change)| (change.record.call_id.as_str(), index)).collect();
    transaction(database, |database| {
        let mut saved = Vec::new();
        for (index, change) in calls.iter().enumerate() {
            write_event(database, change)?;
            let record = &change.record;
            if last.get(record.call_id.as_str()) != Some(&index) {
                continue;
            }
            if let Some(revision) = write_call(database, change.change, record, saved_at)? {
                saved.push(Saved {
                    line: record.line.clone(),
                    call_id: record.call_id.clone(),
                    revision,
                    is_final: record.is_final(),
                    links: None,
                });
            }
        }
        for line in lines {
            write_line(database, line)?;
        }
        Ok(saved)
    })
}

/// What somebody changes of a call. None: that stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edit {
    /// The comment; an inner none takes it away.
    pub comment: Option<Option<String>>,
    /// The result; an inner none gives the host's own word back.
    pub result: Option<Option<Outcome>>,
    /// The records of the CRM.
    pub links: Option<Vec<CallLink>>,
    /// Who edits.
    pub by: String,
}

/// Edits a row, if it is still of the expected revision. Else the row as it is; none: there is none.
///
/// # Errors
/// The database does not do it.
pub fn edit(
    database: &mut dyn Database,
    call_id: &str,
    expected: i64,
    edit: &Edit,
) -> Result<Result<StoredCall, Option<StoredCall>>, StoreError> {
    let Some(mut call) = find(database, call_id)? else { return Ok(Err(None)) };
    if call.revision != expected {
        return Ok(Err(Some(call)));
    }
    if let Some(comment) = &edit.comment {
        call.comment.clone_from(comment);
    }
    if let Some(result) = edit.result {
        call.result_edited = result.is_some();
        let record = &mut call.record;
        let own = || {
            let answered = record.connected_at.is_some();
            let missed = record.direction == Direction::In
                && !answered
                && matches!(record.cause, Some(CauseCode::Cancelled | CauseCode::NoAnswer));
            record.cause.filter(|_| record.is_final()).map(|cause| Outcome::of(cause, answered, missed))
        };
        record.result = result.or_else(own);
    }
    if let Some(links) = &edit.links {
        call.links.clone_from(links);
    }
    call.edited_by = Some(edit.by.clone());
    let links = json(&call.links)?;
    let search = call.comment.as_ref().map(|comment| comment.to_lowercase());
    let values = [
        Value::maybe(call.comment.as_deref()),
        Value::maybe(search.as_deref()),
        Value::text(&links),
        Value::Int(call.result_edited.into()),
        Value::maybe(call.record.result.map(Outcome::as_str)),
        Value::text(&edit.by),
        Value::text(call_id),
        Value::Int(expected),
    ];
    let touched = database.execute(
        "UPDATE calls SET comment = $1, comment_search = $2, links = $3, result_edited = $4, result = $5, edited_by = \
         $6, revision = revision + 1 WHERE call_id = $7 AND revision = $8",
        &values,
    )?;
    if touched == 0 {
        return Ok(Err(find(database, call_id)?));
    }
    call.revision += 1;
    Ok(Ok(call))
}

/// A row by its id.
///
/// # Errors
/// The database does not answer.
pub fn find(database: &mut dyn Database, call_id: &str) -> Result<Option<StoredCall>, StoreError> {
    let sql = format!("SELECT {} FROM calls WHERE call_id = $1", *COLUMNS);
    Ok(database.query(&sql, &[Value::text(call_id)])?.first().map(StoredCall::read))
}
