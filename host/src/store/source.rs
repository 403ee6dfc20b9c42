//! Which database, as `store.url` names it.

use std::path::{Path, PathBuf};

use super::database::{Database, Dialect, StoreError};
use super::postgres::Postgres;
use super::schema;
use super::server::Server;
use super::sqlite::Sqlite;

/// Where the history is.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    Sqlite(PathBuf),
    /// At a server.
    Postgres(Server),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Source {
    /// The database of an address.
    ///
    /// # Errors
    /// It is no address of a database: what it should look like.
    pub fn of(url: &str) -> Result<Self, String> {
        if let Some(file) = url.strip_prefix("sqlite://").filter(|file| !file.is_empty()) {
            return Ok(Self::Sqlite(PathBuf::from(file)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Server::of(url).map(Self::Postgres);
        }
        Err("sqlite://FILE or postgres://USER@HOST/DATABASE".to_owned())
    }

    /// Which database.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// As it may be shown: no password.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite://{}", file.display()),
            Self::Postgres(server) => server.shown(),
        }
    }

    /// The file, when it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(file) => Some(file),
            Self::Postgres(_) => None,
        }
    }

    /// Opens it to write, and brings it to this version.
    ///
    /// # Errors
    /// It cannot be opened, or is of a later version.
    pub fn open(&self) -> Result<Box<dyn Database>, StoreError> {
        let mut database = self.connect()?;
        schema::migrate(database.as_mut())?;
        Ok(database)
    }

    /// Opens it to write, as it is.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn connect(&self) -> Result<Box<dyn Database>, StoreError> {
        Ok(match self {
            Self::Sqlite(file) => Box::new(Sqlite::open(file)?),
            Self::Postgres(server) => Box::new(Postgres::connect(server)?),
        })
    }

    /// Opens it for questions.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open_to_read(&self) -> Result<Box<dyn Database>, StoreError> {
        Ok(match self {
            Self::Sqlite(file) => Box::new(Sqlite::open_to_read(file)?),
            Self::Postgres(server) => Box::new(Postgres::connect(server)?),
        })
    }
}
