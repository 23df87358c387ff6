//! `GET /card` (我的社保卡) leads to the bind page; `GET /card/done` is where it leads back, and says
//! what is so by asking the platform, whatever the address says.

use super::bind_url::{self, NoBindUrl};
use super::bound::{self, Standing};
use crate::account::Visitor;
use crate::page::{self, Frame};
use crate::visit_cards::{masked, trouble::Trouble};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "cards/card.html")]
struct Page {
    frame: Frame,
    title: &'static str,
    bureau_word: String,
    /// For scripts.
    outcome: &'static str,
    tone: &'static str,
    text: String,
    bound: Option<BoundCard>,
    /// The bind page.
    bind_url: Option<String>,
    /// Whether a visit card is what is missing.
    offers_visit_card: bool,
}

/// A bound card, as it is shown.
struct BoundCard {
    name: String,
    medical_card_no: String,
}

/// Whether it is bound, and the way to the bind page.
pub(super) async fn page(visitor: Visitor) -> Response {
    let bind_url =
        bind_url::ask(&visitor.site, &visitor.openid, &visitor.channel, "/card/done").await;
    match bound::standing(&visitor.site, &visitor.openid).await {
        Ok(standing) => {
            let page = Page { title: "我的社保卡", ..told(&visitor, standing) };
            show(&visitor, &with_link(page, bind_url))
        }
        Err(error) => Trouble::Store(error).show(&visitor),
    }
}

/// What became of it.
pub(super) async fn done(visitor: Visitor) -> Response {
    match bound::standing(&visitor.site, &visitor.openid).await {
        Ok(standing) => show(&visitor, &Page { title: "绑定社保卡", ..told(&visitor, standing) }),
        Err(error) => Trouble::Store(error).show(&visitor),
    }
}

fn show(visitor: &Visitor, page: &Page) -> Response {
    let silent = matches!(page.outcome, "silent");
    let status = if silent { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    page::show(&visitor.site, status, page)
}

fn with_link(page: Page, bind_url: Result<String, NoBindUrl>) -> Page {
    match bind_url {
        Ok(bind_url) => Page { bind_url: Some(bind_url), ..page },
        Err(NoBindUrl::Silent | NoBindUrl::Refused) => Page {
            outcome: "silent",
            tone: "wait",
            text: "社保卡服务暂时没有应答，请稍后再试。".into(),
            ..page
        },
    }
}

fn told(visitor: &Visitor, standing: Standing) -> Page {
    let bureau = &visitor.site.institution.city.bureau_word;
    let (outcome, tone, text) = match &standing {
        Standing::Bound(_) => {
            ("bound", "good", "社保卡已绑定，可以使用医保在线挂号和缴费。".into())
        }
        Standing::OfAnother => (
            "of-another",
            "",
            "您已绑定社保卡，但它与所添加的就诊卡不是同一人。医保只能由本人使用；\
             其他就诊卡可以自费缴费。"
                .into(),
        ),
        Standing::NotBound => {
            ("not-bound", "", "您还没有绑定社保卡。绑定后可以使用医保在线缴费。".into())
        }
        Standing::NothingToAskWith => (
            "no-visit-card",
            "",
            "绑定结果以社保卡页面显示为准。添加您本人的就诊卡后，这里会显示绑定状态。".into(),
        ),
        Standing::Unknown => (
            "unknown",
            "wait",
            "暂时查询不到绑定状态，请稍后刷新此页。已经完成的绑定不受影响。".into(),
        ),
    };
    let offers_visit_card = matches!(standing, Standing::NothingToAskWith | Standing::OfAnother);
    let bound = match standing {
        Standing::Bound(found) => Some(BoundCard {
            name: found.0.name.reveal().to_owned(),
            medical_card_no: masked(&found.1.medical_card_no),
        }),
        _ => None,
    };
    Page {
        frame: visitor.frame(),
        title: "",
        bureau_word: bureau.clone(),
        outcome,
        tone,
        text,
        bound,
        bind_url: None,
        offers_visit_card,
    }
}
