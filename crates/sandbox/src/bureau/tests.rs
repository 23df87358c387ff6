use super::*;
use crate::testing::{chance, fen, noon, person};
use medpay_domain::{BillNo, CardType, Day, OrgNo, PersonName, SerialNo};
use medpay_wire::contracts::bureau::{Refusal, Split};
use tempfile::TempDir;

struct Town {
    bureau: Bureau,
    folder: TempDir,
}

fn town() -> Town {
    let folder = TempDir::new().expect("a folder");
    Town { bureau: open(&folder), folder }
}

fn open(folder: &TempDir) -> Bureau {
    let late = vec![CityId::new("slow")];
    Bureau::open(folder.path(), Persons::built_in(), late, chance()).expect("a book")
}

fn claim(person: &Person, total: i64, insurance: i64, cash: i64) -> Claim {
    Claim {
        city_id: CityId::new("440300"),
        org_no: OrgNo::new("H0001"),
        order_type: "DiagPay".to_owned(),
        serial_no: SerialNo::new("S1"),
        bill_no: Some(BillNo::new("B1")),
        medical_card_id: person.medical_card_id.clone(),
        total_fee: fen(total),
        insurance_fee: fen(insurance),
        cash_fee: fen(cash),
        request_content: "{}".to_owned(),
    }
}

fn pre_settled(bureau: &Bureau, claim: &Claim) -> PreSettled {
    let question = PreSettle { claim: claim.clone() };
    bureau.pre_settle(&question).expect("a book").answer().expect("an answer")
}

fn split(bureau: &Bureau, claim: &Claim) -> Split {
    match pre_settled(bureau, claim) {
        PreSettled::PreSettled(split) => split,
        PreSettled::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn order(bureau: &Bureau, key: &str, claim: &Claim) -> Settle {
    Settle { key: key.to_owned(), claim: claim.clone(), split: split(bureau, claim) }
}

fn settle(bureau: &Bureau, key: &str, claim: &Claim) -> Delivery<Outcome> {
    bureau.settle(&order(bureau, key, claim), noon()).expect("a book")
}

fn settled(delivery: Delivery<Outcome>) -> Settlement {
    match delivery {
        Delivery::Answer(Outcome::Settled(settlement)) => settlement,
        other => panic!("{other:?}"),
    }
}

fn refused(delivery: Delivery<Outcome>) -> String {
    match delivery {
        Delivery::Answer(Outcome::Refused(Refusal { code, .. })) => code,
        other => panic!("{other:?}"),
    }
}

fn query(bureau: &Bureau, key: &str) -> Outcome {
    let question = Query { key: key.to_owned() };
    bureau.query(&question).expect("a book").answer().expect("an answer")
}

fn reverse(
    bureau: &Bureau,
    key: &str,
    settlement: &Settlement,
    at: Timestamp,
) -> Delivery<Outcome> {
    let order = Reverse {
        key: key.to_owned(),
        insurance_order_id: settlement.insurance_order_id.clone(),
        cancel_bill_no: Some("C1".to_owned()),
        cancel_serial_no: Some("C2".to_owned()),
    };
    bureau.reverse(&order, at).expect("a book")
}

fn account_of(bureau: &Bureau, person: &Person) -> i64 {
    bureau.account(person).expect("a book").get()
}

fn day(bureau: &Bureau, day: &str) -> Vec<(String, DayKind, i64)> {
    let question = ListDay { day: Day::from_wire(day).expect("a day") };
    let list = bureau.day(&question).expect("a book").answer().expect("an answer");
    list.entries.into_iter().map(|it| (it.key, it.kind, it.insurance_fee.get())).collect()
}

fn question(person: &Person) -> FindInsured {
    FindInsured {
        city_id: CityId::new("440300"),
        name: person.insured_name.clone(),
        card_type: person.card_type,
        id_no: id_card::normalise(person.card_type, person.insured_id_no.reveal()),
        medical_card_no: person.medical_card_no.clone(),
    }
}

fn found(bureau: &Bureau, question: &FindInsured) -> FoundInsured {
    bureau.find_insured(question).expect("a book").answer().expect("an answer")
}

#[test]
fn everybody_insured_is_found_by_what_the_bureau_knows() {
    let Town { bureau, .. } = town();
    for person in &Persons::built_in() {
        let answer = found(&bureau, &question(person));
        match person.behaviour {
            Behaviour::NotInsured => assert_eq!(answer, FoundInsured::CardUnknown),
            Behaviour::BureauOut => assert!(matches!(answer, FoundInsured::Refused(_))),
            _ => {
                let FoundInsured::Found(insured) = answer else { panic!("{answer:?}") };
                let number = person.insured_id_no.reveal();
                assert_eq!(insured.id_digest, id_card::digest(person.card_type, number));
                assert_eq!(insured.medical_user_id, person.medical_user_id());
            }
        }
    }
}

#[test]
fn card_then_name_then_document_are_checked() {
    let Town { bureau, .. } = town();
    let mut wrong = question(&person("lin"));
    wrong.id_no = CardNo::new("440301198804120042");
    assert_eq!(found(&bureau, &wrong), FoundInsured::DocumentMismatch);
    wrong.name = PersonName::new("别人");
    assert_eq!(found(&bureau, &wrong), FoundInsured::NameMismatch);
    wrong.medical_card_no = CardNo::new("A99999999");
    assert_eq!(found(&bureau, &wrong), FoundInsured::CardUnknown);
    let mut other_type = question(&person("ho"));
    other_type.card_type = CardType::MacauPermit;
    assert_eq!(found(&bureau, &other_type), FoundInsured::DocumentMismatch);
}

#[test]
fn an_old_number_is_the_same_as_its_long_form() {
    let Town { bureau, .. } = town();
    let mut asked = question(&person("zhou"));
    asked.id_no = CardNo::new("440304195008152735");
    assert!(matches!(found(&bureau, &asked), FoundInsured::Found(_)));
    asked.id_no = CardNo::new("440304500815273");
    assert!(matches!(found(&bureau, &asked), FoundInsured::Found(_)));
}

#[test]
fn a_person_can_be_found_once_and_never_again() {
    let Town { bureau, .. } = town();
    let asked = question(&person("jiang"));
    let mut wrong = asked.clone();
    wrong.name = PersonName::new("别人");
    assert_eq!(found(&bureau, &wrong), FoundInsured::NameMismatch);
    assert!(matches!(found(&bureau, &asked), FoundInsured::Found(_)));
    assert!(matches!(found(&bureau, &asked), FoundInsured::Refused(_)));
}

fn checked(bureau: &Bureau, medical_card_id: &CardNo) -> Delivery<CheckedCard> {
    let city_id = CityId::new("440300");
    let question = CheckCard { city_id, medical_card_id: medical_card_id.clone() };
    bureau.check_card(&question).expect("a book")
}

#[test]
fn a_card_is_valid_unknown_or_out_of_service_as_its_person_is() {
    let Town { bureau, .. } = town();
    for person in &Persons::built_in() {
        let answer = checked(&bureau, &person.medical_card_id).answer().expect("an answer");
        match person.behaviour {
            Behaviour::NotInsured => assert_eq!(answer, CheckedCard::Unknown),
            Behaviour::BureauOut | Behaviour::BureauOutOnceBound => {
                let CheckedCard::Refused(refusal) = answer else { panic!("{answer:?}") };
                assert_eq!(refusal.code, "OUT_OF_SERVICE");
            }
            _ => {
                let CheckedCard::Valid(insured) = answer else { panic!("{answer:?}") };
                let FoundInsured::Found(found) = found(&bureau, &question(person)) else {
                    panic!("{} is not found", person.id)
                };
                assert_eq!(insured, found, "what was told for the bind page");
            }
        }
    }
    let nobody = checked(&bureau, &CardNo::new("0"));
    assert_eq!(nobody, Delivery::Answer(CheckedCard::Unknown));
}

#[test]
fn a_check_of_a_card_meets_what_is_armed_and_spends_no_finding() {
    let Town { bureau, .. } = town();
    for fault in [Fault::Refuse, Fault::Down, Fault::DoneAnswerLost, Fault::NotDone] {
        bureau.arm("check_card", fault, 1).expect("a book");
    }
    let check = || checked(&bureau, &person("lin").medical_card_id);
    let Delivery::Answer(CheckedCard::Refused(refusal)) = check() else { panic!("not refused") };
    assert_eq!(refusal.code, "REFUSED");
    assert_eq!(check(), Delivery::Down);
    assert_eq!(check(), Delivery::Lost);
    assert_eq!(check(), Delivery::Lost);
    assert!(matches!(check(), Delivery::Answer(CheckedCard::Valid(_))));
    let jiang = person("jiang");
    let refused = checked(&bureau, &jiang.medical_card_id);
    assert!(matches!(refused, Delivery::Answer(CheckedCard::Refused(_))));
    assert!(matches!(found(&bureau, &question(&jiang)), FoundInsured::Found(_)));
}

#[test]
fn the_bureau_agrees_to_a_split_that_the_account_covers() {
    let Town { bureau, .. } = town();
    let split = split(&bureau, &claim(&person("lin"), 905, 805, 100));
    let expected = Split {
        insurance_fee: fen(805),
        cash_fee: fen(100),
        self_fee: fen(805),
        fund_fee: Fen::ZERO,
        other_fee: Fen::ZERO,
    };
    assert_eq!(split, expected);
}

#[test]
fn an_empty_account_leaves_the_fund_its_share_and_the_rest_in_cash() {
    let Town { bureau, .. } = town();
    // 二档: the fund bears half of the total.
    let split = split(&bureau, &claim(&person("xu"), 1000, 1000, 0));
    assert_eq!((split.insurance_fee, split.cash_fee), (fen(500), fen(500)));
    assert_eq!((split.self_fee, split.fund_fee), (Fen::ZERO, fen(500)));
}

#[test]
fn amounts_that_do_not_fit_together_are_refused() {
    let Town { bureau, .. } = town();
    let answer = pre_settled(&bureau, &claim(&person("lin"), 100, 90, 20));
    assert!(matches!(answer, PreSettled::Refused(_)), "{answer:?}");
}

#[test]
fn a_settlement_takes_from_the_account_and_its_reversal_gives_back() {
    let Town { bureau, .. } = town();
    let lin = person("lin");
    let before = account_of(&bureau, &lin);
    let first = settled(settle(&bureau, "o1-ins-1", &claim(&lin, 905, 805, 100)));
    let second = settled(settle(&bureau, "o2-ins-1", &claim(&lin, 300, 0, 300)));
    assert_eq!(account_of(&bureau, &lin), before - 805);
    let undone = reverse(&bureau, "r1-ins-1", &first, noon());
    assert_eq!(undone, Delivery::Answer(Outcome::Reversed { at: noon() }));
    assert_eq!(account_of(&bureau, &lin), before);
    assert_eq!(second.split.insurance_fee, Fen::ZERO);
    let expected = [
        ("o1-ins-1".to_owned(), DayKind::Settled, 805),
        ("o2-ins-1".to_owned(), DayKind::Settled, 0),
        ("r1-ins-1".to_owned(), DayKind::Reversed, 805),
    ];
    assert_eq!(day(&bureau, "20180620"), expected);
    assert_eq!(day(&bureau, "20180621"), []);
}

#[test]
fn a_key_gets_its_first_answer_for_ever() {
    let Town { bureau, folder } = town();
    let lin = person("lin");
    let first = settled(settle(&bureau, "o1-ins-1", &claim(&lin, 905, 805, 100)));
    let held = account_of(&bureau, &lin);
    assert_eq!(settled(settle(&bureau, "o1-ins-1", &claim(&lin, 905, 805, 100))), first);
    assert_eq!(settled(settle(&bureau, "o1-ins-1", &claim(&lin, 200, 200, 0))), first);
    drop(bureau);
    let bureau = open(&folder);
    assert_eq!(settled(settle(&bureau, "o1-ins-1", &claim(&lin, 905, 805, 100))), first);
    assert_eq!(query(&bureau, "o1-ins-1"), Outcome::Settled(first.clone()));
    assert_eq!(account_of(&bureau, &lin), held);
    assert_eq!(refused(reverse(&bureau, "o1-ins-1", &first, noon())), "KEY_REUSED");
    assert_eq!(query(&bureau, "o1-ins-2"), Outcome::Unknown);
}

#[test]
fn insurance_goes_back_on_its_day_only() {
    let Town { bureau, .. } = town();
    let lin = person("lin");
    let next_day = noon().day().end();
    let settlement = settled(settle(&bureau, "o1", &claim(&lin, 905, 805, 100)));
    assert_eq!(refused(reverse(&bureau, "r1", &settlement, next_day)), "CLOSED_DAY");
    assert_eq!(refused(reverse(&bureau, "r1", &settlement, noon())), "CLOSED_DAY");
    let undone = reverse(&bureau, "r2", &settlement, next_day.plus_ms(-1));
    assert!(matches!(undone, Delivery::Answer(Outcome::Reversed { .. })), "{undone:?}");
    assert_eq!(refused(reverse(&bureau, "r3", &settlement, noon())), "ALREADY_REVERSED");
    let mut elsewhere = claim(&lin, 905, 805, 100);
    elsewhere.city_id = CityId::new("slow");
    let late = settled(settle(&bureau, "o2", &elsewhere));
    let undone = reverse(&bureau, "r4", &late, next_day);
    assert!(matches!(undone, Delivery::Answer(Outcome::Reversed { .. })), "{undone:?}");
}

#[test]
fn the_platform_itself_may_undo_after_midnight() {
    let Town { bureau, .. } = town();
    let settlement = settled(settle(&bureau, "o1", &claim(&person("lin"), 905, 805, 100)));
    let order = Reverse {
        key: "o1-undo-1".to_owned(),
        insurance_order_id: settlement.insurance_order_id,
        cancel_bill_no: None,
        cancel_serial_no: None,
    };
    let undone = bureau.reverse(&order, noon().day().end()).expect("a book");
    assert!(matches!(undone, Delivery::Answer(Outcome::Reversed { .. })), "{undone:?}");
}

#[test]
fn a_split_that_the_bureau_never_agreed_to_is_refused() {
    let Town { bureau, .. } = town();
    let claim = claim(&person("lin"), 1000, 1000, 0);
    let mut order = order(&bureau, "o1", &claim);
    // 一档: of 1000 the fund bears 300 at most.
    order.split.self_fee = fen(600);
    order.split.fund_fee = fen(400);
    assert_eq!(refused(bureau.settle(&order, noon()).expect("a book")), "AMOUNTS");
}

#[test]
fn persons_and_amounts_choose_refusals() {
    let Town { bureau, .. } = town();
    let held = account_of(&bureau, &person("luo"));
    let by = |who: &str, key: &str, total: i64, insurance: i64, cash: i64| {
        refused(settle(&bureau, key, &claim(&person(who), total, insurance, cash)))
    };
    assert_eq!(by("luo", "k1", 905, 805, 100), "ACCOUNT_SHORT");
    assert_eq!(by("gao", "k2", 905, 805, 100), "NOT_COVERED");
    assert_eq!(by("lin", "k3", 140, 100, 40), "ACCOUNT_SHORT");
    assert_eq!(by("lin", "k4", 142, 100, 42), "NOT_COVERED");
    assert_eq!(by("lin", "k5", 131, 131, 0), "NOT_COVERED");
    assert_eq!(by("lin", "k6", 146, 100, 46), "NOT_COVERED");
    assert_eq!(account_of(&bureau, &person("luo")), held);
    assert_eq!(day(&bureau, "20180620"), []);
    let whole = settle(&bureau, "k7", &claim(&person("lin"), 146, 146, 0));
    assert!(matches!(whole, Delivery::Answer(Outcome::Settled(_))), "{whole:?}");
}

#[test]
fn a_lost_answer_is_really_lost_and_the_work_is_done() {
    let Town { bureau, .. } = town();
    let lin = person("lin");
    let held = account_of(&bureau, &lin);
    assert_eq!(settle(&bureau, "o1", &claim(&lin, 144, 100, 44)), Delivery::Lost);
    assert_eq!(account_of(&bureau, &lin), held - 100);
    let known = query(&bureau, "o1");
    assert!(matches!(known, Outcome::Settled(_)), "{known:?}");
    assert_eq!(settle(&bureau, "o1", &claim(&lin, 144, 100, 44)), Delivery::Answer(known));
    let late = settle(&bureau, "o2", &claim(&lin, 143, 100, 43));
    assert!(matches!(late, Delivery::Late(Outcome::Settled(_))), "{late:?}");
}

#[test]
fn amount_147_settles_a_fen_beside_what_was_pre_settled() {
    let Town { bureau, .. } = town();
    let lin = person("lin");
    let held = account_of(&bureau, &lin);
    let mixed = settled(settle(&bureau, "o1", &claim(&lin, 147, 100, 47)));
    assert_eq!((mixed.split.insurance_fee, mixed.split.cash_fee), (fen(99), fen(48)));
    assert_eq!(account_of(&bureau, &lin), held - 99);
    let none = settled(settle(&bureau, "o2", &claim(&lin, 147, 0, 147)));
    assert_eq!((none.split.insurance_fee, none.split.cash_fee), (fen(1), fen(146)));
    reverse(&bureau, "r1", &mixed, noon());
    reverse(&bureau, "r2", &none, noon());
    assert_eq!(account_of(&bureau, &lin), held);
}

#[test]
fn amount_148_loses_the_answer_of_the_reversal() {
    let Town { bureau, .. } = town();
    let settlement = settled(settle(&bureau, "o1", &claim(&person("lin"), 148, 100, 48)));
    assert_eq!(reverse(&bureau, "r1", &settlement, noon()), Delivery::Lost);
    assert_eq!(query(&bureau, "r1"), Outcome::Reversed { at: noon() });
    let again = reverse(&bureau, "r1", &settlement, noon().plus_seconds(5));
    assert_eq!(again, Delivery::Answer(Outcome::Reversed { at: noon() }));
}

#[test]
fn armed_faults_meet_the_next_calls_only() {
    let Town { bureau, folder } = town();
    let lin = person("lin");
    bureau.arm("settle", Fault::NotDone, 1).expect("a book");
    bureau.arm("settle", Fault::Down, 1).expect("a book");
    bureau.arm("settle", Fault::Refuse, 1).expect("a book");
    drop(bureau);
    let bureau = open(&folder);
    let claim = claim(&lin, 905, 805, 100);
    assert_eq!(settle(&bureau, "o1", &claim), Delivery::Lost);
    assert_eq!(query(&bureau, "o1"), Outcome::Unknown);
    assert_eq!(settle(&bureau, "o1", &claim), Delivery::Down);
    assert_eq!(refused(settle(&bureau, "o1", &claim)), "REFUSED");
    assert_eq!(refused(settle(&bureau, "o1", &claim)), "REFUSED");
    settled(settle(&bureau, "o2", &claim));
    bureau.arm("*", Fault::DoneAnswerLost, 2).expect("a book");
    let lost = bureau.pre_settle(&PreSettle { claim }).expect("a book");
    assert_eq!(lost, Delivery::Lost);
    assert_eq!(bureau.armed().expect("a book").first().map(|it| it.times), Some(1));
    bureau.disarm().expect("a book");
    assert_eq!(bureau.armed().expect("a book"), []);
}

#[test]
fn a_visit_is_answered_in_the_bureaus_own_words() {
    let Town { bureau, .. } = town();
    let mut visit = RegisterVisit {
        key: "v1".to_owned(),
        city_id: CityId::new("440300"),
        org_no: OrgNo::new("H0001"),
        serial_no: SerialNo::new("S\"1"),
        medical_card_id: person("lin").medical_card_id,
        request_content: r#"{"registration_order_pay":{"mzgghdj":{"ghhj":"86.50"}}}"#.to_owned(),
    };
    let answer = bureau.register_visit(&visit, noon()).expect("a book").answer();
    let Some(VisitRegistered::Registered { response_content }) = answer else {
        panic!("{answer:?}")
    };
    let expected = concat!(
        r#"{"registration_order_pay":{"ylzh":"800000001","dnh":"600000001","brlx":"医疗保险","#,
        r#""cblx":"一档","mzllsh":"S\"1","#,
        r#""mzghdj":[{"je":86.5,"jssj":"2018-06-20 12:00:00","zfxm":"02"}]}}"#,
    );
    assert_eq!(response_content, expected);
    visit.key = "v2".to_owned();
    visit.medical_card_id = person("shen").medical_card_id;
    let answer = bureau.register_visit(&visit, noon()).expect("a book").answer();
    assert!(matches!(answer, Some(VisitRegistered::Refused(_))), "{answer:?}");
}

#[test]
fn a_settlements_words_are_json_with_exact_yuan() {
    let Town { bureau, .. } = town();
    let settlement = settled(settle(&bureau, "o1", &claim(&person("xu"), 1005, 502, 503)));
    let words: serde_json::Value =
        serde_json::from_str(&settlement.response_content).expect("JSON");
    let order = words.get("outpatient_order_pay").expect("an object");
    assert_eq!(order.get("jzhj").map(ToString::to_string).as_deref(), Some("5.02"));
    assert_eq!(order.get("xjhj").map(ToString::to_string).as_deref(), Some("5.03"));
    assert_eq!(order.get("djh").and_then(|it| it.as_str()), Some("B1"));
}
