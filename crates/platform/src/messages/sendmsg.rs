//! `POST /payinsurance/sendmsg`: tells a patient of a paid order (选用接口 §1.5).
//!
//! The same request again gets the first answer and sends nothing: a message is known by its order
//! and by every parameter but the nonce, and WeChat by `client_msg_id`. What WeChat refused was not
//! sent, so the same request may try again.

use super::rows;
use crate::access::{Caller, merchant_key};
use crate::app::App;
use crate::orders::rows::{StoredOrder, load, load_by_hospital};
use crate::settings::Institution;
use medpay_client::Unanswered;
use medpay_domain::Timestamp;
use medpay_domain::platform::order::State;
use medpay_store::{BadSeal, Vault};
use medpay_store::{StoreError, Tx};
use medpay_wire::caller_fields::OrderRef;
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::message::{OrderFacts, template_data};
use medpay_wire::public_account::{AccountError, MiniProgram, TemplateMessage};
use medpay_wire::sendmsg::{Reply, Request, SPEC};
use medpay_wire::sign::base_string;
use medpay_wire::states::MsgType;
use std::collections::BTreeSet;

/// Why no message was sent, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum SendMsgError {
    /// No such order of this caller.
    #[error("no such order")]
    OrderNotExist,
    /// Several hospitals under the caller have an order of this number.
    #[error("the number names orders of several hospitals")]
    NumberAmbiguous,
    /// The order's hospital may not send messages, though another under the caller may.
    #[error("the order's institution may not call sendmsg")]
    NoAuth,
    /// The account has not opened 城市服务.
    #[error("the account has not opened city services")]
    NoCityServices,
    /// The account has no template of this type.
    #[error("the account has no template of this type")]
    NoTemplate,
    /// Only paid orders have messages.
    #[error("the order is not paid")]
    NotPaid,
    /// WeChat said no.
    #[error("WeChat refused the message: {0}")]
    Refused(i64),
    /// WeChat did not answer; the same request again does not send twice.
    #[error("WeChat's answer is unknown")]
    Unanswered(#[from] Unanswered),
    /// The order's persons cannot be read.
    #[error(transparent)]
    Seal(#[from] BadSeal),
    /// The database.
    #[error("the message could not be kept")]
    Store(#[from] StoreError),
}

impl SendMsgError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        let invalid =
            |des: &str| Failure::Business { code: ErrCode::InvalidRequest, des: des.to_owned() };
        match self {
            Self::OrderNotExist => Failure::business(ErrCode::OrderNotExist),
            Self::NumberAmbiguous => invalid("该订单号在多家医院都有订单，请改用 med_trans_id"),
            Self::NoAuth => Failure::business(ErrCode::NoAuth),
            Self::NoCityServices => invalid("公众号未开通城市服务"),
            Self::NoTemplate => invalid("公众号未申请该类型的消息模板"),
            Self::NotPaid => invalid("订单未支付，不能发送消息"),
            Self::Refused(code) => match AccountError::from_errcode(*code) {
                Some(AccountError::RequireSubscribe) => invalid("用户未关注公众号，消息未发送"),
                Some(AccountError::InvalidTemplateId) => invalid("消息模板不存在，消息未发送"),
                _ => invalid(&format!("消息未发送，微信返回{code}")),
            },
            Self::Unanswered(_) | Self::Seal(_) | Self::Store(_) => {
                Failure::business(ErrCode::SystemError)
            }
        }
    }
}

/// Sends the message, unless it was sent.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, SendMsgError> {
    let (order, institution) = find_order(app, caller, &request.order).await?;
    if !institution.permissions.contains(SPEC.name) {
        return Err(SendMsgError::NoAuth);
    }
    let digest = request_digest(&app.vault, &request);
    let nonce_str = request.nonce_str.clone();
    let msg_type = request.message.details.msg_type();
    let first = first_answer(app, &order, &digest).await?;
    let client_msg_id = match first {
        Some(rows::Message { sent: true, .. }) => return Ok(Reply { nonce_str }),
        Some(rows::Message { client_msg_id, .. }) => Some(client_msg_id),
        None => None,
    };
    if !institution.city_services {
        return Err(SendMsgError::NoCityServices);
    }
    let template_id = template_of(institution, msg_type).ok_or(SendMsgError::NoTemplate)?;
    let State::Paid { paid_at, .. } = order.order.state else {
        return Err(SendMsgError::NotPaid);
    };
    let mut message = compose(&app.vault, &order, paid_at, template_id, &request)?;
    let client_msg_id = match client_msg_id {
        Some(known) => known,
        None => keep(app, &order, &digest, msg_type).await?,
    };
    message.client_msg_id = Some(client_msg_id);
    let answer = app.doors.messenger.send(&order.payer.appid, &message).await?;
    if answer.errcode != 0 {
        return Err(SendMsgError::Refused(answer.errcode));
    }
    mark_sent(app, &order, &digest).await?;
    Ok(Reply { nonce_str })
}

/// The caller's order, and the institution it belongs to.
async fn find_order<'a>(
    app: &App,
    caller: &Caller<'a>,
    wanted: &OrderRef,
) -> Result<(StoredOrder, &'a Institution), SendMsgError> {
    let merchants: BTreeSet<String> =
        caller.institutions.iter().map(|one| merchant_key(one)).collect();
    let (vault, wanted) = (app.vault.clone(), wanted.clone());
    let order = app
        .store
        .read("order to tell of", move |tx| {
            let (wanted, merchants) = (wanted.clone(), merchants.clone());
            let vault = vault.clone();
            Box::pin(async move { load_of(tx, &vault, &wanted, &merchants).await })
        })
        .await?
        .ok_or(SendMsgError::OrderNotExist)?;
    let institution = caller
        .institutions
        .iter()
        .find(|one| merchant_key(one) == order.merchant)
        .ok_or(SendMsgError::OrderNotExist)?;
    Ok((order, institution))
}

/// The order meant. A hospital's number is unique within that hospital only, and this interface
/// does not say which one calls: a guess could tell one patient of another's payment.
async fn load_of(
    tx: &mut Tx,
    vault: &Vault,
    wanted: &OrderRef,
    merchants: &BTreeSet<String>,
) -> Result<Option<StoredOrder>, SendMsgError> {
    let number = match wanted {
        OrderRef::MedTransId(number) => return Ok(load(tx, vault, number).await?),
        OrderRef::HospOutTradeNo(number) => number,
    };
    let mut found = None;
    for merchant in merchants {
        if let Some(order) = load_by_hospital(tx, vault, merchant, number).await?
            && found.replace(order).is_some()
        {
            return Err(SendMsgError::NumberAmbiguous);
        }
    }
    Ok(found)
}

fn template_of(institution: &Institution, msg_type: MsgType) -> Option<&str> {
    let [outpatient, discount, registration, booking] = &institution.templates;
    let id = match msg_type {
        MsgType::Outpatient => outpatient,
        MsgType::OutpatientDiscount => discount,
        MsgType::Registration => registration,
        MsgType::Booking => booking,
    };
    id.as_deref()
}

fn compose(
    vault: &Vault,
    order: &StoredOrder,
    paid_at: Timestamp,
    template_id: &str,
    request: &Request,
) -> Result<TemplateMessage, BadSeal> {
    let facts = OrderFacts {
        user_name: order.patient_name(vault)?,
        body: order.body.clone(),
        total_fee: order.order.total,
        time_end: paid_at,
        hosp_out_trade_no: order.hosp_out_trade_no.clone(),
    };
    let data = template_data(&request.message, &facts);
    let touser = order.openid(vault)?;
    let mut message = TemplateMessage::new(touser.reveal(), template_id, data);
    message.url = request.redirect_url.as_ref().map(|url| url.as_str().to_owned());
    message.miniprogram = request.mini_appid.as_ref().map(|appid| MiniProgram {
        appid: appid.as_str().to_owned(),
        pagepath: request.mini_path.as_ref().map(|path| path.as_str().to_owned()),
    });
    Ok(message)
}

/// Every parameter but the nonce; it names a person, so the digest is keyed.
fn request_digest(vault: &Vault, request: &Request) -> String {
    let mut fields = request.encode();
    fields.remove("nonce_str");
    vault.digest("sendmsg", &base_string(&fields))
}

async fn first_answer(
    app: &App,
    order: &StoredOrder,
    digest: &str,
) -> Result<Option<rows::Message>, StoreError> {
    let (number, digest) = (order.order.med_trans_id.clone(), digest.to_owned());
    app.store
        .read("find message", move |tx| {
            let (number, digest) = (number.clone(), digest.clone());
            Box::pin(async move { rows::find(tx, &number, &digest).await })
        })
        .await
}

/// Keeps the message before it is sent, and answers its number for WeChat: the first one's, if the
/// same request came twice at once.
async fn keep(
    app: &App,
    order: &StoredOrder,
    digest: &str,
    msg_type: MsgType,
) -> Result<String, StoreError> {
    let (number, digest) = (order.order.med_trans_id.clone(), digest.to_owned());
    let (client_msg_id, now) = (app.entropy.nonce(), app.clock.now());
    app.store
        .write("keep message", move |tx| {
            let (number, digest) = (number.clone(), digest.clone());
            let client_msg_id = client_msg_id.clone();
            Box::pin(async move {
                rows::insert(tx, &number, &digest, msg_type.as_str(), &client_msg_id, now).await?;
                let kept = rows::find(tx, &number, &digest).await?;
                Ok(kept.ok_or(StoreError::NoRow)?.client_msg_id)
            })
        })
        .await
}

async fn mark_sent(app: &App, order: &StoredOrder, digest: &str) -> Result<(), StoreError> {
    let (number, digest) = (order.order.med_trans_id.clone(), digest.to_owned());
    let now = app.clock.now();
    app.store
        .write("message sent", move |tx| {
            let (number, digest) = (number.clone(), digest.clone());
            Box::pin(async move { rows::mark_sent(tx, &number, &digest, now).await })
        })
        .await
}
