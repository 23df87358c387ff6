//! One target for each thing that reads outside input.

mod accounts;
mod answers;
mod bill;
mod callback;
mod contents;
mod documents;
mod interfaces;
mod json;
mod sign;
mod values;
mod xml;

use crate::Target;
use crate::mutate::Shape;
use medpay_wire::{ApiKey, FieldSpec, notification, orderquery, unifiedorder};

/// Fields of every kind: for what takes any document.
const ANY_DOCUMENT: Shape = Shape::Document(&[unifiedorder::SPEC.fields, orderquery::SPEC.reply]);

const fn target(name: &'static str, run: fn(&[u8]), shape: Shape) -> Target {
    Target { name, run, shape }
}

const fn interface(
    name: &'static str,
    run: fn(&[u8]),
    tables: &'static [&'static [FieldSpec]],
) -> Target {
    Target { name, run, shape: Shape::Document(tables) }
}

macro_rules! targets {
    ($($module:ident)*) => {
        /// All of them; those of the interfaces have the interfaces' names.
        pub static TARGETS: &[Target] = &[
            target("xml", xml::run, ANY_DOCUMENT),
            target("sign", sign::run, ANY_DOCUMENT),
            target("tampered", sign::tampered, Shape::Bytes),
            target("sign_causes", sign::causes, ANY_DOCUMENT),
            $(interface(
                stringify!($module),
                interfaces::$module,
                &[medpay_wire::$module::SPEC.fields, medpay_wire::$module::SPEC.reply],
            ),)*
            interface("notification", interfaces::notification, &[notification::FIELDS]),
            target("answer", answers::run, ANY_DOCUMENT),
            target("refusal", answers::refusal, Shape::Text),
            target("bill", bill::run, Shape::Text),
            target("request_content", contents::request, Shape::Json),
            target("response_content", contents::response, Shape::Json),
            target("callback", callback::plain, Shape::Document(&[callback::FIELDS])),
            target("callback_sealed", callback::sealed, Shape::Bytes),
            target("his_calls", json::his_calls, Shape::Json),
            target("his_answers", json::his_answers, Shape::Json),
            target("his_signature", json::his_signature, Shape::Bytes),
            target("contracts", json::contracts, Shape::Json),
            target("qr_token", json::qr_token, Shape::Text),
            target("public_account", accounts::run, Shape::Json),
            target("values", values::run, Shape::Text),
            target("address", values::address, Shape::Text),
        ];
    };
}

targets!(getmedinfo getbindurl preregister qrcodepreregister sendmsg qrcodegetmedinfo
    unifiedorder qrcodeunifiedorder orderquery closeorder refund refundquery downloadbill);

/// The one of a name.
pub fn named(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The key of every signature here.
fn key() -> ApiKey {
    ApiKey::new("0123456789abcdef0123456789abcdef").expect("32 characters")
}
