//! 下载对账单: PROTOCOL 3.8. The bill itself is [`crate::bill`].

use crate::caller_fields::{Merchant, NONCE_STR};
use crate::envelope::{self, Refused, ReplyFault, Signed};
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{Interface, Kind, opt, req};
use crate::sign::{ApiKey, SignType};
use crate::states::{BillType, TarType};
use crate::value::Text;
use medpay_domain::Day;

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "downloadbill",
    path: "/payinsurance/downloadbill",
    title: "下载对账单",
    fields: &[
        Merchant::APPID,
        Merchant::MCH_ID,
        Merchant::SUB_APPID,
        Merchant::SUB_MCH_ID,
        req("bill_date", "对账单日期", 8, Kind::Day),
        opt("bill_type", "账单类型", 8, Kind::Word(BillType::WORDS)),
        opt("tar_type", "压缩账单", 8, Kind::Word(TarType::WORDS)),
        NONCE_STR,
    ],
    reply: &[],
    signed_reply: false,
    carries_merchant: true,
};

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Who calls; with `sub_mch_id` the bill is that hospital's only.
    pub merchant: Merchant,
    /// The day.
    pub bill_date: Day,
    /// Which rows; ALL if none is named.
    pub bill_type: BillType,
    /// How it is packed; none is plain text.
    pub tar_type: Option<TarType>,
    /// 随机字符串.
    pub nonce_str: Text<32>,
}

impl Request {
    /// Reads it; the first faulty field in the document's order is named.
    pub fn decode(document: &Verified) -> Result<Self, FieldFault> {
        let fields = document.fields();
        SPEC.check_request(fields)?;
        Ok(Self {
            merchant: Merchant::decode(fields)?,
            bill_date: fields.required("bill_date")?,
            bill_type: fields.optional("bill_type")?.unwrap_or(BillType::All),
            tar_type: fields.optional("tar_type")?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        self.merchant.encode(&mut fields);
        fields
            .set("bill_date", self.bill_date.wire())
            .set("bill_type", self.bill_type)
            .set_opt("tar_type", self.tar_type)
            .set("nonce_str", &self.nonce_str);
        fields
    }
}

/// The answer as the client understands it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply<'a> {
    /// A bill: text for [`crate::bill::Bill::read`], or a GZIP stream if that was asked for.
    Bill(&'a [u8]),
    /// No bill.
    Refused(Refused),
}

/// Reads an answer: a document or the gateway's JSON is a refusal, all else is the bill.
pub fn read_reply<'a>(body: &'a [u8], key: &ApiKey) -> Result<Reply<'a>, ReplyFault> {
    match body.trim_ascii_start().first() {
        Some(b'<' | b'{') => {
            match envelope::read_reply(body, key, Signed::Required(SignType::Md5))? {
                envelope::Reply::Refused(refused) => Ok(Reply::Refused(refused)),
                // A document is never a bill.
                envelope::Reply::Success(_) => Err(ReplyFault::NoCode("error_code")),
            }
        }
        _ => Ok(Reply::Bill(body)),
    }
}
