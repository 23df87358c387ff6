//! 申请退款 (PROTOCOL 3.5).
//!
//! A refund is accepted in one transaction: the legs are reserved in the order's row, guarded by
//! its version, so that refunds can never exceed the payment whatever interleaves. Then the call
//! itself puts the questions and waits for their answers; where one stays unknown the worker goes
//! on, and the hospital repeats the same request to hear how it ended.

use super::give_back;
use super::rows::{self, RefundType, StoredRefund};
use crate::access::Caller;
use crate::app::App;
use crate::orders;
use medpay_domain::platform::order::reservation::{NotReserved, Reserved, Scope};
use medpay_domain::platform::order::{Order, State as OrderState};
use medpay_domain::platform::refund::{Effect, Legs, Refund, Refusal, State};
use medpay_domain::{BillNo, CityId, Elapsed, Entropy, MedRefundId, SerialNo, Timestamp};
use medpay_store::Vault;
use medpay_store::{Lease, StoreError, Tx};
use medpay_wire::caller_fields::OrderRef;
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::FieldFault;
use medpay_wire::refund::{Reply, Request};
use medpay_wire::states::PartRefundType;

/// How long cash can be given back, as V2 has it (PROTOCOL 3.5).
const CASH_DAYS: i64 = 365;

/// How often a write is tried again when another one changed the order meanwhile.
const TRIES: u32 = 10;

/// Why a refund is not accepted, or not done yet.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// No such order of this merchant.
    #[error("no such order")]
    OrderNotExist,
    /// The hospital's number stands for another refund.
    #[error("the number stands for another refund")]
    NumberUsed,
    /// There is no payment to give back.
    #[error("the order is not paid")]
    NotPaid,
    /// CASH_ONLY of an order without cash part.
    #[error("the order has no cash part")]
    NoCashPart,
    /// Another refund of it is under way.
    #[error("another refund is under way")]
    Busy,
    /// It has been given back.
    #[error("it has been given back")]
    GivenBack,
    /// Insurance goes back, and a cancel number is missing.
    #[error(transparent)]
    CancelNumber(FieldFault),
    /// The bureau takes back only on the day of the payment.
    #[error("the day of the payment is over")]
    DayOver,
    /// Cash goes back for a year.
    #[error("the year after the payment is over")]
    YearOver,
    /// The bureau said no: nothing moved, the order stays paid.
    #[error("the bureau refused: {}", .0.code)]
    BureauRefused(Refusal),
    /// The bureau has not answered yet.
    #[error("the bureau's answer is unknown")]
    InsuranceUnknown,
    /// The wallet has not answered yet, or not yes.
    #[error("the wallet's answer is unknown")]
    CashUnknown,
    /// Too many others changed the order at the same time.
    #[error("the order moved meanwhile, each time")]
    Contended,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RefundError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        let refused = |code, des: &str| Failure::Business { code, des: des.to_owned() };
        match self {
            Self::OrderNotExist => Failure::business(ErrCode::OrderNotExist),
            Self::NumberUsed => refused(ErrCode::InvalidRequest, "医院退款单号已用于其他退款请求"),
            Self::NotPaid => refused(ErrCode::TradeStateError, "订单未支付或支付未成功，不能退款"),
            Self::NoCashPart => refused(ErrCode::InvalidRequest, "订单没有现金部分，不能只退现金"),
            Self::Busy => refused(ErrCode::TradeStateError, "订单有其他退款正在处理中"),
            Self::GivenBack => refused(ErrCode::InvalidRequest, "订单已退款"),
            Self::CancelNumber(fault) => (*fault).into(),
            Self::DayOver => refused(ErrCode::TradeOverdue, "医保退款只能在支付当天发起并完成"),
            Self::YearOver => Failure::business(ErrCode::TradeOverdue),
            Self::BureauRefused(refusal) => Failure::Business {
                code: ErrCode::InvalidRequest,
                des: format!("医保拒绝退款: {}", refusal.reason),
            },
            Self::InsuranceUnknown => Failure::business(ErrCode::InsuranceRefundUnknown),
            Self::CashUnknown => Failure::business(ErrCode::CashRefundUnknown),
            Self::Contended | Self::Store(_) => Failure::business(ErrCode::SystemError),
        }
    }
}

/// Accepts the refund, or finds the one that the same request made before, and answers how far it
/// is.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, RefundError> {
    let (stored, lease) = accept(app, caller, request).await?;
    if let Some(lease) = lease {
        // Whatever goes wrong here, the worker goes on; the answer says how far it is.
        if let Err(error) = give_back::work_off(app, lease).await {
            tracing::warn!(rid = caller.rid, %error, "a refund could not be worked on");
        }
    }
    let med_refund_id = stored.med_refund_id;
    let stored = app
        .store
        .read("a refund's state", move |tx| {
            let med_refund_id = med_refund_id.clone();
            Box::pin(async move { rows::load(tx, &med_refund_id).await })
        })
        .await?
        .ok_or(StoreError::NoRow)?;
    reply(stored)
}

/// The answer of a refund as it stands.
fn reply(stored: StoredRefund) -> Result<Reply, RefundError> {
    match stored.refund.state {
        State::Succeeded { .. } => Ok(Reply {
            med_refund_id: stored.med_refund_id,
            total_fee: stored.total_fee,
            cash_refund_fee: stored.cash_fee,
            insurance_refund_fee: stored.insurance_fee,
            med_trans_id: Some(stored.med_trans_id),
            hosp_out_trade_no: Some(stored.hosp_out_trade_no),
            hosp_out_refund_no: Some(stored.hosp_out_refund_no),
        }),
        State::Failed { refusal } => Err(RefundError::BureauRefused(refusal)),
        State::InsurancePending => Err(RefundError::InsuranceUnknown),
        State::CashPending { .. } | State::CashStuck { .. } => Err(RefundError::CashUnknown),
    }
}

/// Writes the refund, or finds it. With it comes the lease of its open question, unless another
/// worker is putting that at the moment or it waits for staff.
async fn accept(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<(StoredRefund, Option<Lease>), RefundError> {
    for _ in 0..TRIES {
        let now = app.clock.now();
        let acceptance = Acceptance {
            vault: app.vault.clone(),
            merchant: caller.merchant_key(),
            request: request.clone(),
            med_refund_id: new_number(now, app.entropy.as_ref()),
            any_day: AnyDay::of(app),
            now,
            elapsed: app.clock.elapsed(),
            lease_ms: app.settings.lease_ms,
        };
        let accepted = app
            .store
            .write("accept a refund", move |tx| {
                let acceptance = acceptance.clone();
                Box::pin(async move { acceptance.write(tx).await })
            })
            .await;
        match accepted {
            Err(RefundError::Contended) => {}
            accepted => return accepted,
        }
    }
    Err(RefundError::Contended)
}

/// A fresh 微信医保退款单号: 31 characters, the day in front so that a reader can place it.
fn new_number(now: Timestamp, entropy: &dyn Entropy) -> MedRefundId {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    MedRefundId::new(format!("R{}{}", now.wire(), hex::encode(bytes)))
}

/// The cities whose bureau takes back on any day of the year; all others, unknown ones too, only on
/// the day of the payment.
#[derive(Clone)]
struct AnyDay(Vec<CityId>);

impl AnyDay {
    fn of(app: &App) -> Self {
        let cities = app.settings.cities.iter();
        let any_day = cities.filter(|city| !city.insurance_refund_same_day);
        Self(any_day.map(|city| city.id.clone()).collect())
    }
}

/// A request on its way into the tables.
#[derive(Clone)]
struct Acceptance {
    vault: Vault,
    merchant: String,
    request: Request,
    med_refund_id: MedRefundId,
    any_day: AnyDay,
    now: Timestamp,
    elapsed: Elapsed,
    lease_ms: i64,
}

impl Acceptance {
    /// [`RefundError::Contended`] if another transaction was faster and everything must be looked
    /// at again.
    async fn write(self, tx: &mut Tx) -> Result<(StoredRefund, Option<Lease>), RefundError> {
        let order = match &self.request.order {
            OrderRef::MedTransId(number) => orders::rows::load(tx, &self.vault, number).await?,
            OrderRef::HospOutTradeNo(number) => {
                orders::rows::load_by_hospital(tx, &self.vault, &self.merchant, number).await?
            }
        };
        let mut order = order
            .filter(|order| order.merchant == self.merchant)
            .ok_or(RefundError::OrderNotExist)?;
        let number = &self.request.hosp_out_refund_no;
        if let Some(stored) = rows::load_by_hospital(tx, &self.merchant, number).await? {
            if !self.made(&stored, &order.order) {
                return Err(RefundError::NumberUsed);
            }
            let lease = self.lease_of(tx, &stored).await?;
            return Ok((stored, lease));
        }
        let reserved = self.reserve(&mut order.order)?;
        self.check_time(&order, reserved)?;
        let stored = self.begin(&order, reserved);
        let (refund, effects) = Refund::start(stored.refund.legs);
        debug_assert_eq!(refund, stored.refund, "a refund begins where it starts");
        // The order first: its version decides between two refunds at the same time.
        if !orders::rows::save_holds(tx, &order, self.now).await?
            || !rows::insert(tx, &stored).await?
        {
            return Err(RefundError::Contended);
        }
        for effect in effects {
            if let Effect::Ask(question) = effect {
                give_back::push(tx, &stored.med_refund_id, question, self.now).await?;
            }
        }
        let lease = self.lease_of(tx, &stored).await?;
        Ok((stored, lease))
    }

    /// Whether this request is the one that made `stored`, sent again.
    fn made(&self, stored: &StoredRefund, order: &Order) -> bool {
        let sent = |number: Option<&str>, kept: &Option<String>| {
            // A repeat may leave out what is not needed any more, but may not say otherwise.
            number.is_none_or(|number| kept.as_deref() == Some(number))
        };
        stored.med_trans_id == order.med_trans_id
            && stored.refund_type == self.refund_type()
            && sent(self.request.cancel_bill_no.as_ref().map(BillNo::as_str), &stored.cancel.0)
            && sent(self.request.cancel_serial_no.as_ref().map(SerialNo::as_str), &stored.cancel.1)
    }

    const fn refund_type(&self) -> RefundType {
        match self.request.part_refund_type {
            None => RefundType::All,
            Some(PartRefundType::CashOnly) => RefundType::CashOnly,
        }
    }

    fn reserve(&self, order: &mut Order) -> Result<Reserved, RefundError> {
        let scope = match self.refund_type() {
            RefundType::All => Scope::All,
            RefundType::CashOnly => Scope::CashOnly,
        };
        let reserved =
            order.reserve(&self.med_refund_id, scope).map_err(|refused| match refused {
                NotReserved::NotPaid => RefundError::NotPaid,
                NotReserved::NoSuchPart => RefundError::NoCashPart,
                NotReserved::Busy => RefundError::Busy,
                NotReserved::GivenBack => RefundError::GivenBack,
            })?;
        if reserved.insurance.is_some() {
            self.request.cancel_numbers().map_err(RefundError::CancelNumber)?;
        }
        Ok(reserved)
    }

    /// Insurance, a booking of 0 included, goes back on its day; everything goes back for a year.
    fn check_time(
        &self,
        order: &orders::rows::StoredOrder,
        reserved: Reserved,
    ) -> Result<(), RefundError> {
        let OrderState::Paid { paid_at, .. } = &order.order.state else {
            return Err(RefundError::NotPaid);
        };
        if reserved.insurance.is_some()
            && !self.any_day.0.contains(&order.city_id)
            && self.now >= paid_at.day().end()
        {
            return Err(RefundError::DayOver);
        }
        if self.now > paid_at.plus_seconds(CASH_DAYS * 24 * 3600) {
            return Err(RefundError::YearOver);
        }
        Ok(())
    }

    /// The refund in its first state.
    fn begin(&self, order: &orders::rows::StoredOrder, reserved: Reserved) -> StoredRefund {
        let legs = match (reserved.insurance, reserved.cash) {
            (Some(_), Some(_)) => Legs::Both,
            (Some(_), None) => Legs::Insurance,
            (None, _) => Legs::Cash,
        };
        let cancel = match self.request.cancel_numbers() {
            Ok((bill_no, serial_no)) if legs.insurance() => {
                (Some(bill_no.as_str().to_owned()), Some(serial_no.as_str().to_owned()))
            }
            _ => (
                self.request.cancel_bill_no.as_ref().map(|no| no.as_str().to_owned()),
                self.request.cancel_serial_no.as_ref().map(|no| no.as_str().to_owned()),
            ),
        };
        let (cash, insurance) = match &order.order.state {
            OrderState::Paid { cash, insurance, .. } => (cash.as_ref(), insurance.as_ref()),
            _ => (None, None),
        };
        StoredRefund {
            med_refund_id: self.med_refund_id.clone(),
            merchant: self.merchant.clone(),
            hosp_out_refund_no: self.request.hosp_out_refund_no.clone(),
            med_trans_id: order.order.med_trans_id.clone(),
            hosp_out_trade_no: order.hosp_out_trade_no.clone(),
            environment: order.environment,
            refund_type: self.refund_type(),
            cancel,
            total_fee: order.order.total,
            cash_fee: reserved.cash.unwrap_or_default(),
            insurance_fee: reserved.insurance.unwrap_or_default(),
            cash_order_id: cash.filter(|_| legs.cash()).map(|cash| cash.cash_order_id.clone()),
            insurance_order_id: insurance
                .filter(|_| legs.insurance())
                .map(|insurance| insurance.insurance_order_id.clone()),
            refund: Refund::start(legs).0,
            created_at: self.now,
            changed_at: self.now,
            version: 1,
        }
    }

    /// The open question of `stored`, taken into this call's hands if nobody puts it just now.
    async fn lease_of(
        &self,
        tx: &mut Tx,
        stored: &StoredRefund,
    ) -> Result<Option<Lease>, StoreError> {
        let Some(question) = stored.refund.state.outstanding() else { return Ok(None) };
        let key = question.key(&stored.med_refund_id);
        tx.lease_job(give_back::QUEUE, &key, self.elapsed, self.lease_ms).await
    }
}
