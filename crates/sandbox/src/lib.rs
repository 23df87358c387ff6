//! The other parties as servers: the bureau, the wallet, WeChat, the courier, the test clock, and
//! the patient's phone.
//!
//! Each party is a plain deterministic object with its own small book: commands in, answers out,
//! time and chance handed in. HTTP (`shell`) is a thin layer around them. The parties know no
//! number of the platform but the idempotency key; they answer a repeated key with its first answer
//! and say "unknown" only of keys they never saw. Faults live here and nowhere else ([`faults`]).

pub mod bureau;
pub mod clock;
pub mod courier;
pub mod faults;
pub mod his;
pub mod persons;
pub mod sandbox;
pub mod settings;
pub mod wallet;
pub mod wechat;

mod books;
mod once;
mod phone;
mod shell;
#[cfg(test)]
mod testing;

pub use books::BookError;
pub use bureau::Bureau;
pub use clock::TestClock;
pub use courier::Courier;
pub use his::His;
pub use persons::{Behaviour, Person, Persons, PersonsFault};
pub use sandbox::{OpenError, Sandbox};
pub use settings::{Account, Callback, Encryption, HisSettings, PersonCookie, Settings, Template};
pub use wallet::Wallet;
pub use wechat::WeChat;
