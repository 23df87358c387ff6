//! Departments, doctors, places.

use super::caller::{Caller, Fault, ensure};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bookings::{
    Book, BookingState, ListBookings, ListDepartments, ListDoctors, ListSchedules,
};

pub(super) async fn departments_doctors_and_schedules_belong_together(
    caller: &Caller,
) -> Result<(), Fault> {
    let departments = caller.ask(&ListDepartments {}).await?.departments;
    ensure(!departments.is_empty(), || "there is no department".into())?;
    let from = caller.target().clock.now().day();
    for department in departments {
        let department_id = department.department_id;
        let ask = ListDoctors { department_id: department_id.clone() };
        let doctors = caller.ask(&ask).await?.doctors;
        let ask = ListSchedules { department_id, doctor_id: None, from, days: 7 };
        for schedule in caller.ask(&ask).await?.schedules {
            let known = doctors.iter().any(|doctor| doctor.doctor_id == schedule.doctor_id);
            ensure(known, || {
                format!(
                    "schedule {} is of a doctor whom list_doctors does not know",
                    schedule.schedule_id
                )
            })?;
            let within = schedule.day >= from && schedule.day <= from.plus_days(6);
            ensure(within, || {
                format!("schedule {} is not within the days asked for", schedule.schedule_id)
            })?;
        }
    }
    Ok(())
}

/// How many places a schedule has left.
async fn left(caller: &Caller, schedule_id: &str) -> Result<u32, Fault> {
    let free = caller.free_places().await?;
    Ok(free.iter().find(|place| place.schedule_id == schedule_id).map_or(0, |place| place.left))
}

pub(super) async fn a_booking_takes_one_place(caller: &Caller) -> Result<(), Fault> {
    let (schedule, booking) = caller.book().await?;
    let now_left = left(caller, &schedule.schedule_id).await?;
    caller.cancel(&booking).await?;
    ensure(now_left + 1 == schedule.left, || {
        format!("{} places were left before the booking and {now_left} after it", schedule.left)
    })?;
    ensure(booking.day == schedule.day && booking.time == schedule.time, || {
        "the booking is not at the time of its schedule".into()
    })
}

pub(super) async fn the_same_key_books_once(caller: &Caller) -> Result<(), Fault> {
    let (schedule, booking) = caller.book().await?;
    caller.cancel(&booking).await?;
    let key = caller.number();
    let ask = Book { schedule_id: schedule.schedule_id, patient_id: booking.patient_id };
    let first = caller.command(&key, &ask).await?;
    let second = caller.command(&key, &ask).await?;
    caller.cancel(&first).await?;
    ensure(first == second, || "the same key was answered otherwise the second time".into())
}

pub(super) async fn a_key_used_for_other_words_is_refused(caller: &Caller) -> Result<(), Fault> {
    let (schedule, booking) = caller.book().await?;
    caller.cancel(&booking).await?;
    let key = caller.number();
    let ask = Book { schedule_id: schedule.schedule_id, patient_id: booking.patient_id };
    let first = caller.command(&key, &ask).await?;
    let other = Book { patient_id: caller.number(), ..ask };
    let answer = caller.try_command(&key, &other).await?;
    caller.cancel(&first).await?;
    answer.refused(RefusalCode::KeyReused).map(|_| ())
}

pub(super) async fn a_booking_is_listed(caller: &Caller) -> Result<(), Fault> {
    let (_, booking) = caller.book().await?;
    let ask =
        ListBookings { patient_id: booking.patient_id.clone(), from: booking.day, to: booking.day };
    let listed = caller.ask(&ask).await?.bookings;
    caller.cancel(&booking).await?;
    let found = listed.iter().filter(|it| it.booking_no == booking.booking_no).count();
    ensure(found == 1, || format!("list_bookings has the booking {found} times"))
}

pub(super) async fn a_cancelled_booking_gives_its_place_back(caller: &Caller) -> Result<(), Fault> {
    let (schedule, booking) = caller.book().await?;
    let cancelled = caller.cancel(&booking).await?;
    ensure(cancelled.state == BookingState::Cancelled, || {
        "a cancelled booking does not say so".into()
    })?;
    let now_left = left(caller, &schedule.schedule_id).await?;
    ensure(now_left == schedule.left, || {
        format!("{} places were left before, and {now_left} after cancelling", schedule.left)
    })
}
