//! The tables `orders` and `order_events`. Nobody else writes them; refunds move their holds
//! through [`save_holds`].

pub(crate) mod ledger;

use super::SETTLE_QUEUE;
use super::journal::Entry;
use super::row_facts::{Facts, HoldColumns, leg_word};
use crate::notifications;
use medpay_domain::platform::order::reservation::Reservations;
use medpay_domain::platform::order::{Effect, Order, Split};
use medpay_domain::{HospOutTradeNo, MedTransId, Timestamp};
use medpay_store::Vault;
use medpay_store::{Arg, FromCell, NewJob, Row, StoreError, Tx, args};
use medpay_wire::caller_fields::Merchant;
use medpay_wire::states::{OrderType, PayType};
use std::sync::LazyLock;

pub use super::stored_order::{Asked, Sealed, StoredOrder, StoredPatient, StoredPayer};

/// Every column, in the order in which [`StoredOrder`] is read from them and [`insert`] gives them.
const COLUMNS: &str = "med_trans_id, merchant, environment, appid, mch_id, sub_appid, sub_mch_id,
    hosp_out_trade_no, request_digest, payer_appid, openid, card_type, patient_name, patient_id,
    medical_card_id, order_type, hospital_name, body, org_no, city_id, serial_no, bill_no,
    channel_no, extends, spbill_create_ip, notify_url, return_url, gmt_out_create_ms,
    request_content, allow_fee_change, asked_pay_type, asked_cash_fee, asked_insurance_fee,
    cash_add_fee, cash_add_wording, cash_reduced_fee, cash_reduced_wording, kind, total_fee,
    cash_fee, insurance_fee, self_fee, fund_fee, other_fee, created_at_ms, expires_at_ms, version,
    state, attempt, confirmation, refusals, refusal_leg, refusal_code, refusal_reason,
    cash_order_id, coupon_fee, cash_taken_at_ms, cash_returned_at_ms, insurance_order_id,
    settled_insurance_fee, settled_cash_fee, settled_self_fee, settled_fund_fee,
    settled_other_fee, settled_at_ms, response_content, paid_at_ms, late, closing,
    cash_reserved_by, cash_refunded_at_ms, insurance_reserved_by, insurance_refunded_at_ms";

/// The statements over every column, put together once.
static INSERT: LazyLock<String> = LazyLock::new(|| {
    let count = COLUMNS.split(',').count() + 2;
    let numbers: Vec<_> = (1..=count).map(|number| format!("${number}")).collect();
    format!(
        "INSERT INTO orders ({COLUMNS}, openid_digest, changed_at_ms) VALUES ({})
         ON CONFLICT (merchant, hosp_out_trade_no) DO NOTHING",
        numbers.join(", ")
    )
});
static LOAD: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {COLUMNS} FROM orders WHERE med_trans_id = $1"));
static LOAD_BY_HOSPITAL: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {COLUMNS} FROM orders WHERE merchant = $1 AND hosp_out_trade_no = $2")
});

/// Writes an order that was just accepted, and its first event. Answers false, and changes nothing,
/// if the merchant's number is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    stored: &StoredOrder,
    openid_digest: &str,
) -> Result<bool, StoreError> {
    let mut values = asked_columns(stored);
    values.extend(args![stored.created_at, stored.expires_at, stored.version]);
    values.extend(Facts::of(&stored.order.state).columns(vault));
    values.extend(HoldColumns::of(&stored.order.reservations).columns());
    values.extend(args![openid_digest, stored.created_at]);
    let inserted = tx.exec(&INSERT, values).await?;
    if inserted == 1 {
        write_entry(tx, stored, &Entry::accepted(stored.created_at), stored.created_at).await?;
    }
    Ok(inserted == 1)
}

/// The order with this number.
pub(crate) async fn load(
    tx: &mut Tx,
    vault: &Vault,
    med_trans_id: &MedTransId,
) -> Result<Option<StoredOrder>, StoreError> {
    let row = tx.opt(&LOAD, args![med_trans_id]).await?;
    row.as_ref().map(|row| StoredOrder::read(row, vault)).transpose()
}

/// The order with the hospital's number.
pub(crate) async fn load_by_hospital(
    tx: &mut Tx,
    vault: &Vault,
    merchant: &str,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Option<StoredOrder>, StoreError> {
    let row = tx.opt(&LOAD_BY_HOSPITAL, args![merchant, hosp_out_trade_no]).await?;
    row.as_ref().map(|row| StoredOrder::read(row, vault)).transpose()
}

/// Writes an order that an event has moved, the event, and the jobs of its effects, if nobody
/// changed the row since it was read; answers false, having written nothing, if somebody did.
///
/// All of it happens in `tx`: an effect exists exactly when the state that wants it does.
pub(crate) async fn save_order(
    tx: &mut Tx,
    vault: &Vault,
    stored: &StoredOrder,
    entry: &Entry,
    effects: &[Effect],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let facts = Facts::of(&stored.order.state);
    let mut values = facts.columns(vault);
    values.extend(args![now, stored.order.med_trans_id, stored.version]);
    let changed = tx
        .exec(
            "UPDATE orders SET state = $1, attempt = $2, confirmation = $3, refusals = $4,
                 refusal_leg = $5, refusal_code = $6, refusal_reason = $7, cash_order_id = $8,
                 coupon_fee = $9, cash_taken_at_ms = $10, cash_returned_at_ms = $11,
                 insurance_order_id = $12, settled_insurance_fee = $13, settled_cash_fee = $14,
                 settled_self_fee = $15, settled_fund_fee = $16, settled_other_fee = $17,
                 settled_at_ms = $18, response_content = $19, paid_at_ms = $20, late = $21,
                 closing = $22, changed_at_ms = $23, version = version + 1
              WHERE med_trans_id = $24 AND version = $25",
            values,
        )
        .await?;
    if changed != 1 {
        return Ok(false);
    }
    let after = StoredOrder { version: stored.version + 1, ..stored.clone() };
    write_entry(tx, &after, entry, now).await?;
    for effect in effects {
        push(tx, &stored.order, effect, now).await?;
    }
    Ok(true)
}

/// Writes the holds of refunds, under the same guard.
pub(crate) async fn save_holds(
    tx: &mut Tx,
    stored: &StoredOrder,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut values = HoldColumns::of(&stored.order.reservations).columns();
    values.extend(args![now, stored.order.med_trans_id, stored.version]);
    let changed = tx
        .exec(
            "UPDATE orders SET cash_reserved_by = $1, cash_refunded_at_ms = $2,
                 insurance_reserved_by = $3, insurance_refunded_at_ms = $4, changed_at_ms = $5,
                 version = version + 1
              WHERE med_trans_id = $6 AND version = $7",
            values,
        )
        .await?;
    if changed != 1 {
        return Ok(false);
    }
    let after = StoredOrder { version: stored.version + 1, ..stored.clone() };
    write_entry(tx, &after, &Entry::holds(&stored.order), now).await?;
    Ok(true)
}

async fn write_entry(
    tx: &mut Tx,
    after: &StoredOrder,
    entry: &Entry,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (code, reason) = entry.refusal.clone().unzip();
    tx.exec(
        "INSERT INTO order_events (med_trans_id, version, event, state, attempt, key, reference,
             amount_fee, refusal_code, refusal_reason, happened_at_ms, written_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            after.order.med_trans_id,
            after.version,
            entry.event,
            after.order.state.code(),
            entry.attempt,
            entry.key,
            entry.reference,
            entry.amount,
            code,
            reason,
            entry.happened_at,
            now
        ],
    )
    .await?;
    Ok(())
}

/// Queues one effect. A question that was refused before waits a little before it is asked anew.
async fn push(
    tx: &mut Tx,
    order: &Order,
    effect: &Effect,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(key) = effect.key(&order.med_trans_id) else {
        return notifications::begin(tx, &order.med_trans_id, now).await;
    };
    let payload = order.med_trans_id.as_str().to_owned();
    let due = now.plus_seconds(wait_seconds(effect));
    tx.push_job(&NewJob { queue: SETTLE_QUEUE, key, payload, due }).await?;
    Ok(())
}

/// How long a new try of something owed waits: nothing at first, ten minutes at last.
pub(super) const fn wait_seconds(effect: &Effect) -> i64 {
    let refusals = match effect {
        Effect::ReverseInsurance { refusals, .. } | Effect::ReturnCash { refusals, .. } => {
            *refusals
        }
        Effect::CaptureCash { .. } | Effect::SettleInsurance { .. } | Effect::Notify => 0,
    };
    match refusals {
        0 => 0,
        1 => 1,
        2 => 5,
        3 => 30,
        4 => 120,
        _ => 600,
    }
}

fn asked_columns(stored: &StoredOrder) -> Vec<Arg> {
    let (order, caller, asked) = (&stored.order, &stored.caller, &stored.asked);
    let (payer, patient) = (&stored.payer, &stored.patient);
    args![
        order.med_trans_id,
        stored.merchant,
        stored.environment.as_str(),
        caller.appid,
        caller.mch_id,
        caller.sub_appid,
        caller.sub_mch_id,
        stored.hosp_out_trade_no,
        stored.request_digest,
        payer.appid,
        payer.openid.0,
        patient.card_type.code(),
        patient.name.0,
        patient.id_digest.0,
        patient.medical_card_id.as_ref().map(|sealed| sealed.0.clone()),
        stored.order_type.as_str(),
        stored.hospital_name,
        stored.body,
        stored.org_no,
        stored.city_id,
        stored.serial_no,
        stored.bill_no,
        stored.channel_no,
        stored.extends,
        stored.spbill_create_ip.to_string(),
        stored.notify_url,
        stored.return_url,
        stored.gmt_out_create,
        stored.request_content.as_ref().map(|sealed| sealed.0.clone()),
        asked.allow_fee_change,
        asked.pay_type.as_str(),
        asked.cash_fee,
        asked.insurance_fee,
        asked.cash_add_fee,
        asked.cash_add_wording,
        asked.cash_reduced_fee,
        asked.cash_reduced_wording,
        leg_word::kind(order.kind),
        order.total,
        order.split.cash,
        order.split.insurance,
        order.split.self_fee,
        order.split.fund_fee,
        order.split.other_fee
    ]
}

/// Takes a row's columns one after the other.
pub(crate) struct Columns<'a> {
    row: &'a Row,
    vault: &'a Vault,
    next: usize,
    key: String,
}

impl<'a> Columns<'a> {
    fn new(row: &'a Row, vault: &'a Vault) -> Result<Self, StoreError> {
        Ok(Self { row, vault, next: 0, key: row.get(0)? })
    }

    /// The next column.
    pub(crate) fn take<T: FromCell>(&mut self) -> Result<T, StoreError> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    /// The next column, opened.
    pub(super) fn open(&mut self, column: &'static str) -> Result<Option<String>, StoreError> {
        let sealed: Option<String> = self.take()?;
        sealed.map(|it| self.vault.open(&it).map_err(|_| self.corrupt(column))).transpose()
    }

    /// The next column, as what `parse` makes of its text.
    fn word<T>(
        &mut self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(&self.take::<String>()?).ok_or_else(|| self.corrupt(column))
    }

    /// The row does not hold what this program writes.
    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: "orders", column, key: self.key.clone() }
    }
}

impl StoredOrder {
    fn read(row: &Row, vault: &Vault) -> Result<Self, StoreError> {
        let mut from = Columns::new(row, vault)?;
        let med_trans_id = from.take()?;
        let merchant = from.take()?;
        let environment = from.word("environment", crate::settings::Environment::parse)?;
        let caller = Merchant {
            appid: from.take()?,
            mch_id: from.take()?,
            sub_appid: from.take()?,
            sub_mch_id: from.take()?,
        };
        let hosp_out_trade_no = from.take()?;
        let request_digest = from.take()?;
        let payer = StoredPayer { appid: from.take()?, openid: Sealed(from.take()?) };
        let card_type = medpay_domain::CardType::from_code(from.take()?)
            .ok_or_else(|| from.corrupt("card_type"))?;
        let patient = StoredPatient {
            card_type,
            name: Sealed(from.take()?),
            id_digest: Sealed(from.take()?),
            medical_card_id: from.take::<Option<String>>()?.map(Sealed),
        };
        let mut stored = Self {
            order_type: from.word("order_type", OrderType::parse)?,
            hospital_name: from.take()?,
            body: from.take()?,
            org_no: from.take()?,
            city_id: from.take()?,
            serial_no: from.take()?,
            bill_no: from.take()?,
            channel_no: from.take()?,
            extends: from.take()?,
            spbill_create_ip: from.word("spbill_create_ip", |text| text.parse().ok())?,
            notify_url: from.take()?,
            return_url: from.take()?,
            gmt_out_create: from.take()?,
            request_content: from.take::<Option<String>>()?.map(Sealed),
            asked: read_asked(&mut from)?,
            order: read_order(&mut from, med_trans_id)?,
            created_at: from.take()?,
            expires_at: from.take()?,
            version: from.take()?,
            merchant,
            environment,
            caller,
            hosp_out_trade_no,
            request_digest,
            payer,
            patient,
        };
        stored.order.state = Facts::read(&mut from)?.state(&from)?;
        stored.order.reservations = HoldColumns::read(&mut from)?.reservations(&from)?;
        Ok(stored)
    }
}

fn read_asked(from: &mut Columns<'_>) -> Result<Asked, StoreError> {
    Ok(Asked {
        allow_fee_change: from.take()?,
        pay_type: from.word("asked_pay_type", PayType::parse)?,
        cash_fee: from.take()?,
        insurance_fee: from.take()?,
        cash_add_fee: from.take()?,
        cash_add_wording: from.take()?,
        cash_reduced_fee: from.take()?,
        cash_reduced_wording: from.take()?,
    })
}

/// The order's fixed part; state and holds stand at the end of the row.
fn read_order(from: &mut Columns<'_>, med_trans_id: MedTransId) -> Result<Order, StoreError> {
    Ok(Order {
        med_trans_id,
        kind: from.word("kind", leg_word::parse_kind)?,
        total: from.take()?,
        split: Split {
            cash: from.take()?,
            insurance: from.take()?,
            self_fee: from.take()?,
            fund_fee: from.take()?,
            other_fee: from.take()?,
        },
        state: medpay_domain::platform::order::State::Created { attempt: 1, refused: None },
        reservations: Reservations::default(),
    })
}
