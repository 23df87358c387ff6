//! The one extractor: who sent this document? It runs the checks of PROTOCOL 1.2 in their order,
//! up to the signature; [`super::endpoint`] goes on with the other fields, permission and rate.

use super::token;
use crate::app::App;
use crate::settings::{Account, Environment, Institution, Settings};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Query, Request};
use http::Method;
use medpay_domain::{Appid, MchId};
use medpay_store::StoreError;
use medpay_wire::caller_fields::Payer;
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::{ErrCode, TokenFault};
use medpay_wire::fields::{FieldFault, Received, Verified};
use medpay_wire::interface::Interface;
use medpay_wire::xml::{MAX_BODY, XmlFault};
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;

/// Who calls: the institution that the checks found, and how.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    /// The institution whose key signed. Where an interface carries no merchant and the account is
    /// a service provider's, the first one under it; see [`Caller::institutions`].
    pub institution: &'a Institution,
    /// The account that the access_token was issued to.
    pub token_appid: Appid,
    /// Every institution that this call may speak for: the one above, or all of the token's
    /// account where the interface carries no merchant.
    pub institutions: Vec<&'a Institution>,
    /// The trace id of the answer and the log line (PROTOCOL 1.1).
    pub rid: String,
}

/// The number space of an institution: its numbers of orders and refunds are unique within
/// `mch_id`, or `sub_mch_id` under a service provider (PROTOCOL 1.6).
pub fn merchant_key(institution: &Institution) -> String {
    let mch_id = institution.merchant.mch_id.as_str();
    match &institution.sub {
        Some(sub) => format!("{mch_id}/{}", sub.sub_mch_id.as_str()),
        None => mch_id.to_owned(),
    }
}

impl<'a> Caller<'a> {
    /// See [`merchant_key`].
    pub fn merchant_key(&self) -> String {
        merchant_key(self.institution)
    }

    /// The account whose user `payer` is. That a `sub_appid` is bound to the caller was checked.
    pub fn account_of(&self, payer: &Payer) -> Appid {
        match payer {
            Payer::Openid(_) => self.institution.account.appid.clone(),
            Payer::SubOpenid { sub_appid, .. } => sub_appid.clone(),
        }
    }

    /// The account that calls.
    pub fn token_account(&self) -> Option<&'a Account> {
        let subs =
            self.institutions.iter().filter_map(|one| one.sub.as_ref()?.sub_account.as_ref());
        self.institutions
            .iter()
            .map(|one| &one.account)
            .chain(subs)
            .find(|account| account.appid == self.token_appid)
    }

    /// Under which accounts an openid of this caller may be, where the interface does not say
    /// (PROTOCOL 1.5): the token's own and, for a provider, every `sub_appid` bound to it.
    pub fn accounts(&self) -> Vec<(Environment, Appid)> {
        accounts_of(&self.institutions, &self.token_appid)
    }
}

/// See [`Caller::accounts`].
pub(crate) fn accounts_of(
    institutions: &[&Institution],
    token_appid: &Appid,
) -> Vec<(Environment, Appid)> {
    let mut accounts = Vec::new();
    for institution in institutions {
        let by_own_account = institution.account.appid == *token_appid;
        let own = by_own_account.then_some(&institution.account.appid);
        let sub = sub_appid(institution).filter(|sub| by_own_account || *sub == token_appid);
        for appid in own.into_iter().chain(sub) {
            let account = (institution.environment, appid.clone());
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
    }
    // The token's own account first: it is the likeliest.
    accounts.sort_by_key(|(_, appid)| appid != token_appid);
    accounts
}

/// A request as it came in, before any check.
#[derive(Debug)]
pub struct Incoming {
    method: Method,
    access_token: Option<String>,
    body: Result<Bytes, XmlFault>,
}

impl Incoming {
    /// A request put together by hand, for tests and simulation.
    pub fn new(method: Method, access_token: Option<String>, body: Bytes) -> Self {
        let body = if body.len() > MAX_BODY { Err(XmlFault::TooLarge) } else { Ok(body) };
        Self { method, access_token, body }
    }
}

impl<S: Send + Sync> FromRequest<S> for Incoming {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let method = request.method().clone();
        let access_token = query_value(request.uri(), "access_token");
        // Nobody reads the body of a request that is refused for its method.
        let body = if method == Method::POST {
            read_body(request.into_body(), MAX_BODY).await
        } else {
            Ok(Bytes::new())
        };
        Ok(Self { method, access_token, body })
    }
}

/// The first value of a query's parameter; an empty one is none.
pub(crate) fn query_value(uri: &http::Uri, name: &str) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    pairs.into_iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value)
}

/// How much of a refused body is still taken off the connection, so that the caller, who is busy
/// sending, gets to read the refusal instead of a reset. Nothing of it is kept.
const DRAINED: usize = 16 * 1024 * 1024;

/// Reads at most `limit` bytes; a longer body is refused as soon as that is known.
pub(crate) async fn read_body(body: Body, limit: usize) -> Result<Bytes, XmlFault> {
    let mut body = body;
    let mut read = Vec::new();
    if body.size_hint().lower() <= limit as u64 {
        loop {
            match next_chunk(&mut body).await {
                // A body that breaks off is whatever came of it: the guard judges that.
                None | Some(Err(_)) => return Ok(Bytes::from(read)),
                Some(Ok(chunk)) if read.len() + chunk.len() <= limit => {
                    read.extend_from_slice(&chunk);
                }
                Some(Ok(_)) => break,
            }
        }
    }
    tokio::spawn(async move {
        let mut drained = 0;
        while let Some(Ok(chunk)) = next_chunk(&mut body).await {
            drained += chunk.len();
            if drained > DRAINED {
                break;
            }
        }
    });
    Err(XmlFault::TooLarge)
}

async fn next_chunk(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        match frame {
            Ok(frame) => {
                if let Ok(chunk) = frame.into_data() {
                    return Some(Ok(chunk));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
}

/// Why a document is not admitted, in the order of PROTOCOL 1.2.
#[derive(Debug, thiserror::Error)]
pub enum NotAdmitted {
    /// Only POST.
    #[error("the method is not POST")]
    Method,
    /// Not a document.
    #[error(transparent)]
    Xml(#[from] XmlFault),
    /// The access_token is missing, wrong or too old.
    #[error("the access_token is {0:?}")]
    Token(TokenFault),
    /// A field that finds the key.
    #[error(transparent)]
    KeyField(#[from] FieldFault),
    /// No such account.
    #[error("no institution has this appid")]
    AppidUnknown,
    /// No such merchant.
    #[error("no institution has this mch_id or sub_mch_id")]
    MchIdUnknown,
    /// Both are known, and do not belong together or not to the token.
    #[error("appid, mch_id and access_token do not belong together")]
    NotBound,
    /// The signature is missing or wrong.
    #[error("the signature is missing or wrong")]
    Sign,
    /// Ours: nothing could be looked up.
    #[error("the token could not be looked up")]
    Store(#[from] StoreError),
}

impl NotAdmitted {
    /// The answer, where it is not the token's own (see [`super::endpoint`]).
    pub fn failure(&self) -> Failure {
        match self {
            Self::Method => Failure::Transport("REQUIRE_POST_METHOD".to_owned()),
            Self::Xml(fault) => fault.clone().into(),
            Self::Token(fault) => Failure::business(fault.err_code()),
            Self::KeyField(fault) => (*fault).into(),
            Self::AppidUnknown => Failure::business(ErrCode::AppidNotExist),
            Self::MchIdUnknown => Failure::business(ErrCode::MchidNotExist),
            Self::NotBound => Failure::business(ErrCode::AppidMchidNotMatch),
            Self::Sign => Failure::sign(),
            Self::Store(_) => Failure::business(ErrCode::SystemError),
        }
    }
}

/// Runs the checks up to the signature.
pub async fn admit<'a>(
    app: &'a App,
    interface: &Interface,
    incoming: Incoming,
    rid: String,
) -> Result<(Caller<'a>, Verified), NotAdmitted> {
    if incoming.method != Method::POST {
        return Err(NotAdmitted::Method);
    }
    let received = Received::read(&incoming.body?)?;
    let token_appid = match token::account_of(app, incoming.access_token.as_deref()).await? {
        Ok(appid) => appid,
        Err(fault) => return Err(NotAdmitted::Token(fault)),
    };
    let institutions = if interface.carries_merchant {
        let merchant = MerchantFields::read(&received)?;
        vec![merchant.find(&app.settings, &token_appid)?]
    } else {
        of_account(&app.settings, &token_appid)
    };
    // An account that lost its configuration while its token lives is not known any more.
    let &institution = institutions.first().ok_or(NotAdmitted::Token(TokenFault::Invalid))?;
    let verified = received
        .verify(&institution.merchant.api_key, institution.hmac_sha256)
        .map_err(|_| NotAdmitted::Sign)?;
    Ok((Caller { institution, token_appid, institutions, rid }, verified))
}

/// The institutions that an account speaks for, in configuration order.
pub(crate) fn of_account<'a>(settings: &'a Settings, appid: &Appid) -> Vec<&'a Institution> {
    settings.institutions.iter().filter(|institution| speaks_for(appid, institution)).collect()
}

/// Whether `appid` is the institution's account, its provider's, or its own under a provider.
pub(crate) fn speaks_for(appid: &Appid, institution: &Institution) -> bool {
    institution.account.appid == *appid || sub_appid(institution) == Some(appid)
}

fn sub_appid(institution: &Institution) -> Option<&Appid> {
    institution.sub.as_ref()?.sub_account.as_ref().map(|account| &account.appid)
}

fn sub_mch_id(institution: &Institution) -> Option<&MchId> {
    institution.sub.as_ref().map(|sub| &sub.sub_mch_id)
}

/// The fields that find the key.
struct MerchantFields {
    appid: Appid,
    mch_id: MchId,
    sub_appid: Option<Appid>,
    sub_mch_id: Option<MchId>,
}

impl MerchantFields {
    fn read(received: &Received) -> Result<Self, FieldFault> {
        let needed = |name| FieldFault::needed(name);
        Ok(Self {
            appid: received.key_field("appid")?.ok_or_else(|| needed("appid"))?,
            mch_id: received.key_field("mch_id")?.ok_or_else(|| needed("mch_id"))?,
            sub_appid: received.key_field("sub_appid")?,
            sub_mch_id: received.key_field("sub_mch_id")?,
        })
    }

    /// The one institution that all four fields and the token belong to.
    fn find<'a>(
        &self,
        settings: &'a Settings,
        token_appid: &Appid,
    ) -> Result<&'a Institution, NotAdmitted> {
        let all = &settings.institutions;
        if !all.iter().any(|one| one.account.appid == self.appid) {
            return Err(NotAdmitted::AppidUnknown);
        }
        if !all.iter().any(|one| one.merchant.mch_id == self.mch_id) {
            return Err(NotAdmitted::MchIdUnknown);
        }
        let callers: Vec<_> = all
            .iter()
            .filter(|one| one.account.appid == self.appid && one.merchant.mch_id == self.mch_id)
            .collect();
        if callers.is_empty() {
            return Err(NotAdmitted::NotBound);
        }
        if let Some(wanted) = &self.sub_mch_id {
            if !all.iter().any(|one| sub_mch_id(one) == Some(wanted)) {
                return Err(NotAdmitted::MchIdUnknown);
            }
        } else if callers.iter().all(|one| one.sub.is_some()) {
            // Required in 服务商模式 (PROTOCOL 1.5).
            return Err(FieldFault::needed("sub_mch_id").into());
        }
        let found = callers
            .into_iter()
            .find(|one| sub_mch_id(one) == self.sub_mch_id.as_ref())
            .ok_or(NotAdmitted::NotBound)?;
        if let Some(wanted) = &self.sub_appid {
            if !all.iter().any(|one| sub_appid(one) == Some(wanted)) {
                return Err(NotAdmitted::AppidUnknown);
            }
            if sub_appid(found) != Some(wanted) {
                return Err(NotAdmitted::NotBound);
            }
        }
        if speaks_for(token_appid, found) { Ok(found) } else { Err(NotAdmitted::NotBound) }
    }
}
