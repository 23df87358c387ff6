//! The test clock: business time that can stand still, go on, and jump. Machine time is the
//! machine's and is never moved.
//!
//! How it stands is kept in a book, so that a sandbox that is killed and started again goes on from
//! there. A change is answered once the followers have it: a script that advances the clock can
//! ask the platform at once.

use crate::books::{self, Book, BookError};
use medpay_domain::{Clock, Elapsed, Timestamp};
use medpay_wire::contracts::clock::{Change, Reading};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A follower that has not asked for this long is taken for gone.
const GONE_AFTER_MS: i64 = 5_000;
/// How long a change waits for the followers.
const FOLLOWERS_WAIT_MS: u64 = 2_000;
/// How long a question for the next version waits.
const POLL_WAIT_MS: u64 = 20_000;

/// Business time of the sandbox, and of everybody who follows it.
pub struct TestClock {
    machine: Arc<dyn Clock>,
    book: Book,
    state: Mutex<State>,
    /// The newest version, for those who wait for it.
    version: watch::Sender<u64>,
    /// Counts what followers have said, for the change that waits for them.
    heard: watch::Sender<u64>,
}

#[derive(Clone)]
struct State {
    version: u64,
    stands: Stands,
    followers: HashMap<String, Follower>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Frozen { at: Timestamp },
    Running { ahead_ms: i64 },
}

#[derive(Clone, Copy)]
struct Follower {
    has: u64,
    last_asked: Elapsed,
    waiting: u32,
}

/// Why the clock does not change so.
#[derive(Debug, thiserror::Error)]
pub enum ChangeFault {
    /// Only `set` goes back.
    #[error("advance goes forward: seconds must be 0 or more; use set to go back")]
    Backward,
    /// The change could not be written down, so nothing changed.
    #[error(transparent)]
    Book(#[from] BookError),
}

impl TestClock {
    /// Opens the clock whose book is in `folder`; a new one shows the machine's time.
    pub fn open(folder: &Path, machine: Arc<dyn Clock>) -> Result<Arc<Self>, BookError> {
        let book = Book::open(folder, "clock.db", books::CLOCK)?;
        let (version, frozen, ms) = book.read(books::clock)?;
        let stands = if frozen {
            Stands::Frozen { at: Timestamp::from_ms(ms) }
        } else {
            Stands::Running { ahead_ms: ms }
        };
        let state = Mutex::new(State { version, stands, followers: HashMap::new() });
        let (version, _) = watch::channel(version);
        let (heard, _) = watch::channel(0);
        Ok(Arc::new(Self { machine, book, state, version, heard }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the clock stands.
    pub fn reading(&self) -> Reading {
        self.reading_of(&self.state())
    }

    fn reading_of(&self, state: &State) -> Reading {
        let frozen = matches!(state.stands, Stands::Frozen { .. });
        Reading { version: state.version, now: self.moment(state.stands), frozen }
    }

    fn moment(&self, stands: Stands) -> Timestamp {
        match stands {
            Stands::Frozen { at } => at,
            Stands::Running { ahead_ms } => self.machine.now().plus_ms(ahead_ms),
        }
    }

    /// Changes the clock. Only [`Change::Set`] can go back.
    pub fn change(&self, change: Change) -> Result<Reading, ChangeFault> {
        let mut state = self.state();
        let ahead_of = |at: Timestamp| at.as_ms() - self.machine.now().as_ms();
        let jump = |stands, to| match stands {
            Stands::Frozen { .. } => Stands::Frozen { at: to },
            Stands::Running { .. } => Stands::Running { ahead_ms: ahead_of(to) },
        };
        let now = self.moment(state.stands);
        let stands = match change {
            Change::Freeze => Stands::Frozen { at: now },
            Change::Run => Stands::Running { ahead_ms: ahead_of(now) },
            Change::Advance { seconds } if seconds < 0 => return Err(ChangeFault::Backward),
            Change::Advance { seconds } => jump(state.stands, now.plus_seconds(seconds)),
            Change::Set { to } => jump(state.stands, to),
        };
        let (frozen, ms) = match stands {
            Stands::Frozen { at } => (true, at.as_ms()),
            Stands::Running { ahead_ms } => (false, ahead_ms),
        };
        let version = state.version + 1;
        self.book.write(|book| books::save_clock(book, version, frozen, ms))?;
        state.version = version;
        state.stands = stands;
        let reading = self.reading_of(&state);
        drop(state);
        self.version.send_replace(version);
        Ok(reading)
    }

    /// Changes the clock and waits, two seconds at most, until every live follower has the change.
    pub async fn change_and_wait(&self, change: Change) -> Result<Reading, ChangeFault> {
        let mut heard = self.heard.subscribe();
        let reading = self.change(change)?;
        let all_have_it = async {
            while !self.followers_have(reading.version) && heard.changed().await.is_ok() {}
        };
        let wait = std::time::Duration::from_millis(FOLLOWERS_WAIT_MS);
        if tokio::time::timeout(wait, all_have_it).await.is_err() {
            tracing::warn!(version = reading.version, "a clock's follower is slow");
        }
        Ok(self.reading())
    }

    fn followers_have(&self, version: u64) -> bool {
        let now = self.machine.elapsed();
        let mut state = self.state();
        state.followers.retain(|_, follower| {
            follower.waiting > 0 || follower.last_asked.plus_ms(GONE_AFTER_MS) >= now
        });
        state.followers.values().all(|follower| follower.has >= version)
    }

    /// The reading after version `after`, once there is one; the present reading after 20 seconds.
    ///
    /// A follower that asks for what comes after a version thereby says that it has that one.
    pub async fn reading_after(&self, after: u64, follower: Option<&str>) -> Reading {
        let _waiting = follower.map(|name| self.note_follower(name, after));
        let mut version = self.version.subscribe();
        let wait = std::time::Duration::from_millis(POLL_WAIT_MS);
        // Another version, not only a later one: the follower may know an older book's.
        let _ = tokio::time::timeout(wait, version.wait_for(|version| *version != after)).await;
        self.reading()
    }

    fn note_follower(&self, name: &str, has: u64) -> Waiting<'_> {
        let now = self.machine.elapsed();
        let mut state = self.state();
        let follower = state.followers.entry(name.to_owned()).or_insert(Follower {
            has,
            last_asked: now,
            waiting: 0,
        });
        follower.has = has;
        follower.last_asked = now;
        follower.waiting += 1;
        drop(state);
        self.heard.send_modify(|count| *count += 1);
        Waiting { clock: self, name: name.to_owned() }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let stands = self.state().stands;
        self.moment(stands)
    }

    fn elapsed(&self) -> Elapsed {
        self.machine.elapsed()
    }
}

/// A follower's open question; ends with its connection.
struct Waiting<'a> {
    clock: &'a TestClock,
    name: String,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let now = self.clock.machine.elapsed();
        let mut state = self.clock.state();
        if let Some(follower) = state.followers.get_mut(&self.name) {
            follower.waiting = follower.waiting.saturating_sub(1);
            follower.last_asked = now;
        }
        drop(state);
        self.clock.heard.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests;
