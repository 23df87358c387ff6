//! One transaction, as the body of a write or read sees it.

use crate::error::StoreError;
use crate::postgres::PgSession;
use crate::row::Row;
use crate::sqlite::SqliteSession;
use crate::steps::{Step, StepHook};
use crate::value::Arg;
use std::sync::Arc;

/// A transaction on either engine.
///
/// Statements are text with `$1`, `$2`…, bound by their number, in what both engines accept. A
/// statement that fails ends the body: PostgreSQL takes no further statement after it, so SQLite is
/// made not to either. A row that may be there already is inserted with `ON CONFLICT DO NOTHING`
/// and [`Tx::exec`]'s count is looked at; [`StoreError::Conflict`] is for the caller of the write.
pub struct Tx {
    pub(crate) session: Session,
    pub(crate) body: BodyState,
    /// Who holds the statements of a write in a test.
    pub(crate) steps: Option<Arc<dyn StepHook>>,
}

/// The connection under a transaction.
pub(crate) enum Session {
    Sqlite(SqliteSession),
    Postgres(PgSession),
}

/// What is known of the body that runs at the moment.
#[derive(Default)]
pub(crate) struct BodyState {
    /// A statement failed, so nothing more may be run.
    pub(crate) failed: bool,
    /// The failure is one after which the transaction is run again from its beginning.
    pub(crate) trouble: Option<Trouble>,
    /// A job was pushed: workers are woken after the commit.
    pub(crate) pushed: bool,
    /// The number of statements run.
    pub(crate) statements: u64,
}

/// A failure that is not the statement's own fault.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// Deadlock or serialization failure: other writers were in the way.
    Contended(String),
    /// The connection broke, or the server no longer takes writes.
    Broken(String),
}

impl Trouble {
    /// The error that is answered once the retries are used up.
    pub(crate) fn into_error(self) -> StoreError {
        match self {
            Self::Contended(cause) => StoreError::Contended(cause),
            Self::Broken(cause) => StoreError::Unavailable(cause),
        }
    }
}

/// A failed statement, and whether the whole transaction is worth another try.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: StoreError,
    pub(crate) trouble: Option<Trouble>,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, trouble: None }
    }
}

/// Whether `sql` is one of the words that are the store's own to say.
fn moves_the_transaction(sql: &str) -> bool {
    const WORDS: [&str; 9] =
        ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE"];
    let first = sql.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
    WORDS.iter().any(|word| first.eq_ignore_ascii_case(word))
}

impl Tx {
    pub(crate) fn new(session: Session) -> Self {
        Self { session, body: BodyState::default(), steps: None }
    }

    /// Runs a statement that must answer exactly one row; [`StoreError::NoRow`] if none.
    pub async fn one(&mut self, sql: &str, args: Vec<Arg>) -> Result<Row, StoreError> {
        self.opt(sql, args).await?.ok_or(StoreError::NoRow)
    }

    /// Runs a statement that answers a row or none.
    pub async fn opt(&mut self, sql: &str, args: Vec<Arg>) -> Result<Option<Row>, StoreError> {
        let mut rows = self.all(sql, args).await?;
        if rows.len() > 1 {
            self.body.failed = true;
            let text = format!("{} rows where one at most was expected: {sql}", rows.len());
            return Err(StoreError::Misuse(text));
        }
        Ok(rows.pop())
    }

    /// Runs a statement and reads every row of its answer.
    pub async fn all(&mut self, sql: &str, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        self.admit(sql, &args)?;
        self.hold(Step::Statement(sql)).await;
        let answer = match &mut self.session {
            Session::Sqlite(session) => session.rows(sql, &args),
            Session::Postgres(session) => session.rows(sql, &args).await,
        };
        self.note(answer)
    }

    /// Runs a statement that answers no rows, and says how many rows it changed.
    pub async fn exec(&mut self, sql: &str, args: Vec<Arg>) -> Result<u64, StoreError> {
        self.admit(sql, &args)?;
        self.hold(Step::Statement(sql)).await;
        let answer = match &mut self.session {
            Session::Sqlite(session) => session.change(sql, &args),
            Session::Postgres(session) => session.change(sql, &args).await,
        };
        self.note(answer)
    }

    /// Waits until the step may be taken, in the way of the engine's writer.
    async fn hold(&mut self, step: Step<'_>) {
        let Some(wait) = self.steps.as_ref().and_then(|steps| steps.hold(step)) else { return };
        // Whoever could have told may be gone: then everything goes on.
        let _ = if self.is_sqlite() { wait.blocking_recv() } else { wait.await };
    }

    /// Refuses what one engine would take and the other not.
    fn admit(&mut self, sql: &str, args: &[Arg]) -> Result<(), StoreError> {
        let problem = if self.body.failed {
            "a statement failed before this one, so its error is what the body returns"
        } else if args.iter().any(|arg| matches!(arg, Arg::Text(text) if text.contains('\0'))) {
            "a text parameter holds a NUL character"
        } else if moves_the_transaction(sql) {
            "a body neither begins nor ends its transaction"
        } else {
            self.body.statements += 1;
            return Ok(());
        };
        self.body.failed = true;
        Err(StoreError::Misuse(format!("{problem}: {sql}")))
    }

    fn note<T>(&mut self, answer: Result<T, Failure>) -> Result<T, StoreError> {
        answer.map_err(|failure| {
            self.body.failed = true;
            if failure.trouble.is_some() {
                self.body.trouble = failure.trouble;
            }
            failure.error
        })
    }

    /// Begins a transaction, connecting first where that is needed.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        match &mut self.session {
            Session::Sqlite(session) => session.begin(),
            Session::Postgres(session) => session.begin().await,
        }
    }

    /// Runs the engine's own words: savepoints and COMMIT.
    pub(crate) async fn control(&mut self, words: &[&str]) -> Result<(), Failure> {
        if words == ["COMMIT"] {
            self.hold(Step::Commit).await;
        }
        match &mut self.session {
            Session::Sqlite(session) => session.control(words),
            Session::Postgres(session) => session.control(&words.join("; ")).await,
        }
    }

    /// Runs such words before the next statement or words; on PostgreSQL in the same round trip.
    pub(crate) fn control_later(&mut self, words: &[&str]) -> Result<(), Failure> {
        match &mut self.session {
            Session::Sqlite(session) => session.control(words),
            Session::Postgres(session) => {
                session.control_later(&words.join("; "));
                Ok(())
            }
        }
    }

    /// Ends the transaction without effect. If even that fails the connection is given up, which
    /// has the same effect.
    pub(crate) async fn rollback(&mut self) {
        self.hold(Step::Rollback).await;
        match &mut self.session {
            Session::Sqlite(session) => session.rollback(),
            Session::Postgres(session) => session.rollback().await,
        }
    }

    /// Gives the connection up, as if it had broken.
    pub(crate) fn lose_connection(&mut self) {
        match &mut self.session {
            Session::Sqlite(session) => session.rollback(),
            Session::Postgres(session) => session.forget_connection(),
        }
    }

    /// Runs several statements without parameters: a migration.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Failure> {
        match &mut self.session {
            Session::Sqlite(session) => session.script(sql),
            Session::Postgres(session) => session.control(sql).await,
        }
    }

    /// Waits `ms` milliseconds of machine time, in the way of the engine's writer.
    pub(crate) async fn pause(&mut self, ms: u64) {
        let time = std::time::Duration::from_millis(ms);
        match self.session {
            Session::Sqlite(_) => std::thread::sleep(time),
            Session::Postgres(_) => tokio::time::sleep(time).await,
        }
    }

    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self.session, Session::Sqlite(_))
    }
}
