//! The first way: a template message of the account's own, to a follower (PROTOCOL 7.2).

use super::Message;
use super::way::{Outcome, Outgoing, Way};
use crate::channels::Channel;
use crate::gateway::Site;
use async_trait::async_trait;
use medpay_client::Unanswered;
use medpay_wire::message::TemplateData;
use medpay_wire::public_account::{AccountError, TemplateMessage};

/// The way.
pub(super) struct Template;

#[async_trait]
impl Way for Template {
    fn word(&self) -> &'static str {
        "template"
    }

    fn takes(&self, _: &Message) -> bool {
        true
    }

    async fn send(&self, site: &Site, outgoing: &Outgoing<'_>) -> Outcome {
        let word = outgoing.message.kind.word();
        let templates = site.hospital().map(|hospital| &hospital.templates);
        let Some(template_id) = templates.and_then(|of| of.get(word)) else {
            return Outcome::Refused { reason: "no_template", code: String::new() };
        };
        let message = compose(site, template_id, outgoing);
        match site.doors.public_account.send(&message).await {
            Ok(answer) => judge(answer.errcode),
            Err(Unanswered::NotSent(_)) => Outcome::NotReached { code: String::new() },
            Err(Unanswered::Unknown(_)) => Outcome::Unknown,
        }
    }
}

fn compose(site: &Site, template_id: &str, outgoing: &Outgoing<'_>) -> TemplateMessage {
    let message = outgoing.message;
    let mut data: TemplateData = (1..)
        .zip(&message.keywords)
        .map(|(number, text)| (format!("keyword{number}"), text.clone()))
        .collect();
    data.insert("first".to_owned(), message.first.clone());
    data.insert("remark".to_owned(), message.remark.clone());
    let mut told = TemplateMessage::new(message.to.reveal(), template_id, data);
    told.client_msg_id = Some(outgoing.client_msg_id.to_owned());
    told.url = link(site, &message.path);
    told
}

/// The address that a tap opens, which says that it was opened from a message.
pub(super) fn link(site: &Site, path: &str) -> Option<String> {
    if path.is_empty() {
        return None;
    }
    let sign = if path.contains('?') { '&' } else { '?' };
    let (parameter, channel) = (Channel::PARAMETER, Channel::message());
    Some(format!("{}{sign}{parameter}={channel}", site.url(path)))
}

/// What WeChat's code means.
fn judge(errcode: i64) -> Outcome {
    let code = errcode.to_string();
    if errcode == 0 {
        return Outcome::Sent;
    }
    match AccountError::from_errcode(errcode) {
        Some(AccountError::RequireSubscribe | AccountError::InvalidOpenid) => {
            Outcome::Elsewhere { reason: "not_following", code }
        }
        Some(
            AccountError::Busy
            | AccountError::InvalidCredential
            | AccountError::InvalidAccessToken
            | AccountError::AccessTokenExpired
            | AccountError::QuotaReached,
        ) => Outcome::NotReached { code },
        _ => Outcome::Refused { reason: "refused", code },
    }
}
