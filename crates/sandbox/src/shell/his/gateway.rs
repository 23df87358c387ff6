//! What the HIS calls at the gateway, signed like what the gateway calls at the HIS.

use crate::his::His;
use crate::sandbox::Parties;
use axum::http::header::CONTENT_TYPE;
use medpay_domain::Clock as _;
use medpay_wire::his::signature::{KEY_HEADER, SIGNATURE_HEADER, Signed, TIME_HEADER};
use medpay_wire::his::{Call, Refusal};
use reqwest::Url;
use std::time::Duration;

/// How long the gateway has.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Calls the gateway; `key` is empty where nothing is changed. Why it came to nothing is told in
/// words for staff.
pub(super) async fn call<C: Call>(
    town: &Parties,
    his: &His,
    key: &str,
    ask: &C,
) -> Result<C::Answer, String> {
    let unanswered = || "支付网关没有应答".to_owned();
    let settings = his.settings();
    let base = settings.gateway_url.trim_end_matches('/');
    let address: Url =
        format!("{base}/v1/{}", C::NAME).parse().map_err(|_| "支付网关地址无效".to_owned())?;
    let body = serde_json::to_vec(ask).map_err(|_| unanswered())?;
    let time = (town.clock.now().as_ms() / 1000).to_string();
    let signed = Signed { method: "POST", path: address.path(), time: &time, key, body: &body };
    let mut request = town
        .settings
        .http
        .post(address.clone())
        .header(CONTENT_TYPE, "application/json")
        .header(SIGNATURE_HEADER, signed.signature(&settings.secret))
        .header(TIME_HEADER, &time)
        .timeout(TIMEOUT);
    if !key.is_empty() {
        request = request.header(KEY_HEADER, key);
    }
    let answer = request.body(body).send().await.map_err(|_| unanswered())?;
    let is_yes = answer.status().is_success();
    let text = answer.bytes().await.map_err(|_| unanswered())?;
    if is_yes {
        return serde_json::from_slice(&text).map_err(|_| "支付网关的应答无法识别".to_owned());
    }
    match serde_json::from_slice::<Refusal>(&text) {
        Ok(refusal) => Err(format!("支付网关拒绝：{}", refusal.message)),
        Err(_) => Err(unanswered()),
    }
}
