//! `POST /payinsurance/qrcodepreregister` (选用接口 §1.4).

use super::report::{self, ReportError, Wanted, Who};
use crate::access::Caller;
use crate::app::App;
use crate::cards::scans::{Kind, Redemption};
use medpay_wire::qrcodepreregister::{Reply, Request};

/// Reports the registration of whoever showed the code.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, ReportError> {
    let fields = request.encode();
    let redemption = Redemption {
        merchant: caller.merchant_key(),
        scan: request.scan,
        kind: Kind::PreRegister,
        hosp_out_trade_no: request.visit.hosp_out_trade_no.clone(),
        now: app.clock.now(),
    };
    report::serve(
        app,
        caller,
        Wanted { who: Who::Scanned(redemption), visit: request.visit, fields },
    )
    .await
}
