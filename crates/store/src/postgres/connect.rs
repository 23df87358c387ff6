//! How a connection to PostgreSQL is made.

use crate::error::StoreError;
use crate::options::{Options, Schema};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use std::time::Duration;
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A process that is stopped in the middle of a transaction (a machine that hangs, a debugger, a
/// virtual machine that is moved) holds its rows, and with them every writer that comes to one of
/// them. After five seconds the server ends that session; the process finds a broken connection when
/// it goes on, which it can live with at any moment.
const LET_GO: &str = "-c idle_in_transaction_session_timeout=5s";

/// Reads `url` and makes a pool of up to `size` connections to it, with the service's schema as
/// their search path. Nothing is connected yet.
pub(crate) fn pool(
    url: &str,
    schema: Schema,
    options: &Options,
    size: usize,
) -> Result<Pool, StoreError> {
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
    be_impatient(&mut config);
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match &options.tls {
        Some(tls) if !is_of_this_machine(&config) => {
            let tls = MakeRustlsConnect::new(rustls::ClientConfig::clone(tls));
            Manager::from_config(config, tls, recycling)
        }
        _ => Manager::from_config(config, NoTls, recycling),
    };
    Pool::builder(manager)
        .max_size(size.max(1))
        .build()
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Whether only sockets of this machine are named: they have no name that a certificate could hold,
/// and nobody between.
fn is_of_this_machine(config: &Config) -> bool {
    let is_socket = |host: &Host| matches!(host, Host::Unix(_));
    !config.get_hosts().is_empty() && config.get_hosts().iter().all(is_socket)
}

/// Bounds, in machine time, on what a host that has silently gone may cost, where the URL says
/// nothing else: without them a writer would wait for hours before it looks for the next host.
fn be_impatient(config: &mut Config) {
    const UNSET_IDLE: Duration = Duration::from_hours(2);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(15));
    }
    if config.get_keepalives_idle() == UNSET_IDLE {
        config.keepalives_idle(Duration::from_secs(15));
    }
}
