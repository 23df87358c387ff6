//! A registration from the hospital's report to the bureau's answer, with trouble at every step.

use super::tests::{report, visit, with};
use crate::cards::tests::bind;
use crate::testing::keepers::Town;
use crate::testing::stage::Around;
use crate::testing::{HOSPITAL, Person};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};

/// The hospital asks until it has an answer.
struct Registration;

impl Registration {
    async fn ask(town: &Town) -> String {
        report(&town.world, "preregister", &with(&visit("R1"), "openid", "o1")).await.0
    }
}

impl Flow for Registration {
    type Stage = Around;

    fn ends(&self) -> Vec<&'static str> {
        vec!["SUCCESS, known (1, 0)"]
    }

    fn ends_refused(&self) -> Vec<&'static str> {
        vec!["INVALID_REQUEST, known (1, 1)"]
    }

    async fn prepare(&self, town: &Town) {
        town.world.keep_token(HOSPITAL).await;
        bind(&town.world, HOSPITAL, "o1", Person::LIN).await;
    }

    async fn insist(&self, town: &Town) -> bool {
        ["SUCCESS", "INVALID_REQUEST"].contains(&Self::ask(town).await.as_str())
    }

    async fn end(&self, town: &Town) -> String {
        format!("{}, known {:?}", Self::ask(town).await, town.bureau.visits())
    }
}

on_both!(a_registration_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Registration).await;
});
