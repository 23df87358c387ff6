//! The HIS of an invented hospital, by the contract of `medpay_wire::his`: patients, bookings,
//! bills, refunds, reports. `docs/contracts/his.md` tells the contract; what is beyond it (the
//! hospital's data, what a newcomer finds, when nothing is given back) is the sandbox's invention.
//!
//! A doctor's and a window's doings ([`staff`]) are commands of the same object.

mod answers;
mod bills;
mod bookings;
mod books;
mod calls;
mod data;
mod desk;
mod insurance;
mod papers;
mod patients;
mod payments;
mod refunds;
mod results;
mod schedules;
mod staff;
#[cfg(test)]
mod tests;

use crate::books::{self as common, Book, BookError};
use crate::bureau::Bureau;
use crate::faults::{Armed, Fault};
use crate::persons::Persons;
use crate::settings::HisSettings;
use desk::Desk;
use medpay_domain::{OrgNo, Timestamp};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

pub(crate) use answers::Said;
pub(crate) use data::Data;
pub(crate) use papers::{BillPaper, PatientPaper, PaymentPaper, RefundPaper, ScanPaper};
pub(crate) use staff::{Chart, Overview, Scan};

/// One hospital's HIS.
pub struct His {
    settings: HisSettings,
    book: Book,
    data: Data,
    persons: Persons,
    bureau: Arc<Bureau>,
}

impl His {
    /// Opens the HIS whose book is in `folder`; a new one knows a few patients from the start, as
    /// of `now`.
    pub fn open(
        folder: &Path,
        settings: HisSettings,
        persons: Persons,
        bureau: Arc<Bureau>,
        now: Timestamp,
    ) -> Result<Self, BookError> {
        let file = format!("his-{}.db", settings.org_no.as_str());
        let book = Book::open(folder, &file, books::SCHEMA)?;
        let his = Self { settings, book, data: Data::built_in(), persons, bureau };
        his.book.write(|book| his.desk(book, now).know_the_first())?;
        Ok(his)
    }

    /// Whose it is.
    pub fn org_no(&self) -> &OrgNo {
        &self.settings.org_no
    }

    /// What it was opened with.
    pub fn settings(&self) -> &HisSettings {
        &self.settings
    }

    /// Departments, doctors and the fixed list.
    pub(crate) fn data(&self) -> &Data {
        &self.data
    }

    /// Does something in one transaction, once what has lapsed is marked so.
    fn at_desk<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&Desk<'_>) -> Result<T, BookError>,
    ) -> Result<T, BookError> {
        self.book.write(|book| {
            let desk = self.desk(book, now);
            desk.lapse()?;
            work(&desk)
        })
    }

    fn desk<'a>(&'a self, book: &'a Connection, now: Timestamp) -> Desk<'a> {
        Desk {
            settings: &self.settings,
            data: &self.data,
            persons: &self.persons,
            bureau: &self.bureau,
            book,
            now,
        }
    }

    /// Arms a fault for the next `times` calls of `call`; `*` for any.
    pub fn arm(&self, call: &str, fault: Fault, times: u32) -> Result<(), BookError> {
        self.book.write(|book| common::arm(book, call, fault, times))
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
