//! `POST /payinsurance/getbindurl`: a link under which one person binds a card (选用接口 §1.2).
//!
//! A person who has bound a card gets a link too: the page then shows it (PROTOCOL 2.2).

use super::links::BindLink;
use super::links::rows::{self, NewLink};
use crate::access::Caller;
use crate::app::App;
use medpay_domain::platform::bind_link::State;
use medpay_domain::{CityId, Timestamp};
use medpay_store::StoreError;
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::FieldFault;
use medpay_wire::getbindurl::{Reply, Request};
use medpay_wire::sign::base_string;
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

/// Makes a link that its person alone can use, once, for a while. The same request again gets the
/// same link as long as that can be used.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, GetBindUrlError> {
    let city_id = request.city_id.clone().unwrap_or_else(|| caller.institution.city_id.clone());
    if app.settings.city(&city_id).is_none() {
        return Err(GetBindUrlError::CityUnknown);
    }
    let now = app.clock.now();
    let new = new_link(app, caller, request, city_id, now);
    let vault = app.vault.clone();
    let (seed, expires_at) = app
        .store
        .write("issue bind link", move |tx| {
            let (vault, new) = (vault.clone(), new.clone());
            Box::pin(async move {
                if let Some(living) = rows::find_living(tx, &new.request_digest, now).await? {
                    return Ok::<_, StoreError>(living);
                }
                rows::insert_link(tx, &vault, &new).await?;
                Ok((new.seed, new.expires_at))
            })
        })
        .await?;
    let mini_program = caller.token_account().is_some_and(|account| account.mini_program);
    let left_ms = expires_at.as_ms() - now.as_ms();
    Ok(Reply {
        bind_url: format!("{}/bind/{}", app.settings.public_url, link_name(app, &seed)),
        expires_in: u32::try_from(left_ms / 1000).unwrap_or(u32::MAX),
        bind_appid: mini_program.then(|| Text::new(BIND_APPID).ok()).flatten(),
    })
}

fn new_link(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
    city_id: CityId,
    now: Timestamp,
) -> NewLink {
    let mut fields = request.encode();
    fields.remove("nonce_str");
    let scope = format!("getbindurl of {}", caller.token_appid.as_str());
    let seed = app.entropy.nonce();
    let expires_at = now.plus_seconds(app.settings.bind_link_seconds);
    NewLink {
        link: BindLink {
            digest: link_digest(app, &link_name(app, &seed)),
            token_appid: caller.token_appid.clone(),
            openid: request.openid,
            url: request.url.as_str().to_owned(),
            city_id,
            state: State::Issued { expires_at },
            version: 1,
        },
        seed,
        request_digest: app.vault.digest(&scope, &base_string(&fields)),
        source: request.from.map(Text::into_string),
        issued_at: now,
        expires_at,
    }
}

/// The last part of a link's path: unguessable, and the same for the same seed.
fn link_name(app: &App, seed: &str) -> String {
    let mut name = app.vault.digest("bind link name", seed);
    name.truncate(32);
    name
}
