//! The four template messages of 选用接口's appendix: their bodies, which keyword comes from where
//! (PROTOCOL 2.5), and how a person reads them.

pub use crate::sendmsg::{Details, Message};
pub use crate::states::MsgType;

use medpay_domain::{Fen, HospOutTradeNo, PersonName, Timestamp};
use std::collections::BTreeMap;

impl MsgType {
    /// The template's body, as an account applies for it (选用接口 §2.1).
    pub const fn template(self) -> &'static str {
        match self {
            Self::Outpatient => {
                "{{first.DATA}}\n\
                 用户姓名：{{keyword1.DATA}}\n\
                 缴费项目：{{keyword2.DATA}}\n\
                 缴费金额：{{keyword3.DATA}}\n\
                 缴费时间：{{keyword4.DATA}}\n\
                 订单号：{{keyword5.DATA}}\n\
                 备注：{{remark.DATA}}"
            }
            Self::OutpatientDiscount => {
                "{{first.DATA}}\n\
                 缴费项目：{{keyword1.DATA}}\n\
                 缴费金额：{{keyword2.DATA}}\n\
                 优惠：{{keyword3.DATA}}\n\
                 实缴金额：{{keyword4.DATA}}\n\
                 缴费时间：{{keyword5.DATA}}\n\
                 订单号：{{keyword6.DATA}}\n\
                 备注：{{remark.DATA}}"
            }
            Self::Registration => {
                "{{first.DATA}}\n\
                 就诊人名称：{{keyword1.DATA}}\n\
                 医生：{{keyword2.DATA}}\n\
                 科室：{{keyword3.DATA}}\n\
                 医院：{{keyword4.DATA}}\n\
                 就诊时间：{{keyword5.DATA}}\n\
                 登记号：{{keyword6.DATA}}\n\
                 缴费金额：{{keyword7.DATA}}\n\
                 缴费时间：{{keyword8.DATA}}\n\
                 订单号：{{keyword9.DATA}}\n\
                 备注：{{remark.DATA}}"
            }
            Self::Booking => {
                "{{first.DATA}}\n\
                 姓名：{{keyword1.DATA}}\n\
                 预约项目：{{keyword2.DATA}}\n\
                 预约时间：{{keyword3.DATA}}\n\
                 登记号：{{keyword4.DATA}}\n\
                 缴费金额：{{keyword5.DATA}}\n\
                 缴费时间：{{keyword6.DATA}}\n\
                 订单号：{{keyword7.DATA}}\n\
                 备注：{{remark.DATA}}"
            }
        }
    }

    /// The template's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Outpatient => "门诊缴费成功",
            Self::OutpatientDiscount => "门诊缴费成功(含优惠)",
            Self::Registration => "挂号缴费成功",
            Self::Booking => "预约挂号缴费成功",
        }
    }
}

/// What the platform takes from the order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderFacts {
    /// 用户姓名: the order's `user_name`.
    pub user_name: PersonName,
    /// 缴费项目: the order's `body`.
    pub body: String,
    /// 缴费金额.
    pub total_fee: Fen,
    /// 缴费时间.
    pub time_end: Timestamp,
    /// 订单号.
    pub hosp_out_trade_no: HospOutTradeNo,
}

/// The template's values by name: `first`, `keyword1`…, `remark`. They name a patient.
pub type TemplateData = BTreeMap<String, String>;

/// `yyyy-M-d HH:mm:ss`: the samples pad times, not dates (trap 26).
fn chinese_time(at: Timestamp) -> String {
    let at = at.civil();
    format!(
        "{}-{}-{} {:02}:{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Fills the template: the caller's words and the order's facts.
pub fn template_data(message: &Message, order: &OrderFacts) -> TemplateData {
    let name = order.user_name.reveal().to_owned();
    let fee = format!("{} 元", order.total_fee.yuan());
    let time = chinese_time(order.time_end);
    let number = order.hosp_out_trade_no.as_str().to_owned();
    let body = order.body.clone();
    let keywords = match &message.details {
        Details::Outpatient => vec![name, body, fee, time, number],
        Details::OutpatientDiscount { discount, real_fee } => {
            let (discount, real_fee) = (discount.as_str(), real_fee.as_str());
            vec![body, fee, format!("{discount} 元"), format!("{real_fee} 元"), time, number]
        }
        Details::Registration { doctor, department, hospital, visit_time, register_no } => vec![
            name,
            doctor.to_string(),
            department.to_string(),
            hospital.to_string(),
            visit_time.to_string(),
            register_no.to_string(),
            fee,
            time,
            number,
        ],
        Details::Booking { pre_register_item, pre_register_time, register_no } => vec![
            name,
            pre_register_item.to_string(),
            pre_register_time.to_string(),
            register_no.to_string(),
            fee,
            time,
            number,
        ],
    };
    let mut data: TemplateData =
        (1..).zip(keywords).map(|(n, value)| (format!("keyword{n}"), value)).collect();
    data.insert("first".to_owned(), message.first.to_string());
    data.insert("remark".to_owned(), message.remark.to_string());
    data
}

/// The message as a person reads it: every `{{name.DATA}}` of the template replaced, by nothing
/// where there is no value. What looks like a place in a value is left alone.
pub fn render(template: &str, data: &TemplateData) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((place, after)) = after.split_once("}}") else {
            text.push_str("{{");
            rest = after;
            continue;
        };
        if let Some(value) = place.trim().strip_suffix(".DATA").and_then(|name| data.get(name)) {
            text.push_str(value);
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Lines, Text, Yuan};

    fn text(of: &str) -> Text<128> {
        Text::new(of).expect("a text")
    }

    fn message(first: &str, details: Details, remark: &str) -> Message {
        let line = |of| Lines::new(of).expect("a text");
        Message { first: line(first), details, remark: line(remark) }
    }

    fn order(name: &str, body: &str, fen: i64, time: &str, number: &str) -> OrderFacts {
        OrderFacts {
            user_name: PersonName::new(name),
            body: body.to_owned(),
            total_fee: Fen::new(fen).expect("an amount"),
            time_end: Timestamp::from_wire(time).expect("a moment"),
            hosp_out_trade_no: HospOutTradeNo::new(number),
        }
    }

    fn read(message: &Message, order: &OrderFacts) -> String {
        render(message.details.msg_type().template(), &template_data(message, order))
    }

    #[test]
    fn type_1_reads_as_the_appendix_prints_it() {
        let message = message(
            "您已缴费成功，请到 3 号楼 2 楼西药房 18 号窗口取药，详情如下：",
            Details::Outpatient,
            "如需打印发票，请凭就诊卡前往收费窗口补打。",
        );
        let order = order("张三", "西药", 23050, "20180620162834", "3749184791983");
        insta::assert_snapshot!(read(&message, &order), @r"
        您已缴费成功，请到 3 号楼 2 楼西药房 18 号窗口取药，详情如下：
        用户姓名：张三
        缴费项目：西药
        缴费金额：230.50 元
        缴费时间：2018-6-20 16:28:34
        订单号：3749184791983
        备注：如需打印发票，请凭就诊卡前往收费窗口补打。
        ");
    }

    #[test]
    fn type_2_reads_as_the_appendix_prints_it() {
        let message = message(
            "您已缴费成功，请到 3 号楼 2 楼西药房 18 号窗口取药，详情如下：",
            Details::OutpatientDiscount {
                discount: Yuan::new("30").expect("an amount"),
                real_fee: Yuan::new("200.50").expect("an amount"),
            },
            "如需打印发票，请凭就诊卡前往收费窗口补打。",
        );
        let order = order("张三", "西药", 23050, "20180620162834", "3749184791983");
        insta::assert_snapshot!(read(&message, &order), @r"
        您已缴费成功，请到 3 号楼 2 楼西药房 18 号窗口取药，详情如下：
        缴费项目：西药
        缴费金额：230.50 元
        优惠：30 元
        实缴金额：200.50 元
        缴费时间：2018-6-20 16:28:34
        订单号：3749184791983
        备注：如需打印发票，请凭就诊卡前往收费窗口补打。
        ");
    }

    #[test]
    fn type_3_reads_as_the_appendix_prints_it() {
        let message = message(
            "您已成功挂号并缴费，挂号详细情况如下：",
            Details::Registration {
                doctor: text("赵五"),
                department: text("内科门诊"),
                hospital: text("广东省第九十九医院"),
                visit_time: text("2018-6-23 14:00"),
                register_no: text("3424593"),
            },
            "内科门诊位于五号楼三楼。请及时前往就诊科室分诊台凭登记号报到，无需到挂号处取号。",
        );
        let order = order("李四", "挂号", 900, "20180623163434", "3479817387195775");
        insta::assert_snapshot!(read(&message, &order), @r"
        您已成功挂号并缴费，挂号详细情况如下：
        就诊人名称：李四
        医生：赵五
        科室：内科门诊
        医院：广东省第九十九医院
        就诊时间：2018-6-23 14:00
        登记号：3424593
        缴费金额：9.00 元
        缴费时间：2018-6-23 16:34:34
        订单号：3479817387195775
        备注：内科门诊位于五号楼三楼。请及时前往就诊科室分诊台凭登记号报到，无需到挂号处取号。
        ");
    }

    #[test]
    fn type_4_reads_as_the_appendix_prints_it() {
        let message = message(
            "您已预约成功并完成缴费，请准时凭社保卡/健康卡到 5 号楼 2 楼彩超科室报到。预约详情如下：",
            Details::Booking {
                pre_register_item: text("心脏彩超"),
                pre_register_time: text("2018-6-23 11:00"),
                register_no: text("4173248"),
            },
            "如需打印发票，请凭就诊卡前往收费窗口补打。\
             如果需要取消预约或更改预约，请到门诊大厅服务台办理。",
        );
        let order = order("王小明", "预约", 14900, "20180623163434", "3479817387195775");
        insta::assert_snapshot!(read(&message, &order), @r"
        您已预约成功并完成缴费，请准时凭社保卡/健康卡到 5 号楼 2 楼彩超科室报到。预约详情如下：
        姓名：王小明
        预约项目：心脏彩超
        预约时间：2018-6-23 11:00
        登记号：4173248
        缴费金额：149.00 元
        缴费时间：2018-6-23 16:34:34
        订单号：3479817387195775
        备注：如需打印发票，请凭就诊卡前往收费窗口补打。如果需要取消预约或更改预约，请到门诊大厅服务台办理。
        ");
    }

    #[test]
    fn a_value_that_looks_like_a_place_is_left_alone() {
        let data = TemplateData::from([("first".to_owned(), "{{remark.DATA}}".to_owned())]);
        let template = "{{first.DATA}}|{{ remark.DATA }}|{{nobody.DATA}}|{{open";
        assert_eq!(render(template, &data), "{{remark.DATA}}|||{{open");
    }

    #[test]
    fn midnight_and_single_digits_are_padded_in_the_time_only() {
        let at = Timestamp::from_wire("20260102000506").expect("a moment");
        assert_eq!(chinese_time(at), "2026-1-2 00:05:06");
    }
}
