//! Putting a payment's question to the HIS or the platform, and what an answer means. Only an
//! explicit answer is one: silence, and a code that we do not know, leave the payment as it is.

use super::moving::Decision;
use super::payment::{Payer, Payment};
use super::{confirm, request};
use crate::gateway::Site;
use medpay_client::Unanswered;
use medpay_domain::hospital::payment::{
    Accepted, Charge, ChargeFault, Event, Kind, Question, Refusal, State,
};
use medpay_domain::{MedTransId, Timestamp};
use medpay_wire::caller_fields::OrderRef;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::Fields;
use medpay_wire::his::bills::{Bill, BillState, LockBill, PayWith};
use medpay_wire::states::{MedTradeState, PayType};
use medpay_wire::value::Text;
use medpay_wire::{closeorder, orderquery, qrcodeunifiedorder, unifiedorder};

/// What came of a question.
#[derive(Clone, Debug)]
pub(super) enum Answered {
    /// No answer, or none that we understand: it is asked again later.
    Nothing,
    /// An explicit answer that moves nothing: the payer has not paid yet.
    Waiting,
    /// An explicit answer.
    Moves(Box<Decision>),
    /// An explicit answer that cannot be: a person must look.
    Contradiction(String),
}

impl From<Event> for Answered {
    fn from(event: Event) -> Self {
        Self::Moves(Box::new(event.into()))
    }
}

/// Asks what `payment` waits for.
pub(super) async fn ask(site: &Site, payment: &Payment, question: Question) -> Answered {
    match question {
        Question::LockBill => lock(site, payment).await,
        Question::Order => order(site, payment).await,
        Question::Ask => look(site, payment).await,
        Question::Close => close(site, payment).await,
    }
}

/// Logs a call that was not answered.
pub(super) fn unanswered(what: &'static str, payment: &Payment, error: &Unanswered) {
    let number = payment.hosp_out_trade_no.as_str();
    tracing::warn!(hosp_out_trade_no = number, %error, "{what} was not answered");
}

async fn lock(site: &Site, payment: &Payment) -> Answered {
    let ask = LockBill {
        bill_no: payment.bill.bill_no.clone(),
        hosp_out_trade_no: payment.hosp_out_trade_no.clone(),
        pay_with: payment.pay_with,
    };
    let key = format!("{}-lock", payment.hosp_out_trade_no);
    match site.doors.his.command(&key, &ask).await {
        Ok(Ok(bill)) => locked(site, payment, &bill),
        Ok(Err(refusal)) => {
            let code = confirm::refusal_word(&refusal);
            Event::BillRefused { refusal: Refusal { code, reason: refusal.message } }.into()
        }
        Err(error) => {
            unanswered("lock_bill", payment, &error);
            Answered::Nothing
        }
    }
}

/// The bill is locked: its amounts are those that are charged, or it is let go again.
fn locked(site: &Site, payment: &Payment, bill: &Bill) -> Answered {
    let refuse = |code: &str, reason: String| {
        let bill_no = payment.bill.bill_no.as_str();
        tracing::warn!(bill_no, code, reason, "a locked bill is not charged");
        Event::BillRefused { refusal: Refusal { code: code.to_owned(), reason } }.into()
    };
    let same = bill.bill_no == payment.bill.bill_no
        && bill.patient_id == payment.bill.patient_id
        && bill.kind == payment.bill.kind
        && matches!(bill.state, BillState::Locked | BillState::Pending);
    if !same {
        return refuse("another_bill", "lock_bill answered another bill".to_owned());
    }
    let charge = match charge(site, payment.pay_with, bill) {
        Ok(charge) => charge,
        Err(fault) => return refuse("not_chargeable", fault.to_string()),
    };
    match request::build(site, payment, bill, &charge) {
        Ok(request) => Answered::Moves(Box::new(Decision {
            event: Some(Event::BillLocked { charge }),
            request: Some(request),
            ..Decision::default()
        })),
        Err(problem) => refuse("not_sendable", format!("a value {problem}")),
    }
}

/// What a bill charges; insurance without the HIS's split is no charge.
pub(super) fn charge(site: &Site, pay_with: PayWith, bill: &Bill) -> Result<Charge, ChargeFault> {
    let limit = site.hospital().map_or(bill.total_fen, |hospital| hospital.rules.cash_limit);
    match (pay_with, &bill.insurance) {
        (PayWith::Cash, _) => Charge::in_cash(bill.total_fen, limit),
        (PayWith::Insurance, Some(part)) => {
            Charge::with_insurance(bill.total_fen, part.cash_fen, part.insurance_fen, limit)
        }
        (PayWith::Insurance, None) => Err(ChargeFault::NotSplit),
    }
}

async fn order(site: &Site, payment: &Payment) -> Answered {
    let Some(request) = payment.request.clone() else {
        return Answered::Contradiction("an order without its request".to_owned());
    };
    let interface = request::interface(&payment.payer);
    match site.doors.platform.call(interface, request).await {
        Ok(Reply::Success(fields)) => accepted(payment, &fields),
        Ok(Reply::Refused(refused)) => order_refused(site, payment, refused).await,
        Err(error) => {
            unanswered(interface.name, payment, &error);
            Answered::Nothing
        }
    }
}

fn accepted(payment: &Payment, fields: &Fields) -> Answered {
    let accepted = match &payment.payer {
        Payer::Follower(_) => unifiedorder::Reply::decode(fields).map(|reply| Accepted {
            med_trans_id: reply.med_trans_id,
            pay_url: Some(reply.pay_url),
        }),
        Payer::Scan(_) => qrcodeunifiedorder::Reply::decode(fields)
            .map(|reply| Accepted { med_trans_id: reply.med_trans_id, pay_url: None }),
    };
    match accepted {
        Ok(accepted) => Event::OrderAccepted { accepted }.into(),
        Err(fault) => {
            tracing::error!(%fault, "an order was answered otherwise");
            Answered::Nothing
        }
    }
}

/// A refusal whose code we know says that nothing was ordered; after another one the platform is
/// asked whether there is an order (PROTOCOL 3.11).
async fn order_refused(site: &Site, payment: &Payment, refused: Refused) -> Answered {
    let refused_by = |code: &str, reason: &str| {
        let refusal = Refusal { code: code.to_owned(), reason: reason.to_owned() };
        Answered::from(Event::OrderRefused { refusal })
    };
    match refused {
        Refused::Transport { return_msg, .. } => refused_by("FAIL", &return_msg),
        Refused::Gateway(error) => {
            tracing::error!(errcode = error.errcode, "an order was refused at the gateway");
            Answered::Nothing
        }
        Refused::Business { err_code, err_code_des } => match ErrCode::parse(&err_code) {
            Some(
                ErrCode::SystemError
                | ErrCode::FrequencyLimited
                | ErrCode::BizErrNeedRetry
                | ErrCode::CardSystemError
                | ErrCode::TokenInvalid
                | ErrCode::TokenMissing
                | ErrCode::TokenExpired,
            ) => Answered::Nothing,
            Some(ErrCode::OrderPaid | ErrCode::OrderClosed) | None => {
                match look(site, payment).await {
                    // There is no order, so the refusal was one.
                    Answered::Moves(decision)
                        if matches!(decision.event, Some(Event::OrderRefused { .. })) =>
                    {
                        refused_by(&err_code, &err_code_des)
                    }
                    other => other,
                }
            }
            Some(_) => refused_by(&err_code, &err_code_des),
        },
    }
}

fn which(site: &Site, payment: &Payment) -> Option<Fields> {
    let order = payment.med_trans_id().map_or_else(
        || OrderRef::HospOutTradeNo(payment.hosp_out_trade_no.clone()),
        |number| OrderRef::MedTransId(number.clone()),
    );
    let nonce_str = Text::new(site.entropy.nonce()).ok()?;
    let merchant = site.institution.merchant();
    Some(orderquery::Request { merchant, order, nonce_str }.encode())
}

/// orderquery.
async fn look(site: &Site, payment: &Payment) -> Answered {
    let Some(request) = which(site, payment) else { return Answered::Nothing };
    match site.doors.platform.call(&orderquery::SPEC, request).await {
        Ok(Reply::Success(fields)) => match orderquery::Reply::decode(&fields) {
            Ok(reply) => stands(site, payment, reply),
            Err(fault) => {
                tracing::error!(%fault, "orderquery was answered otherwise");
                Answered::Nothing
            }
        },
        Ok(Reply::Refused(Refused::Business { err_code, err_code_des }))
            if err_code == ErrCode::OrderNotExist.code() =>
        {
            match payment.money.state {
                State::Ordering { .. } => {
                    let refusal = Refusal { code: err_code, reason: err_code_des };
                    Event::OrderRefused { refusal }.into()
                }
                _ => Answered::Contradiction("the platform does not know its order".to_owned()),
            }
        }
        Ok(Reply::Refused(_)) => Answered::Nothing,
        Err(error) => {
            unanswered("orderquery", payment, &error);
            Answered::Nothing
        }
    }
}

/// What the platform says of the order.
fn stands(site: &Site, payment: &Payment, reply: orderquery::Reply) -> Answered {
    let med_trans_id = reply.med_trans_id.clone();
    let other = reply.hosp_out_trade_no.as_ref();
    if other.is_some_and(|number| *number != payment.hosp_out_trade_no) {
        return Answered::Contradiction("orderquery answered another order".to_owned());
    }
    match reply.med_trade_state {
        MedTradeState::NotPay | MedTradeState::PayError => match payment.money.state {
            State::Ordering { .. } => {
                let accepted = Accepted { med_trans_id, pay_url: None };
                Event::OrderAccepted { accepted }.into()
            }
            _ => Answered::Waiting,
        },
        MedTradeState::Closed => Event::ClosedThere.into(),
        MedTradeState::SysRefunding => Event::ReturningThere { med_trans_id }.into(),
        MedTradeState::SysRefunded => Event::ReturnedThere { med_trans_id }.into(),
        // Only a refund of ours leads there, and only a payment that we know of has one.
        MedTradeState::Refund => {
            Answered::Contradiction("given back before we knew that it was paid".to_owned())
        }
        MedTradeState::Success => {
            let Some(at) = reply.time_end else {
                return Answered::Contradiction("paid without time_end".to_owned());
            };
            let charge = Charge {
                kind: kind(reply.pay_type),
                total: reply.total_fee,
                cash: reply.cash_fee,
                insurance: reply.insurance_fee,
            };
            let openid =
                if site.institution.sub_appid.is_some() { reply.sub_openid } else { reply.openid };
            let mut decision = paid(med_trans_id, charge, at);
            decision.response_content = reply.response_content;
            decision.paid_by = openid;
            Answered::Moves(Box::new(decision))
        }
    }
}

/// The platform says that it is paid.
pub(super) fn paid(med_trans_id: MedTransId, charge: Charge, at: Timestamp) -> Decision {
    Event::PaidThere { med_trans_id, charge, at }.into()
}

/// The kind of a `pay_type`.
pub(super) const fn kind(pay_type: PayType) -> Kind {
    match pay_type {
        PayType::Cash => Kind::CashOnly,
        PayType::Insurance => Kind::InsuranceOnly,
        PayType::Mixed => Kind::Mixed,
    }
}

/// closeorder. Whatever else than yes is answered, the order itself is looked at: it may be paid,
/// or somebody may be paying it at this moment.
async fn close(site: &Site, payment: &Payment) -> Answered {
    let Some(request) = which(site, payment) else { return Answered::Nothing };
    match site.doors.platform.call(&closeorder::SPEC, request).await {
        Ok(Reply::Success(_)) => return Event::ClosedThere.into(),
        Ok(Reply::Refused(Refused::Business { err_code, .. }))
            if err_code == ErrCode::OrderClosed.code() =>
        {
            return Event::ClosedThere.into();
        }
        Ok(Reply::Refused(_)) => {}
        Err(error) => unanswered("closeorder", payment, &error),
    }
    look(site, payment).await
}
