//! An order with everything that was said when it was made.

use crate::settings::Environment;
use medpay_domain::platform::order::{Kind, Order, State};
use medpay_domain::{
    Appid, BillNo, CardNo, CardType, ChannelNo, CityId, Fen, HospOutTradeNo, IdDigest, MchId,
    Openid, OrgNo, PersonName, SerialNo, Timestamp,
};
use medpay_store::{BadSeal, Vault};
use medpay_wire::caller_fields::Merchant;
use medpay_wire::states::{OrderType, PayType};
use std::net::Ipv4Addr;

/// A personal value as it lies in the database. What is inside takes a [`Vault`] to read.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub(crate) String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(***)")
    }
}

impl Sealed {
    /// Seals `value`.
    pub fn new(vault: &Vault, value: &str) -> Self {
        Self(vault.seal(value))
    }

    fn open(&self, vault: &Vault) -> Result<String, BadSeal> {
        vault.open(&self.0)
    }
}

/// An order as it lies in the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredOrder {
    /// Its money: what moves.
    pub order: Order,
    /// The number space of the hospital's numbers: [`crate::access::merchant_key`].
    pub merchant: String,
    /// Whose bureau and wallet are asked.
    pub environment: Environment,
    /// Who made it, as the request named it.
    pub caller: Merchant,
    /// 医院订单号.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// Keyed digest of every parameter but the nonce.
    pub request_digest: String,
    /// The payer.
    pub payer: StoredPayer,
    /// The patient.
    pub patient: StoredPatient,
    /// What the hospital asked for.
    pub asked: Asked,
    /// 订单类型.
    pub order_type: OrderType,
    /// 医院名称.
    pub hospital_name: String,
    /// 商品描述.
    pub body: String,
    /// 医疗机构编码.
    pub org_no: OrgNo,
    /// 城市 id.
    pub city_id: CityId,
    /// 业务流水号.
    pub serial_no: SerialNo,
    /// 业务单据号.
    pub bill_no: Option<BillNo>,
    /// 渠道号.
    pub channel_no: Option<ChannelNo>,
    /// 扩展字段.
    pub extends: Option<String>,
    /// 用户端 ip.
    pub spbill_create_ip: Ipv4Addr,
    /// Where the payment is notified.
    pub notify_url: String,
    /// Where the payer goes afterwards; none for an order from a scan.
    pub return_url: Option<String>,
    /// 医院下单时间.
    pub gmt_out_create: Timestamp,
    /// 医保结构体, byte for byte: it may name the patient.
    pub request_content: Option<Sealed>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it closes if it is not paid.
    pub expires_at: Timestamp,
    /// Rises with every change.
    pub version: i64,
}

/// Who pays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredPayer {
    /// The account whose user it is.
    pub appid: Appid,
    /// The user there.
    pub openid: Sealed,
}

/// Who is treated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredPatient {
    /// 证件类型.
    pub card_type: CardType,
    /// 真实姓名.
    pub name: Sealed,
    /// MD5 of the document number.
    pub id_digest: Sealed,
    /// 医疗证号 of the bound card; none where the bureau takes no part.
    pub medical_card_id: Option<Sealed>,
}

/// What the hospital asked for. The bureau is asked the same at each step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// 支付方式.
    pub pay_type: PayType,
    /// 现金需支付.
    pub cash_fee: Fen,
    /// 医保支付.
    pub insurance_fee: Fen,
    /// 额外现金.
    pub cash_add_fee: Fen,
    /// 额外现金文案.
    pub cash_add_wording: Option<String>,
    /// 现金优惠.
    pub cash_reduced_fee: Fen,
    /// 优惠文案.
    pub cash_reduced_wording: Option<String>,
    /// 允许金额变化.
    pub allow_fee_change: bool,
}

impl StoredOrder {
    /// The real way of payment.
    pub const fn pay_type(&self) -> PayType {
        match self.order.kind {
            Kind::CashOnly => PayType::Cash,
            Kind::Mixed => PayType::Mixed,
            Kind::InsuranceOnly => PayType::Insurance,
        }
    }

    /// The payer's openid under [`StoredPayer::appid`].
    pub fn openid(&self, vault: &Vault) -> Result<Openid, BadSeal> {
        self.payer.openid.open(vault).map(Openid::new)
    }

    /// The payer as the wire's `openid` and `sub_openid`, one of them.
    pub fn openids(&self, vault: &Vault) -> Result<(Option<Openid>, Option<Openid>), BadSeal> {
        let openid = self.openid(vault)?;
        let of_sub = self.payer.appid != self.caller.appid;
        Ok(if of_sub { (None, Some(openid)) } else { (Some(openid), None) })
    }

    /// The patient's 医疗证号, where the bureau takes part.
    pub fn medical_card_id(&self, vault: &Vault) -> Result<Option<CardNo>, BadSeal> {
        let number = self.patient.medical_card_id.as_ref();
        number.map(|sealed| sealed.open(vault).map(CardNo::new)).transpose()
    }

    /// The patient's name.
    pub fn patient_name(&self, vault: &Vault) -> Result<PersonName, BadSeal> {
        self.patient.name.open(vault).map(PersonName::new)
    }

    /// The patient's document, as its digest.
    pub fn patient_id(&self, vault: &Vault) -> Result<IdDigest, BadSeal> {
        self.patient.id_digest.open(vault).map(IdDigest::new)
    }

    /// 医保结构体 as the hospital wrote it.
    pub fn request_content(&self, vault: &Vault) -> Result<Option<String>, BadSeal> {
        self.request_content.as_ref().map(|sealed| sealed.open(vault)).transpose()
    }

    /// The sub-merchant, where a service provider called.
    pub const fn sub_mch_id(&self) -> Option<&MchId> {
        self.caller.sub_mch_id.as_ref()
    }

    /// Whether a password may still be typed.
    pub fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.order.state, State::Created { .. }) && now < self.expires_at
    }
}
