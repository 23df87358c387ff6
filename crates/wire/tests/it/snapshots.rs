//! Every document as it goes over the wire. A change here is a change for every foreign client.

use crate::samples::{key, reply, request, verified};
use medpay_wire::{Fields, Seal, SignType, sign, success_reply};
use std::fmt::Write as _;

/// One field a line, so that a difference is readable.
fn lines(xml: &str) -> String {
    let xml = xml.replace("<xml>", "<xml>\n");
    xml.split_inclusive('>').fold(String::new(), |mut text, piece| {
        text.push_str(piece);
        if piece.contains("</") {
            text.push('\n');
        }
        text
    })
}

macro_rules! snapshots {
    ($($module:ident)*) => {$(
        #[test]
        fn $module() {
            let sent = verified(request(stringify!($module)));
            let decoded = medpay_wire::$module::Request::decode(&sent).expect("a request");
            let mut fields = decoded.encode();
            sign::sign_into(&mut fields, &key());
            let mut text = format!("POST {}\n", medpay_wire::$module::SPEC.path);
            let _ = writeln!(text, "{}", lines(&fields.to_xml()));
            let _ = write!(text, "{}", lines(&answer(stringify!($module))));
            insta::assert_snapshot!(stringify!($module), text);
        }
    )*};
}

fn answer(name: &str) -> String {
    macro_rules! encoded {
        ($($module:ident)*) => {
            match name {
                $(stringify!($module) => medpay_wire::$module::Reply::decode(&reply(name))
                    .expect("an answer")
                    .encode(),)*
                _ => Fields::new(),
            }
        };
    }
    let fields = encoded!(getmedinfo getbindurl preregister qrcodepreregister sendmsg
        qrcodegetmedinfo unifiedorder qrcodeunifiedorder orderquery closeorder refund refundquery);
    let key = key();
    let seal = Seal { key: &key, nonce_str: "abc123", sign_type: SignType::Md5 };
    let signed = medpay_wire::interfaces::named(name).is_some_and(|spec| spec.signed_reply);
    success_reply(fields, signed.then_some(seal))
}

snapshots!(getmedinfo getbindurl preregister qrcodepreregister sendmsg qrcodegetmedinfo
    unifiedorder qrcodeunifiedorder orderquery closeorder refund refundquery downloadbill);

#[test]
fn notification() {
    use medpay_wire::notification::{Acknowledgement, Notification};
    let decoded = Notification::decode(&verified(reply("notification"))).expect("a notification");
    let key = key();
    let seal = Seal { key: &key, nonce_str: "abc123", sign_type: SignType::Md5 };
    let sent = success_reply(decoded.encode(), Some(seal));
    let text = format!("{}\n{}", lines(&sent), lines(&Acknowledgement::Accepted.to_xml()));
    insta::assert_snapshot!("notification", text);
}

#[test]
fn the_tables() {
    let mut text = String::new();
    for interface in medpay_wire::interfaces::ALL {
        let _ = writeln!(text, "{} {}", interface.path, interface.title);
        for (direction, table) in [("request", interface.fields), ("reply", interface.reply)] {
            let _ = writeln!(text, "  {direction}");
            for spec in table {
                let required = match spec.required {
                    medpay_wire::Required::Yes => "Y".to_owned(),
                    medpay_wire::Required::No => "N".to_owned(),
                    medpay_wire::Required::OneOf(names) => format!("one of {}", names.join(", ")),
                    medpay_wire::Required::When(when, _) => format!("when {when}"),
                };
                let (name, label, max, kind) = (spec.name, spec.label, spec.max, spec.kind);
                let _ = writeln!(text, "    {name} {label} {kind:?} {max} {required}");
            }
        }
    }
    insta::assert_snapshot!("tables", text);
}
