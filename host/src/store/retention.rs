//! Calls that are to be forgotten: by age, by number.

use std::time::Duration;

use super::database::{Database, StoreError, Value, transaction};
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
    transaction(database, |database| {
        database.execute(&format!("DELETE FROM timeline WHERE call_id IN ({which})"), values)?;
        database.execute(&format!("DELETE FROM calls WHERE call_id IN ({which})"), values)
    })
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
