//! How a leg that moved is read from an event row: orders and refunds keep theirs apart, and list
//! them for the books in the same columns.

use crate::settings::Environment;
use medpay_domain::books::Party;
use medpay_domain::books::money::{Direction, Movement, Standing};
use medpay_store::{Arg, Row, StoreError, Tx};

/// Lists the movements that `sql` selects: environment, `med_trans_id`, event, key, reference,
/// amount and moment, in this order. `sides` tells whose money an event moved, and which way;
/// `table` is named where a row is corrupt.
pub(crate) async fn list(
    tx: &mut Tx,
    sql: &str,
    args: Vec<Arg>,
    table: &'static str,
    sides: fn(&str) -> (Party, Direction),
) -> Result<Vec<(Environment, Movement)>, StoreError> {
    tx.all(sql, args).await?.iter().map(|row| read(row, table, sides)).collect()
}

fn read(
    row: &Row,
    table: &'static str,
    sides: fn(&str) -> (Party, Direction),
) -> Result<(Environment, Movement), StoreError> {
    let key: String = row.get(3)?;
    let word: String = row.get(0)?;
    let environment = Environment::parse(&word).ok_or_else(|| StoreError::Corrupt {
        table,
        column: "environment",
        key: key.clone(),
    })?;
    let event: String = row.get(2)?;
    let (party, direction) = sides(&event);
    let movement = Movement {
        key,
        med_trans_id: row.get(1)?,
        party,
        direction,
        amount: row.get(5)?,
        standing: Standing::Done { reference: row.get(4)?, at: row.get(6)? },
    };
    Ok((environment, movement))
}
