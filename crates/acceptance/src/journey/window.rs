//! The window: the patient shows a pay code, the hospital scans it.

use super::purchase::Purchase;
use super::town::{Fault, equal};
use super::visit::{Placed, Visit};
use medpay_wire::contracts::phone::AuthCode;
use medpay_wire::fields::Fields;
use medpay_wire::{qrcodegetmedinfo, qrcodepreregister, qrcodeunifiedorder};
use serde_json::json;

impl Visit<'_> {
    pub(super) async fn scan(&mut self) -> Result<String, Fault> {
        let values = json!({ "openid": self.openid() });
        let shown: AuthCode = self.town.tap(&self.town.ready.auth_code, values).await?;
        let mut fields = self.merchant();
        fields
            .set("auth_code", &shown.auth_code)
            .set("org_no", &self.institution.org_no)
            .set("spbill_create_ip", "10.193.0.1");
        let answer = self.call(&qrcodegetmedinfo::SPEC, fields).await?;
        let reply = qrcodegetmedinfo::Reply::decode(&answer)?;
        let is_patient = reply.patient.name.reveal() == self.person.name
            && reply.patient.id_digest.reveal() == self.person.idcard_md5
            && reply.card.medical_card_id.reveal() == self.card_id;
        equal("the scanned person is the patient", is_patient, true)?;
        self.scan = (shown.auth_code, reply.token.into_string());
        Ok(format!("a token for {} s", reply.expires_in))
    }

    fn set_scanned(&self, fields: &mut Fields) {
        fields.set("auth_code", &self.scan.0).set("token", &self.scan.1);
    }

    pub(super) async fn scan_preregister(&self) -> Result<String, Fault> {
        let mut fields = self.about(&format!("Q{}", self.run)).await?;
        self.set_scanned(&mut fields);
        self.set_registration(&mut fields);
        let answer = self.call(&qrcodepreregister::SPEC, fields).await?;
        let reply = qrcodepreregister::Reply::decode(&answer)?;
        Ok(format!("response_content of {} bytes", reply.response_content.len()))
    }

    pub(super) async fn scan_order(&mut self) -> Result<String, Fault> {
        let mut fields = self.order_fields(Purchase::Scanned).await?;
        self.set_scanned(&mut fields);
        let number = fields.get("hosp_out_trade_no").unwrap_or_default().to_owned();
        let answer = self.call(&qrcodeunifiedorder::SPEC, fields).await?;
        let reply = qrcodeunifiedorder::Reply::decode(&answer)?;
        let said = reply.med_trans_id.to_string();
        let placed = Placed {
            number,
            med_trans_id: reply.med_trans_id,
            // The cashier comes to the phone by itself.
            pay_url: String::new(),
            time_end: None,
            refund: None,
        };
        self.placed.insert(Purchase::Scanned, placed);
        Ok(said)
    }
}
