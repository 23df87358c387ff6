//! The refusals of PROTOCOL 2.1 and 3.11: each code for its reason, over HTTP, from a running town.
//! What is refused at once leaves no trace in the database.

use crate::town::{Amounts, Town, assert_unchanged, on_both_engines, openid_of};
use anyhow::Context as _;
use medpay::system::OsEntropy;
use medpay_acceptance::ready::Person;
use medpay_domain::Entropy as _;
use medpay_wire::fields::Fields;
use serde_json::json;

/// The code of a refusal; `SUCCESS` of an answer that is none.
fn code(reply: &Fields) -> &str {
    reply.get("err_code").or_else(|| reply.get("result_code")).unwrap_or("no code")
}

/// Checks a refusal: its code, that it has words, that it is signed with the caller's key.
fn assert_refused(reply: &Fields, expected: &str) {
    assert_eq!(code(reply), expected, "{}", reply.to_xml());
    assert_eq!(reply.get("return_code"), Some("SUCCESS"), "{}", reply.to_xml());
    assert_eq!(reply.get("result_code"), Some("FAIL"), "{}", reply.to_xml());
    assert!(reply.get("err_code_des").is_some_and(|words| words.contains("rid: ")));
}

async fn getmedinfo(town: &Town, person: &Person, name: &str, md5: &str) -> anyhow::Result<Fields> {
    let institution = town.institution(0);
    let fields: Fields = [
        ("openid", openid_of(institution, person)),
        ("name", name),
        ("idcard_md5", md5),
        ("nonce_str", &OsEntropy.nonce()),
    ]
    .into_iter()
    .collect();
    town.call(institution, "getmedinfo", fields).await
}

async fn a_card_is_refused_for_the_first_thing_that_is_wrong(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    let (name, md5, other) = (&person.name, &person.idcard_md5, "0".repeat(32));
    town.kept_token(town.institution(0)).await?;
    let before = town.rows().await?;
    assert_refused(&getmedinfo(town, person, name, md5).await?, "80004");
    assert_unchanged(&before, &town.rows().await?);

    town.bind(person).await?;
    let before = town.rows().await?;
    assert_refused(&getmedinfo(town, person, "另一人", &other).await?, "80005");
    assert_refused(&getmedinfo(town, person, name, &other).await?, "80006");
    assert_eq!(code(&getmedinfo(town, person, name, md5).await?), "SUCCESS");
    assert_unchanged(&before, &town.rows().await?);

    let unreachable = town.person("bureau_out_once_bound");
    town.bind(unreachable).await?;
    let (name, md5) = (&unreachable.name, &unreachable.idcard_md5);
    assert_refused(&getmedinfo(town, unreachable, name, md5).await?, "80000");

    let differs = town.person("name_differs");
    town.bind(differs).await?;
    let reply = getmedinfo(town, differs, &differs.name, &differs.idcard_md5).await?;
    assert_refused(&reply, "80005");
    Ok(())
}

async fn an_order_is_refused_for_its_amounts_and_its_payer(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.kept_token(town.institution(0)).await?;
    let before = town.rows().await?;
    // Nobody is bound, so insurance pays for nobody.
    let reply = town.unifiedorder(person, "REFUSED01", 3, Amounts::of(400, 600)).await?;
    assert_refused(&reply, "80004");
    let cases = [
        (3, Amounts::of(0, 600), "513"),
        (1, Amounts::of(400, 600), "INVALID_REQUEST"),
        (2, Amounts::of(400, 600), "INVALID_REQUEST"),
        (2, Amounts { total: 100, cash: 0, insurance: 0 }, "INVALID_REQUEST"),
        (1, Amounts { total: 399, cash: 400, insurance: 0 }, "INVALID_REQUEST"),
    ];
    for (pay_type, amounts, expected) in cases {
        let reply = town.unifiedorder(person, "REFUSED02", pay_type, amounts).await?;
        assert_refused(&reply, expected);
    }
    assert_unchanged(&before, &town.rows().await?);

    town.bind(person).await?;
    let before = town.rows().await?;
    let other = town.person("account_short");
    for (field, value, expected) in
        [("user_name", &other.name, "80005"), ("user_card_no", &other.idcard_md5, "80006")]
    {
        let mut fields = town.order_fields(person, "REFUSED03");
        fields.set("pay_type", "2").set("total_fee", "900");
        fields.set("cash_fee", "0").set("insurance_fee", "900").set(field, value.as_str());
        assert_refused(&town.call(town.institution(0), "unifiedorder", fields).await?, expected);
    }
    town.arm(&json!({ "party": "bureau", "call": "pre_settle", "kind": "down" })).await?;
    let reply = town.unifiedorder(person, "REFUSED04", 2, Amounts::of(0, 900)).await?;
    assert_refused(&reply, "SYSTEMERROR");
    assert_unchanged(&before, &town.rows().await?);
    Ok(())
}

async fn what_is_not_there_is_said_to_be_not_there(town: &Town) -> anyhow::Result<()> {
    town.kept_token(town.institution(0)).await?;
    let before = town.rows().await?;
    for interface in ["orderquery", "closeorder", "sendmsg"] {
        let more: &[_] = match interface {
            "sendmsg" => &[("msg_type", "1"), ("first", "您已缴费"), ("remark", "谢谢")],
            _ => &[],
        };
        let reply = town.about_order(interface, "NOBODYS01", more).await?;
        assert_refused(&reply, "ORDERNOTEXIST");
    }
    let refund = [("hosp_out_refund_no", "NOBODYS02"), ("part_refund_type", "CASH_ONLY")];
    assert_refused(&town.about_order("refund", "NOBODYS01", &refund).await?, "ORDERNOTEXIST");
    let query = [("hosp_out_refund_no", "NOBODYS02")];
    assert_refused(&town.about_order("refundquery", "", &query).await?, "REFUNDNOTEXIST");
    for code in ["134500000000000000", "no pay code"] {
        let more = [("auth_code", code)];
        let reply = town.about_order("qrcodegetmedinfo", "", &more).await?;
        assert_refused(&reply, "AUTH_CODE_INVALID");
    }
    assert_unchanged(&before, &town.rows().await?);
    Ok(())
}

async fn a_pay_code_that_was_shown_too_long_ago_has_expired(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.bind(person).await?;
    let openid = json!(openid_of(town.institution(0), person));
    let shown = town.tap(&town.ready().auth_code, &[("openid", openid)]).await?;
    town.advance(3600).await?;
    let code = shown["auth_code"].as_str().context("a pay code")?;
    let reply = town.about_order("qrcodegetmedinfo", "", &[("auth_code", code)]).await?;
    assert_refused(&reply, "AUTHCODEEXPIRE");
    Ok(())
}

async fn an_order_says_what_has_become_of_it(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    let cash = Amounts::of(700, 0);
    let first = town.unifiedorder(person, "STATES01", 1, cash).await?;
    let again = town.unifiedorder(person, "STATES01", 1, cash).await?;
    assert_eq!(first.get("med_trans_id"), again.get("med_trans_id"), "asked twice, ordered once");
    let other = town.unifiedorder(person, "STATES01", 1, Amounts::of(701, 0)).await?;
    assert_refused(&other, "OUT_TRADE_NO_USED");
    let refund = [("hosp_out_refund_no", "STATES01R")];
    assert_refused(&town.about_order("refund", "STATES01", &refund).await?, "TRADE_STATE_ERROR");

    town.pay(person, first.get("pay_url").context("a pay_url")?).await?;
    assert_refused(&town.unifiedorder(person, "STATES01", 1, cash).await?, "ORDERPAID");
    assert_refused(&town.about_order("closeorder", "STATES01", &[]).await?, "ORDERPAID");

    town.unifiedorder(person, "STATES02", 1, cash).await?;
    assert_eq!(code(&town.about_order("closeorder", "STATES02", &[]).await?), "SUCCESS");
    assert_refused(&town.about_order("closeorder", "STATES02", &[]).await?, "ORDERCLOSED");
    assert_refused(&town.unifiedorder(person, "STATES02", 1, cash).await?, "ORDERCLOSED");
    Ok(())
}

async fn a_wallet_that_is_short_shows_on_the_order_and_not_on_the_reply(
    town: &Town,
) -> anyhow::Result<()> {
    let person = town.person("wallet_short");
    let pay_url = town.order(person, "SHORT01", 1, Amounts::of(700, 0)).await?;
    let outcome = town.pay(person, &pay_url).await?;
    assert_eq!(outcome["ok"], false, "{outcome}");
    let order = town.about_order("orderquery", "SHORT01", &[]).await?;
    assert_eq!(order.get("med_trade_state"), Some("PAYERROR"), "{}", order.to_xml());
    assert!(order.get("trade_status_desc").is_some(), "the hospital is told why");
    Ok(())
}

async fn a_refund_whose_answer_is_lost_is_told_when_it_is_asked_again(
    town: &Town,
) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.bind(person).await?;
    let cancel = [("cancel_bill_no", "1"), ("cancel_serial_no", "2")];
    for (number, pay_type, amounts, unknown) in
        [("LOST0148", 2, Amounts::of(0, 148), "553"), ("LOST0149", 1, Amounts::of(149, 0), "556")]
    {
        let pay_url = town.order(person, number, pay_type, amounts).await?;
        town.pay(person, &pay_url).await?;
        let refund = [("hosp_out_refund_no", number), cancel[0], cancel[1]];
        assert_refused(&town.about_order("refund", number, &refund).await?, unknown);
        let mut last = Fields::new();
        // The platform asks the silent party again after a while of business time.
        for _ in 0..20 {
            town.advance(30).await?;
            last = town.about_order("refund", number, &refund).await?;
            if code(&last) == "SUCCESS" {
                break;
            }
            assert_refused(&last, unknown);
        }
        assert_eq!(code(&last), "SUCCESS", "{}", last.to_xml());
    }
    Ok(())
}

async fn insurance_money_is_not_given_back_on_another_day(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.bind(person).await?;
    // 0 元医保: a booking of 0 is undone on its day or not at all.
    let pay_url = town.order(person, "OVERDUE01", 3, Amounts::of(700, 0)).await?;
    town.pay(person, &pay_url).await?;
    town.advance(24 * 3600).await?;
    town.forget_tokens().await;
    let refund =
        [("hosp_out_refund_no", "OVERDUE01"), ("cancel_bill_no", "1"), ("cancel_serial_no", "2")];
    town.kept_token(town.institution(0)).await?;
    let before = town.rows().await?;
    assert_refused(&town.about_order("refund", "OVERDUE01", &refund).await?, "TRADE_OVERDUE");
    assert_unchanged(&before, &town.rows().await?);
    let cash_only = [("hosp_out_refund_no", "OVERDUE02"), ("part_refund_type", "CASH_ONLY")];
    let given_back = town.about_order("refund", "OVERDUE01", &cash_only).await?;
    assert_eq!(code(&given_back), "SUCCESS", "{}", given_back.to_xml());
    Ok(())
}

on_both_engines!(
    a_card_is_refused_for_the_first_thing_that_is_wrong,
    an_order_is_refused_for_its_amounts_and_its_payer,
    what_is_not_there_is_said_to_be_not_there,
    a_pay_code_that_was_shown_too_long_ago_has_expired,
    an_order_says_what_has_become_of_it,
    a_wallet_that_is_short_shows_on_the_order_and_not_on_the_reply,
    a_refund_whose_answer_is_lost_is_told_when_it_is_asked_again,
    insurance_money_is_not_given_back_on_another_day,
);
