//! The JSON contracts between medpay's own parts: what the platform asks of the bureau, of the
//! wallet and of WeChat beyond its public API, and how the sandbox's clock, courier and phone are
//! driven. `docs/contracts/` describes them for other implementers.
//!
//! Every call is a `POST` of one JSON object to `<base>/<name>`, answered by 200 and one JSON
//! object whose `answer` says which answer it is. Anything else is no answer: the outcome is
//! unknown.

pub mod adapters;
pub mod bureau;
pub mod clock;
pub mod courier;
pub mod notices;
pub mod phone;
pub mod wallet;
