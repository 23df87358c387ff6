//! Follows a sandbox's test clock (`docs/contracts/clock.md`).

use crate::listening::Stop;
use crate::system::SystemClock;
use anyhow::Context as _;
use bytes::Bytes;
use medpay_client::Transport;
use medpay_domain::{Clock, Elapsed, Timestamp};
use medpay_wire::contracts::clock::Reading;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Longer than the sandbox lets a question wait.
const POLL_TIMEOUT_MS: u64 = 30_000;
/// How often the first reading is asked for before giving up: the sandbox may just be starting.
const FIRST_TRIES: u32 = 100;
/// Between two tries, in machine time.
const PAUSE_MS: u64 = 100;

/// What a change of the clock wakes.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Business time as the test clock shows it; machine time as the machine's.
pub struct FollowedClock {
    machine: SystemClock,
    stands: Mutex<Stands>,
    wakes: Mutex<Vec<Wake>>,
}

#[derive(Clone, Copy)]
enum Stands {
    Frozen(Timestamp),
    Ahead { ms: i64 },
}

impl FollowedClock {
    /// Begins to follow the clock at `url`, until `stop`. `name` tells this follower from others.
    ///
    /// Fails if the clock cannot be read within about ten seconds: without it there would be a
    /// business time that nobody chose.
    pub async fn start(
        transport: Arc<dyn Transport>,
        url: String,
        name: String,
        stop: Stop,
    ) -> anyhow::Result<Arc<Self>> {
        let mut tries = 0;
        let first = loop {
            match ask(&*transport, &url).await {
                Ok(reading) => break reading,
                Err(error) if tries == FIRST_TRIES => {
                    return Err(error).with_context(|| {
                        format!("the test clock at {url} cannot be read; is the sandbox running?")
                    });
                }
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
        };
        let clock = Arc::new(Self {
            machine: SystemClock::new(),
            stands: Mutex::new(Stands::Ahead { ms: 0 }),
            wakes: Mutex::new(Vec::new()),
        });
        clock.take(first);
        let following = follow(Arc::downgrade(&clock), transport, url, name, first.version);
        tokio::spawn(async move {
            // An open question would keep the sandbox from draining.
            tokio::select! {
                () = following => {}
                () = stop.wait() => {}
            }
        });
        Ok(clock)
    }

    /// Lets every later change call `wake`.
    pub fn on_change(&self, wake: Wake) {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).push(wake);
    }

    fn take(&self, reading: Reading) {
        let stands = if reading.frozen {
            Stands::Frozen(reading.now)
        } else {
            Stands::Ahead { ms: reading.now.as_ms() - self.machine.now().as_ms() }
        };
        *self.stands.lock().unwrap_or_else(PoisonError::into_inner) = stands;
        for wake in self.wakes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            wake();
        }
    }
}

/// Holds the clock only weakly, and so ends with it.
async fn follow(
    clock: Weak<FollowedClock>,
    transport: Arc<dyn Transport>,
    url: String,
    name: String,
    mut version: u64,
) {
    while clock.strong_count() > 0 {
        // Asking for what comes after a version tells the sandbox that this one is in force.
        let question = format!("{url}?after={version}&follower={name}");
        match ask(&*transport, &question).await {
            Ok(reading) if reading.version != version => {
                version = reading.version;
                let Some(clock) = clock.upgrade() else { return };
                clock.take(reading);
                tracing::info!(version, now = %reading.now, "the test clock changed");
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "the test clock does not answer");
                tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
            }
        }
    }
}

async fn ask(transport: &dyn Transport, url: &str) -> anyhow::Result<Reading> {
    let request = http::Request::get(url).body(Bytes::new())?;
    let answer = transport.send(request, POLL_TIMEOUT_MS).await?;
    anyhow::ensure!(answer.status().is_success(), "it answered {}", answer.status());
    serde_json::from_slice(answer.body()).context("it answered something else than a reading")
}

impl Clock for FollowedClock {
    fn now(&self) -> Timestamp {
        match *self.stands.lock().unwrap_or_else(PoisonError::into_inner) {
            Stands::Frozen(at) => at,
            Stands::Ahead { ms } => self.machine.now().plus_ms(ms),
        }
    }

    fn elapsed(&self) -> Elapsed {
        self.machine.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use medpay_client::Unanswered;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Notify;

    /// A clock that tells these readings, one a question, and then keeps the question waiting.
    struct Told {
        readings: Vec<Reading>,
        questions: Mutex<Vec<String>>,
        next: AtomicUsize,
    }

    #[async_trait]
    impl Transport for Told {
        async fn send(
            &self,
            request: http::Request<Bytes>,
            _: u64,
        ) -> Result<http::Response<Bytes>, Unanswered> {
            let question = request.uri().query().unwrap_or_default().to_owned();
            self.questions.lock().expect("no panic").push(question);
            match self.readings.get(self.next.fetch_add(1, Ordering::SeqCst)) {
                Some(reading) => {
                    let body = serde_json::to_vec(reading).expect("JSON");
                    Ok(http::Response::new(Bytes::from(body)))
                }
                None => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn a_change_is_in_force_before_it_is_acknowledged() {
        let at = |text| Timestamp::from_wire(text).expect("a moment");
        let reading = |version, now| Reading { version, now, frozen: true };
        let told = Arc::new(Told {
            readings: vec![reading(4, at("20180620100000")), reading(5, at("20180621100000"))],
            questions: Mutex::new(Vec::new()),
            next: AtomicUsize::new(0),
        });
        let (_stopper, stop) = Stop::new();
        let url = "http://sandbox/clock".to_owned();
        let clock = FollowedClock::start(told.clone(), url, "me".into(), stop).await;
        let clock = clock.expect("it is read");
        assert_eq!(clock.now(), at("20180620100000"));
        let woken = Arc::new(Notify::new());
        let wake = Arc::clone(&woken);
        clock.on_change(Box::new(move || wake.notify_one()));
        woken.notified().await;
        assert_eq!(clock.now(), at("20180621100000"));
        while told.questions.lock().expect("no panic").len() < 3 {
            tokio::task::yield_now().await;
        }
        let questions = told.questions.lock().expect("no panic").clone();
        assert_eq!(questions, ["", "after=4&follower=me", "after=5&follower=me"]);
    }
}
