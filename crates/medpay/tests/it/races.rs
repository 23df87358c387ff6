//! Many at once over HTTP, at a town of real processes, on both engines: of those who want the
//! same, one gets it, and the books are equal afterwards.

use crate::town::{Amounts, Town, key_of, on_both_engines, openid_of};
use anyhow::Context as _;
use medpay::system::OsEntropy;
use medpay_acceptance::ready::Person;
use medpay_client::Transport as _;
use medpay_domain::Entropy as _;
use medpay_store::side_by_side;
use medpay_wire::fields::Fields;
use medpay_wire::sign;
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;

/// How many come at once.
const MANY: usize = 64;

const AMOUNTS: Amounts = Amounts::of(400, 600);
const CANCEL: [(&str, &str); 2] = [("cancel_bill_no", "C1"), ("cancel_serial_no", "C2")];

/// Runs all flows at once; answers what they answer.
async fn together<T, F>(flows: impl Iterator<Item = F>) -> anyhow::Result<Vec<T>>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let answers = Mutex::new(Vec::new());
    side_by_side::all(flows.map(async |flow| {
        let answer = flow.await;
        answers.lock().expect("not poisoned").push(answer);
    }))
    .await;
    answers.into_inner().expect("not poisoned").into_iter().collect()
}

/// `SUCCESS`, or the code of a refusal.
fn code(reply: &Fields) -> String {
    let code = reply.get("err_code").or_else(|| reply.get("result_code"));
    code.or_else(|| reply.get("return_msg")).unwrap_or_default().to_owned()
}

/// How many of the replies have this code.
fn with_code(replies: &[Fields], wanted: &str) -> usize {
    replies.iter().filter(|reply| code(reply) == wanted).count()
}

/// What differs between the values of a field.
fn values(replies: &[Fields], field: &str) -> BTreeSet<String> {
    replies.iter().filter_map(|reply| reply.get(field).map(str::to_owned)).collect()
}

/// A mixed order that is paid, and the hospital has heard so.
async fn paid(town: &Town, person: &Person, number: &str) -> anyhow::Result<()> {
    let pay_url = town.order(person, number, 3, AMOUNTS).await?;
    town.pay(person, &pay_url).await?;
    town.until_notified(number, 1).await
}

/// Once nothing is due any more, bureau and wallet hold what the platform says.
async fn books_are_equal(town: &Town) -> anyhow::Result<()> {
    town.rows().await?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_medpay"));
    command.arg("audit").arg("--config").arg(town.data().join("platform.toml"));
    let audit = tokio::task::spawn_blocking(move || command.output()).await??;
    let said = String::from_utf8_lossy(&audit.stdout);
    anyhow::ensure!(audit.status.success(), "{said}\n{}", String::from_utf8_lossy(&audit.stderr));
    Ok(())
}

/// How many rows of a table of the platform hold all of these words.
async fn rows_with(town: &Town, table: &str, words: &[&str]) -> anyhow::Result<usize> {
    let rows = town.rows().await?;
    let lines = rows.get(table).with_context(|| format!("no table {table}"))?;
    Ok(lines.iter().filter(|line| words.iter().all(|word| line.contains(word))).count())
}

async fn of_64_refunds_of_one_order_one_gives_it_back(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.bind(person).await?;
    paid(town, person, "RACE01").await?;
    let replies = together((0..MANY).map(async |at| {
        let number = format!("RACE01R{at}");
        let more = [("hosp_out_refund_no", number.as_str()), CANCEL[0], CANCEL[1]];
        town.about_order("refund", "RACE01", &more).await
    }))
    .await?;
    assert_eq!(with_code(&replies, "SUCCESS"), 1, "{:?}", values(&replies, "err_code"));
    let told: BTreeSet<_> = replies.iter().map(code).collect();
    let known = ["SUCCESS", "TRADE_STATE_ERROR", "INVALID_REQUEST"].map(str::to_owned);
    assert!(told.is_subset(&known.into()), "{told:?}");
    assert_eq!(rows_with(town, "refunds", &["RACE01R"]).await?, 1);
    books_are_equal(town).await
}

async fn of_64_askings_for_one_refund_one_is_done(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.bind(person).await?;
    paid(town, person, "RACE02").await?;
    let more = [("hosp_out_refund_no", "RACE02R"), CANCEL[0], CANCEL[1]];
    let queries = (0..MANY).map(async |at| match at % 4 {
        // Every fourth asks how far it is.
        0 => {
            let reply = town.about_order("refundquery", "", &more[..1]).await?;
            let state = reply.get("med_refund_state").map_or_else(|| code(&reply), str::to_owned);
            let known = ["REFUNDNOTEXIST", "PROCESSING", "SUCCESS"];
            anyhow::ensure!(known.contains(&&*state), "{}", reply.to_xml());
            Ok(None)
        }
        _ => town.about_order("refund", "RACE02", &more).await.map(Some),
    });
    let replies: Vec<_> = together(queries).await?.into_iter().flatten().collect();
    let told: BTreeSet<_> = replies.iter().map(code).collect();
    // Who meets another one at work on it hears that the outcome is not known yet.
    assert!(told.is_subset(&["SUCCESS", "553", "556"].map(str::to_owned).into()), "{told:?}");
    assert!(told.contains("SUCCESS"));
    assert_eq!(values(&replies, "med_refund_id").len(), 1);
    let again = town.about_order("refund", "RACE02", &more).await?;
    assert_eq!(code(&again), "SUCCESS");
    assert_eq!(rows_with(town, "refunds", &["RACE02R"]).await?, 1);
    books_are_equal(town).await
}

async fn of_64_orders_with_one_number_there_is_one(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.bind(person).await?;
    let same = together((0..MANY).map(|_| town.unifiedorder(person, "RACE03", 3, AMOUNTS))).await?;
    assert_eq!(with_code(&same, "SUCCESS"), MANY, "{:?}", values(&same, "err_code"));
    assert_eq!(values(&same, "med_trans_id").len(), 1, "the same gets the first answer");

    // In cash nothing is asked before the insert; mixed, the bureau is.
    for (number, pay_type) in [("RACE04", 1), ("RACE05", 3)] {
        let different = together((0..MANY).map(async |at| {
            let cash = 1_000 + i64::try_from(at)?;
            let amounts = if pay_type == 1 { Amounts::of(cash, 0) } else { Amounts::of(cash, 600) };
            town.unifiedorder(person, number, pay_type, amounts).await
        }))
        .await?;
        assert_eq!(with_code(&different, "SUCCESS"), 1, "{number}");
        assert_eq!(with_code(&different, "OUT_TRADE_NO_USED"), MANY - 1, "{number}");
        assert_eq!(rows_with(town, "orders", &[number]).await?, 1);
    }
    books_are_equal(town).await
}

async fn of_8_taps_at_the_cashier_one_pays(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.bind(person).await?;
    let pay_url = town.order(person, "RACE06", 3, AMOUNTS).await?;
    together((0..8).map(|_| town.pay(person, &pay_url))).await?;
    town.until_notified("RACE06", 1).await?;
    let reply = town.about_order("orderquery", "RACE06", &[]).await?;
    assert_eq!(reply.get("med_trade_state"), Some("SUCCESS"));
    let id = reply.get("med_trans_id").context("an order")?;
    for event in ["password_accepted", "cash_taken", "insurance_settled"] {
        assert_eq!(rows_with(town, "order_events", &[id, event]).await?, 1, "{event}");
    }
    books_are_equal(town).await
}

/// Posts a notice, signed, to the gateway; answers whether it was acknowledged.
async fn tell(town: &Town, mut fields: Fields) -> anyhow::Result<bool> {
    let institution = town.institution(0);
    sign::sign_into(&mut fields, &key_of(institution));
    let url = format!("{}/notify/{}", town.ready().gateway_url, institution.org_no);
    let request = http::Request::post(url)
        .header("content-type", "application/xml")
        .body(fields.to_xml().into())?;
    let answer = town.transport().send(request, 60_000).await?;
    let answer = Fields::from_xml(answer.body()).context("an acknowledgement")?;
    Ok(answer.get("return_code") == Some("SUCCESS"))
}

async fn of_64_notices_one_is_news(town: &Town) -> anyhow::Result<()> {
    let person = town.person("normal");
    town.bind(person).await?;
    paid(town, person, "RACE07").await?;
    let order = town.about_order("orderquery", "RACE07", &[]).await?;
    let institution = town.institution(0);
    let mut notice: Fields = [("return_code", "SUCCESS"), ("result_code", "SUCCESS")]
        .into_iter()
        .chain([("appid", institution.appid.as_str()), ("mch_id", &institution.mch_id)])
        .chain([("openid", openid_of(institution, person)), ("hosp_out_trade_no", "RACE07")])
        .chain([("nonce_str", OsEntropy.nonce().as_str())])
        .collect();
    for field in ["med_trans_id", "time_end", "pay_type", "total_fee", "cash_fee", "insurance_fee"]
    {
        notice.set(field, order.get(field).with_context(|| order.to_xml())?);
    }
    let mut other = notice.clone();
    other.set("cash_fee", "399").set("insurance_fee", "601");
    // Every fourth says otherwise.
    let told = together((0..MANY).map(async |at| {
        let is_other = at % 4 == 0;
        let fields = if is_other { other.clone() } else { notice.clone() };
        anyhow::Ok((is_other, tell(town, fields).await?))
    }))
    .await?;
    for (is_other, acknowledged) in told {
        assert_eq!(acknowledged, !is_other);
    }
    let times = i64::try_from(MANY - MANY / 4 + 1)?;
    town.until_notified("RACE07", times).await
}

on_both_engines!(
    of_64_refunds_of_one_order_one_gives_it_back,
    of_64_askings_for_one_refund_one_is_done,
    of_64_orders_with_one_number_there_is_one,
    of_8_taps_at_the_cashier_one_pays,
    of_64_notices_one_is_news,
);
