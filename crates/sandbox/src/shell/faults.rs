//! `/faults`: the switches of `docs/contracts/faults.md`.

use super::run;
use crate::books::BookError;
use crate::faults::{Armed, Fault};
use crate::his::His;
use crate::sandbox::Parties;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

type Town = State<Arc<Parties>>;

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/faults", get(list).post(arm).delete(disarm))
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Party {
    Bureau,
    Wallet,
    Wechat,
    Courier,
    His,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    party: Party,
    #[serde(default = "any_call")]
    call: String,
    kind: Fault,
    #[serde(default = "once")]
    times: u32,
    /// Of the HIS of this hospital only; of every HIS without.
    org_no: Option<String>,
}

fn any_call() -> String {
    "*".to_owned()
}

const fn once() -> u32 {
    1
}

/// What is armed, by party.
#[derive(Serialize)]
struct Switches {
    bureau: Vec<Armed>,
    wallet: Vec<Armed>,
    wechat: Vec<Armed>,
    courier: Vec<Armed>,
    /// By 医疗机构编码.
    his: BTreeMap<String, Vec<Armed>>,
}

fn switches(town: &Parties) -> Result<Switches, BookError> {
    Ok(Switches {
        bureau: town.bureau.armed()?,
        wallet: town.wallet.armed()?,
        wechat: town.wechat.armed()?,
        courier: town.courier.armed()?,
        his: town
            .hises
            .iter()
            .map(|his| Ok((his.org_no().as_str().to_owned(), his.armed()?)))
            .collect::<Result<_, BookError>>()?,
    })
}

async fn list(State(town): Town) -> Response {
    run(&town, switches).await.map_or_else(|none| none, |it| Json(it).into_response())
}

async fn arm(State(town): Town, Json(switch): Json<Switch>) -> Response {
    if switch.kind.is_couriers() != (switch.party == Party::Courier) {
        let words = format!("{} is no fault of this party", switch.kind.word());
        return (StatusCode::BAD_REQUEST, words).into_response();
    }
    if switch.times == 0 {
        return (StatusCode::BAD_REQUEST, "times must be 1 or more").into_response();
    }
    let command = move |town: &Parties| {
        let Switch { party, call, kind, times, org_no } = switch;
        match party {
            Party::Bureau => town.bureau.arm(&call, kind, times)?,
            Party::Wallet => town.wallet.arm(&call, kind, times)?,
            Party::Wechat => town.wechat.arm(&call, kind, times)?,
            Party::Courier => town.courier.arm(kind, times)?,
            Party::His => town
                .hises
                .iter()
                .filter(|his| org_no.as_ref().is_none_or(|it| it == his.org_no().as_str()))
                .try_for_each(|his| his.arm(&call, kind, times))?,
        }
        switches(town)
    };
    run(&town, command).await.map_or_else(|none| none, |it| Json(it).into_response())
}

async fn disarm(State(town): Town) -> Response {
    let command = |town: &Parties| {
        town.bureau.disarm()?;
        town.wallet.disarm()?;
        town.wechat.disarm()?;
        town.courier.disarm()?;
        town.hises.iter().try_for_each(His::disarm)?;
        switches(town)
    };
    run(&town, command).await.map_or_else(|none| none, |it| Json(it).into_response())
}
