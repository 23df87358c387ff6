use super::*;
use medpay_wire::id_card;

#[test]
fn the_built_in_people_are_readable_and_all_different() {
    let persons = Persons::built_in();
    assert!(persons.iter().count() >= 14);
    let all = [
        Behaviour::Normal,
        Behaviour::OwnSplit,
        Behaviour::AccountShort,
        Behaviour::BureauRefuses,
        Behaviour::WalletShort,
        Behaviour::WalletLocked,
        Behaviour::NameDiffers,
        Behaviour::DocumentDiffers,
        Behaviour::BureauOut,
        Behaviour::BureauOutOnceBound,
        Behaviour::NotInsured,
        Behaviour::AnswersLost,
        Behaviour::PayCodeUnanswered,
        Behaviour::Unsubscribed,
    ];
    for behaviour in all {
        let word = behaviour.word();
        assert!(persons.iter().any(|person| person.behaviour == behaviour), "{word}");
    }
}

#[test]
fn every_id_card_has_a_right_check_digit() {
    for person in &Persons::built_in() {
        if person.card_type != CardType::IdCard {
            continue;
        }
        for number in [&person.id_no, &person.insured_id_no] {
            let long = id_card::normalise(CardType::IdCard, number.reveal());
            let (area, rest) = long.reveal().split_at(6);
            let short = format!("{area}{}", rest.get(2..11).expect("birth and sequence"));
            if rest.starts_with("19") {
                // Narrowed and widened again, the check digit is computed anew.
                assert_eq!(id_card::normalise(CardType::IdCard, &short), long, "{}", person.id);
            }
        }
    }
}

#[test]
fn openids_look_like_openids_and_differ_by_account() {
    let person = Persons::built_in().get("lin").expect("a person").clone();
    let first = person.openid(&Appid::new("wx1"));
    assert_eq!((first.reveal().len(), first.reveal().starts_with('o')), (28, true));
    assert_ne!(first, person.openid(&Appid::new("wx2")));
    let found = Persons::built_in();
    let found = found.by_openid(&Appid::new("wx1"), &first).map(|person| person.id.as_str());
    assert_eq!(found, Some("lin"));
}

#[test]
fn wrong_people_are_named() {
    let good = r#"
        [[person]]
        id = "a"
        name = "甲"
        id_no = "1"
        password = "000000"
        medical_card_no = "A1"
        medical_card_id = "8"
        account_fen = 0
        wallet_fen = 0
        behaviour = "normal"
    "#;
    let fault = |from: &str, to: &str| match Persons::from_toml(&good.replace(from, to)) {
        Ok(_) => String::new(),
        Err(fault) => fault.to_string(),
    };
    assert_eq!(fault("", ""), "");
    assert_eq!(fault("\"000000\"", "\"1\""), "person a: password is invalid");
    assert_eq!(fault("wallet_fen = 0", "wallet_fen = -1"), "person a: wallet_fen is invalid");
    assert_eq!(fault("id = \"a\"", "id = \"a b\""), "person a b: id is invalid");
    assert!(fault("behaviour = \"normal\"", "behaviour = \"odd\"").contains("unknown variant"));
    let twice = Persons::from_toml(&format!("{good}{good}")).map(|_| ());
    assert_eq!(twice.expect_err("twice").to_string(), "person a: id is somebody else's too");
}
