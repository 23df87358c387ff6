//! A code at the window from the scan to the HIS's confirmation, with trouble at every step.

use super::scanned;
use super::tests::{scan, today, with_registration};
use crate::testing::keepers::PATIENT;
use crate::testing::stage::{Around, Scene};
use medpay_domain::BillNo;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};
use medpay_wire::his::events::{CodeScanned, ScanStep};
use std::sync::OnceLock;

/// One scan; its clerk asks until it is paid or has come to nothing.
#[derive(Default)]
struct Scanning {
    registers: bool,
    ended: OnceLock<ScanStep>,
}

impl Scanning {
    fn ask(&self) -> CodeScanned {
        let mut ask = if self.registers { with_registration("S-1", today()) } else { scan("S-1") };
        if let Some(registration) = &mut ask.registration {
            registration.patient_id = PATIENT.into();
        }
        CodeScanned { bill_no: BillNo::new("B1"), ..ask }
    }
}

impl Flow for Scanning {
    type Stage = Around<false>;
    const UNDOS: &'static [&'static str] = &["release_bill", "closeorder"];

    fn ends(&self) -> Vec<&'static str> {
        vec![if self.registers {
            "Confirmed: 100+805, bill Paid 1, reports (1, 0)"
        } else {
            "Confirmed: 100+805, bill Paid 1, reports (0, 0)"
        }]
    }

    fn ends_refused(&self) -> Vec<&'static str> {
        vec![
            "Failed: 0+0, bill Pending 0, reports (0, 0)",
            "Failed: 0+0, bill Pending 0, reports (1, 0)",
            "Failed: 0+0, bill Pending 0, reports (1, 1)",
        ]
    }

    async fn prepare(&self, scene: &Scene) {
        scene.his.writes_bill("B1", 100, Some(805));
    }

    async fn insist(&self, scene: &Scene) -> bool {
        let Ok(told) = scanned(&scene.world.site, self.ask()).await else { return false };
        match told.step {
            ScanStep::Asking => false,
            ScanStep::WaitingForPassword => {
                if !scene.platform.was_paid() {
                    scene.platform.payer_pays();
                }
                scene.notify().await;
                false
            }
            ScanStep::Paid => {
                scene.notify().await;
                false
            }
            end @ (ScanStep::Confirmed | ScanStep::Failed) => {
                let _ = self.ended.set(end);
                scene.notify().await
            }
        }
    }

    async fn end(&self, scene: &Scene) -> String {
        let books = scene.books("B1").await;
        let step = self.ended.get().map_or_else(String::new, |step| format!("{step:?}"));
        format!("{step}: {books}, reports {:?}", scene.platform.reports())
    }
}

on_both!(a_scan_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, Scanning::default).await;
});

on_both!(a_scan_with_a_registration_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Scanning { registers: true, ..Scanning::default() }).await;
});
