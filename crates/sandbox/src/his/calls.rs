//! The calls by name.

use super::His;
use super::answers::Said;
use super::desk::Desk;
use crate::books::BookError;
use crate::faults::Delivery;
use medpay_domain::Timestamp;
use medpay_wire::his::bills::{
    ConfirmBill, FindBill, FindInvoice, ListBills, ListDay, LockBill, ReleaseBill,
};
use medpay_wire::his::bookings::{
    Book, CancelBooking, FindBooking, ListBookings, ListDepartments, ListDoctors, ListSchedules,
    TakeNumber,
};
use medpay_wire::his::patients::{CreateVisitCard, FindPatient, FindPatients};
use medpay_wire::his::refunds::{ConfirmRefund, GrantRefund};
use medpay_wire::his::results::{FindResult, ListPrescriptions, ListResults};
use medpay_wire::his::{Call, RefusalCode};

impl His {
    /// Answers the call `name`, whose signature was checked; `key` is empty where none was sent.
    pub(crate) fn call(
        &self,
        name: &str,
        key: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Delivery<Said>, BookError> {
        macro_rules! dispatch {
            ($($ask:ident => $act:ident),* $(,)?) => {
                match name {
                    $($ask::NAME => self.one::<$ask>(key, body, now, |desk, ask| {
                        Desk::$act(desk, &ask)
                    }),)*
                    _ => {
                        let message = "the contract has no such call";
                        Ok(Delivery::Answer(Said::no(RefusalCode::NotFound, message)))
                    }
                }
            };
        }
        dispatch! {
            FindPatients => find_patients,
            FindPatient => find_patient,
            CreateVisitCard => create_visit_card,
            ListDepartments => list_departments,
            ListDoctors => list_doctors,
            ListSchedules => list_schedules,
            Book => book,
            CancelBooking => cancel_booking,
            TakeNumber => take_number,
            FindBooking => find_booking,
            ListBookings => list_bookings,
            ListBills => list_bills,
            FindBill => find_bill,
            LockBill => lock_bill,
            ReleaseBill => release_bill,
            ConfirmBill => confirm_bill,
            ListDay => list_day,
            FindInvoice => find_invoice,
            GrantRefund => grant_refund,
            ConfirmRefund => confirm_refund,
            ListPrescriptions => list_prescriptions,
            ListResults => list_results,
            FindResult => find_result,
        }
    }
}
