use super::*;
use crate::testing::{KEY, account};
use medpay_wire::fields::Received;
use tempfile::TempDir;

fn courier() -> (Courier, TempDir) {
    let folder = TempDir::new().expect("a folder");
    (Courier::open(folder.path(), vec![account()]).expect("a book"), folder)
}

fn key() -> ApiKey {
    ApiKey::new(KEY).expect("a key")
}

fn notification(total_fee: i64) -> Vec<u8> {
    let mut fields = Fields::new();
    fields.set("return_code", "SUCCESS").set("mch_id", "1900000001");
    fields.set("med_trans_id", "M1").set("total_fee", total_fee.to_string());
    sign::sign_into(&mut fields, &key());
    fields.to_xml().into_bytes()
}

fn trip(courier: &Courier, total_fee: i64) -> Trip {
    courier.decide(&notification(total_fee)).expect("a book")
}

fn plain(total_fee: i64) -> Trip {
    Trip::Delivered { body: notification(total_fee), times: 1, held: Held::No }
}

/// Whether the sign is right, and the amount, of what is delivered.
fn seen(trip: Trip) -> (bool, String) {
    let Trip::Delivered { body, .. } = trip else { panic!("dropped") };
    let fields = Fields::from_xml(&body).expect("a document");
    let signed = Received::read(&body).expect("a document").verify(&key(), false).is_ok();
    (signed, fields.get("total_fee").unwrap_or_default().to_owned())
}

#[test]
fn most_notifications_travel_as_they_are() {
    let (courier, _folder) = courier();
    assert_eq!(trip(&courier, 905), plain(905));
    let no_document = b"<not xml".to_vec();
    let as_it_is = Trip::Delivered { body: no_document.clone(), times: 1, held: Held::No };
    assert_eq!(courier.decide(&no_document).expect("a book"), as_it_is);
}

#[test]
fn amounts_choose_what_goes_wrong() {
    let (courier, _folder) = courier();
    assert_eq!(trip(&courier, 130), Trip::Dropped);
    assert_eq!(trip(&courier, 130), Trip::Dropped);
    let twice = Trip::Delivered { body: notification(132), times: 2, held: Held::No };
    assert_eq!(trip(&courier, 132), twice);
}

#[test]
fn an_altered_notification_is_followed_by_the_right_one() {
    let (courier, folder) = courier();
    assert_eq!(seen(trip(&courier, 133)), (false, "133".to_owned()));
    assert_eq!(trip(&courier, 133), plain(133));
    drop(courier);
    let reopened = Courier::open(folder.path(), vec![account()]).expect("a book");
    assert_eq!(trip(&reopened, 133), plain(133));
}

#[test]
fn another_amount_is_signed_like_the_right_one() {
    let (courier, _folder) = courier();
    assert_eq!(seen(trip(&courier, 134)), (true, "135".to_owned()));
    assert_eq!(trip(&courier, 134), plain(134));
}

#[test]
fn switches_meet_the_next_notifications() {
    let (courier, _folder) = courier();
    for fault in [Fault::Drop, Fault::Delay, Fault::Repeat, Fault::Reorder, Fault::BadSign] {
        courier.arm(fault, 1).expect("a book");
    }
    let held = |held| Trip::Delivered { body: notification(905), times: 1, held };
    assert_eq!(trip(&courier, 905), Trip::Dropped);
    assert_eq!(trip(&courier, 905), held(Held::Seconds));
    let twice = Trip::Delivered { body: notification(905), times: 2, held: Held::No };
    assert_eq!(trip(&courier, 905), twice);
    assert_eq!(trip(&courier, 905), held(Held::UntilOvertaken));
    assert_eq!(seen(trip(&courier, 905)), (false, "905".to_owned()));
    assert_eq!(trip(&courier, 905), plain(905));
}
