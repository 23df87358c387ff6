//! `POST /payinsurance/unifiedorder` (PROTOCOL 3.1): an order of a user of the caller's account,
//! and the link to its cashier.

use super::accept::{self, OrderError, Wanted, Who};
use super::{PAY_APPID, link};
use crate::access::Caller;
use crate::app::App;
use crate::cards::Holder;
use medpay_domain::Appid;
use medpay_wire::unifiedorder::{Reply, Request};

/// Accepts the order, or finds the one that the same request made, and answers a fresh link.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, OrderError> {
    let holder = Holder {
        environment: caller.institution.environment,
        appid: caller.account_of(&request.payer),
        openid: request.payer.openid().clone(),
    };
    let merchant = request.merchant.clone();
    let wanted = Wanted {
        who: Who::User(holder),
        merchant: merchant.clone(),
        fields: request.encode(),
        order: request.order,
        return_url: Some(request.return_url.as_str().to_owned()),
    };
    let med_trans_id = accept::accept(app, caller, wanted).await?;
    let mini_program = caller.token_account().is_some_and(|account| account.mini_program);
    Ok(Reply {
        merchant,
        pay_url: link::fresh_url(app, &med_trans_id),
        med_trans_id,
        pay_appid: mini_program.then(|| Appid::new(PAY_APPID)),
    })
}
