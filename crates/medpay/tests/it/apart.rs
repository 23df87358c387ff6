//! `medpay sandbox`, `medpay platform` and `medpay gateway` as processes of their own: the same
//! flows as in the demo's one process.

use crate::town::Town;
use crate::walker::Walker;
use anyhow::Context as _;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

async fn a_patient_pays_and_takes_back(town: &Town) -> anyhow::Result<()> {
    let walker = Walker::new(town, "normal").await?;
    let bills = walker.bills().await?;
    for pay_with in ["insurance", "cash"] {
        let bill_no = walker.bills().await?.first().context("no bill waits")?.clone();
        let number = walker.buy(&bill_no, pay_with).await?;
        walker.until(&number, &["confirmed"]).await.context(pay_with)?;
        let asked = walker.open(&format!("/orders/{number}/refund")).await?;
        let form = [("csrf", asked.hidden("csrf")?), ("reason", "不需要了".to_owned())];
        walker.post(&format!("/orders/{number}/refund"), &form).await?;
        walker.until(&number, &["refunded"]).await.context(pay_with)?;
    }
    assert!(walker.bills().await?.len() < bills.len(), "a refunded bill waits again");
    Ok(())
}

on_both!(three_processes_do_what_one_does, async |db: TestDb| {
    let town = Town::start_apart(&db).await.expect("a town");
    if let Err(error) = a_patient_pays_and_takes_back(&town).await {
        panic!("{error:#}\nthe services said:\n{}", town.log());
    }
});
