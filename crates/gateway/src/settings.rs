//! What an operator decides. The binary reads it from TOML (`docs/configuration.md`); here it is
//! plain values, already checked.

use medpay_domain::{Appid, City, Fen, MchId, Openid, OrgNo, Secret};
use medpay_wire::caller_fields::{Merchant, Payer};
use medpay_wire::his::signature::HisSecret;
use medpay_wire::public_account::crypto::EncodingAesKey;
use medpay_wire::sign::ApiKey;
use std::collections::BTreeMap;

/// Everything an operator decides of the gateway.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which patients, WeChat, the platform and the HIS reach this service,
    /// without a final slash.
    pub public_url: String,
    /// The API address: `https://api.weixin.qq.com`, or a medpay platform.
    pub api_url: String,
    /// WeChat's OAuth2 page, without the path: `https://open.weixin.qq.com`, or the sandbox.
    pub open_url: String,
    /// By interface name, the path at which it is called in place of the documented one.
    pub paths: BTreeMap<String, String>,
    /// How long a call of another party may take, in machine milliseconds.
    pub call_timeout_ms: u64,
    /// How long a worker holds a job, in machine milliseconds; more than `call_timeout_ms`.
    pub lease_ms: i64,
    /// Signs sessions, form tokens and QR codes; at least 32 bytes.
    pub page_key: Secret,
    /// Digests what must be searched among personal data; at least 32 bytes, never changed.
    pub digest_key: Secret,
    /// Who may frame the patients' pages, as in `Content-Security-Policy: frame-ancestors`; none is
    /// nobody. The sandbox's phone needs itself here; refused for a production institution.
    pub frame_ancestors: Option<String>,
    /// The hospitals that this gateway serves. Checked: no two share a `site`, no two of one
    /// environment an `org_no`.
    pub institutions: Vec<Institution>,
}

/// A hospital in one environment, as the platform knows it.
#[derive(Debug, Clone)]
pub struct Institution {
    /// Its word in addresses: `/h/<site>/…`, `/notify/<site>`. Lower-case letters, digits, `-`;
    /// or its `org_no`, which it is unless told otherwise.
    pub site: String,
    /// 医疗机构编码.
    pub org_no: OrgNo,
    /// Its name, as patients read it and as `hospital_name` says it.
    pub name: String,
    /// Its city: what it allows, and its words.
    pub city: City,
    /// Whether it is a test's: its pages say so, and its notices are listed for scripts. Test and
    /// production never share a database.
    pub test: bool,
    /// The account that calls the platform: the hospital's own, or the service provider's.
    pub appid: Appid,
    /// The merchant whose key signs.
    pub mch_id: MchId,
    /// That merchant's API key.
    pub api_key: ApiKey,
    /// The hospital's own account under the provider.
    pub sub_appid: Option<Appid>,
    /// The hospital's merchant under the provider.
    pub sub_mch_id: Option<MchId>,
    /// What the patients' side needs; none where this gateway only receives notifications.
    pub hospital: Option<Hospital>,
}

impl Institution {
    /// The account that patients follow: the hospital's own.
    pub fn own_appid(&self) -> &Appid {
        self.sub_appid.as_ref().unwrap_or(&self.appid)
    }

    /// Who calls, in the words of the interfaces (PROTOCOL 1.5).
    pub fn merchant(&self) -> Merchant {
        Merchant {
            appid: self.appid.clone(),
            mch_id: self.mch_id.clone(),
            sub_appid: self.sub_appid.clone(),
            sub_mch_id: self.sub_mch_id.clone(),
        }
    }

    /// A follower of the hospital's own account, in the words of the interfaces.
    pub fn payer(&self, openid: &Openid) -> Payer {
        match &self.sub_appid {
            None => Payer::Openid(openid.clone()),
            Some(sub_appid) => {
                Payer::SubOpenid { sub_appid: sub_appid.clone(), sub_openid: openid.clone() }
            }
        }
    }
}

/// What a hospital's pages, messages and HIS calls need.
#[derive(Debug, Clone)]
pub struct Hospital {
    /// The secret of the calling account (`appid`), which buys the token for `/payinsurance/*`.
    pub secret: Secret,
    /// The secret of `sub_appid`, where the hospital has an account of its own under a provider.
    pub sub_secret: Option<Secret>,
    /// The account's server callback.
    pub callback: Callback,
    /// `MP_verify_*.txt`: name and content of the files that the account's console asks for.
    pub verify_files: BTreeMap<String, String>,
    /// Template ids of the account's own messages, by the word of their kind
    /// ([`crate::messages::Kind::word`]); a kind without one is not sent.
    pub templates: BTreeMap<String, String>,
    /// The HIS.
    pub his: His,
    /// What is decided for its patients.
    pub rules: Rules,
    /// Answers to the guide's five questions, and others: question and answer.
    pub faq: Vec<(String, String)>,
    /// The file of the visit guide (就诊指引); read at each visit, so that staff can edit it.
    pub guide_file: Option<std::path::PathBuf>,
}

/// The account's server callback (PROTOCOL 7.4).
#[derive(Debug, Clone)]
pub struct Callback {
    /// `Token` of the account's console.
    pub token: Secret,
    /// `EncodingAESKey`, 43 characters; none in 明文模式.
    pub aes_key: Option<EncodingAesKey>,
    /// Whether a message that is not encrypted is refused (安全模式).
    pub only_encrypted: bool,
    /// Whether a new follower is answered at all.
    pub subscribe_reply: bool,
    /// Whether that answer leads to binding a card (guide §4.1.1, optional).
    pub bind_hint: bool,
}

/// Where the HIS is.
#[derive(Debug, Clone)]
pub struct His {
    /// Its address, without `/v1` and without a final slash.
    pub url: String,
    /// Signs in both directions.
    pub secret: HisSecret,
}

/// What a hospital has decided.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What becomes of a paid order that the HIS explicitly refuses to confirm, or does not confirm
    /// in `confirm_seconds`.
    pub unconfirmed: Unconfirmed,
    /// How long the HIS may be silent about a paid order, in seconds.
    pub confirm_seconds: i64,
    /// How long a patient has to pay, in seconds; at most the platform's own 1800.
    pub order_seconds: i64,
    /// How long a prescription's QR code is good, in seconds.
    pub qr_seconds: i64,
    /// No message leaves from this hour on …
    pub quiet_from_hour: u8,
    /// … until this one, of Beijing. Equal: never quiet.
    pub quiet_until_hour: u8,
    /// A bind reminder is not sent again within so many days.
    pub bind_reminder_days: u32,
    /// How many days ahead a place can be booked.
    pub booking_days: u32,
    /// Whether a visit card may be made by typing. Always, where the city does not allow
    /// real-name authorization.
    pub visit_card_by_hand: bool,
    /// The most visit cards that one person may add.
    pub visit_cards_max: u32,
    /// What the provider is paid of the cash part less its refunds, in hundredths of a percent;
    /// only in service-provider mode.
    pub commission_bp: u32,
    /// The largest single cash payment, as a guard against a HIS that mistakes yuan for fen.
    pub cash_limit: Fen,
}

/// What becomes of money that the HIS does not take note of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unconfirmed {
    /// It goes back the same day, by itself.
    Refund,
    /// A member of staff decides: `medpay gateway queue`.
    Queue,
}

impl Settings {
    /// The institution with this word in addresses.
    pub fn institution(&self, site: &str) -> Option<&Institution> {
        self.institutions.iter().find(|institution| institution.site == site)
    }
}
