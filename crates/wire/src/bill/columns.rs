//! The columns of a bill, and how a row's values stand in them.

use super::line::{BillReadFault, Line, time_text};
use super::{Event, Payment, Refund, RefundType, Row, Totals};
use crate::caller_fields::Merchant;
use crate::states::{OrderType, PayType, RefundState};
use medpay_domain::{
    Appid, BillNo, CashOrderId, ChannelNo, CityId, Fen, HospOutRefundNo, HospOutTradeNo,
    InsuranceOrderId, MchId, MedRefundId, MedTransId, Openid, OrgNo, SerialNo,
};

/// The columns of a row.
pub const COLUMNS: [&str; 34] = [
    "交易时间",
    "公众账号ID",
    "商户号",
    "子公众账号ID",
    "子商户号",
    "医疗机构编码",
    "城市ID",
    "渠道号",
    "医疗订单号",
    "医院订单号",
    "业务流水号",
    "医保单据号",
    "微信支付单号",
    "医保子单号",
    "用户标识",
    "订单类型",
    "支付类型",
    "交易状态",
    "订单总金额",
    "现金金额",
    "医保金额",
    "额外现金金额",
    "现金优惠金额",
    "医保退款单号",
    "医院退款单号",
    "退款类型",
    "退款总金额",
    "现金退款金额",
    "医保退款金额",
    "退款状态",
    "医保撤销单据号",
    "医保撤销流水号",
    "商品名称",
    "扩展字段",
];

/// The columns of the totals.
pub const TOTAL_COLUMNS: [&str; 8] = [
    "总交易单数",
    "订单总金额",
    "现金总金额",
    "医保总金额",
    "总退款笔数",
    "退款总金额",
    "现金退款总金额",
    "医保退款总金额",
];

impl Row {
    pub(super) fn values(&self) -> Vec<String> {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let merchant = &self.merchant;
        let mut values = vec![
            time_text(self.time),
            merchant.appid.to_string(),
            merchant.mch_id.to_string(),
            text(merchant.sub_appid.as_ref().map(Appid::as_str)),
            text(merchant.sub_mch_id.as_ref().map(MchId::as_str)),
            self.org_no.to_string(),
            text(self.city_id.as_ref().map(CityId::as_str)),
            text(self.channel_no.as_ref().map(ChannelNo::as_str)),
            self.med_trans_id.to_string(),
            self.hosp_out_trade_no.to_string(),
            self.serial_no.to_string(),
            text(self.bill_no.as_ref().map(BillNo::as_str)),
            text(self.cash_order_id.as_ref().map(CashOrderId::as_str)),
            text(self.insurance_order_id.as_ref().map(InsuranceOrderId::as_str)),
            self.openid.reveal().to_owned(),
            self.order_type.to_string(),
            self.pay_type.to_string(),
        ];
        values.extend(self.event.values());
        values.extend([self.body.clone(), self.extends.clone()]);
        values
    }

    pub(super) fn read(line: &Line<'_>) -> Result<Self, BillReadFault> {
        Ok(Self {
            time: line.time(0)?,
            merchant: Merchant {
                appid: Appid::new(line.some(1)?),
                mch_id: MchId::new(line.some(2)?),
                sub_appid: line.optional(3).map(Appid::new),
                sub_mch_id: line.optional(4).map(MchId::new),
            },
            org_no: OrgNo::new(line.text(5)),
            city_id: line.optional(6).map(CityId::new),
            channel_no: line.optional(7).map(ChannelNo::new),
            med_trans_id: MedTransId::new(line.some(8)?),
            hosp_out_trade_no: HospOutTradeNo::new(line.some(9)?),
            serial_no: SerialNo::new(line.text(10)),
            bill_no: line.optional(11).map(BillNo::new),
            cash_order_id: line.optional(12).map(CashOrderId::new),
            insurance_order_id: line.optional(13).map(InsuranceOrderId::new),
            openid: Openid::new(line.text(14)),
            order_type: line.parsed(15, OrderType::parse)?,
            pay_type: line.parsed(16, PayType::parse)?,
            event: Event::read(line)?,
            body: line.text(32).to_owned(),
            extends: line.text(33).to_owned(),
        })
    }
}

impl Event {
    /// Columns 18 to 32.
    fn values(&self) -> [String; 15] {
        let none = String::new;
        let zero = || Fen::ZERO.yuan();
        match self {
            Self::Payment(payment) => [
                "SUCCESS".to_owned(),
                payment.total_fee.yuan(),
                payment.cash_fee.yuan(),
                payment.insurance_fee.yuan(),
                payment.cash_add_fee.yuan(),
                payment.cash_reduced_fee.yuan(),
                none(),
                none(),
                none(),
                zero(),
                zero(),
                zero(),
                none(),
                none(),
                none(),
            ],
            Self::Refund(refund) => {
                let state = match refund.kind {
                    RefundType::Sys => "SYS_REFUND",
                    RefundType::All | RefundType::CashOnly => "REFUND",
                };
                let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
                [
                    state.to_owned(),
                    zero(),
                    zero(),
                    zero(),
                    zero(),
                    zero(),
                    text(refund.med_refund_id.as_ref().map(MedRefundId::as_str)),
                    text(refund.hosp_out_refund_no.as_ref().map(HospOutRefundNo::as_str)),
                    refund.kind.as_str().to_owned(),
                    refund.total_refund_fee().yuan(),
                    refund.cash_refund_fee.yuan(),
                    refund.insurance_refund_fee.yuan(),
                    refund.state.to_string(),
                    text(refund.cancel_bill_no.as_ref().map(BillNo::as_str)),
                    text(refund.cancel_serial_no.as_ref().map(SerialNo::as_str)),
                ]
            }
        }
    }

    fn read(line: &Line<'_>) -> Result<Self, BillReadFault> {
        match line.text(17) {
            "SUCCESS" => Ok(Self::Payment(Payment {
                total_fee: line.yuan(18)?,
                cash_fee: line.yuan(19)?,
                insurance_fee: line.yuan(20)?,
                cash_add_fee: line.yuan(21)?,
                cash_reduced_fee: line.yuan(22)?,
            })),
            state @ ("REFUND" | "SYS_REFUND") => {
                let refund = Refund {
                    med_refund_id: line.optional(23).map(MedRefundId::new),
                    hosp_out_refund_no: line.optional(24).map(HospOutRefundNo::new),
                    kind: line.parsed(25, RefundType::parse)?,
                    cash_refund_fee: line.yuan(27)?,
                    insurance_refund_fee: line.yuan(28)?,
                    state: line.parsed(29, RefundState::parse)?,
                    cancel_bill_no: line.optional(30).map(BillNo::new),
                    cancel_serial_no: line.optional(31).map(SerialNo::new),
                };
                if (refund.kind == RefundType::Sys) != (state == "SYS_REFUND") {
                    Err(line.fault(25))
                } else if refund.exact_total() != Some(line.yuan(26)?) {
                    Err(line.fault(26))
                } else {
                    Ok(Self::Refund(refund))
                }
            }
            _ => Err(line.fault(17)),
        }
    }
}

impl Totals {
    pub(super) fn values(&self) -> [String; 8] {
        [
            self.payments.to_string(),
            self.total_fee.yuan(),
            self.cash_fee.yuan(),
            self.insurance_fee.yuan(),
            self.refunds.to_string(),
            self.total_refund_fee.yuan(),
            self.cash_refund_fee.yuan(),
            self.insurance_refund_fee.yuan(),
        ]
    }

    pub(super) fn read(line: &Line<'_>) -> Result<Self, BillReadFault> {
        let digits = |text: &&str| text.bytes().all(|b| b.is_ascii_digit());
        let count = |text: &str| Some(text).filter(digits)?.parse().ok();
        Ok(Self {
            payments: line.parsed(0, count)?,
            total_fee: line.yuan(1)?,
            cash_fee: line.yuan(2)?,
            insurance_fee: line.yuan(3)?,
            refunds: line.parsed(4, count)?,
            total_refund_fee: line.yuan(5)?,
            cash_refund_fee: line.yuan(6)?,
            insurance_refund_fee: line.yuan(7)?,
        })
    }
}
