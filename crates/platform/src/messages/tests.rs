//! Template messages, over the router.

use crate::orders::testing::{confirm, order, paid};
use crate::orders::{StoredOrder, rows};
use crate::settings::Settings;
use crate::testing::keepers::Town;
use crate::testing::{HOSPITAL, SECOND_UNDER_PROVIDER, UNDER_PROVIDER, settings};
use medpay_domain::MedTransId;
use medpay_domain::platform::order::Kind;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_wire::fields::Fields;

const FIRST: (&str, &str) = ("first", "您已缴费成功");
const REMARK: (&str, &str) = ("remark", "祝您早日康复");

async fn send(town: &Town, fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields.iter().copied().chain([FIRST, REMARK]).collect();
    town.world.call(HOSPITAL, "sendmsg", &fields).await.word()
}

/// An order that nobody has paid.
async fn unpaid(town: &Town, institution: usize, number: &str) -> StoredOrder {
    let stored = order(town, institution, number, Kind::CashOnly, (100, 0));
    let (vault, kept) = (town.app().vault.clone(), stored.clone());
    let inserted = town
        .app()
        .store
        .write("a test makes an order", move |tx| {
            let (vault, stored) = (vault.clone(), kept.clone());
            Box::pin(async move { rows::insert(tx, &vault, &stored, "digest").await })
        })
        .await;
    assert_eq!(inserted, Ok(true));
    stored
}

/// `msg_type`, the caller's own fields, and the keywords that come of it.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);

on_both!(each_type_fills_its_template, async |db: TestDb| {
    let town = Town::new(&db).await;
    paid(&town, "1", Kind::Mixed, (100, 805)).await;
    let cases: [Case; 4] = [
        ("1", &[], "林晴|诊间缴费|9.05 元|2018-6-20 09:00:00|H1"),
        (
            "2",
            &[("discount", "1.00"), ("real_fee", "8.05")],
            "诊间缴费|9.05 元|1.00 元|8.05 元|2018-6-20 09:00:00|H1",
        ),
        (
            "3",
            &[
                ("doctor", "陈医生"),
                ("department", "内科"),
                ("hospital", "晴川医院"),
                ("visit_time", "2018-6-21 上午"),
                ("register_no", "12"),
            ],
            "林晴|陈医生|内科|晴川医院|2018-6-21 上午|12|9.05 元|2018-6-20 09:00:00|H1",
        ),
        (
            "4",
            &[
                ("pre_register_item", "内科"),
                ("pre_register_time", "2018-6-21 上午"),
                ("register_no", "12"),
            ],
            "林晴|内科|2018-6-21 上午|12|9.05 元|2018-6-20 09:00:00|H1",
        ),
    ];
    for (index, (msg_type, own, keywords)) in cases.into_iter().enumerate() {
        let mut fields = vec![("med_trans_id", "M1"), ("msg_type", msg_type)];
        fields.extend(own);
        fields.push(("redirect_url", "http://hospital.example/done"));
        assert_eq!(send(&town, &fields).await, "SUCCESS", "{msg_type}");
        let sent = town.world.messenger.sent.lock().expect("not poisoned");
        let (appid, message) = &sent[index];
        assert_eq!((appid.as_str(), message.touser.as_str()), ("wxhospital", "oTestPayer"));
        assert_eq!(message.template_id, format!("template-{msg_type}"));
        assert_eq!(message.url.as_deref(), Some("http://hospital.example/done"));
        let values = message.values();
        let text: Vec<_> = (1..=9)
            .filter_map(|n| values.get(&format!("keyword{n}")).map(String::as_str))
            .collect();
        assert_eq!(text.join("|"), keywords);
        assert_eq!(values["first"], FIRST.1);
    }
});

on_both!(the_same_request_again_sends_nothing, async |db: TestDb| {
    let town = Town::new(&db).await;
    paid(&town, "1", Kind::CashOnly, (100, 0)).await;
    let institution = town.world.institution(HOSPITAL).clone();
    let token = town.world.token(&institution.account).await;
    for nonce in ["nonce-1", "nonce-2", "nonce-2"] {
        let mut fields: Fields =
            [("hosp_out_trade_no", "H1"), ("msg_type", "1"), FIRST, REMARK].into_iter().collect();
        fields.set("nonce_str", nonce);
        let answer = town.world.call_as(&institution, &token, "sendmsg", fields).await;
        assert_eq!(answer.word(), "SUCCESS");
        assert_eq!(answer.fields().get("nonce_str"), Some(nonce), "原样返回");
    }
    assert_eq!(town.world.messenger.sent.lock().expect("not poisoned").len(), 1);
    let other = [("hosp_out_trade_no", "H1"), ("msg_type", "1"), ("mini_appid", "wxmini")];
    assert_eq!(send(&town, &other).await, "SUCCESS");
    assert_eq!(town.world.messenger.sent.lock().expect("not poisoned").len(), 2);
});

on_both!(a_lost_answer_is_asked_for_by_the_same_number, async |db: TestDb| {
    let town = Town::new(&db).await;
    paid(&town, "1", Kind::CashOnly, (100, 0)).await;
    let answers = [None, Some(43004), Some(0)];
    town.world.messenger.answers.lock().expect("not poisoned").extend(answers);
    let fields = [("med_trans_id", "M1"), ("msg_type", "1")];
    for word in ["SYSTEMERROR", "INVALID_REQUEST", "SUCCESS", "SUCCESS"] {
        assert_eq!(send(&town, &fields).await, word);
    }
    let sent = town.world.messenger.sent.lock().expect("not poisoned");
    let numbers: Vec<_> = sent.iter().map(|(_, message)| &message.client_msg_id).collect();
    assert_eq!(numbers.len(), 3);
    assert!(numbers[0].is_some() && numbers.iter().all(|number| *number == numbers[0]));
});

on_both!(only_a_paid_order_of_the_caller_has_messages, async |db: TestDb| {
    let town = Town::new(&db).await;
    unpaid(&town, HOSPITAL, "1").await;
    unpaid(&town, UNDER_PROVIDER, "2").await;
    let check = async |number: (&str, &str), word: &str| {
        assert_eq!(send(&town, &[number, ("msg_type", "1")]).await, word, "{number:?}");
    };
    check(("med_trans_id", "M0"), "ORDERNOTEXIST").await;
    check(("med_trans_id", "M1"), "INVALID_REQUEST").await;
    check(("hosp_out_trade_no", "H1"), "INVALID_REQUEST").await;
    check(("med_trans_id", "M2"), "ORDERNOTEXIST").await;
    check(("hosp_out_trade_no", "H2"), "ORDERNOTEXIST").await;
    assert!(town.world.messenger.sent.lock().expect("not poisoned").is_empty());
});

on_both!(an_account_needs_city_services_and_the_template, async |db: TestDb| {
    let mut settings: Settings = settings();
    settings.institutions[HOSPITAL].templates[0] = None;
    let town = Town::with(&db, settings).await;
    paid(&town, "1", Kind::CashOnly, (100, 0)).await;
    let fields = [("med_trans_id", "M1"), ("msg_type", "1")];
    assert_eq!(send(&town, &fields).await, "INVALID_REQUEST");
    let discount =
        [("med_trans_id", "M1"), ("msg_type", "2"), ("discount", "0"), ("real_fee", "1")];
    assert_eq!(send(&town, &discount).await, "SUCCESS");
});

on_both!(a_number_of_two_hospitals_of_a_provider_names_neither, async |db: TestDb| {
    let town = Town::new(&db).await;
    for (institution, med_trans_id) in [(UNDER_PROVIDER, "M1"), (SECOND_UNDER_PROVIDER, "M2")] {
        let mut stored = order(&town, institution, "7", Kind::CashOnly, (100, 0));
        stored.order.med_trans_id = MedTransId::new(med_trans_id);
        confirm(&town, &stored).await;
    }
    town.work().await;
    let send = async |number: (&str, &str)| {
        let fields = [number, ("msg_type", "1"), FIRST, REMARK];
        town.world.call(UNDER_PROVIDER, "sendmsg", &fields).await.word()
    };
    assert_eq!(send(("hosp_out_trade_no", "H7")).await, "INVALID_REQUEST");
    assert!(town.world.messenger.sent.lock().expect("not poisoned").is_empty());
    assert_eq!(send(("med_trans_id", "M2")).await, "SUCCESS");
});

on_both!(each_hospital_of_a_provider_needs_the_permission_itself, async |db: TestDb| {
    let mut settings: Settings = settings();
    settings.institutions[UNDER_PROVIDER].permissions.remove("sendmsg");
    let town = Town::with(&db, settings).await;
    let first = confirm(&town, &order(&town, UNDER_PROVIDER, "1", Kind::CashOnly, (100, 0))).await;
    let second = order(&town, SECOND_UNDER_PROVIDER, "2", Kind::CashOnly, (100, 0));
    let second = confirm(&town, &second).await;
    town.work().await;
    for (number, word) in [(&first, "NOAUTH"), (&second, "SUCCESS")] {
        let fields = [("med_trans_id", number.as_str()), ("msg_type", "1"), FIRST, REMARK];
        let answer = town.world.call(UNDER_PROVIDER, "sendmsg", &fields).await;
        assert_eq!(answer.word(), word);
    }
    assert_eq!(town.world.messenger.sent.lock().expect("not poisoned").len(), 1);
});
