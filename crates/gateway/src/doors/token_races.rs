//! Many who need a token at once, in orders that a seeded scheduler chooses: one asks, nobody is
//! forgotten, and an old token never drives out a new one.

use super::token_owner::TokenOwner;
use async_trait::async_trait;
use bytes::Bytes;
use medpay_client::{Transport, Unanswered};
use medpay_domain::{Appid, Clock, Elapsed, Secret, Timestamp};
use shuttle::future::{block_on, spawn, yield_now};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// How many orders each test tries.
const ORDERS: usize = 3_000;

/// A clock; every look at it is a moment at which somebody else may go on.
struct Pausing(AtomicI64);

impl Clock for Pausing {
    fn now(&self) -> Timestamp {
        shuttle::thread::yield_now();
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Elapsed {
        Elapsed(0)
    }
}

/// A platform that numbers its tokens, and takes its time.
#[derive(Default)]
struct Issuer {
    asked: Mutex<u32>,
    /// What goes wrong first.
    silences: Mutex<VecDeque<()>>,
    /// How many are asking at the moment, and how many were at most.
    asking: Mutex<(u32, u32)>,
}

#[async_trait]
impl Transport for Issuer {
    async fn send(
        &self,
        _: http::Request<Bytes>,
        _: u64,
    ) -> Result<http::Response<Bytes>, Unanswered> {
        let number = {
            let mut asking = self.asking.lock().expect("not poisoned");
            asking.0 += 1;
            asking.1 = asking.1.max(asking.0);
            let mut asked = self.asked.lock().expect("not poisoned");
            *asked += 1;
            *asked
        };
        // Whoever is no longer waited for has left the line too.
        let _left = Left(&self.asking);
        yield_now().await;
        yield_now().await;
        if self.silences.lock().expect("not poisoned").pop_front().is_some() {
            return Err(Unanswered::Unknown("told not to answer".to_owned()));
        }
        let body = format!(r#"{{"access_token":"T{number}","expires_in":7200}}"#);
        Ok(http::Response::new(Bytes::from(body)))
    }
}

struct Left<'a>(&'a Mutex<(u32, u32)>);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.0.lock().expect("not poisoned").0 -= 1;
    }
}

struct Town {
    owner: TokenOwner,
    issuer: Arc<Issuer>,
    clock: Arc<Pausing>,
}

fn town() -> Arc<Town> {
    let (issuer, clock) = (Arc::new(Issuer::default()), Arc::new(Pausing(AtomicI64::new(0))));
    let account = (Appid::new("wx1"), Secret::new(*b"secret"));
    let owner =
        TokenOwner::new(issuer.clone(), clock.clone(), "http://platform.test", account, 1_000);
    Arc::new(Town { owner, issuer, clock })
}

impl Town {
    fn asked(&self) -> u32 {
        *self.issuer.asked.lock().expect("not poisoned")
    }

    fn asking_at_most(&self) -> u32 {
        self.issuer.asking.lock().expect("not poisoned").1
    }
}

#[test]
fn of_many_who_need_a_token_one_asks() {
    let scene = || {
        let town = town();
        for renewal in 1..=2 {
            let waiting: Vec<_> = (0..4)
                .map(|_| {
                    let town = town.clone();
                    spawn(async move { town.owner.token().await })
                })
                .collect();
            for waiter in waiting {
                let token = block_on(waiter).expect("nobody is lost").expect("a token");
                assert_eq!(token, format!("T{renewal}"));
            }
            assert_eq!(town.asked(), renewal);
            // It is renewed five minutes before its end.
            town.clock.0.fetch_add(6_900_000, Ordering::SeqCst);
        }
    };
    shuttle::check_random(scene, ORDERS);
    shuttle::check_pct(scene, ORDERS, 3);
}

#[test]
fn where_the_first_hears_nothing_the_others_still_ask() {
    let scene = || {
        let town = town();
        town.issuer.silences.lock().expect("not poisoned").extend([(), ()]);
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let town = town.clone();
                spawn(async move { town.owner.token().await })
            })
            .collect();
        let answers: Vec<_> =
            waiting.into_iter().map(|waiter| block_on(waiter).expect("nobody is lost")).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 2);
        assert_eq!((town.asked(), town.asking_at_most()), (3, 1));
    };
    shuttle::check_random(scene, ORDERS);
}

#[test]
fn whoever_goes_away_while_asking_leaves_the_place_to_the_next() {
    let scene = || {
        let town = town();
        let leaving = {
            let town = town.clone();
            spawn(async move { town.owner.token().await.is_ok() })
        };
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let town = town.clone();
                spawn(async move { town.owner.token().await })
            })
            .collect();
        leaving.abort();
        for waiter in waiting {
            block_on(waiter).expect("nobody is lost").expect("a token");
        }
        assert!(town.asked() <= 2 && town.asking_at_most() == 1);
    };
    shuttle::check_random(scene, ORDERS);
}

#[test]
fn a_refused_token_is_forgotten_once_and_never_the_next_one() {
    let scene = || {
        let town = town();
        let old = block_on(town.owner.token()).expect("a token");
        let refused: Vec<_> = (0..4)
            .map(|_| {
                let (town, old) = (town.clone(), old.clone());
                // Four calls were under way with the old one, and all of them hear that it is over.
                spawn(async move {
                    yield_now().await;
                    town.owner.forget(&old);
                    town.owner.token().await.expect("a token")
                })
            })
            .collect();
        for caller in refused {
            assert_eq!(block_on(caller).expect("nobody is lost"), "T2");
        }
        assert_eq!(town.asked(), 2);
    };
    shuttle::check_random(scene, ORDERS);
}
