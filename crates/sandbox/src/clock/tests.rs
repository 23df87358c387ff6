use super::*;
use crate::testing::{Machine, noon};
use std::sync::atomic::Ordering;
use tempfile::TempDir;

fn town() -> (Arc<TestClock>, Arc<Machine>, TempDir) {
    let folder = TempDir::new().expect("a folder");
    let machine = Machine::at_noon();
    (open(&folder, &machine), machine, folder)
}

fn open(folder: &TempDir, machine: &Arc<Machine>) -> Arc<TestClock> {
    let machine: Arc<dyn Clock> = Arc::clone(machine) as Arc<dyn Clock>;
    TestClock::open(folder.path(), machine).expect("a book")
}

fn pass(machine: &Machine, seconds: i64) {
    machine.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    machine.elapsed.fetch_add(seconds * 1000, Ordering::SeqCst);
}

#[test]
fn a_new_clock_shows_the_machines_time() {
    let (clock, machine, _folder) = town();
    assert_eq!(clock.reading(), Reading { version: 1, now: noon(), frozen: false });
    pass(&machine, 7);
    assert_eq!(clock.now(), noon().plus_seconds(7));
}

#[test]
fn a_frozen_clock_stands_and_goes_on_from_there() {
    let (clock, machine, _folder) = town();
    clock.change(Change::Freeze).expect("a change");
    pass(&machine, 60);
    assert_eq!(clock.now(), noon());
    clock.change(Change::Advance { seconds: 5 }).expect("a change");
    assert_eq!(clock.now(), noon().plus_seconds(5));
    clock.change(Change::Run).expect("a change");
    pass(&machine, 1);
    assert_eq!(clock.now(), noon().plus_seconds(6));
    assert_eq!(clock.elapsed(), Elapsed(61_000));
}

#[test]
fn only_set_goes_back() {
    let (clock, _machine, _folder) = town();
    let back = clock.change(Change::Advance { seconds: -1 });
    assert!(matches!(back, Err(ChangeFault::Backward)));
    assert_eq!(clock.reading().version, 1);
    let earlier = noon().plus_seconds(-3600);
    let reading = clock.change(Change::Set { to: earlier }).expect("a change");
    assert_eq!(reading, Reading { version: 2, now: earlier, frozen: false });
}

#[test]
fn a_restarted_clock_goes_on_from_where_it_stood() {
    let (clock, machine, folder) = town();
    clock.change(Change::Advance { seconds: 86_400 }).expect("a change");
    drop(clock);
    pass(&machine, 10);
    let clock = open(&folder, &machine);
    assert_eq!(clock.now(), noon().plus_seconds(86_410));
    clock.change(Change::Freeze).expect("a change");
    drop(clock);
    pass(&machine, 10);
    let clock = open(&folder, &machine);
    let expected = Reading { version: 3, now: noon().plus_seconds(86_410), frozen: true };
    assert_eq!(clock.reading(), expected);
}

#[tokio::test]
async fn a_question_waits_for_the_next_version() {
    let (clock, _machine, _folder) = town();
    assert_eq!(clock.reading_after(0, None).await.version, 1);
    let waiting = tokio::spawn({
        let clock = Arc::clone(&clock);
        async move { clock.reading_after(1, None).await }
    });
    clock.change(Change::Advance { seconds: 5 }).expect("a change");
    let reading = waiting.await.expect("a reading");
    assert_eq!((reading.version, reading.now), (2, noon().plus_seconds(5)));
}

#[tokio::test]
async fn a_change_is_answered_once_its_followers_have_it() {
    let (clock, _machine, _folder) = town();
    let (seen, mut newest) = tokio::sync::watch::channel(0);
    let follower = tokio::spawn({
        let clock = Arc::clone(&clock);
        async move {
            let mut has = 0;
            loop {
                has = clock.reading_after(has, Some("platform")).await.version;
                seen.send_replace(has);
            }
        }
    });
    newest.wait_for(|version| *version == 1).await.expect("a follower");
    let reading = clock.change_and_wait(Change::Advance { seconds: 5 }).await.expect("a change");
    assert_eq!((reading.version, *newest.borrow()), (2, 2));
    follower.abort();
}

#[tokio::test]
async fn a_follower_that_hangs_counts_for_five_seconds() {
    let (clock, machine, _folder) = town();
    // It has asked, and never asks again.
    assert_eq!(clock.reading_after(0, Some("platform")).await.version, 1);
    let reading = clock.change(Change::Freeze).expect("a change");
    assert!(!clock.followers_have(reading.version));
    pass(&machine, 5);
    assert!(!clock.followers_have(reading.version));
    pass(&machine, 1);
    assert!(clock.followers_have(reading.version));
}
