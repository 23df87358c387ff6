//! The refusals of PROTOCOL 1.2, before a field is looked at: over HTTP, with the documented words,
//! and without a trace in the database.

use crate::town::{Town, assert_unchanged, key_of, on_both_engines};
use medpay_wire::fields::Fields;
use medpay_wire::interface::Interface;
use medpay_wire::{interfaces, sign};

/// A body that no interface takes, and what is answered.
struct Hostile {
    name: &'static str,
    body: Vec<u8>,
    return_msg: &'static str,
}

fn hostile_bodies() -> Vec<Hostile> {
    let case = |name, body: &[u8], return_msg| Hostile { name, body: body.to_vec(), return_msg };
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\
                <xml><a>&b;</a></xml>";
    let file = "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><xml><a>&f;</a></xml>";
    vec![
        case("nothing", b"", "POST_DATA_EMPTY"),
        case("not UTF-8", b"<xml><a>\xff\xfe</a></xml>", "NOT_UTF8"),
        case("not XML", b"appid=wx1&mch_id=2", "XML_FORMAT_ERROR"),
        case("half a document", b"<xml><a>1</a>", "XML_FORMAT_ERROR"),
        case("two documents", b"<xml><a>1</a></xml><xml></xml>", "XML_FORMAT_ERROR"),
        case("another root", b"<html><a>1</a></html>", "XML_FORMAT_ERROR"),
        case("an entity bomb", bomb.as_bytes(), "XML_FORMAT_ERROR"),
        case("a file", file.as_bytes(), "XML_FORMAT_ERROR"),
        case("an unknown entity", b"<xml><a>&nbsp;</a></xml>", "XML_FORMAT_ERROR"),
        case("nested elements", b"<xml><a><b>1</b></a></xml>", "XML_FORMAT_ERROR"),
        case(
            "the same element twice",
            b"<xml><openid>1</openid><openid>2</openid></xml>",
            "XML_FORMAT_ERROR openid is repeated",
        ),
        case(
            "10 MB",
            format!("<xml><a>{}</a></xml>", "x".repeat(10 * 1024 * 1024)).as_bytes(),
            "XML_FORMAT_ERROR body is too large",
        ),
    ]
}

async fn a_hostile_body_is_refused_by_every_interface(town: &Town) -> anyhow::Result<()> {
    let token = town.token(town.institution(0)).await?;
    let before = town.rows().await?;
    for interface in interfaces::ALL {
        for hostile in hostile_bodies() {
            let reply = town.post(interface.name, Some(&token), hostile.body).await?;
            let said = reply.get("return_msg").unwrap_or_default();
            let (words, rid) = said.split_once(" rid: ").unwrap_or((said, ""));
            let what = format!("{}: {}", interface.name, hostile.name);
            assert_eq!(reply.get("return_code"), Some("FAIL"), "{what}");
            assert_eq!(words, hostile.return_msg, "{what}");
            assert_eq!(rid.len(), 26, "{what}: {said}");
        }
    }
    assert_unchanged(&before, &town.rows().await?);
    Ok(())
}

async fn only_post_is_answered(town: &Town) -> anyhow::Result<()> {
    for interface in interfaces::ALL {
        let reply = town.get(interface.name).await?;
        assert_eq!(reply.get("return_code"), Some("FAIL"));
        let said = reply.get("return_msg").unwrap_or_default();
        assert!(said.starts_with("REQUIRE_POST_METHOD"), "{}: {said}", interface.name);
    }
    Ok(())
}

/// The least document that reaches the check of the key: the merchant, where there is one.
fn merchant_only(town: &Town, interface: &Interface) -> Fields {
    let institution = town.institution(0);
    let mut fields = Fields::new();
    if interface.carries_merchant {
        fields.set("appid", &institution.appid).set("mch_id", &institution.mch_id);
    }
    fields.set("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
    fields
}

async fn a_token_that_is_none_is_refused(town: &Town) -> anyhow::Result<()> {
    for interface in interfaces::ALL {
        let body = merchant_only(town, interface).to_xml().into_bytes();
        for (token, code) in [(None, "41001"), (Some("nobody-ever-had-this"), "40001")] {
            let reply = town.post(interface.name, token, body.clone()).await?;
            assert_eq!(reply.get("err_code"), Some(code), "{}", interface.name);
            assert_eq!(reply.get("result_code"), Some("FAIL"), "{}", interface.name);
            assert_eq!(reply.get("sign"), None, "the key is not known, so nothing is signed");
        }
    }
    Ok(())
}

async fn a_merchant_that_is_none_is_refused(town: &Town) -> anyhow::Result<()> {
    let token = town.token(town.institution(0)).await?;
    let (own, other) = (town.institution(0), town.institution(2));
    let cases = [
        ("wx0000000000000000", own.mch_id.as_str(), "APPID_NOT_EXIST"),
        (own.appid.as_str(), "1999999999", "MCHID_NOT_EXIST"),
        (own.appid.as_str(), other.mch_id.as_str(), "APPID_MCHID_NOT_MATCH"),
    ];
    for interface in interfaces::ALL.iter().filter(|interface| interface.carries_merchant) {
        for (appid, mch_id, code) in cases {
            let mut fields = merchant_only(town, interface);
            fields.set("appid", appid).set("mch_id", mch_id);
            let body = fields.to_xml().into_bytes();
            let reply = town.post(interface.name, Some(&token), body).await?;
            assert_eq!(reply.get("err_code"), Some(code), "{}", interface.name);
            assert_eq!(reply.get("sign"), None, "the key is not sure, so nothing is signed");
        }
    }
    Ok(())
}

async fn a_wrong_signature_is_refused(town: &Town) -> anyhow::Result<()> {
    let institution = town.institution(0);
    let token = town.token(institution).await?;
    let key = key_of(institution);
    for interface in interfaces::ALL {
        let mut signed = merchant_only(town, interface);
        signed.set("unknown_to_us", "signed all the same");
        sign::sign_into(&mut signed, &key);
        let right = signed.get("sign").unwrap_or_default().to_owned();

        let mut cases = vec![("missing", String::new()), ("lower case", right.to_lowercase())];
        cases.push(("another key's", "A212D9544089CE3BCEB991F2A41B89A2".to_owned()));
        for (what, wrong) in cases {
            let mut fields = signed.clone();
            fields.set("sign", wrong);
            let body = fields.to_xml().into_bytes();
            let reply = town.post(interface.name, Some(&token), body).await?;
            let said = reply.get("return_msg").unwrap_or_default();
            assert!(said.starts_with("签名失败 rid: "), "{} {what}: {said}", interface.name);
            assert_eq!(reply.get("result_code"), None, "{} {what}", interface.name);
        }

        // The right one goes on to the fields, so the cases above were about the signature.
        let reply = town.post(interface.name, Some(&token), signed.to_xml().into_bytes()).await?;
        let said = reply.get("return_msg").unwrap_or_default();
        assert!(said.starts_with("参数格式校验错误"), "{}: {said}", interface.name);
    }
    Ok(())
}

on_both_engines!(
    a_hostile_body_is_refused_by_every_interface,
    only_post_is_answered,
    a_token_that_is_none_is_refused,
    a_merchant_that_is_none_is_refused,
    a_wrong_signature_is_refused,
);
