//! Whether insurance can pay a bill, and why not: the class, the day, the split, the person.

use crate::cards::bound::{self, Bound};
use crate::gateway::Site;
use medpay_domain::{Day, Openid};
use medpay_wire::caller_fields::Patient;
use medpay_wire::his::bills::{Bill, BillClass, BillKind};

/// Whether insurance is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Insurance {
    /// It can pay.
    Offered,
    /// It cannot.
    Not(NotInsured),
    /// The platform did not say whether the card is bound.
    Unknown,
}

/// Why insurance does not pay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotInsured {
    /// It covers ordinary outpatient care only (guide, FAQ 1).
    Class(BillClass),
    /// It pays a registration only on the day of the visit.
    NotToday,
    /// The HIS has not pre-settled the bill.
    NotSplit,
    /// The payer has bound no card.
    NotBound,
    /// The payer is not the patient.
    AnotherPerson,
}

/// What patients call a class.
pub const fn class(class: BillClass) -> &'static str {
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

impl NotInsured {
    /// What the patient reads.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Class(BillClass::Maternity) => {
                "医保移动支付仅支持普通门诊，生育类费用只能自费支付。"
            }
            Self::Class(BillClass::SeriousIllness) => {
                "医保移动支付仅支持普通门诊，重疾类费用只能自费支付。"
            }
            Self::Class(BillClass::SpecialDisease) => {
                "医保移动支付仅支持普通门诊，特病类费用只能自费支付。"
            }
            Self::Class(BillClass::SpecialExamination) => {
                "医保移动支付仅支持普通门诊，特检类费用只能自费支付。"
            }
            Self::Class(BillClass::Vaccination) => {
                "医保移动支付仅支持普通门诊，预防接种费用只能自费支付。"
            }
            Self::Class(BillClass::Inpatient) => {
                "医保移动支付仅支持普通门诊，住院费用只能自费支付。"
            }
            Self::Class(BillClass::Ordinary) => "这张账单不能使用医保支付。",
            Self::NotToday => {
                "医保只能在就诊当天支付挂号费：可以就诊当天再用医保支付，也可以现在自费支付。"
            }
            Self::NotSplit => "医院未对这张账单做医保预结算，只能自费支付。",
            Self::NotBound => "您还没有绑定社保卡，绑定后可使用医保支付。",
            Self::AnotherPerson => {
                "就诊人与您绑定的社保卡不是同一人，不能使用医保支付，可自费支付。"
            }
        }
    }
}

/// Why a bill by itself is not insured; none if it is.
pub fn by_itself(bill: &Bill, today: Day) -> Option<NotInsured> {
    if bill.class != BillClass::Ordinary {
        Some(NotInsured::Class(bill.class))
    } else if bill.kind == BillKind::Registration && bill.visit_day != today {
        Some(NotInsured::NotToday)
    } else if bill.insurance.is_none() {
        Some(NotInsured::NotSplit)
    } else {
        None
    }
}

/// Whether insurance can pay `bill` of `patient`, if `openid` pays.
pub async fn insurance(site: &Site, openid: &Openid, patient: &Patient, bill: &Bill) -> Insurance {
    if let Some(why) = by_itself(bill, site.clock.now().day()) {
        return Insurance::Not(why);
    }
    match bound::ask(site, openid, &patient.name, &patient.id_digest).await {
        Bound::Yes(_) => Insurance::Offered,
        Bound::NotBound => Insurance::Not(NotInsured::NotBound),
        Bound::AnotherPerson => Insurance::Not(NotInsured::AnotherPerson),
        Bound::Unknown => Insurance::Unknown,
    }
}
