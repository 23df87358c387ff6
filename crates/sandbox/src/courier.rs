//! The courier: what happens to a test institution's payment notification on its way, chosen by
//! the order's amount (PROTOCOL 11) or by switch. It decides; the shell carries.

use crate::books::{self as common, Book, BookError};
use crate::faults::{AmountFault, Armed, Fault};
use crate::settings::Account;
use medpay_domain::Fen;
use medpay_wire::fields::Fields;
use medpay_wire::sign::{self, ApiKey};
use std::path::Path;

/// The courier.
pub struct Courier {
    book: Book,
    accounts: Vec<Account>,
}

/// What happens to one notification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trip {
    /// It does not arrive.
    Dropped,
    /// It arrives.
    Delivered {
        /// What the hospital receives.
        body: Vec<u8>,
        /// How often.
        times: u32,
        /// How long it is held back before.
        held: Held,
    },
}

/// How long a notification is held back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// Not at all.
    No,
    /// Some seconds.
    Seconds,
    /// Until another one has overtaken it, or some seconds.
    UntilOvertaken,
}

impl Courier {
    /// Opens the courier whose book is in `folder`; the accounts' keys sign altered notifications.
    pub fn open(folder: &Path, accounts: Vec<Account>) -> Result<Self, BookError> {
        let book = Book::open(folder, "courier.db", common::COURIER)?;
        Ok(Self { book, accounts })
    }

    /// Decides the trip of the notification `body`.
    ///
    /// What an amount alters (133, 134) it alters once per order: the schedule brings the right one
    /// later. What cannot be read is carried as it is.
    pub fn decide(&self, body: &[u8]) -> Result<Trip, BookError> {
        let plain = Trip::Delivered { body: body.to_vec(), times: 1, held: Held::No };
        let fields = Fields::from_xml(body).ok();
        self.book.write(|book| {
            if let Some(fault) = common::take_armed(book, "forward")? {
                return Ok(self.by_switch(fault, body, fields.as_ref()).unwrap_or(plain));
            }
            let Some(fields) = &fields else { return Ok(plain) };
            let total_fee = fields.get("total_fee").and_then(|text| text.parse().ok());
            let fault = total_fee.and_then(Fen::new).and_then(AmountFault::of);
            let first = |book| {
                common::first_alteration(book, fields.get("med_trans_id").unwrap_or_default())
            };
            Ok(match fault {
                Some(AmountFault::NoNotification | AmountFault::PaymentFails) => Trip::Dropped,
                Some(AmountFault::NotificationRepeated) => {
                    Trip::Delivered { body: body.to_vec(), times: 2, held: Held::No }
                }
                Some(AmountFault::NotificationBadSign) if first(book)? => {
                    bad_sign(fields).unwrap_or(plain)
                }
                Some(AmountFault::NotificationOtherAmount) if first(book)? => {
                    self.other_amount(fields).unwrap_or(plain)
                }
                _ => plain,
            })
        })
    }

    fn by_switch(&self, fault: Fault, body: &[u8], fields: Option<&Fields>) -> Option<Trip> {
        let as_it_is = |times, held| Trip::Delivered { body: body.to_vec(), times, held };
        match fault {
            Fault::Drop => Some(Trip::Dropped),
            Fault::Delay => Some(as_it_is(1, Held::Seconds)),
            Fault::Repeat => Some(as_it_is(2, Held::No)),
            Fault::Reorder => Some(as_it_is(1, Held::UntilOvertaken)),
            Fault::BadSign => bad_sign(fields?),
            Fault::OtherAmount => self.other_amount(fields?),
            Fault::Refuse
            | Fault::NotDone
            | Fault::DoneAnswerLost
            | Fault::AnswerLate
            | Fault::Down => None,
        }
    }

    /// One fen more, with a right sign; `None` if nobody's key is known here.
    fn other_amount(&self, fields: &Fields) -> Option<Trip> {
        let mch_id = fields.get("mch_id")?;
        let key = self
            .accounts
            .iter()
            .filter(|account| account.mch_id.as_ref().is_some_and(|it| it.as_str() == mch_id))
            .find_map(|account| ApiKey::new(account.api_key.as_deref()?))?;
        let total_fee: i64 = fields.get("total_fee")?.parse().ok()?;
        let mut fields = fields.clone();
        fields.set("total_fee", (total_fee + 1).to_string());
        sign::sign_into(&mut fields, &key);
        let body = fields.to_xml().into_bytes();
        Some(Trip::Delivered { body, times: 1, held: Held::No })
    }

    /// Arms a fault for the next `times` notifications.
    pub fn arm(&self, fault: Fault, times: u32) -> Result<(), BookError> {
        self.book.write(|book| common::arm(book, "forward", fault, times))
    }

    /// Forgets every armed fault.
    pub fn disarm(&self) -> Result<(), BookError> {
        self.book.write(|book| common::disarm(book))
    }

    /// What is armed.
    pub fn armed(&self) -> Result<Vec<Armed>, BookError> {
        self.book.read(common::armed)
    }
}

/// The same with another first character of the sign.
fn bad_sign(fields: &Fields) -> Option<Trip> {
    let sign = fields.get("sign")?;
    let first = if sign.starts_with('0') { '1' } else { '0' };
    let altered: String = std::iter::once(first).chain(sign.chars().skip(1)).collect();
    let mut fields = fields.clone();
    fields.set("sign", altered);
    let body = fields.to_xml().into_bytes();
    Some(Trip::Delivered { body, times: 1, held: Held::No })
}

#[cfg(test)]
mod tests;
