//! `POST /payinsurance/qrcodeunifiedorder` (PROTOCOL 3.10): an order of whoever showed a pay code
//! at the window. Its cashier opens on that person's phone; the hospital asks orderquery.

use super::accept::{self, OrderError, Wanted, Who};
use crate::access::Caller;
use crate::app::App;
use crate::cards::scans::{Kind, Redemption};
use medpay_wire::qrcodeunifiedorder::{Reply, Request};

/// Accepts the order, or finds the one that the same request made.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    request: Request,
) -> Result<Reply, OrderError> {
    let fields = request.encode();
    let redemption = Redemption {
        merchant: caller.merchant_key(),
        scan: request.scan,
        kind: Kind::UnifiedOrder,
        hosp_out_trade_no: request.order.hosp_out_trade_no.clone(),
        now: app.clock.now(),
    };
    let merchant = request.merchant;
    let wanted = Wanted {
        who: Who::Scanned(redemption),
        merchant: merchant.clone(),
        order: request.order,
        return_url: None,
        fields,
    };
    let med_trans_id = accept::accept(app, caller, wanted).await?;
    Ok(Reply { merchant, med_trans_id })
}
