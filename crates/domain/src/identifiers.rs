//! The numbers by which the parties name things (PROTOCOL 1.6). Lengths are checked where they
//! enter, in `wire`; here a type only keeps one number from being taken for another.

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text, as the wire writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifiers! {
    /// 公众账号 id of an account.
    Appid,
    /// 商户号 of WeChat Pay: the holder of the signing key.
    MchId,
    /// 医院订单号 (商户订单号): the hospital's number of an order, unique per `mch_id`/`sub_mch_id`.
    HospOutTradeNo,
    /// 医院退款单号: the hospital's number of a refund, its idempotency key.
    HospOutRefundNo,
    /// 诊疗单 id (微信返回的订单号): the platform's number of an order.
    MedTransId,
    /// 微信医保退款单号: the platform's number of a refund.
    MedRefundId,
    /// 业务流水号: the HIS's serial number of a visit or bill.
    SerialNo,
    /// 业务单据号 (医保单据号).
    BillNo,
    /// 医疗机构编码 given by the bureau.
    OrgNo,
    /// 城市 id of the platform; not always the area code.
    CityId,
    /// 渠道号.
    ChannelNo,
    /// 用户医保平台 id.
    MedicalUserId,
    /// 支付子单号: the wallet's number of a captured cash leg.
    CashOrderId,
    /// 医保子单号: the bureau's number of a settled insurance leg.
    InsuranceOrderId,
}
