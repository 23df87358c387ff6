//! `GET /notices/{site}`: what was received, so that a script can see it. Of test institutions
//! only, and without personal data.

use super::rows::{self, Listed};
use crate::gateway::Gateway;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use medpay_wire::contracts::notices::{Notice, Notices};
use serde::Deserialize;

/// Which of them.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    /// Only those of this order.
    hosp_out_trade_no: Option<String>,
}

/// Lists the hospital's notices, newest first.
pub(crate) async fn notices(
    State(gateway): State<Gateway>,
    Path(word): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Notices>, StatusCode> {
    let site =
        gateway.site(&word).filter(|site| site.institution.test).ok_or(StatusCode::NOT_FOUND)?;
    let org_no = site.org_no().clone();
    let listed = site
        .store
        .read("list notices", move |tx| {
            let (org_no, wanted) = (org_no.clone(), wanted.hosp_out_trade_no.clone());
            Box::pin(async move { rows::list(tx, &org_no, wanted.as_deref()).await })
        })
        .await
        .map_err(|error: medpay_store::StoreError| {
            tracing::error!(%error, "notices cannot be listed");
            StatusCode::SERVICE_UNAVAILABLE
        })?;
    Ok(Json(Notices { notices: listed.into_iter().map(notice).collect() }))
}

fn notice(row: Listed) -> Notice {
    Notice {
        med_trans_id: row.med_trans_id,
        hosp_out_trade_no: row.hosp_out_trade_no,
        pay_type: row.pay_type,
        total_fee: row.total_fee,
        cash_fee: row.cash_fee,
        insurance_fee: row.insurance_fee,
        time_end: row.time_end.wire(),
        deliveries: row.deliveries,
        state: if row.reason.is_none() { Notice::ACKNOWLEDGED } else { Notice::REFUSED }.to_owned(),
        reason: row.reason.unwrap_or_default(),
    }
}
