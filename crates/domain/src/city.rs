//! What differs from city to city. The data stand in `cities/*.toml`, read by the binary.

use crate::identifiers::CityId;

/// A city whose bureau can be reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct City {
    /// 城市 id.
    pub id: CityId,
    /// Its name, as a patient reads it.
    pub name: String,
    /// How its bureau writes `request_content`.
    pub dialect: Dialect,
    /// How exactly `ghf + zjzj = ghhj` must hold.
    pub sum_rule: SumRule,
    /// The word for the bureau on pages: 人社 or 医保 (PROTOCOL trap 41).
    pub bureau_word: String,
    /// Whether insurance can be given back only on the day it was paid (选用接口 FAQ); if not, it
    /// has the year that cash has.
    pub insurance_refund_same_day: bool,
    /// Whether the bind page may hand name and document to the hospital (guide §4.1.2).
    pub real_name_authorization: bool,
}

/// How a city's bureau writes `request_content` (选用接口 §1.3: each city has its own).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// `registration_order_pay`, the structure that the document specifies.
    Shenzhen,
    /// Unknown to us: passed on byte for byte, nothing checked.
    Opaque,
}

/// How exactly `ghf + zjzj = ghhj` must hold: the document states it and its own example breaks it
/// (PROTOCOL 10.1, trap 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SumRule {
    /// Refused where it does not hold.
    Strict,
    /// Taken as it is.
    Slack,
}
