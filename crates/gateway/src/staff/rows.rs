//! The tables `staff_queue` and `staff_actions`.

use super::queue::{Item, Kind};
use medpay_domain::{HospOutTradeNo, OrgNo, Timestamp};
use medpay_store::{Row, StoreError, Tx, args};

/// An item as it lies in the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stored {
    pub(super) item: Item,
    pub(super) opened_at: Timestamp,
}

/// What somebody did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Action {
    pub(super) what: String,
    pub(super) by: String,
    pub(super) note: String,
    pub(super) at: Timestamp,
}

/// Writes `item` unless it is listed already; answers whether it was not.
pub(super) async fn put(
    tx: &mut Tx,
    org_no: &OrgNo,
    item: &Item,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let put = tx
        .exec(
            "INSERT INTO staff_queue (org_no, kind, key, hosp_out_trade_no, what, open,
                 opened_at_ms)
             VALUES ($1, $2, $3, $4, $5, 1, $6)
             ON CONFLICT (org_no, kind, key) DO UPDATE
                SET what = $5, open = 1, opened_at_ms = $6, closed_at_ms = NULL
              WHERE staff_queue.open = 0",
            args![org_no, item.kind.word(), item.key, item.hosp_out_trade_no, item.what, now],
        )
        .await?;
    Ok(put == 1)
}

/// Closes the open items of an order, of one kind or of all; answers how many there were.
pub(super) async fn close(
    tx: &mut Tx,
    org_no: &OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
    kind: Option<Kind>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut sql = "UPDATE staff_queue SET open = 0, closed_at_ms = $1
          WHERE org_no = $2 AND hosp_out_trade_no = $3 AND open = 1"
        .to_owned();
    let mut args = args![now, org_no, hosp_out_trade_no];
    if let Some(kind) = kind {
        sql.push_str(" AND kind = $4");
        args.extend(args![kind.word()]);
    }
    tx.exec(&sql, args).await
}

const COLUMNS: &str = "kind, key, hosp_out_trade_no, what, opened_at_ms";

/// The open items of a hospital, the longest waiting first.
pub(super) async fn open(tx: &mut Tx, org_no: &OrgNo) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM staff_queue WHERE org_no = $1 AND open = 1
          ORDER BY opened_at_ms, hosp_out_trade_no, kind, key"
    );
    tx.all(&sql, args![org_no]).await?.iter().map(read).collect()
}

/// The open items of an order.
pub(super) async fn open_of(
    tx: &mut Tx,
    org_no: &OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM staff_queue
          WHERE org_no = $1 AND hosp_out_trade_no = $2 AND open = 1
          ORDER BY opened_at_ms, kind, key"
    );
    tx.all(&sql, args![org_no, hosp_out_trade_no]).await?.iter().map(read).collect()
}

/// Writes down what somebody did about an order.
pub(super) async fn insert_action(
    tx: &mut Tx,
    org_no: &OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
    action: &Action,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO staff_actions (org_no, hosp_out_trade_no, number, action, by_name, note,
             at_ms)
         SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6 FROM staff_actions
          WHERE org_no = $1 AND hosp_out_trade_no = $2",
        args![org_no, hosp_out_trade_no, action.what, action.by, action.note, action.at],
    )
    .await?;
    Ok(())
}

/// What was done about an order, oldest first.
pub(super) async fn actions_of(
    tx: &mut Tx,
    org_no: &OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Vec<Action>, StoreError> {
    let rows = tx
        .all(
            "SELECT action, by_name, note, at_ms FROM staff_actions
              WHERE org_no = $1 AND hosp_out_trade_no = $2 ORDER BY number",
            args![org_no, hosp_out_trade_no],
        )
        .await?;
    let action = |row: &Row| {
        Ok(Action { what: row.get(0)?, by: row.get(1)?, note: row.get(2)?, at: row.get(3)? })
    };
    rows.iter().map(action).collect()
}

fn read(row: &Row) -> Result<Stored, StoreError> {
    let (word, key): (String, String) = (row.get(0)?, row.get(1)?);
    let kind = Kind::parse(&word).ok_or_else(|| StoreError::Corrupt {
        table: "staff_queue",
        column: "kind",
        key: key.clone(),
    })?;
    let hosp_out_trade_no = HospOutTradeNo::new(row.get::<String>(2)?);
    let item = Item { kind, key, hosp_out_trade_no, what: row.get(3)? };
    Ok(Stored { item, opened_at: row.get(4)? })
}
