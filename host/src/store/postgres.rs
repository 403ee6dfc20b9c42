//! The database as a service: PostgreSQL.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use postgres::types::{IsNull, ToSql, Type, private::BytesMut};
use postgres::{Client, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::database::{Database, Dialect, Row, StoreError, Value};
use super::server::Server;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a statement may take, in milliseconds, before the server ends it.
const STATEMENT_MS: u32 = 30_000;
/// Statements that are kept prepared. Their texts are the host's own and few; a filter in many forms makes more.
const PREPARED: usize = 200;

/// A connection to the server.
pub(super) struct Postgres {
    client: Client,
    prepared: HashMap<String, Statement>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postgres")
    }
}

impl Postgres {
    /// Connects.
    ///
    /// # Errors
    /// The server does not answer, does not let us in, or does not show a certificate that is trusted. The text has no
    /// password in it.
    pub(super) fn connect(server: &Server) -> Result<Self, StoreError> {
        let mut config = server.config().map_err(StoreError::Invalid)?;
        config.connect_timeout(CONNECT).application_name("jackfield");
        config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(Duration::from_secs(10));
        let tls = server.tls().map_err(StoreError::Unavailable)?;
        let client = match tls {
            None => config.connect(NoTls),
            Some(tls) => config.connect(MakeRustlsConnect::new(tls)),
        };
        let client = client.map_err(|e| match told(&e) {
            StoreError::Unavailable(why) => StoreError::Unavailable(format!("{why}{}", server.hint(&why))),
            other => other,
        })?;
        let mut this = Self { client, prepared: HashMap::new() };
        this.batch(&format!("SET statement_timeout = {STATEMENT_MS}; SET synchronous_commit = on"))?;
        Ok(this)
    }

    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        if self.prepared.len() >= PREPARED {
            self.prepared.clear();
        }
        let statement = self.client.prepare(sql).map_err(|e| told(&e))?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

fn told(error: &postgres::Error) -> StoreError {
    let Some(database) = error.as_db_error() else {
        let why =
            std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        // What the server did not say is about the way to it; what cannot be turned into bytes is about a value.
        return match error.code() {
            None if why.contains("serializing") => StoreError::Invalid(why),
            _ => StoreError::Unavailable(why),
        };
    };
    let text = format!("PostgreSQL: {}", database.message());
    // SQLSTATE: 22 wrong data, 23 integrity, 42 wrong statement or no right. A right can be granted, a table come back.
    match &database.code().code()[..2] {
        "22" | "23" => StoreError::Invalid(text),
        _ => StoreError::Unavailable(text),
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => match *kind {
                Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
                _ => number.to_sql(kind, out),
            },
            // PostgreSQL's texts have no NUL.
            Self::Text(text) if text.contains('\0') => text.replace('\0', "\u{fffd}").to_sql(kind, out),
            Self::Text(text) => text.as_ref().to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::INT4 | Type::TEXT | Type::VARCHAR | Type::UNKNOWN)
    }

    postgres::types::to_sql_checked!();
}

impl Database for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.client.batch_execute(sql).map_err(|e| told(&e))
    }

    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let statement = self.statement(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
        self.client.execute(&statement, &values).map_err(|e| told(&e))
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
        let rows = self.client.query(&statement, &values).map_err(|e| told(&e))?;
        rows.iter()
            .map(|row| {
                let cell = |(index, column): (usize, &postgres::Column)| {
                    Ok(match *column.type_() {
                        Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map_or(Value::Null, Value::Int),
                        Type::INT4 => {
                            row.try_get::<_, Option<i32>>(index)?.map_or(Value::Null, |n| Value::Int(n.into()))
                        }
                        _ => row
                            .try_get::<_, Option<String>>(index)?
                            .map_or(Value::Null, |text| Value::Text(Cow::Owned(text))),
                    })
                };
                row.columns().iter().enumerate().map(cell).collect::<Result<_, _>>().map(Row)
            })
            .collect::<Result<_, postgres::Error>>()
            .map_err(|e| told(&e))
    }

    fn is_alive(&self) -> bool {
        !self.client.is_closed()
    }
}
