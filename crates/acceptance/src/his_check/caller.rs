//! Calls a HIS as its gateway would, and otherwise where a case wants it.

use super::Target;
use bytes::Bytes;
use medpay_client::Unanswered;
use medpay_domain::{HospOutRefundNo, HospOutTradeNo};
use medpay_wire::his::bills::{Bill, BillKind, ConfirmBill, LockBill, PayWith};
use medpay_wire::his::bookings::{
    Book, Booking, CancelBooking, ListDepartments, ListSchedules, Schedule,
};
use medpay_wire::his::patients::{CreateVisitCard, Patient};
use medpay_wire::his::signature::{HisSecret, KEY_HEADER, SIGNATURE_HEADER, Signed, TIME_HEADER};
use medpay_wire::his::{Call, Refusal, RefusalCode};
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How long a call may take, in milliseconds of machine time.
const CALL_MS: u64 = 30_000;

/// Days from tomorrow on in which places are looked for.
const DAYS: u32 = 7;

/// Why a case did not hold.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The HIS did not answer at all.
    #[error("{call}: {source}")]
    Unanswered {
        call: String,
        #[source]
        source: Unanswered,
    },
    /// It answered something else.
    #[error("{call} should {wanted}, but {came}")]
    Otherwise { call: String, wanted: String, came: String },
    /// What it says does not fit together.
    #[error("{0}")]
    Contradiction(String),
}

/// Fails with `words` unless `holds`.
pub(super) fn ensure(holds: bool, words: impl FnOnce() -> String) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault::Contradiction(words())) }
}

/// An answer as it came.
pub(super) struct Raw {
    pub(super) call: String,
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// How a request is to be spoilt.
#[derive(Clone, Copy, Default)]
pub(super) struct Spoilt {
    pub(super) unsigned: bool,
    pub(super) other_secret: bool,
    pub(super) seconds_ago: i64,
    pub(super) altered_afterwards: bool,
}

/// The HIS and whoever calls it.
pub(super) struct Caller {
    target: Target,
    /// How many places were taken so far, so that no two cases ask for the same one.
    taken: AtomicUsize,
}

impl Caller {
    pub(super) fn new(target: Target) -> Self {
        Self { target, taken: AtomicUsize::new(0) }
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// A fresh idempotency key, or another number of 32 characters.
    pub(super) fn number(&self) -> String {
        self.target.entropy.nonce()
    }

    /// Posts `body` as it is.
    pub(super) async fn post(
        &self,
        name: &str,
        key: &str,
        body: &Value,
        spoilt: Spoilt,
    ) -> Result<Raw, Fault> {
        let unanswered = |source| Fault::Unanswered { call: name.to_owned(), source };
        let bad = |error: String| unanswered(Unanswered::NotSent(error));
        let address: http::Uri = format!("{}/v1/{name}", self.target.url.trim_end_matches('/'))
            .parse()
            .map_err(|error| bad(format!("the address: {error}")))?;
        let mut body = body.to_string().into_bytes();
        let seconds = self.target.clock.now().as_ms() / 1000 - spoilt.seconds_ago;
        let time = seconds.to_string();
        let signed = Signed { method: "POST", path: address.path(), time: &time, key, body: &body };
        let another = HisSecret::new("another secret, which the HIS does not have");
        let secret = another.filter(|_| spoilt.other_secret);
        let signature = signed.signature(secret.as_ref().unwrap_or(&self.target.secret));
        if spoilt.altered_afterwards {
            body.push(b' ');
        }
        let mut request = http::Request::post(address).header("content-type", "application/json");
        if !spoilt.unsigned {
            request = request.header(TIME_HEADER, time).header(SIGNATURE_HEADER, signature);
        }
        if !key.is_empty() {
            request = request.header(KEY_HEADER, key);
        }
        let request = request.body(Bytes::from(body)).map_err(|error| bad(error.to_string()))?;
        let answer = self.target.transport.send(request, CALL_MS).await.map_err(unanswered)?;
        let status = answer.status().as_u16();
        Ok(Raw { call: name.to_owned(), status, body: answer.into_body() })
    }

    /// Asks what changes nothing, and wants an answer.
    pub(super) async fn ask<C: Call>(&self, ask: &C) -> Result<C::Answer, Fault> {
        self.command("", ask).await
    }

    /// Commands, and wants it done.
    pub(super) async fn command<C: Call>(&self, key: &str, ask: &C) -> Result<C::Answer, Fault> {
        self.try_command(key, ask).await?.answer::<C>()
    }

    /// Commands, and takes whatever comes.
    pub(super) async fn try_command<C: Call>(&self, key: &str, ask: &C) -> Result<Raw, Fault> {
        let body = serde_json::to_value(ask)
            .map_err(|error| Fault::Contradiction(format!("{}: {error}", C::NAME)))?;
        self.post(C::NAME, key, &body, Spoilt::default()).await
    }

    /// The test patient, made if there is none yet.
    pub(super) async fn patient(&self) -> Result<Patient, Fault> {
        let test = &self.target.patient;
        let ask = CreateVisitCard {
            name: test.name.clone(),
            card_type: test.card_type,
            id_digest: test.id_digest.clone(),
            id_no: None,
            phone: None,
        };
        self.command(&self.number(), &ask).await
    }

    /// Every free place of the coming days.
    pub(super) async fn free_places(&self) -> Result<Vec<Schedule>, Fault> {
        let from = self.target.clock.now().day().next();
        let mut free = Vec::new();
        for department in self.ask(&ListDepartments {}).await?.departments {
            let ask = ListSchedules {
                department_id: department.department_id,
                doctor_id: None,
                from,
                days: DAYS,
            };
            let schedules = self.ask(&ask).await?.schedules;
            free.extend(schedules.into_iter().filter(|it| it.left > 0 && !it.fee_fen.is_zero()));
        }
        Ok(free)
    }

    /// Books a place that no other case takes.
    pub(super) async fn book(&self) -> Result<(Schedule, Booking), Fault> {
        let free = self.free_places().await?;
        let patient_id = self.patient().await?.patient_id;
        let first = self.taken.fetch_add(1, Ordering::Relaxed);
        // A patient may have a booking there from an earlier check; then the next one is tried.
        let mut last = None;
        for at in (0..free.len()).map(|step| (first + step) % free.len()) {
            let schedule = free[at].clone();
            let ask =
                Book { schedule_id: schedule.schedule_id.clone(), patient_id: patient_id.clone() };
            let answer = self.try_command(&self.number(), &ask).await?;
            if answer.refused_with(RefusalCode::BookedAlready) {
                last = Some(answer);
                continue;
            }
            return Ok((schedule, answer.answer::<Book>()?));
        }
        Err(last.map_or_else(
            || Fault::Contradiction("no place is free in the coming seven days".into()),
            |answer| answer.otherwise("book a place".into()),
        ))
    }

    /// Gives a booking back.
    pub(super) async fn cancel(&self, booking: &Booking) -> Result<Booking, Fault> {
        let ask = CancelBooking {
            booking_no: booking.booking_no.clone(),
            reason: "medpay his-check".into(),
        };
        self.command(&self.number(), &ask).await
    }

    /// Books a place and answers its bill.
    pub(super) async fn bill(&self) -> Result<(Booking, Bill), Fault> {
        let (_, booking) = self.book().await?;
        let bill = booking.bill.clone().ok_or_else(|| {
            Fault::Contradiction(format!(
                "the booking of a place that costs something has no bill ({})",
                booking.booking_no
            ))
        })?;
        ensure(bill.kind == BillKind::Registration, || {
            "the bill of a booking should be a registration".into()
        })?;
        Ok((booking, bill))
    }

    /// Locks a bill for cash, for a fresh order.
    pub(super) async fn lock(&self, bill: &Bill) -> Result<(HospOutTradeNo, Bill), Fault> {
        let hosp_out_trade_no = HospOutTradeNo::new(self.number());
        let locked = self.command(&self.number(), &lock(bill, &hosp_out_trade_no)).await?;
        Ok((hosp_out_trade_no, locked))
    }

    /// Books, locks and confirms; answers the confirmation with its receipt.
    pub(super) async fn paid(&self) -> Result<(Booking, ConfirmBill, String), Fault> {
        let (booking, bill) = self.bill().await?;
        let (hosp_out_trade_no, locked) = self.lock(&bill).await?;
        let confirm = self.confirmation(&locked, hosp_out_trade_no);
        let confirmed = self.command(&self.number(), &confirm).await?;
        Ok((booking, confirm, confirmed.receipt_no))
    }

    /// The confirmation of a bill that was paid in cash just now.
    pub(super) fn confirmation(&self, bill: &Bill, order: HospOutTradeNo) -> ConfirmBill {
        ConfirmBill {
            bill_no: bill.bill_no.clone(),
            hosp_out_trade_no: order,
            med_trans_id: medpay_domain::MedTransId::new(self.number()),
            pay_type: 1,
            total_fen: bill.total_fen,
            cash_fen: bill.total_fen,
            insurance_fen: medpay_domain::Fen::default(),
            paid_at: self.target.clock.now(),
            response_content: String::new(),
        }
    }

    /// A fresh number of a refund.
    pub(super) fn refund_no(&self) -> HospOutRefundNo {
        HospOutRefundNo::new(self.number())
    }
}

/// Locks `bill` for `order`, for cash.
pub(super) fn lock(bill: &Bill, order: &HospOutTradeNo) -> LockBill {
    LockBill {
        bill_no: bill.bill_no.clone(),
        hosp_out_trade_no: order.clone(),
        pay_with: PayWith::Cash,
    }
}

impl Raw {
    /// The answer, if it is one.
    pub(super) fn answer<C: Call>(self) -> Result<C::Answer, Fault> {
        if self.status != 200 {
            return Err(self.otherwise("answer 200".into()));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // The error says where; what stands there is the patient's.
            let came = format!("line {} column {} is not as told", error.line(), error.column());
            Fault::Otherwise {
                call: self.call.clone(),
                wanted: "answer as the contract says".into(),
                came,
            }
        })
    }

    fn refusal(&self) -> Option<Refusal> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether it is a refusal with this code and its status.
    pub(super) fn refused_with(&self, code: RefusalCode) -> bool {
        self.status == code.status() && self.refusal().is_some_and(|it| it.code == code)
    }

    /// Fails unless it is a refusal with this code and its status; answers its words.
    pub(super) fn refused(&self, code: RefusalCode) -> Result<String, Fault> {
        match self.refusal() {
            Some(refusal) if self.refused_with(code) => Ok(refusal.message),
            _ => {
                let word = serde_json::to_value(code).unwrap_or_default();
                Err(self.otherwise(format!("be refused with {word} and status {}", code.status())))
            }
        }
    }

    fn otherwise(&self, wanted: String) -> Fault {
        let refusal = self.refusal();
        let code = refusal.map(|it| serde_json::to_value(it.code).unwrap_or_default());
        let came = match code {
            Some(code) => format!("was refused with {code} and status {}", self.status),
            None => format!("answered with status {}", self.status),
        };
        Fault::Otherwise { call: self.call.clone(), wanted, came }
    }
}
