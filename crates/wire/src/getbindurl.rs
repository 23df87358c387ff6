//! 获取绑卡链接: §1.2 of 选用接口.

use crate::caller_fields::NONCE_STR;
use crate::fields::{FieldFault, Fields, Verified};
use crate::interface::{Interface, Kind, opt, req};
use crate::value::{HttpUrl, Text};
use medpay_domain::{CityId, Openid};

/// The document's table.
pub const SPEC: Interface = Interface {
    name: "getbindurl",
    path: "/payinsurance/getbindurl",
    title: "获取绑卡链接",
    fields: &[
        req("openid", "用户标识", 32, Kind::Text),
        req("url", "绑卡完成后的跳转 url", 512, Kind::Url),
        opt("from", "来源统计", 512, Kind::Text),
        opt("city_id", "城市 id", 32, Kind::Text),
        NONCE_STR,
    ],
    reply: &[
        req("bind_url", "绑卡链接", 512, Kind::Text),
        req("expires_in", "有效时间", 10, Kind::Uint32),
        opt("bind_appid", "绑卡跳转小程序的 appid", 64, Kind::Text),
    ],
    signed_reply: false,
    carries_merchant: false,
};

/// The request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// 用户标识 of the hospital's account.
    pub openid: Openid,
    /// Where to go after binding.
    pub url: HttpUrl<512>,
    /// 来源统计.
    pub from: Option<Text<512>>,
    /// 城市.
    pub city_id: Option<CityId>,
    /// 随机字符串.
    pub nonce_str: Text<32>,
}

impl Request {
    /// Reads it; the first faulty field in the document's order is named.
    pub fn decode(document: &Verified) -> Result<Self, FieldFault> {
        let fields = document.fields();
        SPEC.check_request(fields)?;
        Ok(Self {
            openid: fields.required("openid")?,
            url: fields.required("url")?,
            from: fields.optional("from")?,
            city_id: fields.optional("city_id")?,
            nonce_str: fields.required("nonce_str")?,
        })
    }

    /// Its fields, not signed yet.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        fields
            .set("openid", self.openid.reveal())
            .set("url", self.url.as_str())
            .set_opt("from", self.from.as_ref())
            .set_opt("city_id", self.city_id.as_ref().map(CityId::as_str))
            .set("nonce_str", &self.nonce_str);
        fields
    }
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// 绑卡链接: an address, or a path in `bind_appid`.
    pub bind_url: String,
    /// 有效时间, in seconds.
    pub expires_in: u32,
    /// 绑卡跳转小程序的 appid, if the caller is a mini-program.
    pub bind_appid: Option<Text<64>>,
}

impl Reply {
    /// Its fields, without the envelope's.
    pub fn encode(&self) -> Fields {
        let mut fields = Fields::new();
        fields
            .set("bind_url", &self.bind_url)
            .set("expires_in", self.expires_in.to_string())
            .set_opt("bind_appid", self.bind_appid.as_ref());
        fields
    }

    /// Reads a successful answer.
    pub fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        SPEC.check_reply(fields)?;
        Ok(Self {
            bind_url: fields.required("bind_url")?,
            expires_in: fields.required("expires_in")?,
            bind_appid: fields.optional("bind_appid")?,
        })
    }
}
