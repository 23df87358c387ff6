//! One connection to PostgreSQL.

use super::connect::Connections;
use crate::error::StoreError;
use crate::row::Row;
use crate::tx::{Failure, Trouble};
use crate::value::{Arg, Cell};
use deadpool_postgres::{ClientWrapper, Object, PoolError};
use std::error::Error;
use std::time::Duration;
use tokio::time::error::Elapsed;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

/// Prepared statements kept per connection.
const STATEMENTS: usize = 256;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
    /// Changes tables, which may take as long as it likes.
    Migrator,
}

/// A connection, taken out of its pool when a transaction begins and kept until it breaks or the
/// session goes.
pub(crate) struct PgSession {
    connections: Connections,
    client: Option<Object>,
    role: Role,
    /// Words that travel with the next statement, in one round trip.
    later: String,
    /// The connection is of no use: its server no longer takes writes, or no longer answers.
    is_useless: bool,
}

/// What a statement is asked for, and what it answers.
enum Answer {
    Rows(Vec<tokio_postgres::Row>),
    Changed(u64),
}

/// Why a statement has no answer.
enum Problem {
    Engine(tokio_postgres::Error),
    Misuse(String),
}

impl From<tokio_postgres::Error> for Problem {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Engine(error)
    }
}

impl PgSession {
    pub(crate) const fn new(connections: Connections, role: Role) -> Self {
        Self { connections, client: None, role, later: String::new(), is_useless: false }
    }

    pub(crate) async fn rows(&mut self, sql: &str, args: &[Arg]) -> Result<Vec<Row>, Failure> {
        match self.ask(sql, args, true).await? {
            Answer::Rows(rows) => {
                rows.iter().map(|row| read(row).map_err(|error| self.failure(&error))).collect()
            }
            Answer::Changed(_) => Ok(Vec::new()),
        }
    }

    pub(crate) async fn change(&mut self, sql: &str, args: &[Arg]) -> Result<u64, Failure> {
        match self.ask(sql, args, false).await? {
            Answer::Changed(count) => Ok(count),
            Answer::Rows(rows) => Ok(rows.len() as u64),
        }
    }

    /// Sends what was put off and the statement behind it without waiting in between. If the first
    /// fails the transaction is aborted, and so the second fails with it.
    async fn ask(&mut self, sql: &str, args: &[Arg], wants_rows: bool) -> Result<Answer, Failure> {
        let later = std::mem::take(&mut self.later);
        let client = living(self.client.as_deref())?;
        let both = async {
            tokio::join!(
                biased;
                first(client, &later),
                answer(client, sql, args, wants_rows)
            )
        };
        let Ok((before, answer)) = within(self.patience(), both).await else {
            return Err(self.silent());
        };
        if let Err(error) = before {
            let failure = self.failure(&error);
            return Err(broken(failure.error.to_string()));
        }
        answer.map_err(|problem| match problem {
            Problem::Engine(error) => self.failure(&error),
            Problem::Misuse(text) => StoreError::Misuse(text).into(),
        })
    }

    /// Begins, on a living connection.
    ///
    /// A writer waits until it has begun: were BEGIN to fail alone, what is sent behind it would
    /// be committed statement by statement. A reader has nothing to commit.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        if self.is_useless || self.client.as_ref().is_none_or(|client| client.is_closed()) {
            self.forget_connection();
            self.client =
                Some(self.connections.pool.get().await.map_err(|error| unreachable(&error))?);
        }
        self.later.clear();
        match self.role {
            Role::Reader => {
                self.control_later("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                Ok(())
            }
            Role::Writer | Role::Migrator => {
                let begun = self.control("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await;
                begun.map_err(|failure| {
                    // Also a standby refuses this: the next connection finds the new primary.
                    self.is_useless = true;
                    broken(failure.error.to_string())
                })
            }
        }
    }

    /// Runs `words`, and before them what was put off.
    pub(crate) async fn control(&mut self, words: &str) -> Result<(), Failure> {
        self.control_later(words);
        let words = std::mem::take(&mut self.later);
        let client = living(self.client.as_deref())?;
        match within(self.patience(), client.batch_execute(&words)).await {
            Ok(done) => done.map_err(|error| self.failure(&error)),
            Err(_) => Err(self.silent()),
        }
    }

    /// Puts `words` off until the next statement or words.
    pub(crate) fn control_later(&mut self, words: &str) {
        if !self.later.is_empty() {
            self.later.push_str("; ");
        }
        self.later.push_str(words);
    }

    pub(crate) async fn rollback(&mut self) {
        // Who no longer answers would not answer that either.
        if self.is_useless || self.control("ROLLBACK").await.is_err() {
            self.forget_connection();
        }
    }

    /// Gives the connection up, out of its pool, so that it is not lent again; the server rolls
    /// back what was open on it.
    pub(crate) fn forget_connection(&mut self) {
        drop(self.client.take().map(Object::take));
        self.later.clear();
        self.is_useless = false;
    }

    fn patience(&self) -> Option<Duration> {
        (self.role != Role::Migrator).then_some(self.connections.patience)
    }

    /// Gives up a server that says nothing, and with it the idle connections of the pool, which
    /// lead to the same place. What it was asked may have happened.
    fn silent(&mut self) -> Failure {
        self.is_useless = true;
        self.connections.pool.retain(|_, _| false);
        broken(format!("the server has said nothing for {:?}", self.connections.patience))
    }

    /// Says what an error of PostgreSQL means to the transaction that it met.
    fn failure(&mut self, error: &tokio_postgres::Error) -> Failure {
        let Some(fault) = error.as_db_error() else {
            let of_connection = error.is_closed()
                || error.source().is_some_and(<dyn Error>::is::<std::io::Error>)
                || self.client.as_ref().is_some_and(|client| client.is_closed());
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
            return contended(said());
        }
        // The server stops, or has become a standby under a writer that was connected before.
        // Or it has ended this session, which stood still inside a transaction for too long.
        let ended = *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT;
        let stopped = ended || code.code().starts_with("08") || code.code().starts_with("57P");
        let demoted = *code == SqlState::READ_ONLY_SQL_TRANSACTION && self.role != Role::Reader;
        if stopped || demoted {
            self.is_useless = true;
            return broken(said());
        }
        // A migration changed a table under a statement prepared before it.
        let stale = *code == SqlState::INVALID_SQL_STATEMENT_NAME
            || (*code == SqlState::FEATURE_NOT_SUPPORTED
                && fault.message().contains("cached plan"));
        if stale {
            if let Some(client) = &self.client {
                client.statement_cache.clear();
            }
            return contended(said());
        }
        StoreError::Engine { code: code.code().to_owned(), message: fault.message().to_owned() }
            .into()
    }
}

/// The connection is of no use any more; what was open on it is rolled back.
fn broken(cause: String) -> Failure {
    Failure { error: StoreError::Unavailable(cause.clone()), trouble: Some(Trouble::Broken(cause)) }
}

/// Others were in the way; the same connection serves for another try.
fn contended(cause: String) -> Failure {
    Failure {
        error: StoreError::Contended(cause.clone()),
        trouble: Some(Trouble::Contended(cause)),
    }
}

/// Waits for an answer, but not for ever where there is a bound.
async fn within<T>(bound: Option<Duration>, answer: impl Future<Output = T>) -> Result<T, Elapsed> {
    match bound {
        Some(bound) => tokio::time::timeout(bound, answer).await,
        None => Ok(answer.await),
    }
}

/// Runs what was put off, if anything was.
async fn first(client: &tokio_postgres::Client, later: &str) -> Result<(), tokio_postgres::Error> {
    if later.is_empty() { Ok(()) } else { client.batch_execute(later).await }
}

fn living(client: Option<&ClientWrapper>) -> Result<&ClientWrapper, Failure> {
    client.ok_or_else(|| broken("there is no connection".to_owned()))
}

/// Prepares `sql`, unless this connection has it already, checks its parameters and runs it.
async fn answer(
    client: &ClientWrapper,
    sql: &str,
    args: &[Arg],
    wants_rows: bool,
) -> Result<Answer, Problem> {
    if client.statement_cache.size() >= STATEMENTS {
        client.statement_cache.clear();
    }
    let statement = client.prepare_cached(sql).await?;
    let wanted = statement.params().len();
    if wanted != args.len() {
        let given = args.len();
        return Err(Problem::Misuse(format!("{given} arguments for {wanted} parameters: {sql}")));
    }
    if wants_rows {
        return Ok(Answer::Rows(client.query(&statement, &parameters(args)).await?));
    }
    if !statement.columns().is_empty() {
        let text = format!("exec of a statement that answers rows: {sql}");
        return Err(Problem::Misuse(text));
    }
    Ok(Answer::Changed(client.execute(&statement, &parameters(args)).await?))
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
