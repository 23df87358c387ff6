//! `GET /guide`, `GET /guide/{department}`: 就诊指引, from a file that staff edit
//! (`guide.sample.toml`). It is read at each visit; one that cannot be read is said to be so.

use crate::account::Visitor;
use crate::page::{self, Frame, Notice};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path as FilePath;

/// An example of the file, which the demo begins with.
pub const SAMPLE: &str = include_str!("../../guide.sample.toml");

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 * 1024;

/// The file.
#[derive(Deserialize, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// What holds for every visit.
    #[serde(default)]
    pub everywhere: Vec<String>,
    /// The departments, in the order of the list.
    #[serde(default)]
    pub departments: Vec<Department>,
}

/// A department.
#[derive(Deserialize, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Its word in the page's address: letters, digits, `-`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// When it is open.
    pub hours: String,
    /// What to bring.
    #[serde(default)]
    pub bring: Vec<String>,
    /// What to do, one after the other.
    #[serde(default)]
    pub steps: Vec<String>,
}

/// Why there is no guide to show.
#[derive(Debug, thiserror::Error)]
pub enum GuideError {
    /// The hospital has none.
    #[error("no guide is configured")]
    None,
    /// The file cannot be read.
    #[error("the guide's file cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It is larger than any guide.
    #[error("the guide's file is over {LARGEST} bytes")]
    TooLarge,
    /// It is not what a guide is.
    #[error("the guide's file: {0}")]
    Toml(String),
    /// Two departments have this word, or it is none.
    #[error("the guide's file: the id {0:?} is used twice, or has other characters than a-z 0-9 -")]
    Id(String),
}

impl GuideError {
    /// The only place where this error meets the patient.
    fn says(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::None => (StatusCode::OK, "本院暂未在线提供就诊指引，请咨询导诊台。", "none"),
            Self::Unreadable(_) | Self::TooLarge | Self::Toml(_) | Self::Id(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "就诊指引正在更新，暂时无法显示，请稍后再试或咨询导诊台。",
                "failed",
            ),
        }
    }
}

impl Guide {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, GuideError> {
        let guide: Self =
            toml::from_str(text).map_err(|error| GuideError::Toml(error.to_string()))?;
        let mut seen = BTreeSet::new();
        for Department { id, .. } in &guide.departments {
            let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if id.is_empty() || !plain || !seen.insert(id.as_str()) {
                return Err(GuideError::Id(id.clone()));
            }
        }
        Ok(guide)
    }

    async fn read(file: Option<&FilePath>) -> Result<Self, GuideError> {
        let file = file.ok_or(GuideError::None)?;
        let about = tokio::fs::metadata(file).await.map_err(GuideError::Unreadable)?;
        if about.len() > LARGEST {
            return Err(GuideError::TooLarge);
        }
        Self::parse(&tokio::fs::read_to_string(file).await.map_err(GuideError::Unreadable)?)
    }

    async fn of(visitor: &Visitor) -> Result<Self, Response> {
        let file = visitor.site.hospital().and_then(|hospital| hospital.guide_file.as_deref());
        Self::read(file).await.map_err(|error| no_guide(visitor, &error))
    }
}

#[derive(Template)]
#[template(path = "help/guide.html")]
struct GuidePage<'a> {
    frame: Frame,
    guide: &'a Guide,
}

#[derive(Template)]
#[template(path = "help/department.html")]
struct DepartmentPage<'a> {
    frame: Frame,
    department: &'a Department,
}

/// The departments.
pub(crate) async fn page(visitor: Visitor) -> Response {
    match Guide::of(&visitor).await {
        Ok(guide) => {
            let page = GuidePage { frame: visitor.frame(), guide: &guide };
            page::show(&visitor.site, StatusCode::OK, &page)
        }
        Err(answer) => answer,
    }
}

/// One department.
pub(crate) async fn department(
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let guide = match Guide::of(&visitor).await {
        Ok(guide) => guide,
        Err(answer) => return answer,
    };
    let Some(department) = guide.departments.iter().find(|it| it.id == id) else {
        let text = "没有这个科室的就诊指引。";
        return notice(&visitor, StatusCode::NOT_FOUND, text, "unknown");
    };
    let page = DepartmentPage { frame: visitor.frame(), department };
    page::show(&visitor.site, StatusCode::OK, &page)
}

fn no_guide(visitor: &Visitor, error: &GuideError) -> Response {
    if !matches!(error, GuideError::None) {
        let org_no = visitor.site.org_no().as_str();
        tracing::error!(org_no, %error, "the visit guide cannot be shown");
    }
    let (status, text, outcome) = error.says();
    notice(visitor, status, text, outcome)
}

fn notice(visitor: &Visitor, status: StatusCode, text: &str, outcome: &str) -> Response {
    let ways = vec![("就诊指引", visitor.site.path("/guide")), ("首页", visitor.site.path(""))];
    let ways = ways.into_iter().skip(usize::from(outcome != "unknown")).collect();
    let frame = visitor.frame();
    let notice = Notice { frame, title: "就诊指引", text, tone: "wait", outcome, ways };
    page::show(&visitor.site, status, &notice)
}
