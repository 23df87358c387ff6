//! The gateway's schema. A file is never edited once it has landed; a change is a new number.

use medpay_store::Migration;

/// The gateway's migrations, in order; each is written by the folder its name begins with.
pub const SCHEMA: &[Migration] = &[Migration {
    number: 1,
    name: "payments",
    sql: include_str!("../migrations/0001_payments.sql"),
}];
