//! The gateway's schema. A file is never edited once it has landed; a change is a new number.

use medpay_store::Migration;

/// The gateway's migrations, in order.
pub const SCHEMA: &[Migration] = &[
    Migration { number: 1, name: "payments", sql: include_str!("../migrations/0001_payments.sql") },
    Migration { number: 2, name: "account", sql: include_str!("../migrations/0002_account.sql") },
    Migration {
        number: 3,
        name: "visit_cards",
        sql: include_str!("../migrations/0003_visit_cards.sql"),
    },
    Migration { number: 4, name: "bookings", sql: include_str!("../migrations/0004_bookings.sql") },
    Migration {
        number: 5,
        name: "payment_orders",
        sql: include_str!("../migrations/0005_payment_orders.sql"),
    },
    Migration { number: 6, name: "refunds", sql: include_str!("../migrations/0006_refunds.sql") },
    Migration { number: 7, name: "window", sql: include_str!("../migrations/0007_window.sql") },
    Migration {
        number: 8,
        name: "reminders",
        sql: include_str!("../migrations/0008_reminders.sql"),
    },
    Migration { number: 9, name: "messages", sql: include_str!("../migrations/0009_messages.sql") },
    Migration { number: 10, name: "help", sql: include_str!("../migrations/0010_help.sql") },
    Migration { number: 11, name: "his_api", sql: include_str!("../migrations/0011_his_api.sql") },
    Migration {
        number: 12,
        name: "channels",
        sql: include_str!("../migrations/0012_channels.sql"),
    },
];
