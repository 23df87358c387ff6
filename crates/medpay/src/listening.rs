//! Listeners: TLS or plain behind named proxies, bounded, drained at the end.

use crate::admission::{PunctualBody, hang_up};
use crate::config::Listener;
use crate::doorman::Doorman;
use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::{self, Next};
use axum_server::tls_rustls::RustlsConfig;
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A port that is ours, before anything is served on it.
#[derive(Debug)]
pub struct Bound {
    socket: TcpListener,
    /// Where.
    pub address: SocketAddr,
}

/// Takes the port of `address` for `whom`. `remedy` tells how to choose another one.
pub fn bind(address: SocketAddr, whom: &str, remedy: &str) -> anyhow::Result<Bound> {
    let socket = TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} on {} is in use, and {whom} needs it; stop the program that listens there, \
             or {remedy}",
            address.port(),
            address.ip()
        ),
        ErrorKind::PermissionDenied => anyhow::anyhow!(
            "port {} on {} may not be opened by this user, and {whom} needs it; {remedy}",
            address.port(),
            address.ip()
        ),
        _ => anyhow::Error::new(error).context(format!("{address} cannot be opened for {whom}")),
    })?;
    socket.set_nonblocking(true)?;
    let address = socket.local_addr()?;
    Ok(Bound { socket, address })
}

/// Lets this process open as many files as it may: what a process is started with, often 1024, is
/// fewer than the connections that a listener takes.
pub fn open_as_many_files_as_allowed() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit on open files stays as it is");
    }
}

/// Tells every listener and worker of the process to end.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// Ends what holds the matching [`Stop`].
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stop {
    /// A pair.
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// Waits for the end; a stopper that is gone is an end too.
    pub async fn wait(&self) {
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }

    /// The same word, `seconds` later.
    #[must_use]
    pub fn after(&self, seconds: u64) -> Self {
        let (later, stop) = Self::new();
        let first = self.clone();
        tokio::spawn(async move {
            first.wait().await;
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            later.stop();
        });
        stop
    }

    /// The word itself, for a service's own workers: it turns true.
    pub fn receiver(&self) -> watch::Receiver<bool> {
        self.0.clone()
    }

    /// Whether the end has come.
    pub fn has_come(&self) -> bool {
        *self.0.borrow()
    }
}

impl Stopper {
    /// Now.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// At the first SIGTERM or SIGINT. At the second one the process ends where it stands: whatever
    /// was acknowledged is committed, and leases of the rest run out.
    pub async fn stop_at_signal(self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => ("SIGTERM", 128 + SignalKind::terminate().as_raw_value()),
                _ = interrupt.recv() => ("SIGINT", 128 + SignalKind::interrupt().as_raw_value()),
            }
        };
        let (name, _) = next().await;
        tracing::info!(signal = name, "draining; a second signal ends at once");
        self.stop();
        let (name, code) = next().await;
        tracing::warn!(signal = name, "ended at once");
        std::process::exit(code);
    }
}

/// Serves `router` on `bound` until `stop` and `settings.leave_seconds` after it, then waits for
/// the requests under way as long as `settings` allows.
///
/// Between the two, each answer ends its connection, so that callers go elsewhere while they are
/// still welcome here.
pub async fn serve(
    bound: Bound,
    router: Router,
    settings: &Listener,
    stop: Stop,
) -> anyhow::Result<()> {
    let trusted: Arc<[IpAddr]> = settings.trusted_proxies.clone().into();
    let slow = Duration::from_secs(settings.slow_request_seconds);
    let leaving = stop.clone();
    let router = router.layer(middleware::from_fn(move |request, next| {
        let (trusted, leaving) = (Arc::clone(&trusted), leaving.clone());
        received(trusted, slow, leaving, request, next)
    }));
    let handle = Handle::new();
    drain(handle.clone(), stop.after(settings.leave_seconds), settings.drain_seconds);
    let doorman = Doorman::new(settings.connections);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Some((certificate, key)) = &settings.tls {
        let tls = tls_of(certificate, key).await?;
        let server = axum_server::from_tcp_rustls(bound.socket, tls)?
            .map(|acceptor| acceptor.acceptor(doorman));
        impatient(server, slow).handle(handle).serve(service).await
    } else {
        let server = axum_server::from_tcp(bound.socket)?.acceptor(doorman);
        impatient(server, slow).handle(handle).serve(service).await
    }
    .with_context(|| format!("serving on {}", bound.address))
}

async fn tls_of(certificate: &Path, key: &Path) -> anyhow::Result<RustlsConfig> {
    crate::outgoing::install_tls();
    RustlsConfig::from_pem_file(certificate, key).await.with_context(|| {
        format!(
            "the certificate {} and the key {} are of no use together",
            certificate.display(),
            key.display()
        )
    })
}

/// Closes connections on which no request comes in time, and those whose other end is gone.
fn impatient<A>(mut server: Server<SocketAddr, A>, slow: Duration) -> Server<SocketAddr, A> {
    let builder = server.http_builder();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(slow);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(slow).keep_alive_timeout(slow);
    server
}

fn drain(handle: Handle<SocketAddr>, stop: Stop, seconds: u64) {
    tokio::spawn(async move {
        stop.wait().await;
        let patience = Duration::from_secs(seconds);
        handle.graceful_shutdown(Some(patience));
        tokio::time::sleep(patience).await;
        let connections = handle.connection_count();
        if connections > 0 {
            tracing::warn!(connections, "closed with requests still under way");
        }
    });
}

/// What a listener does to every request: see [`forwarded`] and [`PunctualBody`].
async fn received(
    trusted: Arc<[IpAddr]>,
    slow: Duration,
    leaving: Stop,
    mut request: Request,
    next: Next,
) -> axum::response::Response {
    forwarded(&trusted, &mut request);
    let version = request.version();
    if !request.body().is_end_stream() {
        request = request.map(|body| Body::new(PunctualBody::new(body, slow)));
    }
    let mut answer = next.run(request).await;
    if leaving.has_come() {
        hang_up(version, &mut answer);
    }
    answer
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Puts the patient's own address into [`ConnectInfo`] where a trusted proxy tells it, and takes
/// away what anybody else claims.
fn forwarded(trusted: &[IpAddr], request: &mut Request) {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    match peer {
        Some(peer) if trusted.contains(&peer.ip().to_canonical()) => {
            if let Some(address) = origin(request.headers(), trusted) {
                request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
            }
        }
        _ => {
            let headers = request.headers_mut();
            headers.remove(FORWARDED_FOR);
            headers.remove(FORWARDED_PROTO);
        }
    }
}

/// The last address of X-Forwarded-For that is no trusted proxy's: what stands before it, anybody
/// may have written.
fn origin(headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let mut hops = lines.iter().flat_map(|line| line.split(',')).map(|hop| hop.trim().parse());
    let mut found = None;
    while let Some(Ok(hop)) = hops.next_back() {
        found = Some(hop);
        if !trusted.contains(&hop) {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patients_address_is_the_one_before_the_trusted_proxies() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, "6.6.6.6, 203.0.113.9".parse().expect("a value"));
        headers.append(FORWARDED_FOR, "10.0.0.2".parse().expect("a value"));
        let trusted = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().expect("an address"));
        assert_eq!(origin(&headers, &trusted), "203.0.113.9".parse().ok());
    }
}
