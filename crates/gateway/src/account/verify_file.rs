//! `GET /MP_verify_<…>.txt`: what an account's console asks for at the root of the domain before
//! OAuth2 works there (PROTOCOL 7.5).

use crate::gateway::Gateway;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

/// Serves the file of any hospital of this gateway; the name is looked up, never opened.
pub(crate) async fn verify_file(
    State(gateway): State<Gateway>,
    Path(name): Path<String>,
) -> Response {
    let mut hospitals =
        gateway.settings().institutions.iter().filter_map(|it| it.hospital.as_ref());
    let found = hospitals.find_map(|hospital| hospital.verify_files.get(&name));
    match found.filter(|_| is_verify_name(&name)) {
        Some(content) => {
            let headers =
                [(CONTENT_TYPE, "text/plain; charset=utf-8"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
            (headers, content.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether it is a name as the console makes them.
fn is_verify_name(name: &str) -> bool {
    let word = name.strip_prefix("MP_verify_").and_then(|rest| rest.strip_suffix(".txt"));
    word.is_some_and(|word| {
        (1..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
