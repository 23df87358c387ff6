//! A day's bill (PROTOCOL 3.8): 34 columns, a row of totals, amounts in yuan with two decimals.
//!
//! Before every value stands a backtick, and a row is split at ``,` `` and not at the comma. For
//! that to hold, a backtick in a value becomes `'`, and line ends and other control characters
//! become spaces; commas stay. Lines end in `\n`; the reader takes `\r\n` and a UTF-8 byte order
//! mark too. Packing (GZIP) is the platform's.
//!
//! A payment and its refund are two rows, as in V2: the one has 0.00 in the columns of the refund,
//! the other in those of the payment, so every total is the plain sum of its column.

mod columns;
mod line;

pub use columns::{COLUMNS, TOTAL_COLUMNS};
pub use line::BillReadFault;

use crate::caller_fields::Merchant;
use crate::states::{OrderType, PayType, RefundState};
use line::{Line, push_line};
use medpay_domain::{
    BillNo, CashOrderId, ChannelNo, CityId, Fen, HospOutRefundNo, HospOutTradeNo, InsuranceOrderId,
    MedRefundId, MedTransId, Openid, OrgNo, SerialNo, Timestamp,
};

/// A bill. Its totals are as they were written; [`Bill::adds_up`] compares them with the rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bill {
    /// Payments and refunds, in the order they happened.
    pub rows: Vec<Row>,
    /// The last row.
    pub totals: Totals,
}

/// One event of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// 交易时间: `time_end` of the payment, or when the refund succeeded.
    pub time: Timestamp,
    /// Whose order.
    pub merchant: Merchant,
    /// 医疗机构编码.
    pub org_no: OrgNo,
    /// 城市ID.
    pub city_id: Option<CityId>,
    /// 渠道号.
    pub channel_no: Option<ChannelNo>,
    /// 医疗订单号.
    pub med_trans_id: MedTransId,
    /// 医院订单号.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// 业务流水号.
    pub serial_no: SerialNo,
    /// 医保单据号.
    pub bill_no: Option<BillNo>,
    /// 微信支付单号.
    pub cash_order_id: Option<CashOrderId>,
    /// 医保子单号.
    pub insurance_order_id: Option<InsuranceOrderId>,
    /// 用户标识: the payer, `sub_openid` where that is how the order was made.
    pub openid: Openid,
    /// 订单类型.
    pub order_type: OrderType,
    /// 支付类型.
    pub pay_type: PayType,
    /// What happened.
    pub event: Event,
    /// 商品名称.
    pub body: String,
    /// 扩展字段.
    pub extends: String,
}

/// What a [`Row`] tells of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// 交易状态 SUCCESS.
    Payment(Payment),
    /// 交易状态 REFUND, or SYS_REFUND if [`RefundType::Sys`].
    Refund(Refund),
}

/// The amounts that were paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Payment {
    /// 订单总金额.
    pub total_fee: Fen,
    /// 现金金额.
    pub cash_fee: Fen,
    /// 医保金额.
    pub insurance_fee: Fen,
    /// 额外现金金额, contained in `cash_fee`.
    pub cash_add_fee: Fen,
    /// 现金优惠金额.
    pub cash_reduced_fee: Fen,
}

/// What went back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    /// 医保退款单号; a system refund has none.
    pub med_refund_id: Option<MedRefundId>,
    /// 医院退款单号, likewise.
    pub hosp_out_refund_no: Option<HospOutRefundNo>,
    /// 退款类型.
    pub kind: RefundType,
    /// 现金退款金额.
    pub cash_refund_fee: Fen,
    /// 医保退款金额.
    pub insurance_refund_fee: Fen,
    /// 退款状态.
    pub state: RefundState,
    /// 医保撤销单据号.
    pub cancel_bill_no: Option<BillNo>,
    /// 医保撤销流水号.
    pub cancel_serial_no: Option<SerialNo>,
}

/// 退款类型.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefundType {
    /// The hospital asked for all of it.
    All,
    /// The hospital asked for the cash part.
    CashOnly,
    /// The platform gave the cash back by itself, since the bureau refused.
    Sys,
}

impl RefundType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::CashOnly => "CASH_ONLY",
            Self::Sys => "SYS",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::All, Self::CashOnly, Self::Sys].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A sum that stops at the largest amount that can be written; no day has that much.
fn add(sum: Fen, amount: Fen) -> Option<Fen> {
    sum.checked_add(amount).or(Fen::new(i64::MAX))
}

impl Refund {
    /// 退款总金额, unless it is too large to be written down.
    fn exact_total(&self) -> Option<Fen> {
        self.cash_refund_fee.checked_add(self.insurance_refund_fee)
    }

    /// 退款总金额.
    pub fn total_refund_fee(&self) -> Fen {
        add(self.cash_refund_fee, self.insurance_refund_fee).unwrap_or_default()
    }
}

/// The sums of a bill's rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// 总交易单数: how many payments.
    pub payments: u64,
    /// 订单总金额.
    pub total_fee: Fen,
    /// 现金总金额.
    pub cash_fee: Fen,
    /// 医保总金额.
    pub insurance_fee: Fen,
    /// 总退款笔数.
    pub refunds: u64,
    /// 退款总金额.
    pub total_refund_fee: Fen,
    /// 现金退款总金额.
    pub cash_refund_fee: Fen,
    /// 医保退款总金额.
    pub insurance_refund_fee: Fen,
}

impl Totals {
    /// The sums of `rows`.
    pub fn of(rows: &[Row]) -> Self {
        Self::sum(rows, add).unwrap_or_default()
    }

    fn sum(rows: &[Row], add: impl Fn(Fen, Fen) -> Option<Fen>) -> Option<Self> {
        let mut sums = Self::default();
        for row in rows {
            match &row.event {
                Event::Payment(payment) => {
                    sums.payments += 1;
                    sums.total_fee = add(sums.total_fee, payment.total_fee)?;
                    sums.cash_fee = add(sums.cash_fee, payment.cash_fee)?;
                    sums.insurance_fee = add(sums.insurance_fee, payment.insurance_fee)?;
                }
                Event::Refund(refund) => {
                    let (cash, insurance) = (refund.cash_refund_fee, refund.insurance_refund_fee);
                    sums.refunds += 1;
                    sums.total_refund_fee = add(sums.total_refund_fee, add(cash, insurance)?)?;
                    sums.cash_refund_fee = add(sums.cash_refund_fee, cash)?;
                    sums.insurance_refund_fee = add(sums.insurance_refund_fee, insurance)?;
                }
            }
        }
        Some(sums)
    }
}

impl Bill {
    /// A bill of these rows, with their totals.
    pub fn new(rows: Vec<Row>) -> Self {
        let totals = Totals::of(&rows);
        Self { rows, totals }
    }

    /// Whether the totals are those of the rows.
    pub fn adds_up(&self) -> bool {
        Totals::sum(&self.rows, Fen::checked_add) == Some(self.totals)
    }

    /// The bill as text.
    pub fn to_text(&self) -> String {
        let mut text = COLUMNS.join(",");
        text.push('\n');
        for row in &self.rows {
            let values = row.values();
            push_line(&mut text, values.iter().map(String::as_str));
        }
        text.push_str(&TOTAL_COLUMNS.join(","));
        text.push('\n');
        let values = self.totals.values();
        push_line(&mut text, values.iter().map(String::as_str));
        text
    }

    /// Reads a bill.
    pub fn read(bytes: &[u8]) -> Result<Self, BillReadFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| BillReadFault::NotUtf8)?;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut lines = (1..).zip(text.lines());
        match lines.next() {
            Some((_, header)) if header == COLUMNS.join(",") => {}
            _ => return Err(BillReadFault::Header { line: 1 }),
        }
        let mut rows = Vec::new();
        for (line, text) in &mut lines {
            if text.starts_with('`') {
                rows.push(Row::read(&Line::split(line, text, &COLUMNS)?)?);
            } else if text == TOTAL_COLUMNS.join(",") {
                let (line, text) = lines.next().ok_or(BillReadFault::NoTotals)?;
                let totals = Totals::read(&Line::split(line, text, &TOTAL_COLUMNS)?)?;
                return match lines.next() {
                    None => Ok(Self { rows, totals }),
                    Some((line, _)) => Err(BillReadFault::Trailing { line }),
                };
            } else {
                return Err(BillReadFault::Header { line });
            }
        }
        Err(BillReadFault::NoTotals)
    }
}
