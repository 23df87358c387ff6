//! Patients and their visit cards. Whoever gets one finds bills of every kind and a report, so that
//! a newcomer has something to pay at once.

use super::books;
use super::desk::{Desk, No};
use super::papers::PatientPaper;
use crate::books::BookError;
use crate::persons::Person;
use medpay_domain::{CardNo, CardType, IdDigest, PersonName};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::patients::{CreateVisitCard, FindPatient, FindPatients, Patient, Patients};
use medpay_wire::id_card;

/// More patients than any sandbox has.
const ALL: usize = 100_000;

impl Desk<'_> {
    pub(super) fn find_patients(&self, ask: &FindPatients) -> Result<Patients, No> {
        let found = self.patient_named(&ask.name, ask.card_type, &ask.id_digest)?;
        let fits = |paper: &PatientPaper| {
            ask.visit_card_no.as_ref().is_none_or(|no| *no == paper.patient.visit_card_no)
        };
        Ok(Patients { patients: found.into_iter().filter(fits).map(|it| it.patient).collect() })
    }

    pub(super) fn find_patient(&self, ask: &FindPatient) -> Result<Patient, No> {
        Ok(self.patient(&ask.patient_id)?.patient)
    }

    /// The patient of this number.
    pub(super) fn patient(&self, patient_id: &str) -> Result<PatientPaper, No> {
        books::get(self.book, patient_id)?.ok_or_else(|| No::unknown("no such patient"))
    }

    fn patient_named(
        &self,
        name: &PersonName,
        card_type: CardType,
        id_digest: &IdDigest,
    ) -> Result<Option<PatientPaper>, BookError> {
        let all: Vec<PatientPaper> = books::newest(self.book, ALL)?;
        let same = id_digest.reveal().to_ascii_lowercase();
        Ok(all.into_iter().find(|PatientPaper { patient, .. }| {
            patient.name == *name
                && patient.card_type == card_type
                && patient.id_digest.reveal() == same
        }))
    }

    pub(super) fn create_visit_card(&self, ask: &CreateVisitCard) -> Result<Patient, No> {
        check(ask)?;
        if let Some(known) = self.patient_named(&ask.name, ask.card_type, &ask.id_digest)? {
            return Ok(known.patient);
        }
        let paper = self.new_patient(&ask.name, ask.card_type, &ask.id_digest)?;
        self.welcome(&paper)?;
        Ok(paper.patient)
    }

    fn new_patient(
        &self,
        name: &PersonName,
        card_type: CardType,
        id_digest: &IdDigest,
    ) -> Result<PatientPaper, BookError> {
        let number = books::next_number(self.book, "patient")?;
        let digest = id_digest.reveal().to_ascii_lowercase();
        let paper = PatientPaper {
            patient: Patient {
                patient_id: format!("P{number:08}"),
                visit_card_no: CardNo::new(format!("88{number:08}")),
                name: name.clone(),
                card_type,
                id_digest: IdDigest::new(&digest),
            },
            person: self.invented(name, card_type, &digest).map(|person| person.id.clone()),
            since: self.now,
        };
        books::put(self.book, &paper)?;
        Ok(paper)
    }

    /// Who of the invented people this is, by the hospital's file or by the bureau's.
    fn invented(&self, name: &PersonName, card_type: CardType, digest: &str) -> Option<&Person> {
        let fits = |its_name: &PersonName, number: &CardNo| {
            its_name == name && id_card::digest(card_type, number.reveal()).reveal() == digest
        };
        self.persons.iter().find(|person| {
            person.card_type == card_type
                && (fits(&person.name, &person.id_no)
                    || fits(&person.insured_name, &person.insured_id_no))
        })
    }

    /// The invented person that a patient is.
    pub(super) fn person_of(&self, patient_id: &str) -> Result<Option<&Person>, BookError> {
        let paper: Option<PatientPaper> = books::get(self.book, patient_id)?;
        Ok(paper.and_then(|paper| self.persons.get(&paper.person?)))
    }

    /// What a newcomer finds.
    fn welcome(&self, paper: &PatientPaper) -> Result<(), BookError> {
        let patient_id = &paper.patient.patient_id;
        for newcomer in self.data.newcomers.iter().rev() {
            let (title, class) = (&newcomer.title, newcomer.class);
            let bill =
                self.new_bill(patient_id, title, class, &newcomer.doctor, &newcomer.items)?;
            if self.data.items_are_medicine(&newcomer.items) {
                self.prescribe_for(&bill)?;
            }
        }
        if let Some(report) = self.data.reports.first() {
            self.new_report(patient_id, report)?;
        }
        Ok(())
    }

    /// Of a new book: the patients of the data, and what they booked elsewhere.
    pub(super) fn know_the_first(&self) -> Result<(), BookError> {
        if !books::newest::<PatientPaper>(self.book, 1)?.is_empty() {
            return Ok(());
        }
        for known in &self.data.known {
            let Some(person) = self.persons.get(&known.person) else { continue };
            let digest = id_card::digest(person.card_type, person.id_no.reveal());
            let paper = self.new_patient(&person.name, person.card_type, &digest)?;
            self.welcome(&paper)?;
            if let Some(booking) = &known.booking {
                let day = self.today().plus_days(booking.days);
                let patient_id = &paper.patient.patient_id;
                self.book_somewhere(patient_id, &booking.doctor, day, &booking.source)?;
            }
        }
        Ok(())
    }
}

fn check(ask: &CreateVisitCard) -> Result<(), No> {
    let bad = |message: &str| No::new(RefusalCode::BadRequest, message);
    let name = ask.name.reveal();
    if name.trim().is_empty() || name.chars().count() > 64 {
        return Err(bad("name: 1 to 64 characters"));
    }
    let digest = ask.id_digest.reveal();
    if digest.len() != 32 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad("id_digest: 32 hex characters"));
    }
    let fits = |number: &CardNo| {
        let right = id_card::digest(ask.card_type, number.reveal());
        right.reveal().eq_ignore_ascii_case(digest)
    };
    if ask.id_no.as_ref().is_some_and(|number| !fits(number)) {
        return Err(bad("id_no: not the number of id_digest"));
    }
    Ok(())
}
