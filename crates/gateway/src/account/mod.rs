//! 公众号: login, sessions, server callback, menu (guide §4.1.1).

mod answers;
pub mod callback;
mod cookies;
pub mod form;
mod home;
pub mod login;
mod mac;
pub mod menu;
mod own_path;
pub mod poster;
mod refused;
mod rows;
mod session;
mod verify_file;
pub mod visitor;

#[cfg(test)]
mod tests;

pub use form::Posted;
pub(crate) use own_path::see_other;
pub(crate) use refused::crowded as busy_page;
pub use session::COOKIE as SESSION_COOKIE;
pub use visitor::Visitor;

use crate::gateway::{Gateway, Site};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use medpay_domain::Openid;
use medpay_store::StoreError;

/// Whether a person follows the account, as far as WeChat has told; none if it told nothing.
pub async fn follows(site: &Site, openid: &Openid) -> Result<Option<bool>, StoreError> {
    rows::follows(site, &session::openid_digest(site, openid)).await
}

/// Largest post that the server callback takes, in bytes.
const CALLBACK_BYTES: usize = 64 * 1024;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
        .route("/", get(home::home))
        .route("/me", get(home::me))
        .route("/font", get(home::font))
        .route("/login", get(login::login))
}

/// The addresses that are not pages:
///
/// - `GET|POST /wechat/{site}`: the account's server callback;
/// - `GET /MP_verify_<…>.txt`: the files that its console asks for.
pub(crate) fn endpoints() -> Router<Gateway> {
    Router::new()
        .route("/wechat/{site}", get(callback::check).post(callback::receive))
        .layer(DefaultBodyLimit::max(CALLBACK_BYTES))
        .route("/{file}", get(verify_file::verify_file))
}
