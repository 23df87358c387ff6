//! The HIS as an object: commands in, answers out.

mod calls;
mod refunds;
mod visits;

use super::{His, Said};
use crate::bureau::Bureau;
use crate::faults::Delivery;
use crate::persons::Persons;
use crate::testing::{self, chance, noon, person};
use medpay_domain::{BillNo, Fen, HospOutTradeNo, MedTransId, Timestamp};
use medpay_wire::his::bills::{
    Bill, ConfirmBill, Confirmed, FindBill, ListBills, LockBill, PayWith,
};
use medpay_wire::his::patients::{CreateVisitCard, Patient};
use medpay_wire::his::{Call, Refusal, RefusalCode};
use medpay_wire::id_card;
use std::cell::Cell;
use std::sync::Arc;
use tempfile::TempDir;

/// A HIS at noon, with a bureau of its own.
struct Hospital {
    his: His,
    now: Cell<Timestamp>,
    keys: Cell<u32>,
    folder: TempDir,
}

fn hospital() -> Hospital {
    let folder = TempDir::new().expect("a folder");
    let his = opened(&folder);
    Hospital { his, now: Cell::new(noon()), keys: Cell::new(0), folder }
}

fn opened(folder: &TempDir) -> His {
    let persons = Persons::built_in();
    let bureau = Bureau::open(folder.path(), persons.clone(), Vec::new(), chance());
    let bureau = Arc::new(bureau.expect("a book"));
    His::open(folder.path(), testing::his(), persons, bureau, noon()).expect("a book")
}

impl Hospital {
    fn send(&self, name: &str, key: &str, body: &str) -> Delivery<Said> {
        self.his.call(name, key, body.as_bytes(), self.now.get()).expect("a book")
    }

    fn keyed<C: Call>(&self, key: &str, ask: &C) -> Result<C::Answer, Refusal> {
        let body = serde_json::to_string(ask).expect("JSON");
        let said = self.send(C::NAME, key, &body).answer().expect("an answer");
        if said.status == 200 {
            Ok(serde_json::from_str(&said.body).expect("the answer"))
        } else {
            Err(serde_json::from_str(&said.body).expect("a refusal"))
        }
    }

    fn ask<C: Call>(&self, ask: &C) -> Result<C::Answer, Refusal> {
        self.keys.set(self.keys.get() + 1);
        self.keyed(&format!("key-{}", self.keys.get()), ask)
    }

    fn card_of(&self, id: &str) -> Patient {
        let person = person(id);
        self.ask(&CreateVisitCard {
            name: person.name.clone(),
            card_type: person.card_type,
            id_digest: id_card::digest(person.card_type, person.id_no.reveal()),
            id_no: None,
            phone: None,
        })
        .expect("a patient")
    }

    fn bills(&self, patient: &Patient) -> Vec<Bill> {
        let ask = ListBills { patient_id: patient.patient_id.clone() };
        self.ask(&ask).expect("bills").bills
    }

    fn bill(&self, bill_no: &BillNo) -> Bill {
        self.ask(&FindBill { bill_no: bill_no.clone() }).expect("a bill")
    }

    fn lock(&self, bill: &Bill, number: &str, pay_with: PayWith) -> Result<Bill, Refusal> {
        let (bill_no, hosp_out_trade_no) = (bill.bill_no.clone(), order(number));
        self.ask(&LockBill { bill_no, hosp_out_trade_no, pay_with })
    }

    fn confirm(&self, locked: &Bill, number: &str) -> Result<Confirmed, Refusal> {
        self.ask(&paid(locked, number))
    }
}

fn order(number: &str) -> HospOutTradeNo {
    HospOutTradeNo::new(number)
}

fn paid(locked: &Bill, number: &str) -> ConfirmBill {
    let (cash_fen, insurance_fen) = match &locked.insurance {
        Some(part) => (part.cash_fen, part.insurance_fen),
        None => (locked.total_fen, Fen::ZERO),
    };
    ConfirmBill {
        bill_no: locked.bill_no.clone(),
        hosp_out_trade_no: order(number),
        med_trans_id: MedTransId::new(format!("M{number}")),
        pay_type: match (&locked.insurance, cash_fen.is_zero()) {
            (None, _) => 1,
            (Some(_), true) => 2,
            (Some(_), false) => 3,
        },
        total_fen: locked.total_fen,
        cash_fen,
        insurance_fen,
        paid_at: noon(),
        response_content: String::new(),
    }
}

fn code<T>(answer: Result<T, Refusal>) -> Option<RefusalCode> {
    answer.err().map(|refusal| refusal.code)
}
