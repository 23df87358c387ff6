//! Who stands before a page: WeChat's OAuth2 (PROTOCOL 7.3), a cookie, and proof against forms that
//! another site posts.
//!
//! A page link (`/bind/{link}`, `/pay/{link}`) opened without a session goes to WeChat's page and
//! comes back with a code, which the wallet turns into openid and real name. The session is good
//! for that link only, for half an hour. The `state` of the round trip is bound to a cookie, so
//! that nobody can be made to come back as somebody else.

use super::rows::{self, Session};
use crate::app::App;
use crate::settings::Environment;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use http::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use medpay_client::Unanswered;
use medpay_domain::Secret;
use medpay_domain::{Appid, Openid, PersonName};
use medpay_store::StoreError;
use medpay_wire::contracts::wallet::{Identified, IdentifyByCode};
use medpay_wire::public_account::{authorize_url, encode_component};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A person whom WeChat vouched for.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The account of the link.
    pub appid: Appid,
    /// The person's openid there.
    pub openid: Openid,
    /// The real name that the wallet knows.
    pub real_name: PersonName,
    /// Goes into the form's hidden field `csrf` and comes back to [`check_form`].
    pub csrf: String,
}

/// What a page link carries back from WeChat; other parameters do not matter.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Returned {
    code: Option<String>,
    state: Option<String>,
}

/// A page link as it was opened.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Its path: `/bind/0123…`.
    pub path: &'a str,
    /// The account whose user is meant to open it.
    pub appid: &'a Appid,
    /// Whose wallet knows the person.
    pub environment: Environment,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The request's query.
    pub returned: &'a Returned,
}

/// Why nobody is known to stand there, though WeChat was asked.
#[derive(Debug, thiserror::Error)]
pub enum VisitorError {
    /// The session could not be read or kept.
    #[error("the page session could not be kept")]
    Store(#[from] StoreError),
    /// The wallet did not answer.
    #[error("the wallet did not tell who opened the page")]
    Wallet(#[from] Unanswered),
}

const SESSION_SECONDS: i64 = 1800;
const SESSION_COOKIE: &str = "medpay_visit";
const STATE_COOKIE: &str = "medpay_state";

/// Who stands before a page that is meant for one person.
#[derive(Debug)]
pub enum Standing {
    /// That person.
    Expected(Visitor),
    /// Somebody else.
    Stranger,
    /// Not known yet: this answer brings them back, through WeChat or from it.
    Away(Response),
}

impl Visitor {
    /// Whether the visitor is `openid`, which may be of any of these accounts: they are asked in
    /// turn. The account of `opening` does not matter.
    pub async fn expected(
        app: &App,
        opening: Opening<'_>,
        accounts: &[(Environment, Appid)],
        openid: &Openid,
    ) -> Result<Standing, VisitorError> {
        let at = |(environment, appid)| Opening { appid, environment, ..opening };
        let openings = || accounts.iter().map(|(environment, appid)| at((*environment, appid)));
        for opening in openings() {
            if let Some(answer) = returned_here(app, &opening).await? {
                return Ok(Standing::Away(answer));
            }
        }
        let mut openings = openings();
        while let Some(opening) = openings.next() {
            if let Some(visitor) = from_session(app, &opening).await? {
                return Ok(if visitor.openid == *openid {
                    Standing::Expected(visitor)
                } else {
                    openings
                        .next()
                        .map_or(Standing::Stranger, |next| Standing::Away(to_wechat(app, &next)))
                });
            }
        }
        Ok(accounts.first().map_or(Standing::Stranger, |(environment, appid)| {
            Standing::Away(to_wechat(app, &at((*environment, appid))))
        }))
    }
}

/// Takes the code that WeChat sent the visitor back with, if it was for this account.
async fn returned_here(app: &App, opening: &Opening<'_>) -> Result<Option<Response>, VisitorError> {
    match (&opening.returned.code, &opening.returned.state) {
        (Some(code), Some(state)) if state_is_ours(app, opening, state) => {
            start_session(app, opening, code).await
        }
        _ => Ok(None),
    }
}

/// Whether a form comes from our own page: `csrf` is the visitor's, and no header says that another
/// site posted it.
pub fn check_form(app: &App, headers: &HeaderMap, visitor: &Visitor, csrf: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let same_site = match text("sec-fetch-site") {
        None | Some("same-origin" | "none") => true,
        Some(_) => false,
    };
    let same_origin = match text(ORIGIN.as_str()) {
        None => true,
        Some(origin) => {
            origin.eq_ignore_ascii_case(origin_of(&app.settings.public_url))
                || text(HOST.as_str()).is_some_and(|host| {
                    origin.split_once("://").is_some_and(|(_, o)| o.eq_ignore_ascii_case(host))
                })
        }
    };
    same_site && same_origin && bool::from(csrf.as_bytes().ct_eq(visitor.csrf.as_bytes()))
}

fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

async fn from_session(app: &App, opening: &Opening<'_>) -> Result<Option<Visitor>, VisitorError> {
    let Some(cookie) = cookie(opening.headers, SESSION_COOKIE) else { return Ok(None) };
    let digest = app.vault.digest("page session", &cookie);
    let Some(session) = rows::find_session(app, &digest).await? else { return Ok(None) };
    let fits = session.path == opening.path
        && session.appid == *opening.appid
        && app.clock.now() < session.expires_at;
    let csrf = mac(&app.settings.page_key, "csrf", &[&cookie, opening.path]);
    Ok(fits.then_some(Visitor {
        appid: session.appid,
        openid: session.openid,
        real_name: session.real_name,
        csrf,
    }))
}

/// Asks the wallet whose code it is; `None` if the code is worth nothing, so WeChat is asked again.
async fn start_session(
    app: &App,
    opening: &Opening<'_>,
    code: &str,
) -> Result<Option<Response>, VisitorError> {
    let ask = IdentifyByCode { appid: opening.appid.clone(), code: code.to_owned() };
    let wallet = &app.parties(opening.environment).wallet;
    let (openid, real_name) = match wallet.identify_by_code(&ask).await? {
        Identified::Person { openid, real_name } => (openid, real_name),
        Identified::Invalid | Identified::Expired => return Ok(None),
    };
    let token = format!("{}{}", app.entropy.nonce(), app.entropy.nonce());
    let session = Session {
        path: opening.path.to_owned(),
        appid: opening.appid.clone(),
        openid,
        real_name,
        expires_at: app.clock.now().plus_seconds(SESSION_SECONDS),
    };
    rows::insert_session(app, app.vault.digest("page session", &token), session).await?;
    let mut answer = redirect(&format!("{}{}", app.settings.public_url, opening.path));
    set_cookie(app, &mut answer, SESSION_COOKIE, &token, opening.path);
    Ok(Some(answer))
}

fn to_wechat(app: &App, opening: &Opening<'_>) -> Response {
    let nonce = app.entropy.nonce();
    let state = state_of(app, opening, &nonce);
    let back = format!("{}{}", app.settings.public_url, opening.path);
    let open_url = &app.settings.open_url;
    let mut answer = redirect(&authorize_url(open_url, opening.appid.as_str(), &back, &state));
    set_cookie(app, &mut answer, STATE_COOKIE, &nonce, opening.path);
    answer
}

fn state_of(app: &App, opening: &Opening<'_>, nonce: &str) -> String {
    mac(&app.settings.page_key, "state", &[nonce, opening.path, opening.appid.as_str()])
}

fn state_is_ours(app: &App, opening: &Opening<'_>, state: &str) -> bool {
    cookie(opening.headers, STATE_COOKIE).is_some_and(|nonce| {
        state_of(app, opening, &nonce).as_bytes().ct_eq(state.as_bytes()).into()
    })
}

fn redirect(to: &str) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut answer = StatusCode::SEE_OTHER.into_response();
    answer.headers_mut().insert(LOCATION, to);
    answer.headers_mut().insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn set_cookie(app: &App, answer: &mut Response, name: &str, value: &str, path: &str) {
    let secure = if app.settings.public_url.starts_with("https:") { "; Secure" } else { "" };
    let text = format!(
        "{name}={value}; Path={path}; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Lax{secure}"
    );
    if let Ok(text) = HeaderValue::from_str(&text) {
        answer.headers_mut().append(SET_COOKIE, text);
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

fn mac(key: &Secret, purpose: &str, parts: &[&str]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.reveal()) else {
        unreachable!("HMAC takes a key of any length")
    };
    for part in std::iter::once(&purpose).chain(parts) {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    hex::encode(&mac.finalize().into_bytes()[..16])
}

/// `url` with one more parameter, before its fragment.
pub(crate) fn append_query(url: &str, name: &str, value: &str) -> String {
    let (address, fragment) = match url.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (url, None),
    };
    let joint = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    let mut text = format!("{address}{joint}{name}={}", encode_component(value));
    if let Some(fragment) = fragment {
        text.push('#');
        text.push_str(fragment);
    }
    text
}
