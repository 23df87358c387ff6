//! Shenzhen, the seed's generation: `registration_order_pay` (选用接口 §1.3, §1.4, PROTOCOL 4.1).
//!
//! Three spellings are about (trap 6): the object is `mzghdj` or `mzgghdj`, its serial number
//! `mzllsh`, `mzlsj` or `mzlsh`. All are read, none is ever rewritten. Amounts are yuan in text, as
//! the document prints them; a JSON number is taken too, by its digits and not through a float.

use medpay_domain::{Fen, SumRule, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The object's name at the top.
const TOP: &str = "registration_order_pay";

/// The names that a fault may tell; any other is the sender's, and may be a person's.
const NAMES: [&str; 20] = [
    TOP, "yljgbm", "ylzh", "czybm", "czyxm", "mzghdj", "mzgghdj", "brlx", "mzllsh", "mzlsj",
    "mzlsh", "ksbm", "ksmc", "ghlb", "ghf", "zjzj", "ghhj", "ssj", "zsj", "text",
];

/// What is wrong with a content; names the place, never the value there, which may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("request_content {path} {problem}")]
pub struct ContentFault {
    /// Where, as in `registration_order_pay.mzghdj.ghf`.
    pub path: String,
    /// What.
    pub problem: ContentProblem,
}

/// What is wrong at a place of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentProblem {
    /// Not JSON at all.
    #[error("is not JSON")]
    NotJson,
    /// Absent.
    #[error("is needed")]
    Needed,
    /// Two of its spellings, or the same name twice.
    #[error("is repeated")]
    Repeated,
    /// A name that is not the document's, twice.
    #[error("has a name twice")]
    NameTwice,
    /// Another type than the document's.
    #[error("is invalid")]
    Invalid,
    /// `ghf + zjzj` is not `ghhj`.
    #[error("is not ghf + zjzj")]
    WrongSum,
}

impl ContentFault {
    fn at(path: impl Into<String>, problem: ContentProblem) -> Self {
        Self { path: path.into(), problem }
    }
}

/// 挂号登记 as the bureau of Shenzhen reads it. Texts may be empty (trap 22).
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationOrder {
    /// `yljgbm` 医院编号.
    pub hospital_no: String,
    /// `ylzh` 医疗证号.
    pub medical_card_id: String,
    /// `czybm` 操作员编码.
    pub operator_no: String,
    /// `czyxm` 操作员姓名.
    pub operator_name: String,
    /// `brlx` 病人类型.
    pub patient_kind: String,
    /// `mzllsh`, `mzlsj` or `mzlsh` 门诊流水号.
    pub visit_no: String,
    /// `ksbm` 科室编码.
    pub department_no: String,
    /// `ksmc` 科室名称.
    pub department: String,
    /// `ghlb` 挂号类别.
    pub registration_kind: String,
    /// `ghf` 挂号费.
    pub registration_fee: Fen,
    /// `zjzj` 专家诊金.
    pub expert_fee: Fen,
    /// `ghhj` 挂号合计.
    pub total_fee: Fen,
    /// `ssj` 实收金; 0, since the payment is online.
    pub received: Fen,
    /// `zsj` 找赎金; 0 likewise.
    pub change: Fen,
    /// Where the object stands: `registration_order_pay.mzghdj`.
    path: String,
}

impl fmt::Debug for RegistrationOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistrationOrder({})", self.path)
    }
}

/// A JSON object whose values keep the text they had, amounts above all. A name that comes twice
/// is refused: two readers would see two values.
struct Object {
    path: String,
    members: BTreeMap<String, Box<RawValue>>,
}

/// The members in the order they came, repeated ones too.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A>(self, mut map: A) -> Result<Self::Value, A::Error>
            where
                A: serde::de::MapAccess<'de>,
            {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Visitor)
    }
}

impl Object {
    fn parse(path: &str, json: &str) -> Result<Self, ContentFault> {
        let Members(list) = serde_json::from_str(json)
            .map_err(|_| ContentFault::at(path, ContentProblem::Invalid))?;
        let mut object = Self { path: path.to_owned(), members: BTreeMap::new() };
        for (name, value) in list {
            if object.members.contains_key(&name) {
                return Err(object.repeated(&name));
            }
            object.members.insert(name, value);
        }
        Ok(object)
    }

    fn below(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn fault(&self, name: &str, problem: ContentProblem) -> ContentFault {
        ContentFault::at(self.below(name), problem)
    }

    fn repeated(&self, name: &str) -> ContentFault {
        if NAMES.contains(&name) {
            self.fault(name, ContentProblem::Repeated)
        } else {
            let path = if self.path.is_empty() { "text" } else { &self.path };
            ContentFault::at(path, ContentProblem::NameTwice)
        }
    }

    /// The member under one of its spellings, with the one that is used.
    fn member<'s>(&self, spellings: &[&'s str]) -> Result<(&'s str, &str), ContentFault> {
        let mut found = spellings.iter().filter_map(|name| Some((*name, self.members.get(*name)?)));
        let first = spellings.first().copied().unwrap_or_default();
        match (found.next(), found.next()) {
            (None, _) => Err(self.fault(first, ContentProblem::Needed)),
            (Some(_), Some((name, _))) => Err(self.fault(name, ContentProblem::Repeated)),
            (Some((name, value)), None) => Ok((name, value.get())),
        }
    }

    fn object(&self, spellings: &[&str]) -> Result<Self, ContentFault> {
        let (name, json) = self.member(spellings)?;
        Self::parse(&self.below(name), json)
    }

    fn text(&self, spellings: &[&str]) -> Result<String, ContentFault> {
        let (name, json) = self.member(spellings)?;
        plain_text(json).ok_or_else(|| self.fault(name, ContentProblem::Invalid))
    }

    fn yuan(&self, spellings: &[&str]) -> Result<Fen, ContentFault> {
        let (name, json) = self.member(spellings)?;
        plain_text(json)
            .and_then(|text| Fen::from_yuan(&text).ok())
            .ok_or_else(|| self.fault(name, ContentProblem::Invalid))
    }
}

/// The longest JSON number that is taken: one that every reader holds.
const MAX_NUMBER: usize = 32;

/// The text of a JSON string, or the digits of a JSON number, which has neither sign nor exponent.
fn plain_text(json: &str) -> Option<String> {
    let digits = |b: u8| b.is_ascii_digit() || b == b'.';
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        _ if json.len() <= MAX_NUMBER && json.bytes().all(digits) => Some(json.to_owned()),
        _ => None,
    }
}

impl RegistrationOrder {
    /// Reads `{"registration_order_pay":{…,"mzghdj":{…}}}`.
    pub fn parse(json: &str) -> Result<Self, ContentFault> {
        if serde_json::from_str::<&RawValue>(json).is_err() {
            return Err(ContentFault::at("text", ContentProblem::NotJson));
        }
        let outer = Object::parse("", json).map_err(|fault| match fault.problem {
            ContentProblem::Repeated | ContentProblem::NameTwice => fault,
            _ => ContentFault::at(TOP, ContentProblem::Needed),
        })?;
        let top = outer.object(&[TOP])?;
        let visit = top.object(&["mzghdj", "mzgghdj"])?;
        Ok(Self {
            hospital_no: top.text(&["yljgbm"])?,
            medical_card_id: top.text(&["ylzh"])?,
            operator_no: top.text(&["czybm"])?,
            operator_name: top.text(&["czyxm"])?,
            patient_kind: visit.text(&["brlx"])?,
            visit_no: visit.text(&["mzllsh", "mzlsj", "mzlsh"])?,
            department_no: visit.text(&["ksbm"])?,
            department: visit.text(&["ksmc"])?,
            registration_kind: visit.text(&["ghlb"])?,
            registration_fee: visit.yuan(&["ghf"])?,
            expert_fee: visit.yuan(&["zjzj"])?,
            total_fee: visit.yuan(&["ghhj"])?,
            received: visit.yuan(&["ssj"])?,
            change: visit.yuan(&["zsj"])?,
            path: visit.path,
        })
    }

    /// `ghf + zjzj = ghhj`, as strictly as the city has it: the document's own example breaks it
    /// (trap 4).
    pub fn check_sum(&self, rule: SumRule) -> Result<(), ContentFault> {
        let adds_up = self.registration_fee.checked_add(self.expert_fee) == Some(self.total_fee);
        match rule {
            SumRule::Slack => Ok(()),
            SumRule::Strict if adds_up => Ok(()),
            SumRule::Strict => {
                Err(ContentFault::at(format!("{}.ghhj", self.path), ContentProblem::WrongSum))
            }
        }
    }
}

/// One payment item of a [`RegistrationAnswer`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaymentItem {
    /// `zfxm` payment item code: `02`, `0201`, `03`, `0303`, `0306`, …
    pub code: String,
    /// `je` 金额.
    pub amount: Fen,
    /// `jssj` 结算时间.
    pub at: Timestamp,
}

/// The bureau's words to the hospital after a registration or a payment (PROTOCOL 4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationAnswer {
    /// `ylzh` 医疗证号.
    pub medical_card_id: String,
    /// `dnh` 电脑号.
    pub medical_comp_no: String,
    /// `brlx` 病人类型.
    pub patient_kind: String,
    /// `cblx` 参保类型.
    pub insurance_type: String,
    /// `mzghdj`.
    pub items: Vec<PaymentItem>,
}

impl fmt::Debug for RegistrationAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistrationAnswer({:?})", self.items)
    }
}

impl RegistrationAnswer {
    /// As the observed sample is: the array is JSON in a string, amounts are numbers.
    pub fn to_json(&self) -> String {
        let items: Vec<String> = self.items.iter().map(PaymentItem::to_json).collect();
        json!({ TOP: {
            "brlx": self.patient_kind,
            "cblx": self.insurance_type,
            "dnh": self.medical_comp_no,
            "mzghdj": format!("[{}]", items.join(",")),
            "ylzh": self.medical_card_id,
        }})
        .to_string()
    }

    /// Reads it: decodes a string that holds JSON a second time, at the top, at the object and at
    /// the array. `None` if it is another structure.
    pub fn parse(json: &str) -> Option<Self> {
        let outer = Object::parse("", &opened(json)?).ok()?;
        let top = Object::parse(TOP, &opened(outer.member(&[TOP]).ok()?.1)?).ok()?;
        let items = opened(top.member(&["mzghdj", "mzgghdj"]).ok()?.1)?;
        let items: Vec<&RawValue> = serde_json::from_str(&items).ok()?;
        let text = |name| top.text(&[name]).unwrap_or_default();
        Some(Self {
            medical_card_id: text("ylzh"),
            medical_comp_no: text("dnh"),
            patient_kind: text("brlx"),
            insurance_type: text("cblx"),
            items: items
                .iter()
                .map(|item| PaymentItem::parse(item.get()))
                .collect::<Option<_>>()?,
        })
    }
}

/// The JSON itself, or the one written in it as a string.
fn opened(json: &str) -> Option<Cow<'_, str>> {
    let json = json.trim();
    if json.starts_with('"') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(json))
    }
}

impl PaymentItem {
    fn to_json(&self) -> String {
        let at = self.at.to_string();
        let seconds = at.split('.').next().unwrap_or_default();
        let code = json!(self.code);
        // The number is written by its digits: no float holds money, not even for a moment.
        format!(r#"{{"je":{},"jssj":"{seconds}","zfxm":{code}}}"#, shortest_yuan(self.amount))
    }

    fn parse(json: &str) -> Option<Self> {
        let item = Object::parse("mzghdj", json).ok()?;
        let at: String = item.text(&["jssj"]).ok()?.chars().filter(char::is_ascii_digit).collect();
        Some(Self {
            code: item.text(&["zfxm"]).ok()?,
            amount: item.yuan(&["je"]).ok()?,
            at: Timestamp::from_wire(&at)?,
        })
    }
}

/// `86`, `0.5`, `9.05`: an amount in yuan without needless zeros.
fn shortest_yuan(amount: Fen) -> String {
    let yuan = amount.yuan();
    yuan.trim_end_matches('0').trim_end_matches('.').to_owned()
}
