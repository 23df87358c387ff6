//! `POST /payinsurance/getbindurl`: a link under which one person binds a card (选用接口 §1.2).
//!
//! A person who has bound a card gets a link too: the page then shows it (PROTOCOL 2.2).

use super::links::{BindLink, rows};
use crate::access::Caller;
use crate::app::App;
use medpay_domain::platform::bind_link::State;
use medpay_store::StoreError;
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::FieldFault;
use medpay_wire::getbindurl::{Reply, Request};
use medpay_wire::value::Text;

/// The mini-program of this platform that a mini-program's link is opened in. A name of our own:
/// the sandbox's phone opens the link itself.
pub const BIND_APPID: &str = "wx0000medpaybind";

/// Why there is no link, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum GetBindUrlError {
    /// No bureau is known there.
    #[error("the city is not known")]
    CityUnknown,
    /// Ours.
    #[error("the link could not be kept")]
    Store(#[from] StoreError),
}

impl GetBindUrlError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::CityUnknown => FieldFault::invalid("city_id").into(),
            Self::Store(_) => Failure::business(ErrCode::CardSystemError),
        }
    }
}

/// The digest that a link is kept under.
pub(crate) fn link_digest(app: &App, link: &str) -> String {
    app.vault.digest("bind link", link)
}

/// Makes a link that its person alone can use, once, for a while.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, GetBindUrlError> {
    let city_id = request.city_id.unwrap_or_else(|| caller.institution.city_id.clone());
    if app.settings.city(&city_id).is_none() {
        return Err(GetBindUrlError::CityUnknown);
    }
    let name = app.entropy.nonce();
    let now = app.clock.now();
    let expires_at = now.plus_seconds(app.settings.bind_link_seconds);
    let link = BindLink {
        digest: link_digest(app, &name),
        token_appid: caller.token_appid.clone(),
        openid: request.openid,
        url: request.url.as_str().to_owned(),
        city_id,
        state: State::Issued { expires_at },
        version: 1,
    };
    let (vault, source) = (app.vault.clone(), request.from.map(Text::into_string));
    app.store
        .write("issue bind link", move |tx| {
            let (vault, link, source) = (vault.clone(), link.clone(), source.clone());
            Box::pin(async move {
                rows::insert_link(tx, &vault, &link, source.as_deref(), now, expires_at).await
            })
        })
        .await?;
    let mini_program = caller.token_account().is_some_and(|account| account.mini_program);
    Ok(Reply {
        bind_url: format!("{}/bind/{name}", app.settings.public_url),
        expires_in: u32::try_from(app.settings.bind_link_seconds).unwrap_or(u32::MAX),
        bind_appid: mini_program.then(|| Text::new(BIND_APPID).ok()).flatten(),
    })
}
