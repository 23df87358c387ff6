//! Copies of a SQLite database taken while somebody writes to it.

use crate::{SCHEMA, counts, write_order};
use medpay_store::testing::ScratchDir;
use medpay_store::{Location, Options, Store, StoreError, backup, no_faults};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

async fn open(path: &Path) -> Store {
    let location = Location::Sqlite(path.to_owned());
    Store::open(&location, SCHEMA, &Options::default(), no_faults()).await.expect("a store")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_holds_all_that_was_acknowledged_before_it_and_only_whole_transactions() {
    let folder = ScratchDir::new("medpay-backup");
    let (from, to) = (folder.path().join("live.db"), folder.path().join("copy.db"));
    let live = open(&from).await;
    let (written, enough) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
    let writing = tokio::spawn({
        let (live, written, enough) = (live.clone(), Arc::clone(&written), Arc::clone(&enough));
        async move {
            while !enough.load(Ordering::SeqCst) {
                let number = format!("A{}", written.load(Ordering::SeqCst));
                write_order(&live, &number).await.expect("an order");
                written.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    while written.load(Ordering::SeqCst) < 100 {
        tokio::task::yield_now().await;
    }
    let before = written.load(Ordering::SeqCst);
    let length = backup::sqlite(&from, &to).await.expect("a copy");
    enough.store(true, Ordering::SeqCst);
    writing.await.expect("nobody panics");

    let about = std::fs::metadata(&to).expect("the copy");
    assert_eq!((about.len(), about.permissions().mode() & 0o777), (length, 0o600));
    let (orders, events) = counts(&open(&to).await).await;
    assert_eq!(orders, events, "half of a transaction");
    let after = written.load(Ordering::SeqCst);
    assert!((before..=after).contains(&orders), "{orders} of {before} to {after}");
}

#[tokio::test]
async fn a_copy_overwrites_nothing_and_leaves_nothing_unfinished() {
    let folder = ScratchDir::new("medpay-backup");
    let (from, to) = (folder.path().join("live.db"), folder.path().join("copy.db"));
    let refused = backup::sqlite(&from, &to).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let live = open(&from).await;
    write_order(&live, "A1").await.expect("an order");
    std::fs::write(&to, "somebody's").expect("a file");
    let refused = backup::sqlite(&from, &to).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(std::fs::read(&to).expect("the file"), b"somebody's");
    let names = std::fs::read_dir(folder.path()).expect("a folder").flatten();
    let unfinished =
        |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|e| e == "unfinished");
    assert_eq!(names.filter(unfinished).count(), 0);
}
