//! Why one of the pages about a patient cannot be shown, and what is shown instead.

use crate::account::Visitor;
use crate::gateway::Site;
use crate::page::{self, Notice};
use axum::http::StatusCode;
use axum::response::Response;
use medpay_store::StoreError;
use medpay_wire::his::{Call, RefusalCode};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// There is no such thing, or it is another person's: nobody learns which.
    #[error("not found")]
    NotFound,
    /// The visitor has added no visit card.
    #[error("no visit card")]
    NoVisitCard,
    /// The HIS did not answer, or not as the contract has it.
    #[error("the HIS does not answer")]
    HisSilent,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Trouble {
    /// The page that says so.
    pub(crate) fn show(&self, visitor: &Visitor) -> Response {
        let site = &visitor.site;
        let home = || vec![("返回首页", site.path(""))];
        let (status, title, text, tone, outcome, ways) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "没有找到",
                "没有找到您要查看的内容，或它不属于您添加的就诊卡。",
                "bad",
                "not-found",
                home(),
            ),
            Self::NoVisitCard => (
                StatusCode::OK,
                "请先添加就诊卡",
                "添加就诊卡后，就可以挂号、缴费和查看报告。",
                "",
                "no-visit-card",
                vec![("添加就诊卡", site.path("/visit-cards"))],
            ),
            Self::HisSilent => (
                StatusCode::SERVICE_UNAVAILABLE,
                "请稍后再试",
                "医院系统暂时没有应答，请稍后再试。您的信息没有丢失。",
                "wait",
                "his-silent",
                home(),
            ),
            Self::Store(error) => {
                tracing::error!(org_no = site.org_no().as_str(), %error, "a page was not served");
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "请稍后再试",
                    "系统繁忙，请稍后再试。",
                    "wait",
                    "busy",
                    home(),
                )
            }
        };
        let frame = visitor.frame();
        page::show(site, status, &Notice { frame, title, text, tone, outcome, ways })
    }
}

/// Asks the HIS what changes nothing. What it does not know is [`Trouble::NotFound`]; any other
/// refusal of such a question is no answer.
pub(crate) async fn ask_his<C: Call>(site: &Site, ask: &C) -> Result<C::Answer, Trouble> {
    match site.doors.his.ask(ask).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(refusal)) if refusal.code == RefusalCode::NotFound => Err(Trouble::NotFound),
        Ok(Err(refusal)) => {
            tracing::warn!(call = C::NAME, code = ?refusal.code, "the HIS refused a question");
            Err(Trouble::HisSilent)
        }
        Err(error) => {
            tracing::warn!(call = C::NAME, %error, "the HIS did not answer");
            Err(Trouble::HisSilent)
        }
    }
}
