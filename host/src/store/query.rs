//! Questions to the history. Every answer is bounded; who may see what is part of the question.

use serde_json::{Map, Value as Json};

use super::database::{Database, Dialect, StoreError, Value};
use super::entry::TimelineEvent;
use super::record::Outcome;
use super::rows::{COLUMNS, StoredCall, find, number_key};

/// Up to this many lines, each is looked up by itself; more are picked out of all calls.
const FEW_LINES: usize = 16;
/// The most lines that one question may name: the limit of parameters of a statement.
const MOST_LINES: usize = 30_000;
/// The most events of one call's timeline, and calls of one conversation.
const MOST_OF_ONE: usize = 1_000;
/// The most lines of statistics.
const MOST_BUCKETS: usize = 10_000;

/// Which lines somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sees {
    /// All, those that are no more included.
    All,
    /// These.
    Lines(Vec<String>),
}

impl Sees {
    /// Whether a line is among them.
    #[must_use]
    pub fn includes(&self, line: &str) -> bool {
        match self {
            Self::All => true,
            Self::Lines(lines) => lines.iter().any(|seen| seen == line),
        }
    }
}

/// Where a page begins: after this call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// When the last call of the page before began.
    pub started_at: i64,
    /// Its id.
    pub call_id: String,
}

/// Which calls are wanted, the newest first. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Of which lines.
    pub lines: Sees,
    /// That began then or later.
    pub from: Option<i64>,
    /// That began before.
    pub to: Option<i64>,
    /// With this number on the other side, or one that ends with it.
    pub number: Option<String>,
    /// With this result.
    pub result: Option<Outcome>,
    /// With this way.
    pub direction: Option<jackfield_plugin_api::Direction>,
    /// That are over, or not.
    pub is_final: Option<bool>,
    /// With these words in names, numbers, queue or comment.
    pub text: Option<String>,
    /// After this one.
    pub after: Option<Cursor>,
}

impl Filter {
    /// All calls of some lines.
    #[must_use]
    pub const fn of(lines: Sees) -> Self {
        Self {
            lines,
            from: None,
            to: None,
            number: None,
            result: None,
            direction: None,
            is_final: None,
            text: None,
            after: None,
        }
    }
}

/// A statement that grows; parameters are numbered as they come.
struct Sql<'a> {
    wheres: Vec<String>,
    values: Vec<Value<'a>>,
}

impl<'a> Sql<'a> {
    fn of(filter: &'a Filter) -> Self {
        let mut sql = Self { wheres: Vec::new(), values: Vec::new() };
        if let Some(from) = filter.from {
            let from = sql.push(Value::Int(from));
            sql.wheres.push(format!("started_at >= {from}"));
        }
        if let Some(to) = filter.to {
            let to = sql.push(Value::Int(to));
            sql.wheres.push(format!("started_at < {to}"));
        }
        if let Some(after) = &filter.after {
            let at = sql.push(Value::Int(after.started_at));
            let id = sql.push(Value::text(&after.call_id));
            sql.wheres.push(format!("(started_at, call_id) < ({at}, {id})"));
        }
        if let Some(number) = &filter.number {
            let key = number_key(number);
            // After the last digit comes the colon.
            let end = format!("{key}:");
            let begin = sql.push(Value::Text(key.into()));
            let end = sql.push(Value::Text(end.into()));
            sql.wheres.push(format!("number_key >= {begin} AND number_key < {end}"));
        }
        if let Some(result) = filter.result {
            let result = sql.push(Value::text(result.as_str()));
            sql.wheres.push(format!("result = {result}"));
        }
        if let Some(direction) = filter.direction {
            let direction = sql.push(Value::text(direction.as_str()));
            sql.wheres.push(format!("direction = {direction}"));
        }
        if let Some(is_final) = filter.is_final {
            sql.wheres.push(format!("final = {}", i64::from(is_final)));
        }
        if let Some(text) = &filter.text {
            let pattern = like(text);
            let pattern = sql.push(Value::Text(pattern.into()));
            sql.wheres.push(format!("(search LIKE {pattern} ESCAPE '!' OR comment_search LIKE {pattern} ESCAPE '!')"));
        }
        sql
    }

    fn push(&mut self, value: Value<'a>) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn wheres(&self) -> String {
        if self.wheres.is_empty() { String::new() } else { format!(" WHERE {}", self.wheres.join(" AND ")) }
    }
}

/// Words as a pattern that means them as they are.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// A page of calls, the newest first.
///
/// # Errors
/// The database does not answer, or the question names too many lines.
pub fn page(database: &mut dyn Database, filter: &Filter, limit: usize) -> Result<Vec<StoredCall>, StoreError> {
    let columns = &*COLUMNS;
    let order = "ORDER BY started_at DESC, call_id DESC";
    let mut sql = Sql::of(filter);
    let statement = match &filter.lines {
        Sees::All => format!("SELECT {columns} FROM calls{} {order} LIMIT {limit}", sql.wheres()),
        Sees::Lines(lines) if lines.is_empty() => return Ok(Vec::new()),
        Sees::Lines(lines) if lines.len() > MOST_LINES => {
            return Err(StoreError::Invalid(format!("more than {MOST_LINES} lines in one question")));
        }
        Sees::Lines(lines) if lines.len() <= FEW_LINES => {
            // Each line's newest, out of its index; then the newest of them.
            let common = sql.wheres.clone();
            let parts: Vec<String> = lines
                .iter()
                .enumerate()
                .map(|(index, line)| {
                    let mut wheres = common.clone();
                    wheres.push(format!("line = {}", sql.push(Value::text(line))));
                    let of = wheres.join(" AND ");
                    format!("SELECT * FROM (SELECT {columns} FROM calls WHERE {of} {order} LIMIT {limit}) AS l{index}")
                })
                .collect();
            format!("SELECT * FROM ({}) AS calls {order} LIMIT {limit}", parts.join(" UNION ALL "))
        }
        Sees::Lines(lines) => {
            let list: Vec<String> = lines.iter().map(|line| sql.push(Value::text(line))).collect();
            // SQLite would fetch all calls of all these lines and sort them; with a plus it goes by time, and stops early.
            let line = match database.dialect() {
                Dialect::Sqlite => "+line",
                Dialect::Postgres => "line",
            };
            sql.wheres.push(format!("{line} IN ({})", list.join(", ")));
            format!("SELECT {columns} FROM calls{} {order} LIMIT {limit}", sql.wheres())
        }
    };
    Ok(database.query(&statement, &sql.values)?.iter().map(StoredCall::read).collect())
}

/// A call with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeCall {
    /// The call.
    pub call: StoredCall,
    /// Its events, in their order.
    pub timeline: Vec<TimelineEvent>,
    /// All calls of its conversation that may be seen, this one included, in the order of their start.
    pub conversation: Vec<StoredCall>,
}

/// A call of one of the lines; what others' calls are is not told, nor that they are.
///
/// # Errors
/// The database does not answer.
pub fn whole(database: &mut dyn Database, call_id: &str, sees: &Sees) -> Result<Option<WholeCall>, StoreError> {
    let Some(call) = find(database, call_id)?.filter(|call| sees.includes(&call.record.line)) else { return Ok(None) };
    let sql = format!(
        "SELECT at, src_at, name, detail FROM timeline WHERE call_id = $1 ORDER BY change_no LIMIT {MOST_OF_ONE}"
    );
    let rows = database.query(&sql, &[Value::text(call_id)])?;
    let timeline = rows.iter().map(|row| TimelineEvent {
        at: row.int(0).unwrap_or(0),
        src_at: row.int(1),
        name: row.text(2).unwrap_or_default().to_owned(),
        detail: row
            .text(3)
            .and_then(|detail| serde_json::from_str::<Map<String, Json>>(detail).ok())
            .unwrap_or_default(),
    });
    let timeline = timeline.collect();
    let sql = format!(
        "SELECT {} FROM calls WHERE conversation = $1 ORDER BY started_at, call_id LIMIT {MOST_OF_ONE}",
        *COLUMNS
    );
    let rows = database.query(&sql, &[Value::text(&call.record.conversation)])?;
    let conversation = rows.iter().map(StoredCall::read).filter(|call| sees.includes(&call.record.line)).collect();
    Ok(Some(WholeCall { call, timeline, conversation }))
}

/// The newest call of a line with an id of the phone system's.
///
/// # Errors
/// The database does not answer.
pub fn by_native_id(
    database: &mut dyn Database,
    line: &str,
    native_id: &str,
) -> Result<Option<StoredCall>, StoreError> {
    // Along the line's index, from its end: what is asked for is mostly new.
    let sql = format!(
        "SELECT {} FROM calls WHERE line = $1 AND native_id = $2 ORDER BY started_at DESC, call_id DESC LIMIT 1",
        *COLUMNS
    );
    Ok(database.query(&sql, &[Value::text(line), Value::text(native_id)])?.first().map(StoredCall::read))
}

/// What calls are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The line.
    Line,
    /// The queue.
    Queue,
    /// The day on which they began, so many minutes east of Greenwich.
    Day {
        /// Minutes east of Greenwich.
        offset: i64,
    },
}

/// The calls of a line, queue or day, counted. Times are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The line, the queue's id (none: no queue), or the days since 1970-01-01.
    pub key: Option<String>,
    /// All that are over.
    pub calls: i64,
    /// Incoming ones.
    pub incoming: i64,
    /// Outgoing ones.
    pub outgoing: i64,
    /// Answered.
    pub answered: i64,
    /// Missed.
    pub missed: i64,
    /// Rung, in all.
    pub ring_ms: i64,
    /// Talked, in all.
    pub talk_ms: i64,
    /// Held, in all.
    pub hold_ms: i64,
}

/// Counts the calls of a filter that are over. `after` is not regarded.
///
/// # Errors
/// The database does not answer.
pub fn statistics(database: &mut dyn Database, filter: &Filter, by: By) -> Result<Vec<Bucket>, StoreError> {
    let filter = Filter { after: None, is_final: Some(true), ..filter.clone() };
    let mut sql = Sql::of(&filter);
    match &filter.lines {
        Sees::All => {}
        Sees::Lines(lines) if lines.is_empty() => return Ok(Vec::new()),
        Sees::Lines(lines) if lines.len() > MOST_LINES => {
            return Err(StoreError::Invalid(format!("more than {MOST_LINES} lines in one question")));
        }
        Sees::Lines(lines) => {
            let list: Vec<String> = lines.iter().map(|line| sql.push(Value::text(line))).collect();
            sql.wheres.push(format!("line IN ({})", list.join(", ")));
        }
    }
    let key = match by {
        By::Line => "line".to_owned(),
        By::Queue => "queue_id".to_owned(),
        By::Day { offset } => {
            format!("CAST((started_at + {}) / 86400000000 AS TEXT)", offset.clamp(-1_440, 1_440) * 60_000_000)
        }
    };
    let count = |condition: &str| format!("CAST(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT)");
    let sum = |column: &str| format!("CAST(SUM({column}) AS BIGINT)");
    let statement = format!(
        "SELECT {key} AS bucket, COUNT(*), {}, {}, {}, {}, {}, {}, {} FROM calls{} GROUP BY {key} ORDER BY 1 LIMIT \
         {MOST_BUCKETS}",
        count("direction = 'in'"),
        count("direction = 'out'"),
        count("connected_at IS NOT NULL OR result = 'answered'"),
        count("result = 'missed'"),
        sum("ring_ms"),
        sum("talk_ms"),
        sum("hold_ms"),
        sql.wheres(),
    );
    let rows = database.query(&statement, &sql.values)?;
    let bucket = |row: &super::database::Row| {
        let int = |column| row.int(column).unwrap_or(0);
        Bucket {
            key: row.text(0).map(str::to_owned),
            calls: int(1),
            incoming: int(2),
            outgoing: int(3),
            answered: int(4),
            missed: int(5),
            ring_ms: int(6),
            talk_ms: int(7),
            hold_ms: int(8),
        }
    };
    Ok(rows.iter().map(bucket).collect())
}

/// Where a line's stream stood when it was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineState {
    pub(super) line: String,
    pub(super) epoch: i64,
    pub(super) up: bool,
    pub(super) at: i64,
}

/// The calls of a connection that are not over, in the order of their start, and where its lines stood.
pub(super) fn open_calls(
    database: &mut dyn Database,
    connection: &str,
) -> Result<(Vec<StoredCall>, Vec<LineState>), StoreError> {
    let sql =
        format!("SELECT {} FROM calls WHERE connection = $1 AND final = 0 ORDER BY started_at, call_id", *COLUMNS);
    let calls = database.query(&sql, &[Value::text(connection)])?.iter().map(StoredCall::read).collect();
    let rows =
        database.query("SELECT line, epoch, up, at FROM lines WHERE connection = $1", &[Value::text(connection)])?;
    let state = |row: &super::database::Row| LineState {
        line: row.text(0).unwrap_or_default().to_owned(),
        epoch: row.int(1).unwrap_or(0),
        up: row.int(2) == Some(1),
        at: row.int(3).unwrap_or(0),
    };
    Ok((calls, rows.iter().map(state).collect()))
}
