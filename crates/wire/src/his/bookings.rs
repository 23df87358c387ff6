//! Departments, doctors, schedules; booking, cancelling, taking a number.

use crate::contracts::adapters::{option, plain};
use crate::his::bills::Bill;
use crate::his::{call, shape};
use medpay_domain::{Day, Fen, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All departments that take registrations.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListDepartments {}
call!(ListDepartments, "list_departments", reads, Departments);

/// The answer to [`ListDepartments`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Departments {
    /// In the order in which patients see them.
    pub departments: Vec<Department>,
}

/// 科室.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Department {
    /// The HIS's number.
    pub department_id: String,
    /// Its name.
    pub name: String,
    /// A sentence for patients; may be empty.
    #[serde(default)]
    pub intro: String,
    /// Where it is; may be empty.
    #[serde(default)]
    pub place: String,
}

/// The doctors of a department who take registrations.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListDoctors {
    /// Which.
    pub department_id: String,
}
call!(ListDoctors, "list_doctors", reads, Doctors);

/// The answer to [`ListDoctors`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Doctors {
    /// In the order in which patients see them.
    pub doctors: Vec<Doctor>,
}

/// A doctor, or a plain registration of the department (普通号).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Doctor {
    /// The HIS's number.
    pub doctor_id: String,
    /// Name.
    pub name: String,
    /// 职称; may be empty.
    #[serde(default)]
    pub title: String,
    /// A sentence for patients; may be empty.
    #[serde(default)]
    pub intro: String,
}

/// When a doctor can be seen, from a day on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListSchedules {
    /// Where.
    pub department_id: String,
    /// With whom; all doctors of the department without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_id: Option<String>,
    /// The first day.
    #[serde(with = "plain")]
    #[schemars(with = "shape::DayText")]
    pub from: Day,
    /// How many days, 1 to 30.
    pub days: u32,
}
call!(ListSchedules, "list_schedules", reads, Schedules);

/// The answer to [`ListSchedules`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Schedules {
    /// In the order of time; full ones too.
    pub schedules: Vec<Schedule>,
}

/// A stretch of time with a doctor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Schedule {
    /// The HIS's number.
    pub schedule_id: String,
    /// With whom.
    pub doctor_id: String,
    /// The day.
    #[serde(with = "plain")]
    #[schemars(with = "shape::DayText")]
    pub day: Day,
    /// As patients read it: `09:00-09:30`.
    pub time: String,
    /// 挂号费 and 诊金 together.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub fee_fen: Fen,
    /// Places left.
    pub left: u32,
}

/// Books a place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Book {
    /// Which place.
    pub schedule_id: String,
    /// For whom.
    pub patient_id: String,
}
call!(Book, "book", writes, Booking);

/// Gives a place back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CancelBooking {
    /// Which.
    pub booking_no: String,
    /// Why, for the HIS's book.
    #[serde(default)]
    pub reason: String,
}
call!(CancelBooking, "cancel_booking", writes, Booking);

/// 取号: on the day of the visit, of a booking whose bill is paid or costs nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TakeNumber {
    /// Which.
    pub booking_no: String,
}
call!(TakeNumber, "take_number", writes, Booking);

/// One booking.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindBooking {
    /// Which.
    pub booking_no: String,
}
call!(FindBooking, "find_booking", reads, Booking);

/// The bookings of a patient, wherever they were made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListBookings {
    /// Whose.
    pub patient_id: String,
    /// The first day of a visit.
    #[serde(with = "plain")]
    #[schemars(with = "shape::DayText")]
    pub from: Day,
    /// The last day of a visit.
    #[serde(with = "plain")]
    #[schemars(with = "shape::DayText")]
    pub to: Day,
}
call!(ListBookings, "list_bookings", reads, Bookings);

/// The answer to [`ListBookings`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Bookings {
    /// By day and time of the visit.
    pub bookings: Vec<Booking>,
}

/// A booking.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Booking {
    /// The HIS's number; 登记号 in messages.
    pub booking_no: String,
    /// For whom.
    pub patient_id: String,
    /// 科室.
    pub department: String,
    /// 医生.
    pub doctor: String,
    /// Where to go.
    #[serde(default)]
    pub place: String,
    /// The day of the visit.
    #[serde(with = "plain")]
    #[schemars(with = "shape::DayText")]
    pub day: Day,
    /// As patients read it: `09:00-09:30`.
    pub time: String,
    /// Who made it: `medpay`, `window`, `phone`, or another channel's word.
    pub source: String,
    /// Where it stands.
    pub state: BookingState,
    /// 排队号, once the number is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_no: Option<String>,
    /// The registration's bill; none of a free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<Bill>,
    /// An unpaid booking is given up at this moment.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Moment>")]
    pub keeps_until: Option<Timestamp>,
}

/// Where a booking stands. That it is paid is its bill's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BookingState {
    /// A place is kept.
    Booked,
    /// The number is taken; the patient is in the queue.
    NumberTaken,
    /// The doctor has seen the patient.
    Seen,
    /// Given back.
    Cancelled,
    /// The day passed.
    Missed,
}
