//! What unifiedorder and qrcodeunifiedorder have in common (PROTOCOL 3.1, 3.10).

use crate::caller_fields::Patient;
use crate::err_code::ErrCode;
use crate::fields::{FieldFault, Fields};
use crate::interface::{FieldSpec, Kind, Required, opt, req};
use crate::request_content::RequestContent;
use crate::states::{OrderType, PayType};
use crate::value::{Flag, HttpUrl, Lines, Text};
use medpay_domain::{BillNo, ChannelNo, CityId, Fen, HospOutTradeNo, OrgNo, SerialNo, Timestamp};
use std::net::Ipv4Addr;

/// What is ordered, whoever pays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderFields {
    /// 订单类型.
    pub order_type: OrderType,
    /// 医院订单号, the idempotency key.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// 医院名称.
    pub hospital_name: Text<128>,
    /// The five amounts.
    pub amounts: Amounts,
    /// 额外现金文案.
    pub cash_add_wording: Option<Text<32>>,
    /// 优惠文案, a code: 1 预交金支付; none 机构优惠金额.
    pub cash_reduced_wording: Option<Text<32>>,
    /// 允许金额变化: whether the bureau's split wins where it differs.
    pub allow_fee_change: bool,
    /// 用户端 ip.
    pub spbill_create_ip: Ipv4Addr,
    /// Where the payment is notified.
    pub notify_url: HttpUrl<256>,
    /// 商品描述.
    pub body: Text<128>,
    /// 支付方式, never derived from the amounts.
    pub pay_type: PayType,
    /// 城市; none means the account's.
    pub city_id: Option<CityId>,
    /// Who is treated.
    pub patient: Patient,
    /// 业务流水号.
    pub serial_no: SerialNo,
    /// 医疗机构编码.
    pub org_no: OrgNo,
    /// 医院下单时间.
    pub gmt_out_create: Timestamp,
    /// 医保结构体; only a cash order may lack it.
    pub request_content: Option<RequestContent>,
    /// 业务单据号.
    pub bill_no: Option<BillNo>,
    /// 渠道号.
    pub channel_no: Option<ChannelNo>,
    /// 扩展字段.
    pub extends: Option<Lines<512>>,
}

pub(crate) const ORDER_TYPE: FieldSpec =
    req("order_type", "订单类型", 16, Kind::Word(OrderType::WORDS));
pub(crate) const HOSP_OUT_TRADE_NO: FieldSpec =
    req("hosp_out_trade_no", "医院订单号", 64, Kind::Text);
pub(crate) const HOSPITAL_NAME: FieldSpec = req("hospital_name", "医院名称", 128, Kind::Text);
pub(crate) const TOTAL_FEE: FieldSpec = req("total_fee", "订单总额", 20, Kind::Positive);
pub(crate) const CASH_FEE: FieldSpec = req("cash_fee", "现金需支付", 20, Kind::Uint64);
pub(crate) const INSURANCE_FEE: FieldSpec = req("insurance_fee", "医保支付", 20, Kind::Uint64);
pub(crate) const CASH_ADD_FEE: FieldSpec = opt("cash_add_fee", "额外现金", 20, Kind::Uint64);
pub(crate) const CASH_ADD_WORDING: FieldSpec =
    opt("cash_add_wording", "额外现金文案", 32, Kind::Text);
pub(crate) const CASH_REDUCED_FEE: FieldSpec =
    opt("cash_reduced_fee", "现金优惠", 20, Kind::Uint64);
pub(crate) const CASH_REDUCED_WORDING: FieldSpec =
    opt("cash_reduced_wording", "优惠文案", 32, Kind::Text);
pub(crate) const ALLOW_FEE_CHANGE: FieldSpec =
    req("allow_fee_change", "允许金额变化", 3, Kind::Flag);
pub(crate) const SPBILL_CREATE_IP: FieldSpec = req("spbill_create_ip", "用户端 ip", 16, Kind::Ip);
pub(crate) const NOTIFY_URL: FieldSpec = req("notify_url", "通知地址", 256, Kind::Url);
pub(crate) const BODY: FieldSpec = req("body", "商品描述", 128, Kind::Text);
pub(crate) const PAY_TYPE: FieldSpec = req("pay_type", "支付方式", 3, Kind::Word(PayType::WORDS));
pub(crate) const CITY_ID: FieldSpec = opt("city_id", "城市 id", 32, Kind::Text);
pub(crate) const IS_DEPT: FieldSpec = opt("is_dept", "医保标识", 32, Kind::Text);
pub(crate) const SERIAL_NO: FieldSpec = req("serial_no", "业务流水号", 20, Kind::Text);
pub(crate) const ORG_NO: FieldSpec = req("org_no", "医疗机构编码", 32, Kind::Text);
pub(crate) const GMT_OUT_CREATE: FieldSpec = req("gmt_out_create", "医院下单时间", 14, Kind::Time);
pub(crate) const REQUEST_CONTENT: FieldSpec =
    req("request_content", "医保结构体", RequestContent::MAX_BYTES, Kind::Content);
/// An order's; a cash order may lack it.
pub(crate) const ORDER_CONTENT: FieldSpec = REQUEST_CONTENT
    .rule(Required::When("pay_type is not 1", |fields| fields.value("pay_type") != Some("1")));
pub(crate) const BILL_NO: FieldSpec = opt("bill_no", "业务单据号", 20, Kind::Text);
pub(crate) const CHANNEL_NO: FieldSpec = opt("channel_no", "渠道号", 32, Kind::Text);
pub(crate) const EXTENDS: FieldSpec = opt("extends", "扩展字段", 512, Kind::Lines);

impl OrderFields {
    pub(crate) fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        Ok(Self {
            order_type: fields.required("order_type")?,
            hosp_out_trade_no: fields.required("hosp_out_trade_no")?,
            hospital_name: fields.required("hospital_name")?,
            amounts: Amounts {
                total_fee: fields.required("total_fee")?,
                cash_fee: fields.required("cash_fee")?,
                insurance_fee: fields.required("insurance_fee")?,
                cash_add_fee: fields.optional("cash_add_fee")?.unwrap_or_default(),
                cash_reduced_fee: fields.optional("cash_reduced_fee")?.unwrap_or_default(),
            },
            cash_add_wording: fields.optional("cash_add_wording")?,
            cash_reduced_wording: fields.optional("cash_reduced_wording")?,
            allow_fee_change: fields.required::<Flag>("allow_fee_change")?.0,
            spbill_create_ip: fields.required("spbill_create_ip")?,
            notify_url: fields.required("notify_url")?,
            body: fields.required("body")?,
            pay_type: fields.required("pay_type")?,
            city_id: fields.optional("city_id")?,
            patient: Patient::decode(fields)?,
            serial_no: fields.required("serial_no")?,
            org_no: fields.required("org_no")?,
            gmt_out_create: fields.required("gmt_out_create")?,
            request_content: fields.optional("request_content")?,
            bill_no: fields.optional("bill_no")?,
            channel_no: fields.optional("channel_no")?,
            extends: fields.optional("extends")?,
        })
    }

    pub(crate) fn encode(&self, fields: &mut Fields) {
        fields
            .set("order_type", self.order_type)
            .set("hosp_out_trade_no", self.hosp_out_trade_no.as_str())
            .set("hospital_name", &self.hospital_name)
            .set("total_fee", self.amounts.total_fee.to_string())
            .set("cash_fee", self.amounts.cash_fee.to_string())
            .set("insurance_fee", self.amounts.insurance_fee.to_string())
            .set("cash_add_fee", self.amounts.cash_add_fee.to_string())
            .set_opt("cash_add_wording", self.cash_add_wording.as_ref())
            .set("cash_reduced_fee", self.amounts.cash_reduced_fee.to_string())
            .set_opt("cash_reduced_wording", self.cash_reduced_wording.as_ref())
            .set("allow_fee_change", Flag(self.allow_fee_change).as_str())
            .set("spbill_create_ip", self.spbill_create_ip.to_string())
            .set("notify_url", self.notify_url.as_str())
            .set("body", &self.body)
            .set("pay_type", self.pay_type)
            .set_opt("city_id", self.city_id.as_ref().map(CityId::as_str))
            .set("serial_no", self.serial_no.as_str())
            .set("org_no", self.org_no.as_str())
            .set("gmt_out_create", self.gmt_out_create.wire())
            .set_opt("request_content", self.request_content.as_ref().map(RequestContent::as_str))
            .set_opt("bill_no", self.bill_no.as_ref().map(BillNo::as_str))
            .set_opt("channel_no", self.channel_no.as_ref().map(ChannelNo::as_str))
            .set_opt("extends", self.extends.as_ref());
        self.patient.encode(fields);
    }
}

/// An order's amounts. `total_fee` may exceed the others by the bureau's own discount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amounts {
    /// T 订单总额.
    pub total_fee: Fen,
    /// C 现金需支付; contains `cash_add_fee`.
    pub cash_fee: Fen,
    /// I 医保支付.
    pub insurance_fee: Fen,
    /// A 额外现金: charged by the hospital on top.
    pub cash_add_fee: Fen,
    /// R 现金优惠: the hospital's discount, not in `cash_fee` but in `total_fee`.
    pub cash_reduced_fee: Fen,
}

/// How amounts contradict each other or the way of payment (PROTOCOL 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountFault {
    /// Mixed without cash: 513.
    #[error("in cash combine insurance pay mode, cash_fee must be more than 0")]
    MixedNeedsCash,
    /// 现金 without cash.
    #[error("现金支付时cash_fee必须大于0")]
    CashNeedsCash,
    /// 现金 with insurance.
    #[error("现金支付时insurance_fee必须为0")]
    CashHasInsurance,
    /// 医保 with cash.
    #[error("医保支付时cash_fee必须为0")]
    InsuranceHasCash,
    /// 医保 without insurance.
    #[error("医保支付时insurance_fee必须大于0")]
    InsuranceNeedsInsurance,
    /// A > C.
    #[error("cash_add_fee不能大于cash_fee")]
    AddExceedsCash,
    /// C + I + R > T.
    #[error("total_fee不能小于cash_fee、insurance_fee与cash_reduced_fee之和")]
    PartsExceedTotal,
}

impl AmountFault {
    /// 513 has its own code, the others have none that is known.
    pub const fn err_code(self) -> ErrCode {
        match self {
            Self::MixedNeedsCash => ErrCode::MixedNeedsCash,
            Self::CashNeedsCash
            | Self::CashHasInsurance
            | Self::InsuranceHasCash
            | Self::InsuranceNeedsInsurance
            | Self::AddExceedsCash
            | Self::PartsExceedTotal => ErrCode::InvalidRequest,
        }
    }
}

impl Amounts {
    /// Whether the amounts fit each other and the way of payment.
    pub fn check(&self, pay_type: PayType) -> Result<(), AmountFault> {
        match pay_type {
            PayType::Cash if self.cash_fee.is_zero() => return Err(AmountFault::CashNeedsCash),
            PayType::Cash if !self.insurance_fee.is_zero() => {
                return Err(AmountFault::CashHasInsurance);
            }
            PayType::Insurance if !self.cash_fee.is_zero() => {
                return Err(AmountFault::InsuranceHasCash);
            }
            PayType::Insurance if self.insurance_fee.is_zero() => {
                return Err(AmountFault::InsuranceNeedsInsurance);
            }
            PayType::Mixed if self.cash_fee.is_zero() => return Err(AmountFault::MixedNeedsCash),
            PayType::Cash | PayType::Insurance | PayType::Mixed => {}
        }
        if self.cash_add_fee > self.cash_fee {
            return Err(AmountFault::AddExceedsCash);
        }
        let parts = self
            .cash_fee
            .checked_add(self.insurance_fee)
            .and_then(|sum| sum.checked_add(self.cash_reduced_fee));
        if parts.is_some_and(|parts| parts <= self.total_fee) {
            Ok(())
        } else {
            Err(AmountFault::PartsExceedTotal)
        }
    }
}
