//! Whether a database can do its service's work now: what a readiness probe asks.
//!
//! PostgreSQL is asked what it is to us, because a standby answers reads as well as its primary
//! does. SQLite is written to, because nothing less tells whether its file and disk take a write.

use crate::args;
use crate::error::StoreError;
use crate::migrations::last_numbers;
use crate::options::Schema;
use crate::store::Store;
use crate::tx::Tx;

/// A database that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Its tables are this program's.
    Ours,
    /// A newer program has migrated it while this one runs. What migrations add, an older program
    /// does not see, so it goes on; started now, it would refuse.
    Newer,
}

/// Why a database does not do now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nobody answers.
    #[error("it does not answer: {0}")]
    Unreachable(String),
    /// `pg_is_in_recovery`: it repeats what another server writes.
    #[error("it is a standby")]
    Standby,
    /// `default_transaction_read_only` is on: somebody closed it to writes.
    #[error("it is closed to writes")]
    ReadOnly,
    /// Tables are missing, as after an old backup was restored.
    #[error("its tables are older than this program")]
    Older,
    /// Another process has been holding SQLite's file.
    #[error("another process holds it")]
    Locked,
    /// SQLite's file or disk takes no write.
    #[error("it cannot be written: {0}")]
    Unwritable(String),
}

impl Unfit {
    /// One word for each, as `/readyz` says it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Standby => "standby",
            Self::ReadOnly => "read-only",
            Self::Older => "schema-older",
            Self::Locked => "locked",
            Self::Unwritable(_) => "unwritable",
        }
    }
}

impl Store {
    /// Looks whether the database can be worked with, as the tables of `schema`.
    ///
    /// One read; on SQLite also the smallest write there is, with its flush, so the caller decides
    /// how often. A full queue is no fault of the database.
    pub async fn readiness(&self, schema: Schema) -> Result<Fit, Unfit> {
        let seen = self.read("readyz", |tx| Box::pin(look(tx))).await;
        let seen = match seen {
            Ok(seen) => seen,
            Err(StoreError::Busy) => return Ok(Fit::Ours),
            // No table of migrations.
            Err(StoreError::Engine { .. }) => return Err(Unfit::Older),
            Err(error) => return Err(Unfit::Unreachable(error.to_string())),
        };
        if seen.standby {
            return Err(Unfit::Standby);
        }
        if seen.read_only {
            return Err(Unfit::ReadOnly);
        }
        let known = last_numbers(schema);
        if seen.store < known.0 || seen.service < known.1 {
            return Err(Unfit::Older);
        }
        if seen.sqlite {
            self.touch().await?;
        }
        Ok(if (seen.store, seen.service) == known { Fit::Ours } else { Fit::Newer })
    }

    async fn touch(&self) -> Result<(), Unfit> {
        let touched: Result<u64, StoreError> = self
            .write("readyz", |tx| {
                // A number in the file's header that nobody reads: one page, written and flushed.
                Box::pin(async move { tx.exec("PRAGMA user_version = 1", args![]).await })
            })
            .await;
        match touched {
            Ok(_) | Err(StoreError::Busy) => Ok(()),
            Err(StoreError::Unavailable(_) | StoreError::Contended(_)) => Err(Unfit::Locked),
            Err(error) => Err(Unfit::Unwritable(error.to_string())),
        }
    }
}

struct Seen {
    sqlite: bool,
    standby: bool,
    read_only: bool,
    store: u32,
    service: u32,
}

async fn look(tx: &mut Tx) -> Result<Seen, StoreError> {
    let sqlite = tx.is_sqlite();
    let (mut standby, mut read_only) = (false, false);
    if !sqlite {
        // Our reads are read-only themselves; what holds for others' transactions is the default.
        let role = "SELECT pg_is_in_recovery(),
                           current_setting('default_transaction_read_only') = 'on'";
        let row = tx.one(role, args![]).await?;
        (standby, read_only) = (row.get::<i64>(0)? != 0, row.get::<i64>(1)? != 0);
    }
    Ok(Seen {
        sqlite,
        standby,
        read_only,
        store: last(tx, "store").await?,
        service: last(tx, "service").await?,
    })
}

async fn last(tx: &mut Tx, part: &str) -> Result<u32, StoreError> {
    let last = "SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM applied_migrations
                 WHERE part = $1";
    tx.one(last, args![part]).await?.get(0)
}
