//! What an administrator does with the history beside the host: backups, restoring, checks.

use std::fs;
use std::path::{Path, PathBuf};

use super::database::{StoreError, Value};
use super::schema;
use super::source::Source;
use super::sqlite::{Sqlite, make_private};
use super::{Database, journal};

/// How a history is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The database, without its password.
    pub database: String,
    /// Its version.
    pub version: i64,
    /// The version that this program writes.
    pub known: i64,
    /// Calls in it.
    pub calls: i64,
    /// Calls that are not over.
    pub open: i64,
    /// Bytes that wait in journals.
    pub pending_bytes: u64,
    /// What is wrong with it.
    pub findings: Vec<String>,
}

/// Looks at a history; changes nothing.
///
/// # Errors
/// It cannot be opened.
pub fn check(source: &Source, pending: &Path) -> Result<Health, StoreError> {
    if let Some(file) = source.file().filter(|file| !file.exists()) {
        return Err(StoreError::Unavailable(format!(
            "{} is not there; the host makes it when it starts",
            file.display()
        )));
    }
    let mut database = source.open_to_read()?;
    let version = schema::version(database.as_mut())?;
    let mut findings = Vec::new();
    if source.file().is_some() {
        let rows = database.query("PRAGMA integrity_check(20)", &[])?;
        findings.extend(rows.iter().filter_map(|row| row.text(0)).filter(|text| *text != "ok").map(str::to_owned));
    }
    if version > schema::VERSION {
        findings.push(format!("it is of version {version}, this jackfield knows versions up to {}", schema::VERSION));
    }
    let mut count = |sql: &str| -> Result<i64, StoreError> {
        Ok(database.query(sql, &[])?.first().and_then(|row| row.int(0)).unwrap_or(0))
    };
    let (mut calls, mut open) = (0, 0);
    if (1..=schema::VERSION).contains(&version) {
        calls = count("SELECT COUNT(*) FROM calls")?;
        open = count("SELECT COUNT(*) FROM calls WHERE final = 0")?;
        let orphans = count(
            "SELECT COUNT(*) FROM timeline WHERE NOT EXISTS (SELECT 1 FROM calls WHERE calls.call_id = timeline.call_id)",
        )?;
        if orphans > 0 {
            findings.push(format!("{orphans} events belong to no call"));
        }
    }
    Ok(Health {
        database: source.shown(),
        version,
        known: schema::VERSION,
        calls,
        open,
        pending_bytes: journal::waiting(pending),
        findings,
    })
}

/// Whether a history answers: its version, and the bytes that wait for it. For who has no time.
///
/// # Errors
/// It cannot be opened.
pub fn glance(source: &Source, pending: &Path) -> Result<(i64, u64), StoreError> {
    let version = schema::version(source.open_to_read()?.as_mut())?;
    Ok((version, journal::waiting(pending)))
}

/// Copies the history into a new file while the host may go on writing.
///
/// # Errors
/// It is no file, the copy is there already, or cannot be written.
pub fn back_up(source: &Source, to: &Path) -> Result<(), StoreError> {
    let file = only_a_file(source, "pg_dump")?;
    if to.exists() {
        return Err(StoreError::Invalid(format!("{} is there already; nothing was written", to.display())));
    }
    let part = beside(to, "part");
    let done = copy(file, &part).and_then(|()| fs::rename(&part, to).map_err(|e| unavailable(to, &e)));
    if done.is_err() {
        // What is left of it is of no use.
        let _ = fs::remove_file(&part);
    }
    done
}

fn copy(file: &Path, to: &Path) -> Result<(), StoreError> {
    let mut database = Sqlite::open_as_it_is(file)?;
    match fs::remove_file(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unavailable(to, &error)),
        _ => {}
    }
    // Made first, so that nobody else may ever read it.
    make_private(to)?;
    let name = to.to_str().ok_or_else(|| StoreError::Invalid("the file's name is no UTF-8".to_owned()))?;
    database.execute("VACUUM INTO $1", &[Value::text(name)])?;
    fs::File::open(to).and_then(|file| file.sync_all()).map_err(|e| unavailable(to, &e))
}

/// Puts a backup into the place of the history. The host must not run; what waits in its journals follows when it
/// starts.
///
/// # Errors
/// The host runs, or the backup is none.
pub fn restore(source: &Source, pending: &Path, from: &Path) -> Result<(), StoreError> {
    let file = only_a_file(source, "pg_restore")?;
    journal::make_folder(pending).map_err(|e| unavailable(pending, &e))?;
    let lock = fs::File::create(pending.join("lock")).map_err(|e| unavailable(pending, &e))?;
    lock.try_lock().map_err(|_| {
        StoreError::Invalid(
            "the host is running; stop it first, or it would go on writing into the old file".to_owned(),
        )
    })?;
    if !from.exists() {
        return Err(StoreError::Invalid(format!("the backup {} is not there", from.display())));
    }
    let backup = check(&Source::Sqlite(from.to_owned()), Path::new(""))?;
    if backup.version == 0 || !backup.findings.is_empty() {
        let why = backup.findings.first().map_or("it has no calls' tables", String::as_str);
        return Err(StoreError::Invalid(format!("{} is no sound backup: {why}", from.display())));
    }
    let part = beside(file, "part");
    copy(from, &part)?;
    for end in ["-wal", "-shm"] {
        match fs::remove_file(beside_exactly(file, end)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unavailable(file, &error)),
            _ => {}
        }
    }
    fs::rename(&part, file).map_err(|e| unavailable(file, &e))
}

fn only_a_file<'a>(source: &'a Source, tool: &str) -> Result<&'a Path, StoreError> {
    source.file().ok_or_else(|| {
        StoreError::Invalid(format!(
            "the history is in PostgreSQL, whose own {tool} does this, also while the host runs"
        ))
    })
}

fn unavailable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

fn beside(file: &Path, end: &str) -> PathBuf {
    beside_exactly(file, &format!(".{end}"))
}

fn beside_exactly(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}
