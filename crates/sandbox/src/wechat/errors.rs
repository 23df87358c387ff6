//! WeChat's error answers: the public account's codes, and those of paths that only WeChat knows.

use medpay_domain::Entropy;
use medpay_wire::public_account::AccountError;
use serde_json::{Value, json};

/// Why WeChat says no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrCode {
    /// A code of the public-account platform.
    Account(AccountError),
    /// 40016: a menu without buttons, with too many, or with one that has no name.
    Buttons,
    /// 40066: no such path.
    Url,
    /// 46003: no menu was made.
    NoMenu,
}

impl From<AccountError> for ErrCode {
    fn from(error: AccountError) -> Self {
        Self::Account(error)
    }
}

impl ErrCode {
    const fn parts(self) -> (i64, &'static str) {
        match self {
            Self::Account(error) => (error.errcode(), error.message()),
            Self::Buttons => (40016, "invalid button size"),
            Self::Url => (40066, "invalid url"),
            Self::NoMenu => (46003, "menu no exist"),
        }
    }

    /// The answer, which ends in a `rid` as the official ones do.
    pub(super) fn answer(self, entropy: &dyn Entropy) -> Value {
        let (errcode, words) = self.parts();
        let nonce = entropy.nonce();
        let part = |at: usize| nonce.get(at..at + 8).unwrap_or_default();
        let errmsg = format!("{words} rid: {}-{}-{}", part(0), part(8), part(16));
        json!({ "errcode": errcode, "errmsg": errmsg })
    }
}
