//! Whether a service can do its work now, in a word: what `/readyz` says.
//!
//! The answer is kept for a moment and one look is under way at most, so that probes cannot load
//! the database; and nobody waits longer than a second for it, whatever the database does.

use medpay_domain::{Clock, Elapsed};
use medpay_store::{Fit, Location, Schema, Store, Unfit};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long an answer is good, in machine milliseconds.
const GOOD_FOR_MS: i64 = 500;
/// How long a probe waits for one.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much must be free beside a SQLite file: its log grows by some MiB before it is written back.
const SPARE_BYTES: u64 = 16 * 1024 * 1024;

/// What is found: a note, or why not.
type Verdict = Result<Option<&'static str>, &'static str>;

/// A store, and what must hold of it.
#[derive(Clone)]
pub struct Watched {
    /// The store.
    pub store: Store,
    /// Whose tables it holds.
    pub schema: Schema,
    /// Where it is.
    pub location: Location,
}

/// What a probe asks. Cheap to clone.
#[derive(Clone)]
pub struct Readiness(Arc<Inner>);

struct Inner {
    watched: Vec<Watched>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    last: Option<(Elapsed, Verdict)>,
    under_way: Option<watch::Receiver<Option<Verdict>>>,
}

impl Readiness {
    /// Ready as long as every store is.
    pub fn of(watched: Vec<Watched>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { watched, clock, known: Mutex::default() }))
    }

    /// A note, such as that the tables are newer than the program; or why the service cannot work,
    /// in a word.
    pub async fn ask(&self) -> Verdict {
        if self.0.watched.is_empty() {
            return Ok(None);
        }
        let mut looking = match self.fresh_or_looking() {
            Ok(verdict) => return verdict,
            Err(looking) => looking,
        };
        match tokio::time::timeout(PATIENCE, looking.wait_for(Option::is_some)).await {
            Ok(Ok(verdict)) => verdict.unwrap_or(Err("unreachable")),
            // Too late, or the look itself broke off.
            Ok(Err(_)) | Err(_) => Err("unreachable"),
        }
    }

    /// The last answer if it is good still; otherwise the look that is under way, or a new one.
    fn fresh_or_looking(&self) -> Result<Verdict, watch::Receiver<Option<Verdict>>> {
        let now = self.0.clock.elapsed();
        let mut known = self.known();
        if let Some((at, verdict)) = known.last
            && now.0.saturating_sub(at.0) < GOOD_FOR_MS
        {
            return Ok(verdict);
        }
        let alive = |looking: &watch::Receiver<_>| looking.has_changed().is_ok();
        if let Some(looking) = known.under_way.clone().filter(alive) {
            return Err(looking);
        }
        let (tell, looking) = watch::channel(None);
        known.under_way = Some(looking.clone());
        drop(known);
        let readiness = self.clone();
        tokio::spawn(async move {
            let verdict = readiness.look().await;
            let mut known = readiness.known();
            known.last = Some((readiness.0.clock.elapsed(), verdict));
            known.under_way = None;
            drop(known);
            tell.send_replace(Some(verdict));
        });
        Err(looking)
    }

    async fn look(&self) -> Verdict {
        let mut note = None;
        for watched in &self.0.watched {
            let found = watched.store.readiness(watched.schema).await;
            if let (Location::Sqlite(file), Ok(_) | Err(Unfit::Unwritable(_))) =
                (&watched.location, &found)
                && is_full(file)
            {
                tracing::warn!(schema = watched.schema.name, "not ready: the disk is full");
                return Err("disk-full");
            }
            match found {
                Ok(Fit::Ours) => {}
                Ok(Fit::Newer) => note = Some("schema-newer"),
                Err(unfit) => {
                    tracing::warn!(schema = watched.schema.name, %unfit, "not ready");
                    return Err(unfit.word());
                }
            }
        }
        Ok(note)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether less than [`SPARE_BYTES`] are free where `file` is. What cannot be asked is not full.
fn is_full(file: &Path) -> bool {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    rustix::fs::statvfs(folder)
        .is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < SPARE_BYTES)
}
