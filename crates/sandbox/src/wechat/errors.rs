//! WeChat's error answers.

use medpay_domain::Entropy;
use medpay_wire::public_account::AccountError;
use serde_json::{Value, json};

/// The answer, which ends in a `rid` as the official ones do.
pub(super) fn answer(error: AccountError, entropy: &dyn Entropy) -> Value {
    let nonce = entropy.nonce();
    let part = |at: usize| nonce.get(at..at + 8).unwrap_or_default();
    let errmsg = format!("{} rid: {}-{}-{}", error.message(), part(0), part(8), part(16));
    json!({ "errcode": error.errcode(), "errmsg": errmsg })
}
