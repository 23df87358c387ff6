//! How a connection to PostgreSQL is made.

use super::hosts::Hosts;
use crate::error::StoreError;
use crate::options::{Options, Schema};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::time::Duration;
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A process that is stopped in the middle of a transaction (a machine that hangs, a debugger, a
/// virtual machine that is moved) holds its rows, and with them every writer that comes to one of
/// them. After five seconds the server ends that session; the process finds a broken connection
/// when it goes on, which it can live with at any moment.
const LET_GO: &str = "-c idle_in_transaction_session_timeout=5s";

/// Connections to one PostgreSQL, wherever its primary is at the moment.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(super) pool: Pool,
    /// How long the server may be silent, in machine time, before it is taken for gone.
    pub(super) patience: Duration,
}

/// Reads `url` and makes a pool of up to `size` connections to it, with the service's schema as
/// their search path. Nothing is connected yet.
pub(crate) fn pool(
    url: &str,
    schema: Schema,
    options: &Options,
    size: usize,
) -> Result<Connections, StoreError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if schema.name.is_empty() || !schema.name.chars().all(plain) {
        return Err(StoreError::Misuse(format!("{:?} is no name for a schema", schema.name)));
    }
    // The parser's own error can quote the URL, and with it the password.
    let mut config: Config = url
        .parse()
        .map_err(|_| StoreError::Unavailable("the URL of PostgreSQL cannot be read".to_owned()))?;
    let given = config.get_options().unwrap_or_default();
    // What the URL says comes later, and so counts.
    config.options(format!("{LET_GO} {given} -c search_path={}", schema.name));
    if config.get_application_name().is_none() {
        config.application_name(format!("medpay {}", schema.name));
    }
    let patience = be_impatient(&mut config);
    // Beside the time for the connection itself there is the server's part: password, role.
    let both = config.get_connect_timeout().map(|connecting| *connecting + patience);
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match &options.tls {
        Some(tls) if !is_of_this_machine(&config) => {
            let tls = MakeRustlsConnect::new(rustls::ClientConfig::clone(tls));
            Manager::from_connect(config, Hosts(tls), recycling)
        }
        _ => Manager::from_connect(config, Hosts(NoTls), recycling),
    };
    let pool = Pool::builder(manager)
        .max_size(size.max(1))
        .create_timeout(both)
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(Connections { pool, patience })
}

/// Whether only sockets of this machine are named: they have no name that a certificate could hold,
/// and nobody between.
fn is_of_this_machine(config: &Config) -> bool {
    let is_socket = |host: &Host| matches!(host, Host::Unix(_));
    !config.get_hosts().is_empty() && config.get_hosts().iter().all(is_socket)
}

/// Bounds, in machine time, on what a host that has silently gone may cost, where the URL says
/// nothing else: without them a writer would wait for hours before it looks for the next host.
///
/// Answers how long a statement may stay without an answer: what `tcp_user_timeout` is to a host
/// that is off, it is to one whose kernel goes on answering for processes that hang.
fn be_impatient(config: &mut Config) -> Duration {
    const UNSET_IDLE: Duration = Duration::from_hours(2);
    const SILENT: Duration = Duration::from_secs(15);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    if config.get_keepalives_idle() == UNSET_IDLE {
        config.keepalives_idle(SILENT);
    }
    let patience = config.get_tcp_user_timeout().copied().unwrap_or(SILENT);
    config.tcp_user_timeout(patience);
    patience
}
