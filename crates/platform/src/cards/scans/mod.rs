//! Scanned codes: `auth_code` becomes a `token` (PROTOCOL 3.9), which stands for the person at the
//! window in the two scan interfaces, once in each, for five minutes.

pub(crate) mod rows;

use super::Holder;
use crate::app::App;
use medpay_domain::{HospOutTradeNo, Timestamp};
use medpay_store::Vault;
use medpay_store::{StoreError, Tx};
use medpay_wire::err_code::ErrCode;
use medpay_wire::scan_fields::Scan;

/// How long a token lives, in seconds.
pub const TOKEN_SECONDS: u32 = 300;

/// The two interfaces that take a token, each once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// 扫码挂号报备.
    PreRegister,
    /// 扫码支付.
    UnifiedOrder,
}

impl Kind {
    const fn code(self) -> &'static str {
        match self {
            Self::PreRegister => "preregister",
            Self::UnifiedOrder => "unifiedorder",
        }
    }
}

/// Who wants to use a token, and for what.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// [`crate::access::merchant_key`] of the caller.
    pub merchant: String,
    /// The code and its token, as they were sent.
    pub scan: Scan,
    /// Where it is used.
    pub kind: Kind,
    /// For which order: the same one may come again.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// When.
    pub now: Timestamp,
}

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanFault {
    /// Invented, or given for another code or to another merchant.
    #[error("there is no such token for this code and merchant")]
    Invalid,
    /// Too old, or used for another order.
    #[error("the token is too old or used")]
    Expired,
}

impl ScanFault {
    /// The wire's code.
    pub const fn code(self) -> ErrCode {
        match self {
            Self::Invalid => ErrCode::AuthCodeInvalid,
            Self::Expired => ErrCode::AuthCodeExpire,
        }
    }
}

/// Whose token it is, without using it: for what must be known before the transaction that uses it.
pub async fn find(
    app: &App,
    redemption: &Redemption,
) -> Result<Result<Holder, ScanFault>, StoreError> {
    let (vault, redemption) = (app.vault.clone(), redemption.clone());
    app.store
        .read("find scan", move |tx| {
            let (vault, redemption) = (vault.clone(), redemption.clone());
            Box::pin(async move { rows::check(tx, &vault, &redemption).await })
        })
        .await
}

/// Uses the token, in the transaction that does what it is used for.
pub async fn redeem(
    tx: &mut Tx,
    vault: &Vault,
    redemption: &Redemption,
) -> Result<Result<Holder, ScanFault>, StoreError> {
    let holder = match rows::check(tx, vault, redemption).await? {
        Ok(holder) => holder,
        Err(fault) => return Ok(Err(fault)),
    };
    let used = rows::use_token(tx, vault, redemption).await?;
    Ok(if used { Ok(holder) } else { Err(ScanFault::Expired) })
}

/// What a token is kept as.
pub(crate) fn token_digest(vault: &Vault, token: &str) -> String {
    vault.digest("scan token", token)
}

/// What a scanned code is kept as.
pub(crate) fn auth_digest(vault: &Vault, auth_code: &str) -> String {
    vault.digest("auth_code", auth_code)
}
