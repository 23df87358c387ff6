//! A form that two processes receive at once books one place.

use super::*;
use crate::testing::pair::{Leases, Pair};
use medpay_store::{BoxFuture, StoreError, args};

async fn count(world: &World, sql: &'static str, booking_no: String) -> i64 {
    let read = world.site.store.read("a test counts", move |tx| {
        let booking_no = booking_no.clone();
        Box::pin(async move { tx.one(sql, args![booking_no]).await?.get(0) })
    });
    read.await.map_err(|error: StoreError| error).expect("a read")
}

on_both!(a_form_posted_twice_books_once, async |db: TestDb| {
    let pair = Pair::new(&db, Leases::Hold, &["keep a registration"]).await;
    let [one, other] = &pair.worlds;
    open_for_booking(one);
    follower(one, "oA", "P1").await;
    pair.share_cookies();
    pair.stepper
        .every_order("one booking, posted twice", async |round| {
            let number = format!("B{}", round.number());
            let mut booked = booking(TOMORROW, BillState::Pending);
            booked.booking_no.clone_from(&number);
            one.his.always::<Book>(&booked);
            one.his.always::<FindBooking>(&booked);
            let page = one.get(&path(&format!("{CONFIRM}T2"))).await;
            let fields = form(&page);
            let keys = one.his.asked::<Book>().len();
            let posting = |world| -> BoxFuture<'_, Answered> {
                Box::pin(post(world, "/register/confirm", &fields))
            };
            let answers = round.run(vec![posting(one), posting(other)]).await;
            for answer in &answers {
                assert_eq!(answer.location(), path(&format!("/registrations/{number}")));
            }
            let asked = one.his.asked::<Book>();
            assert_eq!(asked[keys].0, asked[keys + 1].0, "the HIS books once: one key");
            let kept = "SELECT COUNT(*) FROM registrations WHERE booking_no = $1";
            assert_eq!(count(one, kept, number.clone()).await, 1);
        })
        .await;
});
