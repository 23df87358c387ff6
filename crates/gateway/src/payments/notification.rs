//! `POST /notify/{site}`: a payment notification (PROTOCOL 3.4).
//!
//! It is acknowledged only once its record is committed; the same notice again is acknowledged
//! again and changes nothing but a count. The payment that it is about moves in the same
//! transaction. A notice whose facts cannot be true, or are not what was ordered, is refused and
//! kept for a person. There is no money decision here: that a bill is paid is the platform's word.

use super::asking;
use super::moving::{self, Decision, NotMoved};
use super::rows::{self, Recorded, orders};
use crate::busy;
use crate::gateway::{Gateway, Site, new_rid};
use crate::settings::Institution;
use crate::staff::queue::{self, Item, Kind};
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use medpay_domain::hospital::payment::Charge;
use medpay_domain::{Appid, Fen, HospOutTradeNo, MchId, OrgNo, Timestamp};
use medpay_store::{StoreError, Tx};
use medpay_wire::fields::{FieldFault, Received};
use medpay_wire::notification::{Acknowledgement, Notification};
use medpay_wire::sign::SignFault;
use medpay_wire::states::PayType;
use medpay_wire::xml::{MAX_BODY, XmlFault};
use std::sync::Arc;

/// How often a notice is recorded anew when somebody else moved its payment meanwhile.
const TRIES: u32 = 20;

/// Why a notification was not acknowledged, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// The body is no document.
    #[error(transparent)]
    Xml(#[from] XmlFault),
    /// The address names no hospital of this gateway.
    #[error("no such institution")]
    UnknownInstitution,
    /// It names another account or merchant than the hospital's.
    #[error("{0} is not the institution's")]
    OtherCaller(&'static str),
    /// The signature is not the platform's.
    #[error(transparent)]
    Sign(#[from] SignFault),
    /// A field is missing or not of its type; a code that is not SUCCESS among them, since nothing
    /// else is notified.
    #[error(transparent)]
    Field(#[from] FieldFault),
    /// The facts cannot be.
    #[error("contradiction: {0}")]
    Contradiction(Contradiction),
    /// Ours: nothing was recorded, or it is unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with a notice that was rightly signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// Cash and insurance together are more than the total. (They may be less: the bureau's or the
    /// hospital's discount is in the total only, PROTOCOL 3.1.)
    #[error("parts_exceed_total")]
    PartsExceedTotal,
    /// The amounts are not those of its `pay_type`.
    #[error("amounts_against_pay_type")]
    AgainstPayType,
    /// The same `med_trans_id` was notified with other facts.
    #[error("other_facts_before")]
    OtherFactsBefore,
    /// It is not what was ordered: other amounts, or another order of the platform's.
    #[error("other_than_ordered")]
    OtherThanOrdered,
    /// The same `hosp_out_trade_no` was notified as paid by another order.
    #[error("paid_by_another_order")]
    PaidByAnotherOrder,
}

impl NotificationError {
    /// The only place where this error meets the wire: the `return_msg`, without the trace id.
    fn return_msg(&self) -> String {
        match self {
            Self::Xml(fault) => fault.to_string(),
            Self::UnknownInstitution => "通知地址无此医疗机构".to_owned(),
            Self::OtherCaller(field) => format!("参数格式校验错误 {field} is invalid"),
            Self::Sign(fault) => fault.to_string(),
            Self::Field(fault) => format!("参数格式校验错误 {fault}"),
            Self::Contradiction(Contradiction::PartsExceedTotal) => "订单金额不符".to_owned(),
            Self::Contradiction(Contradiction::AgainstPayType) => "金额与支付方式不符".to_owned(),
            Self::Contradiction(Contradiction::OtherThanOrdered) => "与医院订单不一致".to_owned(),
            Self::Contradiction(Contradiction::OtherFactsBefore) => {
                "与此前通知内容不一致".to_owned()
            }
            Self::Contradiction(Contradiction::PaidByAnotherOrder) => {
                "该医院订单号已由其他诊疗单支付".to_owned()
            }
            Self::Store(_) => "系统错误，请稍后重试".to_owned(),
        }
    }

    /// Ours to mend, so it is logged as an error.
    fn is_ours(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

/// What of a notice is recorded and compared. No personal data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Facts {
    pub(super) org_no: OrgNo,
    pub(super) med_trans_id: String,
    pub(super) hosp_out_trade_no: String,
    pub(super) pay_type: PayType,
    pub(super) total_fee: Fen,
    pub(super) cash_fee: Fen,
    pub(super) insurance_fee: Fen,
    pub(super) time_end: Timestamp,
}

impl Facts {
    fn of(org_no: &OrgNo, notification: &Notification) -> Self {
        Self {
            org_no: org_no.clone(),
            med_trans_id: notification.med_trans_id.as_str().to_owned(),
            hosp_out_trade_no: notification.hosp_out_trade_no.as_str().to_owned(),
            pay_type: notification.pay_type,
            total_fee: notification.total_fee,
            cash_fee: notification.cash_fee,
            insurance_fee: notification.insurance_fee,
            time_end: notification.time_end,
        }
    }

    /// What is wrong with the notice by itself.
    pub(super) fn contradiction(&self) -> Option<Contradiction> {
        let parts = self.cash_fee.checked_add(self.insurance_fee);
        if parts.is_none_or(|parts| parts > self.total_fee) {
            return Some(Contradiction::PartsExceedTotal);
        }
        let right = match self.pay_type {
            PayType::Cash => self.insurance_fee.is_zero() && !self.cash_fee.is_zero(),
            PayType::Insurance => self.cash_fee.is_zero() && !self.insurance_fee.is_zero(),
            PayType::Mixed => !self.cash_fee.is_zero(),
        };
        (!right).then_some(Contradiction::AgainstPayType)
    }
}

/// Receives a notification and answers with the acknowledgement.
pub(crate) async fn receive(
    State(gateway): State<Gateway>,
    Path(word): Path<String>,
    body: Body,
) -> Response {
    let Some(site) = gateway.site(&word) else {
        let error = NotificationError::UnknownInstitution;
        // The address is whatever somebody typed, so it is not logged.
        tracing::info!(%error, "notification refused");
        return answer(&Acknowledgement::Refused(error.return_msg()));
    };
    let begun = site.clock.elapsed();
    let rid = new_rid(site.entropy.as_ref());
    let outcome = take(&site, body).await;
    let duration_ms = site.clock.elapsed().0 - begun.0;
    let org_no = site.org_no().as_str();
    if let Err(NotificationError::Store(StoreError::Busy)) = &outcome {
        tracing::error!(rid, org_no, duration_ms, "notification not recorded: too busy");
        return busy::sentence();
    }
    answer(&match &outcome {
        Ok((facts, recorded)) => {
            let med_trans_id = facts.med_trans_id.as_str();
            tracing::info!(rid, med_trans_id, ?recorded, duration_ms, "notification acknowledged");
            Acknowledgement::Accepted
        }
        Err(error) => {
            if error.is_ours() {
                tracing::error!(rid, org_no, %error, duration_ms, "notification not recorded");
            } else {
                tracing::info!(rid, org_no, %error, duration_ms, "notification refused");
            }
            Acknowledgement::Refused(format!("{} rid: {rid}", error.return_msg()))
        }
    })
}

fn answer(acknowledgement: &Acknowledgement) -> Response {
    ([(CONTENT_TYPE, "application/xml; charset=utf-8")], acknowledgement.to_xml()).into_response()
}

async fn take(site: &Arc<Site>, body: Body) -> Result<(Facts, Recorded), NotificationError> {
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| XmlFault::TooLarge)?;
    let received = Received::read(&body)?;
    let institution = &site.institution;
    check_caller(&received, institution)?;
    let verified = received.verify_from_platform(&institution.api_key)?;
    let notification = Notification::decode(&verified)?;
    let facts = Facts::of(&institution.org_no, &notification);
    let recorded = record(site, facts.clone(), news(site, notification)).await?;
    match recorded {
        Recorded::First | Recorded::Again => Ok((facts, recorded)),
        Recorded::Refused(contradiction) => Err(NotificationError::Contradiction(contradiction)),
    }
}

/// The accounts are compared before the signature, because they say whose key it should be.
fn check_caller(received: &Received, wanted: &Institution) -> Result<(), NotificationError> {
    let other = NotificationError::OtherCaller;
    let appid: Appid = received.key_field("appid")?.ok_or(FieldFault::needed("appid"))?;
    if appid != wanted.appid {
        return Err(other("appid"));
    }
    let mch_id: MchId = received.key_field("mch_id")?.ok_or(FieldFault::needed("mch_id"))?;
    if mch_id != wanted.mch_id {
        return Err(other("mch_id"));
    }
    let sub_appid: Option<Appid> = received.key_field("sub_appid")?;
    if sub_appid.is_some() && sub_appid != wanted.sub_appid {
        return Err(other("sub_appid"));
    }
    let sub_mch_id: Option<MchId> = received.key_field("sub_mch_id")?;
    if sub_mch_id != wanted.sub_mch_id {
        return Err(other("sub_mch_id"));
    }
    Ok(())
}

/// What the notice says to the payment that it is about.
fn news(site: &Site, notification: Notification) -> Decision {
    let charge = Charge {
        kind: asking::kind(notification.pay_type),
        total: notification.total_fee,
        cash: notification.cash_fee,
        insurance: notification.insurance_fee,
    };
    let mut news = asking::paid(notification.med_trans_id, charge, notification.time_end);
    news.response_content = notification.response_content;
    news.paid_by = if site.institution.sub_appid.is_some() {
        notification.sub_openid
    } else {
        notification.openid
    };
    news
}

async fn record(site: &Arc<Site>, facts: Facts, news: Decision) -> Result<Recorded, StoreError> {
    let now = site.clock.now();
    for _ in 0..TRIES {
        let (of_site, facts, news) = (Arc::clone(site), facts.clone(), news.clone());
        let recorded = site
            .store
            .write("record a notification", move |tx| {
                let (site, facts, news) = (Arc::clone(&of_site), facts.clone(), news.clone());
                Box::pin(async move { once(tx, &site, &facts, news, now).await })
            })
            .await;
        match recorded {
            Ok(recorded) => return Ok(recorded),
            Err(NotMoved::Stale) => {}
            Err(NotMoved::Store(error)) => return Err(error),
            Err(error @ (NotMoved::Illegal(_) | NotMoved::NoSuchPayment)) => {
                return Err(StoreError::Misuse(error.to_string()));
            }
        }
    }
    Err(StoreError::Contended("the payment moved meanwhile".to_owned()))
}

/// Records a notice and moves its payment, in one transaction. An order that did not begin here is
/// only recorded: other systems of the hospital may have theirs notified to this address.
async fn once(
    tx: &mut Tx,
    site: &Site,
    facts: &Facts,
    news: Decision,
    now: Timestamp,
) -> Result<Recorded, NotMoved> {
    let number = HospOutTradeNo::new(facts.hosp_out_trade_no.clone());
    let payment = orders::load(tx, &site.vault, &facts.org_no, &number).await?;
    let Some(mut payment) = payment else { return Ok(rows::record(tx, facts, now).await?) };
    let fits = news.event.as_ref().is_some_and(|event| payment.money.clone().apply(event).is_ok());
    let recorded = if fits || facts.contradiction().is_some() {
        rows::record(tx, facts, now).await?
    } else {
        rows::refuse(tx, facts, Contradiction::OtherThanOrdered, now).await?
    };
    if let Recorded::Refused(contradiction) = recorded {
        let item = Item {
            kind: Kind::Contradiction,
            key: number.as_str().to_owned(),
            hosp_out_trade_no: number,
            what: format!("notification refused: {contradiction}"),
        };
        queue::put(tx, site, &item, now).await?;
    } else {
        moving::settle(tx, site, &mut payment, news, now).await?;
    }
    Ok(recorded)
}
