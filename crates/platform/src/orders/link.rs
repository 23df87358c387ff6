//! Links to the cashier. A link names its order and proves that we made it, so that nothing has to
//! be stored: repeating a request gives a fresh link and changes nothing, and older ones stay good.

use crate::app::App;
use medpay_domain::{MedTransId, Timestamp};
use medpay_store::Vault;
use subtle::ConstantTimeEq;

/// Digits of a `med_trans_id`: fourteen of time, fourteen of chance.
const NUMBER: usize = 28;
/// What makes one link differ from another.
const NONCE: usize = 8;
/// Hex characters of the proof: 128 bits.
const PROOF: usize = 32;

/// A fresh `med_trans_id`: the business time, and fourteen digits that nobody can guess.
pub(super) fn new_med_trans_id(app: &App, now: Timestamp) -> MedTransId {
    let mut bytes = [0_u8; 8];
    app.entropy.fill(&mut bytes);
    let chance = u64::from_be_bytes(bytes) % 100_000_000_000_000;
    MedTransId::new(format!("{}{chance:014}", now.wire()))
}

/// The address of a fresh link to the cashier of an order.
pub(super) fn fresh_url(app: &App, med_trans_id: &MedTransId) -> String {
    let nonce: String = app.entropy.nonce().chars().take(NONCE).collect();
    url(app, med_trans_id, &nonce)
}

/// The address of the link that is put on the payer's phone: the same whenever it is asked for.
pub(super) fn presented_url(app: &App, med_trans_id: &MedTransId) -> String {
    url(app, med_trans_id, "00000000")
}

/// The order of a link; none if we did not make it.
pub(super) fn order_of(vault: &Vault, link: &str) -> Option<MedTransId> {
    let (number, rest) = link.split_at_checked(NUMBER)?;
    let (nonce, _) = rest.split_at_checked(NONCE)?;
    let med_trans_id = MedTransId::new(number);
    let ours = name(vault, &med_trans_id, nonce);
    bool::from(ours.as_bytes().ct_eq(link.as_bytes())).then_some(med_trans_id)
}

fn url(app: &App, med_trans_id: &MedTransId, nonce: &str) -> String {
    format!("{}/pay/{}", app.settings.public_url, name(&app.vault, med_trans_id, nonce))
}

fn name(vault: &Vault, med_trans_id: &MedTransId, nonce: &str) -> String {
    let proof = vault.digest("pay link", &format!("{med_trans_id} {nonce}"));
    format!("{med_trans_id}{nonce}{}", &proof[..PROOF])
}

#[cfg(test)]
mod tests {
    use super::*;
    use medpay_domain::Secret;

    #[test]
    fn only_a_link_of_ours_names_an_order() {
        let vault = Vault::new(Secret::new(vec![7; 32]));
        let number = MedTransId::new("2018062012000000000000000001");
        let link = name(&vault, &number, "0a0b0c0d");
        assert_eq!(link.len(), NUMBER + NONCE + PROOF);
        assert_eq!(order_of(&vault, &link), Some(number));
        let other_order = link.replacen("2018", "2019", 1);
        let foreign = Vault::new(Secret::new(vec![8; 32]));
        assert_eq!(order_of(&foreign, &link), None);
        for wrong in [&other_order, &link[1..], "", "医保", &format!("{link}0")] {
            assert_eq!(order_of(&vault, wrong), None, "{wrong}");
        }
    }
}
