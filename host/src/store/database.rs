//! What the history needs of a database: statements with texts and whole numbers, and transactions.
//!
//! The statements are written once, for SQLite and PostgreSQL alike: parameters are `$1`, `$2` …, named in this order
//! when they first appear, and each is a text, a whole number or null.

use std::borrow::Cow;

/// A value of a statement or of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(Cow<'a, str>),
}

impl<'a> Value<'a> {
    /// A text that somebody else has.
    #[must_use]
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A text, or null.
    #[must_use]
    pub fn maybe(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    /// A number, or null.
    #[must_use]
    pub fn number(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

/// A row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub Vec<Value<'static>>);

impl Row {
    /// The text in a column; none for null.
    #[must_use]
    pub fn text(&self, column: usize) -> Option<&str> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number in a column; none for null.
    #[must_use]
    pub fn int(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }
}

/// Why the database did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Not now: it is gone, locked, full, or too slow. The same may succeed later.
    #[error("{0}")]
    Unavailable(String),
    /// It will not, whenever it is asked: the statement or a value is wrong.
    #[error("{0}")]
    Invalid(String),
}

/// Which words the two databases do not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// The name that clients see in `callSaved`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }
}

/// A connection to a database. It blocks: it belongs to a thread of its own.
pub trait Database: Send {
    /// Which database.
    fn dialect(&self) -> Dialect;

    /// Executes statements without parameters.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn batch(&mut self, sql: &str) -> Result<(), StoreError>;

    /// Executes one statement; how many rows it touched.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    /// The rows of a statement. Whoever asks bounds their number.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError>;

    /// Whether it can still be asked. A connection that cannot is opened anew.
    fn is_alive(&self) -> bool;
}

/// Does something as a whole, or not at all.
///
/// # Errors
/// What went wrong; then nothing was changed, unless the connection broke while it was being committed.
pub fn transaction<T>(
    database: &mut dyn Database,
    work: impl FnOnce(&mut dyn Database) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    // SQLite: the lock for writing is taken at once, so that no other writer comes between reading and writing.
    database.batch(match database.dialect() {
        Dialect::Sqlite => "BEGIN IMMEDIATE",
        Dialect::Postgres => "BEGIN",
    })?;
    let done = work(database).and_then(|done| database.batch("COMMIT").map(|()| done));
    if done.is_err() {
        // What could not be committed may have ended the transaction already.
        let _ = database.batch("ROLLBACK");
    }
    done
}
