//! `GET|POST /feedback`: 就医反馈. What a patient writes reaches the hospital by
//! [`list`], which a command prints; it stands in no log.

use super::rows;
use crate::account::{Posted, Visitor, see_other};
use crate::gateway::Site;
use crate::page::{self, Frame, Notice};
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use medpay_domain::Timestamp;
use medpay_store::StoreError;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What it can be about.
const CATEGORIES: [&str; 5] = ["看病流程", "服务态度", "缴费退费", "页面使用", "其他"];
/// The longest text, in characters.
const LONGEST: usize = 500;
/// The longest contact, in characters.
const LONGEST_CONTACT: usize = 60;
/// The most that one person may write on a day.
const MOST_A_DAY: i64 = 10;

/// What somebody wrote. What is personal does not show in `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Feedback {
    /// Its number.
    pub feedback_no: String,
    /// When it was written.
    #[serde(serialize_with = "as_wire")]
    pub written_at: Timestamp,
    /// One of the page's words.
    pub category: String,
    /// The text.
    pub content: String,
    /// How to reach the patient; empty if nothing was said.
    pub contact: String,
}

impl fmt::Debug for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Feedback").field(&self.feedback_no).finish()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_wire<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.wire())
}

/// What patients of the hospital wrote, the newest first, a thousand at most.
pub async fn list(site: &Site) -> Result<Vec<Feedback>, StoreError> {
    rows::list(site).await
}

/// The form as it was filled in.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Filled {
    category: String,
    content: String,
    contact: String,
}

/// What is wrong with a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    NoCategory,
    NoContent,
    ContentTooLong,
    ContactTooLong,
}

impl Fault {
    fn text(self) -> &'static str {
        match self {
            Self::NoCategory => "请选择反馈类型",
            Self::NoContent => "请填写反馈内容",
            Self::ContentTooLong => "反馈内容最多 500 字",
            Self::ContactTooLong => "联系方式最多 60 字",
        }
    }
}

impl Filled {
    fn fault(&self) -> Option<Fault> {
        if !CATEGORIES.contains(&self.category.as_str()) {
            return Some(Fault::NoCategory);
        }
        match self.content.chars().count() {
            0 => Some(Fault::NoContent),
            count if count > LONGEST => Some(Fault::ContentTooLong),
            _ if self.contact.chars().count() > LONGEST_CONTACT => Some(Fault::ContactTooLong),
            _ => None,
        }
    }

    /// Without the white space around, and without what no database keeps.
    fn tidied(self) -> Self {
        let tidy = |text: String| text.replace("\r\n", "\n").replace('\0', "").trim().to_owned();
        let Self { category, content, contact } = self;
        Self { category, content: tidy(content), contact: tidy(contact) }
    }
}

#[derive(Template)]
#[template(path = "help/feedback.html")]
struct FeedbackPage<'a> {
    frame: Frame,
    csrf: &'a str,
    categories: &'a [&'a str],
    filled: &'a Filled,
    fault: Option<Fault>,
}

impl FeedbackPage<'_> {
    fn said(&self, faults: &[Fault]) -> &'static str {
        self.fault.filter(|fault| faults.contains(fault)).map_or("", Fault::text)
    }
}

/// The form.
pub(crate) async fn page(visitor: Visitor) -> Response {
    form(&visitor, StatusCode::OK, &Filled::default(), None)
}

/// Takes it.
pub(crate) async fn submit(Posted(visitor, filled): Posted<Filled>) -> Response {
    let site = &visitor.site;
    let filled = filled.tidied();
    if let Some(fault) = filled.fault() {
        return form(&visitor, StatusCode::UNPROCESSABLE_ENTITY, &filled, Some(fault));
    }
    let feedback = Feedback {
        feedback_no: site.entropy.nonce(),
        written_at: site.clock.now(),
        category: filled.category,
        content: filled.content,
        contact: filled.contact,
    };
    let org_no = site.org_no().as_str();
    match rows::insert(site, &visitor.openid, feedback, MOST_A_DAY).await {
        Ok(true) => {
            tracing::info!(org_no, "a patient wrote feedback");
            see_other(&site.path("/feedback/received"))
        }
        Ok(false) => {
            let text = "您今天提交的反馈已经很多，请明天再试，或直接联系医院。";
            notice(&visitor, StatusCode::TOO_MANY_REQUESTS, text, "bad", "too_many")
        }
        Err(error) => {
            tracing::error!(org_no, %error, "feedback was not kept");
            let text = "系统繁忙，反馈没有保存，请稍后再试。";
            notice(&visitor, StatusCode::SERVICE_UNAVAILABLE, text, "bad", "failed")
        }
    }
}

/// 已收到.
pub(crate) async fn received(visitor: Visitor) -> Response {
    let text = "已收到您的反馈，谢谢！医院会认真阅读。";
    notice(&visitor, StatusCode::OK, text, "good", "received")
}

fn form(visitor: &Visitor, status: StatusCode, filled: &Filled, fault: Option<Fault>) -> Response {
    let (frame, csrf) = (visitor.frame(), visitor.csrf.as_str());
    let page = FeedbackPage { frame, csrf, categories: &CATEGORIES, filled, fault };
    page::show(&visitor.site, status, &page)
}

fn notice(
    visitor: &Visitor,
    status: StatusCode,
    text: &str,
    tone: &str,
    outcome: &str,
) -> Response {
    let ways = vec![("返回首页", visitor.site.path(""))];
    let notice =
        Notice { frame: visitor.frame(), title: "就医反馈", text, tone, outcome, ways };
    page::show(&visitor.site, status, &notice)
}
