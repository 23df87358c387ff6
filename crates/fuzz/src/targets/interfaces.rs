//! Every interface's documents, as request and as answer.

use super::documents::{fields_of, hold, masked, verified};
use super::key;
use medpay_wire::downloadbill as bill;
use medpay_wire::notification::{FIELDS, Notification};
use medpay_wire::{Received, Seal, SignType, success_reply};

macro_rules! interfaces {
    ($($module:ident)*) => {$(
        pub(super) fn $module(input: &[u8]) {
            use medpay_wire::$module::{Reply, Request, SPEC};
            let Some(fields) = fields_of(input) else { return };
            let request = |fields: &_| Request::decode(&verified(fields));
            hold(SPEC.fields, &fields, &[], request, Request::encode);
            // The last two are read besides the table: the request's own nonce, and a spelling.
            let besides = ["nonce_str", "cash_refund_stauts", "trade_status_desc"];
            hold(SPEC.reply, &fields, &besides, Reply::decode, Reply::encode);
        }
    )*};
}

interfaces!(getmedinfo getbindurl preregister qrcodepreregister sendmsg qrcodegetmedinfo
    unifiedorder qrcodeunifiedorder orderquery closeorder refund refundquery);

/// Its answer is a bill, which has a target of its own.
pub(super) fn downloadbill(input: &[u8]) {
    let Some(fields) = fields_of(input) else { return };
    let request = |fields: &_| bill::Request::decode(&verified(fields));
    hold(bill::SPEC.fields, &fields, &[], request, bill::Request::encode);
}

/// The payment notification, from the platform's signing to the hospital's reading.
pub(super) fn notification(input: &[u8]) {
    let Some(fields) = fields_of(input) else { return };
    let decode = |fields: &_| Notification::decode(&verified(fields));
    let encode = |notification: &Notification| {
        let mut fields = notification.encode();
        // What success_reply adds.
        fields.set("return_code", "SUCCESS").set("result_code", "SUCCESS");
        fields
    };
    hold(FIELDS, &fields, &[], decode, encode);
    let Ok(notification) = decode(&fields) else { return };
    let seal = Seal { key: &key(), nonce_str: "n", sign_type: SignType::Md5 };
    let sent = success_reply(notification.encode(), Some(seal));
    let received = Received::read(sent.as_bytes()).expect("what we send is a document");
    masked(&format!("{received:?}"), &fields, &["openid", "sub_openid", "medical_card_id"]);
    let verified = received.verify_from_platform(&key()).expect("what we sign is signed");
    assert_eq!(Notification::decode(&verified), Ok(notification), "sent and read as another");
}
