//! 代填: the phone types for its owner, so that a newcomer can go the whole way by tapping. It fills
//! in the form of the platform's page that the person opened last, as the person would.

use super::page::problem;
use super::{Holder, Town, shown};
use crate::phone::Phone;
use crate::sandbox::Parties;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;
use axum::{Form, Router};
use medpay_wire::contracts::phone::Outcome;
use medpay_wire::public_account::encode_component;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The platform's page that each person opened last: WeChat's authorization page sees it.
#[derive(Default)]
pub(crate) struct LastPages(Mutex<BTreeMap<String, String>>);

impl LastPages {
    /// Keeps it.
    pub(crate) fn opened(&self, person_id: &str, url: &str) {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(person_id.to_owned(), url.to_owned());
    }

    fn of(&self, person_id: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(person_id).cloned()
    }
}

pub(super) fn routes() -> Router<Arc<Parties>> {
    Router::new().route("/phone/fill", post(fill))
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    from: String,
}

async fn fill(State(town): Town, Holder(person): Holder, Form(wish): Form<Wish>) -> Response {
    let last = town.last_pages.of(&person.id).unwrap_or_default();
    let Some(path) = last.strip_prefix(&town.settings.platform_url) else {
        return problem(StatusCode::OK, "没有需要代填的页面：请先打开绑卡页或收银台");
    };
    let mut phone = Phone::new(&town.settings, &person);
    let outcome = if path.starts_with("/bind/") {
        phone.bind(&last, true).await
    } else if path.starts_with("/pay/") {
        phone.pay(&last, &person.password).await
    } else {
        return problem(StatusCode::OK, "没有需要代填的页面：请先打开绑卡页或收银台");
    };
    match shown(outcome) {
        Outcome { leads_to, ok: true, .. } if !leads_to.is_empty() => {
            let (url, from) = (encode_component(&leads_to), encode_component(&wish.from));
            Redirect::to(&format!("/phone/web?url={url}&from={from}")).into_response()
        }
        Outcome { message, .. } => problem(StatusCode::OK, &message),
    }
}
