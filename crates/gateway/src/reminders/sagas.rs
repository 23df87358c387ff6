//! A bill that a doctor has written, told to whoever has the patient's visit card, with trouble at
//! every step.

use super::prescription_issued;
use crate::testing::PAYER;
use crate::testing::keepers::PATIENT;
use crate::testing::stage::{Around, Scene};
use medpay_domain::BillNo;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};
use medpay_wire::his::events::PrescriptionIssued;

/// The HIS tells of the bill until it is heard.
struct Reminder;

impl Flow for Reminder {
    type Stage = Around<false>;

    fn ends(&self) -> Vec<&'static str> {
        vec!["sent to 1"]
    }

    fn ends_refused(&self) -> Vec<&'static str> {
        // Whoever is said to have bound no card is reminded of that, too.
        vec!["sent to 2"]
    }

    async fn prepare(&self, scene: &Scene) {
        scene.his.writes_bill("B1", 100, Some(805));
        scene.visit_card(PAYER).await;
    }

    async fn insist(&self, scene: &Scene) -> bool {
        let issued = PrescriptionIssued { patient_id: PATIENT.into(), bill_no: BillNo::new("B1") };
        prescription_issued(&scene.world.site, &issued).await.is_ok()
    }

    async fn end(&self, scene: &Scene) -> String {
        format!("sent to {}", scene.messages())
    }
}

on_both!(the_reminder_of_a_bill_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Reminder).await;
});
