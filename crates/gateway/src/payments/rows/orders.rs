//! The tables `payment_orders` and `payment_events`.

use super::columns::{self, Columns};
use crate::channels::Channel;
use crate::payments::find::OfChannel;
use crate::payments::payment::{BillFacts, Payer, Payment};
use medpay_domain::hospital::payment::Event;
use medpay_domain::{
    BillNo, CardType, HospOutTradeNo, IdDigest, Openid, OrgNo, PersonName, Timestamp,
};
use medpay_store::{Row, StoreError, Tx, Vault, args};
use medpay_wire::caller_fields::Patient;
use medpay_wire::scan_fields::Scan;
use medpay_wire::value::Text;
use std::sync::LazyLock;

/// The columns that never change, in the order in which [`insert`] gives them.
const FIXED: &str = "hosp_out_trade_no, org_no, bill_no, serial_no, patient_id, bill_kind, title,
    department, doctor, visit_day, card_type, patient_name, patient_digest, openid, auth_code,
    token, pay_with, channel, by_qr, client_ip, mch_id, sub_mch_id, created_at_ms, expires_at_ms";

/// The columns of what has happened since, in the order of [`columns::moving`].
const MOVING: &str = "holds_bill, request, state, kind, total_fee, cash_fee, insurance_fee,
    med_trans_id, pay_url, ending, refusal_code, refusal_reason, paid_at_ms, late, heard_at_ms,
    response_content, confirmation, receipt_no, queue_no, guide, his_refusal_code,
    his_refusal_reason, cash_returned_fee, insurance_returned_fee";

fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

fn count(columns: &str) -> usize {
    columns.split(',').count()
}

static SELECT: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {FIXED}, {MOVING}, version FROM payment_orders"));

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let places = places(1, count(FIXED) + count(MOVING) + 3);
    format!(
        "INSERT INTO payment_orders ({FIXED}, {MOVING}, version, openid_digest, changed_at_ms)
         VALUES ({places}) ON CONFLICT DO NOTHING"
    )
});

static UPDATE: LazyLock<String> = LazyLock::new(|| {
    let moving = count(MOVING);
    let (now, number, version) = (moving + 1, moving + 2, moving + 3);
    let places = places(1, moving);
    format!(
        "UPDATE payment_orders SET ({MOVING}) = ({places}), changed_at_ms = ${now},
                version = version + 1
          WHERE hosp_out_trade_no = ${number} AND version = ${version}"
    )
});

/// Writes a payment that was just begun. Answers false, and changes nothing, if another one holds
/// its bill.
pub(in crate::payments) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    payment: &Payment,
    openid_digest: Option<&str>,
) -> Result<bool, StoreError> {
    let (bill, patient) = (&payment.bill, &payment.patient);
    let (openid, scan) = match &payment.payer {
        Payer::Follower(openid) => (Some(vault.seal(openid.reveal())), None),
        Payer::Scan(scan) => (None, Some(scan)),
    };
    let mut values = args![
        payment.hosp_out_trade_no,
        payment.org_no,
        bill.bill_no,
        bill.serial_no,
        bill.patient_id,
        columns::bill_kind(bill.kind),
        bill.title,
        bill.department,
        bill.doctor,
        bill.visit_day,
        i64::from(patient.card_type.code()),
        vault.seal(patient.name.reveal()),
        vault.seal(patient.id_digest.reveal()),
        openid,
        scan.map(|scan| vault.seal(scan.auth_code.as_str())),
        scan.map(|scan| vault.seal(scan.token.as_str())),
        columns::pay_with(payment.pay_with),
        payment.channel.as_str(),
        payment.by_qr,
        payment.client_ip.to_string(),
        payment.mch_id,
        payment.sub_mch_id,
        payment.created_at,
        payment.expires_at
    ];
    values.extend(columns::moving(payment, vault));
    values.extend(args![payment.version, openid_digest, payment.created_at]);
    let inserted = tx.exec(&INSERT, values).await? == 1;
    if inserted {
        write_event(tx, payment, "begun", (None, None), payment.created_at).await?;
    }
    Ok(inserted)
}

/// The payment with this number, of this hospital.
pub(in crate::payments) async fn load(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Option<Payment>, StoreError> {
    let sql = format!("{} WHERE org_no = $1 AND hosp_out_trade_no = $2", *SELECT);
    let row = tx.opt(&sql, args![org_no, hosp_out_trade_no]).await?;
    row.as_ref().map(|row| read(row, vault)).transpose()
}

/// The payment that holds a bill.
pub(in crate::payments) async fn holder(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    bill_no: &BillNo,
) -> Result<Option<Payment>, StoreError> {
    let sql = format!("{} WHERE org_no = $1 AND bill_no = $2 AND holds_bill = 1", *SELECT);
    let row = tx.opt(&sql, args![org_no, bill_no]).await?;
    row.as_ref().map(|row| read(row, vault)).transpose()
}

/// A person's payments, newest first, 100 at most.
pub(in crate::payments) async fn of_payer(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    openid_digest: &str,
) -> Result<Vec<Payment>, StoreError> {
    let sql = format!(
        "{} WHERE org_no = $1 AND openid_digest = $2
          ORDER BY created_at_ms DESC, hosp_out_trade_no LIMIT 100",
        *SELECT
    );
    let rows = tx.all(&sql, args![org_no, openid_digest]).await?;
    rows.iter().map(|row| read(row, vault)).collect()
}

/// What was paid from `from` on and before `to`, by the platform's time.
pub(in crate::payments) async fn paid_between(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Payment>, StoreError> {
    let sql = format!(
        "{} WHERE org_no = $1 AND paid_at_ms >= $2 AND paid_at_ms < $3
          ORDER BY paid_at_ms, hosp_out_trade_no",
        *SELECT
    );
    let rows = tx.all(&sql, args![org_no, from, to]).await?;
    rows.iter().map(|row| read(row, vault)).collect()
}

/// Writes a payment that `event` has moved, and the event, if nobody changed the row since it was
/// read; answers false, having written nothing, if somebody did.
pub(in crate::payments) async fn save(
    tx: &mut Tx,
    vault: &Vault,
    payment: &Payment,
    event: &Event,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut values = columns::moving(payment, vault);
    values.extend(args![now, payment.hosp_out_trade_no, payment.version]);
    if tx.exec(&UPDATE, values).await? != 1 {
        return Ok(false);
    }
    let after = Payment { version: payment.version + 1, ..payment.clone() };
    write_event(tx, &after, event.code(), columns::refusal(event), now).await?;
    Ok(true)
}

/// Keeps who paid, where only a pay code was known.
pub(in crate::payments) async fn write_payer(
    tx: &mut Tx,
    vault: &Vault,
    hosp_out_trade_no: &HospOutTradeNo,
    openid: &Openid,
    openid_digest: &str,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE payment_orders SET openid = $1, openid_digest = $2 WHERE hosp_out_trade_no = $3",
        args![vault.seal(openid.reveal()), openid_digest, hosp_out_trade_no],
    )
    .await?;
    Ok(())
}

async fn write_event(
    tx: &mut Tx,
    after: &Payment,
    event: &str,
    (code, reason): (Option<String>, Option<String>),
    now: Timestamp,
) -> Result<(), StoreError> {
    let charge = after.charge();
    tx.exec(
        "INSERT INTO payment_events (hosp_out_trade_no, version, event, state, confirmation, code,
             reason, cash_fee, insurance_fee, written_at_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        args![
            after.hosp_out_trade_no,
            after.version,
            event,
            after.money.state.code(),
            after.money.confirmation.code(),
            code,
            reason,
            charge.map(|charge| charge.cash),
            charge.map(|charge| charge.insurance),
            now
        ],
    )
    .await?;
    Ok(())
}

/// The orders begun in a time, by channel.
pub(in crate::payments) async fn by_channel(
    tx: &mut Tx,
    org_no: &OrgNo,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<OfChannel>, StoreError> {
    let rows = tx
        .all(
        "SELECT channel, COUNT(*), CAST(SUM(CASE WHEN state = 'paid' THEN 1 ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN state = 'paid' THEN cash_fee ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN state = 'paid' THEN insurance_fee ELSE 0 END) AS BIGINT),
                CAST(SUM(cash_returned_fee + insurance_returned_fee) AS BIGINT)
           FROM payment_orders
          WHERE org_no = $1 AND created_at_ms >= $2 AND created_at_ms < $3
          GROUP BY channel ORDER BY channel",
        args![org_no, from, to],
    )
    .await?;
    let of_channel = |row: &Row| {
        let channel: String = row.get(0)?;
        let corrupt = || StoreError::Corrupt {
            table: "payment_orders",
            column: "channel",
            key: org_no.as_str().to_owned(),
        };
        Ok(OfChannel {
            channel: Channel::parse(&channel).ok_or_else(corrupt)?,
            begun: row.get(1)?,
            paid: row.get(2)?,
            cash: row.get(3)?,
            insurance: row.get(4)?,
            returned: row.get(5)?,
        })
    };
    rows.iter().map(of_channel).collect()
}

fn read(row: &Row, vault: &Vault) -> Result<Payment, StoreError> {
    let mut from = Columns::new(row, vault)?;
    let hosp_out_trade_no = from.take()?;
    let org_no = from.take()?;
    let bill = BillFacts {
        bill_no: from.take()?,
        serial_no: from.take()?,
        patient_id: from.take()?,
        kind: from.word("bill_kind", columns::parse_bill_kind)?,
        title: from.take()?,
        department: from.take()?,
        doctor: from.take()?,
        visit_day: from.take()?,
    };
    let card_type = CardType::from_code(from.take()?).ok_or_else(|| from.corrupt("card_type"))?;
    let patient = Patient {
        card_type,
        name: PersonName::new(from.opened("patient_name")?),
        id_digest: IdDigest::new(from.opened("patient_digest")?),
    };
    let (payer, paid_by) = read_payer(&mut from)?;
    let fixed = Payment {
        paid_by,
        pay_with: from.word("pay_with", columns::parse_pay_with)?,
        channel: from.word("channel", Channel::parse)?,
        by_qr: from.take()?,
        client_ip: from.word("client_ip", |text| text.parse().ok())?,
        mch_id: from.take()?,
        sub_mch_id: from.take()?,
        created_at: from.take()?,
        expires_at: from.take()?,
        money: medpay_domain::hospital::payment::Payment::new(),
        request: None,
        response_content: None,
        heard_at: None,
        version: 0,
        hosp_out_trade_no,
        org_no,
        bill,
        patient,
        payer,
    };
    let mut payment = columns::read_moving(&mut from, fixed)?;
    payment.version = from.take()?;
    Ok(payment)
}

fn read_payer(from: &mut Columns<'_>) -> Result<(Payer, Option<Openid>), StoreError> {
    let openid = from.open("openid")?.map(Openid::new);
    let (auth_code, token) = (from.open("auth_code")?, from.open("token")?);
    let Some(auth_code) = auth_code else {
        return Ok((Payer::Follower(openid.ok_or_else(|| from.corrupt("openid"))?), None));
    };
    let auth_code = Text::new(auth_code).map_err(|_| from.corrupt("auth_code"))?;
    let token = token.and_then(|token| Text::new(token).ok());
    let token = token.ok_or_else(|| from.corrupt("token"))?;
    Ok((Payer::Scan(Scan { auth_code, token }), openid))
}
