//! What is true of money, time and the parties' orders, with no I/O at all.
//!
//! This crate holds amounts ([`Fen`]), identifiers, personal values whose `Debug` masks them, the
//! calendar of Beijing, the traits through which time and chance are handed in ([`Clock`],
//! [`Entropy`]), what a city allows ([`City`]), the pure state machines of the platform and of the
//! hospital, and the comparison of books. It is not async and knows no XML, SQL, JSON or HTTP.

pub mod books;
pub mod card_type;
pub mod city;
pub mod clock;
pub mod entropy;
pub mod fen;
pub mod hospital;
pub mod identifiers;
pub mod personal;
pub mod platform;
pub mod secret;
pub mod time;

pub use card_type::CardType;
pub use city::{City, Dialect, SumRule};
pub use clock::Clock;
pub use entropy::Entropy;
pub use fen::Fen;
pub use identifiers::*;
pub use personal::{CardNo, IdDigest, Openid, PersonName, PhoneNo};
pub use secret::Secret;
pub use time::{Day, Elapsed, Timestamp};
