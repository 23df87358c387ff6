//! What the platform is asked for a locked bill: unifiedorder for a person on the phone,
//! qrcodeunifiedorder for a scanned pay code (PROTOCOL 3.1, 3.10). Built once and kept, so that
//! asking again is asking the same.

use super::payment::{Payer, Payment};
use crate::gateway::Site;
use medpay_domain::ChannelNo;
use medpay_domain::Fen;
use medpay_domain::hospital::payment::{Charge, Kind};
use medpay_wire::fields::Fields;
use medpay_wire::his::bills::{Bill, BillKind};
use medpay_wire::interface::Interface;
use medpay_wire::order_fields::{Amounts, OrderFields};
use medpay_wire::request_content::RequestContent;
use medpay_wire::states::{OrderType, PayType};
use medpay_wire::value::{HttpUrl, Problem, Text};
use medpay_wire::{qrcodeunifiedorder, unifiedorder};

/// Longest channel that fits `channel_no`, in characters.
const MAX_CHANNEL: usize = 32;

/// The interface that takes this payer's orders.
pub(super) const fn interface(payer: &Payer) -> &'static Interface {
    match payer {
        Payer::Follower(_) => &unifiedorder::SPEC,
        Payer::Scan(_) => &qrcodeunifiedorder::SPEC,
    }
}

/// The wire's word for a kind.
pub(super) const fn pay_type(kind: Kind) -> PayType {
    match kind {
        Kind::CashOnly => PayType::Cash,
        Kind::InsuranceOnly => PayType::Insurance,
        Kind::Mixed => PayType::Mixed,
    }
}

/// The wire's code for a kind, as a number.
pub(super) const fn pay_type_code(kind: Kind) -> u8 {
    match kind {
        Kind::CashOnly => 1,
        Kind::InsuranceOnly => 2,
        Kind::Mixed => 3,
    }
}

/// The fields of the request for `bill`, which charges `charge`; fails where a value of the HIS or
/// of the configuration does not fit the wire.
pub(super) fn build(
    site: &Site,
    payment: &Payment,
    bill: &Bill,
    charge: &Charge,
) -> Result<Fields, Problem> {
    let order = order(site, payment, bill, charge)?;
    let merchant = site.institution.merchant();
    let nonce_str = Text::new(site.entropy.nonce())?;
    Ok(match &payment.payer {
        Payer::Follower(openid) => {
            let path = format!("/orders/{}", payment.hosp_out_trade_no);
            unifiedorder::Request {
                merchant,
                payer: site.institution.payer(openid),
                order,
                return_url: HttpUrl::new(site.url(&path))?,
                nonce_str,
            }
            .encode()
        }
        Payer::Scan(scan) => {
            qrcodeunifiedorder::Request { merchant, scan: scan.clone(), order, nonce_str }.encode()
        }
    })
}

fn order(
    site: &Site,
    payment: &Payment,
    bill: &Bill,
    charge: &Charge,
) -> Result<OrderFields, Problem> {
    let institution = &site.institution;
    let notify_url = format!("{}/notify/{}", site.settings.public_url, institution.site);
    let insured = bill.insurance.as_ref().filter(|_| charge.kind.has_insurance());
    let content = insured.map(|part| RequestContent::new(part.request_content.clone()));
    let channel = payment.channel.as_str();
    let fits = channel.chars().count() <= MAX_CHANNEL;
    Ok(OrderFields {
        order_type: match bill.kind {
            BillKind::Registration => OrderType::RegPay,
            BillKind::Outpatient => OrderType::DiagPay,
        },
        hosp_out_trade_no: payment.hosp_out_trade_no.clone(),
        hospital_name: line(&institution.name)?,
        amounts: Amounts {
            total_fee: charge.total,
            cash_fee: charge.cash,
            insurance_fee: charge.insurance,
            cash_add_fee: Fen::ZERO,
            cash_reduced_fee: Fen::ZERO,
        },
        cash_add_wording: None,
        cash_reduced_wording: None,
        allow_fee_change: false,
        spbill_create_ip: payment.client_ip,
        notify_url: HttpUrl::new(notify_url)?,
        body: line(&bill.title)?,
        pay_type: pay_type(charge.kind),
        city_id: Some(institution.city.id.clone()),
        patient: payment.patient.clone(),
        serial_no: bill.serial_no.clone(),
        org_no: institution.org_no.clone(),
        gmt_out_create: payment.created_at,
        request_content: content.transpose()?,
        bill_no: Some(bill.bill_no.clone()),
        channel_no: fits.then(|| ChannelNo::new(channel)),
        extends: None,
    })
}

/// One line of at most 128 characters.
fn line(text: &str) -> Result<Text<128>, Problem> {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    Text::new(plain.take(128).collect::<String>())
}
