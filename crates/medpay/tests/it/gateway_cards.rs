//! 我的社保卡 and 我的就诊卡 on a patient's phone: a visit card without typing, by hand, and off again.

use crate::patient::Patient;
use crate::town::{Town, on_both_engines};
use anyhow::ensure;
use medpay_acceptance::ready::NORMAL;

/// Fills the platform's bind form in with the patient's own card.
async fn fill_bind_form(patient: &Patient<'_>) -> anyhow::Result<()> {
    let (phone, person) = (&patient.phone, patient.person);
    phone.fill("[name=id_no]", &person.id_card).await?;
    phone.fill("[name=medical_card_no]", patient.town.card_of(person)).await
}

/// Sends the bind form, and comes back to the hospital.
async fn submit_and_return(patient: &Patient<'_>) -> anyhow::Result<()> {
    let phone = &patient.phone;
    phone.tap("main form button[type=submit]").await?;
    ensure!(phone.outcome().await? == "bound", "not bound: {}", phone.text().await?);
    phone.tap_words("返回").await
}

async fn a_visit_card_comes_without_typing(town: &Town) -> anyhow::Result<()> {
    let patient = Patient::new(town, NORMAL).await?;
    let (phone, name) = (&patient.phone, patient.person.name.as_str());
    patient.open("/visit-cards").await?;
    phone.look_well("visit-cards-none", &["还没有添加就诊卡", "社保实名授权"]).await?;
    phone.tap("#authorize").await?;
    phone.look_well("visit-card-authorize", &["不用填写姓名", "去授权"]).await?;
    phone.tap("#go").await?;
    fill_bind_form(&patient).await?;
    phone.choose("同意将本人姓名和证件信息").await?;
    submit_and_return(&patient).await?;
    let says = phone.text().await?;
    ensure!(phone.outcome().await? == "cards" && says.contains("已添加"), "{says}");
    phone.look_well("visit-cards", &[name, "居民身份证", "****", "默认", "解绑"]).await?;

    // The way back is good once.
    let used = phone.address().await?;
    ensure!(!used.contains("auth_code"), "the code stays in the address");
    patient.open("/card").await?;
    ensure!(phone.outcome().await? == "bound", "{}", phone.text().await?);
    phone.look_well("card-bound", &["社保卡已绑定", name, "查看社保卡"]).await?;

    // Somebody who is bound is asked for consent only, and may refuse.
    patient.open("/visit-cards/authorize").await?;
    phone.tap("#go").await?;
    submit_and_return(&patient).await?;
    ensure!(phone.outcome().await? == "no-consent", "{}", phone.text().await?);
    phone.look_well("visit-card-no-consent", &["没有同意", "手动填写"]).await
}

async fn a_card_is_bound_from_the_menu_and_the_server_says_so(town: &Town) -> anyhow::Result<()> {
    let patient = Patient::new(town, NORMAL).await?;
    let phone = &patient.phone;
    patient.open("/card/done?result=success").await?;
    ensure!(phone.outcome().await? == "no-visit-card", "the address was believed");
    patient.add_by_hand(&patient.person.name, &patient.person.id_card).await?;
    patient.open("/card?from=menu").await?;
    ensure!(phone.outcome().await? == "not-bound", "{}", phone.text().await?);
    phone.look_well("card-not-bound", &["还没有绑定社保卡", "绑定社保卡"]).await?;
    phone.tap("#bind").await?;
    fill_bind_form(&patient).await?;
    submit_and_return(&patient).await?;
    ensure!(phone.outcome().await? == "bound", "{}", phone.text().await?);
    phone.look_well("card-done", &["社保卡已绑定", patient.person.name.as_str()]).await
}

async fn a_visit_card_is_added_by_hand_and_taken_off(town: &Town) -> anyhow::Result<()> {
    let patient = Patient::new(town, NORMAL).await?;
    let (phone, person) = (&patient.phone, patient.person);
    patient.open("/visit-cards/new").await?;
    phone.look_well("visit-card-new", &["就诊人姓名", "证件类型", "证件号码"]).await?;
    phone.fill("[name=name]", "<b>甲</b>").await?;
    phone.fill("[name=id_no]", "123").await?;
    phone.tap("main form button[type=submit]").await?;
    ensure!(phone.outcome().await? == "faults", "{}", phone.text().await?);
    phone.look_well("visit-card-faults", &["姓名只能包含", "15 位数字，或 18 位"]).await?;

    // The letter may be small, and the same card twice is one card.
    for _ in 0..2 {
        patient.add_by_hand(&person.name, &person.id_card.to_lowercase()).await?;
    }
    let mut persons = town.ready().persons.iter();
    let relative = persons.find(|one| one.behaviour == NORMAL && one.name != person.name);
    let relative = relative.expect("another person");
    patient.add_by_hand(&relative.name, &relative.id_card).await?;
    phone.look_well("visit-cards-two", &[person.name.as_str(), relative.name.as_str()]).await?;
    phone.tap_words("设为默认").await?;
    let says = phone.text().await?;
    ensure!(says.find(&relative.name) < says.find(&person.name), "not the first: {says}");
    phone.tap("a.danger").await?;
    phone.look_well("visit-card-remove", &["解绑就诊卡", relative.name.as_str()]).await?;
    phone.tap_words("确认解绑").await?;
    let says = phone.text().await?;
    ensure!(!says.contains(&relative.name) && says.contains(&person.name), "{says}");
    Ok(())
}

async fn another_persons_card_is_as_unknown_as_none(town: &Town) -> anyhow::Result<()> {
    let patient = Patient::new(town, NORMAL).await?;
    patient.add_by_hand(&patient.person.name, &patient.person.id_card).await?;
    patient.phone.tap("a.danger").await?;
    let remove = patient.phone.address().await?;

    let stranger = Patient::new(town, "wallet_short").await?;
    stranger.open_url(&remove).await?;
    ensure!(stranger.phone.outcome().await? == "not-found", "{}", stranger.phone.text().await?);
    let says = stranger.phone.text().await?;
    ensure!(!says.contains(&patient.person.name), "the name is shown to a stranger");
    stranger.phone.look_well("not-found", &["没有找到"]).await?;
    // The way back of another follower's authorization is nobody else's.
    stranger.open("/visit-cards/authorized?nonce=0123456789abcdef&auth_code=rn1").await?;
    ensure!(stranger.phone.outcome().await? == "foreign", "a foreign nonce was taken");
    stranger.phone.look_well("visit-card-foreign", &["不是由您发起"]).await
}

on_both_engines!(
    a_visit_card_comes_without_typing,
    a_card_is_bound_from_the_menu_and_the_server_says_so,
    a_visit_card_is_added_by_hand_and_taken_off,
    another_persons_card_is_as_unknown_as_none,
);
