//! Every address of the gateway. A capability names its own; `/h/{site}/…` are the patients' pages.

use crate::gateway::Gateway;
use crate::{
    account, assets, bills, cards, channels, help, his_api, payments, prescriptions, refunds,
    registrations, results, visit_cards,
};
use axum::Router;
use axum::extract::DefaultBodyLimit;

/// Largest form that a page takes, in bytes.
const FORM_BYTES: usize = 16 * 1024;

/// The service.
pub fn router(gateway: Gateway) -> Router {
    let pages = Router::new()
        .merge(account::pages())
        .merge(bills::pages())
        .merge(cards::pages())
        .merge(channels::pages())
        .merge(help::pages())
        .merge(payments::pages())
        .merge(prescriptions::pages())
        .merge(refunds::pages())
        .merge(registrations::pages())
        .merge(results::pages())
        .merge(visit_cards::pages())
        .layer(DefaultBodyLimit::max(FORM_BYTES));
    Router::new()
        .nest("/h/{site}", pages)
        .merge(account::endpoints())
        .merge(his_api::endpoints())
        .merge(payments::endpoints())
        .merge(assets::endpoints())
        .with_state(gateway)
}
