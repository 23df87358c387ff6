//! What of XML a document may use, and the refusals of PROTOCOL 1.2.

use medpay_wire::{Fields, Received, XmlFault};
use proptest::prelude::*;
use std::fmt::Write as _;

fn read(xml: &str) -> Result<Fields, XmlFault> {
    Fields::from_xml(xml.as_bytes())
}

#[track_caller]
fn value(xml: &str) -> String {
    read(xml).expect("well-formed").get("a").expect("a field").to_owned()
}

#[test]
fn the_refusals_are_the_documents_words() {
    let words = |body: &[u8]| Received::read(body).expect_err("refused").to_string();
    assert_eq!(words(b""), "POST_DATA_EMPTY");
    assert_eq!(words(b" \r\n\t"), "POST_DATA_EMPTY");
    assert_eq!(words(b"<xml><a>\xd5\xc5</a></xml>"), "NOT_UTF8");
    assert_eq!(words(b"{\"a\":1}"), "XML_FORMAT_ERROR");
    assert_eq!(words(b"<xml><a>1</a><b/><a>2</a></xml>"), "XML_FORMAT_ERROR a is repeated");
    let mut huge = b"<xml><a>".to_vec();
    huge.resize(10 * 1024 * 1024, b'x');
    assert_eq!(words(&huge), "XML_FORMAT_ERROR body is too large");
}

#[test]
fn a_body_may_have_256_kib_and_no_byte_more() {
    let frame = "<xml><a></a></xml>".len();
    let body = |size: usize| format!("<xml><a>{}</a></xml>", "x".repeat(size - frame));
    assert!(read(&body(256 * 1024)).is_ok());
    assert_eq!(read(&body(256 * 1024 + 1)), Err(XmlFault::TooLarge));
}

#[test]
fn text_cdata_and_references_are_one_value() {
    assert_eq!(value("<xml><a>1 &lt;&gt;&amp;&quot;&apos; 2</a></xml>"), "1 <>&\"' 2");
    assert_eq!(value("<xml><a><![CDATA[<b>&amp;</b>]]></a></xml>"), "<b>&amp;</b>");
    assert_eq!(value("<xml><a>x<![CDATA[y]]>&#122;<![CDATA[]]>&#x4e2D;</a></xml>"), "xyz中");
    assert_eq!(value("<xml><a/></xml>"), "");
    assert_eq!(value("<xml><a></a></xml>"), "");
}

#[test]
fn white_space_in_a_value_stays_and_between_fields_does_not_matter() {
    assert_eq!(value("<xml>\r\n  <a> 1\r\n2\t</a>\n</xml>\n"), " 1\r\n2\t");
    assert_eq!(value("<xml ><a > <![CDATA[ x ]]> </a ></xml >"), "  x  ");
}

#[test]
fn a_byte_order_mark_a_declaration_and_comments_between_fields_are_let_pass() {
    assert_eq!(value("\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?><xml><a>1</a></xml>"), "1");
    assert_eq!(
        value("<?xml version='1.0'?><!-- x --><xml><!-- y --><a>1</a></xml><!-- z -->"),
        "1"
    );
}

#[test]
fn another_declared_encoding_is_not_utf8() {
    let body = "<?xml version=\"1.0\" encoding=\"GBK\"?><xml><a>1</a></xml>";
    assert_eq!(read(body), Err(XmlFault::NotUtf8));
}

/// Found by fuzzing: each of these had a second reading, or none, with a reader that keeps to XML.
#[test]
fn a_declaration_or_a_mark_that_xml_does_not_allow_is_refused() {
    for head in [
        "\u{FEFF}\u{FEFF}",
        "<?xml?>",
        "<?xml encoding=\"utf-8\"?>",
        "<?xml version=\"2.0\"?>",
        "<?xml version=\"1.\"?>",
        "<?xml version=\"1.0\" encoding=\"utf-8\" encoding=\"GBK\"?>",
        "<?xml version=\"1.0\"encoding=\"utf-8\"?>",
        "<?xml version=\"1.0\" encoding=\"\"?>",
        "<?xml version=\"1.0\" encoding=\"utf 8\"?>",
        "<?xml version=\"1.0\" standalone=\"maybe\"?>",
        "<?xml version=\"1.0\" a=\"1\"?>",
        "<?xml version='1.0\"?>",
    ] {
        let body = format!("{head}<xml><a>1</a></xml>");
        assert_eq!(read(&body), Err(XmlFault::Malformed), "{body}");
    }
    let right = "<?xml version = '1.1' encoding = 'UTF-8' standalone = 'yes' ?><xml><a>1</a></xml>";
    assert_eq!(value(right), "1");
}

#[test]
fn everything_else_of_xml_is_refused() {
    let bomb = "<!DOCTYPE xml [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\
                <xml><a>&b;</a></xml>";
    for body in [
        bomb,
        "<!DOCTYPE xml SYSTEM \"file:///etc/passwd\"><xml><a>1</a></xml>",
        "<xml><!DOCTYPE x><a>1</a></xml>",
        "<xml><a>&nbsp;</a></xml>",
        "<xml><a>&b;</a></xml>",
        "<xml><a>&#0;</a></xml>",
        "<xml><a>&#x1f;</a></xml>",
        "<xml><a>&#xD800;</a></xml>",
        "<xml><a>&#x110000;</a></xml>",
        "<xml><a>&#+65;</a></xml>",
        "<xml><a>&#;</a></xml>",
        "<xml><a>1 & 2</a></xml>",
        "<xml><a>\0</a></xml>",
        "<xml><a>\u{FFFE}</a></xml>",
        "<xml><a>]]></a></xml>",
        "<xml><a><b>1</b></a></xml>",
        "<xml><a><b/></a></xml>",
        "<xml><a>1<!-- -->2</a></xml>",
        "<xml><?php x ?><a>1</a></xml>",
        "<xml><a><?x?></a></xml>",
        "<xml><a>1</a><?xml version=\"1.0\"?></xml>",
        " <?xml version=\"1.0\"?><xml><a>1</a></xml>",
        "<xml><a b=\"1\">1</a></xml>",
        "<xml xmlns=\"urn:x\"><a>1</a></xml>",
        "<xml><n:a>1</n:a></xml>",
        "<xml><1a>1</1a></xml>",
        "<xml><中>1</中></xml>",
        "<xml>x<a>1</a></xml>",
        "<xml><![CDATA[x]]><a>1</a></xml>",
        "<xml>&lt;<a>1</a></xml>",
        "<xml><a>1</b></xml>",
        "<xml><a>1</a>",
        "<xml><a>1",
        "<xml><a><![CDATA[1</a></xml>",
        "<xml><a>1</a></xml></xml>",
        "<xml><a>1</a></xml><xml></xml>",
        "<xml><a>1</a></xml>x",
        "<xml><xml><a>1</a></xml></xml>",
        "<root><a>1</a></root>",
        "<XML><a>1</a></XML>",
        "</xml>",
        "<a>1</a>",
        "<",
        "plain",
    ] {
        assert_eq!(read(body), Err(XmlFault::Malformed), "{body}");
    }
}

#[test]
fn a_repetition_is_named_only_in_a_well_formed_document() {
    assert_eq!(read("<xml><a>1</a><a>2</a><b></xml>"), Err(XmlFault::Malformed));
    assert_eq!(read("<xml><a/><a/><b/><b/></xml>"), Err(XmlFault::Repeated("a".to_owned())));
}

#[test]
fn a_document_has_at_most_100_fields_with_names_of_at_most_64() {
    let body = |count: usize| {
        let mut xml = String::from("<xml>");
        for n in 0..count {
            let _ = write!(xml, "<f{n}>1</f{n}>");
        }
        xml + "</xml>"
    };
    assert_eq!(read(&body(100)).map(|fields| fields.len()), Ok(100));
    assert_eq!(read(&body(101)), Err(XmlFault::Malformed));
    let named = |length: usize| {
        let name = "n".repeat(length);
        format!("<xml><{name}>1</{name}></xml>")
    };
    assert!(read(&named(64)).is_ok());
    assert_eq!(read(&named(65)), Err(XmlFault::Malformed));
}

#[test]
fn a_document_without_fields_is_one() {
    assert_eq!(read("<xml></xml>"), Ok(Fields::new()));
    assert_eq!(read("<xml/>"), Ok(Fields::new()));
}

#[test]
fn what_xml_cannot_hold_is_replaced_before_it_is_signed() {
    let mut fields = Fields::new();
    fields.set("a", "x\0y\u{1}");
    assert_eq!(fields.get("a"), Some("x\u{FFFD}y\u{FFFD}"));
}

/// Pieces that XML is made of, so that the guard meets more than noise.
fn xml_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<xml>"),
        Just("</xml>"),
        Just("<a>"),
        Just("</a>"),
        Just("<b/>"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("<!--"),
        Just("-->"),
        Just("<!DOCTYPE x ["),
        Just("]>"),
        Just("<?xml version=\"1.0\"?>"),
        Just("<?"),
        Just("?>"),
        Just("&amp;"),
        Just("&#x0;"),
        Just("&"),
        Just("中"),
        Just(" "),
        Just("\r\n"),
        Just("<"),
        Just(">"),
        Just("\""),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_the_guard_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Received::read(&body);
    }

    #[test]
    fn nothing_like_xml_makes_the_guard_panic(body in xml_like()) {
        let _ = Received::read(body.as_bytes());
    }

    #[test]
    fn what_the_guard_lets_pass_is_written_and_read_as_the_same(body in xml_like()) {
        if let Ok(fields) = read(&body) {
            prop_assert_eq!(read(&fields.to_xml()), Ok(fields));
        }
    }

    #[test]
    fn any_fields_are_written_and_read_as_the_same(
        pairs in prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_.-]{0,9}", ".*", 0..20)
    ) {
        let fields: Fields = pairs.into_iter().collect();
        prop_assert_eq!(read(&fields.to_xml()), Ok(fields));
    }

    #[test]
    fn awkward_values_are_written_and_read_as_the_same(
        value in r"(\]|>|<|&|\r|\n|\]\]>|<!\[CDATA\[|中| ){0,20}"
    ) {
        let fields: Fields = [("a", value)].into_iter().collect();
        prop_assert_eq!(read(&fields.to_xml()), Ok(fields));
    }
}
