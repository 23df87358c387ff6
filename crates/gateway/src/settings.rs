//! What an operator decides. The binary reads it from TOML (`docs/configuration.md`); here it is
//! plain values, already checked.

use medpay_domain::{Appid, MchId, OrgNo};
use medpay_wire::sign::ApiKey;

/// Everything an operator decides of the gateway.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The hospitals that this gateway serves. Checked: no two share an `org_no`.
    pub institutions: Vec<Institution>,
}

/// A hospital, as the platform knows it.
#[derive(Debug, Clone)]
pub struct Institution {
    /// 医疗机构编码; names the hospital in `notify_url`.
    pub org_no: OrgNo,
    /// Whether its orders are a test's: only then are its notices listed for scripts.
    pub test: bool,
    /// The account that its notifications name: the hospital's own, or the service provider's.
    pub appid: Appid,
    /// The merchant whose key signs.
    pub mch_id: MchId,
    /// That merchant's API key.
    pub api_key: ApiKey,
    /// The hospital's own account under the provider.
    pub sub_appid: Option<Appid>,
    /// The hospital's merchant under the provider.
    pub sub_mch_id: Option<MchId>,
}

impl Settings {
    /// The hospital with this code.
    pub fn institution(&self, org_no: &str) -> Option<&Institution> {
        self.institutions.iter().find(|institution| institution.org_no.as_str() == org_no)
    }
}
