//! A door in front of a service or a database: it passes connections on to one of several places,
//! as a balancer does, and can cut them in the middle.

use super::Chance;
use anyhow::Context as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where a connection can be passed on to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A port of this machine.
    Port(u16),
    /// A socket of PostgreSQL.
    Socket(PathBuf),
}

/// One place, and whether anybody is sent there.
struct Behind {
    place: Place,
    open: AtomicBool,
}

/// What all connections of a door share.
struct Shared {
    behind: Vec<Behind>,
    turn: AtomicU64,
    /// Counts the cuts; a connection that sees it change breaks off.
    cuts: watch::Sender<u64>,
    /// How many answers are still to be broken off in the middle.
    torn_answers: AtomicI64,
    broken: AtomicU64,
    chance: Mutex<Chance>,
}

/// A door; closed when dropped.
pub(super) struct Proxy {
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl Proxy {
    /// Opens a door at `port`, to `places`.
    pub(super) async fn open(port: u16, places: Vec<Place>, seed: u64) -> anyhow::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.with_context(|| address.to_string())?;
        let (cuts, _) = watch::channel(0);
        let behind = places.into_iter().map(|place| Behind { place, open: AtomicBool::new(true) });
        let shared = Arc::new(Shared {
            behind: behind.collect(),
            turn: AtomicU64::new(0),
            cuts,
            torn_answers: AtomicI64::new(0),
            broken: AtomicU64::new(0),
            chance: Mutex::new(Chance(seed)),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, accepting })
    }

    /// Sends nobody to the place of this number any more, or sends them again: what a balancer
    /// does that asks for readiness. Connections that are there stay.
    pub(super) fn send_to(&self, place: usize, open: bool) {
        self.shared.behind[place].open.store(open, Ordering::SeqCst);
    }

    /// Cuts every connection, in the middle of whatever it carries.
    pub(super) fn cut(&self) {
        self.shared.cuts.send_modify(|count| *count += 1);
    }

    /// Cuts the next `count` connections in the middle of an answer: what was asked is done, and
    /// who asked hears half of it.
    pub(super) fn tear_answers(&self, count: i64) {
        self.shared.torn_answers.fetch_add(count, Ordering::SeqCst);
    }

    /// Lets answers through again.
    pub(super) fn tear_answers_no_more(&self) {
        self.shared.torn_answers.store(0, Ordering::SeqCst);
    }

    /// How many connections were broken so far.
    pub(super) fn broken(&self) -> u64 {
        self.shared.broken.load(Ordering::SeqCst)
    }
}

impl Shared {
    /// How many bytes of a torn piece still arrive.
    fn kept_of(&self, length: usize) -> usize {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        usize::try_from(chance.below(length as u64)).unwrap_or_default()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        if let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, Arc::clone(&shared)));
        }
    }
}

async fn serve(client: TcpStream, shared: Arc<Shared>) {
    let mut cuts = shared.cuts.subscribe();
    let _ = client.set_nodelay(true);
    let passing = pass_on(client, &shared);
    let was_cut = tokio::select! {
        torn = passing => torn,
        _ = cuts.changed() => true,
    };
    shared.broken.fetch_add(u64::from(was_cut), Ordering::SeqCst);
}

/// Passes a connection on until one side ends it; true if it was torn.
async fn pass_on(client: TcpStream, shared: &Shared) -> bool {
    let places = shared.behind.len();
    let first = usize::try_from(shared.turn.fetch_add(1, Ordering::SeqCst)).unwrap_or_default();
    for number in 0..places {
        let behind = &shared.behind[(first + number) % places];
        if !behind.open.load(Ordering::SeqCst) {
            continue;
        }
        match &behind.place {
            Place::Port(port) => {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).await else {
                    continue;
                };
                let _ = server.set_nodelay(true);
                return exchange(client, server, shared).await;
            }
            Place::Socket(path) => {
                let Ok(server) = UnixStream::connect(path).await else { continue };
                return exchange(client, server, shared).await;
            }
        }
    }
    false
}

async fn exchange<S>(client: TcpStream, server: S, shared: &Shared) -> bool
where
    S: AsyncRead + AsyncWrite,
{
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let asking = async {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
        // The answer may still be on its way.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        torn = answer(&mut from_server, &mut to_client, shared) => torn,
        () = asking => false,
    }
}

/// Carries answers until the server ends, or until one is torn.
async fn answer(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    shared: &Shared,
) -> bool {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let length = match from.read(&mut bytes).await {
            Ok(0) | Err(_) => {
                let _ = to.shutdown().await;
                return false;
            }
            Ok(length) => length,
        };
        let tear = shared
            .torn_answers
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| (left > 0).then(|| left - 1));
        if tear.is_ok() {
            let kept = shared.kept_of(length);
            let _ = to.write_all(&bytes[..kept]).await;
            return true;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return false;
        }
    }
}
