//! `/visit-cards/new`: a visit card by typing, where it was decided so or there is no other way.

use super::keep::{AddError, AddedBy, add};
use super::list::by_hand_allowed;
use super::trouble::Trouble;
use super::typed::{Faults, Typed};
use crate::account::{Posted, Visitor, see_other};
use crate::page::{self, Frame};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use medpay_domain::CardType;

#[derive(Template)]
#[template(path = "visit_cards/new.html")]
struct Page {
    frame: Frame,
    csrf: String,
    typed: Typed,
    faults: Faults,
    /// What went wrong with all of it, and its word for scripts.
    problem: Option<&'static str>,
    outcome: &'static str,
}

impl Page {
    fn new(visitor: &Visitor, typed: Typed) -> Self {
        Self {
            frame: visitor.frame(),
            csrf: visitor.csrf.clone(),
            typed,
            faults: Faults::default(),
            problem: None,
            outcome: "form",
        }
    }

    /// Code and words of each type, and whether it is the chosen one.
    fn card_types(&self) -> impl Iterator<Item = (u8, &'static str, bool)> {
        let chosen = self.typed.card_type.parse().ok().and_then(CardType::from_code);
        let chosen = chosen.unwrap_or(CardType::IdCard);
        CardType::ALL.into_iter().map(move |it| (it.code(), it.chinese(), it == chosen))
    }
}

/// Shows the empty form.
pub(super) async fn page(visitor: Visitor) -> Response {
    if !by_hand_allowed(&visitor.site) {
        return Trouble::NotFound.show(&visitor);
    }
    page::show(&visitor.site, StatusCode::OK, &Page::new(&visitor, Typed::default()))
}

/// Adds the card.
pub(super) async fn submit(Posted(visitor, typed): Posted<Typed>) -> Response {
    if !by_hand_allowed(&visitor.site) {
        return Trouble::NotFound.show(&visitor);
    }
    let site = &visitor.site;
    let applicant = match typed.read() {
        Ok(applicant) => applicant,
        Err(faults) => {
            let page = Page { faults, outcome: "faults", ..Page::new(&visitor, typed) };
            return page::show(site, StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    match add(site, &visitor.openid, &applicant, AddedBy::Hand).await {
        Ok(card_id) => see_other(&site.path(&format!("/visit-cards?added={card_id}"))),
        Err(AddError::Store(error)) => Trouble::Store(error).show(&visitor),
        Err(error) => {
            let (status, outcome, problem) = words(&error);
            let problem = Some(problem);
            let page = Page { problem, outcome, ..Page::new(&visitor, typed) };
            page::show(site, status, &page)
        }
    }
}

fn words(error: &AddError) -> (StatusCode, &'static str, &'static str) {
    match error {
        AddError::NoSuchCard => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "no-such-card",
            "没有找到这张就诊卡。请核对姓名、证件和就诊卡号；没有就诊卡请不要填写卡号。",
        ),
        AddError::HisRefused => (
            StatusCode::CONFLICT,
            "refused",
            "医院系统没有为您建卡，请核对信息，或到医院窗口办理。",
        ),
        AddError::Limit => {
            (StatusCode::CONFLICT, "limit", "您添加的就诊卡已达到上限，请先解绑不用的就诊卡。")
        }
        AddError::HisSilent | AddError::UsedBefore | AddError::Store(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "his-silent",
            "医院系统暂时没有应答，请稍后再提交一次；重复提交不会重复建卡。",
        ),
    }
}
