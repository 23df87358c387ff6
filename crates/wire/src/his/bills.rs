//! Bills (待缴费): what a registration or a prescription costs, and who pays which part.

use crate::contracts::adapters::{option, plain};
use crate::his::{call, shape};
use medpay_domain::{BillNo, Day, Fen, HospOutTradeNo, MedTransId, SerialNo, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A bill.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Bill {
    /// 业务单据号: the HIS's number, and `bill_no` on the wire; 20 characters at most.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// 业务流水号 of the visit, `serial_no` on the wire; 20 characters at most.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub serial_no: SerialNo,
    /// Whose.
    pub patient_id: String,
    /// What it is for.
    pub kind: BillKind,
    /// What kind of care; only ordinary outpatient care is insured (guide, FAQ).
    pub class: BillClass,
    /// As the patient reads it: 门诊缴费, 挂号费 ….
    pub title: String,
    /// 科室.
    #[serde(default)]
    pub department: String,
    /// 医生.
    #[serde(default)]
    pub doctor: String,
    /// When it was written.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Moment")]
    pub issued_at: Timestamp,
    /// The day of the visit; insurance pays a registration only on that day.
    #[serde(with = "plain")]
    #[schemars(with = "shape::DayText")]
    pub visit_day: Day,
    /// What is charged.
    pub items: Vec<BillItem>,
    /// The sum of the items.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub total_fen: Fen,
    /// How the bureau would divide it, if the HIS has pre-settled; none where it is not insured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurance: Option<InsurancePart>,
    /// Where it stands.
    pub state: BillState,
    /// The order that holds or paid it.
    #[serde(with = "option", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shape::Text64>")]
    pub hosp_out_trade_no: Option<HospOutTradeNo>,
}

/// What a bill is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BillKind {
    /// 挂号, `RegPay`.
    Registration,
    /// 诊间, `DiagPay`.
    Outpatient,
}

/// What kind of care a bill is for. Insurance covers the first only (guide, FAQ 1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BillClass {
    /// 普通门诊.
    Ordinary,
    /// 生育.
    Maternity,
    /// 重疾.
    SeriousIllness,
    /// 特病.
    SpecialDisease,
    /// 特检.
    SpecialExamination,
    /// 预防接种.
    Vaccination,
    /// 住院.
    Inpatient,
}

/// A line of a bill.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BillItem {
    /// Its name.
    pub name: String,
    /// 规格; may be empty.
    #[serde(default)]
    pub spec: String,
    /// How much, with its unit: `2 盒`.
    pub quantity: String,
    /// What it costs altogether.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub amount_fen: Fen,
}

/// How a bill is divided when insurance pays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InsurancePart {
    /// What insurance pays; 0 is 0 元医保, booked by the bureau all the same.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub insurance_fen: Fen,
    /// What the patient pays.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub cash_fen: Fen,
    /// 医保结构体 for `request_content`: signed and passed on byte for byte.
    pub request_content: String,
}

/// Where a bill stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BillState {
    /// To be paid.
    Pending,
    /// Held for an order.
    Locked,
    /// Paid and confirmed.
    Paid,
    /// Paid, and all of it given back.
    Refunded,
    /// Taken back by the doctor, or lapsed.
    Voided,
}

/// How a bill is to be paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayWith {
    /// With insurance, and cash for the rest.
    Insurance,
    /// All of it in cash.
    Cash,
}

/// The bills of a patient that wait to be paid or are held for an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListBills {
    /// Whose.
    pub patient_id: String,
}
call!(ListBills, "list_bills", reads, Bills);

/// The answer to [`ListBills`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Bills {
    /// Newest first.
    pub bills: Vec<Bill>,
}

/// One bill, in whatever state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindBill {
    /// Which.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
}
call!(FindBill, "find_bill", reads, Bill);

/// Holds a bill for one order, so that nobody else pays it and its doctor does not change it.
/// Answers the bill with the amounts that will be charged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LockBill {
    /// Which.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// The order that will pay it.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_trade_no: HospOutTradeNo,
    /// How.
    pub pay_with: PayWith,
}
call!(LockBill, "lock_bill", writes, Bill);

/// Lets go of a bill whose order came to nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseBill {
    /// Which.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// The order that held it.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_trade_no: HospOutTradeNo,
}
call!(ReleaseBill, "release_bill", writes, Bill);

/// The order of a bill is paid. The HIS writes it down once; a repeat is answered the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConfirmBill {
    /// Which bill.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// The order that paid it.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_trade_no: HospOutTradeNo,
    /// The platform's number.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text32")]
    pub med_trans_id: MedTransId,
    /// 1 cash, 2 insurance, 3 mixed: the wire's codes.
    pub pay_type: u8,
    /// 总金额.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub total_fen: Fen,
    /// 现金金额.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub cash_fen: Fen,
    /// 医保金额.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub insurance_fen: Fen,
    /// When it was paid.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Moment")]
    pub paid_at: Timestamp,
    /// What the bureau answered, to print on the invoice; empty if insurance took no part.
    #[serde(default)]
    pub response_content: String,
}
call!(ConfirmBill, "confirm_bill", writes, Confirmed);

/// The answer to [`ConfirmBill`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Confirmed {
    /// The HIS's receipt.
    pub receipt_no: String,
    /// 排队号, if this was a registration for today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_no: Option<String>,
    /// What the patient does next: 请到2楼药房取药; may be empty.
    #[serde(default)]
    pub guide: String,
}

/// What the HIS has confirmed and taken back on a day, for the books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListDay {
    /// Which.
    #[serde(with = "plain")]
    #[schemars(with = "shape::DayText")]
    pub day: Day,
}
call!(ListDay, "list_day", reads, DayList);

/// The answer to [`ListDay`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DayList {
    /// Every order that was confirmed that day, with what became of it since.
    pub payments: Vec<DayPayment>,
}

/// An order in the HIS's book.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DayPayment {
    /// The order.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_trade_no: HospOutTradeNo,
    /// The bill.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// 总金额.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub total_fen: Fen,
    /// 现金金额.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub cash_fen: Fen,
    /// 医保金额.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub insurance_fen: Fen,
    /// When it was confirmed.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Moment")]
    pub confirmed_at: Timestamp,
    /// Of the cash part, what has been given back.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub cash_refunded_fen: Fen,
    /// Of the insurance part, what has been given back.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Money")]
    pub insurance_refunded_fen: Fen,
    /// Whether the bill counts as refunded.
    pub refunded: bool,
}

/// Where the invoice of a paid order is to be had.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindInvoice {
    /// The order.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text64")]
    pub hosp_out_trade_no: HospOutTradeNo,
}
call!(FindInvoice, "find_invoice", reads, Invoice);

/// The answer to [`FindInvoice`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// Its number, if it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_no: Option<String>,
    /// 请到门诊大厅发票打印机打印, or how else it is had.
    pub hint: String,
}
