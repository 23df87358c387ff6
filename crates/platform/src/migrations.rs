//! The platform's schema. A file is never edited once it has landed; a change is a new number.

use medpay_store::Migration;

/// The platform's migrations, in order; each is written by the folder its name begins with.
pub const SCHEMA: &[Migration] = &[
    Migration { number: 1, name: "access", sql: include_str!("../migrations/0001_access.sql") },
    Migration { number: 2, name: "cards", sql: include_str!("../migrations/0002_cards.sql") },
    Migration {
        number: 3,
        name: "registrations",
        sql: include_str!("../migrations/0003_registrations.sql"),
    },
    Migration { number: 4, name: "orders", sql: include_str!("../migrations/0004_orders.sql") },
    Migration { number: 5, name: "refunds", sql: include_str!("../migrations/0005_refunds.sql") },
    Migration {
        number: 6,
        name: "notifications",
        sql: include_str!("../migrations/0006_notifications.sql"),
    },
    Migration { number: 7, name: "messages", sql: include_str!("../migrations/0007_messages.sql") },
];
