//! Booking, cancelling, taking a number.

use super::books;
use super::desk::{Desk, No};
use super::papers::{BillPaper, BookingPaper};
use super::schedules::Slot;
use crate::books::BookError;
use medpay_domain::Day;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::BillState;
use medpay_wire::his::bookings::{
    Book, Booking, BookingState, Bookings, CancelBooking, FindBooking, ListBookings, TakeNumber,
};

impl Desk<'_> {
    pub(super) fn book(&self, ask: &Book) -> Result<Booking, No> {
        self.patient(&ask.patient_id)?;
        let slot = self.data.slot(&ask.schedule_id);
        let slot = slot.ok_or_else(|| No::unknown("no such schedule"))?;
        let booking = self.take_place(&ask.patient_id, &slot, "medpay")?;
        Ok(self.shown_booking(&booking)?)
    }

    /// Keeps a place, if there is one.
    pub(super) fn take_place(
        &self,
        patient_id: &str,
        slot: &Slot<'_>,
        source: &str,
    ) -> Result<BookingPaper, No> {
        if !self.is_open(slot.day) || slot.ends <= self.now {
            return Err(No::new(RefusalCode::WrongState, "the schedule is not open"));
        }
        let own: Vec<BookingPaper> = books::of_patient(self.book, patient_id)?;
        let twice = own.iter().any(|it| {
            it.schedule_id == slot.schedule_id
                && !matches!(it.state, BookingState::Cancelled | BookingState::Missed)
        });
        if twice {
            let message = "the patient has a booking with that doctor at that time";
            return Err(No::new(RefusalCode::BookedAlready, message));
        }
        let given = self.given(slot.day)?.remove(&slot.schedule_id).unwrap_or_default();
        if given >= slot.places {
            return Err(No::new(RefusalCode::NoPlaceLeft, "no place left"));
        }
        Ok(self.new_booking(patient_id, slot, source)?)
    }

    fn new_booking(
        &self,
        patient_id: &str,
        slot: &Slot<'_>,
        source: &str,
    ) -> Result<BookingPaper, BookError> {
        let mut booking = BookingPaper {
            booking_no: self.number('G')?,
            patient_id: patient_id.to_owned(),
            schedule_id: slot.schedule_id.clone(),
            doctor_id: slot.doctor.id.clone(),
            day: slot.day,
            time: slot.time.clone(),
            source: source.to_owned(),
            state: BookingState::Booked,
            queue_no: None,
            bill_no: None,
            serial_no: self.number('S')?,
        };
        if !slot.doctor.fee().is_zero() {
            let bill = self.new_registration_bill(&booking, slot.doctor)?;
            booking.bill_no = Some(bill.bill.bill_no.as_str().to_owned());
        }
        books::put(self.book, &booking)?;
        Ok(booking)
    }

    /// Books through another channel the first place of a day that is left, if one is.
    pub(super) fn book_somewhere(
        &self,
        patient_id: &str,
        doctor_id: &str,
        day: Day,
        source: &str,
    ) -> Result<Option<BookingPaper>, BookError> {
        for slot in self.slots(self.data.doctor(doctor_id).into_iter(), day) {
            match self.take_place(patient_id, &slot, source) {
                Ok(booking) => return Ok(Some(booking)),
                Err(No::Refused(_)) => {}
                Err(No::Book(fault)) => return Err(fault),
            }
        }
        Ok(None)
    }

    /// A booking as the contract tells it.
    pub(super) fn shown_booking(&self, paper: &BookingPaper) -> Result<Booking, BookError> {
        let doctor = self.data.doctor(&paper.doctor_id);
        let department = doctor.and_then(|doctor| self.data.department(&doctor.department));
        let bill = self.bill_of(paper)?.map(|bill| self.shown_bill(&bill)).transpose()?;
        let unpaid = bill.as_ref().is_some_and(|bill| {
            paper.state == BookingState::Booked
                && matches!(bill.state, BillState::Pending | BillState::Locked)
        });
        Ok(Booking {
            booking_no: paper.booking_no.clone(),
            patient_id: paper.patient_id.clone(),
            department: department.map(|it| it.name.clone()).unwrap_or_default(),
            doctor: doctor.map(|it| it.name.clone()).unwrap_or_default(),
            place: department.map(|it| it.place.clone()).unwrap_or_default(),
            day: paper.day,
            time: paper.time.clone(),
            source: paper.source.clone(),
            state: paper.state,
            queue_no: paper.queue_no.clone(),
            keeps_until: unpaid.then(|| paper.day.end()),
            bill,
        })
    }

    /// The booking of this number.
    pub(super) fn booking(&self, booking_no: &str) -> Result<BookingPaper, No> {
        books::get(self.book, booking_no)?.ok_or_else(|| No::unknown("no such booking"))
    }

    pub(super) fn find_booking(&self, ask: &FindBooking) -> Result<Booking, No> {
        Ok(self.shown_booking(&self.booking(&ask.booking_no)?)?)
    }

    pub(super) fn list_bookings(&self, ask: &ListBookings) -> Result<Bookings, No> {
        self.patient(&ask.patient_id)?;
        let mut own: Vec<BookingPaper> = books::of_patient(self.book, &ask.patient_id)?;
        own.retain(|it| it.day >= ask.from && it.day <= ask.to);
        own.sort_by(|a, b| (a.day, &a.time).cmp(&(b.day, &b.time)));
        let shown = own.iter().map(|it| self.shown_booking(it)).collect::<Result<_, _>>()?;
        Ok(Bookings { bookings: shown })
    }

    pub(super) fn cancel_booking(&self, ask: &CancelBooking) -> Result<Booking, No> {
        let mut booking = self.booking(&ask.booking_no)?;
        let bill = self.bill_of(&booking)?;
        let free_or_unpaid = |bill: &BillPaper| bill.bill.state == BillState::Pending;
        match booking.state {
            BookingState::Cancelled => return Ok(self.shown_booking(&booking)?),
            BookingState::Booked | BookingState::NumberTaken
                if bill.as_ref().is_none_or(free_or_unpaid) => {}
            _ => {
                let message = "paid, being paid, seen or missed: not to be cancelled";
                return Err(No::new(RefusalCode::WrongState, message));
            }
        }
        if let Some(mut bill) = bill {
            bill.bill.state = BillState::Voided;
            books::put(self.book, &bill)?;
        }
        booking.state = BookingState::Cancelled;
        books::put(self.book, &booking)?;
        Ok(self.shown_booking(&booking)?)
    }

    pub(super) fn take_number(&self, ask: &TakeNumber) -> Result<Booking, No> {
        let mut booking = self.booking(&ask.booking_no)?;
        if booking.state == BookingState::NumberTaken {
            return Ok(self.shown_booking(&booking)?);
        }
        let bill = self.bill_of(&booking)?;
        let paid = bill.as_ref().is_none_or(|bill| bill.bill.state == BillState::Paid);
        if booking.state != BookingState::Booked || booking.day != self.today() || !paid {
            let message = "a number is taken on the day of the visit, of a paid booking";
            return Err(No::new(RefusalCode::WrongState, message));
        }
        self.queue(&mut booking)?;
        Ok(self.shown_booking(&booking)?)
    }

    /// Puts a patient into the doctor's queue of today.
    pub(super) fn queue(&self, booking: &mut BookingPaper) -> Result<(), BookError> {
        let series = format!("queue {} {}", booking.doctor_id, booking.day.wire());
        let next = books::next_number(self.book, &series)?;
        booking.queue_no = Some(format!("{}-{next:03}", booking.doctor_id));
        booking.state = BookingState::NumberTaken;
        books::put(self.book, booking)
    }
}
