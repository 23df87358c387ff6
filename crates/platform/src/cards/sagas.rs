//! The binding of a card from its link to the question for it, with trouble at every step.

use super::tests::{Browser, form, getmedinfo, outcome};
use crate::testing::keepers::Town;
use crate::testing::stage::Around;
use crate::testing::{HOSPITAL, Person};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};

/// A patient who asks for a link again and types until a card is bound.
struct Binding;

impl Flow for Binding {
    type Stage = Around;

    fn ends(&self) -> Vec<&'static str> {
        vec!["SUCCESS"]
    }

    async fn prepare(&self, town: &Town) {
        town.world.keep_token(HOSPITAL).await;
    }

    async fn insist(&self, town: &Town) -> bool {
        let fields = [("openid", "o1"), ("url", "http://hospital.example/back")];
        let answer = town.world.call(HOSPITAL, "getbindurl", &fields).await;
        if answer.word() != "SUCCESS" {
            return false;
        }
        let fields = answer.fields();
        let url = fields.get("bind_url").expect("a link");
        let link = url.strip_prefix("http://pay.example").expect("our own address");
        let mut browser = Browser::new(&town.world);
        let page = browser.open(link, "o1", Person::LIN.name).await;
        if outcome(&page) == "ready" {
            browser.post(link, &page, &form(Person::LIN)).await;
        }
        outcome(&page) == "bound"
    }

    async fn end(&self, town: &Town) -> String {
        getmedinfo(&town.world, HOSPITAL, "o1", Person::LIN).await
    }
}

on_both!(the_binding_of_a_card_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Binding).await;
});
