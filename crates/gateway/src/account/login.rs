//! `GET /h/{site}/login`: back from WeChat's page with a code (PROTOCOL 7.3).
//!
//! The wanted path and channel travel in a cookie; `state` is its signature. So only the browser
//! that set out can come back, to a path that was wanted, and nobody can be made to come back as
//! somebody else. A code is good once: WeChat refuses it the second time, and the cookie is gone.

use super::own_path::{is_own, see_other};
use super::{cookies, mac::mac, refused, session};
use crate::at::At;
use crate::channels::Channel;
use crate::gateway::Site;
use axum::extract::Query;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, StatusCode, Uri};
use medpay_client::Unanswered;
use medpay_domain::Timestamp;
use medpay_store::StoreError;
use medpay_wire::envelope::GatewayError;
use medpay_wire::public_account::authorize_url;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// The cookie of somebody who is away at WeChat's page.
const COOKIE: &str = "medpay_login";
/// How long one may be away, in seconds.
const SECONDS: i64 = 600;

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// `state` is not of this browser's cookie, or too old.
    #[error("state is not this browser's")]
    State,
    /// No code came back.
    #[error("no code came back")]
    NoCode,
    /// WeChat does not take the code: used before, another account's, too old.
    #[error("the code is refused with {}", .0.errcode)]
    Code(GatewayError),
    /// WeChat did not answer.
    #[error("WeChat did not answer")]
    Unanswered(#[from] Unanswered),
    /// Ours.
    #[error("the session was not kept")]
    Store(#[from] StoreError),
}

impl LoginError {
    /// The only place where this error meets the patient.
    fn says(&self) -> (StatusCode, &'static str) {
        match self {
            Self::State | Self::NoCode | Self::Code(_) => {
                (StatusCode::FORBIDDEN, "登录链接已失效，请从公众号重新打开页面。")
            }
            Self::Unanswered(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "微信暂时没有应答，请稍后再试。")
            }
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "系统繁忙，请稍后再试。"),
        }
    }
}

/// Who is away at WeChat's page.
#[derive(Serialize, Deserialize)]
struct Away {
    nonce: String,
    until_ms: i64,
    path: String,
    channel: Option<String>,
}

/// What comes back from there.
#[derive(Deserialize)]
pub(crate) struct Returned {
    code: Option<String>,
    state: Option<String>,
}

/// Sends somebody who wants to see the page at `wanted` to WeChat's page.
pub(super) fn to_wechat(site: &Site, wanted: &Uri, channel: Option<&Channel>) -> Response {
    let wanted = wanted.path_and_query().map_or("", |wanted| wanted.as_str());
    let back_to_login = wanted.starts_with(&site.path("/login"));
    let path =
        if is_own(site, wanted) && !back_to_login { wanted.to_owned() } else { site.path("") };
    let away = Away {
        nonce: site.entropy.nonce(),
        until_ms: site.clock.now().plus_seconds(SECONDS).as_ms(),
        path,
        channel: channel.map(|channel| channel.as_str().to_owned()),
    };
    let text = serde_json::to_string(&away).expect("plain texts and numbers");
    let own_appid = site.institution.own_appid().as_str();
    let (back, state) = (site.url("/login"), state_of(site, &text));
    let open_url = &site.settings.open_url;
    let mut answer = see_other(&authorize_url(open_url, own_appid, &back, &state));
    cookies::set(site, &mut answer, COOKIE, &BASE64.encode(text), SECONDS);
    answer
}

/// Lets in whoever comes back.
pub(crate) async fn login(
    At(site): At,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> Response {
    let mut answer = match take(&site, &headers, &returned).await {
        Ok(answer) => answer,
        Err(error) => {
            let org_no = site.org_no().as_str();
            match &error {
                LoginError::Store(error) => tracing::error!(org_no, %error, "a login was not kept"),
                LoginError::Unanswered(error) => {
                    tracing::warn!(org_no, %error, "a login was not answered");
                }
                _ => tracing::info!(org_no, %error, "a login was refused"),
            }
            let (status, text) = error.says();
            refused::notice(&site, status, "无法登录", text)
        }
    };
    cookies::set(&site, &mut answer, COOKIE, "", 0);
    answer
}

async fn take(
    site: &Site,
    headers: &HeaderMap,
    returned: &Returned,
) -> Result<Response, LoginError> {
    let state = returned.state.as_deref().unwrap_or_default();
    let away = away_of(site, headers, state).ok_or(LoginError::State)?;
    let code = returned.code.as_deref().filter(|code| !code.is_empty());
    let code = code.ok_or(LoginError::NoCode)?;
    let openid = site.doors.public_account.openid_of(code).await?.map_err(LoginError::Code)?;
    let mut answer = see_other(&away.path);
    let channel = away.channel.as_deref().and_then(Channel::parse);
    session::begin(site, &mut answer, openid, channel).await?;
    Ok(answer)
}

/// What this browser set out with, if `state` is its signature.
fn away_of(site: &Site, headers: &HeaderMap, state: &str) -> Option<Away> {
    let text = BASE64.decode(cookies::read(headers, COOKIE)?).ok()?;
    let text = String::from_utf8(text).ok()?;
    let right = state_of(site, &text);
    if !bool::from(right.as_bytes().ct_eq(state.as_bytes())) {
        return None;
    }
    let away: Away = serde_json::from_str(&text).ok()?;
    let in_time = site.clock.now() <= Timestamp::from_ms(away.until_ms);
    (in_time && is_own(site, &away.path)).then_some(away)
}

fn state_of(site: &Site, away: &str) -> String {
    mac(&site.settings.page_key, "state", &[&site.institution.site, away])
}
