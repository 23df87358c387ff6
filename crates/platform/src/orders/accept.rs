//! Accepting an order, whoever pays it: what unifiedorder and qrcodeunifiedorder have in common.
//!
//! The hospital's number is the idempotency key. The bureau is asked for its split before anything
//! is written, so that an order never shows the payer amounts that were not pre-settled.

use super::rows::{self, Asked, Sealed, StoredOrder, StoredPatient, StoredPayer};
use super::{EXPIRE_QUEUE, SETTLE_QUEUE, claim, link, notify_url, present_key};
use crate::access::Caller;
use crate::app::App;
use crate::cards::scans::{self, Redemption, ScanFault};
use crate::cards::{self, CardRefusal, Holder};
use medpay_client::Unanswered;
use medpay_domain::platform::order::reservation::Reservations;
use medpay_domain::platform::order::{Kind, Order, Split, State};
use medpay_domain::{CityId, HospOutTradeNo, MedTransId, Timestamp};
use medpay_store::BadSeal;
use medpay_store::{NewJob, StoreError, Tx};
use medpay_wire::caller_fields::{Merchant, Patient};
use medpay_wire::contracts::bureau::{PreSettle, PreSettled};
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::{FieldFault, Fields};
use medpay_wire::order_fields::{AmountFault, Amounts, OrderFields};
use medpay_wire::request_content::RequestContent;
use medpay_wire::sign::base_string;
use medpay_wire::states::PayType;
use medpay_wire::value::{Lines, Text};

/// Why an order is not accepted, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The hospital's number stands for an order with other parameters.
    #[error("the number stands for another order")]
    NumberUsed,
    /// That order is paid.
    #[error("the order is paid")]
    Paid,
    /// That order is closed, or the payer got the money back.
    #[error("the order is closed")]
    Closed,
    /// No bureau is known there.
    #[error("the city is not known")]
    CityUnknown,
    /// A production notification may not go there.
    #[error("the notify_url is not allowed")]
    NotifyUrl,
    /// The amounts do not fit each other or the way of payment.
    #[error(transparent)]
    Amounts(#[from] AmountFault),
    /// The scan is worth nothing.
    #[error(transparent)]
    Scan(#[from] ScanFault),
    /// No card, or another person's.
    #[error(transparent)]
    Card(#[from] CardRefusal),
    /// The bureau would refuse, in its words.
    #[error("the bureau refused to pre-settle")]
    BureauRefused(String),
    /// The bureau divides it otherwise, and the hospital does not allow that.
    #[error("the bureau's split differs")]
    SplitDiffers(Split),
    /// The bureau's split cannot be of this order.
    #[error("the bureau's split does not fit the order")]
    SplitImpossible,
    /// The bureau did not answer. Nothing was written.
    #[error("the bureau did not answer")]
    BureauSilent(#[from] Unanswered),
    /// What the bureau is to read cannot be opened.
    #[error(transparent)]
    Seal(#[from] BadSeal),
    /// Ours.
    #[error("the order could not be kept")]
    Store(#[from] StoreError),
}

impl OrderError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        let invalid = |des: String| Failure::Business { code: ErrCode::InvalidRequest, des };
        match self {
            Self::NumberUsed => Failure::business(ErrCode::OutTradeNoUsed),
            Self::Paid => Failure::business(ErrCode::OrderPaid),
            Self::Closed => Failure::business(ErrCode::OrderClosed),
            Self::CityUnknown => FieldFault::invalid("city_id").into(),
            Self::NotifyUrl => FieldFault::invalid("notify_url").into(),
            Self::Amounts(fault) => {
                Failure::Business { code: fault.err_code(), des: fault.to_string() }
            }
            Self::Scan(fault) => Failure::business(fault.code()),
            Self::Card(refusal) => Failure::business(refusal.code()),
            Self::BureauRefused(words) => invalid(format!("医保预结算未通过：{words}")),
            Self::SplitDiffers(split) => invalid(format!(
                "医保预结算结果为医保{}元、现金{}元，与订单金额不一致",
                split.insurance.yuan(),
                split.cash.yuan()
            )),
            Self::SplitImpossible => invalid("医保预结算结果与订单金额不符".to_owned()),
            Self::BureauSilent(_) | Self::Seal(_) | Self::Store(_) => {
                Failure::business(ErrCode::SystemError)
            }
        }
    }
}

/// Who pays.
#[derive(Clone, Debug)]
pub(super) enum Who {
    /// A user of one of the caller's accounts.
    User(Holder),
    /// Whoever showed a pay code.
    Scanned(Redemption),
}

/// An order that a hospital wants.
pub(super) struct Wanted {
    pub who: Who,
    pub merchant: Merchant,
    pub order: OrderFields,
    pub return_url: Option<String>,
    /// The whole request, for telling a repeat from another.
    pub fields: Fields,
}

/// Accepts the order, or finds the one that the same request made before.
pub(super) async fn accept(
    app: &App,
    caller: &Caller<'_>,
    wanted: Wanted,
) -> Result<MedTransId, OrderError> {
    let digest = request_digest(app, &wanted.fields);
    let ruled = rules(app, caller, &wanted.order);
    // A good cash order needs no other party: its insert finds out whether the number is taken.
    let straight = ruled.is_ok()
        && wanted.order.pay_type == PayType::Cash
        && matches!(wanted.who, Who::User(_));
    if !straight {
        let (merchant, number) = (caller.merchant_key(), wanted.order.hosp_out_trade_no.clone());
        let vault = app.vault.clone();
        let found = app
            .store
            .read("find order", move |tx| {
                let (merchant, number) = (merchant.clone(), number.clone());
                let vault = vault.clone();
                Box::pin(
                    async move { rows::load_by_hospital(tx, &vault, &merchant, &number).await },
                )
            })
            .await?;
        if let Some(found) = found {
            return repeated(&found, &digest, app.clock.now());
        }
    }
    ruled?;
    let new = prepare(app, caller, wanted, digest).await?;
    keep(app, new).await
}

/// The rules that need nobody's answer.
fn rules(app: &App, caller: &Caller<'_>, fields: &OrderFields) -> Result<(), OrderError> {
    let city_id = fields.city_id.as_ref().unwrap_or(&caller.institution.city_id);
    app.settings.city(city_id).ok_or(OrderError::CityUnknown)?;
    if !notify_url::is_allowed(&fields.notify_url, caller.institution) {
        return Err(OrderError::NotifyUrl);
    }
    Ok(fields.amounts.check(fields.pay_type)?)
}

/// Every parameter but the nonce; it names a person, so the digest is keyed.
fn request_digest(app: &App, fields: &Fields) -> String {
    let mut fields = fields.clone();
    fields.remove("nonce_str");
    app.vault.digest("order", &base_string(&fields))
}

/// The answer to a number that is known.
fn repeated(found: &StoredOrder, digest: &str, now: Timestamp) -> Result<MedTransId, OrderError> {
    if found.request_digest != digest {
        return Err(OrderError::NumberUsed);
    }
    match &found.order.state {
        State::Created { .. } if now >= found.expires_at => Err(OrderError::Closed),
        State::Created { .. }
        | State::CashPending { .. }
        | State::InsurancePending { .. }
        | State::InsuranceReversing { .. } => Ok(found.order.med_trans_id.clone()),
        State::Paid { .. } => Err(OrderError::Paid),
        State::CashReturning { .. } | State::SystemRefunded { .. } | State::Closed { .. } => {
            Err(OrderError::Closed)
        }
    }
}

/// An order that nothing speaks against.
#[derive(Clone)]
struct New {
    stored: StoredOrder,
    openid_digest: String,
    redemption: Option<Redemption>,
}

/// Who pays, and what the bureau says to it.
async fn prepare(
    app: &App,
    caller: &Caller<'_>,
    wanted: Wanted,
    request_digest: String,
) -> Result<New, OrderError> {
    let Wanted { who, merchant, order: fields, return_url, .. } = wanted;
    let city_id = fields.city_id.clone().unwrap_or_else(|| caller.institution.city_id.clone());
    let (holder, redemption) = match who {
        Who::User(holder) => (holder, None),
        Who::Scanned(redemption) => (scans::find(app, &redemption).await??, Some(redemption)),
    };
    let (now, patient) = (app.clock.now(), fields.patient.clone());
    let made =
        Made { merchant: caller.merchant_key(), caller: merchant, request_digest, city_id, now };
    let mut stored = lay_out(app, made, &holder, fields);
    stored.return_url = return_url;
    if stored.asked.pay_type != PayType::Cash {
        pre_settle(app, &holder, &patient, &mut stored).await?;
    }
    let openid_digest = app.vault.digest(holder.appid.as_str(), holder.openid.reveal());
    Ok(New { stored, openid_digest, redemption })
}

/// By whom an order is made, and when.
struct Made {
    merchant: String,
    caller: Merchant,
    request_digest: String,
    city_id: CityId,
    now: Timestamp,
}

/// The order as it was asked for, in cash until the bureau has spoken.
fn lay_out(app: &App, made: Made, holder: &Holder, fields: OrderFields) -> StoredOrder {
    let now = made.now;
    let seal = |value: &str| Sealed::new(&app.vault, value);
    let amounts = fields.amounts;
    let text = |text: Option<Text<32>>| text.map(Text::into_string);
    StoredOrder {
        order: Order {
            med_trans_id: link::new_med_trans_id(app, now),
            kind: Kind::CashOnly,
            total: amounts.total_fee,
            split: Split { cash: amounts.cash_fee, ..Split::default() },
            state: State::Created { attempt: 1, refused: None },
            reservations: Reservations::default(),
        },
        merchant: made.merchant,
        environment: holder.environment,
        caller: made.caller,
        hosp_out_trade_no: fields.hosp_out_trade_no,
        request_digest: made.request_digest,
        payer: StoredPayer { appid: holder.appid.clone(), openid: seal(holder.openid.reveal()) },
        patient: StoredPatient {
            card_type: fields.patient.card_type,
            name: seal(fields.patient.name.reveal()),
            id_digest: seal(fields.patient.id_digest.reveal()),
            medical_card_id: None,
        },
        asked: Asked {
            pay_type: fields.pay_type,
            cash_fee: amounts.cash_fee,
            insurance_fee: amounts.insurance_fee,
            cash_add_fee: amounts.cash_add_fee,
            cash_add_wording: text(fields.cash_add_wording),
            cash_reduced_fee: amounts.cash_reduced_fee,
            cash_reduced_wording: text(fields.cash_reduced_wording),
            allow_fee_change: fields.allow_fee_change,
        },
        order_type: fields.order_type,
        hospital_name: fields.hospital_name.into_string(),
        body: fields.body.into_string(),
        org_no: fields.org_no,
        city_id: made.city_id,
        serial_no: fields.serial_no,
        bill_no: fields.bill_no,
        channel_no: fields.channel_no,
        extends: fields.extends.map(Lines::into_string),
        spbill_create_ip: fields.spbill_create_ip,
        notify_url: fields.notify_url.as_str().to_owned(),
        return_url: None,
        gmt_out_create: fields.gmt_out_create,
        request_content: fields.request_content.as_ref().map(|it| seal(RequestContent::as_str(it))),
        created_at: now,
        expires_at: now.plus_seconds(app.settings.order_expiry_seconds),
        version: 1,
    }
}

/// Finds the payer's card and lets the bureau divide the claim.
async fn pre_settle(
    app: &App,
    holder: &Holder,
    patient: &Patient,
    stored: &mut StoredOrder,
) -> Result<(), OrderError> {
    let card = cards::card_of_patient(app, holder, patient).await??;
    stored.patient.medical_card_id = Some(Sealed::new(&app.vault, card.medical_card_id.reveal()));
    let ask = PreSettle { claim: claim::of(stored, card.medical_card_id, &app.vault)? };
    let split = match app.parties(stored.environment).bureau.pre_settle(&ask).await? {
        PreSettled::PreSettled(split) => claim::split_of(&split),
        PreSettled::Refused(refusal) => return Err(OrderError::BureauRefused(refusal.reason)),
    };
    divide(stored, split)
}

/// Takes the bureau's split, if it is the hospital's or the hospital lets it win.
fn divide(stored: &mut StoredOrder, split: Split) -> Result<(), OrderError> {
    let asked = &stored.asked;
    let same = split.cash == asked.cash_fee && split.insurance == asked.insurance_fee;
    if !same && !asked.allow_fee_change {
        return Err(OrderError::SplitDiffers(split));
    }
    // The real way of payment: a claim that the bureau takes wholly has no cash part, and any other
    // is mixed, a booking of 0 included.
    let (kind, pay_type) = if split.cash.is_zero() {
        (Kind::InsuranceOnly, PayType::Insurance)
    } else {
        (Kind::Mixed, PayType::Mixed)
    };
    let amounts = Amounts {
        total_fee: stored.order.total,
        cash_fee: split.cash,
        insurance_fee: split.insurance,
        cash_add_fee: asked.cash_add_fee,
        cash_reduced_fee: asked.cash_reduced_fee,
    };
    let parts =
        split.self_fee.checked_add(split.fund_fee).and_then(|sum| sum.checked_add(split.other_fee));
    if amounts.check(pay_type).is_err() || parts != Some(split.insurance) {
        return Err(OrderError::SplitImpossible);
    }
    stored.order.kind = kind;
    stored.order.split = split;
    Ok(())
}

/// Writes the order with its end, and for a scanned one the word to the payer's phone.
async fn keep(app: &App, new: New) -> Result<MedTransId, OrderError> {
    let (vault, now) = (app.vault.clone(), app.clock.now());
    app.store
        .write("accept order", move |tx| {
            let (vault, new) = (vault.clone(), new.clone());
            Box::pin(async move {
                let New { stored, openid_digest, redemption } = new;
                if !rows::insert(tx, &vault, &stored, &openid_digest).await? {
                    // The same number came twice at once: whoever was first decides.
                    let number: &HospOutTradeNo = &stored.hosp_out_trade_no;
                    let first =
                        rows::load_by_hospital(tx, &vault, &stored.merchant, number).await?;
                    let first = first.ok_or(StoreError::NoRow)?;
                    return repeated(&first, &stored.request_digest, now);
                }
                if let Some(redemption) = &redemption {
                    scans::redeem(tx, &vault, redemption).await??;
                    push(tx, SETTLE_QUEUE, present_key(&stored), &stored, now).await?;
                }
                let id = stored.order.med_trans_id.as_str().to_owned();
                push(tx, EXPIRE_QUEUE, id, &stored, stored.expires_at).await?;
                Ok(stored.order.med_trans_id)
            })
        })
        .await
}

async fn push(
    tx: &mut Tx,
    queue: &'static str,
    key: String,
    stored: &StoredOrder,
    due: Timestamp,
) -> Result<(), StoreError> {
    let payload = stored.order.med_trans_id.as_str().to_owned();
    tx.push_job(&NewJob { queue, key, payload, due }).await?;
    Ok(())
}
