//! What patients are told: the words of each kind, and the templates that an account applies for
//! so that they have their places.
//!
//! The three paid kinds have the places of 选用接口's appendix, so that the platform's sendmsg can
//! say the same.

use super::{Kind, Message};
use medpay_domain::hospital::reminder::told::{Cover, Words};
use medpay_domain::{Fen, HospOutTradeNo, Openid, PersonName, Timestamp};
use medpay_wire::his::bills::{Bill, BillClass};
use medpay_wire::his::bookings::Booking;
use medpay_wire::his::events::ResultReady;
use medpay_wire::states::MsgType;

impl Kind {
    /// The template's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BindReminder => "电子社保卡绑卡提醒",
            Self::PaymentReminder => "诊间支付提醒",
            Self::VisitReminder => "就诊提醒",
            Self::ResultReady => "检验检查报告通知",
            Self::OutpatientPaid => MsgType::Outpatient.title(),
            Self::RegistrationPaid => MsgType::Registration.title(),
            Self::Refunded => "退款通知",
        }
    }

    /// The template's body, as an account applies for it.
    pub const fn template(self) -> &'static str {
        match self {
            Self::BindReminder => {
                "{{first.DATA}}\n就诊人：{{keyword1.DATA}}\n服务：{{keyword2.DATA}}\n{{remark.DATA}}"
            }
            Self::PaymentReminder => {
                "{{first.DATA}}\n\
                 就诊人：{{keyword1.DATA}}\n\
                 缴费项目：{{keyword2.DATA}}\n\
                 科室医生：{{keyword3.DATA}}\n\
                 待缴金额：{{keyword4.DATA}}\n\
                 支付方式：{{keyword5.DATA}}\n\
                 {{remark.DATA}}"
            }
            Self::VisitReminder => {
                "{{first.DATA}}\n\
                 就诊人：{{keyword1.DATA}}\n\
                 科室：{{keyword2.DATA}}\n\
                 医生：{{keyword3.DATA}}\n\
                 就诊时间：{{keyword4.DATA}}\n\
                 就诊地点：{{keyword5.DATA}}\n\
                 {{remark.DATA}}"
            }
            Self::ResultReady => {
                "{{first.DATA}}\n就诊人：{{keyword1.DATA}}\n报告：{{keyword2.DATA}}\n{{remark.DATA}}"
            }
            Self::OutpatientPaid => MsgType::Outpatient.template(),
            Self::RegistrationPaid => MsgType::Registration.template(),
            Self::Refunded => {
                "{{first.DATA}}\n\
                 退款金额：{{keyword1.DATA}}\n\
                 退款时间：{{keyword2.DATA}}\n\
                 订单号：{{keyword3.DATA}}\n\
                 {{remark.DATA}}"
            }
        }
    }
}

/// `230.50 元`.
fn yuan(amount: Fen) -> String {
    format!("{} 元", amount.yuan())
}

/// `2026-06-01 10:15:00`.
fn time(at: Timestamp) -> String {
    let at = at.civil();
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{} {hour:02}:{minute:02}:{second:02}", at.date())
}

/// A place that is not left empty, since WeChat shows its label in any case.
fn or_dash(text: &str) -> String {
    if text.is_empty() { "—".to_owned() } else { text.to_owned() }
}

/// 绑卡提醒 (guide §4.1.3), to a holder of a visit card of `name`.
pub(crate) fn bind_reminder(
    key: String,
    to: Openid,
    name: &PersonName,
    bureau_word: &str,
) -> Message {
    Message {
        key,
        to,
        kind: Kind::BindReminder,
        first: "您已绑定就诊卡，还未绑定电子社保卡。".to_owned(),
        keywords: vec![name.reveal().to_owned(), format!("电子社保卡绑卡，{bureau_word}在线缴费")],
        remark: format!("点击在家完成在线绑卡，门诊缴费即可使用{bureau_word}支付。"),
        path: "/card".to_owned(),
        of_order: None,
    }
}

/// 诊间支付提醒 (guide §4.1.4): says whether insurance or cash pays online. `card_id` is the
/// holder's card of the patient.
pub(crate) fn payment_reminder(
    key: String,
    to: Openid,
    (name, card_id): (&PersonName, &str),
    bill: &Bill,
    words: Words,
) -> Message {
    let (pays, remark) = match words {
        Words::PayByCash(Cover::ClassNotCovered) => {
            ("自费在线缴费", format!("{}不支持医保在线支付，点击可自费缴费。", class(bill.class)))
        }
        Words::PayByCash(Cover::Insured | Cover::NotPreSettled) => (
            "自费在线缴费",
            "此单未做医保预结算，点击可自费缴费；如需医保结算请到窗口办理。".to_owned(),
        ),
        Words::PayByInsuranceOrCash
        | Words::PayAndTakeNumber
        | Words::TakeNumber
        | Words::ReadReport => ("支持医保/自费在线缴费", "点击即可缴费，无需排队。".to_owned()),
    };
    let doctor = format!("{} {}", bill.department, bill.doctor);
    Message {
        key,
        to,
        kind: Kind::PaymentReminder,
        first: "医生已为您开具处方，请及时缴费。".to_owned(),
        keywords: vec![
            name.reveal().to_owned(),
            bill.title.clone(),
            or_dash(doctor.trim()),
            yuan(bill.total_fen),
            pays.to_owned(),
        ],
        remark,
        path: format!("/checkout?bill={}&card={card_id}", encoded(bill.bill_no.as_str())),
        of_order: None,
    }
}

/// What is not ordinary outpatient care, by name (guide, FAQ 1).
const fn class(class: BillClass) -> &'static str {
    match class {
        BillClass::Ordinary => "普通门诊",
        BillClass::Maternity => "生育类费用",
        BillClass::SeriousIllness => "重疾类费用",
        BillClass::SpecialDisease => "特病类费用",
        BillClass::SpecialExamination => "特检类费用",
        BillClass::Vaccination => "预防接种费用",
        BillClass::Inpatient => "住院费用",
    }
}

/// 就诊提醒, in the morning of the visit.
pub(crate) fn visit_reminder(
    key: String,
    to: Openid,
    name: &PersonName,
    booking: &Booking,
    words: Words,
) -> Message {
    let remark = if words == Words::PayAndTakeNumber {
        "您的挂号还未缴费，当天可使用医保支付。点击支付并取号。"
    } else {
        "点击取号后，请按时到科室候诊。"
    };
    Message {
        key,
        to,
        kind: Kind::VisitReminder,
        first: "您预约的就诊就在今天。".to_owned(),
        keywords: vec![
            name.reveal().to_owned(),
            booking.department.clone(),
            or_dash(&booking.doctor),
            format!("{} {}", booking.day, booking.time),
            or_dash(&booking.place),
        ],
        remark: remark.to_owned(),
        path: "/pickup".to_owned(),
        of_order: None,
    }
}

/// 报告已出. `card_id` is the holder's card of the patient.
pub(crate) fn result_ready(
    key: String,
    to: Openid,
    (name, card_id): (&PersonName, &str),
    event: &ResultReady,
) -> Message {
    Message {
        key,
        to,
        kind: Kind::ResultReady,
        first: "您的检验检查报告已出。".to_owned(),
        keywords: vec![name.reveal().to_owned(), event.title.clone()],
        remark: "点击查看报告。结果请以医生解读为准。".to_owned(),
        path: format!("/results/{}?card={card_id}", encoded(&event.result_no)),
        of_order: None,
    }
}

fn encoded(text: &str) -> String {
    medpay_wire::public_account::encode_component(text)
}

/// What a paid message says of its order.
#[expect(clippy::struct_field_names, reason = "paid_at is what every order calls it")]
pub(crate) struct Paid<'a> {
    /// The order; also the message's key.
    pub(crate) hosp_out_trade_no: &'a HospOutTradeNo,
    /// Who paid, under the hospital's own account.
    pub(crate) payer: Openid,
    /// 用户姓名.
    pub(crate) name: &'a PersonName,
    /// 总金额.
    pub(crate) total: Fen,
    /// 缴费时间.
    pub(crate) paid_at: Timestamp,
    /// What the patient does next, as the HIS says it; may be empty.
    pub(crate) guide: &'a str,
}

/// 门诊缴费成功: the appendix's type 1. `item` is the order's `body`.
pub(crate) fn outpatient_paid(paid: Paid<'_>, item: &str) -> Message {
    let keywords = vec![
        paid.name.reveal().to_owned(),
        item.to_owned(),
        yuan(paid.total),
        time(paid.paid_at),
        paid.hosp_out_trade_no.as_str().to_owned(),
    ];
    let first = if paid.guide.is_empty() {
        "您已缴费成功，详情如下：".to_owned()
    } else {
        format!("您已缴费成功，{}，详情如下：", paid.guide.trim_end_matches(['。', '，']))
    };
    let remark = "如需打印发票，请凭就诊卡前往门诊大厅打印。";
    told(paid, Kind::OutpatientPaid, first, keywords, remark)
}

/// What a registration's paid message says beside [`Paid`].
pub(crate) struct Registered<'a> {
    /// 医生.
    pub(crate) doctor: &'a str,
    /// 科室.
    pub(crate) department: &'a str,
    /// 医院.
    pub(crate) hospital: &'a str,
    /// 就诊时间, as patients read it.
    pub(crate) visit_time: &'a str,
    /// 登记号.
    pub(crate) register_no: &'a str,
}

/// 挂号缴费成功: the appendix's type 3.
pub(crate) fn registration_paid(paid: Paid<'_>, registered: &Registered<'_>) -> Message {
    let keywords = vec![
        paid.name.reveal().to_owned(),
        or_dash(registered.doctor),
        or_dash(registered.department),
        registered.hospital.to_owned(),
        or_dash(registered.visit_time),
        or_dash(registered.register_no),
        yuan(paid.total),
        time(paid.paid_at),
        paid.hosp_out_trade_no.as_str().to_owned(),
    ];
    let first = "您已成功挂号并缴费，挂号详细情况如下：".to_owned();
    let remark =
        if paid.guide.is_empty() { "请按时到科室分诊台报到。" } else { paid.guide };
    told(paid, Kind::RegistrationPaid, first, keywords, remark)
}

fn told(paid: Paid<'_>, kind: Kind, first: String, keywords: Vec<String>, remark: &str) -> Message {
    Message {
        key: format!("paid/{}", paid.hosp_out_trade_no),
        to: paid.payer,
        kind,
        first,
        keywords,
        remark: remark.to_owned(),
        path: format!("/orders/{}", encoded(paid.hosp_out_trade_no.as_str())),
        of_order: Some(paid.hosp_out_trade_no.clone()),
    }
}

/// 退款通知: `hosp_out_refund_no` is in the key, so that each refund is told of once.
pub(crate) fn refunded(
    hosp_out_refund_no: &str,
    to: Openid,
    (hosp_out_trade_no, amount): (&HospOutTradeNo, Fen),
    at: Timestamp,
) -> Message {
    Message {
        key: format!("refunded/{hosp_out_refund_no}"),
        to,
        kind: Kind::Refunded,
        first: "您的退款已办理，款项原路退回。".to_owned(),
        keywords: vec![yuan(amount), time(at), hosp_out_trade_no.as_str().to_owned()],
        remark: "点击查看订单。".to_owned(),
        path: format!("/orders/{}", encoded(hosp_out_trade_no.as_str())),
        of_order: None,
    }
}
