//! Calling the platform for a window: an explicit answer, or none that anything may be concluded
//! from.

use super::scan::Why;
use crate::gateway::Site;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::Fields;
use medpay_wire::interface::Interface;

/// An explicit refusal of the platform.
pub(super) struct Refusal {
    code: String,
    words: String,
}

impl Refusal {
    /// What it means at a window.
    pub(super) fn why(&self) -> Why {
        Why::of_refusal(&self.code, &self.words)
    }
}

/// Calls the platform; none where nothing may be concluded.
pub(super) async fn call(
    site: &Site,
    interface: &'static Interface,
    fields: Fields,
) -> Option<Result<Fields, Refusal>> {
    let name = interface.name;
    match site.doors.platform.call(interface, fields).await {
        Ok(Reply::Success(fields)) => Some(Ok(fields)),
        Ok(Reply::Refused(Refused::Business { err_code, err_code_des })) => {
            tracing::info!(name, err_code, "refused at a window");
            let refusal = Refusal { words: without_rid(&err_code_des), code: err_code };
            (!passes(&refusal.code)).then_some(Err(refusal))
        }
        Ok(Reply::Refused(Refused::Transport { .. })) => {
            tracing::error!(name, "refused before it was looked at: ours to mend");
            Some(Err(Refusal { code: String::new(), words: "请求未被受理".into() }))
        }
        Ok(Reply::Refused(Refused::Gateway(error))) => {
            tracing::warn!(name, errcode = error.errcode, "refused by the gateway of the platform");
            None
        }
        Err(error) => {
            tracing::warn!(name, %error, "not answered at a window");
            None
        }
    }
}

/// Whether a refusal may be another one a moment later.
fn passes(err_code: &str) -> bool {
    matches!(
        ErrCode::parse(err_code),
        Some(
            ErrCode::CardSystemError
                | ErrCode::SystemError
                | ErrCode::FrequencyLimited
                | ErrCode::BizErrNeedRetry
                | ErrCode::TokenInvalid
                | ErrCode::TokenMissing
                | ErrCode::TokenExpired
        )
    )
}

/// The words without the trace id behind them.
fn without_rid(text: &str) -> String {
    text.split(" rid: ").next().unwrap_or_default().to_owned()
}
