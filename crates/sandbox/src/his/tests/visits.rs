//! Departments, doctors, schedules; bookings and their days.

use super::{Hospital, code, hospital};
use medpay_domain::Day;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{BillState, PayWith, ReleaseBill};
use medpay_wire::his::bookings::{
    Book, Booking, BookingState, CancelBooking, FindBooking, ListBookings, ListDepartments,
    ListDoctors, ListSchedules, Schedule, TakeNumber,
};
use medpay_wire::his::patients::{FindPatient, FindPatients, Patient};

impl Hospital {
    fn today(&self) -> Day {
        self.now.get().day()
    }

    fn schedules(&self, department: &str, doctor: Option<&str>, days: u32) -> Vec<Schedule> {
        let ask = ListSchedules {
            department_id: department.to_owned(),
            doctor_id: doctor.map(str::to_owned),
            from: self.today(),
            days,
        };
        self.ask(&ask).expect("schedules").schedules
    }

    fn book(&self, patient: &Patient, schedule: &Schedule) -> Booking {
        let schedule_id = schedule.schedule_id.clone();
        let patient_id = patient.patient_id.clone();
        self.ask(&Book { schedule_id, patient_id }).expect("a booking")
    }

    fn find(&self, booking: &Booking) -> Booking {
        let booking_no = booking.booking_no.clone();
        self.ask(&FindBooking { booking_no }).expect("a booking")
    }

    fn take(&self, booking: &Booking) -> Option<RefusalCode> {
        code(self.ask(&TakeNumber { booking_no: booking.booking_no.clone() }))
    }
}

#[test]
fn departments_doctors_and_schedules_agree() {
    let hospital = hospital();
    let departments = hospital.ask(&ListDepartments {}).expect("departments").departments;
    let mut full = 0;
    for department in &departments {
        let department_id = department.department_id.clone();
        let doctors = hospital.ask(&ListDoctors { department_id: department_id.clone() });
        let doctors = doctors.expect("doctors").doctors;
        let schedules = hospital.schedules(&department_id, None, 30);
        assert!(!schedules.is_empty(), "{}", department.name);
        for schedule in &schedules {
            assert!(doctors.iter().any(|doctor| doctor.doctor_id == schedule.doctor_id));
            assert!(schedule.day < hospital.today().plus_days(7));
        }
        full += schedules.iter().filter(|schedule| schedule.left == 0).count();
    }
    assert!(full > 0, "some are full");
    let unknown = hospital.ask(&ListDoctors { department_id: "D99".to_owned() });
    assert_eq!(code(unknown), Some(RefusalCode::NotFound));
}

#[test]
fn there_is_a_place_today_at_any_hour() {
    let hospital = hospital();
    for hour in 0..24 {
        hospital.now.set(hospital.today().start().plus_seconds(hour * 3600 + 59 * 60));
        let schedules = hospital.schedules("D01", Some("101"), 1);
        assert!(schedules.iter().any(|schedule| schedule.left > 0), "{hour}");
    }
}

#[test]
fn a_place_is_given_once() {
    let hospital = hospital();
    let (lin, chen) = (hospital.card_of("lin"), hospital.card_of("chen"));
    let schedules = hospital.schedules("D02", None, 7);
    let free = schedules.iter().find(|schedule| schedule.left == 1).expect("one place left");
    let booking = hospital.book(&lin, free);
    assert_eq!(booking.bill.as_ref().map(|bill| bill.total_fen), Some(free.fee_fen));
    let book = |patient: &Patient, schedule: &Schedule| {
        let schedule_id = schedule.schedule_id.clone();
        code(hospital.ask(&Book { schedule_id, patient_id: patient.patient_id.clone() }))
    };
    assert_eq!(book(&lin, free), Some(RefusalCode::BookedAlready));
    assert_eq!(book(&chen, free), Some(RefusalCode::NoPlaceLeft));
    let cancel = CancelBooking { booking_no: booking.booking_no, reason: String::new() };
    let cancelled = hospital.ask(&cancel).expect("cancelled");
    assert_eq!(cancelled.state, BookingState::Cancelled);
    assert_eq!(cancelled.bill.map(|bill| bill.state), Some(BillState::Voided));
    assert_eq!(book(&chen, free), None);
}

#[test]
fn a_paid_registration_of_today_stands_in_the_queue() {
    let hospital = hospital();
    let lin = hospital.card_of("lin");
    let today = hospital.schedules("D01", Some("101"), 1).remove(0);
    let booking = hospital.book(&lin, &today);
    assert_eq!(hospital.take(&booking), Some(RefusalCode::WrongState), "not paid");
    let bill = booking.bill.clone().expect("a bill");
    let locked = hospital.lock(&bill, "O1", PayWith::Insurance).expect("locked");
    let confirmed = hospital.confirm(&locked, "O1").expect("confirmed");
    assert_eq!(confirmed.queue_no.as_deref(), Some("101-001"));
    let booking = hospital.find(&booking);
    assert_eq!(booking.state, BookingState::NumberTaken);
    assert_eq!(hospital.take(&booking), None, "it is answered again");
}

#[test]
fn a_number_is_taken_on_the_day_of_the_visit() {
    let hospital = hospital();
    let lin = hospital.card_of("lin");
    let schedules = hospital.schedules("D01", Some("101"), 2);
    let tomorrow = schedules.iter().find(|it| it.day != hospital.today()).expect("one");
    let booking = hospital.book(&lin, tomorrow);
    let bill = booking.bill.clone().expect("a bill");
    assert!(bill.insurance.is_some(), "how it would be divided is told");
    let insured = hospital.lock(&bill, "O1", PayWith::Insurance);
    assert_eq!(code(insured), Some(RefusalCode::NotCovered), "but only on the day");
    let locked = hospital.lock(&bill, "O1", PayWith::Cash).expect("locked");
    assert_eq!(hospital.confirm(&locked, "O1").expect("confirmed").queue_no, None);
    assert_eq!(hospital.take(&booking), Some(RefusalCode::WrongState));
    hospital.now.set(tomorrow.day.start().plus_seconds(3600));
    assert_eq!(hospital.take(&booking), None);
    assert_eq!(hospital.find(&booking).queue_no.as_deref(), Some("101-001"));
}

#[test]
fn a_free_registration_has_no_bill() {
    let hospital = hospital();
    let free = hospital.schedules("D06", None, 1).remove(0);
    let booking = hospital.book(&hospital.card_of("lin"), &free);
    assert_eq!(booking.bill, None);
    assert_eq!(hospital.take(&booking), None);
}

#[test]
fn an_unpaid_booking_lapses_with_its_day_unless_an_order_holds_it() {
    let hospital = hospital();
    let (lin, chen) = (hospital.card_of("lin"), hospital.card_of("chen"));
    let today = hospital.schedules("D01", Some("101"), 1).remove(0);
    let (forgotten, held) = (hospital.book(&lin, &today), hospital.book(&chen, &today));
    assert_eq!(forgotten.keeps_until, Some(hospital.today().end()));
    let bill = held.bill.clone().expect("a bill");
    hospital.lock(&bill, "O1", PayWith::Insurance).expect("locked");

    hospital.now.set(hospital.today().end());
    let state = |booking: &Booking| {
        let booking = hospital.find(booking);
        (booking.state, booking.bill.map(|bill| bill.state))
    };
    assert_eq!(state(&forgotten), (BookingState::Missed, Some(BillState::Voided)));
    assert_eq!(state(&held), (BookingState::Booked, Some(BillState::Locked)));
    let release = ReleaseBill { bill_no: bill.bill_no, hosp_out_trade_no: super::order("O1") };
    hospital.ask(&release).expect("released");
    assert_eq!(state(&held), (BookingState::Missed, Some(BillState::Voided)));
}

#[test]
fn bookings_made_elsewhere_are_listed() {
    let hospital = hospital();
    let listed = |id: &str| {
        let patient_id = hospital.card_of(id).patient_id;
        let (from, to) = (hospital.today(), hospital.today().plus_days(6));
        let bookings = hospital.ask(&ListBookings { patient_id, from, to });
        let told = |it: Booking| (it.day, it.source);
        bookings.expect("bookings").bookings.into_iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(listed("huang"), [(hospital.today(), "phone".to_owned())]);
    assert_eq!(listed("zhou"), [(hospital.today().next(), "window".to_owned())]);
    assert_eq!(listed("lin"), []);
}

#[test]
fn a_patient_is_found_by_name_and_document() {
    let hospital = hospital();
    let lin = hospital.card_of("lin");
    let mut ask = FindPatients {
        name: lin.name.clone(),
        card_type: lin.card_type,
        id_digest: lin.id_digest.clone(),
        visit_card_no: None,
    };
    assert_eq!(hospital.ask(&ask).expect("an answer").patients, std::slice::from_ref(&lin));
    ask.visit_card_no = Some(medpay_domain::CardNo::new("8800000099"));
    assert_eq!(hospital.ask(&ask).expect("an answer").patients, []);
    let patient_id = lin.patient_id.clone();
    assert_eq!(hospital.ask(&FindPatient { patient_id }), Ok(lin));
    let nobody = hospital.ask(&FindPatient { patient_id: "P99999999".to_owned() });
    assert_eq!(code(nobody), Some(RefusalCode::NotFound));
}
