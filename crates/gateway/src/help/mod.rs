//! 帮助: the guide's questions, 就诊指引 by department, 就医反馈.

pub(crate) mod faq;
pub mod feedback;
pub mod guide;
mod rows;

#[cfg(test)]
mod tests;

use crate::gateway::Gateway;
use axum::Router;
use axum::routing::get;

/// The pages.
pub(crate) fn pages() -> Router<Gateway> {
    Router::new()
        .route("/help", get(faq::page))
        .route("/guide", get(guide::page))
        .route("/guide/{department}", get(guide::department))
        .route("/feedback", get(feedback::page).post(feedback::submit))
        .route("/feedback/received", get(feedback::received))
}
