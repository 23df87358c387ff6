//! The invented hospital and the fixed list of the test environment: `data/*.toml`.

use medpay_domain::Fen;
use medpay_wire::his::bills::BillClass;
use medpay_wire::his::results::Measured;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The hospital's data.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) departments: Vec<Department>,
    pub(crate) doctors: Vec<Doctor>,
    pub(crate) items: Vec<Item>,
    pub(crate) reports: Vec<ReportForm>,
    pub(super) newcomers: Vec<Newcomer>,
    pub(super) known: Vec<Known>,
}

/// 科室.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Department {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) intro: String,
    pub(crate) place: String,
}

/// A doctor, and when he or she sees patients.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Doctor {
    pub(crate) id: String,
    pub(crate) department: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) intro: String,
    registration_fen: i64,
    expert_fen: i64,
    insured_fen: i64,
    /// 1 is Monday.
    pub(super) weekdays: BTreeSet<u8>,
    /// `08:00-12:00`.
    pub(super) hours: Vec<String>,
    /// How long a stretch is.
    pub(super) minutes: u32,
    /// In one stretch.
    pub(super) places: u32,
    #[serde(default)]
    pub(super) never_full: bool,
}

impl Doctor {
    /// 挂号费.
    pub(super) fn registration_fee(&self) -> Fen {
        fen(self.registration_fen)
    }

    /// 诊金.
    pub(super) fn expert_fee(&self) -> Fen {
        fen(self.expert_fen)
    }

    /// Both.
    pub(super) fn fee(&self) -> Fen {
        fen(self.registration_fen + self.expert_fen)
    }

    /// What of it insurance bears at most.
    pub(super) fn insured(&self) -> Fen {
        fen(self.insured_fen)
    }
}

/// A line of the fixed list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    pub(crate) code: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) spec: String,
    pub(crate) unit: String,
    price_fen: i64,
    pub(crate) insured_percent: u8,
    pub(crate) kind: ItemKind,
}

impl Item {
    /// Of one.
    pub(crate) fn price(&self) -> Fen {
        fen(self.price_fen)
    }
}

/// What kind of thing a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemKind {
    Medicine,
    Examination,
    Treatment,
    Vaccine,
}

/// A report that can be made ready.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportForm {
    pub(crate) code: String,
    pub(crate) title: String,
    pub(super) department: String,
    pub(super) doctor: String,
    #[serde(default)]
    pub(super) values: Vec<Measured>,
    #[serde(default)]
    pub(super) findings: String,
    pub(super) conclusion: String,
}

/// A bill that waits for whoever gets a visit card.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Newcomer {
    pub(super) title: String,
    #[serde(default = "ordinary")]
    pub(super) class: BillClass,
    pub(super) doctor: String,
    pub(super) items: Vec<(String, u32)>,
}

const fn ordinary() -> BillClass {
    BillClass::Ordinary
}

/// Somebody who has a visit card before anybody asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub(super) person: String,
    pub(super) booking: Option<KnownBooking>,
}

/// A booking made elsewhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownBooking {
    /// How many days ahead.
    pub(super) days: i32,
    pub(super) doctor: String,
    pub(super) source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HospitalFile {
    department: Vec<Department>,
    doctor: Vec<Doctor>,
    newcomer: Vec<Newcomer>,
    known: Vec<Known>,
    report: Vec<ReportForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    item: Vec<Item>,
}

impl Data {
    /// The files beside this one.
    pub(super) fn built_in() -> Self {
        let hospital: HospitalFile = toml::from_str(include_str!("data/hospital.toml"))
            .expect("hospital.toml is read by every test");
        let catalogue: CatalogueFile = toml::from_str(include_str!("data/catalogue.toml"))
            .expect("catalogue.toml is read by every test");
        Self {
            departments: hospital.department,
            doctors: hospital.doctor,
            items: catalogue.item,
            reports: hospital.report,
            newcomers: hospital.newcomer,
            known: hospital.known,
        }
    }

    pub(crate) fn department(&self, id: &str) -> Option<&Department> {
        self.departments.iter().find(|it| it.id == id)
    }

    pub(crate) fn doctor(&self, id: &str) -> Option<&Doctor> {
        self.doctors.iter().find(|it| it.id == id)
    }

    pub(crate) fn item(&self, code: &str) -> Option<&Item> {
        self.items.iter().find(|it| it.code == code)
    }

    pub(super) fn report(&self, code: &str) -> Option<&ReportForm> {
        self.reports.iter().find(|it| it.code == code)
    }
}

pub(super) fn fen(amount: i64) -> Fen {
    Fen::new(amount).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::AmountFault;

    #[test]
    fn the_data_fit_together() {
        let data = Data::built_in();
        assert_eq!(data.departments.len(), 6);
        assert_eq!(data.doctors.len(), 12);
        for doctor in &data.doctors {
            assert!(data.department(&doctor.department).is_some(), "{}", doctor.id);
            assert!(doctor.insured() <= doctor.fee(), "{}", doctor.id);
            assert_eq!(AmountFault::of(doctor.fee()), None, "{}", doctor.id);
        }
        for newcomer in &data.newcomers {
            assert!(data.doctor(&newcomer.doctor).is_some());
            assert!(newcomer.items.iter().all(|(code, _)| data.item(code).is_some()));
        }
        for item in &data.items {
            assert!(item.insured_percent <= 100);
            assert_eq!(AmountFault::of(item.price()), None, "{}", item.code);
        }
    }
}
