//! Prescriptions and reports (报告查看).

use crate::contracts::adapters::plain;
use crate::his::bills::BillItem;
use crate::his::{call, shape};
use medpay_domain::{BillNo, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The prescriptions of a patient, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListPrescriptions {
    /// Whose.
    pub patient_id: String,
}
call!(ListPrescriptions, "list_prescriptions", reads, Prescriptions);

/// The answer to [`ListPrescriptions`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Prescriptions {
    /// Newest first.
    pub prescriptions: Vec<Prescription>,
}

/// 处方.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Prescription {
    /// The HIS's number.
    pub prescription_no: String,
    /// Its bill.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Text20")]
    pub bill_no: BillNo,
    /// 科室.
    pub department: String,
    /// 医生.
    pub doctor: String,
    /// When.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Moment")]
    pub issued_at: Timestamp,
    /// What.
    pub items: Vec<BillItem>,
}

/// The reports of a patient that are ready.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListResults {
    /// Whose.
    pub patient_id: String,
}
call!(ListResults, "list_results", reads, Results);

/// The answer to [`ListResults`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// Newest first.
    pub results: Vec<ResultSummary>,
}

/// A report in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResultSummary {
    /// The HIS's number.
    pub result_no: String,
    /// 血常规, 胸部CT ….
    pub title: String,
    /// 科室.
    #[serde(default)]
    pub department: String,
    /// When it was ready.
    #[serde(with = "plain")]
    #[schemars(with = "shape::Moment")]
    pub ready_at: Timestamp,
}

/// One report. `patient_id` must be its patient, else it is `not_found`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FindResult {
    /// Which.
    pub result_no: String,
    /// Whose.
    pub patient_id: String,
}
call!(FindResult, "find_result", reads, Report);

/// 检验检查报告.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The list's line.
    #[serde(flatten)]
    pub summary: ResultSummary,
    /// Measured values; empty for imaging.
    #[serde(default)]
    pub values: Vec<Measured>,
    /// 所见; may be empty.
    #[serde(default)]
    pub findings: String,
    /// 结论; may be empty.
    #[serde(default)]
    pub conclusion: String,
    /// Who signed it.
    #[serde(default)]
    pub doctor: String,
}

/// A measured value.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// 项目.
    pub name: String,
    /// 结果, as printed.
    pub value: String,
    /// 单位; may be empty.
    #[serde(default)]
    pub unit: String,
    /// 参考范围; may be empty.
    #[serde(default)]
    pub range: String,
    /// `high`, `low`, or empty.
    #[serde(default)]
    pub flag: String,
}
