//! A refund from the patient's wish to the HIS's note, with trouble at every step.

use super::{AskedBy, Scope, Wish, ask_for};
use crate::payments::{Begin, Payer, Payment, begin};
use crate::testing::PAYER;
use crate::testing::keepers::{DIGEST, NAME, PATIENT};
use crate::testing::stage::{Around, Scene};
use medpay_domain::{BillNo, CardType, Clock as _, HospOutTradeNo, IdDigest, Openid, PersonName};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};
use medpay_wire::caller_fields::Patient;
use medpay_wire::his::bills::PayWith;
use std::net::Ipv4Addr;
use std::sync::OnceLock;

/// One patient's refund of a confirmed payment of 1.00 and 8.05.
struct Refund {
    scope: Scope,
    end: &'static str,
    order: OnceLock<HospOutTradeNo>,
}

impl Refund {
    fn of(scope: Scope, end: &'static str) -> Self {
        Self { scope, end, order: OnceLock::new() }
    }

    async fn payment(&self, scene: &Scene) -> Payment {
        scene.world.payment(self.order.get().expect("it is paid")).await
    }

    async fn begun(&self, scene: &Scene) -> Vec<super::rows::StoredRefund> {
        let order = self.order.get().expect("it is paid");
        super::of_order(&scene.world.site, order).await.expect("a list")
    }
}

impl Flow for Refund {
    type Stage = Around<false>;
    const UNDOS: &'static [&'static str] = &["refund", "grant_refund", "confirm_refund"];

    fn ends(&self) -> Vec<&'static str> {
        vec![self.end]
    }

    fn ends_refused(&self) -> Vec<&'static str> {
        vec![
            "not_granted: 100+805, bill Paid 1, staff: refund_not_granted",
            "failed: 100+805, bill Paid 1, staff: refund_failed",
        ]
    }

    async fn prepare(&self, scene: &Scene) {
        scene.his.writes_bill("B1", 100, Some(805));
        let wish = Begin {
            payer: Payer::Follower(Openid::new(PAYER)),
            patient: Patient {
                card_type: CardType::IdCard,
                id_digest: IdDigest::new(DIGEST),
                name: PersonName::new(NAME),
            },
            patient_id: PATIENT.into(),
            bill_no: BillNo::new("B1"),
            pay_with: PayWith::Insurance,
            channel: crate::channels::Channel::menu(),
            by_qr: false,
            client_ip: Ipv4Addr::LOCALHOST,
        };
        let begun = begin(&scene.world.site, wish).await.expect("begun");
        scene.platform.payer_pays();
        while !scene.notify().await {}
        scene.world.work().await;
        self.order.set(begun.hosp_out_trade_no).expect("the first");
        assert_eq!(self.payment(scene).await.money.code(), "confirmed");
        let now = scene.world.clock.now();
        crate::messages::deliver::run_once(&scene.world.branch, now).await.expect("told");
        scene.world.public_account.sent.lock().expect("not poisoned").clear();
    }

    async fn insist(&self, scene: &Scene) -> bool {
        if !self.begun(scene).await.is_empty() {
            return true;
        }
        let wish = Wish {
            by: AskedBy::Patient,
            by_name: None,
            scope: self.scope,
            reason: "不看了".into(),
        };
        let (site, now) = (scene.world.site.clone(), scene.world.clock.now());
        let payment = self.payment(scene).await;
        let asked = scene.world.site.store.write("a patient wants money back", move |tx| {
            let (site, payment, wish) = (site.clone(), payment.clone(), wish.clone());
            Box::pin(async move { ask_for(tx, &site, &payment, &wish, now).await })
        });
        // Whether it was heard is seen the next time.
        let _ = asked.await;
        false
    }

    async fn end(&self, scene: &Scene) -> String {
        let begun = self.begun(scene).await;
        let codes: Vec<_> = begun.iter().map(|refund| refund.refund.state.code()).collect();
        let told = match scene.messages() {
            0 => String::new(),
            messages => format!(", told {messages}"),
        };
        format!("{}: {}{told}", codes.join(" "), scene.books("B1").await)
    }
}

on_both!(a_whole_refund_survives_everything, async |db: TestDb| {
    let end = "returned: 0+0, bill Refunded 0, told 1";
    everything_goes_wrong_once(&db, || Refund::of(Scope::All, end)).await;
});

on_both!(a_refund_of_cash_survives_everything, async |db: TestDb| {
    let end = "returned: 0+805, bill Paid 1, told 1";
    everything_goes_wrong_once(&db, || Refund::of(Scope::CashOnly, end)).await;
});
