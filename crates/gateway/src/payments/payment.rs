//! A payment as it is stored: the money machine, and around it what was ordered, by whom, of whom.

use crate::channels::Channel;
use medpay_domain::hospital::payment::{Charge, Ending, Kind, Payment as Money, State};
use medpay_domain::{
    BillNo, Day, Fen, HospOutTradeNo, MchId, MedTransId, Openid, OrgNo, SerialNo, Timestamp,
};
use medpay_wire::caller_fields::Patient;
use medpay_wire::fields::Fields;
use medpay_wire::his::bills::{BillKind, PayWith};
use medpay_wire::scan_fields::Scan;
use std::net::Ipv4Addr;

/// A payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// 医疗机构编码 of its hospital.
    pub org_no: OrgNo,
    /// 医院订单号; ours, unique over the whole database.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// The bill that it pays.
    pub bill: BillFacts,
    /// Who is treated.
    pub patient: Patient,
    /// Who pays.
    pub payer: Payer,
    /// Who paid, where a pay code was scanned and the platform has told.
    pub paid_by: Option<Openid>,
    /// Insurance and cash, or cash only.
    pub pay_with: PayWith,
    /// Where the payer came from.
    pub channel: Channel,
    /// Whether the payer came by a prescription's QR code, and so reaches nothing else of the
    /// patient.
    pub by_qr: bool,
    /// `spbill_create_ip`.
    pub client_ip: Ipv4Addr,
    /// 商户号 that is paid: the provider's in service-provider mode.
    pub mch_id: MchId,
    /// The hospital's merchant under that provider.
    pub sub_mch_id: Option<MchId>,
    /// The money, and whether the HIS has written it down.
    pub money: Money,
    /// What the platform is asked, word for word, once the bill is locked.
    pub(crate) request: Option<Fields>,
    /// What the bureau answered, which the HIS prints on the invoice; byte for byte.
    pub response_content: Option<String>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// Until when the payer may pay.
    pub expires_at: Timestamp,
    /// When we learnt that it is paid.
    pub heard_at: Option<Timestamp>,
    /// Rises with every change.
    pub version: i64,
}

/// What stays true of a bill, whoever pays it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillFacts {
    /// 业务单据号.
    pub bill_no: BillNo,
    /// 业务流水号 of the visit.
    pub serial_no: SerialNo,
    /// Whose, in the HIS's words.
    pub patient_id: String,
    /// What it is for.
    pub kind: BillKind,
    /// As the patient reads it.
    pub title: String,
    /// 科室; may be empty.
    pub department: String,
    /// 医生; may be empty.
    pub doctor: String,
    /// The day of the visit.
    pub visit_day: Day,
}

/// Who pays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payer {
    /// A person on the phone, under the hospital's own account; whether it follows the account or
    /// not.
    Follower(Openid),
    /// Whoever showed this pay code at the window.
    Scan(Scan),
}

impl Payer {
    /// The person, where it is known.
    pub const fn openid(&self) -> Option<&Openid> {
        match self {
            Self::Follower(openid) => Some(openid),
            Self::Scan(_) => None,
        }
    }
}

impl Payment {
    /// The payer under the hospital's own account, where known.
    pub fn openid(&self) -> Option<&Openid> {
        self.payer.openid().or(self.paid_by.as_ref())
    }

    /// What is charged, once the bill was locked.
    pub const fn charge(&self) -> Option<&Charge> {
        self.money.state.charge()
    }

    /// 诊疗单 id, once the platform has accepted the order.
    pub const fn med_trans_id(&self) -> Option<&MedTransId> {
        self.money.state.med_trans_id()
    }

    /// Whether the money is there, given back since or not.
    pub const fn is_paid(&self) -> bool {
        matches!(self.money.state, State::Paid { .. })
    }

    /// When it was paid, by the platform.
    pub const fn paid_at(&self) -> Option<Timestamp> {
        match self.money.state {
            State::Paid { at, .. } => Some(at),
            _ => None,
        }
    }

    /// Whether it has neither been paid nor ended.
    pub const fn is_open(&self) -> bool {
        !matches!(self.money.state, State::Paid { .. } | State::Ended { .. })
    }

    /// Whether the bureau takes part.
    pub fn is_insured(&self) -> bool {
        self.charge().is_some_and(|charge| charge.kind.has_insurance())
    }

    /// How it is paid.
    pub fn kind(&self) -> Option<Kind> {
        self.charge().map(|charge| charge.kind)
    }

    /// Why it ended unpaid.
    pub const fn ending(&self) -> Option<&Ending> {
        match &self.money.state {
            State::Ended { ending, .. } => Some(ending),
            _ => None,
        }
    }

    /// What is left of the cash part: the commission's basis in service-provider mode.
    pub fn cash_kept(&self) -> Fen {
        match &self.money.state {
            State::Paid { charge, .. } => {
                charge.cash.checked_sub(self.money.returned.cash).unwrap_or_default()
            }
            _ => Fen::ZERO,
        }
    }
}
