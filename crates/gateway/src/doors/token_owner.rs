//! The access token of one account: bought with stable_token (PROTOCOL 7.1), kept until five
//! minutes before its end. Several processes may do so at once, since a stable token does not end
//! the one before.

use medpay_client::public_account::{TokenReply, stable_token};
use medpay_client::{Transport, Unanswered};
use medpay_domain::{Appid, Clock, Secret, Timestamp};
use medpay_wire::public_account::AccountError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long before its end a token is no longer used, in seconds: it is renewed then.
const MARGIN_SECONDS: i64 = 300;

/// Has an account's token.
pub struct TokenOwner {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    api_url: String,
    appid: Appid,
    secret: Secret,
    timeout_ms: u64,
    kept: Mutex<Option<Kept>>,
    /// One asks, the others wait for what it gets.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Kept {
    token: String,
    good_until: Timestamp,
}

impl TokenOwner {
    /// Of the account `appid` with its `secret`, at `api_url`; a call takes `timeout_ms` of machine
    /// time at most.
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        api_url: &str,
        (appid, secret): (Appid, Secret),
        timeout_ms: u64,
    ) -> Self {
        let (kept, asking) = (Mutex::default(), tokio::sync::Mutex::default());
        let api_url = api_url.to_owned();
        Self { transport, clock, api_url, appid, secret, timeout_ms, kept, asking }
    }

    /// A token that is good for some minutes. Without one nothing is sent, whatever the reason.
    pub async fn token(&self) -> Result<String, Unanswered> {
        if let Some(token) = self.good() {
            return Ok(token);
        }
        let _asking = self.asking.lock().await;
        if let Some(token) = self.good() {
            return Ok(token);
        }
        let secret = String::from_utf8_lossy(self.secret.reveal());
        let (transport, appid) = (self.transport.as_ref(), self.appid.as_str());
        let answer =
            stable_token(transport, &self.api_url, appid, &secret, false, self.timeout_ms).await;
        match answer {
            Ok(TokenReply::Issued(issued)) => {
                let good_until = self.clock.now().plus_seconds(issued.expires_in - MARGIN_SECONDS);
                let token = issued.access_token;
                *self.kept() = Some(Kept { token: token.clone(), good_until });
                Ok(token)
            }
            Ok(TokenReply::Refused(error)) => {
                let (appid, errcode) = (self.appid.as_str(), error.errcode);
                tracing::error!(appid, errcode, "the account is given no access_token");
                Err(Unanswered::NotSent(format!("no access_token, errcode {errcode}")))
            }
            Err(error) => Err(Unanswered::NotSent(format!("no access_token: {error}"))),
        }
    }

    /// Gives up a token that was refused, so that the next one is bought anew.
    pub fn forget(&self, token: &str) {
        let mut kept = self.kept();
        if kept.as_ref().is_some_and(|kept| kept.token == token) {
            *kept = None;
        }
    }

    fn good(&self) -> Option<String> {
        let now = self.clock.now();
        self.kept().clone().filter(|kept| now < kept.good_until).map(|kept| kept.token)
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an `errcode` says that the token is the matter: then nothing was done, and the call may
/// be made once more with a new one.
pub fn is_of_token(errcode: i64) -> bool {
    matches!(
        AccountError::from_errcode(errcode),
        Some(
            AccountError::InvalidCredential
                | AccountError::InvalidAccessToken
                | AccountError::AccessTokenExpired
        )
    )
}
