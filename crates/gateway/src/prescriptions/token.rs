//! The token in a prescription's QR code: `medpay_wire::his::qr` with this hospital's secret, rule
//! and time.

use crate::gateway::Site;
pub use medpay_wire::his::qr::QrFault as TokenFault;
use medpay_wire::his::qr::QrToken;

/// How much longer than the hospital's rule a HIS may let a code of its own last, in seconds: its
/// clock is not ours.
const SLACK_SECONDS: i64 = 300;

/// A token for the pending list of `patient_id`, good for the hospital's `qr_seconds` from now.
pub fn mint(site: &Site, patient_id: &str) -> String {
    let Some(hospital) = site.hospital() else { return String::new() };
    let expires_at = now_seconds(site).saturating_add(hospital.rules.qr_seconds);
    let token = QrToken { patient_id: patient_id.to_owned(), expires_at };
    token.write(&hospital.his.secret, &site.institution.site)
}

/// What the QR code says.
pub fn url(site: &Site, patient_id: &str) -> String {
    site.url(&format!("/p/{}", mint(site, patient_id)))
}

/// Whose pending list it is. The HIS may have made the token by itself, but not for longer than the
/// hospital's rule.
pub fn read(site: &Site, token: &str) -> Result<String, TokenFault> {
    let hospital = site.hospital().ok_or(TokenFault::Altered)?;
    let secret = &hospital.his.secret;
    let read = QrToken::read(token, secret, &site.institution.site, site.clock.now())?;
    let longest = hospital.rules.qr_seconds.saturating_add(SLACK_SECONDS);
    if read.expires_at > now_seconds(site).saturating_add(longest) {
        return Err(TokenFault::Altered);
    }
    Ok(read.patient_id)
}

fn now_seconds(site: &Site) -> i64 {
    site.clock.now().as_ms() / 1000
}
