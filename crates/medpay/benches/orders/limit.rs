//! The limit: SQLite's natural group commit, with no HTTP, no signature and one statement.

use crate::CLIENTS;
use medpay::system::SystemClock;
use medpay_domain::Clock as _;
use rusqlite::{Connection, params};
use std::sync::mpsc;

/// What a client thread hands to the writer: a row's number, and where to answer.
struct Handed {
    number: i64,
    answer: mpsc::SyncSender<()>,
}

/// Rows a second, each answered after the commit that holds it.
pub(crate) fn rows_per_second(round_ms: i64) -> anyhow::Result<u64> {
    let directory = tempfile::tempdir()?;
    let connection = Connection::open(directory.path().join("limit.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, mch TEXT, number TEXT, body TEXT);
         CREATE UNIQUE INDEX orders_number ON orders (mch, number);",
    )?;

    let clock = SystemClock::new();
    let end = clock.elapsed().plus_ms(round_ms);
    let (to_writer, queue) = mpsc::sync_channel::<Handed>(CLIENTS);
    let writer = std::thread::spawn(move || write_what_is_queued(connection, &queue));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let to_writer = to_writer.clone();
            let clock = clock.clone();
            std::thread::spawn(move || {
                let (answer, answered) = mpsc::sync_channel(1);
                let mut number = i64::try_from(client).unwrap_or(0) << 32;
                while clock.elapsed() < end {
                    number += 1;
                    let handed = Handed { number, answer: answer.clone() };
                    if to_writer.send(handed).is_err() || answered.recv().is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    drop(to_writer);
    for client in clients {
        client.join().map_err(|_| anyhow::anyhow!("a client of the limit panicked"))?;
    }
    let rows = writer.join().map_err(|_| anyhow::anyhow!("the limit's writer panicked"))??;
    Ok(rows * 1000 / u64::try_from(round_ms)?)
}

/// One transaction for all that is queued, then the answers.
fn write_what_is_queued(
    mut connection: Connection,
    queue: &mpsc::Receiver<Handed>,
) -> rusqlite::Result<u64> {
    let body = "x".repeat(900);
    let mut rows = 0;
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(CLIENTS));
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO orders (mch, number, body) VALUES (?1, ?2, ?3)")?;
            for handed in &batch {
                insert.execute(params!["1900000001", format!("H{:016}", handed.number), body])?;
            }
        }
        transaction.commit()?;
        for handed in batch {
            rows += 1;
            // A client that is gone needs no answer.
            let _ = handed.answer.send(());
        }
    }
    Ok(rows)
}
