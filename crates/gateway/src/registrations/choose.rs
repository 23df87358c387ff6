//! `/register`: department → doctor → time, each from the HIS as it stands now.

use super::calendar;
use crate::account::Visitor;
use crate::gateway::Site;
use crate::page::{self, Frame};
use crate::visit_cards::trouble::{Trouble, ask_his};
use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::Day;
use medpay_wire::his::bookings::{
    Department, Doctor, ListDepartments, ListDoctors, ListSchedules, Schedule,
};
use medpay_wire::public_account::encode_component;
use serde::Deserialize;

/// The most days that the HIS is asked for at once.
const MOST_DAYS: u32 = 30;

/// Which place, in the words of an address or a form.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    pub department: String,
    #[serde(default)]
    pub doctor: String,
    #[serde(default)]
    pub schedule: String,
}

/// A place, as the HIS has it now.
pub(super) struct Place {
    pub department: Department,
    pub doctor: Doctor,
    pub schedule: Schedule,
}

#[derive(Template)]
#[template(path = "registrations/departments.html")]
struct Departments {
    frame: Frame,
    choices: Vec<Line>,
}

#[derive(Template)]
#[template(path = "registrations/doctors.html")]
struct Doctors {
    frame: Frame,
    department: Department,
    choices: Vec<Line>,
}

/// Something to choose.
struct Line {
    /// The end of the address that it leads to.
    query: String,
    name: String,
    title: String,
    intro: String,
}

#[derive(Template)]
#[template(path = "registrations/times.html")]
struct Times {
    frame: Frame,
    department: Department,
    doctor: Doctor,
    back: String,
    days: Vec<DayLine>,
}

/// A day and its places.
struct DayLine {
    words: String,
    places: Vec<PlaceLine>,
}

/// A place to choose.
struct PlaceLine {
    query: String,
    time: String,
    fee: String,
    left: u32,
}

/// Shows the departments.
pub(super) async fn departments(visitor: Visitor) -> Response {
    let found = ask_his(&visitor.site, &ListDepartments {}).await;
    let page = found.map(|found| Departments {
        frame: visitor.frame(),
        choices: found
            .departments
            .into_iter()
            .map(|it| Line {
                query: format!("department={}", encode_component(&it.department_id)),
                name: it.name,
                title: String::new(),
                intro: it.intro,
            })
            .collect(),
    });
    answer(&visitor, page)
}

/// Shows the doctors of a department.
pub(super) async fn doctors(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let page = list_doctors(&visitor, &wanted).await;
    answer(&visitor, page)
}

async fn list_doctors(visitor: &Visitor, wanted: &Wanted) -> Result<Doctors, Trouble> {
    let department = department(&visitor.site, wanted).await?;
    let ask = ListDoctors { department_id: wanted.department.clone() };
    let found = ask_his(&visitor.site, &ask).await?;
    let lines = found.doctors.into_iter().map(|it| Line {
        query: query(wanted, &it.doctor_id, None),
        name: it.name,
        title: it.title,
        intro: it.intro,
    });
    Ok(Doctors { frame: visitor.frame(), department, choices: lines.collect() })
}

/// Shows the times of a doctor.
pub(super) async fn times(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let page = list_times(&visitor, &wanted).await;
    answer(&visitor, page)
}

async fn list_times(visitor: &Visitor, wanted: &Wanted) -> Result<Times, Trouble> {
    let site = &visitor.site;
    let department = department(site, wanted).await?;
    let doctor = doctor(site, wanted).await?;
    let today = site.clock.now().day();
    let mut days: Vec<(Day, DayLine)> = Vec::new();
    for schedule in schedules(site, wanted).await? {
        let place = PlaceLine {
            query: query(wanted, &wanted.doctor, Some(&schedule.schedule_id)),
            time: schedule.time,
            fee: schedule.fee_fen.yuan(),
            left: schedule.left,
        };
        if let Some((_, line)) = days.last_mut().filter(|(day, _)| *day == schedule.day) {
            line.places.push(place);
        } else {
            let words = calendar::words(schedule.day, today);
            days.push((schedule.day, DayLine { words, places: vec![place] }));
        }
    }
    Ok(Times {
        frame: visitor.frame(),
        department,
        doctor,
        back: format!("department={}", encode_component(&wanted.department)),
        days: days.into_iter().map(|(_, line)| line).collect(),
    })
}

fn answer(visitor: &Visitor, page: Result<impl Template, Trouble>) -> Response {
    match page {
        Ok(page) => page::show(&visitor.site, StatusCode::OK, &page),
        Err(trouble) => trouble.show(visitor),
    }
}

/// The end of an address that says which place.
pub(super) fn query(wanted: &Wanted, doctor_id: &str, schedule_id: Option<&str>) -> String {
    let department = encode_component(&wanted.department);
    let doctor = encode_component(doctor_id);
    let schedule = schedule_id.map(|it| format!("&schedule={}", encode_component(it)));
    format!("department={department}&doctor={doctor}{}", schedule.unwrap_or_default())
}

async fn department(site: &Site, wanted: &Wanted) -> Result<Department, Trouble> {
    let found = ask_his(site, &ListDepartments {}).await?.departments;
    let mut fits = found.into_iter().filter(|it| it.department_id == wanted.department);
    fits.next().ok_or(Trouble::NotFound)
}

async fn doctor(site: &Site, wanted: &Wanted) -> Result<Doctor, Trouble> {
    let ask = ListDoctors { department_id: wanted.department.clone() };
    let found = ask_his(site, &ask).await?.doctors;
    found.into_iter().find(|it| it.doctor_id == wanted.doctor).ok_or(Trouble::NotFound)
}

/// The doctor's times from today on, as far ahead as may be booked.
async fn schedules(site: &Site, wanted: &Wanted) -> Result<Vec<Schedule>, Trouble> {
    let days = site.hospital().map_or(1, |hospital| hospital.rules.booking_days);
    let ask = ListSchedules {
        department_id: wanted.department.clone(),
        doctor_id: Some(wanted.doctor.clone()),
        from: site.clock.now().day(),
        days: days.clamp(1, MOST_DAYS),
    };
    let found = ask_his(site, &ask).await?.schedules;
    let last = ask.from.plus_days(i32::try_from(ask.days).unwrap_or(1) - 1);
    let fits =
        |it: &Schedule| it.doctor_id == wanted.doctor && it.day >= ask.from && it.day <= last;
    let mut found: Vec<Schedule> = found.into_iter().filter(fits).collect();
    // Within a day the HIS's order stands.
    found.sort_by_key(|it| it.day);
    Ok(found)
}

/// The place that is wanted, as it stands now.
pub(super) async fn place(site: &Site, wanted: &Wanted) -> Result<Place, Trouble> {
    let schedules = schedules(site, wanted).await?;
    let schedule = schedules.into_iter().find(|it| it.schedule_id == wanted.schedule);
    let schedule = schedule.ok_or(Trouble::NotFound)?;
    let department = department(site, wanted).await?;
    let doctor = doctor(site, wanted).await?;
    Ok(Place { department, doctor, schedule })
}
