//! A refund from the hospital's request to its end, with trouble at every step.

use super::tests::{CANCEL, states};
use crate::orders::testing::{load, paid};
use crate::testing::HOSPITAL;
use crate::testing::keepers::Town;
use crate::testing::stage::Around;
use medpay_domain::MedTransId;
use medpay_domain::platform::order::Kind;
use medpay_domain::platform::order::reservation::Hold;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};
use std::sync::OnceLock;

/// One hospital's refund of a mixed payment of 1.00 and 8.05; it asks until it has an answer.
#[derive(Default)]
struct Refund {
    cash_only: bool,
    /// When it is begun, in seconds after the payment at nine.
    after_seconds: i64,
    ends: Vec<&'static str>,
    ends_refused: Vec<&'static str>,
    order: OnceLock<MedTransId>,
}

impl Flow for Refund {
    type Stage = Around;
    const UNDOS: &'static [&'static str] = &["reverse", "refund"];

    fn ends(&self) -> Vec<&'static str> {
        self.ends.clone()
    }

    fn ends_refused(&self) -> Vec<&'static str> {
        self.ends_refused.clone()
    }

    async fn prepare(&self, town: &Town) {
        *town.bureau.closes_the_day.lock().expect("not poisoned") = true;
        self.order.set(paid(town, "1", Kind::Mixed, (100, 805)).await).expect("the first");
        town.world.clock.advance_seconds(self.after_seconds);
        town.world.keep_token(HOSPITAL).await;
    }

    async fn insist(&self, town: &Town) -> bool {
        let order = self.order.get().expect("it is paid").as_str();
        let mut fields = vec![("med_trans_id", order), ("hosp_out_refund_no", "R1")];
        if self.cash_only {
            fields.push(("part_refund_type", "CASH_ONLY"));
        } else {
            fields.extend(CANCEL);
        }
        let word = town.world.call(HOSPITAL, "refund", &fields).await.word();
        ["SUCCESS", "INVALID_REQUEST", "TRADE_OVERDUE"].contains(&word.as_str())
    }

    async fn end(&self, town: &Town) -> String {
        let order = load(town, self.order.get().expect("it is paid")).await;
        let reservations = order.order.reservations;
        let free = |hold: &Hold| *hold != Hold::Free && !matches!(hold, Hold::GivenBack { .. });
        let held = free(&reservations.cash) || free(&reservations.insurance);
        let (insurance, bookings) = town.bureau.held();
        let word = states(town, "R1").await;
        let held = if held { " still reserved" } else { "" };
        format!("{word} {}+{insurance} booked {bookings}{held}", town.wallet.held())
    }
}

const BACK: &str = "SUCCESS SUCCESS SUCCESS 0+0 booked 0";
const FAILED: &str = "FAIL FAIL FAIL 100+805 booked 1";
const CASH_BACK: &str = "SUCCESS - SUCCESS 0+805 booked 1";
const NEVER: &str = "REFUNDNOTEXIST 100+805 booked 1";
/// Nine to midnight.
const THE_DAY: i64 = 15 * 3600;

on_both!(a_whole_refund_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Refund {
        ends: vec![BACK],
        ends_refused: vec![FAILED],
        ..Refund::default()
    })
    .await;
});

on_both!(a_refund_of_cash_survives_everything_also_after_midnight, async |db: TestDb| {
    for after_seconds in [0, THE_DAY] {
        everything_goes_wrong_once(&db, || Refund {
            cash_only: true,
            after_seconds,
            ends: vec![CASH_BACK],
            ..Refund::default()
        })
        .await;
    }
});

on_both!(a_whole_refund_begun_in_time_is_decided_by_the_bureau, async |db: TestDb| {
    // One second to midnight: whatever is asked again is asked on the next day.
    everything_goes_wrong_once(&db, || Refund {
        after_seconds: THE_DAY - 1,
        ends: vec![BACK, FAILED, NEVER],
        ..Refund::default()
    })
    .await;
});
