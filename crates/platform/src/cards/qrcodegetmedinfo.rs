//! `POST /payinsurance/qrcodegetmedinfo`: who showed this code, and a token to act for them with
//! (PROTOCOL 3.9).
//!
//! The code is the wallet's pay code, or the one-time code of a real-name authorization (2.6). The
//! same merchant's repeat gets the first answer as long as its token lives.

use super::Holder;
use super::getmedinfo::wire_card;
use super::links::rows::{Consent, delete_consent, find_consent};
use super::scans::rows::{Scanned, find_scanned, insert_scanned};
use super::scans::{ScanFault, TOKEN_SECONDS, auth_digest, token_digest};
use crate::access::Caller;
use crate::access::caller::speaks_for;
use crate::app::App;
use medpay_client::Unanswered;
use medpay_domain::Timestamp;
use medpay_store::StoreError;
use medpay_wire::caller_fields::Patient;
use medpay_wire::contracts::wallet::{Identified, IdentifyByAuthCode};
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::qrcodegetmedinfo::{Reply, Request};
use medpay_wire::value::Text;

/// Why there is no token, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum QrCodeGetMedInfoError {
    /// The code is worth nothing.
    #[error(transparent)]
    Code(#[from] ScanFault),
    /// Its person has bound no card.
    #[error("no card is bound")]
    CardNotBound,
    /// The wallet did not say whose code it is.
    #[error("the wallet did not say whose code it is")]
    Wallet(#[from] Unanswered),
    /// Ours.
    #[error("the code could not be looked up")]
    Store(#[from] StoreError),
}

impl QrCodeGetMedInfoError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Code(fault) => Failure::business(fault.code()),
            Self::CardNotBound => Failure::business(ErrCode::CardNotBound),
            Self::Wallet(_) | Self::Store(_) => Failure::business(ErrCode::CardSystemError),
        }
    }
}

/// Finds the person, then the card, then keeps and answers the token.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, QrCodeGetMedInfoError> {
    let now = app.clock.now();
    let code_digest = auth_digest(&app.vault, request.auth_code.as_str());
    let known = look_up(app, &code_digest, &caller.merchant_key()).await?;
    let from_consent = matches!(known, Known::Consent(_));
    let scanned = match known {
        Known::Scanned(scanned) if scanned.expires_at <= now => {
            return Err(ScanFault::Expired.into());
        }
        Known::Scanned(scanned) => scanned,
        Known::Consent(consent) => {
            if !speaks_for(&consent.token_appid, caller.institution) {
                return Err(ScanFault::Invalid.into());
            }
            if consent.expires_at <= now {
                return Err(ScanFault::Expired.into());
            }
            new_scan(app, caller, code_digest, consent.holder, now)
        }
        Known::Nothing => {
            let holder = ask_wallet(app, caller, &request).await?;
            new_scan(app, caller, code_digest, holder, now)
        }
    };
    let card =
        super::find_card(app, &scanned.holder).await?.ok_or(QrCodeGetMedInfoError::CardNotBound)?;
    let scanned = keep(app, scanned, from_consent).await?;
    let token = derive_token(app, &scanned);
    let left_ms = scanned.expires_at.as_ms() - now.as_ms();
    Ok(Reply {
        token: Text::new(token).map_err(|_| ScanFault::Invalid)?,
        expires_in: u32::try_from(left_ms / 1000).unwrap_or(TOKEN_SECONDS),
        patient: Patient {
            card_type: card.card_type,
            id_digest: card.id_digest.clone(),
            name: card.name.clone(),
        },
        card: wire_card(&card),
        city_id: Some(card.city_id),
    })
}

/// What is known of a code before anybody is asked.
enum Known {
    Scanned(Scanned),
    Consent(Consent),
    Nothing,
}

async fn look_up(app: &App, code_digest: &str, merchant: &str) -> Result<Known, StoreError> {
    let vault = app.vault.clone();
    let (code, merchant) = (code_digest.to_owned(), merchant.to_owned());
    app.store
        .read("look up scanned code", move |tx| {
            let (vault, code, merchant) = (vault.clone(), code.clone(), merchant.clone());
            Box::pin(async move {
                if let Some(scanned) = find_scanned(tx, &vault, &code, &merchant).await? {
                    return Ok(Known::Scanned(scanned));
                }
                let consent = find_consent(tx, &vault, &code).await?;
                Ok(consent.map_or(Known::Nothing, Known::Consent))
            })
        })
        .await
}

async fn ask_wallet(
    app: &App,
    caller: &Caller<'_>,
    request: &Request,
) -> Result<Holder, QrCodeGetMedInfoError> {
    let environment = caller.institution.environment;
    let merchant = &request.merchant;
    // Whoever names the hospital's own account wants its openid, under which cards are bound.
    let appid = merchant.sub_appid.as_ref().unwrap_or(&merchant.appid).clone();
    let ask = IdentifyByAuthCode {
        appid: appid.clone(),
        auth_code: request.auth_code.as_str().to_owned(),
    };
    match app.parties(environment).wallet.identify_by_auth_code(&ask).await? {
        Identified::Person { openid, .. } => Ok(Holder { environment, appid, openid }),
        Identified::Invalid => Err(ScanFault::Invalid.into()),
        Identified::Expired => Err(ScanFault::Expired.into()),
    }
}

fn new_scan(
    app: &App,
    caller: &Caller<'_>,
    auth_digest: String,
    holder: Holder,
    now: Timestamp,
) -> Scanned {
    Scanned {
        auth_digest,
        merchant: caller.merchant_key(),
        seed: format!("{}{}", app.entropy.nonce(), app.entropy.nonce()),
        holder,
        expires_at: now.plus_seconds(i64::from(TOKEN_SECONDS)),
    }
}

/// Keeps the scan, or answers the one that was kept meanwhile. A consent is used up by it.
async fn keep(
    app: &App,
    scanned: Scanned,
    from_consent: bool,
) -> Result<Scanned, QrCodeGetMedInfoError> {
    let digest = token_digest(&app.vault, &derive_token(app, &scanned));
    let vault = app.vault.clone();
    app.store
        .write("keep scan", move |tx| {
            let (vault, scanned, digest) = (vault.clone(), scanned.clone(), digest.clone());
            Box::pin(async move {
                if insert_scanned(tx, &vault, &scanned, &digest).await? {
                    if from_consent && !delete_consent(tx, &scanned.auth_digest).await? {
                        return Err(ScanFault::Expired.into());
                    }
                    return Ok(scanned);
                }
                let kept = find_scanned(tx, &vault, &scanned.auth_digest, &scanned.merchant);
                Ok(kept.await?.ok_or(StoreError::NoRow)?)
            })
        })
        .await
}

fn derive_token(app: &App, scanned: &Scanned) -> String {
    app.vault.digest(&format!("token of {}", scanned.merchant), &scanned.seed)
}
