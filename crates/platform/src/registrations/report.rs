//! What both interfaces do: find or keep the registration, ask the bureau by its one key, keep and
//! tell its answer. The machine is [`medpay_domain::platform::registration`].

use super::rows::{self, Registration};
use crate::access::Caller;
use crate::app::App;
use crate::cards::scans::{self, Redemption, ScanFault};
use crate::cards::{self, Card, CardRefusal, Holder};
use medpay_client::Unanswered;
use medpay_domain::City;
use medpay_domain::platform::registration::{Effect, Event, IllegalEvent, State};
use medpay_store::StoreError;
use medpay_wire::contracts::bureau::{RegisterVisit, VisitRegistered};
use medpay_wire::envelope::Failure;
use medpay_wire::err_code::ErrCode;
use medpay_wire::fields::{FieldFault, Fields};
use medpay_wire::request_content::shenzhen::ContentFault;
use medpay_wire::sign::base_string;
use medpay_wire::visit_fields::{Reply, VisitFields};

/// Whose registration it is.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// A user of the account.
    User(Holder),
    /// Whoever showed a code.
    Scanned(Redemption),
}

/// A registration that a hospital wants reported.
pub(crate) struct Wanted {
    pub who: Who,
    pub visit: VisitFields,
    /// The whole request, for telling a repeat from another.
    pub fields: Fields,
}

/// Why there is no `response_content`, in the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The hospital's number stands for another registration.
    #[error("the number stands for another registration")]
    NumberUsed,
    /// No bureau is known there.
    #[error("the city is not known")]
    CityUnknown,
    /// The city's bureau cannot read it.
    #[error("request_content is not as the city has it")]
    Content(#[source] ContentFault),
    /// The scan is worth nothing.
    #[error(transparent)]
    Scan(#[from] ScanFault),
    /// No card, or another person's.
    #[error(transparent)]
    Card(#[from] CardRefusal),
    /// The bureau said no.
    #[error("the bureau refused")]
    BureauRefused(String),
    /// The bureau has not answered; the same request again tells.
    #[error("the bureau's answer is unknown")]
    Unanswered(#[from] Unanswered),
    /// The bureau contradicts itself.
    #[error(transparent)]
    Contradiction(#[from] IllegalEvent),
    /// The database.
    #[error("the registration could not be kept")]
    Store(#[from] StoreError),
}

impl ReportError {
    /// The only place where this error meets the wire.
    pub fn failure(&self) -> Failure {
        match self {
            Self::NumberUsed => Failure::business(ErrCode::OutTradeNoUsed),
            Self::CityUnknown => FieldFault::invalid("city_id").into(),
            Self::Content(_) => FieldFault::invalid("request_content").into(),
            Self::Scan(fault) => Failure::business(fault.code()),
            Self::Card(refusal) => Failure::business(refusal.code()),
            Self::BureauRefused(words) => {
                Failure::Business { code: ErrCode::InvalidRequest, des: words.clone() }
            }
            Self::Unanswered(_) | Self::Contradiction(_) | Self::Store(_) => {
                Failure::business(ErrCode::SystemError)
            }
        }
    }
}

/// Reports the registration once, and answers what the bureau said to it.
pub(crate) async fn serve(
    app: &App,
    caller: &Caller<'_>,
    wanted: Wanted,
) -> Result<Reply, ReportError> {
    let merchant = caller.merchant_key();
    let digest = request_digest(app, &wanted.fields);
    let number = &wanted.visit.hosp_out_trade_no;
    let registration = match find(app, &merchant, number.as_str()).await? {
        Some(registration) => registration,
        None => begin(app, caller, wanted, &digest).await?,
    };
    if registration.request_digest != digest {
        return Err(ReportError::NumberUsed);
    }
    // A fresh one is pending like one whose answer was lost: both ask by the same key.
    let state = match registration.state.apply(&Event::Repeated)? {
        (_, Some(Effect::AskBureau)) => ask(app, registration).await?,
        (state, None) => state,
    };
    match state {
        State::Registered { response_content } => Ok(Reply { response_content }),
        State::Refused { reason } => Err(ReportError::BureauRefused(reason)),
        State::Pending => {
            Err(Unanswered::Unknown("the registration is still pending".to_owned()).into())
        }
    }
}

/// Every parameter but the nonce; it names a person, so the digest is keyed.
fn request_digest(app: &App, fields: &Fields) -> String {
    let mut fields = fields.clone();
    fields.remove("nonce_str");
    app.vault.digest("registration", &base_string(&fields))
}

async fn find(app: &App, merchant: &str, number: &str) -> Result<Option<Registration>, StoreError> {
    let (vault, merchant, number) = (app.vault.clone(), merchant.to_owned(), number.to_owned());
    app.store
        .read("find registration", move |tx| {
            let (vault, merchant, number) = (vault.clone(), merchant.clone(), number.clone());
            Box::pin(async move { rows::find(tx, &vault, &merchant, &number).await })
        })
        .await
}

/// Checks a new registration and keeps it, before the bureau hears of it.
async fn begin(
    app: &App,
    caller: &Caller<'_>,
    wanted: Wanted,
    digest: &str,
) -> Result<Registration, ReportError> {
    let Wanted { who, visit, .. } = wanted;
    let city = city_of(app, caller, &visit)?;
    visit
        .request_content
        .check_registration(city.dialect, city.sum_rule)
        .map_err(ReportError::Content)?;
    let holder = match &who {
        Who::User(holder) => holder.clone(),
        Who::Scanned(redemption) => scans::find(app, redemption).await??,
    };
    let card: Card = cards::card_of_patient(app, &holder, &visit.patient).await??;
    let registration = Registration {
        merchant: caller.merchant_key(),
        hosp_out_trade_no: visit.hosp_out_trade_no,
        report_key: format!("visit-{}", app.entropy.nonce()),
        request_digest: digest.to_owned(),
        environment: caller.institution.environment,
        city_id: city.id.clone(),
        org_no: visit.org_no,
        serial_no: visit.serial_no,
        medical_card_id: card.medical_card_id,
        request_content: visit.request_content.as_str().to_owned(),
        state: State::Pending,
        version: 1,
    };
    let (vault, now) = (app.vault.clone(), app.clock.now());
    app.store
        .write("begin registration", move |tx| {
            let (vault, registration, who) = (vault.clone(), registration.clone(), who.clone());
            Box::pin(async move {
                if !rows::insert(tx, &vault, &registration, now).await? {
                    // The same number came twice at once: whoever was first decides.
                    let number = registration.hosp_out_trade_no.as_str();
                    let first = rows::find(tx, &vault, &registration.merchant, number).await?;
                    return Ok(first.ok_or(StoreError::NoRow)?);
                }
                if let Who::Scanned(redemption) = &who {
                    scans::redeem(tx, &vault, redemption).await??;
                }
                Ok(registration)
            })
        })
        .await
}

fn city_of<'a>(
    app: &'a App,
    caller: &Caller<'_>,
    visit: &VisitFields,
) -> Result<&'a City, ReportError> {
    let id = visit.city_id.as_ref().unwrap_or(&caller.institution.city_id);
    app.settings.city(id).ok_or(ReportError::CityUnknown)
}

/// Asks the bureau and keeps its answer. No answer leaves the registration pending.
async fn ask(app: &App, registration: Registration) -> Result<State, ReportError> {
    let ask = RegisterVisit {
        key: registration.report_key.clone(),
        city_id: registration.city_id.clone(),
        org_no: registration.org_no.clone(),
        serial_no: registration.serial_no.clone(),
        medical_card_id: registration.medical_card_id.clone(),
        request_content: registration.request_content.clone(),
    };
    let bureau = &app.parties(registration.environment).bureau;
    let event = match bureau.register_visit(&ask).await? {
        VisitRegistered::Registered { response_content } => Event::Registered { response_content },
        VisitRegistered::Refused(refusal) => Event::Refused { reason: refusal.reason },
    };
    let (vault, now) = (app.vault.clone(), app.clock.now());
    app.store
        .write("answer registration", move |tx| {
            let (vault, asked, event) = (vault.clone(), registration.clone(), event.clone());
            Box::pin(async move {
                let number = asked.hosp_out_trade_no.as_str();
                let stored = rows::find(tx, &vault, &asked.merchant, number).await?;
                let stored = stored.ok_or(StoreError::NoRow)?;
                let (state, _) = stored.state.apply(&event)?;
                if state != stored.state {
                    rows::save(tx, &vault, &stored, &state, now).await?;
                }
                Ok(state)
            })
        })
        .await
}
