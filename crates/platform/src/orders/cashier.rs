//! The cashier, `/pay/{link}`: the payer sees the split and types the wallet's password, which goes
//! to the wallet once and is kept nowhere. No debit starts without the wallet's confirmation.

use super::cashier_pages::{CashierPage, Problem, Surroundings};
use super::link;
use super::moving::{Decision, NotMoved, move_order};
use super::rows::{self, StoredOrder};
use crate::access::merchant_key;
use crate::access::visitor::{Opening, Returned, Standing, Visitor, VisitorError, check_form};
use crate::app::{App, Platform};
use crate::settings::Environment;
use axum::extract::{Form as Posted, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use medpay_domain::platform::order::Event;
use medpay_domain::{Fen, MedTransId, Openid};
use medpay_store::BadSeal;
use medpay_store::StoreError;
use medpay_wire::contracts::wallet::{Confirm, Confirmed};
use serde::Deserialize;

/// What is posted. It has no `Debug`: it holds the password.
#[derive(Clone, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    password: String,
}

/// What went wrong on our side.
#[derive(Debug, thiserror::Error)]
enum CashierError {
    #[error("the order could not be read")]
    Store(#[from] StoreError),
    #[error("the order could not be moved")]
    NotMoved(#[from] NotMoved),
    #[error("the payer could not be unsealed")]
    Seal(#[from] BadSeal),
    #[error(transparent)]
    Visitor(#[from] VisitorError),
}

/// `GET /pay/{link}`.
pub async fn open(
    State(app): State<Platform>,
    Path(link): Path<String>,
    Query(returned): Query<Returned>,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let Some(visit) = Visit::begin(&app, &link, &headers, &returned).await? else {
            return Ok(no_such_link());
        };
        Ok(match visit.visitor().await? {
            Ok(visitor) => visit.show(&visit.stored, &visitor, None, StatusCode::OK),
            Err(answer) => answer,
        })
    };
    shown.await.unwrap_or_else(|error: CashierError| broken(&error))
}

/// `POST /pay/{link}`.
pub async fn submit(
    State(app): State<Platform>,
    Path(link): Path<String>,
    headers: HeaderMap,
    Posted(fields): Posted<Fields>,
) -> Response {
    let returned = Returned::default();
    let answered = async {
        let Some(visit) = Visit::begin(&app, &link, &headers, &returned).await? else {
            return Ok(no_such_link());
        };
        // If the session is over, whatever was posted is not looked at.
        let Ok(visitor) = visit.visitor().await? else { return Ok(visit.look_again()) };
        if !check_form(&app, &headers, &visitor, &fields.csrf) {
            let problem = Some(Problem::ForeignForm);
            return Ok(visit.show(&visit.stored, &visitor, problem, StatusCode::FORBIDDEN));
        }
        visit.pay(&visitor, fields.password).await
    };
    answered.await.unwrap_or_else(|error: CashierError| broken(&error))
}

fn no_such_link() -> Response {
    CashierPage::plain(false, "没有这个支付链接，请从医院重新进入。").show(StatusCode::NOT_FOUND)
}

fn broken(error: &CashierError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "the cashier failed");
    CashierPage::plain(false, "系统繁忙，请稍后重新打开此链接。")
        .show(StatusCode::SERVICE_UNAVAILABLE)
}

/// One look at a cashier.
struct Visit<'a> {
    app: &'a App,
    stored: StoredOrder,
    openid: Openid,
    path: String,
    headers: &'a HeaderMap,
    returned: &'a Returned,
}

impl<'a> Visit<'a> {
    /// `None` if we made no such link.
    async fn begin(
        app: &'a App,
        name: &str,
        headers: &'a HeaderMap,
        returned: &'a Returned,
    ) -> Result<Option<Self>, CashierError> {
        let Some(med_trans_id) = link::order_of(&app.vault, name) else { return Ok(None) };
        let vault = app.vault.clone();
        let stored = app
            .store
            .read("open cashier", move |tx| {
                let (vault, med_trans_id) = (vault.clone(), med_trans_id.clone());
                Box::pin(async move { rows::load(tx, &vault, &med_trans_id).await })
            })
            .await?;
        let Some(stored) = stored else { return Ok(None) };
        let (openid, path) = (stored.openid(&app.vault)?, format!("/pay/{name}"));
        Ok(Some(Self { app, stored, openid, path, headers, returned }))
    }

    /// The order's own payer, or the answer to whoever came instead.
    async fn visitor(&self) -> Result<Result<Visitor, Response>, CashierError> {
        let account = (self.stored.environment, self.stored.payer.appid.clone());
        let opening = Opening {
            path: &self.path,
            appid: &self.stored.payer.appid,
            environment: self.stored.environment,
            headers: self.headers,
            returned: self.returned,
        };
        let standing = Visitor::expected(self.app, opening, &[account], &self.openid).await?;
        Ok(match standing {
            Standing::Expected(visitor) => Ok(visitor),
            Standing::Away(answer) => Err(answer),
            Standing::Stranger => {
                let test = self.stored.environment == Environment::Test;
                let words = "本订单只能由下单时的本人支付。";
                Err(CashierPage::plain(test, words).show(StatusCode::FORBIDDEN))
            }
        })
    }

    fn show(
        &self,
        stored: &StoredOrder,
        visitor: &Visitor,
        problem: Option<Problem>,
        status: StatusCode,
    ) -> Response {
        let institutions = &self.app.settings.institutions;
        let institution = institutions.iter().find(|one| merchant_key(one) == stored.merchant);
        let at = Surroundings {
            app: self.app,
            stored,
            path: &self.path,
            csrf: &visitor.csrf,
            return_hosts: institution.map_or(&[], |one| one.return_hosts.as_slice()),
        };
        CashierPage::of(&at, problem).show(status)
    }

    /// Back to the page itself, which shows how the order stands.
    fn look_again(&self) -> Response {
        Redirect::to(&self.path).into_response()
    }

    /// Hands the password to the wallet and, if it is right, begins the payment.
    async fn pay(&self, visitor: &Visitor, password: String) -> Result<Response, CashierError> {
        let again = |problem| self.show(&self.stored, visitor, Some(problem), StatusCode::OK);
        if !self.stored.is_open(self.app.clock.now()) {
            return Ok(self.look_again());
        }
        if password.is_empty() {
            return Ok(again(Problem::NoPassword));
        }
        let kind = self.stored.order.kind;
        let ask = Confirm {
            appid: visitor.appid.clone(),
            openid: visitor.openid.clone(),
            password,
            cash_fee: if kind.has_cash() { self.stored.order.split.cash } else { Fen::ZERO },
            body: self.stored.body.clone(),
        };
        let wallet = &self.app.parties(self.stored.environment).wallet;
        Ok(match wallet.confirm(&ask).await {
            Ok(Confirmed::Confirmed { confirmation }) => {
                begin_payment(self.app, &self.stored.order.med_trans_id, confirmation).await?;
                self.look_again()
            }
            Ok(Confirmed::WrongPassword { tries_left }) => {
                again(Problem::WrongPassword { tries_left })
            }
            Ok(Confirmed::Locked { until }) => again(Problem::Locked { until }),
            Ok(Confirmed::NoSuchPayer) => again(Problem::NoSuchPayer),
            Err(error) => {
                tracing::info!(%error, "the wallet did not say whether the password is right");
                again(Problem::WalletSilent)
            }
        })
    }
}

/// Moves the order on, unless it was closed, or is being paid, by now.
pub(super) async fn begin_payment(
    app: &App,
    med_trans_id: &MedTransId,
    confirmation: String,
) -> Result<(), NotMoved> {
    let now = app.clock.now();
    let decide = move |stored: &StoredOrder| {
        if stored.is_open(now) {
            Event::PasswordAccepted { confirmation: confirmation.clone() }.into()
        } else {
            Decision::default()
        }
    };
    match move_order(app, "begin payment", med_trans_id, None, decide).await {
        // It may have begun; the page tells.
        Err(NotMoved::Store(error)) if error.is_unknown() => Ok(()),
        other => other.map(drop),
    }
}
