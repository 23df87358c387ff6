//! Listeners: TLS or plain behind named proxies, drained at the end.

use crate::config::Listener;
use anyhow::Context as _;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::{self, Next};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};
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

    /// At the first SIGTERM or SIGINT.
    pub async fn stop_at_signal(self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "draining");
        self.stop();
        Ok(())
    }
}

/// Serves `router` on `bound` until `stop`, then waits for the requests under way as long as
/// `settings` allows.
pub async fn serve(
    bound: Bound,
    router: Router,
    settings: &Listener,
    stop: Stop,
) -> anyhow::Result<()> {
    let trusted: Arc<[IpAddr]> = settings.trusted_proxies.clone().into();
    let router = router.layer(middleware::from_fn(move |request, next| {
        let trusted = Arc::clone(&trusted);
        forwarded(trusted, request, next)
    }));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    drain(handle.clone(), stop, settings.drain_seconds);
    match &settings.tls {
        Some((certificate, key)) => {
            crate::outgoing::install_tls();
            let tls = RustlsConfig::from_pem_file(certificate, key).await.with_context(|| {
                format!(
                    "the certificate {} and the key {} are of no use together",
                    certificate.display(),
                    key.display()
                )
            })?;
            axum_server::from_tcp_rustls(bound.socket, tls)?.handle(handle).serve(service).await
        }
        None => axum_server::from_tcp(bound.socket)?.handle(handle).serve(service).await,
    }
    .with_context(|| format!("serving on {}", bound.address))
}

fn drain(handle: Handle<SocketAddr>, stop: Stop, seconds: u64) {
    tokio::spawn(async move {
        stop.wait().await;
        let patience = Duration::from_secs(seconds);
        handle.graceful_shutdown(Some(patience));
    });
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Puts the patient's own address into [`ConnectInfo`] where a trusted proxy tells it, and takes
/// away what anybody else claims.
async fn forwarded(
    trusted: Arc<[IpAddr]>,
    mut request: Request,
    next: Next,
) -> axum::response::Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    match peer {
        Some(peer) if trusted.contains(&peer.ip().to_canonical()) => {
            if let Some(address) = origin(request.headers(), &trusted) {
                request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
            }
        }
        _ => {
            let headers = request.headers_mut();
            headers.remove(FORWARDED_FOR);
            headers.remove(FORWARDED_PROTO);
        }
    }
    next.run(request).await
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
