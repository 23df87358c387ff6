//! `/his/{org_no}`: the HIS over HTTP, `docs/contracts/his.md`, and its pages for people.

mod doctor;
mod gateway;
mod overview;
mod page;
mod prescription;
mod scan;
mod window;

use super::{fate, run};
use crate::books::BookError;
use crate::his::{His, Said};
use crate::sandbox::Parties;
use axum::Router;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use medpay_domain::{Clock as _, OrgNo, Timestamp};
use medpay_wire::his::RefusalCode;
use medpay_wire::his::signature::{
    KEY_HEADER, SIGNATURE_HEADER, SignatureFault, Signed, TIME_HEADER,
};
use std::sync::Arc;

type Town = State<Arc<Parties>>;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new()
        .route("/his/{org_no}/v1/{name}", post(call))
        .route("/his/{org_no}", get(overview::show))
        .merge(doctor::routes())
        .merge(prescription::routes())
        .merge(window::routes())
        .merge(scan::routes())
}

/// A command of this HIS, at the time when it is run.
fn with_his<T>(
    his: &His,
    command: impl FnOnce(&His, Timestamp) -> Result<T, BookError> + Send + 'static,
) -> impl FnOnce(&Parties) -> Result<T, BookError> + Send + 'static {
    let org_no = his.org_no().clone();
    move |town| match town.his(&org_no) {
        Some(his) => command(his, town.clock.now()),
        None => unreachable!("a HIS that was found stays"),
    }
}

async fn call(
    State(town): Town,
    Path((org_no, name)): Path<(String, String)>,
    OriginalUri(address): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let org_no = OrgNo::new(org_no);
    let Some(his) = town.his(&org_no) else {
        return send(&Said::no(RefusalCode::NotFound, "no such hospital"));
    };
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let key = text(KEY_HEADER).to_owned();
    let signed = Signed {
        method: "POST",
        path: address.path(),
        time: text(TIME_HEADER),
        key: &key,
        body: &body,
    };
    let checked = match text(SIGNATURE_HEADER) {
        "" => Err(SignatureFault::Missing(SIGNATURE_HEADER)),
        signature => signed.check(signature, &his.settings().secret, town.clock.now()),
    };
    if let Err(fault) = checked {
        return send(&Said::no(RefusalCode::NotSigned, fault.to_string()));
    }
    if !key.is_empty() {
        town.late.asked(&key);
    }
    let used = key.clone();
    let command = with_his(his, move |his, now| his.call(&name, &used, &body, now));
    match run(&town, command).await {
        Ok(delivery) => fate::send_as(&town.late, &key, delivery, |said| send(&said)).await,
        Err(unanswered) => unanswered,
    }
}

fn send(said: &Said) -> Response {
    let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], said.body.clone()).into_response()
}
