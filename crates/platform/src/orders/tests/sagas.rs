//! A payment from the order to the notification, with trouble at every step.

use super::{PAYER, fees, link_of, outcome, usual};
use crate::cards::tests::{Browser, bind};
use crate::notifications::Standing;
use crate::notifications::tests::standing;
use crate::testing::keepers::{Fate, PASSWORD, Town};
use crate::testing::stage::Around;
use crate::testing::{Answered, HOSPITAL, Person};
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};

/// One hospital's order and its payer, who does not give up.
#[derive(Default)]
struct Payment {
    pay_type: &'static str,
    cash: i64,
    insurance: i64,
    /// What the bureau does to the first settlements.
    settlements: &'static [Fate],
    /// Whether nobody ever comes to pay.
    unpaid: bool,
    ends: Vec<&'static str>,
    ends_refused: Vec<&'static str>,
}

impl Payment {
    async fn order(&self, town: &Town) -> Answered {
        let digest = Person::LIN.id_md5();
        let amounts = fees(self.pay_type, self.cash, self.insurance);
        let mut fields = usual("A", &digest);
        fields.retain(|(name, _)| amounts.iter().all(|(other, _)| name != other));
        fields.extend(amounts);
        fields.extend([("openid", PAYER), ("return_url", "https://his.example/done")]);
        town.world.call(HOSPITAL, "unifiedorder", &fields).await
    }
}

impl Flow for Payment {
    type Stage = Around;
    const UNDOS: &'static [&'static str] = &["reverse", "refund"];

    fn ends(&self) -> Vec<&'static str> {
        self.ends.clone()
    }

    fn ends_refused(&self) -> Vec<&'static str> {
        self.ends_refused.clone()
    }

    async fn prepare(&self, town: &Town) {
        bind(&town.world, HOSPITAL, PAYER, Person::LIN).await;
        town.world.keep_token(HOSPITAL).await;
        town.bureau.settlements.lay(self.settlements);
    }

    async fn insist(&self, town: &Town) -> bool {
        let answer = self.order(town).await;
        match answer.word().as_str() {
            "SUCCESS" if self.unpaid => return true,
            "SUCCESS" => {}
            other => return ["ORDERPAID", "ORDERCLOSED"].contains(&other),
        }
        let link = link_of(&answer.fields());
        let mut browser = Browser::new(&town.world);
        let page = browser.open(&link, PAYER, Person::LIN.name).await;
        if page.body.contains("name=\"password\"") {
            browser.post(&link, &page, &[("password", PASSWORD)]).await;
            return false;
        }
        ["paid", "returned", "closed", "expired"].contains(&outcome(&page))
    }

    async fn end(&self, town: &Town) -> String {
        let order = [("hosp_out_trade_no", "A")];
        let fields = town.world.call(HOSPITAL, "orderquery", &order).await.fields();
        let state = |name| fields.get(name).unwrap_or_default();
        let med_trans_id = medpay_domain::MedTransId::new(state("med_trans_id"));
        let told = standing(town, &med_trans_id).await;
        let (insurance, bookings) = town.bureau.held();
        format!(
            "{}/{}/{} {}+{insurance} booked {bookings}{}",
            state("med_trade_state"),
            state("cash_trade_status"),
            state("insurance_trade_status"),
            town.wallet.held(),
            told.map_or("", |(standing, _)| match standing {
                Standing::Waiting => " waiting",
                Standing::Acknowledged => " told",
                Standing::GivenUp => " given up",
            }),
        )
    }
}

const RETURNED: &str = "SYS_REFUNDED/REFUND/CLOSED 0+0 booked 0";

fn mixed(settlements: &'static [Fate], ends: &[&'static str]) -> Payment {
    Payment {
        pay_type: "3",
        cash: 100,
        insurance: 805,
        settlements,
        ends: ends.to_vec(),
        ends_refused: vec![RETURNED],
        ..Payment::default()
    }
}

fn insured(settlements: &'static [Fate]) -> Payment {
    let ends = vec!["SUCCESS/NOTPAY/PAYED 0+905 booked 1 told"];
    Payment { pay_type: "2", insurance: 905, settlements, ends, ..Payment::default() }
}

on_both!(a_mixed_payment_survives_everything, async |db: TestDb| {
    let paid = "SUCCESS/SUCCESS/PAYED 100+805 booked 1 told";
    everything_goes_wrong_once(&db, || mixed(&[], &[paid])).await;
});

on_both!(a_payment_by_insurance_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || insured(&[])).await;
});

on_both!(a_payment_with_nothing_insured_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Payment {
        pay_type: "3",
        cash: 905,
        ends: vec!["SUCCESS/SUCCESS/PAYED 905+0 booked 1 told"],
        ends_refused: vec![RETURNED],
        ..Payment::default()
    })
    .await;
});

on_both!(a_payment_in_cash_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Payment {
        pay_type: "1",
        cash: 905,
        ends: vec!["SUCCESS/SUCCESS/NOTPAY 905+0 booked 0 told"],
        ..Payment::default()
    })
    .await;
});

on_both!(the_way_back_of_cash_after_a_refusal_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || mixed(&[Fate::Refused], &[RETURNED])).await;
});

on_both!(the_undoing_of_other_amounts_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || mixed(&[Fate::OtherAmounts], &[RETURNED])).await;
});

on_both!(other_amounts_of_insurance_alone_are_undone_and_paid_again, async |db: TestDb| {
    everything_goes_wrong_once(&db, || insured(&[Fate::OtherAmounts])).await;
});

on_both!(an_order_that_nobody_pays_closes_whatever_happens, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Payment {
        pay_type: "3",
        cash: 100,
        insurance: 805,
        unpaid: true,
        ends: vec!["CLOSED/CLOSED/CLOSED 0+0 booked 0"],
        ..Payment::default()
    })
    .await;
});
