//! 就诊卡社保实名授权 (guide §4.1.2, PROTOCOL 2.6): a visit card without typing. The follower goes to
//! the bind page, consents there, and comes back with a one-time code that says who it is.

use super::holder_digest;
use super::keep::{AddError, AddedBy, Applicant, add};
use super::list::by_hand_allowed;
use super::rows::{self, Authorization, Holder, Person};
use super::trouble::Trouble;
use crate::account::{Visitor, see_other};
use crate::cards::bind_url::{self, NoBindUrl};
use crate::cards::bound::{self, Bound};
use crate::gateway::Site;
use crate::page::{self, Frame, Notice};
use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::CardType;
use medpay_store::StoreError;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::err_code::ErrCode;
use medpay_wire::qrcodegetmedinfo::{self, Request};
use medpay_wire::value::Text;
use serde::Deserialize;

/// How long a follower may take on the bind page, in seconds: as long as its link is good.
const AWAY_SECONDS: i64 = 1800;

#[derive(Template)]
#[template(path = "visit_cards/authorize.html")]
struct Page {
    frame: Frame,
    bureau_word: String,
    bind_url: String,
    by_hand: bool,
}

/// Why there is no visit card.
#[derive(Debug, thiserror::Error)]
enum AuthorizeError {
    #[error("the city does not allow it")]
    NotAllowed,
    #[error("no such way, or another follower's")]
    Foreign,
    #[error("back too late")]
    Late,
    #[error("used before")]
    Used,
    #[error("no consent was given")]
    NoConsent,
    #[error("the code is worth nothing")]
    CodeRefused,
    #[error("the code is another person's")]
    CodeOfAnother,
    #[error("the platform does not answer")]
    PlatformSilent,
    #[error(transparent)]
    Bind(#[from] NoBindUrl),
    #[error(transparent)]
    Add(#[from] AddError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuthorizeError {
    /// The one place where it gets words.
    fn show(&self, visitor: &Visitor) -> Response {
        let (status, text, tone, outcome) = match self {
            Self::NotAllowed => return Trouble::NotFound.show(visitor),
            Self::Store(error) | Self::Add(AddError::Store(error)) => {
                tracing::error!(%error, "an authorization was not kept");
                (StatusCode::SERVICE_UNAVAILABLE, "系统繁忙，请稍后再试。", "wait", "busy")
            }
            Self::Foreign => {
                (StatusCode::FORBIDDEN, "这个授权不是由您发起的，请重新授权。", "bad", "foreign")
            }
            Self::Late => (StatusCode::OK, "授权用时过长，已经失效，请重新授权。", "bad", "late"),
            Self::Used | Self::Add(AddError::UsedBefore) => {
                (StatusCode::FORBIDDEN, "这个授权已经使用过，不能再次使用。", "bad", "used")
            }
            Self::NoConsent => (
                StatusCode::OK,
                "您没有同意将姓名和证件信息提供给医院，因此没有添加就诊卡。",
                "",
                "no-consent",
            ),
            Self::CodeRefused => {
                (StatusCode::FORBIDDEN, "授权码无效或已过期，请重新授权。", "bad", "refused")
            }
            Self::CodeOfAnother => {
                (StatusCode::FORBIDDEN, "授权的社保卡不是您本人的，没有添加。", "bad", "refused")
            }
            Self::PlatformSilent | Self::Bind(NoBindUrl::Silent) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "社保卡服务暂时没有应答，请稍后刷新此页。",
                "wait",
                "silent",
            ),
            Self::Bind(NoBindUrl::Refused) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "社保卡服务现在不能使用，请稍后再试。",
                "bad",
                "refused",
            ),
            Self::Add(AddError::HisSilent) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "您的授权已收到，但医院系统暂时没有应答。请稍后刷新此页，无需重新授权。",
                "wait",
                "his-silent",
            ),
            Self::Add(AddError::HisRefused | AddError::NoSuchCard) => (
                StatusCode::CONFLICT,
                "医院系统没有为您建卡，请到医院窗口办理。",
                "bad",
                "his-refused",
            ),
            Self::Add(AddError::Limit) => (
                StatusCode::CONFLICT,
                "您添加的就诊卡已达到上限，请先解绑不用的就诊卡，再刷新此页。",
                "bad",
                "limit",
            ),
        };
        let (site, frame) = (&visitor.site, visitor.frame());
        let mut ways = vec![("重新授权", site.path("/visit-cards/authorize"))];
        if by_hand_allowed(site) {
            ways.push(("手动填写", site.path("/visit-cards/new")));
        }
        ways.push(("我的就诊卡", site.path("/visit-cards")));
        let title = "社保实名授权";
        page::show(site, status, &Notice { frame, title, text, tone, outcome, ways })
    }
}

/// `GET /visit-cards/authorize`: says what is asked for, and leads to the bind page.
pub(super) async fn begin(visitor: Visitor) -> Response {
    match prepare(&visitor).await {
        Ok(bind_url) => {
            let site = &visitor.site;
            let page = Page {
                frame: visitor.frame(),
                bureau_word: site.institution.city.bureau_word.clone(),
                bind_url,
                by_hand: by_hand_allowed(site),
            };
            page::show(site, StatusCode::OK, &page)
        }
        Err(error) => error.show(&visitor),
    }
}

async fn prepare(visitor: &Visitor) -> Result<String, AuthorizeError> {
    let site = &visitor.site;
    if !site.institution.city.real_name_authorization {
        return Err(AuthorizeError::NotAllowed);
    }
    let nonce = site.entropy.nonce();
    let back = format!("/visit-cards/authorized?nonce={nonce}");
    let bind_url = bind_url::ask(site, &visitor.openid, &visitor.channel, &back).await?;
    let (org_no, holder) = (site.org_no().clone(), holder_digest(site, &visitor.openid));
    let (nonce_digest, now) = (nonce_digest(site, &nonce), site.clock.now());
    site.store
        .write("begin an authorization", move |tx| {
            let (org_no, holder) = (org_no.clone(), holder.clone());
            let nonce_digest = nonce_digest.clone();
            Box::pin(async move {
                let holder = Holder { org_no: &org_no, digest: &holder };
                let until = now.plus_seconds(AWAY_SECONDS);
                rows::forget_old_authorizations(tx, holder, now.plus_seconds(-86_400)).await?;
                rows::begin_authorization(tx, holder, &nonce_digest, until).await
            })
        })
        .await
        .map_err(|error: StoreError| AuthorizeError::Store(error))?;
    Ok(bind_url)
}

fn nonce_digest(site: &Site, nonce: &str) -> String {
    site.vault.digest("authorization nonce", nonce)
}

/// What the bind page sends back. It has no `Debug`: the code stands for a person.
#[derive(Deserialize)]
pub(super) struct Returned {
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    auth_code: String,
}

/// `GET /visit-cards/authorized`: back from the bind page.
pub(super) async fn returned(visitor: Visitor, Query(returned): Query<Returned>) -> Response {
    match finish(&visitor, &returned).await {
        Ok(card_id) => see_other(&visitor.site.path(&format!("/visit-cards?added={card_id}"))),
        Err(error) => {
            tracing::info!(%error, "an authorization brought no visit card");
            error.show(&visitor)
        }
    }
}

async fn finish(visitor: &Visitor, returned: &Returned) -> Result<String, AuthorizeError> {
    let site = &visitor.site;
    if !site.institution.city.real_name_authorization {
        return Err(AuthorizeError::NotAllowed);
    }
    let nonce_digest = nonce_digest(site, &returned.nonce);
    let person = match find(visitor, nonce_digest.clone()).await? {
        None => return Err(AuthorizeError::Foreign),
        Some(Authorization::Used) => return Err(AuthorizeError::Used),
        Some(Authorization::Begun { .. }) if returned.auth_code.is_empty() => {
            return Err(AuthorizeError::NoConsent);
        }
        Some(Authorization::Begun { expires_at }) if expires_at <= site.clock.now() => {
            return Err(AuthorizeError::Late);
        }
        Some(Authorization::Begun { .. }) => {
            let person = ask_platform(visitor, &returned.auth_code).await?;
            tell(visitor, nonce_digest.clone(), &returned.auth_code, &person).await?;
            person
        }
        Some(Authorization::Told(person)) => person,
    };
    let applicant = Applicant {
        name: person.name,
        card_type: person.card_type,
        id_digest: person.id_digest,
        id_no: None,
        visit_card_no: None,
    };
    let by = AddedBy::Authorization { nonce_digest };
    Ok(add(site, &visitor.openid, &applicant, by).await?)
}

async fn find(
    visitor: &Visitor,
    nonce_digest: String,
) -> Result<Option<Authorization>, StoreError> {
    let site = &visitor.site;
    let (org_no, vault) = (site.org_no().clone(), site.vault.clone());
    let holder = holder_digest(site, &visitor.openid);
    site.store
        .read("find an authorization", move |tx| {
            let (org_no, vault) = (org_no.clone(), vault.clone());
            let (holder, nonce) = (holder.clone(), nonce_digest.clone());
            Box::pin(async move {
                let holder = Holder { org_no: &org_no, digest: &holder };
                rows::find_authorization(tx, &vault, holder, &nonce).await
            })
        })
        .await
}

/// Whose code it is; it must be the visitor's own.
async fn ask_platform(visitor: &Visitor, auth_code: &str) -> Result<Person, AuthorizeError> {
    let site = &visitor.site;
    let auth_code = Text::new(auth_code).map_err(|_| AuthorizeError::CodeRefused)?;
    let nonce_str = Text::new(site.entropy.nonce()).map_err(|_| AuthorizeError::PlatformSilent)?;
    let request = Request {
        merchant: site.institution.merchant(),
        auth_code,
        org_no: Some(site.org_no().clone()),
        spbill_create_ip: None,
        nonce_str,
    };
    let patient = match site.doors.platform.call(&qrcodegetmedinfo::SPEC, request.encode()).await {
        Ok(Reply::Success(fields)) => {
            qrcodegetmedinfo::Reply::decode(&fields)
                .map_err(|_| AuthorizeError::PlatformSilent)?
                .patient
        }
        Ok(Reply::Refused(Refused::Business { err_code, .. })) => {
            return Err(match ErrCode::parse(&err_code) {
                Some(
                    ErrCode::AuthCodeInvalid | ErrCode::AuthCodeExpire | ErrCode::CardNotBound,
                ) => AuthorizeError::CodeRefused,
                _ => AuthorizeError::PlatformSilent,
            });
        }
        Ok(Reply::Refused(_)) => return Err(AuthorizeError::PlatformSilent),
        Err(error) => {
            tracing::warn!(%error, "qrcodegetmedinfo was not answered");
            return Err(AuthorizeError::PlatformSilent);
        }
    };
    let person =
        Person { name: patient.name, card_type: patient.card_type, id_digest: patient.id_digest };
    is_visitor(visitor, &person).await?;
    Ok(person)
}

/// A code that was taken from somebody else must not open that person's records here. getmedinfo
/// knows ID cards only, so of other documents the code's word has to do.
async fn is_visitor(visitor: &Visitor, person: &Person) -> Result<(), AuthorizeError> {
    if person.card_type != CardType::IdCard {
        return Ok(());
    }
    let (site, openid) = (&visitor.site, &visitor.openid);
    match bound::ask(site, openid, &person.name, &person.id_digest).await {
        Bound::Yes(_) => Ok(()),
        Bound::NotBound | Bound::AnotherPerson => Err(AuthorizeError::CodeOfAnother),
        Bound::Unknown => Err(AuthorizeError::PlatformSilent),
    }
}

/// Keeps who it is, so that a silent HIS does not cost the patient another authorization.
async fn tell(
    visitor: &Visitor,
    nonce_digest: String,
    auth_code: &str,
    person: &Person,
) -> Result<(), AuthorizeError> {
    let site = &visitor.site;
    let (org_no, vault) = (site.org_no().clone(), site.vault.clone());
    let holder = holder_digest(site, &visitor.openid);
    let code_digest = site.vault.digest("authorization code", auth_code);
    let person = person.clone();
    let told = site
        .store
        .write("keep an authorization", move |tx| {
            let (org_no, vault, person) = (org_no.clone(), vault.clone(), person.clone());
            let (holder, nonce) = (holder.clone(), nonce_digest.clone());
            let code = code_digest.clone();
            Box::pin(async move {
                let holder = Holder { org_no: &org_no, digest: &holder };
                rows::tell_authorization(tx, &vault, (holder, &nonce), &code, &person).await
            })
        })
        .await;
    match told {
        Ok(true) => Ok(()),
        Ok(false) | Err(StoreError::Conflict(_)) => Err(AuthorizeError::Used),
        Err(error) => Err(error.into()),
    }
}
