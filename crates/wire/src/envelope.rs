//! What surrounds every answer (PROTOCOL 1.2): the two levels of success, the codes and words of
//! refusal, `nonce_str` and `sign`; and how a client reads all that.

use crate::err_code::{BillFault, ErrCode, TokenFault};
use crate::fields::{FieldFault, Fields};
use crate::order_fields::AmountFault;
use crate::request_content::shenzhen::ContentFault;
use crate::sign::{self, ApiKey, Seal, SignFault, SignType};
use crate::xml::XmlFault;
use serde::{Deserialize, Serialize};

/// `return_msg` and `err_code_des` are String128.
const MAX_MESSAGE: usize = 128;

/// The levels at which the protocol says no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// `return_code=FAIL`: the document itself was not acceptable, so nothing was tried. Holds
    /// `return_msg` without the rid.
    Transport(String),
    /// `result_code=FAIL`: it was understood and refused, with the document's own code.
    Business {
        /// `err_code`.
        code: ErrCode,
        /// `err_code_des`, without the rid.
        des: String,
    },
    /// There is no such bill: `return_code=FAIL` with `error_code` (PROTOCOL 3.8).
    Bill(BillFault),
}

impl Failure {
    /// A refusal with the code's own words.
    pub fn business(code: ErrCode) -> Self {
        Self::Business { code, des: code.chinese().to_owned() }
    }

    /// 签名失败.
    pub fn sign() -> Self {
        Self::Transport(SignFault::Wrong.to_string())
    }
}

impl From<SignFault> for Failure {
    fn from(_: SignFault) -> Self {
        Self::sign()
    }
}

impl From<XmlFault> for Failure {
    fn from(fault: XmlFault) -> Self {
        Self::Transport(fault.to_string())
    }
}

impl From<FieldFault> for Failure {
    fn from(fault: FieldFault) -> Self {
        Self::Transport(format!("参数格式校验错误 {fault}"))
    }
}

impl From<ContentFault> for Failure {
    fn from(fault: ContentFault) -> Self {
        Self::Transport(format!("参数格式校验错误 {fault}"))
    }
}

impl From<AmountFault> for Failure {
    fn from(fault: AmountFault) -> Self {
        Self::Business { code: fault.err_code(), des: fault.to_string() }
    }
}

/// `text` and the rid behind it, at most 128 characters in all; the text is cut, never the rid
/// (trap 14: between characters, not bytes).
fn with_rid(text: &str, rid: &str) -> String {
    let tail = format!(" rid: {rid}");
    let room = MAX_MESSAGE.saturating_sub(tail.chars().count());
    let mut message: String = text.chars().take(room).collect();
    message.push_str(&tail);
    message.chars().take(MAX_MESSAGE).collect()
}

/// The answer to a request that is refused. The rid stands at the end of the message that tells
/// why: `return_msg`, or `err_code_des` of a business refusal.
///
/// `seal` signs a business refusal of an interface whose answers are signed; a refusal of the
/// document itself carries neither `result_code` nor `sign`.
pub fn failure_reply(failure: &Failure, rid: &str, seal: Option<Seal<'_>>) -> String {
    let mut fields = Fields::new();
    match failure {
        Failure::Transport(message) => {
            fields.set("return_code", "FAIL").set("return_msg", with_rid(message, rid));
        }
        Failure::Bill(fault) => {
            fields
                .set("return_code", "FAIL")
                .set("return_msg", with_rid(fault.message(), rid))
                .set("error_code", fault.code());
        }
        Failure::Business { code, des } => {
            fields
                .set("return_code", "SUCCESS")
                .set("result_code", "FAIL")
                .set("err_code", code.code())
                .set("err_code_des", with_rid(des, rid));
            seal_into(&mut fields, seal);
        }
    }
    fields.to_xml()
}

/// The answer to a request that is done: `fields`, the two codes, and, if signed, `nonce_str`
/// (unless it is there already) and `sign`.
///
/// No `return_msg`: 如非空, 为错误原因.
pub fn success_reply(mut fields: Fields, seal: Option<Seal<'_>>) -> String {
    fields.set("return_code", "SUCCESS").set("result_code", "SUCCESS");
    seal_into(&mut fields, seal);
    fields.to_xml()
}

fn seal_into(fields: &mut Fields, seal: Option<Seal<'_>>) {
    if let Some(seal) = seal {
        if !fields.has("nonce_str") {
            fields.set("nonce_str", seal.nonce_str);
        }
        sign::sign_with(fields, seal.key, seal.sign_type);
    }
}

/// In which shape a fault of the access_token is told: a switch of the platform (PROTOCOL 1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TokenErrorShape {
    /// As a business refusal, unsigned, since the key is not known.
    #[default]
    Xml,
    /// As the gateway of the public accounts does.
    Json,
}

/// `{"errcode":40001,"errmsg":"…"}`: a refusal of the gateway before the interface.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GatewayError {
    /// The code; 0 means success.
    pub errcode: i64,
    /// The words, ending in the rid.
    #[serde(default)]
    pub errmsg: String,
}

impl GatewayError {
    /// With the rid behind the words.
    pub fn new(errcode: i64, message: &str, rid: &str) -> Self {
        Self { errcode, errmsg: with_rid(message, rid) }
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The answer to a call whose access_token is missing, wrong or too old; unsigned.
pub fn token_failure_reply(fault: TokenFault, rid: &str, shape: TokenErrorShape) -> String {
    match shape {
        TokenErrorShape::Json => GatewayError::new(fault.errcode(), fault.message(), rid).to_json(),
        TokenErrorShape::Xml => {
            let failure =
                Failure::Business { code: fault.err_code(), des: fault.message().to_owned() };
            failure_reply(&failure, rid, None)
        }
    }
}

/// Whether a successful answer must be signed (trap 18).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signed {
    /// An unsigned success is none.
    Required(SignType),
    /// getmedinfo and getbindurl: checked if it is there.
    NotSent,
}

/// An answer, as the client understands it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Both codes are SUCCESS, and the signature is right.
    Success(Fields),
    /// Refused. An unsigned refusal is one, too.
    Refused(Refused),
}

/// How a call was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refused {
    /// `return_code=FAIL`: nothing was tried.
    Transport {
        /// The reason.
        return_msg: String,
        /// Only downloadbill's.
        error_code: Option<String>,
    },
    /// `result_code=FAIL`.
    Business {
        /// The code as it came; [`ErrCode::parse`] knows some. An unknown one on an order or a
        /// refund leaves the outcome unknown: ask (PROTOCOL 3.11).
        err_code: String,
        /// The words.
        err_code_des: String,
    },
    /// The gateway's own refusal, in JSON.
    Gateway(GatewayError),
}

/// Why an answer says nothing: what was asked may or may not have been done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFault {
    /// Neither a document nor the gateway's JSON.
    #[error("the answer is not a document")]
    NotXml(#[source] XmlFault),
    /// JSON, but not the gateway's.
    #[error("the answer is JSON without errcode")]
    NotAnError,
    /// The codes are missing or unknown.
    #[error("the answer's {0} is missing or unknown")]
    NoCode(&'static str),
    /// A success that must be signed and is not.
    #[error("the answer says success and is not signed")]
    Unsigned,
    /// Signed by another key, or altered.
    #[error("the answer's signature is wrong")]
    WrongSign,
}

/// Reads an answer (PROTOCOL 1.1–1.3): looks at the first byte, then at the codes, then at the
/// signature. A wrong signature makes even a refusal worth nothing.
pub fn read_reply(body: &[u8], key: &ApiKey, signed: Signed) -> Result<Reply, ReplyFault> {
    if body.trim_ascii_start().first() == Some(&b'{') {
        let error: GatewayError =
            serde_json::from_slice(body).map_err(|_| ReplyFault::NotAnError)?;
        return if error.errcode == 0 {
            Err(ReplyFault::NotAnError)
        } else {
            Ok(Reply::Refused(Refused::Gateway(error)))
        };
    }
    let fields = Fields::from_xml(body).map_err(ReplyFault::NotXml)?;
    let text = |name| fields.get(name).unwrap_or_default().to_owned();
    match fields.get("return_code") {
        Some("SUCCESS") => {}
        Some("FAIL") => {
            return Ok(Reply::Refused(Refused::Transport {
                return_msg: text("return_msg"),
                error_code: fields.value("error_code").map(str::to_owned),
            }));
        }
        _ => return Err(ReplyFault::NoCode("return_code")),
    }
    let sign_type = match signed {
        Signed::Required(sign_type) => sign_type,
        Signed::NotSent => SignType::Md5,
    };
    let sign = sign::check_any_case(&fields, key, sign_type);
    if sign == Err(SignFault::Wrong) {
        return Err(ReplyFault::WrongSign);
    }
    match fields.get("result_code") {
        Some("SUCCESS") if sign.is_err() && signed != Signed::NotSent => Err(ReplyFault::Unsigned),
        Some("SUCCESS") => Ok(Reply::Success(fields)),
        Some("FAIL") => Ok(Reply::Refused(Refused::Business {
            err_code: text("err_code"),
            err_code_des: text("err_code_des"),
        })),
        _ => Err(ReplyFault::NoCode("result_code")),
    }
}
