//! What a service provider is paid for: of each order the cash part less its refunds, with the
//! merchants that took it (guide §4.1.5, 服务商模式).

use crate::gateway::Gateway;
use crate::payments::{self, Payment};
use medpay_domain::Day;
use medpay_store::StoreError;
use serde::Serialize;

/// One order of a hospital under a provider.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Basis {
    /// The hospital's word in addresses.
    pub site: String,
    /// The provider's merchant.
    pub mch_id: String,
    /// The hospital's merchant under it.
    pub sub_mch_id: String,
    /// The order.
    pub hosp_out_trade_no: String,
    /// When it was paid, Beijing time.
    pub paid_at: String,
    /// 现金金额, fen.
    pub cash_fen: i64,
    /// Of it, what has gone back since, fen.
    pub cash_refunded_fen: i64,
    /// What is left: the basis, fen.
    pub basis_fen: i64,
}

/// Of one hospital, in sum.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Total {
    /// The hospital's word in addresses.
    pub site: String,
    /// How many orders had a cash part.
    pub orders: usize,
    /// The sum of their bases, fen.
    pub basis_fen: i64,
    /// The rate, in hundredths of a percent.
    pub commission_bp: u32,
    /// The commission on the sum, fen, rounded down.
    pub commission_fen: i64,
}

/// What a provider is paid for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Commission {
    /// Order by order, in the order they were paid.
    pub orders: Vec<Basis>,
    /// Hospital by hospital.
    pub totals: Vec<Total>,
}

/// The commission on what was paid on `days`, at the hospitals under a provider. Refunds count on
/// the day of the payment that they undo, so a day's basis may still fall.
pub async fn of_days(gateway: &Gateway, days: &[Day]) -> Result<Commission, StoreError> {
    let mut commission = Commission::default();
    for site in gateway.branches().flat_map(|branch| branch.sites()) {
        let Some(rules) = site.hospital().map(|hospital| &hospital.rules) else { continue };
        let mut orders = vec![];
        for &day in days {
            let paid = payments::paid_on(site, day).await?;
            let word = site.institution.site.as_str();
            orders.extend(paid.iter().filter_map(|payment| basis(word, payment)));
        }
        if orders.is_empty() && site.institution.sub_mch_id.is_none() {
            continue;
        }
        let basis_fen = orders.iter().fold(0_i64, |sum, order| sum.saturating_add(order.basis_fen));
        let rate = rules.commission_bp;
        commission.totals.push(Total {
            site: site.institution.site.clone(),
            orders: orders.len(),
            basis_fen,
            commission_bp: rate,
            commission_fen: basis_fen.saturating_mul(i64::from(rate)) / 10_000,
        });
        commission.orders.append(&mut orders);
    }
    Ok(commission)
}

/// None where no provider took part, or no cash.
fn basis(site: &str, payment: &Payment) -> Option<Basis> {
    let (sub_mch_id, charge) = (payment.sub_mch_id.as_ref()?, payment.charge()?);
    if charge.cash.is_zero() {
        return None;
    }
    Some(Basis {
        site: site.to_owned(),
        mch_id: payment.mch_id.as_str().to_owned(),
        sub_mch_id: sub_mch_id.as_str().to_owned(),
        hosp_out_trade_no: payment.hosp_out_trade_no.as_str().to_owned(),
        paid_at: payment.paid_at()?.to_string(),
        cash_fen: charge.cash.get(),
        cash_refunded_fen: payment.money.returned.cash.get(),
        basis_fen: payment.cash_kept().get(),
    })
}
