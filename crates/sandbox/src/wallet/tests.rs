use super::*;
use crate::testing::{appid, chance, fen, noon, person, wechat};
use medpay_domain::{Appid, Day, Openid};
use tempfile::TempDir;

struct Town {
    wallet: Wallet,
    wechat: Arc<WeChat>,
    folder: TempDir,
}

fn town() -> Town {
    let folder = TempDir::new().expect("a folder");
    let wechat = wechat(folder.path());
    Town { wallet: open(&folder, &wechat), wechat, folder }
}

fn open(folder: &TempDir, wechat: &Arc<WeChat>) -> Wallet {
    Wallet::open(folder.path(), Persons::built_in(), Arc::clone(wechat), chance()).expect("a book")
}

fn openid(id: &str) -> Openid {
    person(id).openid(&appid())
}

fn confirm(wallet: &Wallet, who: &str, password: &str, cash: i64, at: Timestamp) -> Confirmed {
    let question = Confirm {
        appid: appid(),
        openid: openid(who),
        password: password.to_owned(),
        cash_fee: fen(cash),
        body: "门诊缴费".to_owned(),
    };
    wallet.confirm(&question, at).expect("a book").answer().expect("an answer")
}

fn confirmation(wallet: &Wallet, who: &str, cash: i64) -> String {
    match confirm(wallet, who, &person(who).password, cash, noon()) {
        Confirmed::Confirmed { confirmation } => confirmation,
        other => panic!("{other:?}"),
    }
}

fn order(key: &str, who: &str, confirmation: &str, cash: i64, total: i64) -> Capture {
    Capture {
        key: key.to_owned(),
        confirmation: confirmation.to_owned(),
        appid: appid(),
        openid: openid(who),
        cash_fee: fen(cash),
        total_fee: fen(total),
        body: "门诊缴费".to_owned(),
    }
}

fn capture(wallet: &Wallet, key: &str, who: &str, cash: i64, total: i64) -> Delivery<Outcome> {
    let confirmation = confirmation(wallet, who, cash);
    wallet.capture(&order(key, who, &confirmation, cash, total), noon()).expect("a book")
}

fn captured(delivery: Delivery<Outcome>) -> (CashOrderId, i64) {
    match delivery {
        Delivery::Answer(Outcome::Captured { cash_order_id, coupon_fee, .. }) => {
            (cash_order_id, coupon_fee.get())
        }
        other => panic!("{other:?}"),
    }
}

fn refused(delivery: Delivery<Outcome>) -> String {
    match delivery {
        Delivery::Answer(Outcome::Refused(Refusal { code, .. })) => code,
        other => panic!("{other:?}"),
    }
}

fn refund(
    wallet: &Wallet,
    key: &str,
    id: &CashOrderId,
    cash: i64,
    at: Timestamp,
) -> Delivery<Outcome> {
    let order = Refund { key: key.to_owned(), cash_order_id: id.clone(), cash_fee: fen(cash) };
    wallet.refund(&order, at).expect("a book")
}

fn query(wallet: &Wallet, key: &str) -> Outcome {
    let question = Query { key: key.to_owned() };
    wallet.query(&question).expect("a book").answer().expect("an answer")
}

fn balance(wallet: &Wallet, who: &str) -> i64 {
    wallet.balance(&person(who)).expect("a book").get()
}

#[test]
fn five_wrong_passwords_lock_the_wallet_for_hours() {
    let Town { wallet, .. } = town();
    let wrong = |at| confirm(&wallet, "lin", "000000", 100, at);
    for tries_left in [4, 3, 2, 1] {
        assert_eq!(wrong(noon()), Confirmed::WrongPassword { tries_left });
    }
    let until = noon().plus_seconds(3 * 3600);
    assert_eq!(wrong(noon()), Confirmed::Locked { until });
    let right = |at| confirm(&wallet, "lin", "112233", 100, at);
    assert_eq!(right(until.plus_ms(-1)), Confirmed::Locked { until });
    assert!(matches!(right(until), Confirmed::Confirmed { .. }));
    assert_eq!(wrong(until), Confirmed::WrongPassword { tries_left: 4 });
}

#[test]
fn a_right_password_begins_the_count_anew() {
    let Town { wallet, .. } = town();
    for _ in 0..4 {
        confirm(&wallet, "lin", "000000", 100, noon());
    }
    confirmation(&wallet, "lin", 100);
    let wrong = confirm(&wallet, "lin", "000000", 100, noon());
    assert_eq!(wrong, Confirmed::WrongPassword { tries_left: 4 });
    assert!(matches!(confirm(&wallet, "song", "101010", 1, noon()), Confirmed::Locked { .. }));
}

#[test]
fn nobody_is_confirmed_under_an_account_that_is_not_known() {
    let Town { wallet, .. } = town();
    let elsewhere = Appid::new("wx-somewhere-else");
    let question = Confirm {
        openid: person("lin").openid(&elsewhere),
        appid: elsewhere,
        password: "112233".to_owned(),
        cash_fee: fen(1),
        body: String::new(),
    };
    let answer = wallet.confirm(&question, noon()).expect("a book").answer();
    assert_eq!(answer, Some(Confirmed::NoSuchPayer));
}

#[test]
fn cash_is_taken_once_for_one_confirmation_of_that_amount_and_payer() {
    let Town { wallet, .. } = town();
    let before = balance(&wallet, "lin");
    let good = confirmation(&wallet, "lin", 100);
    let take = |key: &str, who: &str, confirmation: &str, cash: i64, at: Timestamp| {
        wallet.capture(&order(key, who, confirmation, cash, 905), at).expect("a book")
    };
    captured(take("k1", "lin", &good, 100, noon()));
    assert_eq!(refused(take("k2", "lin", &good, 100, noon())), "NOT_CONFIRMED");
    let other = confirmation(&wallet, "lin", 100);
    assert_eq!(refused(take("k3", "lin", &other, 101, noon())), "NOT_CONFIRMED");
    let other = confirmation(&wallet, "lin", 100);
    assert_eq!(refused(take("k4", "chen", &other, 100, noon())), "NOT_CONFIRMED");
    let other = confirmation(&wallet, "lin", 100);
    let too_late = noon().plus_seconds(2 * 3600);
    assert_eq!(refused(take("k5", "lin", &other, 100, too_late)), "NOT_CONFIRMED");
    assert_eq!(balance(&wallet, "lin"), before - 100);
}

#[test]
fn a_key_gets_its_first_answer_for_ever() {
    let Town { wallet, wechat, folder } = town();
    let first = capture(&wallet, "k1", "lin", 100, 905);
    assert_eq!(capture(&wallet, "k1", "lin", 300, 905), first);
    drop(wallet);
    let wallet = open(&folder, &wechat);
    assert_eq!(capture(&wallet, "k1", "lin", 100, 905), first);
    assert_eq!(Delivery::Answer(query(&wallet, "k1")), first);
    let (id, _) = captured(first);
    assert_eq!(refused(refund(&wallet, "k1", &id, 100, noon())), "KEY_REUSED");
    assert_eq!(query(&wallet, "k2"), Outcome::Unknown);
}

#[test]
fn cash_goes_back_whole_and_once() {
    let Town { wallet, .. } = town();
    let before = balance(&wallet, "lin");
    let (id, _) = captured(capture(&wallet, "k1", "lin", 100, 905));
    assert_eq!(refused(refund(&wallet, "r1", &id, 99, noon())), "PARAM_ERROR");
    let overdue = noon().plus_seconds(367 * 24 * 3600);
    assert_eq!(refused(refund(&wallet, "r2", &id, 100, overdue)), "TRADE_OVERDUE");
    let next_day = noon().plus_seconds(24 * 3600);
    let back = refund(&wallet, "r3", &id, 100, next_day);
    assert_eq!(back, Delivery::Answer(Outcome::Refunded { at: next_day }));
    assert_eq!(refund(&wallet, "r3", &id, 100, noon()), back);
    assert_eq!(refused(refund(&wallet, "r4", &id, 100, next_day)), "REFUNDED");
    assert_eq!(balance(&wallet, "lin"), before);
    let nobodys = CashOrderId::new("4200");
    assert_eq!(refused(refund(&wallet, "r5", &nobodys, 100, noon())), "ORDERNOTEXIST");
}

#[test]
fn a_days_list_adds_up_to_what_the_wallets_lost() {
    let Town { wallet, .. } = town();
    let before = balance(&wallet, "lin");
    let (first, _) = captured(capture(&wallet, "k1", "lin", 100, 905));
    captured(capture(&wallet, "k2", "lin", 250, 250));
    refund(&wallet, "r1", &first, 100, noon().plus_seconds(24 * 3600));
    let list = |day: &str| {
        let question = ListDay { day: Day::from_wire(day).expect("a day") };
        wallet.day(&question).expect("a book").answer().expect("an answer").entries
    };
    let sum = |day: &str| -> i64 {
        list(day).iter().fold(0, |sum, entry| match entry.kind {
            DayKind::Captured => sum + entry.cash_fee.get(),
            DayKind::Refunded => sum - entry.cash_fee.get(),
        })
    };
    assert_eq!((sum("20180620"), sum("20180621")), (350, -100));
    assert_eq!(balance(&wallet, "lin"), before - 250);
}

#[test]
fn persons_and_amounts_choose_refusals() {
    let Town { wallet, .. } = town();
    assert_eq!(refused(capture(&wallet, "k1", "liang", 100, 905)), "NOTENOUGH");
    assert_eq!(refused(capture(&wallet, "k2", "lin", 41, 141)), "NOTENOUGH");
    assert_eq!(refused(capture(&wallet, "k3", "lin", 31, 131)), "PAYERROR");
    captured(capture(&wallet, "k4", "lin", 101, 101));
}

#[test]
fn a_coupon_pays_a_part_of_the_cash() {
    let Town { wallet, .. } = town();
    let before = balance(&wallet, "lin");
    let (id, coupon) = captured(capture(&wallet, "k1", "lin", 102, 102));
    assert_eq!((coupon, balance(&wallet, "lin")), (10, before - 92));
    refund(&wallet, "r1", &id, 102, noon());
    assert_eq!(balance(&wallet, "lin"), before);
}

#[test]
fn a_channel_that_is_down_takes_nothing_and_refuses_in_the_end() {
    let Town { wallet, .. } = town();
    let before = balance(&wallet, "lin");
    let confirmation = confirmation(&wallet, "lin", 45);
    let order = order("k1", "lin", &confirmation, 45, 145);
    let ask = || wallet.capture(&order, noon()).expect("a book");
    assert_eq!(ask(), Delivery::Down);
    assert_eq!(query(&wallet, "k1"), Outcome::Unknown);
    assert_eq!(ask(), Delivery::Down);
    assert_eq!(refused(ask()), "BANKERROR");
    assert_eq!(balance(&wallet, "lin"), before);
}

#[test]
fn amount_146_refuses_the_first_refund_and_gives_back_at_the_second() {
    let Town { wallet, .. } = town();
    let (id, _) = captured(capture(&wallet, "k1", "lin", 46, 146));
    assert_eq!(refused(refund(&wallet, "r1", &id, 46, noon())), "BIZERR_NEED_RETRY");
    assert_eq!(refused(refund(&wallet, "r1", &id, 46, noon())), "BIZERR_NEED_RETRY");
    let back = refund(&wallet, "r2", &id, 46, noon());
    assert_eq!(back, Delivery::Answer(Outcome::Refunded { at: noon() }));
}

#[test]
fn a_lost_answer_is_really_lost_and_the_work_is_done() {
    let Town { wallet, .. } = town();
    let before = balance(&wallet, "lin");
    let (id, _) = captured(capture(&wallet, "k1", "lin", 49, 149));
    assert_eq!(refund(&wallet, "r1", &id, 49, noon()), Delivery::Lost);
    assert_eq!(query(&wallet, "r1"), Outcome::Refunded { at: noon() });
    assert_eq!(balance(&wallet, "lin"), before);
    assert_eq!(capture(&wallet, "k2", "yao", 10, 905), Delivery::Lost);
    captured(capture(&wallet, "k2", "yao", 10, 905));
}

#[test]
fn a_pay_code_names_its_person_for_five_minutes() {
    let Town { wallet, .. } = town();
    let code = wallet.show_auth_code(&person("lin"), noon()).expect("a book");
    assert_eq!((code.auth_code.len(), code.expires_in_seconds), (18, 300));
    let ask = |auth_code: &str, at| {
        let question = IdentifyByAuthCode { appid: appid(), auth_code: auth_code.to_owned() };
        wallet.identify_by_auth_code(&question, at).expect("a book").answer().expect("an answer")
    };
    let lin = Identified::Person { openid: openid("lin"), real_name: person("lin").name };
    assert_eq!(ask(&code.auth_code, noon()), lin);
    assert_eq!(ask(&code.auth_code, noon().plus_seconds(299)), lin);
    assert_eq!(ask(&code.auth_code, noon().plus_seconds(300)), Identified::Expired);
    assert_eq!(ask("139999999999999999", noon()), Identified::Invalid);
}

#[test]
fn a_pay_code_can_belong_to_somebody_of_whom_the_wallet_says_nothing() {
    let Town { wallet, .. } = town();
    let code = wallet.show_auth_code(&person("fu"), noon()).expect("a book");
    let question = IdentifyByAuthCode { appid: appid(), auth_code: code.auth_code };
    let answer = wallet.identify_by_auth_code(&question, noon()).expect("a book");
    assert_eq!(answer, Delivery::Down);
}

#[test]
fn an_oauth_code_names_its_person_once() {
    let Town { wallet, wechat, .. } = town();
    let code = wechat.issue_code(&appid(), &person("tang"), noon()).expect("a book");
    let ask = |code: &str| {
        let question = IdentifyByCode { appid: appid(), code: code.to_owned() };
        wallet.identify_by_code(&question, noon()).expect("a book")
    };
    wallet.arm("identify_by_code", Fault::NotDone, 1).expect("a book");
    assert_eq!(ask(&code), Delivery::Lost);
    let tang = person("tang");
    let named = Identified::Person { openid: openid("tang"), real_name: tang.insured_name };
    assert_eq!(ask(&code), Delivery::Answer(named));
    assert_eq!(ask(&code), Delivery::Answer(Identified::Expired));
    assert_eq!(ask("nonsense"), Delivery::Answer(Identified::Invalid));
}

#[test]
fn a_cashier_stands_on_the_phone_until_it_was_paid_at() {
    let Town { wallet, .. } = town();
    let present = |key: &str, openid: Openid| {
        let order = Present {
            key: key.to_owned(),
            appid: appid(),
            openid,
            url: format!("http://platform.example/pay/{key}"),
        };
        wallet.present(&order).expect("a book").answer()
    };
    assert_eq!(present("p1", openid("lin")), Some(Presented::Presented));
    assert_eq!(present("p1", openid("lin")), Some(Presented::Presented));
    assert_eq!(present("p2", openid("lin")), Some(Presented::Presented));
    assert_eq!(present("p3", Openid::new("oNobody")), Some(Presented::NoSuchPayer));
    let keys = || -> Vec<String> {
        let cashiers = wallet.cashiers(&person("lin")).expect("a book");
        cashiers.into_iter().map(|cashier| cashier.key).collect()
    };
    assert_eq!(keys(), ["p1", "p2"]);
    wallet.close_cashier("p2").expect("a book");
    assert_eq!(keys(), ["p1"]);
}
