//! The bind page, `/bind/{link}`: one person, known through WeChat, binds the social-security card
//! that the bureau agrees is theirs (选用接口 §1.2), and may let the hospital have name and document
//! (PROTOCOL 2.6).

use super::bind_pages::{BindPage, Form, Outcome, Problem, Surroundings};
use super::getbindurl::link_digest;
use super::links::BindLink;
use super::links::rows::{Consent, find_link, insert_consent, save_link};
use super::scans::auth_digest;
use super::{Card, Holder, find_card, rows};
use crate::access::caller::{accounts_of, of_account, speaks_for};
use crate::access::visitor::{
    Opening, Returned, Standing, Visitor, VisitorError, append_query, check_form,
};
use crate::app::{App, Platform};
use crate::settings::{Environment, Institution};
use axum::extract::{Form as Posted, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use medpay_domain::platform::bind_link::{Event, Unusable};
use medpay_domain::{Appid, CardNo, CardType, PersonName};
use medpay_store::StoreError;
use medpay_wire::contracts::bureau::{FindInsured, FoundInsured, Insured};
use medpay_wire::id_card;
use serde::Deserialize;

/// How long the one-time code of a consent lives (PROTOCOL 2.6).
const CONSENT_SECONDS: i64 = 300;

/// What is posted. It has no `Debug`: it names a person.
#[derive(Clone, Default, Deserialize)]
pub struct Fields {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    card_type: String,
    #[serde(default)]
    id_no: String,
    #[serde(default)]
    medical_card_no: String,
    #[serde(default)]
    consent: Option<String>,
}

/// What went wrong on our side.
#[derive(Debug, thiserror::Error)]
enum BindError {
    #[error("the bind page could not be served")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Visitor(#[from] VisitorError),
}

/// `GET /bind/{link}`.
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
        let visitor = match visit.visitor().await? {
            Ok(visitor) => visitor,
            Err(answer) => return Ok(answer),
        };
        visit.show(&visitor).await
    };
    shown.await.unwrap_or_else(|error: BindError| broken(&error))
}

/// `POST /bind/{link}`.
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
        let Ok(visitor) = visit.visitor().await? else {
            // The session is over, so whatever was posted is not looked at.
            return Ok(Redirect::to(&visit.path).into_response());
        };
        if !check_form(&app, &headers, &visitor, &fields.csrf) {
            return Ok(BindPage::foreign_form(&visit.at).show(StatusCode::FORBIDDEN));
        }
        visit.submit(&visitor, &fields).await
    };
    answered.await.unwrap_or_else(|error: BindError| broken(&error))
}

fn no_such_link() -> Response {
    let at = Surroundings::nowhere();
    BindPage::plain(&at, Outcome::Refused, "没有这个绑卡链接，请从医院重新进入。")
        .show(StatusCode::NOT_FOUND)
}

fn broken(error: &BindError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "the bind page failed");
    let at = Surroundings::nowhere();
    BindPage::plain(&at, Outcome::Refused, "系统繁忙，请稍后重新打开此链接。")
        .show(StatusCode::SERVICE_UNAVAILABLE)
}

/// One look at a link.
struct Visit<'a> {
    app: &'a App,
    link: BindLink,
    path: String,
    headers: &'a HeaderMap,
    returned: &'a Returned,
    accounts: Vec<(Environment, Appid)>,
    institution: &'a Institution,
    at: Surroundings,
}

impl<'a> Visit<'a> {
    /// `None` if there is no such link, or its account is not configured any more.
    async fn begin(
        app: &'a App,
        link: &str,
        headers: &'a HeaderMap,
        returned: &'a Returned,
    ) -> Result<Option<Self>, BindError> {
        let (vault, digest) = (app.vault.clone(), link_digest(app, link));
        let found = app
            .store
            .read("open bind link", move |tx| {
                let (vault, digest) = (vault.clone(), digest.clone());
                Box::pin(async move { find_link(tx, &vault, &digest).await })
            })
            .await?;
        let Some(found) = found else { return Ok(None) };
        let institutions = of_account(&app.settings, &found.token_appid);
        let Some(&institution) = institutions.first() else { return Ok(None) };
        let accounts = accounts_of(&institutions, &found.token_appid);
        let at = Surroundings::of(app, institution, &found);
        let path = format!("/bind/{link}");
        Ok(Some(Self { app, link: found, path, headers, returned, accounts, institution, at }))
    }

    /// The link's own person, or the answer to whoever came instead.
    async fn visitor(&self) -> Result<Result<Visitor, Response>, BindError> {
        let (_, answer) = self.link.state.apply(Event::Opened, self.app.clock.now());
        if answer == Err(Unusable::Expired) {
            return Ok(Err(BindPage::expired(&self.at).show(StatusCode::OK)));
        }
        let opening = Opening {
            path: &self.path,
            appid: &self.link.token_appid,
            environment: self.institution.environment,
            headers: self.headers,
            returned: self.returned,
        };
        let standing =
            Visitor::expected(self.app, opening, &self.accounts, &self.link.openid).await?;
        Ok(match standing {
            Standing::Away(answer) => Err(answer),
            Standing::Stranger => Err(BindPage::stranger(&self.at).show(StatusCode::FORBIDDEN)),
            Standing::Expected(_) if answer.is_err() => {
                Err(BindPage::used(&self.at).show(StatusCode::OK))
            }
            Standing::Expected(visitor) => Ok(visitor),
        })
    }

    fn holder(&self, visitor: &Visitor) -> Holder {
        let account = self.accounts.iter().find(|(_, appid)| *appid == visitor.appid);
        Holder {
            environment: account
                .map_or(self.institution.environment, |(environment, _)| *environment),
            appid: visitor.appid.clone(),
            openid: visitor.openid.clone(),
        }
    }

    /// The hospital under whose account the visitor is: under a provider, the one whose own
    /// account it is.
    fn surroundings(&self, visitor: &Visitor) -> Surroundings {
        let of_visitor = of_account(&self.app.settings, &visitor.appid)
            .into_iter()
            .find(|one| speaks_for(&self.link.token_appid, one))
            .unwrap_or(self.institution);
        Surroundings::of(self.app, of_visitor, &self.link)
    }

    fn offers_consent(&self) -> bool {
        self.app.settings.city(&self.link.city_id).is_some_and(|city| city.real_name_authorization)
    }

    fn form(&self, visitor: &Visitor, asks_for_card: bool) -> Form {
        Form {
            action: self.path.clone(),
            csrf: visitor.csrf.clone(),
            asks_for_card,
            offers_consent: self.offers_consent(),
            name: visitor.real_name.reveal().to_owned(),
            card_type: CardType::IdCard,
        }
    }

    async fn show(&self, visitor: &Visitor) -> Result<Response, BindError> {
        let at = self.surroundings(visitor);
        let card = find_card(self.app, &self.holder(visitor)).await?;
        let page = match card {
            Some(card) => {
                let form = self.offers_consent().then(|| self.form(visitor, false));
                BindPage::already_bound(&at, &card, form)
            }
            None => BindPage::ready(&at, self.form(visitor, true)),
        };
        Ok(page.show(StatusCode::OK))
    }

    async fn submit(&self, visitor: &Visitor, fields: &Fields) -> Result<Response, BindError> {
        let holder = self.holder(visitor);
        let consent = fields.consent.is_some() && self.offers_consent();
        if let Some(card) = find_card(self.app, &holder).await? {
            return self.finish(visitor, card, false, consent).await;
        }
        let Some(typed) = Typed::read(fields) else {
            return Ok(self.refuse(visitor, &Problem::Incomplete));
        };
        let tries = self.count_try(&holder).await?;
        if tries > self.app.settings.bind_tries {
            return Ok(self.refuse(visitor, &Problem::TooManyTries));
        }
        match self.ask_bureau(visitor, &typed, &holder).await {
            Ok(card) => self.finish(visitor, card, true, consent).await,
            Err(problem) => {
                if problem.is_not_the_patients() {
                    self.uncount_try(&holder).await?;
                }
                Ok(self.refuse(visitor, &problem))
            }
        }
    }

    fn refuse(&self, visitor: &Visitor, problem: &Problem) -> Response {
        let again = *problem != Problem::TooManyTries;
        let form = again.then(|| self.form(visitor, true));
        BindPage::refused(&self.surroundings(visitor), problem, form).show(StatusCode::OK)
    }

    /// Every try is counted before anybody is asked, so that many at once are not free.
    async fn count_try(&self, holder: &Holder) -> Result<u32, StoreError> {
        let (vault, holder) = (self.app.vault.clone(), holder.clone());
        let day = self.app.clock.now().day();
        self.app
            .store
            .write("count bind try", move |tx| {
                let (vault, holder) = (vault.clone(), holder.clone());
                Box::pin(async move { rows::count_try(tx, &vault, &holder, day).await })
            })
            .await
    }

    async fn uncount_try(&self, holder: &Holder) -> Result<(), StoreError> {
        let (vault, holder) = (self.app.vault.clone(), holder.clone());
        let day = self.app.clock.now().day();
        self.app
            .store
            .write("uncount bind try", move |tx| {
                let (vault, holder) = (vault.clone(), holder.clone());
                Box::pin(async move { rows::uncount_try(tx, &vault, &holder, day).await })
            })
            .await
    }

    /// The card, if it is the visitor's own by the wallet's name and by the bureau's word.
    async fn ask_bureau(
        &self,
        visitor: &Visitor,
        typed: &Typed,
        holder: &Holder,
    ) -> Result<Card, Problem> {
        if typed.name != visitor.real_name {
            return Err(Problem::NotYourName);
        }
        let ask = FindInsured {
            city_id: self.link.city_id.clone(),
            name: typed.name.clone(),
            card_type: typed.card_type,
            id_no: typed.id_no.clone(),
            medical_card_no: typed.medical_card_no.clone(),
        };
        let bureau = &self.app.parties(holder.environment).bureau;
        match bureau.find_insured(&ask).await {
            Ok(FoundInsured::Found(insured)) => Ok(self.card(typed, holder, insured)),
            Ok(FoundInsured::CardUnknown) => Err(Problem::CardUnknown),
            Ok(FoundInsured::NameMismatch) => Err(Problem::NameMismatch),
            Ok(FoundInsured::DocumentMismatch) => Err(Problem::DocumentMismatch),
            Ok(FoundInsured::Refused(refusal)) => Err(Problem::BureauRefused(refusal.reason)),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no word of the bureau");
                Err(Problem::BureauSilent)
            }
        }
    }

    fn card(&self, typed: &Typed, holder: &Holder, insured: Insured) -> Card {
        Card {
            holder: holder.clone(),
            name: typed.name.clone(),
            card_type: typed.card_type,
            // Of what was typed, which the bureau confirmed: the same rule digests it elsewhere.
            id_digest: id_card::digest(typed.card_type, typed.id_no.reveal()),
            medical_card_no: insured.medical_card_no,
            medical_card_id: insured.medical_card_id,
            medical_comp_no: insured.medical_comp_no,
            medical_insurance_type: insured.medical_insurance_type,
            medical_user_id: insured.medical_user_id,
            city_id: self.link.city_id.clone(),
            bound_at: self.app.clock.now(),
        }
    }

    /// Uses the link up, with a new card or with the one that was there.
    async fn finish(
        &self,
        visitor: &Visitor,
        card: Card,
        new: bool,
        consent: bool,
    ) -> Result<Response, BindError> {
        let app = self.app;
        let auth_code = consent.then(|| format!("rn{}", app.entropy.nonce()));
        let finish = Finish {
            digest: self.link.digest.clone(),
            card: card.clone(),
            new,
            consent: auth_code.as_ref().map(|code| auth_digest(&app.vault, code)),
        };
        let (vault, now) = (app.vault.clone(), app.clock.now());
        let done = app
            .store
            .write("finish bind link", move |tx| {
                let (vault, finish) = (vault.clone(), finish.clone());
                Box::pin(async move { finish.run(tx, &vault, now).await })
            })
            .await;
        let at = self.surroundings(visitor);
        Ok(match done {
            Ok(()) => {
                let leads_to = match &auth_code {
                    Some(code) => append_query(&at.leads_to, "auth_code", code),
                    None => at.leads_to.clone(),
                };
                let at = Surroundings { leads_to, ..at };
                BindPage::bound(&at, &card, new, consent).show(StatusCode::OK)
            }
            Err(NotFinished::Unusable(Unusable::Used)) => BindPage::used(&at).show(StatusCode::OK),
            Err(NotFinished::Unusable(Unusable::Expired)) => {
                BindPage::expired(&at).show(StatusCode::OK)
            }
            Err(NotFinished::BoundElsewhere) => self.refuse(visitor, &Problem::BoundElsewhere),
            Err(NotFinished::Store(error)) => return Err(error.into()),
        })
    }
}

/// What was typed, as far as it can be a card.
struct Typed {
    name: PersonName,
    card_type: CardType,
    id_no: CardNo,
    medical_card_no: CardNo,
}

impl Typed {
    fn read(fields: &Fields) -> Option<Self> {
        let text = |text: &str| {
            let text = text.trim();
            let fits = !text.is_empty()
                && text.chars().count() <= 32
                && !text.chars().any(char::is_control);
            fits.then(|| text.to_owned())
        };
        let card_type = CardType::from_code(fields.card_type.parse().ok()?)?;
        Some(Self {
            name: PersonName::new(text(&fields.name)?),
            card_type,
            id_no: id_card::normalise(card_type, &text(&fields.id_no)?),
            medical_card_no: CardNo::new(text(&fields.medical_card_no)?),
        })
    }
}

/// The one transaction in which a link is used up.
#[derive(Clone)]
struct Finish {
    digest: String,
    card: Card,
    new: bool,
    /// The digest of a consent's code.
    consent: Option<String>,
}

/// Why a link was not used up; nothing was written.
#[derive(Debug, thiserror::Error)]
enum NotFinished {
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("the insured person is bound to somebody else")]
    BoundElsewhere,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Finish {
    async fn run(
        &self,
        tx: &mut medpay_store::Tx,
        vault: &medpay_store::Vault,
        now: medpay_domain::Timestamp,
    ) -> Result<(), NotFinished> {
        let link = find_link(tx, vault, &self.digest).await?.ok_or(StoreError::NoRow)?;
        let (state, answer) = link.state.apply(Event::Finished, now);
        answer?;
        if !save_link(tx, &link, state).await? {
            return Err(Unusable::Used.into());
        }
        let holder = &self.card.holder;
        if self.new {
            if !rows::insert_card(tx, vault, &self.card).await? {
                return Err(NotFinished::BoundElsewhere);
            }
            rows::uncount_try(tx, vault, holder, now.day()).await?;
        }
        if let Some(code_digest) = &self.consent {
            let consent = Consent {
                token_appid: link.token_appid,
                holder: holder.clone(),
                expires_at: now.plus_seconds(CONSENT_SECONDS),
            };
            insert_consent(tx, vault, code_digest, &consent).await?;
        }
        Ok(())
    }
}
