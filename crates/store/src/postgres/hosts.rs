//! Which of several hosts a connection is made to.
//!
//! tokio-postgres asks them one after the other, and waits without end for one that takes the
//! connection and then says nothing, as a host does whose processes hang. Here the next one is
//! asked beside it.

use deadpool_postgres::Connect;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::config::{Host, LoadBalanceHosts};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error, Socket};

/// How long a host may be silent, in machine time, before the next one is asked as well.
const SILENCE: Duration = Duration::from_millis(300);

/// Connects to the first host that will do, with this kind of TLS.
pub(super) struct Hosts<T>(pub(super) T);

type Connected = Result<(Client, JoinHandle<()>), Error>;

impl<T> Connect for Hosts<T>
where
    T: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
    T::Stream: Sync + Send,
    T::TlsConnect: Sync + Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: &Config) -> Pin<Box<dyn Future<Output = Connected> + Send + '_>> {
        let mut hosts = one_by_one(config).into_iter();
        Box::pin(async move {
            let mut asked = JoinSet::new();
            let mut failed = None;
            loop {
                if let Some(host) = hosts.next() {
                    let tls = self.0.clone();
                    asked.spawn(async move { host.connect(tls).await });
                }
                let answer = if hosts.len() == 0 {
                    asked.join_next().await
                } else {
                    // Silence is no answer; the next one is asked then, as after a refusal.
                    tokio::time::timeout(SILENCE, asked.join_next()).await.unwrap_or_default()
                };
                match answer {
                    Some(Ok(Ok((client, connection)))) => {
                        return Ok((client, tokio::spawn(drive(connection))));
                    }
                    Some(Ok(Err(error))) => failed = Some(error),
                    Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
                    None if hosts.len() > 0 => {}
                    None => return Err(failed.expect("at least one was asked, and none did")),
                }
            }
        })
    }
}

/// Runs a connection until its client goes or it breaks.
async fn drive(connection: impl Future<Output = Result<(), Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to PostgreSQL ended");
    }
}

/// A configuration for each host of `config`, in its order. One that names them in a way that
/// cannot be told apart, or wants them in any order, is left whole.
fn one_by_one(config: &Config) -> Vec<Config> {
    let (names, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let (ports, count) = (config.get_ports(), names.len().max(addresses.len()));
    let uneven = |length: usize| length > 0 && length != count;
    let unclear = uneven(names.len()) || uneven(addresses.len());
    let in_any_order = config.get_load_balance_hosts() == LoadBalanceHosts::Random;
    if count < 2 || unclear || (ports.len() > 1 && ports.len() != count) || in_any_order {
        return vec![config.clone()];
    }
    (0..count).map(|place| only(config, place)).collect()
}

/// `config` with one of its hosts.
fn only(config: &Config, place: usize) -> Config {
    let mut one = without_hosts(config);
    match config.get_hosts().get(place) {
        Some(Host::Tcp(name)) => {
            one.host(name);
        }
        Some(Host::Unix(path)) => {
            one.host_path(path);
        }
        None => {}
    }
    if let Some(address) = config.get_hostaddrs().get(place) {
        one.hostaddr(*address);
    }
    if let Some(port) = config.get_ports().get(place).or_else(|| config.get_ports().first()) {
        one.port(*port);
    }
    one
}

/// Everything else that `config` says: a [`Config`] can be given hosts, and none taken away.
fn without_hosts(config: &Config) -> Config {
    let mut one = Config::new();
    one.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(config.get_target_session_attrs())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle());
    if let Some(user) = config.get_user() {
        one.user(user);
    }
    if let Some(password) = config.get_password() {
        one.password(password);
    }
    if let Some(name) = config.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = config.get_options() {
        one.options(options);
    }
    if let Some(name) = config.get_application_name() {
        one.application_name(name);
    }
    if let Some(timeout) = config.get_connect_timeout() {
        one.connect_timeout(*timeout);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        one.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        one.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        one.keepalives_retries(retries);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_is_asked_with_all_that_the_url_says() {
        let every = "postgres://u:p@a:1,b:2/db?sslmode=require&target_session_attrs=read-write\
             &application_name=n&options=-c%20x%3Dy&connect_timeout=3&tcp_user_timeout=4\
             &keepalives=1&keepalives_idle=5&keepalives_interval=6&keepalives_retries=7\
             &channel_binding=require";
        let config: Config = every.parse().expect("a URL");
        let shown: Vec<_> = one_by_one(&config).iter().map(|one| format!("{one:?}")).collect();
        let both = |one: &str, other: &str| {
            format!("{config:?}").replace("[Tcp(\"a\"), Tcp(\"b\")]", one).replace("[1, 2]", other)
        };
        assert_eq!(shown, [both("[Tcp(\"a\")]", "[1]"), both("[Tcp(\"b\")]", "[2]")]);
    }

    #[test]
    fn a_url_that_is_not_understood_is_left_to_the_driver() {
        for unclear in ["host=a,b port=1,2,3 user=u", "host=a,b load_balance_hosts=random user=u"] {
            let config: Config = unclear.parse().expect("a URL");
            assert_eq!(one_by_one(&config), [config]);
        }
    }
}
