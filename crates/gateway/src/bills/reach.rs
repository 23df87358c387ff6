//! By what right a visitor sees a patient's bills.

use crate::account::Visitor;
use crate::page::{self, Notice};
use crate::prescriptions::token::{self, TokenFault};
use crate::visit_cards::trouble::{Trouble, ask_his};
use crate::visit_cards::{self, VisitCard};
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::{BillNo, PersonName};
use medpay_wire::caller_fields::Patient;
use medpay_wire::his::bills::{Bill, FindBill};
use medpay_wire::his::patients::FindPatient;
use serde::Deserialize;

/// Which bill, and by what right: one of `card` and `qr`.
#[derive(Clone, Deserialize)]
pub(super) struct Asked {
    /// 业务单据号.
    #[serde(default)]
    pub(super) bill: String,
    /// One of the visitor's visit cards.
    #[serde(default)]
    pub(super) card: String,
    /// A prescription's token.
    #[serde(default)]
    pub(super) qr: String,
}

/// A patient whose bills the visitor may see.
pub(super) struct Reached {
    /// The HIS's number.
    pub(super) patient_id: String,
    /// The person, for the platform.
    pub(super) patient: Patient,
    /// Whether it is by a QR code, so that the name is masked.
    pub(super) by_qr: bool,
}

/// Why a bill is not shown.
pub(super) enum NotReached {
    /// Not found, or nobody answers.
    Trouble(Trouble),
    /// The code is worth nothing.
    Token(TokenFault),
}

impl From<Trouble> for NotReached {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl NotReached {
    /// The page that says so.
    pub(super) fn show(&self, visitor: &Visitor) -> Response {
        match self {
            Self::Trouble(trouble) => trouble.show(visitor),
            Self::Token(fault) => {
                let (status, text, outcome) = match fault {
                    TokenFault::Expired => (
                        StatusCode::GONE,
                        "这个二维码已经过期，请到诊室或收费窗口重新打印。",
                        "qr-expired",
                    ),
                    TokenFault::Altered => {
                        (StatusCode::NOT_FOUND, "这个二维码无法识别，请重新扫码。", "qr-unknown")
                    }
                };
                let page = Notice {
                    frame: visitor.frame(),
                    title: "二维码无效",
                    text,
                    tone: "bad",
                    outcome,
                    ways: vec![("返回首页", visitor.site.path(""))],
                };
                page::show(&visitor.site, status, &page)
            }
        }
    }
}

/// The patient of a card that the visitor has added.
pub(super) fn of_card(card: &VisitCard) -> Reached {
    Reached {
        patient_id: card.patient_id.clone(),
        patient: Patient {
            card_type: card.card_type,
            id_digest: card.id_digest.clone(),
            name: card.name.clone(),
        },
        by_qr: false,
    }
}

/// The patient that `asked` gives a right to.
pub(super) async fn patient(visitor: &Visitor, asked: &Asked) -> Result<Reached, NotReached> {
    let site = &visitor.site;
    if asked.qr.is_empty() {
        let card = visit_cards::find(site, &visitor.openid, &asked.card).await;
        let card = card.map_err(Trouble::Store)?.ok_or(Trouble::NotFound)?;
        return Ok(of_card(&card));
    }
    let patient_id = token::read(site, &asked.qr).map_err(NotReached::Token)?;
    let found = ask_his(site, &FindPatient { patient_id: patient_id.clone() }).await?;
    if found.patient_id != patient_id {
        return Err(Trouble::NotFound.into());
    }
    let patient =
        Patient { card_type: found.card_type, id_digest: found.id_digest, name: found.name };
    Ok(Reached { patient_id, patient, by_qr: true })
}

/// The bill, if it is that patient's.
pub(super) async fn bill(
    visitor: &Visitor,
    reached: &Reached,
    bill_no: &str,
) -> Result<Bill, NotReached> {
    let ask = FindBill { bill_no: BillNo::new(bill_no) };
    let bill = ask_his(&visitor.site, &ask).await?;
    if bill.patient_id == reached.patient_id && bill.bill_no == ask.bill_no {
        Ok(bill)
    } else {
        Err(Trouble::NotFound.into())
    }
}

/// A name with all but its first character covered.
pub(crate) fn masked_name(name: &PersonName) -> String {
    let name = name.reveal();
    let first: String = name.chars().take(1).collect();
    let rest = name.chars().count().saturating_sub(1).max(1);
    format!("{first}{}", "*".repeat(rest))
}
