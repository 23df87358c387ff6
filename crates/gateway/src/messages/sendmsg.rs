//! The second way: the platform tells a payer of a paid order in the account's name, whether the
//! payer follows the account or not (选用接口 §1.5).

use super::template::link;
use super::way::{Outcome, Outgoing, Way};
use super::{Kind, Message};
use crate::gateway::Site;
use async_trait::async_trait;
use medpay_client::Unanswered;
use medpay_wire::caller_fields::OrderRef;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::err_code::ErrCode;
use medpay_wire::sendmsg::{Details, Message as Told, Request, SPEC};
use medpay_wire::value::{HttpUrl, Lines, Text};

/// The way.
pub(super) struct SendMsg;

/// Longest text of the interface, in characters.
const MAX: usize = 128;

#[async_trait]
impl Way for SendMsg {
    fn word(&self) -> &'static str {
        "sendmsg"
    }

    fn takes(&self, message: &Message) -> bool {
        message.of_order.is_some() && details(message).is_some()
    }

    async fn send(&self, site: &Site, outgoing: &Outgoing<'_>) -> Outcome {
        let Some(request) = request(site, outgoing) else {
            return Outcome::Refused { reason: "refused", code: String::new() };
        };
        match site.doors.platform.call(&SPEC, request.encode()).await {
            Ok(Reply::Success(_)) => Outcome::Sent,
            Ok(Reply::Refused(refused)) => judge(refused),
            Err(Unanswered::NotSent(_)) => Outcome::NotReached { code: String::new() },
            Err(Unanswered::Unknown(_)) => Outcome::Unknown,
        }
    }
}

fn request(site: &Site, outgoing: &Outgoing<'_>) -> Option<Request> {
    let message = outgoing.message;
    let address = link(site, &message.path);
    Some(Request {
        order: OrderRef::HospOutTradeNo(message.of_order.clone()?),
        redirect_url: address.and_then(|address| HttpUrl::new(address).ok()),
        mini_appid: None,
        mini_path: None,
        // The same in each attempt. The platform compares all the rest.
        nonce_str: Text::new(outgoing.client_msg_id).ok()?,
        message: Told {
            first: Lines::new(cut(&message.first)).ok()?,
            details: details(message)?,
            remark: Lines::new(cut(&message.remark)).ok()?,
        },
    })
}

/// What the type wants of the caller; the rest comes from the order. None of a kind that has no
/// type.
fn details(message: &Message) -> Option<Details> {
    // The places are those of the appendix, so keyword1 is the name and keyword2 the doctor.
    let place = |number: usize| Text::new(cut(message.keywords.get(number - 1)?)).ok();
    match message.kind {
        Kind::OutpatientPaid => Some(Details::Outpatient),
        Kind::RegistrationPaid => Some(Details::Registration {
            doctor: place(2)?,
            department: place(3)?,
            hospital: place(4)?,
            visit_time: place(5)?,
            register_no: place(6)?,
        }),
        Kind::BindReminder
        | Kind::PaymentReminder
        | Kind::VisitReminder
        | Kind::ResultReady
        | Kind::Refunded => None,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX).collect()
}

fn judge(refused: Refused) -> Outcome {
    match refused {
        Refused::Business { err_code, .. } => match ErrCode::parse(&err_code) {
            // The platform did not hear from WeChat; the same words again are not shown twice.
            Some(ErrCode::SystemError) => Outcome::Unknown,
            _ => Outcome::Refused { reason: "refused", code: err_code },
        },
        Refused::Transport { .. } => Outcome::Refused { reason: "refused", code: "FAIL".into() },
        Refused::Gateway(error) => Outcome::NotReached { code: error.errcode.to_string() },
    }
}
