//! 扫码支付后代发模板消息接口: §1.5 of 选用接口. What the four types say is [`crate::message`].

use crate::caller_fields::{NONCE_STR, OrderRef};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::opt;
use crate::interface::{FieldSpec, Interface, Kind, Required, req};
use crate::states::MsgType;
use crate::value::{HttpUrl, Lines, Text, Yuan};
use medpay_domain::Appid;

const fn for_types(
    name: &'static str,
    label: &'static str,
    max: usize,
    kind: Kind,
    when: (&'static str, fn(&Fields) -> bool),
) -> FieldSpec {
    req(name, label, max, kind).rule(Required::When(when.0, when.1))
}

fn is_type(fields: &Fields, types: &[&str]) -> bool {
    fields.value("msg_type").is_some_and(|given| types.contains(&given))
}

const TYPE_2: (&str, fn(&Fields) -> bool) = ("msg_type is 2", |fields| is_type(fields, &["2"]));
const TYPE_3: (&str, fn(&Fields) -> bool) = ("msg_type is 3", |fields| is_type(fields, &["3"]));
const TYPE_4: (&str, fn(&Fields) -> bool) = ("msg_type is 4", |fields| is_type(fields, &["4"]));
const TYPE_3_4: (&str, fn(&Fields) -> bool) =
    ("msg_type is 3 or 4", |fields| is_type(fields, &["3", "4"]));

/// The document's table. `hosp_out_trade_no` is String32 there and String64 everywhere else: 64
/// are taken (trap 9).
pub const SPEC: Interface = Interface {
    name: "sendmsg",
    path: "/payinsurance/sendmsg",
    title: "扫码支付后代发模板消息接口",
    fields: &[
        OrderRef::MED_TRANS_ID,
        OrderRef::HOSP_OUT_TRADE_NO,
        opt("redirect_url", "模板消息跳转链接", 256, Kind::Url),
        opt("mini_path", "模板消息跳转的小程序 path", 256, Kind::Text),
        opt("mini_appid", "模板消息跳转的小程序", 32, Kind::Text),
        req("msg_type", "模板消息类型", 3, Kind::Word(MsgType::WORDS)),
        NONCE_STR,
        req("first", "对应模板中的 first", 128, Kind::Lines),
        for_types("discount", "优惠", 16, Kind::Yuan, TYPE_2),
        for_types("real_fee", "实缴金额", 16, Kind::Yuan, TYPE_2),
        for_types("doctor", "医生", 128, Kind::Text, TYPE_3),
        for_types("department", "科室", 128, Kind::Text, TYPE_3),
        for_types("hospital", "医院", 128, Kind::Text, TYPE_3),
        for_types("visit_time", "就诊时间", 128, Kind::Text, TYPE_3),
        for_types("pre_register_item", "预约项目", 128, Kind::Text, TYPE_4),
        for_types("pre_register_time", "预约时间", 128, Kind::Text, TYPE_4),
        for_types("register_no", "登记号", 128, Kind::Text, TYPE_3_4),
        req("remark", "对应模板中的 remark", 128, Kind::Lines),
    ],
    reply: &[],
    signed_reply: true,
    carries_merchant: false,
};

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Which order.
    pub order: OrderRef,
    /// Where a tap leads.
    pub redirect_url: Option<HttpUrl<256>>,
    /// The mini-program that a tap opens; wins over `redirect_url` (trap 28).
    pub mini_appid: Option<Appid>,
    /// The page there; of no meaning without `mini_appid`.
    pub mini_path: Option<Text<256>>,
    /// 随机字符串, given back as it is (trap 19).
    pub nonce_str: Text<32>,
    /// What the message says.
    pub message: Message,
}

/// What the caller says of the message; the rest comes from the order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The first line.
    pub first: Lines<128>,
    /// The fields of the type.
    pub details: Details,
    /// The last line.
    pub remark: Lines<128>,
}

/// The caller's own fields of each `msg_type`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Details {
    /// 1 门诊缴费成功.
    Outpatient,
    /// 2 门诊缴费成功(含优惠).
    OutpatientDiscount {
        /// 优惠.
        discount: Yuan,
        /// 实缴金额.
        real_fee: Yuan,
    },
    /// 3 挂号缴费成功.
    Registration {
        /// 医生.
        doctor: Text<128>,
        /// 科室.
        department: Text<128>,
        /// 医院.
        hospital: Text<128>,
        /// 就诊时间.
        visit_time: Text<128>,
        /// 登记号.
        register_no: Text<128>,
    },
    /// 4 预约挂号缴费成功.
    Booking {
        /// 预约项目.
        pre_register_item: Text<128>,
        /// 预约时间.
        pre_register_time: Text<128>,
        /// 登记号.
        register_no: Text<128>,
    },
}

impl Details {
    /// The message's type.
    pub const fn msg_type(&self) -> MsgType {
        match self {
            Self::Outpatient => MsgType::Outpatient,
            Self::OutpatientDiscount { .. } => MsgType::OutpatientDiscount,
            Self::Registration { .. } => MsgType::Registration,
            Self::Booking { .. } => MsgType::Booking,
        }
    }

    fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        Ok(match fields.required("msg_type")? {
            MsgType::Outpatient => Self::Outpatient,
            MsgType::OutpatientDiscount => Self::OutpatientDiscount {
                discount: fields.required("discount")?,
                real_fee: fields.required("real_fee")?,
            },
            MsgType::Registration => Self::Registration {
                doctor: fields.required("doctor")?,
                department: fields.required("department")?,
                hospital: fields.required("hospital")?,
                visit_time: fields.required("visit_time")?,
                register_no: fields.required("register_no")?,
            },
            MsgType::Booking => Self::Booking {
                pre_register_item: fields.required("pre_register_item")?,
                pre_register_time: fields.required("pre_register_time")?,
                register_no: fields.required("register_no")?,
            },
        })
    }

    fn encode(&self, fields: &mut Fields) {
        fields.set("msg_type", self.msg_type());
        match self {
            Self::Outpatient => {}
            Self::OutpatientDiscount { discount, real_fee } => {
                fields.set("discount", discount.as_str()).set("real_fee", real_fee.as_str());
            }
            Self::Registration { doctor, department, hospital, visit_time, register_no } => {
                fields
                    .set("doctor", doctor)
                    .set("department", department)
                    .set("hospital", hospital)
                    .set("visit_time", visit_time)
                    .set("register_no", register_no);
            }
            Self::Booking { pre_register_item, pre_register_time, register_no } => {
                fields
                    .set("pre_register_item", pre_register_item)
                    .set("pre_register_time", pre_register_time)
                    .set("register_no", register_no);
            }
        }
    }
}

impl Request {
    /// Reads it; the first faulty field in the document's order is named.
    pub fn decode(document: &Verified) -> Result<Self, FieldFault> {
        let fields = document.fields();
        SPEC.check_request(fields)?;
        Ok(Self {
            order: OrderRef::decode(fields)?,
            redirect_url: fields.optional("redirect_url")?,
            mini_appid: fields.optional("mini_appid")?,
            mini_path: fields.optional("mini_path")?,
            nonce_str: fields.required("nonce_str")?,
            message: Message {
                first: fields.required("first")?,
                details: Details::decode(fields)?,
                remark: fields.required("remark")?,
            },
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.order.encode(&mut fields);
        fields
            .set_opt("redirect_url", self.redirect_url.as_ref().map(HttpUrl::as_str))
            .set_opt("mini_appid", self.mini_appid.as_ref().map(Appid::as_str))
            .set_opt("mini_path", self.mini_path.as_ref())
            .set("nonce_str", &self.nonce_str)
            .set("first", &self.message.first)
            .set("remark", &self.message.remark);
        self.message.details.encode(&mut fields);
        fields
    }
}

/// The answer: nothing but the envelope, with the request's own nonce.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// 原样返回: the request's.
    pub nonce_str: Text<32>,
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        fields.set("nonce_str", &self.nonce_str);
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        Ok(Self { nonce_str: fields.required("nonce_str")? })
    }
}
