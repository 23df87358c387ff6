//! How the bureau divides a claim: the own account (个账) first, then the fund (统筹), which bears at
//! most a share of the total that depends on the insurance type. `other_fee` is never used.
//!
//! The shares are invented; so is the rule. It agrees to whatever the hospital asks as long as
//! account and fund cover it, and says the same of the same claim whenever it is asked.

use medpay_domain::Fen;
use medpay_wire::contracts::bureau::{Claim, Split};

/// How much of a claim the fund bears at most, in percent, by 参保类型.
const fn fund_percent(medical_insurance_type: Option<u8>) -> i64 {
    match medical_insurance_type {
        Some(1) => 30,
        Some(2 | 4) => 50,
        Some(3) => 80,
        Some(5) => 60,
        Some(6) => 40,
        Some(_) | None => 0,
    }
}

fn fund_limit(claim: &Claim, medical_insurance_type: Option<u8>) -> Fen {
    let percent = i128::from(fund_percent(medical_insurance_type));
    let limit = i128::from(claim.total_fee.get()) * percent / 100;
    i64::try_from(limit).ok().and_then(Fen::new).unwrap_or_default()
}

/// The split of `claim` with `account` in the own account; `None` if the claim's own amounts do not
/// fit together.
pub(super) fn of(claim: &Claim, medical_insurance_type: Option<u8>, account: Fen) -> Option<Split> {
    let paid = claim.insurance_fee.checked_add(claim.cash_fee)?;
    claim.total_fee.checked_sub(paid)?;
    let self_fee = claim.insurance_fee.min(account);
    let rest = claim.insurance_fee.checked_sub(self_fee)?;
    let fund_fee = rest.min(fund_limit(claim, medical_insurance_type));
    let insurance_fee = self_fee.checked_add(fund_fee)?;
    let cash_fee = paid.checked_sub(insurance_fee)?;
    Some(Split { insurance_fee, cash_fee, self_fee, fund_fee, other_fee: Fen::ZERO })
}

/// Whether `split` is one that the bureau could have answered to `claim`, whatever the account
/// held at that time.
pub(super) fn agrees(split: &Split, claim: &Claim, medical_insurance_type: Option<u8>) -> bool {
    let sum = |a: Fen, b: Fen| a.checked_add(b);
    let parts =
        sum(split.self_fee, split.fund_fee).and_then(|sum| sum.checked_add(split.other_fee));
    parts == Some(split.insurance_fee)
        && split.other_fee.is_zero()
        && split.fund_fee <= fund_limit(claim, medical_insurance_type)
        && sum(split.insurance_fee, split.cash_fee).is_some_and(|paid| paid <= claim.total_fee)
}

/// A split a fen away from `split`, with the same sum: what amount 147 settles.
pub(super) fn shifted(split: Split) -> Split {
    let fen = Fen::new(1).unwrap_or_default();
    let less = |from: Fen, by: Fen| from.checked_sub(by).unwrap_or(from);
    let more = |from: Fen, by: Fen| from.checked_add(by).unwrap_or(from);
    if split.insurance_fee.is_zero() {
        return Split {
            insurance_fee: fen,
            cash_fee: less(split.cash_fee, fen),
            self_fee: fen,
            ..split
        };
    }
    let from_account = !split.self_fee.is_zero();
    Split {
        insurance_fee: less(split.insurance_fee, fen),
        cash_fee: more(split.cash_fee, fen),
        self_fee: if from_account { less(split.self_fee, fen) } else { split.self_fee },
        fund_fee: if from_account { split.fund_fee } else { less(split.fund_fee, fen) },
        other_fee: split.other_fee,
    }
}
