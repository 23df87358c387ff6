//! The pages of those who are not let in.

use crate::gateway::Site;
use crate::page::{self, Frame, Notice};
use axum::http::StatusCode;
use axum::response::Response;

/// A form without a session, or of another site: nothing was done.
pub(super) fn open_again(site: &Site) -> Response {
    let text = "页面已过期，本次操作没有提交。请重新打开页面再试。";
    notice(site, StatusCode::FORBIDDEN, "请重新打开页面", text)
}

/// Ours to mend: the store did not answer.
pub(super) fn busy(site: &Site) -> Response {
    notice(site, StatusCode::SERVICE_UNAVAILABLE, "暂时打不开", "系统繁忙，请稍后再试。")
}

/// Too many are here at once, so this one was not let in.
pub(crate) fn crowded(site: &Site) -> Response {
    let text = "当前访问的人较多，本次操作没有提交。请稍后再试。";
    notice(site, StatusCode::SERVICE_UNAVAILABLE, "请稍后再试", text)
}

/// Whatever else went wrong before it was known who stands there.
pub(super) fn notice(site: &Site, status: StatusCode, title: &str, text: &str) -> Response {
    let notice = Notice {
        frame: Frame::alone(site, false),
        title,
        text,
        tone: "bad",
        outcome: if status == StatusCode::FORBIDDEN { "refused" } else { "failed" },
        ways: vec![("重新打开", site.path(""))],
    };
    page::show(site, status, &notice)
}
