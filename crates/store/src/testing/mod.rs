//! Test support: fresh databases of both engines. Used by the tests of every crate, by no service.
//!
//! PostgreSQL is the one that `MEDPAY_TEST_POSTGRES` names (a URL whose user may create databases);
//! without that a server of Debian's package is started for this test process and stopped with it.
//! If neither can be had the test fails and says so: nothing is skipped.

mod cluster;
mod given;
mod log;
pub mod saga;
mod scratch;
mod stepper;

pub use cluster::{postgres_programs, unprivileged_shell};
pub use given::{Sequence, TestClock};
pub use scratch::ScratchDir;
pub use stepper::{Counted, Round, Stepper};

use crate::error::StoreError;
use crate::faults::{FaultHook, no_faults};
use crate::options::{Location, Options, Schema};
use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The environment variable that names a PostgreSQL to test on.
pub const SERVER_VARIABLE: &str = "MEDPAY_TEST_POSTGRES";

/// The two engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a directory of its own.
    Sqlite,
    /// A database of its own on the test server.
    Postgres,
}

/// A fresh database. It goes when the last clone does (SQLite) or when the test ends (PostgreSQL).
#[derive(Clone)]
pub struct TestDb {
    engine: Engine,
    location: Location,
    _directory: Option<Arc<ScratchDir>>,
}

impl TestDb {
    /// Makes a fresh database of `engine`; several schemas fit into one. Panics with a sentence if
    /// there is no such engine.
    pub async fn fresh(engine: Engine) -> Self {
        log::keep();
        match engine {
            Engine::Sqlite => {
                let directory = ScratchDir::new("medpay-test");
                let location = Location::Sqlite(directory.path().join("test.db"));
                Self { engine, location, _directory: Some(Arc::new(directory)) }
            }
            Engine::Postgres => {
                let location = Location::Postgres(fresh_database().await);
                Self { engine, location, _directory: None }
            }
        }
    }

    /// One that a test has made by itself, and removes by itself.
    pub const fn at(engine: Engine, location: Location) -> Self {
        Self { engine, location, _directory: None }
    }

    /// Which engine it is.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Where it is.
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// Opens `schema` in it, as one process does, and applies its migrations.
    pub async fn open(&self, schema: Schema) -> Store {
        self.open_with(schema, Options::default(), no_faults()).await
    }

    /// Opens `schema` in it with the given options and faults, and applies its migrations.
    pub async fn open_with(
        &self,
        schema: Schema,
        options: Options,
        faults: Arc<dyn FaultHook>,
    ) -> Store {
        let options = Options { migrate: true, ..options };
        match Store::open(&self.location, schema, &options, faults).await {
            Ok(store) => store,
            Err(error) => panic!("the test database cannot be opened: {error}"),
        }
    }

    /// Removes it. Only stores that are still open lose anything.
    pub async fn remove(self) {
        if let Location::Postgres(url) = &self.location {
            let name = url.rsplit(['/']).next().unwrap_or_default();
            let name = name.split('?').next().unwrap_or_default();
            administer(&[format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")]).await;
        }
    }
}

/// Runs the body of a test on `engine`, in a runtime of its own. Called by [`crate::on_both!`].
pub fn run<F>(engine: Engine, body: F)
where
    F: AsyncFnOnce(TestDb),
{
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime for the test").block_on(async {
        let database = TestDb::fresh(engine).await;
        body(database.clone()).await;
        database.remove().await;
    });
}

/// Makes one test into two, `name::sqlite` and `name::postgres`, with a fresh database each:
///
/// ```text
/// on_both!(a_refused_order_leaves_nothing, async |db: TestDb| {
///     let store = db.open(SCHEMA).await;
///     …
/// });
/// ```
#[macro_export]
macro_rules! on_both {
    ($(#[$about:meta])* $name:ident, $body:expr) => {
        $(#[$about])*
        mod $name {
            use super::*;

            #[test]
            fn sqlite() {
                $crate::testing::run($crate::testing::Engine::Sqlite, $body);
            }

            #[test]
            fn postgres() {
                $crate::testing::run($crate::testing::Engine::Postgres, $body);
            }
        }
    };
}

/// Makes a database on the test server and answers its URL.
async fn fresh_database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("medpay_test_{}_{number}", std::process::id());
    administer(&[
        format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"),
    ])
    .await;
    cluster::url_of(&name)
}

/// Runs statements on the test server, outside of any test's database.
async fn administer(statements: &[String]) {
    let done = async {
        let url = cluster::server_url();
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
        let connection = tokio::spawn(connection);
        for statement in statements {
            client.batch_execute(statement).await?;
        }
        drop(client);
        let _ = connection.await;
        Ok::<_, tokio_postgres::Error>(())
    };
    if let Err(error) = done.await {
        let error = StoreError::Unavailable(format!("{error} {:?}", error.as_db_error()));
        panic!("the PostgreSQL for tests does not answer as it should: {error}");
    }
}
