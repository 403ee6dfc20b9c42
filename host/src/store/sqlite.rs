//! The database in a file: SQLite with a write-ahead log, every commit on the disk before it is told.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use super::database::{Database, Dialect, Row, StoreError, Value};

/// How long another process (a backup, `sqlite3`) may keep the file locked before the host says that it waits.
const LOCKED: Duration = Duration::from_secs(2);
/// Statements that are kept prepared: more than there are.
const PREPARED: usize = 64;

/// A connection to the file.
#[derive(Debug)]
pub(super) struct Sqlite {
    connection: Connection,
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
        let unavailable = |e: std::io::Error| StoreError::Unavailable(format!("{}: {e}", path.display()));
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(unavailable)?;
        Self::with(path, OpenFlags::SQLITE_OPEN_READ_WRITE, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    }

    /// Opens the file for questions only.
    ///
    /// # Errors
    /// It cannot be opened, or is no database.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, StoreError> {
        // A write-ahead log is read through shared memory, which wants to be written, though the rows do not.
        Self::with(path, OpenFlags::SQLITE_OPEN_READ_WRITE, "PRAGMA query_only = ON;")
    }

    fn with(path: &Path, flags: OpenFlags, pragmas: &str) -> Result<Self, StoreError> {
        let told = |e: &rusqlite::Error| StoreError::Unavailable(format!("{}: {e}", path.display()));
        let connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|e| told(&e))?;
        connection.busy_timeout(LOCKED).map_err(|e| told(&e))?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.execute_batch(pragmas).map_err(|e| told(&e))?;
        connection.execute_batch("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;").map_err(|e| told(&e))?;
        Ok(Self { connection })
    }
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
