//! The sandbox's courier, which carries a test institution's payment notifications, and on demand
//! drops, delays, repeats, reorders and alters them: `docs/contracts/courier.md`.
//!
//! `POST /courier/forward` with the notification as the body and the header below; the answer is
//! the hospital's own (status, body), or 502 where the hospital did not answer or the courier
//! dropped it.

/// Names the hospital's `notify_url`.
pub const FORWARD_TO: &str = "x-medpay-forward-to";
