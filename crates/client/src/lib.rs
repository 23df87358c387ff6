//! One call to another party, with its three outcomes: answered, not sent, unknown.
//!
//! Bytes travel over a [`Transport`], which simulation replaces. On it stand [`call_json`] for the
//! JSON contracts of `medpay_wire::contracts`, [`SignedClient`] for `/payinsurance/*`, and
//! [`public_account`] for access tokens. Deliberately not here: retries and state. Whether to ask
//! again is the caller's decision, because only the caller knows what asking twice would do.

mod http_transport;
mod json;
pub mod public_account;
mod signed;
mod transport;

pub use http_transport::HttpTransport;
pub use json::call_json;
pub use signed::{Downloaded, SignedClient, signed_reply};
pub use transport::{AnswerLimit, Transport, Unanswered};
