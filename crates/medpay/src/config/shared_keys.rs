//! Keys that several services have.

use super::keys::{Key, Kind, Preset};

/// The listener and what stands in front of it.
pub(super) const LISTENER: &[Key] = &[
    Key {
        path: "tls.certificate",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "Certificate chain of the listener, PEM. With `tls.key` the listener speaks TLS.",
    },
    Key {
        path: "tls.key",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "Private key of the certificate, PEM.",
    },
    Key {
        path: "trusted_proxies",
        kind: Kind::Addresses,
        preset: Preset::Is("[]"),
        meaning: "Addresses of the proxies in front of a plain listener. Only from them are \
                  X-Forwarded-For and X-Forwarded-Proto believed. A listener that is neither TLS \
                  nor on loopback needs at least one.",
    },
    Key {
        path: "drain_seconds",
        kind: Kind::Whole(0, 3600),
        preset: Preset::Is("10"),
        meaning: "How long SIGTERM waits for requests under way, and then for the workers' round, \
                  in seconds.",
    },
    Key {
        path: "leave_seconds",
        kind: Kind::Whole(0, 300),
        preset: Preset::Is("0"),
        meaning: "How long SIGTERM still lets requests in while /readyz says `draining` already, \
                  in seconds: as long as a load balancer in front needs to notice.",
    },
    Key {
        path: "connections",
        kind: Kind::Whole(1, 100_000),
        preset: Preset::Is("4096"),
        meaning: "Connections that are open at once on `listen`; one more is closed before \
                  anything is read.",
    },
    Key {
        path: "slow_request_seconds",
        kind: Kind::Whole(1, 3600),
        preset: Preset::Is("30"),
        meaning: "How long the headers of a request may take to arrive, and then its body, in \
                  seconds. A connection on which nothing comes is closed after it too.",
    },
];

/// How much is at work at once.
pub(super) const ADMISSION: &[Key] = &[
    Key {
        path: "admission.at_once",
        kind: Kind::Whole(1, 100_000),
        preset: Preset::Is("512"),
        meaning: "Requests that are at work at once.",
    },
    Key {
        path: "admission.waiting",
        kind: Kind::Whole(0, 100_000),
        preset: Preset::Is("512"),
        meaning: "Requests that may wait for a place among them. What comes on top is answered 503 \
                  with Retry-After at once.",
    },
    Key {
        path: "admission.wait_ms",
        kind: Kind::Whole(0, 60_000),
        preset: Preset::Is("25"),
        meaning: "How long a request waits for a place before it is answered 503 with \
                  Retry-After, in milliseconds.",
    },
];

/// Logs.
pub(super) const LOG: &[Key] = &[
    Key {
        path: "log.format",
        kind: Kind::Choice(&["text", "json"]),
        preset: Preset::Is("\"text\""),
        meaning: "Form of the log on standard error, one line an event.",
    },
    Key {
        path: "log.level",
        kind: Kind::Text,
        preset: Preset::Is("\"info\""),
        meaning: "What is logged: error, warn, info, debug, trace, or per target such as \
                  `info,medpay_store=debug`.",
    },
];

/// The way out, for hospital networks.
pub(super) const OUTGOING: &[Key] = &[
    Key {
        path: "outgoing.ca_file",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "Certificates (PEM) of further authorities that are believed beside the \
                  system's. Certificates are always verified.",
    },
    Key {
        path: "outgoing.proxy",
        kind: Kind::Url,
        preset: Preset::Nothing,
        meaning: "HTTP proxy that every outgoing call takes. Without it none is used, whatever \
                  the environment says.",
    },
    Key {
        path: "outgoing.proxy_credentials",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "User and password of the proxy, as `user:password`.",
    },
    Key {
        path: "outgoing.connect_timeout_ms",
        kind: Kind::Whole(100, 60_000),
        preset: Preset::Is("3000"),
        meaning: "How long making a connection may take, in milliseconds.",
    },
];

/// The database of a service.
pub(super) const DATABASE: &[Key] = &[
    Key {
        path: "database.sqlite",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "The SQLite file. Either this or `database.postgres` must be given.",
    },
    Key {
        path: "database.postgres",
        kind: Kind::Secret,
        preset: Preset::Nothing,
        meaning: "The PostgreSQL URL, a secret since it may hold a password. Several hosts may be \
                  named; `target_session_attrs=read-write` finds the writable one.",
    },
    Key {
        path: "database.ca_file",
        kind: Kind::Path,
        preset: Preset::Nothing,
        meaning: "Certificates (PEM) believed for TLS to PostgreSQL beside the system's.",
    },
    Key {
        path: "database.readers",
        kind: Kind::Whole(1, 256),
        preset: Preset::Is("4"),
        meaning: "Connections that serve reads.",
    },
    Key {
        path: "database.writers",
        kind: Kind::Whole(1, 16),
        preset: Preset::Is("2"),
        meaning: "Writer tasks of this process on PostgreSQL. SQLite has one writer.",
    },
    Key {
        path: "database.queue",
        kind: Kind::Whole(1, 100_000),
        preset: Preset::Is("1024"),
        meaning: "Writes that may wait before the next is refused as busy.",
    },
];

/// Business time.
pub(super) const CLOCK: &[Key] = &[Key {
    path: "clock",
    kind: Kind::Text,
    preset: Preset::Is("\"system\""),
    meaning: "`system`, or the address of a sandbox's test clock (`http://…/clock`) to follow. \
              Refused unless every institution is a test one.",
}];
