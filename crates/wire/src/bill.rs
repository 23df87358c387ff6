//! A day's bill (PROTOCOL 3.8): 34 columns, a row of totals, amounts in yuan with two decimals.
//!
//! Before every value stands a backtick, and a row is split at ``,` `` and not at the comma. For
//! that to hold, a backtick in a value becomes `'`, and line ends and other control characters
//! become spaces; commas stay. Lines end in `\n`; the reader takes `\r\n` and a UTF-8 byte order
//! mark too. Packing (GZIP) is the platform's.
//!
//! A payment and its refund are two rows, as in V2: the one has 0.00 in the columns of the refund,
//! the other in those of the payment, so every total is the plain sum of its column.

use crate::caller_fields::Merchant;
use crate::states::{OrderType, PayType, RefundState};
use medpay_domain::{
    Appid, BillNo, CashOrderId, ChannelNo, CityId, Fen, HospOutRefundNo, HospOutTradeNo,
    InsuranceOrderId, MchId, MedRefundId, MedTransId, Openid, OrgNo, SerialNo, Timestamp,
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
fn add(sum: &mut Fen, amount: Fen) {
    *sum = sum.checked_add(amount).or(Fen::new(i64::MAX)).unwrap_or_default();
}

impl Refund {
    /// 退款总金额.
    pub fn total_refund_fee(&self) -> Fen {
        let mut total = self.cash_refund_fee;
        add(&mut total, self.insurance_refund_fee);
        total
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
        let mut totals = Self::default();
        for row in rows {
            match &row.event {
                Event::Payment(payment) => {
                    totals.payments += 1;
                    add(&mut totals.total_fee, payment.total_fee);
                    add(&mut totals.cash_fee, payment.cash_fee);
                    add(&mut totals.insurance_fee, payment.insurance_fee);
                }
                Event::Refund(refund) => {
                    totals.refunds += 1;
                    add(&mut totals.total_refund_fee, refund.total_refund_fee());
                    add(&mut totals.cash_refund_fee, refund.cash_refund_fee);
                    add(&mut totals.insurance_refund_fee, refund.insurance_refund_fee);
                }
            }
        }
        totals
    }
}

/// Why a text is not a bill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BillReadFault {
    /// Not UTF-8.
    #[error("the bill is not UTF-8")]
    NotUtf8,
    /// The first line, or that above the totals, has other columns.
    #[error("line {line} of the bill is not the expected header")]
    Header {
        /// Counted from 1.
        line: usize,
    },
    /// A line with more or fewer values than columns.
    #[error("line {line} of the bill has {found} values")]
    Width {
        /// Counted from 1.
        line: usize,
        /// How many.
        found: usize,
    },
    /// A value that its column cannot have.
    #[error("line {line} of the bill: {column} is invalid")]
    Value {
        /// Counted from 1.
        line: usize,
        /// The column's name.
        column: &'static str,
    },
    /// The text ends before the totals.
    #[error("the bill ends without totals")]
    NoTotals,
}

/// A value as it can stand in a row.
fn clean(value: &str) -> String {
    value
        .chars()
        .map(|c| match c {
            '`' => '\'',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

fn push_line<'a>(text: &mut String, values: impl IntoIterator<Item = &'a str>) {
    for (n, value) in values.into_iter().enumerate() {
        text.push_str(if n == 0 { "`" } else { ",`" });
        text.push_str(&clean(value));
    }
    text.push('\n');
}

impl Bill {
    /// A bill of these rows, with their totals.
    pub fn new(rows: Vec<Row>) -> Self {
        let totals = Totals::of(&rows);
        Self { rows, totals }
    }

    /// Whether the totals are those of the rows.
    pub fn adds_up(&self) -> bool {
        self.totals == Totals::of(&self.rows)
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
                return Ok(Self { rows, totals });
            } else {
                return Err(BillReadFault::Header { line });
            }
        }
        Err(BillReadFault::NoTotals)
    }
}

impl Row {
    fn values(&self) -> Vec<String> {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let merchant = &self.merchant;
        let mut values = vec![
            self.time.to_string().split('.').next().unwrap_or_default().to_owned(),
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

    fn read(line: &Line<'_>) -> Result<Self, BillReadFault> {
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
                } else if line.yuan(26)? != refund.total_refund_fee() {
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
    fn values(&self) -> [String; 8] {
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

    fn read(line: &Line<'_>) -> Result<Self, BillReadFault> {
        let count = |text: &str| text.parse().ok();
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

/// A line's values, split.
struct Line<'a> {
    number: usize,
    columns: &'static [&'static str],
    values: Vec<&'a str>,
}

impl<'a> Line<'a> {
    fn split(
        number: usize,
        text: &'a str,
        columns: &'static [&'static str],
    ) -> Result<Self, BillReadFault> {
        let values: Vec<&str> = text.strip_prefix('`').unwrap_or(text).split(",`").collect();
        if values.len() == columns.len() {
            Ok(Self { number, columns, values })
        } else {
            Err(BillReadFault::Width { line: number, found: values.len() })
        }
    }

    fn fault(&self, column: usize) -> BillReadFault {
        let column = self.columns.get(column).copied().unwrap_or_default();
        BillReadFault::Value { line: self.number, column }
    }

    fn text(&self, column: usize) -> &'a str {
        self.values.get(column).copied().unwrap_or_default()
    }

    fn optional(&self, column: usize) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    fn some(&self, column: usize) -> Result<&'a str, BillReadFault> {
        self.optional(column).ok_or_else(|| self.fault(column))
    }

    fn parsed<T>(
        &self,
        column: usize,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, BillReadFault> {
        parse(self.text(column)).ok_or_else(|| self.fault(column))
    }

    fn yuan(&self, column: usize) -> Result<Fen, BillReadFault> {
        self.parsed(column, |text| Fen::from_yuan(text).ok())
    }

    /// `yyyy-MM-dd HH:mm:ss`, as V2 prints it.
    fn time(&self, column: usize) -> Result<Timestamp, BillReadFault> {
        self.parsed(column, |text| {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            Timestamp::from_wire(&digits).filter(|_| text.len() == 19)
        })
    }
}
