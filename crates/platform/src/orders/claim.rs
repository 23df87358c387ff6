//! What the bureau is asked, and how its split is read. It is asked the same at each step: the
//! amounts that the hospital named, and its words byte for byte.

use super::rows::StoredOrder;
use medpay_domain::CardNo;
use medpay_domain::platform::order::Split;
use medpay_store::{BadSeal, Vault};
use medpay_wire::contracts::bureau;

/// The claim of an order.
pub(super) fn of(
    stored: &StoredOrder,
    medical_card_id: CardNo,
    vault: &Vault,
) -> Result<bureau::Claim, BadSeal> {
    Ok(bureau::Claim {
        city_id: stored.city_id.clone(),
        org_no: stored.org_no.clone(),
        order_type: stored.order_type.as_str().to_owned(),
        serial_no: stored.serial_no.clone(),
        bill_no: stored.bill_no.clone(),
        medical_card_id,
        total_fee: stored.order.total,
        insurance_fee: stored.asked.insurance_fee,
        cash_fee: stored.asked.cash_fee,
        request_content: stored.request_content(vault)?.unwrap_or_default(),
    })
}

/// The bureau's split in our words.
pub(super) const fn split_of(split: &bureau::Split) -> Split {
    Split {
        insurance: split.insurance_fee,
        cash: split.cash_fee,
        self_fee: split.self_fee,
        fund_fee: split.fund_fee,
        other_fee: split.other_fee,
    }
}

/// Our split in the bureau's words.
pub(super) const fn split_for_bureau(split: &Split) -> bureau::Split {
    bureau::Split {
        insurance_fee: split.insurance,
        cash_fee: split.cash,
        self_fee: split.self_fee,
        fund_fee: split.fund_fee,
        other_fee: split.other_fee,
    }
}
