//! A payment from the patient's wish to the message, with trouble at every step.

use crate::channels::Channel;
use crate::payments::{Begin, Payer, begin, close, paid_on};
use crate::testing::PAYER;
use crate::testing::keepers::{DIGEST, NAME, PATIENT};
use crate::testing::stage::{Around, Scene};
use medpay_domain::{BillNo, CardType, HospOutTradeNo, IdDigest, Openid, PersonName};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};
use medpay_wire::caller_fields::Patient;
use medpay_wire::his::bills::PayWith;
use std::net::Ipv4Addr;
use std::sync::OnceLock;

/// What the patient does about the order.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Then {
    #[default]
    Pay,
    /// Pays, and the doctor has just taken the bill back.
    PayInVain,
    GiveUp,
    GoAway,
}

/// One patient's payment of one bill. Where the HIS refuses, `STAFF` decide.
struct Payment<const STAFF: bool> {
    cash: i64,
    insurance: Option<i64>,
    then: Then,
    /// Whether no notification ever comes.
    silent: bool,
    /// The order that the patient knows of.
    order: OnceLock<HospOutTradeNo>,
    gone: OnceLock<()>,
    ends: Vec<&'static str>,
    ends_refused: Vec<&'static str>,
}

impl<const STAFF: bool> Payment<STAFF> {
    fn of(cash: i64, insurance: Option<i64>, ends: &[&'static str]) -> Self {
        let (order, gone) = (OnceLock::new(), OnceLock::new());
        // Whoever says no to a payment, to letting go of a bill, or to giving money back that the
        // HIS has refused, is taken at that word; of money that stays, staff know.
        let ends_refused = vec![
            "refused_by_his: 0+0, bill Pending 0, told 2",
            ": 0+0, bill Locked 0, told 0",
            "refused_by_his: 100+805, bill Voided 0, staff: refund_not_granted, told 1",
            "refused_by_his: 100+805, bill Voided 0, staff: refund_failed, told 1",
        ];
        let ends = ends.to_vec();
        Self { cash, insurance, then: Then::Pay, silent: false, order, gone, ends, ends_refused }
    }

    async fn begins(&self, scene: &Scene) -> bool {
        let insured = self.insurance.is_some();
        let wish = Begin {
            payer: Payer::Follower(Openid::new(PAYER)),
            patient: Patient {
                card_type: CardType::IdCard,
                id_digest: IdDigest::new(DIGEST),
                name: PersonName::new(NAME),
            },
            patient_id: PATIENT.into(),
            bill_no: BillNo::new("B1"),
            pay_with: if insured { PayWith::Insurance } else { PayWith::Cash },
            channel: Channel::menu(),
            by_qr: false,
            client_ip: Ipv4Addr::LOCALHOST,
        };
        let Ok(begun) = begin(&scene.world.site, wish).await else { return false };
        let led = begun.leads_to.is_some();
        if led {
            self.order.get_or_init(|| begun.hosp_out_trade_no);
        }
        led
    }
}

impl<const STAFF: bool> Flow for Payment<STAFF> {
    type Stage = Around<STAFF>;
    const UNDOS: &'static [&'static str] =
        &["release_bill", "closeorder", "refund", "grant_refund", "confirm_refund"];

    fn ends(&self) -> Vec<&'static str> {
        self.ends.clone()
    }

    fn ends_refused(&self) -> Vec<&'static str> {
        self.ends_refused.clone()
    }

    async fn prepare(&self, scene: &Scene) {
        scene.his.writes_bill("B1", self.cash, self.insurance);
    }

    async fn insist(&self, scene: &Scene) -> bool {
        if self.order.get().is_none() && !self.begins(scene).await {
            return false;
        }
        let order = self.order.get().expect("the patient was led to the cashier");
        match self.then {
            Then::GoAway => {
                self.gone.get_or_init(|| scene.world.clock.advance_seconds(1_795));
                return true;
            }
            Then::GiveUp => {
                let closed = close(&scene.world.site, order).await;
                return closed.is_ok_and(|payment| payment.ending().is_some());
            }
            Then::Pay | Then::PayInVain if scene.platform.was_paid() => {}
            Then::Pay => scene.platform.payer_pays(),
            Then::PayInVain => {
                scene.his.voids("B1");
                scene.platform.payer_pays();
            }
        }
        self.silent || scene.notify().await
    }

    async fn end(&self, scene: &Scene) -> String {
        let site = &scene.world.site;
        let paid = paid_on(site, site.clock.now().day()).await.expect("a list");
        let codes: Vec<_> = paid.iter().map(|payment| payment.money.code()).collect();
        let books = scene.books("B1").await;
        format!("{}: {books}, told {}", codes.join(" "), scene.messages())
    }
}

on_both!(an_insured_payment_survives_everything, async |db: TestDb| {
    let end = "confirmed: 100+805, bill Paid 1, told 1";
    everything_goes_wrong_once(&db, || Payment::<false>::of(100, Some(805), &[end])).await;
});

on_both!(a_payment_in_cash_survives_everything, async |db: TestDb| {
    let end = "confirmed: 905+0, bill Paid 1, told 1";
    everything_goes_wrong_once(&db, || Payment::<false>::of(905, None, &[end])).await;
});

on_both!(a_payment_without_any_notification_survives_everything, async |db: TestDb| {
    let end = "confirmed: 0+905, bill Paid 1, told 1";
    everything_goes_wrong_once(&db, || Payment::<false> {
        silent: true,
        ..Payment::of(0, Some(905), &[end])
    })
    .await;
});

on_both!(what_the_his_refuses_goes_back_by_itself_whatever_happens, async |db: TestDb| {
    let end = "refused_by_his: 0+0, bill Voided 0, told 2";
    everything_goes_wrong_once(&db, || Payment::<false> {
        then: Then::PayInVain,
        ..Payment::of(100, Some(805), &[end])
    })
    .await;
});

on_both!(what_the_his_refuses_is_left_to_staff_whatever_happens, async |db: TestDb| {
    let end = "refused_by_his: 100+805, bill Voided 0, staff: unconfirmed, told 1";
    everything_goes_wrong_once(&db, || Payment::<true> {
        then: Then::PayInVain,
        ..Payment::of(100, Some(805), &[end])
    })
    .await;
});

on_both!(a_payment_that_is_given_up_lets_go_of_its_bill_whatever_happens, async |db: TestDb| {
    let end = ": 0+0, bill Pending 0, told 0";
    everything_goes_wrong_once(&db, || Payment::<false> {
        then: Then::GiveUp,
        ..Payment::of(100, Some(805), &[end])
    })
    .await;
});

on_both!(a_payment_that_nobody_makes_lets_go_of_its_bill_whatever_happens, async |db: TestDb| {
    let end = ": 0+0, bill Pending 0, told 0";
    everything_goes_wrong_once(&db, || Payment::<false> {
        then: Then::GoAway,
        ..Payment::of(100, Some(805), &[end])
    })
    .await;
});
