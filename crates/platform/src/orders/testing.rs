//! Orders for the tests of other folders, without unifiedorder and cashier.

use super::journal;
use super::rows::{self, Asked, Sealed, StoredOrder, StoredPatient, StoredPayer};
use crate::app::App;
use crate::settings::Institution;
use crate::testing::keepers::Town;
use medpay_domain::platform::order::reservation::Reservations;
use medpay_domain::platform::order::{Event, Kind, Order, Split, State};
use medpay_domain::{Appid, BillNo, CardType, Fen, HospOutTradeNo, MedTransId, SerialNo};
use medpay_store::StoreError;
use medpay_wire::caller_fields::Merchant;
use medpay_wire::states::{OrderType, PayType};
use std::net::Ipv4Addr;

/// An amount.
pub(crate) fn fen(amount: i64) -> Fen {
    Fen::new(amount).expect("not negative")
}

/// An order that has just been accepted.
pub(crate) fn order(
    town: &Town,
    institution: usize,
    number: &str,
    kind: Kind,
    (cash, insurance): (i64, i64),
) -> StoredOrder {
    let institution = town.world.institution(institution);
    let (app, now) = (town.app(), town.app().clock.now());
    let seal = |value: &str| Sealed::new(&app.vault, value);
    StoredOrder {
        order: Order {
            med_trans_id: MedTransId::new(format!("M{number}")),
            kind,
            total: fen(cash + insurance),
            split: Split {
                insurance: fen(insurance),
                cash: fen(cash),
                fund_fee: fen(insurance),
                ..Split::default()
            },
            state: State::Created { attempt: 1, refused: None },
            reservations: Reservations::default(),
        },
        merchant: crate::access::merchant_key(institution),
        environment: institution.environment,
        caller: caller(institution),
        hosp_out_trade_no: HospOutTradeNo::new(format!("H{number}")),
        request_digest: number.to_owned(),
        payer: StoredPayer { appid: institution.account.appid.clone(), openid: seal("oTestPayer") },
        patient: StoredPatient {
            card_type: CardType::IdCard,
            name: seal("林晴"),
            id_digest: seal("09eb26e839ff3a2e3980352ae45ef09e"),
            medical_card_id: kind.has_insurance().then(|| seal("Y600000001")),
        },
        asked: Asked {
            pay_type: PayType::Mixed,
            cash_fee: fen(cash),
            insurance_fee: fen(insurance),
            cash_add_fee: Fen::ZERO,
            cash_add_wording: None,
            cash_reduced_fee: Fen::ZERO,
            cash_reduced_wording: None,
            allow_fee_change: false,
        },
        order_type: OrderType::DiagPay,
        hospital_name: institution.name.clone(),
        body: "诊间缴费".to_owned(),
        org_no: institution.org_no.clone(),
        city_id: institution.city_id.clone(),
        serial_no: SerialNo::new(format!("S{number}")),
        bill_no: Some(BillNo::new(format!("B{number}"))),
        channel_no: None,
        extends: None,
        spbill_create_ip: Ipv4Addr::new(10, 193, 0, 1),
        notify_url: "http://hospital.example/notify".to_owned(),
        return_url: None,
        gmt_out_create: now,
        request_content: kind.has_insurance().then(|| seal("{}")),
        created_at: now,
        expires_at: now.plus_seconds(1800),
        version: 1,
    }
}

fn caller(institution: &Institution) -> Merchant {
    Merchant {
        appid: institution.account.appid.clone(),
        mch_id: institution.merchant.mch_id.clone(),
        sub_appid: None::<Appid>,
        sub_mch_id: institution.sub.as_ref().map(|sub| sub.sub_mch_id.clone()),
    }
}

/// Writes the order and, in the same transaction, that its payer typed the password.
pub(crate) async fn confirm(town: &Town, stored: &StoredOrder) -> MedTransId {
    let (stored, now) = (stored.clone(), town.app().clock.now());
    let vault = town.app().vault.clone();
    let med_trans_id = stored.order.med_trans_id.clone();
    let confirmed = town
        .app()
        .store
        .write("a test confirms an order", move |tx| {
            let (vault, mut stored) = (vault.clone(), stored.clone());
            Box::pin(async move {
                assert!(rows::insert(tx, &vault, &stored, "digest").await?, "a new number");
                let event = Event::PasswordAccepted { confirmation: "yes".to_owned() };
                let step = journal::step(&mut stored.order, &event).expect("open");
                let (entry, effects) = step.expect("moved");
                assert!(rows::save_order(tx, &vault, &stored, &entry, &effects, now).await?);
                Ok::<_, StoreError>(())
            })
        })
        .await;
    confirmed.expect("written");
    med_trans_id
}

/// A paid order of the hospital, notified and all.
pub(crate) async fn paid(town: &Town, number: &str, kind: Kind, fees: (i64, i64)) -> MedTransId {
    let stored = order(town, crate::testing::HOSPITAL, number, kind, fees);
    let med_trans_id = confirm(town, &stored).await;
    town.work().await;
    let order = load(town, &med_trans_id).await;
    assert!(matches!(order.order.state, State::Paid { .. }), "{:?}", order.order.state);
    med_trans_id
}

/// The order as it is now.
pub(crate) async fn load(town: &Town, med_trans_id: &MedTransId) -> StoredOrder {
    load_from(town.app(), med_trans_id).await
}

/// The order as it is now.
pub(crate) async fn load_from(app: &App, med_trans_id: &MedTransId) -> StoredOrder {
    let (vault, med_trans_id) = (app.vault.clone(), med_trans_id.clone());
    let order = app
        .store
        .read("a test reads an order", move |tx| {
            let (vault, med_trans_id) = (vault.clone(), med_trans_id.clone());
            Box::pin(async move { rows::load(tx, &vault, &med_trans_id).await })
        })
        .await;
    order.expect("read").expect("an order")
}
