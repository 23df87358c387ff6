//! What every service's configuration has: listener, log, way out, database, clock.

use super::{Gathered, Section, Source};
use medpay_store::Location;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// What the binary itself needs to run a service.
#[derive(Debug)]
pub struct Service {
    /// Where it is served.
    pub listener: Listener,
    /// The log.
    pub log: Log,
    /// The way out.
    pub outgoing: Outgoing,
}

/// Where a service listens.
#[derive(Clone, Debug)]
pub struct Listener {
    /// For everybody.
    pub listen: SocketAddr,
    /// For operators: health and metrics.
    pub operations_listen: SocketAddr,
    /// Certificate chain and key, PEM files; plain without.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whose X-Forwarded-* headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How long requests under way are waited for at the end.
    pub drain_seconds: u64,
    /// How long they are still let in before that.
    pub leave_seconds: u64,
    /// How many connections are open at once on `listen`.
    pub connections: usize,
    /// How long a request's headers, and then its body, may take to arrive.
    pub slow_request_seconds: u64,
}

/// How much a service takes on at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Admission {
    /// Requests at work.
    pub at_once: usize,
    /// Requests that wait for a place.
    pub waiting: usize,
    /// For how long, in milliseconds.
    pub wait_ms: u64,
}

/// How it logs.
#[derive(Clone, Debug)]
pub struct Log {
    /// JSON instead of text.
    pub json: bool,
    /// The level, or levels per target.
    pub level: String,
}

/// How it reaches others.
#[derive(Clone)]
pub struct Outgoing {
    /// Further authorities.
    pub ca_file: Option<PathBuf>,
    /// HTTP proxy.
    pub proxy: Option<String>,
    /// `user:password` of the proxy.
    pub proxy_credentials: Option<String>,
    /// In milliseconds.
    pub connect_timeout_ms: u64,
}

impl Outgoing {
    /// How long a call made by a command may take, in milliseconds.
    pub const COMMAND_TIMEOUT_MS: u64 = 30_000;

    /// The straight way: no proxy, no further authority.
    pub const fn direct() -> Self {
        Self { ca_file: None, proxy: None, proxy_credentials: None, connect_timeout_ms: 3_000 }
    }
}

/// Masks the credentials.
impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("ca_file", &self.ca_file)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}

/// Where it stores.
#[derive(Clone)]
pub struct Database {
    /// The engine and its place.
    pub location: Location,
    /// Further authorities for TLS to PostgreSQL.
    pub ca_file: Option<PathBuf>,
    /// Connections for reads.
    pub readers: usize,
    /// Writer tasks.
    pub writers: usize,
    /// Writes that may wait.
    pub queue: usize,
}

/// Masks the URL, which may hold a password.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("readers", &self.readers).finish_non_exhaustive()
    }
}

/// Where business time comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClockSource {
    /// The machine.
    System,
    /// A sandbox's test clock at this address.
    Follow(String),
}

impl Service {
    pub(super) fn map(root: &Section<'_>, source: &Source<'_>, gathered: &mut Gathered) -> Self {
        Self {
            listener: listener(root, gathered),
            log: Log {
                json: root.sure_text("log.format") == "json",
                level: root.sure_text("log.level"),
            },
            outgoing: Outgoing {
                ca_file: root.path("outgoing.ca_file"),
                proxy: root.text("outgoing.proxy"),
                proxy_credentials: root
                    .secret("outgoing.proxy_credentials")
                    .map(|_| gathered.secret(root, "outgoing.proxy_credentials", source)),
                connect_timeout_ms: root.sure_whole("outgoing.connect_timeout_ms"),
            },
        }
    }
}

fn listener(root: &Section<'_>, gathered: &mut Gathered) -> Listener {
    let tls = match (root.path("tls.certificate"), root.path("tls.key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            gathered.fault(root, "tls.key", "is needed with `tls.certificate`");
            None
        }
        (None, Some(_)) => {
            gathered.fault(root, "tls.certificate", "is needed with `tls.key`");
            None
        }
    };
    let listen = root.address("listen");
    let trusted_proxies = root.addresses("trusted_proxies");
    if tls.is_none() && !listen.ip().is_loopback() && trusted_proxies.is_empty() {
        gathered.fault(
            root,
            "listen",
            "is open to the network without TLS; give `tls.certificate` and `tls.key`, or name \
             the proxy in front of it in `trusted_proxies`",
        );
    }
    Listener {
        listen,
        operations_listen: root.address("operations_listen"),
        tls,
        trusted_proxies,
        drain_seconds: root.sure_whole("drain_seconds"),
        leave_seconds: root.sure_whole("leave_seconds"),
        connections: root.sure_whole("connections"),
        slow_request_seconds: root.sure_whole("slow_request_seconds"),
    }
}

impl Admission {
    pub(super) fn map(root: &Section<'_>) -> Self {
        Self {
            at_once: root.sure_whole("admission.at_once"),
            waiting: root.sure_whole("admission.waiting"),
            wait_ms: root.sure_whole("admission.wait_ms"),
        }
    }
}

impl Database {
    /// None, and noted, unless exactly one engine is named.
    pub(super) fn map(
        root: &Section<'_>,
        source: &Source<'_>,
        gathered: &mut Gathered,
    ) -> Option<Self> {
        let found = Self::map_at("database", root, source, gathered);
        if found.is_none() && root.secret("database.postgres").is_none() {
            gathered.fault(
                root,
                "database",
                "is needed: give `database.sqlite` a file, or `database.postgres` a reference to a \
                 URL",
            );
        }
        found
    }

    /// The database of the table `table`, which may be missing; what it does not say beside the
    /// place, `database` says.
    pub(super) fn map_at(
        table: &str,
        root: &Section<'_>,
        source: &Source<'_>,
        gathered: &mut Gathered,
    ) -> Option<Self> {
        let (sqlite, postgres) = (format!("{table}.sqlite"), format!("{table}.postgres"));
        let location = match (root.path(&sqlite), root.secret(&postgres)) {
            (Some(path), None) => Location::Sqlite(path),
            (None, Some(_)) => Location::Postgres(gathered.secret(root, &postgres, source)),
            (None, None) => return None,
            (Some(_), Some(_)) => {
                let problem = format!("and `{sqlite}` are both given; keep one");
                gathered.fault(root, &postgres, &problem);
                return None;
            }
        };
        Some(Self {
            location,
            ca_file: root.path("database.ca_file"),
            readers: root.sure_whole("database.readers"),
            writers: root.sure_whole("database.writers"),
            queue: root.sure_whole("database.queue"),
        })
    }
}

impl ClockSource {
    /// `all_test` tells whether every institution is a test one.
    pub(super) fn map(root: &Section<'_>, all_test: bool, gathered: &mut Gathered) -> Self {
        let text = root.sure_text("clock");
        if text == "system" {
            return Self::System;
        }
        if !text.starts_with("http://") && !text.starts_with("https://") {
            gathered.fault(root, "clock", "must be `system` or the address of a test clock");
        } else if !all_test {
            gathered.fault(
                root,
                "clock",
                "follows a test clock although an institution is in production; only a \
                 configuration whose institutions are all test ones may move time",
            );
        }
        Self::Follow(text)
    }
}
