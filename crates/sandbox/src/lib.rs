//! The other parties as servers: the bureau, the wallet, WeChat, the courier, the test clock, and the
//! patient's phone.
//!
//! Each party is a plain deterministic object with its own small book: commands in, answers out,
//! time and chance handed in. HTTP ([`shell`]) is a thin layer around them. The parties know no
//! number of the platform but the idempotency key; they answer a repeated key with its first answer
//! and say "unknown" only of keys they never saw. Faults live here and nowhere else ([`faults`]).

pub mod clock;
pub mod faults;
pub mod persons;
pub mod sandbox;
pub mod settings;
pub mod shell;

mod books;

pub use books::BookError;
pub use clock::TestClock;
pub use persons::{Behaviour, Person, Persons, PersonsFault};
pub use sandbox::{OpenError, Sandbox};
pub use settings::{Account, Settings, Template};
