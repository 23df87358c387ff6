//! What can go wrong between a service and its database.

/// Why a write or a read has no result.
///
/// The texts carry what the engine says of itself, never a value of a row: PostgreSQL's `DETAIL`,
/// which quotes the row, is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The commit failed or its answer was lost: the write stands whole or not at all, and only the
    /// database can tell. Never turn this into a refusal and never into a success; ask again.
    #[error("it is unknown whether this was written: {0}")]
    Unknown(String),

    /// The queue is full. Nothing was written; the caller may try again later.
    #[error("too many writes are waiting")]
    Busy,

    /// A row with this unique key exists. Holds the engine's name of the constraint or columns.
    #[error("such a row exists already ({0})")]
    Conflict(String),

    /// The database cannot be reached, or is locked by another process. Nothing was written.
    #[error("the database cannot be used now: {0}")]
    Unavailable(String),

    /// The bounded retries ended while other writers were in the way. Nothing was written.
    #[error("other writers were in the way each time: {0}")]
    Contended(String),

    /// Somebody else holds the lease of this job, or has finished it.
    #[error("the lease of job {0} is lost")]
    LeaseLost(i64),

    /// [`crate::Tx::one`] found no row.
    #[error("no such row")]
    NoRow,

    /// A column does not hold what the code expects of it.
    #[error("column {index} holds {found}, not {wanted}")]
    Column {
        /// The column's place in the statement, from 0.
        index: usize,
        /// What was asked for.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },

    /// A stored row is not a value of the domain. Made by the code that reads rows.
    #[error("{table}.{column} of row {key} is not what this program writes there")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's own key; no personal data.
        key: String,
    },

    /// The store was used against its rules: a mistake of ours, found by the first test that runs
    /// the statement.
    #[error("the store was used wrongly: {0}")]
    Misuse(String),

    /// The body of a write or read panicked. Nothing was written.
    #[error("the body of \"{0}\" panicked")]
    Panicked(String),

    /// The tables are not those of this program.
    #[error(transparent)]
    Schema(#[from] SchemaFault),

    /// The store was closed before this could run. Nothing was written.
    #[error("the store is closed")]
    Closed,

    /// The engine refused the statement. Nothing was written.
    #[error("the database refused: {message} ({code})")]
    Engine {
        /// SQLSTATE of PostgreSQL, or SQLite's extended result code.
        code: String,
        /// The engine's own sentence.
        message: String,
    },
}

impl StoreError {
    /// Whether the write may stand although it was not answered.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Whether a row with the same unique key was in the way.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Whether trying again later, without any change, can help.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Unavailable(_) | Self::Contended(_) | Self::Closed)
    }
}

/// Why a database's tables are not the program's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// A newer program has been here.
    #[error(
        "schema {schema} is at migration {found} of {part}, and this program knows only {known}: \
         run the newer program that migrated it"
    )]
    Newer {
        /// The schema's name.
        schema: String,
        /// Whose migrations: `store` or `service`.
        part: &'static str,
        /// The number in the database.
        found: u32,
        /// The last number of this program.
        known: u32,
    },
    /// Migrations are missing, and this program was not told to apply them.
    #[error(
        "schema {schema} is at migration {found} of {part} and {wanted} is needed: run `medpay \
         migrate` first"
    )]
    Older {
        /// The schema's name.
        schema: String,
        /// Whose migrations: `store` or `service`.
        part: &'static str,
        /// The number in the database, 0 if there is none.
        found: u32,
        /// The last number of this program.
        wanted: u32,
    },
    /// The text of an applied migration was changed since.
    #[error(
        "migration {number} ({name}) of schema {schema} was edited after it was applied: \
         migrations are never edited, write a new one"
    )]
    Edited {
        /// The schema's name.
        schema: String,
        /// Its number.
        number: u32,
        /// Its name.
        name: String,
    },
    /// The numbers of the program's own list do not go 1, 2, 3….
    #[error("migration {number} ({name}) stands where number {expected} belongs")]
    Misnumbered {
        /// Its number.
        number: u32,
        /// Its name.
        name: &'static str,
        /// The number that belongs there.
        expected: u32,
    },
    /// A migration's own SQL failed; nothing of it was kept.
    #[error("migration {number} ({name}) failed: {cause}")]
    Failed {
        /// Its number.
        number: u32,
        /// Its name.
        name: &'static str,
        /// What the engine said.
        cause: String,
    },
}
