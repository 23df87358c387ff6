//! When doctors can be seen: a week from today, drawn from the day alone, so that every process and
//! every restart sees the same.

use super::books;
use super::data::{Data, Doctor};
use super::desk::{Desk, No};
use super::papers::BookingPaper;
use crate::books::BookError;
use medpay_domain::{Day, Timestamp};
use medpay_wire::his::bookings::{
    BookingState, Department, Departments, Doctors, ListDepartments, ListDoctors, ListSchedules,
    Schedule, Schedules,
};
use std::collections::BTreeMap;

/// How many days are open, today included.
const OPEN_DAYS: i32 = 7;
/// One stretch in so many has been given away elsewhere altogether.
const FULL_ONE_IN: u32 = 6;
const DAY_MS: i64 = 86_400_000;
const BEIJING_MS: i64 = 8 * 3_600_000;

/// A stretch of time of a doctor.
pub(super) struct Slot<'a> {
    pub(super) schedule_id: String,
    pub(super) doctor: &'a Doctor,
    pub(super) day: Day,
    pub(super) time: String,
    pub(super) ends: Timestamp,
    /// Places that nobody took elsewhere.
    pub(super) places: u32,
}

/// 1 is Monday.
fn weekday(day: Day) -> u8 {
    // 1970-01-01 was a Thursday.
    let days = (day.start().as_ms() + BEIJING_MS) / DAY_MS;
    u8::try_from((days + 3) % 7 + 1).unwrap_or(1)
}

fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<u32>().ok()? * 60 + minutes.parse::<u32>().ok()?)
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A number that follows from the text and looks like chance (FNV-1a).
fn drawn(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619))
}

fn places(doctor: &Doctor, schedule_id: &str) -> u32 {
    let drawn = drawn(schedule_id);
    if doctor.never_full {
        doctor.places
    } else if drawn.is_multiple_of(FULL_ONE_IN) {
        0
    } else {
        doctor.places - drawn / FULL_ONE_IN % doctor.places
    }
}

/// The stretches of a doctor on a day.
fn of_doctor(doctor: &Doctor, day: Day) -> Vec<Slot<'_>> {
    if !doctor.weekdays.contains(&weekday(day)) {
        return Vec::new();
    }
    let spans = doctor.hours.iter().filter_map(|span| {
        let (from, until) = span.split_once('-')?;
        Some((minutes(from)?, minutes(until)?))
    });
    let length = doctor.minutes.max(1);
    let starts = spans.flat_map(|(from, until)| {
        (from..until).step_by(length as usize).map(move |at| (at, (at + length).min(until)))
    });
    let slots = starts.map(|(from, until)| {
        let schedule_id = format!("{}-{}-{from:04}", doctor.id, day.wire());
        Slot {
            places: places(doctor, &schedule_id),
            schedule_id,
            doctor,
            day,
            time: format!("{}-{}", clock(from), clock(until)),
            ends: day.start().plus_seconds(i64::from(until) * 60),
        }
    });
    slots.collect()
}

impl Data {
    /// The stretch of this number, whether open or not.
    pub(super) fn slot(&self, schedule_id: &str) -> Option<Slot<'_>> {
        let mut parts = schedule_id.split('-');
        let doctor = self.doctor(parts.next()?)?;
        let day = Day::from_wire(parts.next()?)?;
        of_doctor(doctor, day).into_iter().find(|slot| slot.schedule_id == schedule_id)
    }
}

impl Desk<'_> {
    /// Whether places are given on this day.
    pub(super) fn is_open(&self, day: Day) -> bool {
        day >= self.today() && day < self.today().plus_days(OPEN_DAYS)
    }

    /// The stretches of these doctors on a day that are not over.
    pub(super) fn slots<'d>(
        &self,
        doctors: impl Iterator<Item = &'d Doctor>,
        day: Day,
    ) -> Vec<Slot<'d>> {
        let mut slots: Vec<_> = doctors.flat_map(|doctor| of_doctor(doctor, day)).collect();
        slots.retain(|slot| slot.ends > self.now);
        slots.sort_by(|a, b| a.time.cmp(&b.time));
        slots
    }

    /// How many places of each stretch of a day were given by this HIS.
    pub(super) fn given(&self, day: Day) -> Result<BTreeMap<String, u32>, BookError> {
        let bookings: Vec<BookingPaper> = books::of_day(self.book, day)?;
        let mut given = BTreeMap::new();
        for booking in bookings.into_iter().filter(|it| it.state != BookingState::Cancelled) {
            *given.entry(booking.schedule_id).or_default() += 1;
        }
        Ok(given)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every call answers alike")]
    pub(super) fn list_departments(&self, _: &ListDepartments) -> Result<Departments, No> {
        let departments = self.data.departments.iter().map(|it| Department {
            department_id: it.id.clone(),
            name: it.name.clone(),
            intro: it.intro.clone(),
            place: it.place.clone(),
        });
        Ok(Departments { departments: departments.collect() })
    }

    pub(super) fn list_doctors(&self, ask: &ListDoctors) -> Result<Doctors, No> {
        if self.data.department(&ask.department_id).is_none() {
            return Err(No::unknown("no such department"));
        }
        let of_department = |doctor: &&Doctor| doctor.department == ask.department_id;
        let doctors = self.data.doctors.iter().filter(of_department).map(|it| {
            medpay_wire::his::bookings::Doctor {
                doctor_id: it.id.clone(),
                name: it.name.clone(),
                title: it.title.clone(),
                intro: it.intro.clone(),
            }
        });
        Ok(Doctors { doctors: doctors.collect() })
    }

    pub(super) fn list_schedules(&self, ask: &ListSchedules) -> Result<Schedules, No> {
        if self.data.department(&ask.department_id).is_none() {
            return Err(No::unknown("no such department"));
        }
        let wanted = |doctor: &&Doctor| {
            doctor.department == ask.department_id
                && ask.doctor_id.as_ref().is_none_or(|id| *id == doctor.id)
        };
        let doctors: Vec<&Doctor> = self.data.doctors.iter().filter(wanted).collect();
        if ask.doctor_id.is_some() && doctors.is_empty() {
            return Err(No::unknown("no such doctor in the department"));
        }
        let mut schedules = Vec::new();
        let mut day = ask.from;
        for _ in 0..ask.days.min(30) {
            if self.is_open(day) {
                let given = self.given(day)?;
                let slots = self.slots(doctors.iter().copied(), day);
                schedules.extend(slots.into_iter().map(|slot| told_of(slot, &given)));
            }
            day = day.next();
        }
        Ok(Schedules { schedules })
    }
}

fn told_of(slot: Slot<'_>, given: &BTreeMap<String, u32>) -> Schedule {
    let given = given.get(&slot.schedule_id).copied().unwrap_or_default();
    Schedule {
        schedule_id: slot.schedule_id,
        doctor_id: slot.doctor.id.clone(),
        day: slot.day,
        time: slot.time,
        fee_fen: slot.doctor.fee(),
        left: slot.places.saturating_sub(given),
    }
}
