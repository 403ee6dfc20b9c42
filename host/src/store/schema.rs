//! The tables, and how a database of an earlier version becomes one of this.

use super::database::{Database, Dialect, StoreError, Value, transaction};

/// Every step, oldest first; a step that was once released is never changed. `{exact}`: texts of which beginnings are
/// looked for are ordered byte by byte. `{clustered}`: SQLite keeps the rows in the order of their key.
const STEPS: &[&str] = &[
    // 1: calls, their timelines, where each line's stream stands.
    "CREATE TABLE calls (
        call_id TEXT NOT NULL PRIMARY KEY,
        connection TEXT NOT NULL,
        line TEXT NOT NULL,
        conversation TEXT NOT NULL,
        parent TEXT,
        role TEXT NOT NULL,
        state TEXT NOT NULL,
        direction TEXT NOT NULL,
        scope TEXT NOT NULL,
        native_id TEXT,
        caller_number TEXT,
        caller_name TEXT,
        called_number TEXT,
        called_name TEXT,
        queue_id TEXT,
        queue_name TEXT,
        agent TEXT,
        started_at BIGINT NOT NULL,
        connected_at BIGINT,
        ended_at BIGINT,
        ring_ms BIGINT NOT NULL,
        talk_ms BIGINT NOT NULL,
        hold_ms BIGINT NOT NULL,
        hold_count BIGINT NOT NULL,
        result TEXT,
        cause TEXT,
        released_by TEXT,
        estimated BIGINT NOT NULL,
        details TEXT NOT NULL,
        number_key TEXT {exact},
        search TEXT NOT NULL,
        final BIGINT NOT NULL,
        saved_at BIGINT NOT NULL,
        change_no BIGINT NOT NULL,
        revision BIGINT NOT NULL,
        comment TEXT,
        comment_search TEXT,
        links TEXT,
        result_edited BIGINT NOT NULL DEFAULT 0,
        edited_by TEXT
    );
    CREATE INDEX calls_by_time ON calls (started_at, call_id);
    CREATE INDEX calls_by_line ON calls (line, started_at, call_id);
    CREATE INDEX calls_by_number ON calls (number_key, started_at);
    CREATE INDEX calls_open ON calls (connection) WHERE final = 0;
    CREATE TABLE timeline (
        call_id TEXT NOT NULL,
        change_no BIGINT NOT NULL,
        at BIGINT NOT NULL,
        src_at BIGINT,
        name TEXT NOT NULL,
        detail TEXT NOT NULL,
        PRIMARY KEY (call_id, change_no)
    ) {clustered};
    CREATE TABLE lines (
        line TEXT NOT NULL PRIMARY KEY,
        connection TEXT NOT NULL,
        epoch BIGINT NOT NULL,
        up BIGINT NOT NULL,
        at BIGINT NOT NULL
    );",
    // 2: a conversation with all its calls.
    "CREATE INDEX calls_by_conversation ON calls (conversation);",
];

/// The version that this program knows.
pub const VERSION: i64 = STEPS.len() as i64;

/// The version of a database; 0 for an empty one.
///
/// # Errors
/// It cannot be asked.
pub fn version(database: &mut dyn Database) -> Result<i64, StoreError> {
    let sql = match database.dialect() {
        Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'",
        Dialect::Postgres => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = \
             'schema_version'"
        }
    };
    let exists = database.query(sql, &[])?.first().and_then(|row| row.int(0)) == Some(1);
    if !exists {
        return Ok(0);
    }
    Ok(database.query("SELECT MAX(version) FROM schema_version", &[])?.first().and_then(|row| row.int(0)).unwrap_or(0))
}

/// Brings a database to this version, each step as a whole. The version it had.
///
/// # Errors
/// It cannot be changed, or is of a later version.
pub fn migrate(database: &mut dyn Database) -> Result<i64, StoreError> {
    migrate_to(database, VERSION)
}

/// Brings a database to some version up to this one.
///
/// # Errors
/// As [`migrate`].
pub fn migrate_to(database: &mut dyn Database, to: i64) -> Result<i64, StoreError> {
    let before = version(database)?;
    if before > VERSION {
        return Err(StoreError::Invalid(format!(
            "the history is of version {before}, and this jackfield knows versions up to {VERSION}; run the jackfield \
             that wrote it, or a newer one"
        )));
    }
    let dialect = database.dialect();
    let (exact, clustered) = match dialect {
        Dialect::Sqlite => ("", "WITHOUT ROWID"),
        Dialect::Postgres => ("COLLATE \"C\"", ""),
    };
    for (number, step) in (1i64..).zip(STEPS).filter(|(number, _)| *number > before && *number <= to) {
        let sql = step.replace("{exact}", exact).replace("{clustered}", clustered);
        transaction(database, |database| {
            if number == 1 {
                database.batch("CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY)")?;
            }
            database.batch(&sql)?;
            database.execute("INSERT INTO schema_version (version) VALUES ($1)", &[Value::Int(number)])
        })?;
    }
    Ok(before)
}
