//! The groups of fields that many interfaces share: who calls, who pays, who is treated, which
//! order is meant.

use crate::fields::{FieldFault, Fields};
use crate::interface::{FieldSpec, Kind, Required, opt, req};
use medpay_domain::{
    Appid, CardType, HospOutTradeNo, IdDigest, MchId, MedTransId, Openid, PersonName,
};

/// Who calls (PROTOCOL 1.5): a hospital by itself, or its service provider.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Merchant {
    /// The caller's account.
    pub appid: Appid,
    /// The caller's merchant, whose key signs.
    pub mch_id: MchId,
    /// The hospital's account, in 服务商模式.
    pub sub_appid: Option<Appid>,
    /// The hospital's merchant, in 服务商模式.
    pub sub_mch_id: Option<MchId>,
}

impl Merchant {
    /// Their lines in a table.
    pub(crate) const APPID: FieldSpec = req("appid", "公众账号 id", 32, Kind::Text);
    pub(crate) const MCH_ID: FieldSpec = req("mch_id", "商户号", 32, Kind::Text);
    pub(crate) const SUB_APPID: FieldSpec = opt("sub_appid", "子商户公众号 id", 32, Kind::Text);
    pub(crate) const SUB_MCH_ID: FieldSpec = opt("sub_mch_id", "子商户号", 32, Kind::Text);

    pub(crate) fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        Ok(Self {
            appid: fields.required("appid")?,
            mch_id: fields.required("mch_id")?,
            sub_appid: fields.optional("sub_appid")?,
            sub_mch_id: fields.optional("sub_mch_id")?,
        })
    }

    pub(crate) fn encode(&self, fields: &mut Fields) {
        fields
            .set("appid", self.appid.as_str())
            .set("mch_id", self.mch_id.as_str())
            .set_opt("sub_appid", self.sub_appid.as_ref().map(Appid::as_str))
            .set_opt("sub_mch_id", self.sub_mch_id.as_ref().map(MchId::as_str));
    }
}

/// Who pays. 二选一; if both come, `sub_openid` counts when `sub_appid` is there (trap 21).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Payer {
    /// A user of `appid`.
    Openid(Openid),
    /// A user of `sub_appid`.
    SubOpenid {
        /// The hospital's account.
        sub_appid: Appid,
        /// The user there.
        sub_openid: Openid,
    },
}

impl Payer {
    pub(crate) const OPENID: FieldSpec =
        req("openid", "用户标识", 128, Kind::Text).rule(Required::OneOf(&["openid", "sub_openid"]));
    pub(crate) const SUB_OPENID: FieldSpec = req("sub_openid", "用户子标识", 128, Kind::Text)
        .rule(Required::OneOf(&["openid", "sub_openid"]));
    /// `sub_appid` beside the two above.
    pub(crate) const SUB_APPID: FieldSpec = Merchant::SUB_APPID
        .rule(Required::When("sub_openid is sent and openid is not", |fields| {
            fields.has("sub_openid") && !fields.has("openid")
        }));

    pub(crate) fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        let payer = (
            fields.optional("openid")?,
            fields.optional("sub_openid")?,
            fields.optional("sub_appid")?,
        );
        match payer {
            (_, Some(sub_openid), Some(sub_appid)) => Ok(Self::SubOpenid { sub_appid, sub_openid }),
            (Some(openid), _, _) => Ok(Self::Openid(openid)),
            (None, Some(_), None) => Err(FieldFault::needed("sub_appid")),
            (None, None, _) => Err(FieldFault::needed("openid")),
        }
    }

    /// The user, under [`Payer::account`].
    pub fn openid(&self) -> &Openid {
        match self {
            Self::Openid(openid) => openid,
            Self::SubOpenid { sub_openid, .. } => sub_openid,
        }
    }

    /// The account whose user it is, of the caller's two.
    pub fn account<'a>(&'a self, merchant: &'a Merchant) -> &'a Appid {
        match self {
            Self::Openid(_) => &merchant.appid,
            Self::SubOpenid { sub_appid, .. } => sub_appid,
        }
    }

    pub(crate) fn encode(&self, fields: &mut Fields) {
        match self {
            Self::Openid(openid) => fields.set("openid", openid.reveal()),
            Self::SubOpenid { sub_appid, sub_openid } => {
                fields.set("sub_appid", sub_appid.as_str()).set("sub_openid", sub_openid.reveal())
            }
        };
    }
}

/// Who is treated: `user_card_type`, `user_card_no`, `user_name`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Patient {
    /// 证件类型.
    pub card_type: CardType,
    /// 证件号码: not the number but its MD5 (trap 16).
    pub id_digest: IdDigest,
    /// 真实姓名.
    pub name: PersonName,
}

impl Patient {
    pub(crate) const CARD_TYPE: FieldSpec = req("user_card_type", "证件类型", 3, Kind::CardType);
    pub(crate) const CARD_NO: FieldSpec = req("user_card_no", "证件号码", 32, Kind::Digest);
    pub(crate) const NAME: FieldSpec = req("user_name", "真实姓名", 32, Kind::Text);

    pub(crate) fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        Ok(Self {
            card_type: fields.required("user_card_type")?,
            id_digest: fields.required("user_card_no")?,
            name: fields.required("user_name")?,
        })
    }

    pub(crate) fn encode(&self, fields: &mut Fields) {
        fields
            .set("user_card_type", self.card_type.code().to_string())
            .set("user_card_no", self.id_digest.reveal())
            .set("user_name", self.name.reveal());
    }
}

/// Which order is meant. 二选一; if both come, `med_trans_id` counts.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum OrderRef {
    /// By the platform's number.
    MedTransId(MedTransId),
    /// By the hospital's number.
    HospOutTradeNo(HospOutTradeNo),
}

impl OrderRef {
    pub(crate) const MED_TRANS_ID: FieldSpec = req("med_trans_id", "诊疗单 id", 32, Kind::Text)
        .rule(Required::OneOf(&["med_trans_id", "hosp_out_trade_no"]));
    pub(crate) const HOSP_OUT_TRADE_NO: FieldSpec =
        req("hosp_out_trade_no", "医院订单号", 64, Kind::Text)
            .rule(Required::OneOf(&["med_trans_id", "hosp_out_trade_no"]));

    pub(crate) fn decode(fields: &Fields) -> Result<Self, FieldFault> {
        match fields.optional("med_trans_id")? {
            Some(number) => Ok(Self::MedTransId(number)),
            None => match fields.optional("hosp_out_trade_no")? {
                Some(number) => Ok(Self::HospOutTradeNo(number)),
                None => Err(FieldFault::needed("med_trans_id")),
            },
        }
    }

    pub(crate) fn encode(&self, fields: &mut Fields) {
        match self {
            Self::MedTransId(number) => fields.set("med_trans_id", number.as_str()),
            Self::HospOutTradeNo(number) => fields.set("hosp_out_trade_no", number.as_str()),
        };
    }
}

/// `nonce_str`.
pub(crate) const NONCE_STR: FieldSpec = req("nonce_str", "随机字符串", 32, Kind::Text);
