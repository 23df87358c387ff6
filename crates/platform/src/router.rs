//! Every address of the platform.

use crate::access::caller::Incoming;
use crate::access::endpoint::{Answer, Gate, open};
use crate::access::limits::Limits;
use crate::access::{page, pass_on, token_endpoints};
use crate::app::Platform;
use crate::requests::Metrics;
use crate::settings::Settings;
use crate::{bills, cards, messages, orders, refunds, registrations};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{MethodRouter, any, get};
use medpay_wire as wire;
use std::sync::Arc;

/// Largest form that a page takes, in bytes.
const FORM_BYTES: usize = 16 * 1024;

/// Adds one interface at all its paths: admit, decode, permit, serve, sign. Any method comes in, so
/// that a wrong one gets the document's refusal.
macro_rules! interface {
    ($router:expr, $settings:expr, $interface:ident, $serve:path) => {{
        let served: MethodRouter<Gate> =
            any(async |State(gate): State<Gate>, incoming: Incoming| {
                let opened = match open(&gate, &wire::$interface::SPEC, incoming).await {
                    Ok(opened) => opened,
                    Err(refusal) => return refusal,
                };
                let decoded = wire::$interface::Request::decode(&opened.verified);
                let outcome = match decoded {
                    Err(fault) => Err(fault.into()),
                    Ok(request) => match opened.permit(&gate) {
                        Err(failure) => Err(failure.into()),
                        Ok(()) => match $serve(&gate.app, &opened.caller, request).await {
                            Ok(reply) => Ok(Answer::from(reply)),
                            Err(error) => Err(opened.refuse(error.failure(), &error)),
                        },
                    },
                };
                opened.close(&gate, outcome)
            });
        let paths = $settings.paths_of(&wire::$interface::SPEC).into_iter();
        paths.fold($router, |router, path| router.route(path, served.clone()))
    }};
}

/// What an interface's reply is on its way out.
macro_rules! documents {
    ($($reply:ty),* $(,)?) => {$(
        impl From<$reply> for Answer {
            fn from(reply: $reply) -> Self {
                Self::Document(reply.encode())
            }
        }
    )*};
}

documents! {
    wire::getmedinfo::Reply,
    wire::getbindurl::Reply,
    wire::preregister::Reply,
    wire::sendmsg::Reply,
    wire::qrcodegetmedinfo::Reply,
    wire::unifiedorder::Reply,
    wire::qrcodeunifiedorder::Reply,
    wire::orderquery::Reply,
    wire::closeorder::Reply,
    wire::refund::Reply,
    wire::refundquery::Reply,
}

/// The service, counting for itself.
pub fn router(app: Platform) -> Router {
    router_counted(app, Metrics::default())
}

/// The service, counting into `metrics`.
pub fn router_counted(app: Platform, metrics: Metrics) -> Router {
    let gate = Gate { app, limits: Arc::new(Limits::default()), metrics };
    let policy = page::policy(gate.app.settings.frame_ancestors.as_deref());
    let framed = map_response(move |answer: Response| {
        let policy = policy.clone();
        async move { page::with_policy(policy, answer) }
    });
    interfaces(Router::new(), &gate.app.settings)
        .merge(pages().layer(framed))
        .route("/cgi-bin/token", any(token_endpoints::token))
        .route("/cgi-bin/stable_token", any(token_endpoints::stable_token))
        .route("/cgi-bin/{*rest}", any(pass_on::pass_on))
        .route("/sns/{*rest}", any(pass_on::pass_on))
        .with_state(gate)
}

/// What patients open.
fn pages() -> Router<Gate> {
    Router::new()
        .route("/bind/{link}", get(cards::bind_page::open).post(cards::bind_page::submit))
        .route("/pay/{link}", get(orders::cashier::open).post(orders::cashier::submit))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
}

fn interfaces(router: Router<Gate>, settings: &Settings) -> Router<Gate> {
    let router = interface!(router, settings, getmedinfo, cards::getmedinfo::serve);
    let router = interface!(router, settings, getbindurl, cards::getbindurl::serve);
    let router = interface!(router, settings, qrcodegetmedinfo, cards::qrcodegetmedinfo::serve);
    let router = interface!(router, settings, preregister, registrations::preregister::serve);
    let router =
        interface!(router, settings, qrcodepreregister, registrations::qrcodepreregister::serve);
    let router = interface!(router, settings, sendmsg, messages::sendmsg::serve);
    let router = interface!(router, settings, unifiedorder, orders::unifiedorder::serve);
    let router =
        interface!(router, settings, qrcodeunifiedorder, orders::qrcodeunifiedorder::serve);
    let router = interface!(router, settings, orderquery, orders::orderquery::serve);
    let router = interface!(router, settings, closeorder, orders::closeorder::serve);
    let router = interface!(router, settings, refund, refunds::refund::serve);
    let router = interface!(router, settings, refundquery, refunds::refundquery::serve);
    interface!(router, settings, downloadbill, bills::downloadbill::serve)
}
