//! sendmsg, and what the patient reads.

use super::purchase::Purchase;
use super::town::{Fault, equal};
use super::visit::Visit;
use medpay_domain::{HospOutTradeNo, PersonName};
use medpay_wire::caller_fields::OrderRef;
use medpay_wire::contracts::phone::{Inbox, InboxMessage};
use medpay_wire::message::{OrderFacts, render, template_data};
use medpay_wire::sendmsg::{self, Details, Message};
use medpay_wire::states::{MsgType, OrderType};
use medpay_wire::value::{HttpUrl, Lines, Problem, Text, Yuan};
use serde_json::json;

/// Where a tap on a message leads.
const DETAIL_URL: &str = "https://hospital.example/detail";

impl Visit<'_> {
    async fn inbox(&self) -> Result<Vec<InboxMessage>, Fault> {
        let values = json!({ "openid": self.openid() });
        Ok(self.town.tap::<Inbox>(&self.town.ready.inbox, values).await?.messages)
    }

    /// Sends a message and reads it in the inbox, letter for letter.
    pub(super) async fn message(&self, kind: MsgType, of: Purchase) -> Result<String, Fault> {
        let own = |problem: Problem| Fault::Wrong(format!("a text of this journey {problem}"));
        let nonce = self.town.player.entropy.nonce();
        let request = sendmsg::Request {
            order: OrderRef::MedTransId(self.placed(of)?.med_trans_id.clone()),
            redirect_url: Some(HttpUrl::new(DETAIL_URL).map_err(own)?),
            mini_appid: None,
            mini_path: None,
            nonce_str: Text::new(nonce.clone()).map_err(own)?,
            message: self.words(kind).map_err(own)?,
        };
        let before = self.inbox().await?.len();
        let answer = self.call(&sendmsg::SPEC, request.encode()).await?;
        let reply = sendmsg::Reply::decode(&answer)?;
        equal("nonce_str, as it was sent", reply.nonce_str.as_str(), nonce.as_str())?;
        let ask = async || Ok(self.inbox().await?.into_iter().nth(before));
        let shown = self.town.eventually("the message", ask).await?;
        let due = self.rendered(&request.message, of)?;
        if shown.text != due {
            // The text names the patient, so it is not shown.
            let line = shown.text.lines().zip(due.lines()).position(|(a, b)| a != b);
            return Err(Fault::Wrong(format!(
                "the message differs from the appendix's in line {}",
                line.map_or(due.lines().count(), |at| at) + 1
            )));
        }
        equal("where the message leads", shown.url.as_str(), DETAIL_URL)?;
        Ok(format!("{} lines in the inbox", shown.text.lines().count()))
    }

    /// The hospital's own part of a message.
    fn words(&self, kind: MsgType) -> Result<Message, Problem> {
        let register_no = Text::new(format!("N{}", self.run))?;
        let details = match kind {
            MsgType::Outpatient => Details::Outpatient,
            MsgType::OutpatientDiscount => Details::OutpatientDiscount {
                discount: Yuan::new("1.50")?,
                real_fee: Yuan::new("7.55")?,
            },
            MsgType::Registration => Details::Registration {
                doctor: Text::new("赵五")?,
                department: Text::new("内科门诊")?,
                hospital: Text::new(self.institution.name.clone())?,
                visit_time: Text::new("14:00")?,
                register_no,
            },
            MsgType::Booking => Details::Booking {
                pre_register_item: Text::new("心脏彩超")?,
                pre_register_time: Text::new("11:00")?,
                register_no,
            },
        };
        Ok(Message {
            first: Lines::new("您已缴费成功，详情如下：")?,
            details,
            remark: Lines::new("如需打印发票，请凭就诊卡前往收费窗口补打。")?,
        })
    }

    /// The text of 选用接口's appendix, from what this journey ordered.
    fn rendered(&self, message: &Message, of: Purchase) -> Result<String, Fault> {
        let (terms, placed) = (of.terms(), self.placed(of)?);
        let body = if terms.order_type == OrderType::RegPay { "门诊挂号" } else { "西药" };
        let time_end =
            placed.time_end.ok_or_else(|| Fault::Wrong("the order was not notified".to_owned()))?;
        let facts = OrderFacts {
            user_name: PersonName::new(&self.person.name),
            body: body.to_owned(),
            total_fee: terms.total,
            time_end,
            hosp_out_trade_no: HospOutTradeNo::new(&placed.number),
        };
        Ok(render(message.details.msg_type().template(), &template_data(message, &facts)))
    }
}
