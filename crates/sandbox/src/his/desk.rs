//! Where a command is worked on: the hospital's data, its book in one transaction, and the time.

use super::books;
use super::data::Data;
use super::papers::{BillPaper, BookingPaper};
use crate::books::BookError;
use crate::bureau::Bureau;
use crate::persons::Persons;
use crate::settings::HisSettings;
use medpay_domain::{Day, Timestamp};
use medpay_wire::his::bills::BillState;
use medpay_wire::his::bookings::BookingState;
use medpay_wire::his::{Refusal, RefusalCode};
use rusqlite::Connection;

/// The desk.
pub(crate) struct Desk<'a> {
    pub(super) settings: &'a HisSettings,
    pub(super) data: &'a Data,
    pub(super) persons: &'a Persons,
    pub(super) bureau: &'a Bureau,
    pub(super) book: &'a Connection,
    pub(super) now: Timestamp,
}

/// Why a command came to nothing. A refusal has changed nothing.
pub(crate) enum No {
    Refused(Refusal),
    Book(BookError),
}

impl No {
    pub(super) fn new(code: RefusalCode, message: &str) -> Self {
        Self::Refused(Refusal { code, message: message.to_owned() })
    }

    /// There is no such thing.
    pub(super) fn unknown(what: &str) -> Self {
        Self::new(RefusalCode::NotFound, what)
    }
}

impl From<BookError> for No {
    fn from(fault: BookError) -> Self {
        Self::Book(fault)
    }
}

impl Desk<'_> {
    pub(super) fn today(&self) -> Day {
        self.now.day()
    }

    /// A number of the HIS's: a letter, the day, and six digits counted through.
    pub(super) fn number(&self, letter: char) -> Result<String, BookError> {
        let next = books::next_number(self.book, &letter.to_string())?;
        Ok(format!("{letter}{}{next:06}", self.today().wire()))
    }

    /// Once a day: whoever did not come has missed the visit, and an unpaid registration is given
    /// up. A bill that an order holds is left to that order.
    pub(super) fn lapse(&self) -> Result<(), BookError> {
        let today = self.today();
        let mark: u32 = today.wire().parse().unwrap_or_default();
        let before = books::remember(self.book, "lapsed before", mark)?;
        if before == mark {
            return Ok(());
        }
        let from = format!("{before:08}");
        let past: Vec<BookingPaper> = books::between(self.book, &from, today)?;
        for mut booking in past.into_iter().filter(|it| it.state == BookingState::Booked) {
            let bill = self.bill_of(&booking)?;
            match bill.map(|bill| (bill.bill.state, bill)) {
                Some((BillState::Locked, _)) => continue,
                Some((BillState::Pending, mut bill)) => {
                    bill.bill.state = BillState::Voided;
                    books::put(self.book, &bill)?;
                }
                _ => {}
            }
            booking.state = BookingState::Missed;
            books::put(self.book, &booking)?;
        }
        Ok(())
    }

    /// The bill of a booking; none of a free one.
    pub(super) fn bill_of(&self, booking: &BookingPaper) -> Result<Option<BillPaper>, BookError> {
        match &booking.bill_no {
            Some(bill_no) => books::get(self.book, bill_no),
            None => Ok(None),
        }
    }

    /// The booking of a registration's bill.
    pub(super) fn booking_of(&self, bill: &BillPaper) -> Result<Option<BookingPaper>, BookError> {
        match &bill.booking_no {
            Some(booking_no) => books::get(self.book, booking_no),
            None => Ok(None),
        }
    }
}
