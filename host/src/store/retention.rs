//! Calls that are to be forgotten: by age, by number.

use std::time::Duration;

use super::database::{Database, Dialect, StoreError, Value, transaction};
use super::rows::number_key;

/// How often the host looks for calls that are too old.
pub(super) const EVERY: Duration = Duration::from_secs(3_600);
/// Calls that are forgotten in one transaction, so that nobody waits long.
pub(super) const AT_ONCE: u64 = 500;

/// Forgets some calls that began before a time and are over, with their timelines. How many.
pub(super) fn forget_some(database: &mut dyn Database, before: i64) -> Result<u64, StoreError> {
    let which =
        format!("SELECT call_id FROM calls WHERE started_at < $1 AND final = 1 ORDER BY started_at LIMIT {AT_ONCE}");
    forget(database, &which, &[Value::Int(before)])
}

fn forget(database: &mut dyn Database, which: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
    let is_file = database.dialect() == Dialect::Sqlite;
    if is_file {
        // Forgotten is not merely unlinked: the places where it stood are overwritten.
        database.batch("PRAGMA secure_delete = ON")?;
    }
    let forgotten = transaction(database, |database| {
        database.execute(&format!("DELETE FROM timeline WHERE call_id IN ({which})"), values)?;
        database.execute(&format!("DELETE FROM calls WHERE call_id IN ({which})"), values)
    });
    if is_file {
        // The host goes on writing with this connection, and has nothing to hide from itself.
        database.batch("PRAGMA secure_delete = OFF")?;
    }
    forgotten
}

/// Digits at the end of a number by which it is known again, however it is written.
const TELLING: usize = 7;

/// Other numbers of calls that end as this one does: mostly the same one, written otherwise. A few of them.
///
/// # Errors
/// The database does not tell.
pub fn written_otherwise(database: &mut dyn Database, number: &str) -> Result<Vec<String>, StoreError> {
    let end: String = number_key(number).chars().take(TELLING).collect();
    if end.len() < TELLING {
        return Ok(Vec::new());
    }
    let other = "CASE direction WHEN 'out' THEN called_number ELSE caller_number END";
    let sql = format!("SELECT DISTINCT {other} FROM calls WHERE number_key LIKE $1 AND {other} <> $2 LIMIT 5");
    let rows = database.query(&sql, &[Value::text(&format!("{end}%")), Value::text(number)])?;
    Ok(rows.iter().filter_map(|row| row.text(0)).map(str::to_owned).collect())
}

/// Takes what was forgotten out of the file's write-ahead log, too. `false`: somebody reads in it just now; it goes
/// when the log is begun anew.
///
/// # Errors
/// The database does not do it.
pub fn empty_log(database: &mut dyn Database) -> Result<bool, StoreError> {
    if database.dialect() != Dialect::Sqlite {
        return Ok(true);
    }
    let rows = database.query("PRAGMA wal_checkpoint(TRUNCATE)", &[])?;
    Ok(rows.first().and_then(|row| row.int(0)) == Some(0))
}

/// Forgets all calls that are over and began before a time. How many.
///
/// # Errors
/// The database does not do it; what was forgotten so far stays forgotten.
pub fn forget_before(database: &mut dyn Database, before: i64) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let count = forget_some(database, before)?;
        all += count;
        if count < AT_ONCE {
            return Ok(all);
        }
    }
}

/// Forgets all calls with a number that are over, whichever side it was. How many.
///
/// # Errors
/// As above; and the number has no digit.
pub fn forget_number(database: &mut dyn Database, number: &str) -> Result<u64, StoreError> {
    if number_key(number).is_empty() {
        return Err(StoreError::Invalid("a number has at least one digit".to_owned()));
    }
    let which = format!(
        "SELECT call_id FROM calls WHERE (caller_number = $1 OR called_number = $1) AND final = 1 LIMIT {AT_ONCE}"
    );
    let mut all = 0;
    loop {
        let count = forget(database, &which, &[Value::text(number)])?;
        all += count;
        if count < AT_ONCE {
            return Ok(all);
        }
    }
}
