//! One connection to PostgreSQL.

use crate::error::StoreError;
use crate::row::Row;
use crate::tx::{Failure, Trouble};
use crate::value::{Arg, Cell};
use deadpool_postgres::{ClientWrapper, Object, Pool, PoolError};
use std::error::Error;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
}

/// A connection, taken out of its pool when a transaction begins and kept until it breaks or the
/// session goes.
pub(crate) struct PgSession {
    pool: Pool,
    client: Option<Object>,
    role: Role,
}

impl PgSession {
    pub(crate) const fn new(pool: Pool, role: Role) -> Self {
        Self { pool, client: None, role }
    }

    fn client(&self) -> Result<&ClientWrapper, Failure> {
        let client = self.client.as_deref();
        client.ok_or_else(|| broken("there is no connection".to_owned()))
    }

    pub(crate) async fn rows(&mut self, sql: &str, args: &[Arg]) -> Result<Vec<Row>, Failure> {
        let statement = self.prepare(sql, args).await?;
        let answer = self.client()?.query(&statement, &parameters(args)).await;
        let rows = answer.map_err(|error| self.failure(&error))?;
        rows.iter().map(|row| read(row).map_err(|error| self.failure(&error))).collect()
    }

    pub(crate) async fn change(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Failure> {
        let statement = self.prepare(sql, args).await?;
        if !statement.columns().is_empty() {
            let text = format!("exec of a statement that answers rows: {sql}");
            return Err(StoreError::Misuse(text).into());
        }
        let answer = self.client()?.execute(&statement, &parameters(args)).await;
        answer.map_err(|error| self.failure(&error))
    }

    async fn prepare(&self, sql: &str, args: &[Arg]) -> Result<Statement, Failure> {
        let client = self.client()?;
        if client.statement_cache.size() >= STATEMENTS {
            client.statement_cache.clear();
        }
        let prepared = client.prepare_cached(sql).await;
        let statement = prepared.map_err(|error| self.failure(&error))?;
        if statement.params().len() == args.len() {
            return Ok(statement);
        }
        let (given, wanted) = (args.len(), statement.params().len());
        Err(StoreError::Misuse(format!("{given} arguments for {wanted} parameters: {sql}")).into())
    }

    /// Begins, on a living connection.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        if self.client.as_ref().is_none_or(|client| client.is_closed()) {
            self.forget_connection();
            self.client = Some(self.pool.get().await.map_err(|error| unreachable(&error))?);
        }
        let begun = self
            .control(match self.role {
                Role::Writer => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
                Role::Reader => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            })
            .await;
        if begun.is_err() {
            self.forget_connection();
        }
        begun
    }

    pub(crate) async fn control(&mut self, words: &str) -> Result<(), Failure> {
        let done = self.client()?.batch_execute(words).await;
        done.map_err(|error| self.failure(&error))
    }

    pub(crate) async fn rollback(&mut self) {
        if self.control("ROLLBACK").await.is_err() {
            self.forget_connection();
        }
    }

    /// Gives the connection up, out of its pool, so that it is not lent again; the server rolls
    /// back what was open on it.
    pub(crate) fn forget_connection(&mut self) {
        drop(self.client.take().map(Object::take));
    }

    /// Says what an error of PostgreSQL means to the transaction that it met.
    fn failure(&self, error: &tokio_postgres::Error) -> Failure {
        let Some(fault) = error.as_db_error() else {
            let of_connection = error.is_closed()
                || error.source().is_some_and(<dyn Error>::is::<std::io::Error>)
                || self.client().is_ok_and(|client| client.is_closed());
            if of_connection {
                return broken(described(error));
            }
            return StoreError::Misuse(described(error)).into();
        };
        let code = fault.code();
        let said = || format!("{} ({})", fault.message(), code.code());
        if *code == SqlState::UNIQUE_VIOLATION {
            let name = fault.constraint().unwrap_or("unnamed").to_owned();
            return StoreError::Conflict(name).into();
        }
        if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
        {
            let error = StoreError::Contended(said());
            return Failure { error, trouble: Some(Trouble::Contended(said())) };
        }
        // The server stops, or has become a standby under a writer that was connected before.
        let stopped = code.code().starts_with("08") || code.code().starts_with("57P");
        let demoted = *code == SqlState::READ_ONLY_SQL_TRANSACTION && self.role == Role::Writer;
        if stopped || demoted {
            return broken(said());
        }
        // A migration changed a table under a statement prepared before it.
        let stale = *code == SqlState::INVALID_SQL_STATEMENT_NAME
            || (*code == SqlState::FEATURE_NOT_SUPPORTED
                && fault.message().contains("cached plan"));
        if stale {
            if let Ok(client) = self.client() {
                client.statement_cache.clear();
            }
            return broken(said());
        }
        StoreError::Engine { code: code.code().to_owned(), message: fault.message().to_owned() }
            .into()
    }
}

/// The connection is of no use any more; what was open on it is rolled back.
fn broken(cause: String) -> Failure {
    Failure { error: StoreError::Unavailable(cause.clone()), trouble: Some(Trouble::Broken(cause)) }
}

/// Why no connection could be made. Also a refused password or a missing database: the server may
/// be starting, and whoever waits is told within the bound.
fn unreachable(error: &PoolError) -> Failure {
    broken(match error {
        PoolError::Backend(error) => match error.as_db_error() {
            Some(fault) => format!("{} ({})", fault.message(), fault.code().code()),
            None => described(error),
        },
        error => error.to_string(),
    })
}

/// An error and its cause, without what PostgreSQL quotes of the rows.
fn described(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(cause) if error.as_db_error().is_none() => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}

fn parameters(args: &[Arg]) -> Vec<&(dyn ToSql + Sync)> {
    args.iter().map(|arg| arg as &(dyn ToSql + Sync)).collect()
}

fn read(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    (0..row.len())
        .map(|index| row.try_get::<_, Cell>(index))
        .collect::<Result<_, _>>()
        .map(Row::new)
}
