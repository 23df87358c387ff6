//! Notifications against a hospital that answers what a test lays ready.

use crate::notifications::{Standing, given_up, replay, rows};
use crate::orders::testing::{confirm, load, order, paid};
use crate::testing::keepers::Town;
use crate::testing::{HOSPITAL, UNDER_PROVIDER};
use medpay_domain::platform::order::Kind;
use medpay_domain::{Fen, MedTransId};
use medpay_store::testing::TestDb;
use medpay_store::{args, on_both};
use medpay_wire::fields::{Fields, Received};
use medpay_wire::notification::Notification;
use medpay_wire::states::PayType;

pub(crate) async fn standing(town: &Town, order: &MedTransId) -> Option<(Standing, u32)> {
    let order = order.clone();
    let stored = town
        .app()
        .store
        .read("a test reads a notification", move |tx| {
            let order = order.clone();
            Box::pin(async move { rows::load(tx, &order).await })
        })
        .await;
    stored.expect("read").map(|stored| (stored.standing, stored.attempts))
}

fn told(town: &Town) -> Vec<String> {
    town.hospital.told.lock().expect("not poisoned").iter().map(|(_, xml)| xml.clone()).collect()
}

fn lay(town: &Town, answers: &[Option<(u16, &'static str)>]) {
    town.hospital.answers.lock().expect("not poisoned").extend(answers);
}

/// Reads a notification as a hospital does, signature first.
fn read(town: &Town, institution: usize, xml: &str) -> Notification {
    let key = &town.world.institution(institution).merchant.api_key;
    let received = Received::read(xml.as_bytes()).expect("a document");
    let verified = received.verify(key, false).expect("signed");
    Notification::decode(&verified).expect("a notification")
}

on_both!(a_paid_order_is_told_once_with_everything, async |db: TestDb| {
    let town = Town::new(&db).await;
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let documents = told(&town);
    assert_eq!(documents.len(), 1);
    let notification = read(&town, HOSPITAL, &documents[0]);
    assert_eq!(notification.med_trans_id, order);
    assert_eq!(notification.hosp_out_trade_no.as_str(), "H1");
    assert_eq!(notification.pay_type, PayType::Mixed);
    assert_eq!(notification.total_fee.get(), 905);
    assert_eq!(notification.cash_fee.get(), 100);
    assert_eq!(notification.insurance_fee.get(), 805);
    assert_eq!(notification.insurance_fund_fee.map(Fen::get), Some(805));
    assert_eq!(notification.response_content.as_deref(), Some("{\"akc190\": 1}"));
    assert_eq!(notification.time_end.wire(), "20180620090000");
    assert!(notification.openid.is_some() && notification.sub_openid.is_none());
    assert!(notification.serial_no.is_some() && notification.bill_no.is_some());
    assert!(notification.cash_order_id.is_some() && notification.insurance_order_id.is_some());
    assert_eq!(standing(&town, &order).await, Some((Standing::Acknowledged, 1)));
    town.world.clock.advance_seconds(24 * 3600);
    town.work().await;
    assert_eq!(told(&town).len(), 1, "an acknowledged one is not sent again");
});

on_both!(a_provider_signs_with_its_own_key_and_names_the_sub_merchant, async |db: TestDb| {
    let town = Town::new(&db).await;
    let open = order(&town, UNDER_PROVIDER, "1", Kind::CashOnly, (905, 0));
    confirm(&town, &open).await;
    town.work().await;
    let notification = read(&town, UNDER_PROVIDER, &told(&town)[0]);
    let sub_mch_id = notification.merchant.sub_mch_id.expect("a sub-merchant");
    assert_eq!(sub_mch_id.as_str(), "1900000011");
    assert_eq!(notification.pay_type, PayType::Cash);
    assert_eq!(notification.response_content, None);
    assert_eq!(notification.insurance_fund_fee, None);
});

on_both!(
    anything_but_success_is_sent_again_by_the_schedule_with_a_fresh_sign,
    async |db: TestDb| {
        let town = Town::new(&db).await;
        let fail = "<xml><return_code>FAIL</return_code></xml>";
        let success = "<xml><return_code>SUCCESS</return_code></xml>";
        lay(&town, &[None, Some((500, success)), Some((200, fail))]);
        let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
        // The test's schedule: 15, 15 and 30 seconds.
        for (seconds, sent) in [(14, 1), (1, 2), (14, 2), (1, 3), (29, 3), (1, 4)] {
            town.world.clock.advance_seconds(seconds);
            town.work().await;
            assert_eq!(told(&town).len(), sent, "after {seconds} more seconds");
        }
        assert_eq!(standing(&town, &order).await, Some((Standing::Acknowledged, 4)));
        let nonces: std::collections::BTreeSet<_> = told(&town)
            .iter()
            .map(|xml| Fields::from_xml(xml.as_bytes()).expect("fields"))
            .map(|fields| fields.get("nonce_str").expect("a nonce").to_owned())
            .collect();
        assert_eq!(nonces.len(), 4);
    }
);

on_both!(after_the_whole_schedule_it_is_given_up_and_can_be_replayed, async |db: TestDb| {
    let town = Town::new(&db).await;
    lay(&town, &[Some((404, "")), Some((200, "ok")), None, Some((200, "<xml></xml>"))]);
    let order = paid(&town, "1", Kind::Mixed, (100, 805)).await;
    assert!(!replay(town.app(), &order).await.expect("asked"), "it is still waiting");
    for _ in 0..5 {
        town.world.clock.advance_seconds(3600);
        town.work().await;
    }
    assert_eq!(told(&town).len(), 4);
    assert_eq!(standing(&town, &order).await, Some((Standing::GivenUp, 4)));
    let listed = given_up(town.app()).await.expect("listed");
    assert_eq!(listed.iter().map(|one| &one.med_trans_id).collect::<Vec<_>>(), [&order]);
    assert!(replay(town.app(), &order).await.expect("asked"));
    town.work().await;
    assert_eq!(standing(&town, &order).await, Some((Standing::Acknowledged, 1)));
    assert_eq!(given_up(town.app()).await, Ok(vec![]));
    let attempts = town
        .app()
        .store
        .read("attempts", |tx| {
            Box::pin(async move {
                let sql = "SELECT outcome FROM notification_attempts ORDER BY number";
                let rows = tx.all(sql, args![]).await?;
                rows.iter().map(|row| row.get::<String>(0)).collect::<Result<Vec<_>, _>>()
            })
        })
        .await
        .expect("read");
    let outcomes = ["other_answer", "other_answer", "unknown", "other_answer", "acknowledged"];
    assert_eq!(attempts, outcomes, "every attempt is recorded");
    assert!(!replay(town.app(), &MedTransId::new("M404")).await.expect("asked"));
});

on_both!(only_paid_orders_are_told_and_a_refunded_one_still_is, async |db: TestDb| {
    let town = Town::new(&db).await;
    lay(&town, &[None]);
    let order_id = paid(&town, "1", Kind::CashOnly, (905, 0)).await;
    let fields = [("med_trans_id", order_id.as_str()), ("hosp_out_refund_no", "R1")];
    assert_eq!(town.world.call(HOSPITAL, "refund", &fields).await.word(), "SUCCESS");
    town.world.clock.advance_seconds(15);
    town.work().await;
    assert_eq!(told(&town).len(), 2);
    assert!(load(&town, &order_id).await.order.wholly_given_back());
    let open = order(&town, HOSPITAL, "2", Kind::CashOnly, (905, 0));
    let open = confirm(&town, &open).await;
    assert_eq!(standing(&town, &open).await, None);
});
