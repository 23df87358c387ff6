//! Where a booking stands, for the patient's eyes: what the HIS says, and what can be done about
//! it.

use medpay_domain::Day;
use medpay_domain::hospital::booking::{Event, Offer};
use medpay_wire::his::bills::{Bill, BillClass, BillState};
use medpay_wire::his::bookings::{Booking, BookingState};

/// Where its money stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Money {
    /// It costs nothing.
    Free,
    /// To be paid.
    Open,
    /// An order for it is under way.
    UnderWay,
    /// Paid.
    Paid,
    /// Given back, or not wanted any more.
    Gone,
}

/// Where the money of a booking stands.
pub(super) fn money(booking: &Booking) -> Money {
    match &booking.bill {
        None => Money::Free,
        Some(bill) => match bill.state {
            BillState::Pending if bill.total_fen.is_zero() => Money::Free,
            BillState::Pending => Money::Open,
            BillState::Locked => Money::UnderWay,
            BillState::Paid => Money::Paid,
            BillState::Refunded | BillState::Voided => Money::Gone,
        },
    }
}

/// How it is paid; none if there is nothing to pay.
pub(super) fn offer(booking: &Booking, today: Day) -> Option<Offer> {
    let covered = |bill: &Bill| bill.class == BillClass::Ordinary;
    let bill = booking.bill.as_ref().filter(|_| money(booking) == Money::Open)?;
    Some(Offer::of(today, booking.day, covered(bill)))
}

/// What the HIS says, as news of the machine, the oldest first.
pub(super) fn news(booking: &Booking) -> Vec<Event> {
    let paid = matches!(money(booking), Money::Free | Money::Paid).then_some(Event::Paid);
    match booking.state {
        BookingState::Booked => paid.into_iter().collect(),
        BookingState::NumberTaken => paid.into_iter().chain([Event::NumberTaken]).collect(),
        BookingState::Seen => vec![Event::Seen],
        BookingState::Cancelled => vec![Event::Cancelled],
        BookingState::Missed => vec![Event::Missed],
    }
}

/// The word on a list, and its tone.
pub(super) fn word(booking: &Booking) -> (&'static str, &'static str) {
    match (booking.state, money(booking)) {
        (BookingState::Booked, Money::Open) => ("待支付", "wait"),
        (BookingState::Booked, Money::UnderWay) => ("支付中", "wait"),
        (BookingState::Booked, Money::Paid) => ("已支付", "good"),
        (BookingState::Booked, Money::Free) => ("已预约", "good"),
        (BookingState::Booked, Money::Gone) => ("已失效", ""),
        (BookingState::NumberTaken, _) => ("已取号", "good"),
        (BookingState::Seen, _) => ("已就诊", ""),
        (BookingState::Cancelled, _) => ("已取消", ""),
        (BookingState::Missed, _) => ("已过期", ""),
    }
}

/// Whether it can still be given back without any money.
pub(super) fn can_be_cancelled(booking: &Booking) -> bool {
    booking.state == BookingState::Booked && matches!(money(booking), Money::Free | Money::Open)
}

/// Whether a number can be taken now.
pub(super) fn number_waits(booking: &Booking, today: Day) -> bool {
    booking.state == BookingState::Booked
        && booking.day == today
        && matches!(money(booking), Money::Free | Money::Paid)
}
