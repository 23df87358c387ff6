//! Beginning a payment: the checks, the row, and its first steps at once, for whoever waits. What a
//! lost answer leaves open, the worker of [`super::follow`] goes on with.

use super::asking::charge;
use super::moving::NotMoved;
use super::payment::{BillFacts, Payer, Payment};
use super::rows::orders;
use super::{FOLLOW_QUEUE, find, follow, jobs};
use crate::bills::offer::{self, NotInsured};
use crate::channels::Channel;
use crate::gateway::Site;
use medpay_client::Unanswered;
use medpay_domain::hospital::payment::{ChargeFault, Payment as Money, State};
use medpay_domain::{BillNo, Entropy, HospOutTradeNo, Timestamp};
use medpay_store::StoreError;
use medpay_wire::caller_fields::Patient;
use medpay_wire::his::bills::{Bill, BillState, FindBill, PayWith};
use medpay_wire::his::{Refusal, RefusalCode};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A payment that somebody wants to begin.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Who pays.
    pub payer: Payer,
    /// Who is treated.
    pub patient: Patient,
    /// The same in the HIS's words; the bill must be this patient's.
    pub patient_id: String,
    /// What is paid.
    pub bill_no: BillNo,
    /// Insurance and cash, or cash only.
    pub pay_with: PayWith,
    /// Where the payer came from.
    pub channel: Channel,
    /// Whether the payer came by a prescription's QR code.
    pub by_qr: bool,
    /// 用户端 ip; `127.0.0.1` where the payer has none of IPv4, since the field has no room for
    /// another.
    pub client_ip: Ipv4Addr,
}

/// A payment that was begun, now or before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Begun {
    /// Its number.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// Where the payer pays; none where that is not known yet, or where a pay code was scanned:
    /// the order's page tells how it goes on.
    pub leads_to: Option<String>,
}

/// Why a payment does not begin, in the order of the checks. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The HIS did not answer.
    #[error("the HIS did not answer")]
    HisSilent(#[source] Unanswered),
    /// The HIS refused to show the bill.
    #[error("the HIS refused the bill: {0:?}")]
    HisRefused(RefusalCode),
    /// There is no such bill of this patient.
    #[error("no such bill of this patient")]
    NoSuchBill,
    /// It is paid.
    #[error("the bill is paid")]
    PaidAlready,
    /// It was taken back.
    #[error("the bill was taken back")]
    Voided,
    /// Another person's order holds it.
    #[error("another order holds the bill")]
    HeldByAnother,
    /// It cannot be charged so.
    #[error(transparent)]
    NotChargeable(#[from] ChargeFault),
    /// Insurance is wanted and cannot pay.
    #[error("insurance cannot pay: {0:?}")]
    NotInsured(NotInsured),
    /// Whether insurance can pay is not known at the moment.
    #[error("it is not known whether insurance can pay")]
    InsuranceUnknown,
    /// The database: nothing was written, or it is unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BeginError {
    /// What the patient reads.
    pub fn words(&self) -> &'static str {
        match self {
            Self::HisSilent(_) => "医院系统暂时没有应答，请稍后再试。",
            Self::HisRefused(_) | Self::NoSuchBill => "没有找到这张账单。",
            Self::PaidAlready => "这张账单已经缴费，无需重复支付。",
            Self::Voided => "这张账单已被医生撤销或已失效，请向医生确认。",
            Self::HeldByAnother => "这张账单正在由其他人支付。如未支付成功，请稍后再试。",
            Self::NotChargeable(ChargeFault::OverLimit) => "金额超过单笔限额，请到窗口缴费。",
            Self::NotChargeable(_) => "这张账单暂时不能在线支付，请到窗口缴费。",
            Self::NotInsured(why) => why.words(),
            Self::InsuranceUnknown => "暂时无法确认医保绑卡状态，请稍后再试，或选择自费支付。",
            Self::Store(_) => "系统繁忙，请稍后再试。",
        }
    }
}

/// Begins a payment of one bill, or finds the one that this payer has open for it.
pub async fn begin(site: &Arc<Site>, wanted: Begin) -> Result<Begun, BeginError> {
    let bill = find_bill(site, &wanted.bill_no).await?;
    if bill.patient_id != wanted.patient_id || bill.bill_no != wanted.bill_no {
        return Err(BeginError::NoSuchBill);
    }
    if let Some(held) = find::of_bill(site, &wanted.bill_no).await? {
        return held_already(site, &wanted, &held).await;
    }
    payable(&bill)?;
    // Whoever came by a pay code has shown the card that the platform knows.
    if let (PayWith::Insurance, Payer::Follower(openid)) = (wanted.pay_with, &wanted.payer) {
        match offer::insurance(site, openid, &wanted.patient, &bill).await {
            offer::Insurance::Offered => {}
            offer::Insurance::Not(why) => return Err(BeginError::NotInsured(why)),
            offer::Insurance::Unknown => return Err(BeginError::InsuranceUnknown),
        }
    }
    charge(site, wanted.pay_with, &bill)?;
    let payment = payment(site, wanted.clone(), bill);
    if !keep(site, payment.clone()).await? {
        let held = find::of_bill(site, &wanted.bill_no).await?;
        return match held {
            Some(held) => held_already(site, &wanted, &held).await,
            None => Err(BeginError::HeldByAnother),
        };
    }
    Ok(led(follow::follow_now(site, &payment.hosp_out_trade_no).await, payment))
}

/// A bill as the HIS shows it now.
pub(crate) async fn find_bill(site: &Site, bill_no: &BillNo) -> Result<Bill, BeginError> {
    match site.doors.his.ask(&FindBill { bill_no: bill_no.clone() }).await {
        Ok(Ok(bill)) => Ok(bill),
        Ok(Err(Refusal { code: RefusalCode::NotFound, .. })) => Err(BeginError::NoSuchBill),
        Ok(Err(refusal)) => Err(BeginError::HisRefused(refusal.code)),
        Err(error) => Err(BeginError::HisSilent(error)),
    }
}

/// Whether a bill waits to be paid. One that the HIS calls locked while no order of ours holds it
/// is being let go; lock_bill decides.
fn payable(bill: &Bill) -> Result<(), BeginError> {
    match bill.state {
        BillState::Pending | BillState::Locked => Ok(()),
        BillState::Paid | BillState::Refunded => Err(BeginError::PaidAlready),
        BillState::Voided => Err(BeginError::Voided),
    }
}

/// What the payer's own open payment leads to; another's is in the way.
async fn held_already(
    site: &Arc<Site>,
    wanted: &Begin,
    held: &Payment,
) -> Result<Begun, BeginError> {
    if held.is_paid() {
        return Err(BeginError::PaidAlready);
    }
    let own = match (&wanted.payer, &held.payer) {
        (Payer::Follower(wanted), Payer::Follower(held)) => wanted == held,
        (Payer::Scan(wanted), Payer::Scan(held)) => wanted.auth_code == held.auth_code,
        _ => false,
    };
    if !own {
        return Err(BeginError::HeldByAnother);
    }
    let same_way = wanted.pay_with == held.pay_with;
    let moved = follow::follow_now(site, &held.hosp_out_trade_no).await;
    let begun = led(moved, held.clone());
    // Another way is not led to: the page of the order that is open tells.
    Ok(if same_way { begun } else { Begun { leads_to: None, ..begun } })
}

fn led(moved: Result<Payment, NotMoved>, begun: Payment) -> Begun {
    let payment = moved.unwrap_or_else(|error| {
        let number = &begun.hosp_out_trade_no;
        tracing::warn!(%number, %error, "a payment is left to its worker");
        begun
    });
    let leads_to = match &payment.money.state {
        State::Ordered { accepted, .. } => accepted.pay_url.clone(),
        _ => None,
    };
    Begun { hosp_out_trade_no: payment.hosp_out_trade_no, leads_to }
}

fn payment(site: &Site, wanted: Begin, bill: Bill) -> Payment {
    let now = site.clock.now();
    let order_seconds = site.hospital().map_or(0, |hospital| hospital.rules.order_seconds);
    Payment {
        org_no: site.org_no().clone(),
        hosp_out_trade_no: new_number(now, site.entropy.as_ref()),
        bill: BillFacts {
            bill_no: bill.bill_no,
            serial_no: bill.serial_no,
            patient_id: bill.patient_id,
            kind: bill.kind,
            title: bill.title,
            department: bill.department,
            doctor: bill.doctor,
            visit_day: bill.visit_day,
        },
        patient: wanted.patient,
        payer: wanted.payer,
        paid_by: None,
        pay_with: wanted.pay_with,
        channel: wanted.channel,
        by_qr: wanted.by_qr,
        client_ip: wanted.client_ip,
        mch_id: site.institution.mch_id.clone(),
        sub_mch_id: site.institution.sub_mch_id.clone(),
        money: Money::new(),
        request: None,
        response_content: None,
        created_at: now,
        expires_at: now.plus_seconds(order_seconds),
        heard_at: None,
        version: 1,
    }
}

/// A fresh 医院订单号: the moment in front so that a reader can place it, and 12 characters of chance.
/// 26 in all, since sendmsg takes 32.
fn new_number(now: Timestamp, entropy: &dyn Entropy) -> HospOutTradeNo {
    let nonce = entropy.nonce();
    HospOutTradeNo::new(format!("{}{}", now.wire(), nonce.get(..12).unwrap_or_default()))
}

/// Writes the payment and its job; false if another one holds its bill.
async fn keep(site: &Arc<Site>, payment: Payment) -> Result<bool, StoreError> {
    let digest = payment.payer.openid().map(|openid| find::digest(site, openid));
    let due = payment.created_at.plus_seconds(follow::HEAD_START_SECONDS);
    let job = jobs::job(FOLLOW_QUEUE, &payment.org_no, &payment.hosp_out_trade_no, due);
    let vault = site.vault.clone();
    site.store
        .write("begin payment", move |tx| {
            let (payment, digest) = (payment.clone(), digest.clone());
            let (vault, job) = (vault.clone(), job.clone());
            Box::pin(async move {
                let inserted = orders::insert(tx, &vault, &payment, digest.as_deref()).await?;
                if inserted {
                    tx.push_job(&job).await?;
                }
                Ok(inserted)
            })
        })
        .await
}
