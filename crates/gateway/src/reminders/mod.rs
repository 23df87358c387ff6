//! Reminders: of binding a card (guide §4.1.3), of a bill that a doctor has written (§4.1.4), of a
//! visit that is today, of a report that is ready.
//!
//! What causes one is written down with what caused it; the platform and the HIS are asked by the
//! worker, outside the quiet hours, so that nobody is told what is true no more.

mod bind;
mod round;
mod rows;
mod subject;
mod tell;
pub(crate) mod worker;

#[cfg(test)]
mod sagas;
#[cfg(test)]
mod tests;

pub(crate) use bind::visit_card_added;
pub(crate) use subject::{prescription_issued, result_ready, visit_booked};
