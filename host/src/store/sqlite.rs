//! The database in a file: SQLite with a write-ahead log, every commit on the disk before it is told.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use super::database::{Database, Dialect, Row, StoreError, Value};

/// How long another process (a backup, `sqlite3`) may keep the file locked before the host says that it waits.
const LOCKED: Duration = Duration::from_secs(2);
/// How long a question may take before it is broken off.
const QUESTION: Duration = Duration::from_secs(30);
/// How many steps of SQLite's machine pass between two looks at the clock.
const STEPS: i32 = 100_000;
/// Statements that are kept prepared: more than there are.
const PREPARED: usize = 64;

/// A connection to the file.
#[derive(Debug)]
pub(super) struct Sqlite {
    connection: Connection,
    /// When the question that is being answered is broken off, in milliseconds since `began`.
    until: Arc<AtomicU64>,
    began: Instant,
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Sqlite {
    /// Opens the file; makes it, when it is not there. Only its owner may read it: calls are nobody else's business.
    ///
    /// # Errors
    /// It cannot be opened, or is no database.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        make_private(path)?;
        Self::with(path, OpenFlags::SQLITE_OPEN_READ_WRITE, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    }

    /// Opens a file that is there, as it is.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn open_as_it_is(path: &Path) -> Result<Self, StoreError> {
        Self::with(path, OpenFlags::SQLITE_OPEN_READ_WRITE, "")
    }

    /// Opens the file for questions only.
    ///
    /// # Errors
    /// It cannot be opened, or is no database.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        // A write-ahead log is read through shared memory, which wants to be written, though the rows do not.
        let this = Self::with(path, OpenFlags::SQLITE_OPEN_READ_WRITE, "PRAGMA query_only = ON;")?;
        let (until, began) = (Arc::clone(&this.until), this.began);
        let is_over = move || began.elapsed().as_millis() > u128::from(until.load(Ordering::Relaxed));
        this.connection.progress_handler(STEPS, Some(is_over));
        Ok(this)
    }

    fn with(path: &Path, flags: OpenFlags, pragmas: &str) -> Result<Self, StoreError> {
        let told = |e: &rusqlite::Error| StoreError::Unavailable(format!("{}: {e}", path.display()));
        let connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|e| told(&e))?;
        connection.busy_timeout(LOCKED).map_err(|e| told(&e))?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.execute_batch(pragmas).map_err(|e| told(&e))?;
        connection.execute_batch("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;").map_err(|e| told(&e))?;
        Ok(Self { connection, until: Arc::new(AtomicU64::new(u64::MAX)), began: Instant::now() })
    }
}

/// Makes an empty file that only its owner may read, unless there is one.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path).map(drop);
    made.map_err(|e| StoreError::Unavailable(format!("{}: {e}", path.display())))
}

fn told(error: &rusqlite::Error) -> StoreError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(
            ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::TooBig
            | ErrorCode::ParameterOutOfRange
            | ErrorCode::ApiMisuse
            | ErrorCode::Unknown,
        ) => StoreError::Invalid(text),
        Some(_) => StoreError::Unavailable(text),
        None => StoreError::Invalid(text),
    }
}

impl Database for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(|e| told(&e))
    }

    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| told(&e))?;
        let touched = statement.execute(rusqlite::params_from_iter(values)).map_err(|e| told(&e))?;
        Ok(touched as u64)
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let until = self.began.elapsed() + QUESTION;
        self.until.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let mut statement = self.connection.prepare_cached(sql).map_err(|e| told(&e))?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(|e| told(&e))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|e| told(&e))? {
            let mut cells = Vec::with_capacity(columns);
            for column in 0..columns {
                cells.push(match row.get_ref(column).map_err(|e| told(&e))? {
                    ValueRef::Integer(number) => Value::Int(number),
                    ValueRef::Text(text) => Value::Text(Cow::Owned(String::from_utf8_lossy(text).into_owned())),
                    _ => Value::Null,
                });
            }
            found.push(Row(cells));
        }
        Ok(found)
    }

    fn is_alive(&self) -> bool {
        true
    }
}
