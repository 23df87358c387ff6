//! access_token (PROTOCOL 7.1): issuing, and finding the account of one.
//!
//! Two kinds live apart. An ordinary one is new each time and lets its forerunner live on for five
//! minutes. A stable one is the same until five minutes before it ends, unless its renewal is
//! forced. The database holds digests only; a stable token is derived from a stored seed and the
//! vault's key, so that it can be told again.

use super::rows::{self, Issuer};
use crate::app::App;
use crate::settings::{Account, Settings};
use medpay_domain::{Appid, Timestamp};
use medpay_store::Vault;
use medpay_store::{StoreError, Tx};
use medpay_wire::err_code::TokenFault;
use medpay_wire::public_account::AccountError;
use subtle::ConstantTimeEq;

const ORDINARY: &str = "ordinary";
const STABLE: &str = "stable";

/// How long a token lives on beside its successor, and how near its end a stable one is renewed.
const OVERLAP_SECONDS: i64 = 300;
/// Forced renewals a day, and the pause between two.
const FORCED_A_DAY: u32 = 20;
const FORCED_PAUSE_SECONDS: i64 = 30;
/// How long an expired token is remembered, to be told from an invented one.
const REMEMBERED_SECONDS: i64 = 86_400;
/// Nobody's token is longer.
const LONGEST: usize = 512;

/// A token, for its owner.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The token itself. It has no `Debug`.
    pub access_token: String,
    /// Its remaining life.
    pub expires_in_seconds: i64,
}

/// Why no token is issued, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAccount {
    /// No account has this appid, or it cannot call by itself.
    #[error("no such account")]
    AppidUnknown,
    /// Another secret is this account's.
    #[error("the secret is wrong")]
    SecretWrong,
}

impl NoAccount {
    /// The gateway's refusal.
    pub const fn refusal(self) -> AccountError {
        match self {
            Self::AppidUnknown => AccountError::InvalidAppid,
            Self::SecretWrong => AccountError::InvalidSecret,
        }
    }
}

/// Why a stable token is not renewed by force.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// Twenty times today.
    #[error("forced too often today")]
    TooOften,
    /// Less than half a minute after the last time.
    #[error("forced again too soon")]
    TooSoon,
    /// Ours.
    #[error("the token could not be kept")]
    Store(#[from] StoreError),
}

/// The account that `token` was issued to.
pub async fn account_of(
    app: &App,
    token: Option<&str>,
) -> Result<Result<Appid, TokenFault>, StoreError> {
    let Some(token) = token else { return Ok(Err(TokenFault::Missing)) };
    if token.len() > LONGEST {
        return Ok(Err(TokenFault::Invalid));
    }
    let now = app.clock.now();
    let found = rows::find_token(app, digest(&app.vault, token)).await?;
    Ok(match found {
        None => Err(TokenFault::Invalid),
        Some(found) if found.replaced_until.is_some_and(|until| until <= now) => {
            Err(TokenFault::Invalid)
        }
        Some(found) if found.expires_at <= now => Err(TokenFault::Expired),
        Some(found) => Ok(found.appid),
    })
}

/// The account with this appid, if `secret` is its own.
pub fn authenticate<'a>(
    settings: &'a Settings,
    appid: &str,
    secret: &str,
) -> Result<&'a Account, NoAccount> {
    let account = find_account(settings, appid).ok_or(NoAccount::AppidUnknown)?;
    if bool::from(account.secret.reveal().ct_eq(secret.as_bytes())) {
        Ok(account)
    } else {
        Err(NoAccount::SecretWrong)
    }
}

/// The account with this appid: an institution's, a provider's, or a hospital's own under a
/// provider. One without a secret does not call by itself.
fn find_account<'a>(settings: &'a Settings, appid: &str) -> Option<&'a Account> {
    let subs = |one: &'a crate::settings::Institution| one.sub.as_ref()?.sub_account.as_ref();
    settings
        .institutions
        .iter()
        .flat_map(|one| std::iter::once(&one.account).chain(subs(one)))
        .find(|account| account.appid.as_str() == appid && !account.secret.reveal().is_empty())
}

/// A new ordinary token.
pub async fn issue(app: &App, appid: &Appid) -> Result<Token, StoreError> {
    let seed = new_seed(app);
    let token = derive(&app.vault, ORDINARY, appid, &seed);
    let (vault, appid, now) = (app.vault.clone(), appid.clone(), app.clock.now());
    let life = app.settings.token_seconds;
    let kept = digest(&vault, &token);
    app.store
        .write("issue token", move |tx| {
            let (appid, kept) = (appid.clone(), kept.clone());
            Box::pin(async move {
                rows::lock_issuer(tx, &appid, ORDINARY).await?;
                let lives_on = now.plus_seconds(OVERLAP_SECONDS);
                rows::replace_tokens(tx, &appid, ORDINARY, lives_on).await?;
                keep(tx, &kept, &appid, ORDINARY, now, life).await
            })
        })
        .await?;
    Ok(Token { access_token: token, expires_in_seconds: life })
}

/// The stable token: the one that lives, or a new one near its end or by force.
pub async fn issue_stable(app: &App, appid: &Appid, force: bool) -> Result<Token, NoToken> {
    let renewal = Renewal {
        vault: app.vault.clone(),
        appid: appid.clone(),
        seed: new_seed(app),
        now: app.clock.now(),
        life: app.settings.token_seconds,
        force,
    };
    app.store
        .write("issue stable token", move |tx| {
            let renewal = renewal.clone();
            Box::pin(async move { renewal.run(tx).await })
        })
        .await
}

#[derive(Clone)]
struct Renewal {
    vault: Vault,
    appid: Appid,
    seed: String,
    now: Timestamp,
    life: i64,
    force: bool,
}

impl Renewal {
    async fn run(&self, tx: &mut Tx) -> Result<Token, NoToken> {
        let mut issuer = rows::lock_issuer(tx, &self.appid, STABLE).await?;
        if self.force {
            self.count_force(&mut issuer)?;
            rows::replace_tokens(tx, &self.appid, STABLE, self.now).await?;
        } else if let Some(token) = self.living(&issuer) {
            return Ok(token);
        }
        let token = derive(&self.vault, STABLE, &self.appid, &self.seed);
        issuer.seed = Some(self.seed.clone());
        issuer.expires_at = Some(self.now.plus_seconds(self.life));
        rows::save_issuer(tx, &self.appid, STABLE, &issuer).await?;
        // The one that is near its end simply ends: nobody is told it was replaced.
        keep(tx, &digest(&self.vault, &token), &self.appid, STABLE, self.now, self.life).await?;
        Ok(Token { access_token: token, expires_in_seconds: self.life })
    }

    fn living(&self, issuer: &Issuer) -> Option<Token> {
        let (seed, expires_at) = (issuer.seed.as_ref()?, issuer.expires_at?);
        let left = expires_at.as_ms() - self.now.as_ms();
        (left > OVERLAP_SECONDS * 1000).then(|| Token {
            access_token: derive(&self.vault, STABLE, &self.appid, seed),
            expires_in_seconds: left / 1000,
        })
    }

    fn count_force(&self, issuer: &mut Issuer) -> Result<(), NoToken> {
        let today = self.now.day();
        if issuer.forced_on != Some(today) {
            issuer.forced_on = Some(today);
            issuer.forced_times = 0;
        }
        if issuer.forced_times >= FORCED_A_DAY {
            return Err(NoToken::TooOften);
        }
        let pause_ends = issuer.forced_at.map(|at| at.plus_seconds(FORCED_PAUSE_SECONDS));
        if pause_ends.is_some_and(|end| self.now < end) {
            return Err(NoToken::TooSoon);
        }
        issuer.forced_times += 1;
        issuer.forced_at = Some(self.now);
        Ok(())
    }
}

async fn keep(
    tx: &mut Tx,
    digest: &str,
    appid: &Appid,
    kind: &str,
    now: Timestamp,
    life: i64,
) -> Result<(), StoreError> {
    let forget = now.plus_seconds(-REMEMBERED_SECONDS);
    rows::insert_token(tx, digest, appid, kind, now.plus_seconds(life), forget).await
}

fn new_seed(app: &App) -> String {
    format!("{}{}", app.entropy.nonce(), app.entropy.nonce())
}

/// 64 characters that only the holder of the vault's key can make from the seed.
fn derive(vault: &Vault, kind: &str, appid: &Appid, seed: &str) -> String {
    vault.digest(&format!("{kind} token of {}", appid.as_str()), seed)
}

fn digest(vault: &Vault, token: &str) -> String {
    vault.digest("access_token", token)
}
