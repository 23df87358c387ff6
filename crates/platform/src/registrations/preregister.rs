//! `POST /payinsurance/preregister` (选用接口 §1.3).

use super::report::{self, ReportError, Wanted, Who};
use crate::access::Caller;
use crate::app::App;
use crate::cards::Holder;
use medpay_wire::preregister::{Reply, Request};

/// Reports the registration of a user of one of the caller's accounts.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, ReportError> {
    let holder = Holder {
        environment: caller.institution.environment,
        appid: caller.account_of(&request.payer),
        openid: request.payer.openid().clone(),
    };
    let fields = request.encode();
    report::serve(app, caller, Wanted { who: Who::User(holder), visit: request.visit, fields })
        .await
}
