//! What the HIS's pages share: their frame, how a bill is written in a row, and the words of
//! states.

use crate::his::{BillPaper, Chart, His, PatientPaper};
use crate::sandbox::Parties;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use medpay_domain::{Clock as _, OrgNo, Timestamp};
use medpay_wire::his::bills::{Bill, BillClass, BillItem, BillKind, BillState};
use medpay_wire::his::bookings::{Booking, BookingState};

/// The head of every page.
pub(super) struct Frame {
    pub(super) hospital: String,
    /// Where the HIS's pages are.
    pub(super) base: String,
    pub(super) tab: &'static str,
    pub(super) now: String,
}

impl Frame {
    pub(super) fn of(town: &Parties, his: &His, tab: &'static str) -> Self {
        Self {
            hospital: his.settings().name.clone(),
            base: format!("/his/{}", his.org_no().as_str()),
            tab,
            now: when(town.clock.now()),
        }
    }
}

#[derive(Template)]
#[template(path = "his/problem.html")]
struct Problem<'a> {
    frame: Frame,
    message: &'a str,
    back: String,
}

/// Whoever is to be chosen.
#[derive(Template)]
#[template(path = "his/choose.html")]
pub(super) struct Choose {
    pub(super) frame: Frame,
    pub(super) heading: &'static str,
    pub(super) patients: Vec<PatientRow>,
}

/// A patient in a list.
pub(super) struct PatientRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) card: String,
}

impl From<&PatientPaper> for PatientRow {
    fn from(paper: &PatientPaper) -> Self {
        Self {
            id: paper.patient.patient_id.clone(),
            name: paper.patient.name.reveal().to_owned(),
            card: paper.patient.visit_card_no.reveal().to_owned(),
        }
    }
}

/// A bill in a table.
pub(super) struct BillRow {
    pub(super) bill_no: String,
    pub(super) patient_id: String,
    pub(super) who: String,
    pub(super) title: String,
    pub(super) class: &'static str,
    pub(super) items: String,
    pub(super) total: String,
    /// How it is divided; nothing where it is not.
    pub(super) split: Vec<String>,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
    pub(super) order: String,
    pub(super) can_void: bool,
    pub(super) can_pay: bool,
    /// The button that ends it; empty if there is nothing to end.
    pub(super) finish: &'static str,
}

impl BillRow {
    /// `who` is empty on a page that is one patient's.
    pub(super) fn of(paper: &BillPaper, who: String) -> Self {
        let Bill { state, kind, ref items, ref insurance, .. } = paper.bill;
        let open = matches!(state, BillState::Pending | BillState::Locked);
        Self {
            bill_no: paper.bill.bill_no.as_str().to_owned(),
            patient_id: paper.bill.patient_id.clone(),
            who,
            title: paper.bill.title.clone(),
            class: class_word(paper.bill.class),
            items: items_words(items),
            total: paper.bill.total_fen.yuan(),
            split: insurance.as_ref().map_or_else(Vec::new, |part| {
                let (insurance, cash) = (part.insurance_fen.yuan(), part.cash_fen.yuan());
                vec![format!("医保 {insurance}"), format!("自费 {cash}")]
            }),
            state: state_word(paper),
            tone: match state {
                BillState::Pending | BillState::Locked => "wait",
                BillState::Paid => "good",
                BillState::Refunded | BillState::Voided => "small",
            },
            order: paper.bill.hosp_out_trade_no.as_ref().map_or("", |it| it.as_str()).to_owned(),
            can_void: open,
            can_pay: state == BillState::Pending,
            finish: match (state, kind) {
                (BillState::Paid, _) if paper.done => "",
                (BillState::Paid, BillKind::Registration) => "已就诊",
                (BillState::Paid, BillKind::Outpatient) => "已发药",
                _ => "",
            },
        }
    }

    pub(super) fn all(chart: &Chart) -> Vec<Self> {
        chart.bills.iter().map(|paper| Self::of(paper, String::new())).collect()
    }
}

const fn state_word(paper: &BillPaper) -> &'static str {
    match paper.bill.state {
        BillState::Pending => "待缴费",
        BillState::Locked => "支付中",
        BillState::Paid if paper.done => "已缴费，已完成",
        BillState::Paid if paper.at_till => "已在窗口缴费",
        BillState::Paid => "已缴费",
        BillState::Refunded => "已退款",
        BillState::Voided => "已作废",
    }
}

/// The classes, as a doctor chooses them.
pub(super) const CLASSES: [(&str, BillClass); 7] = [
    ("ordinary", BillClass::Ordinary),
    ("maternity", BillClass::Maternity),
    ("serious_illness", BillClass::SeriousIllness),
    ("special_disease", BillClass::SpecialDisease),
    ("special_examination", BillClass::SpecialExamination),
    ("vaccination", BillClass::Vaccination),
    ("inpatient", BillClass::Inpatient),
];

pub(super) const fn class_word(class: BillClass) -> &'static str {
    match class {
        BillClass::Ordinary => "普通门诊",
        BillClass::Maternity => "生育",
        BillClass::SeriousIllness => "重疾",
        BillClass::SpecialDisease => "特病",
        BillClass::SpecialExamination => "特检",
        BillClass::Vaccination => "预防接种",
        BillClass::Inpatient => "住院",
    }
}

pub(super) fn items_words(items: &[BillItem]) -> String {
    let words = items.iter().map(|item| format!("{} {}", item.name, item.quantity));
    words.collect::<Vec<_>>().join("，")
}

/// A booking in a line.
pub(super) fn booking_words(booking: &Booking) -> String {
    let state = match booking.state {
        BookingState::Booked => "已预约",
        BookingState::NumberTaken => "已取号",
        BookingState::Seen => "已就诊",
        BookingState::Cancelled => "已取消",
        BookingState::Missed => "已过期",
    };
    let queue = booking.queue_no.as_ref().map(|it| format!(" · 排队号 {it}")).unwrap_or_default();
    let Booking { day, time, department, doctor, booking_no, .. } = booking;
    format!("{day} {time} · {department} {doctor} · {state}{queue} · {booking_no}")
}

/// `yyyy-MM-dd HH:mm`.
pub(super) fn when(at: Timestamp) -> String {
    at.to_string().get(..16).unwrap_or_default().to_owned()
}

/// The doctors, as somebody chooses them.
pub(super) fn doctors(his: &His) -> Vec<(String, String)> {
    let data = his.data();
    let doctors = data.doctors.iter().map(|doctor| {
        let department = data.department(&doctor.department).map_or("", |it| it.name.as_str());
        (doctor.id.clone(), format!("{department} · {}", doctor.name))
    });
    doctors.collect()
}

/// Nothing comes from elsewhere; a code is a picture inside the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                      form-action 'self'; base-uri 'none'";

pub(super) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let headers = [
                (header::CACHE_CONTROL, "no-store"),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::REFERRER_POLICY, "no-referrer"),
            ];
            (status, headers, Html(html)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says why something was not done, with the way back below the HIS's own pages.
pub(super) fn problem(town: &Parties, his: &His, message: &str, back: &str) -> Response {
    let frame = Frame::of(town, his, "");
    let back = format!("{}{back}", frame.base);
    render(StatusCode::CONFLICT, &Problem { frame, message, back })
}

/// The HIS of an address.
#[expect(clippy::result_large_err, reason = "the refusal is the page itself")]
pub(super) fn his_of<'a>(town: &'a Parties, org_no: &str) -> Result<&'a His, Response> {
    let found = town.his(&OrgNo::new(org_no));
    found.ok_or_else(|| (StatusCode::NOT_FOUND, "模拟环境里没有这家医院").into_response())
}
