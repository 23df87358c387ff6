//! What insurance bears of a bill, and the hospital's words to the bureau.

use super::desk::{Desk, No};
use super::papers::BillPaper;
use crate::books::BookError;
use crate::persons::Person;
use medpay_domain::{CardNo, Dialect, Fen};
use medpay_wire::contracts::bureau::Claim;
use medpay_wire::his::RefusalCode;
use medpay_wire::his::bills::{BillKind, InsurancePart};
use serde_json::{Value, json};

impl Desk<'_> {
    /// How the bureau would divide the bill now; none where it is not insured, or its patient.
    pub(super) fn insurance_part(
        &self,
        paper: &BillPaper,
    ) -> Result<Option<InsurancePart>, BookError> {
        let bill = &paper.bill;
        let (Some(insured), Some(person)) = (paper.insured, self.person_of(&bill.patient_id)?)
        else {
            return Ok(None);
        };
        let request_content = self.request_content(paper, Some(person));
        let claim = Claim {
            city_id: self.settings.city_id.clone(),
            org_no: self.settings.org_no.clone(),
            order_type: order_type(bill.kind).to_owned(),
            serial_no: bill.serial_no.clone(),
            bill_no: Some(bill.bill_no.clone()),
            medical_card_id: person.medical_card_id.clone(),
            total_fee: bill.total_fen,
            insurance_fee: insured,
            cash_fee: bill.total_fen.checked_sub(insured).unwrap_or_default(),
            request_content: request_content.clone(),
        };
        let split = self.bureau.would_split(&claim)?;
        Ok(split.map(|split| InsurancePart {
            insurance_fen: split.insurance_fee,
            cash_fen: split.cash_fee,
            request_content,
        }))
    }

    /// The same, for an order that is to be paid today.
    pub(super) fn part_for_today(&self, paper: &BillPaper) -> Result<InsurancePart, No> {
        if paper.bill.kind == BillKind::Registration && paper.bill.visit_day != self.today() {
            let message = "insurance pays a registration on the day of the visit only";
            return Err(No::new(RefusalCode::NotCovered, message));
        }
        let part = self.insurance_part(paper)?;
        part.ok_or_else(|| No::new(RefusalCode::NotCovered, "insurance does not cover the bill"))
    }

    /// 医保结构体 in the city's dialect (PROTOCOL 4).
    pub(super) fn request_content(&self, paper: &BillPaper, person: Option<&Person>) -> String {
        match (self.settings.dialect, paper.bill.kind) {
            (Dialect::Shenzhen, BillKind::Registration) => self.registration(paper, person),
            (Dialect::Shenzhen, BillKind::Outpatient) => self.outpatient(paper, person),
            (Dialect::Opaque, _) => {
                let (visit, bill) = (paper.bill.serial_no.as_str(), paper.bill.bill_no.as_str());
                let total = paper.bill.total_fen.yuan();
                format!("HIS|{}|{visit}|{bill}|{total}", self.settings.org_no.as_str())
            }
        }
    }

    fn registration(&self, paper: &BillPaper, person: Option<&Person>) -> String {
        let bill = &paper.bill;
        let fee = |at: usize| bill.items.get(at).map_or(Fen::ZERO, |item| item.amount_fen);
        let department = self.data.departments.iter().find(|it| it.name == bill.department);
        let mut order = self.who(person);
        order["mzghdj"] = json!({
            "brlx": kind_of(person),
            "mzllsh": bill.serial_no.as_str(),
            "ksbm": department.map_or("", |it| it.id.as_str()),
            "ksmc": bill.department,
            "ghlb": if fee(1).is_zero() { "普通" } else { "专家" },
            "ghf": fee(0).yuan(),
            "zjzj": fee(1).yuan(),
            "ghhj": bill.total_fen.yuan(),
            "ssj": "0.00",
            "zsj": "0.00",
        });
        json!({ "registration_order_pay": order }).to_string()
    }

    fn outpatient(&self, paper: &BillPaper, person: Option<&Person>) -> String {
        let bill = &paper.bill;
        let lines = bill.items.iter().enumerate().map(|(at, item)| {
            json!({
                "no": at + 1,
                "mc": item.name,
                "gg": item.spec,
                "sl": item.quantity,
                "hjje": item.amount_fen.yuan(),
            })
        });
        let mut order = self.who(person);
        order["brlx"] = Value::from(kind_of(person));
        order["mzlsh"] = Value::from(bill.serial_no.as_str());
        order["djh"] = Value::from(bill.bill_no.as_str());
        order["ksmc"] = Value::from(bill.department.as_str());
        order["je"] = Value::from(bill.total_fen.yuan());
        order["mzfydetail"] = Value::from(lines.collect::<Vec<_>>());
        json!({ "outpatient_order_pay": order }).to_string()
    }

    fn who(&self, person: Option<&Person>) -> Value {
        json!({
            "yljgbm": self.settings.org_no.as_str(),
            "ylzh": person.map(|it| &it.medical_card_id).map_or("", CardNo::reveal),
            "czybm": "YB01",
            "czyxm": "在线结算",
        })
    }
}

/// The wire's word for what a bill is for.
const fn order_type(kind: BillKind) -> &'static str {
    match kind {
        BillKind::Registration => "RegPay",
        BillKind::Outpatient => "DiagPay",
    }
}

/// 病人类型 by 参保类型 (PROTOCOL 4.1).
fn kind_of(person: Option<&Person>) -> &'static str {
    match person.and_then(|person| person.medical_insurance_type) {
        Some(1 | 2 | 4) => "医疗保险",
        Some(3) => "离休",
        Some(5) => "少儿医保",
        Some(6) => "家属统筹",
        Some(_) | None => "自费",
    }
}
