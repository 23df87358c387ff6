//! Why a signature is wrong: the usual slips of PROTOCOL 1.3, each tried until the sender's own
//! signature comes out. For people who look for their mistake; nothing is ever accepted by it.

use crate::fields::Fields;
use crate::sign::ApiKey;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use sha2::Sha256;
use std::fmt::Write as _;

/// What makes the given signature come out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause(pub Vec<String>);

/// The slips with which the signature in `document` comes out; the simplest explanation first, and
/// only as many slips at once as that one has. Empty if none of the usual ones does.
///
/// `document` is the body as it was sent, since order and escaping matter here; where there is
/// none, `fields` alone are looked at.
pub fn causes(fields: &Fields, document: Option<&str>, key: &ApiKey) -> Vec<Cause> {
    let Some(given) = fields.value("sign") else { return Vec::new() };
    let raw = document.map(raw_fields).unwrap_or_default();
    let source = Source { fields, raw: &raw, key };
    let slips = slips(fields, !raw.is_empty());
    let wanted = given.to_ascii_uppercase();
    let lower_case = given != wanted;
    let causes = |slips: &[&Slip]| {
        let mut recipe = Recipe::default();
        for slip in slips {
            (slip.apply)(&mut recipe);
        }
        (source.sign(&recipe) == wanted).then(|| {
            let mut words: Vec<String> = slips.iter().map(|slip| slip.words.clone()).collect();
            if lower_case {
                words.push("the signature is written in lower case; upper case is demanded".into());
            }
            Cause(words)
        })
    };
    if let Some(cause) = causes(&[]) {
        return if lower_case { vec![cause] } else { Vec::new() };
    }
    let single: Vec<Cause> = slips.iter().filter_map(|slip| causes(&[slip])).collect();
    if !single.is_empty() {
        return single;
    }
    let mut pairs = Vec::new();
    for (index, first) in slips.iter().enumerate() {
        for second in slips.iter().skip(index + 1) {
            pairs.extend(causes(&[first, second]));
        }
    }
    pairs
}

/// How a sender made its signature; the default is the right way.
#[derive(Clone, Default)]
struct Recipe {
    without_zeros: bool,
    with_empty: Vec<String>,
    with_empty_sign: bool,
    without: Option<String>,
    values: Values,
    content: Option<Content>,
    order: Order,
    ending: Ending,
    hmac: bool,
}

impl Recipe {
    fn signs(&self, name: &str, value: &str) -> bool {
        name != "sign"
            && (!value.is_empty() || self.with_empty.iter().any(|kept| kept == name))
            && !(self.without_zeros && is_zero(value))
            && self.without.as_deref() != Some(name)
    }
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Values {
    #[default]
    Decoded,
    Trimmed,
    AsInTheDocument,
    InCdata,
    UrlEncoded,
}

#[derive(Clone, Copy, Default)]
enum Order {
    #[default]
    Bytes,
    IgnoringCase,
    Document,
    Reversed,
}

#[derive(Clone, Copy, Default)]
enum Ending {
    #[default]
    Key,
    Nothing,
    BareKey,
    KeyWithoutAmpersand,
    KeyWithLineEnd,
    KeyInLowerCase,
    KeyInUpperCase,
}

#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is one habit of a serializer, by itself")]
struct Content {
    sorted: bool,
    spaced: bool,
    ascii: bool,
    slashes: bool,
}

struct Slip {
    words: String,
    apply: Box<dyn Fn(&mut Recipe)>,
}

fn slip(words: impl Into<String>, apply: impl Fn(&mut Recipe) + 'static) -> Slip {
    Slip { words: words.into(), apply: Box::new(apply) }
}

/// The slips that can be told apart with these fields.
fn slips(fields: &Fields, has_document: bool) -> Vec<Slip> {
    let mut slips = vec![
        slip("HMAC-SHA256 signed it; these interfaces use MD5", |r| r.hmac = true),
        slip("`&key=` and the key are missing at the end", |r| r.ending = Ending::Nothing),
        slip("the key stands at the end without `&key=`", |r| r.ending = Ending::BareKey),
        slip("`key=` stands at the end without `&`", |r| r.ending = Ending::KeyWithoutAmpersand),
        slip("a line end behind the key was signed", |r| r.ending = Ending::KeyWithLineEnd),
        slip("the key was changed to lower case", |r| r.ending = Ending::KeyInLowerCase),
        slip("the key was changed to upper case", |r| r.ending = Ending::KeyInUpperCase),
        slip("`sign` itself was signed as an empty field", |r| r.with_empty_sign = true),
        slip("names are in order without regard to case; the order is that of bytes", |r| {
            r.order = Order::IgnoringCase;
        }),
        slip("names are in reverse order", |r| r.order = Order::Reversed),
        slip("white space around values was cut off before signing", |r| {
            r.values = Values::Trimmed;
        }),
        slip("values were URL-encoded before signing", |r| r.values = Values::UrlEncoded),
        slip("`<![CDATA[…]]>` was signed with the values", |r| r.values = Values::InCdata),
    ];
    if has_document {
        slips.push(slip("fields are in the document's order instead of byte order", |r| {
            r.order = Order::Document;
        }));
        slips.push(slip("values were signed as escaped in the document, not decoded", |r| {
            r.values = Values::AsInTheDocument;
        }));
    }
    if fields.iter().any(|(_, value)| is_zero(value)) {
        slips.push(slip("fields with the value 0 were dropped; 0 is a value", |r| {
            r.without_zeros = true;
        }));
    }
    slips.extend(of_empty_fields(fields));
    for (name, _) in fields.iter().filter(|(name, value)| *name != "sign" && !value.is_empty()) {
        let name = name.to_owned();
        slips.push(slip(format!("`{name}` was not signed"), move |r| {
            r.without = Some(name.clone());
        }));
    }
    if fields.has("request_content") {
        slips.extend(of_content());
    }
    slips
}

fn of_empty_fields(fields: &Fields) -> Vec<Slip> {
    let empty: Vec<String> = fields
        .iter()
        .filter(|(name, value)| *name != "sign" && value.is_empty())
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut slips: Vec<Slip> = empty
        .iter()
        .map(|name| {
            let name = name.clone();
            slip(format!("`{name}` is empty and was signed as `{name}=`"), move |r| {
                r.with_empty = vec![name.clone()];
            })
        })
        .collect();
    if empty.len() > 1 {
        slips.push(slip("empty fields were signed; empty means absent", move |r| {
            r.with_empty.clone_from(&empty);
        }));
    }
    slips
}

fn of_content() -> Vec<Slip> {
    let mut slips = Vec::new();
    for bits in 0_u8..16 {
        let has = |bit: u8| bits & bit != 0;
        let content = Content { sorted: has(1), spaced: has(2), ascii: has(4), slashes: has(8) };
        let mut how = String::from(
            "`request_content` was written anew before signing instead of being signed as sent",
        );
        for (is, words) in [
            (content.sorted, "; names in order"),
            (content.spaced, "; a space behind each comma and colon"),
            (content.ascii, "; Chinese as \\uXXXX"),
            (content.slashes, "; / as \\/"),
        ] {
            if is {
                how.push_str(words);
            }
        }
        slips.push(slip(how, move |r| r.content = Some(content)));
    }
    slips
}

fn is_zero(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b == b'0')
}

struct Source<'a> {
    fields: &'a Fields,
    /// Names and values as they stand in the document, in its order.
    raw: &'a [(&'a str, &'a str)],
    key: &'a ApiKey,
}

impl Source<'_> {
    fn sign(&self, recipe: &Recipe) -> String {
        let mut pairs: Vec<(&str, String)> = self
            .fields
            .iter()
            .filter(|(name, value)| recipe.signs(name, value))
            .map(|(name, value)| (name, self.value(recipe, name, value)))
            .collect();
        if recipe.with_empty_sign {
            pairs.push(("sign", String::new()));
        }
        self.sort(&mut pairs, recipe.order);
        let mut base = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("&");
        let key = self.key.reveal();
        let _ = match recipe.ending {
            Ending::Key => write!(base, "&key={key}"),
            Ending::Nothing => Ok(()),
            Ending::BareKey => write!(base, "{key}"),
            Ending::KeyWithoutAmpersand => write!(base, "key={key}"),
            Ending::KeyWithLineEnd => writeln!(base, "&key={key}"),
            Ending::KeyInLowerCase => write!(base, "&key={}", key.to_ascii_lowercase()),
            Ending::KeyInUpperCase => write!(base, "&key={}", key.to_ascii_uppercase()),
        };
        if recipe.hmac { hmac_sha256(&base, key) } else { hex::encode_upper(Md5::digest(base)) }
    }

    fn value(&self, recipe: &Recipe, name: &str, value: &str) -> String {
        if let (Some(content), "request_content") = (recipe.content, name) {
            return rewritten(value, content);
        }
        match recipe.values {
            Values::Decoded => value.to_owned(),
            Values::Trimmed => value.trim().to_owned(),
            Values::AsInTheDocument => self
                .raw
                .iter()
                .find(|(known, _)| *known == name)
                .map_or_else(|| value.to_owned(), |(_, raw)| (*raw).to_owned()),
            Values::InCdata => format!("<![CDATA[{value}]]>"),
            Values::UrlEncoded => url_encoded(value),
        }
    }

    fn sort(&self, pairs: &mut [(&str, String)], order: Order) {
        match order {
            Order::Bytes => pairs.sort(),
            Order::Reversed => pairs.sort_by(|a, b| b.cmp(a)),
            Order::IgnoringCase => pairs.sort_by_key(|(name, _)| name.to_ascii_lowercase()),
            Order::Document => pairs.sort_by_key(|(name, _)| {
                self.raw.iter().position(|(known, _)| known == name).unwrap_or(usize::MAX)
            }),
        }
    }
}

fn hmac_sha256(base: &str, key: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.update(base.as_bytes());
    hex::encode_upper(mac.finalize().into_bytes())
}

fn url_encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// JSON as another serializer would have written it; the text itself if it is not JSON.
fn rewritten(text: &str, content: Content) -> String {
    let sorted = content
        .sorted
        .then(|| serde_json::from_str::<serde_json::Value>(text).ok())
        .flatten()
        .map(|value| value.to_string());
    let text = sorted.as_deref().unwrap_or(text);
    let mut written = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            '"' if !escaped => in_string = !in_string,
            c if c.is_whitespace() && !in_string => continue,
            _ => {}
        }
        match c {
            '/' if content.slashes && in_string && !escaped => written.push_str("\\/"),
            c if content.ascii && !c.is_ascii() => {
                let mut units = [0_u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(written, "\\u{unit:04x}");
                }
            }
            c => written.push(c),
        }
        if content.spaced && !in_string && matches!(c, ',' | ':') {
            written.push(' ');
        }
        escaped = c == '\\' && !escaped;
    }
    written
}

/// Names and undecoded values of the fields of a document that the guard has already accepted.
fn raw_fields(document: &str) -> Vec<(&str, &str)> {
    let mut fields = Vec::new();
    let Some((_, mut rest)) = document.split_once("<xml>") else { return fields };
    while let Some((_, after)) = rest.split_once('<') {
        let Some((name, body)) = after.split_once('>') else { break };
        let Some((value, next)) = body.split_once(&format!("</{name}>")) else { break };
        fields.push((name, value));
        rest = next;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign;

    fn key() -> ApiKey {
        ApiKey::new("0123456789abcdef0123456789abcdef").expect("a key")
    }

    fn fields() -> Fields {
        [
            ("appid", "wx0000000000000001"),
            ("mch_id", "1900000001"),
            ("sub_appid", ""),
            ("hosp_out_trade_no", "H20180601000001"),
            ("nonce_str", "abc123"),
            ("total_fee", "100"),
            ("cash_fee", "0"),
            ("insurance_fee", "100"),
        ]
        .into_iter()
        .collect()
    }

    fn told(sign: &str) -> Vec<String> {
        let mut fields = fields();
        fields.set("sign", sign);
        causes(&fields, None, &key()).into_iter().map(|cause| cause.0.join(" + ")).collect()
    }

    #[test]
    fn the_two_wrong_vectors_of_the_protocol_are_explained() {
        assert_eq!(
            told("C179AC8C19C44CED7D2EB2DA06A74519"),
            ["fields with the value 0 were dropped; 0 is a value", "`cash_fee` was not signed",]
        );
        assert_eq!(
            told("A73479883DAFD1FE3EB17B3EFE3BEFC9"),
            ["`sub_appid` is empty and was signed as `sub_appid=`"]
        );
    }

    #[test]
    fn a_right_signature_has_no_cause_and_a_lower_case_one_has_that() {
        assert!(told("F81DD402D89ABD01898357CDE968C680").is_empty());
        assert_eq!(
            told("f81dd402d89abd01898357cde968c680"),
            ["the signature is written in lower case; upper case is demanded"]
        );
        assert!(told("00000000000000000000000000000000").is_empty());
    }

    #[test]
    fn two_slips_at_once_are_found() {
        let both = "appid=wx0000000000000001&hosp_out_trade_no=H20180601000001&insurance_fee=100\
                    &mch_id=1900000001&nonce_str=abc123&total_fee=100\
                    0123456789abcdef0123456789abcdef";
        let told = told(&hex::encode_upper(Md5::digest(both)));
        assert_eq!(
            told[0],
            "the key stands at the end without `&key=` + \
             fields with the value 0 were dropped; 0 is a value"
        );
    }

    #[test]
    fn a_rewritten_content_is_found() {
        let sent = r#"{ "b": "张/三", "a": 1 }"#;
        let signed = r#"{"b":"\u5f20\/\u4e09","a":1}"#;
        let mut fields: Fields =
            [("request_content", signed), ("nonce_str", "n")].into_iter().collect();
        sign::sign_into(&mut fields, &key());
        fields.set("request_content", sent);
        let told = causes(&fields, None, &key());
        assert_eq!(told.len(), 1);
        assert!(told[0].0[0].ends_with("Chinese as \\uXXXX; / as \\/"), "{told:?}");
    }

    #[test]
    fn the_documents_order_and_escapes_are_looked_at() {
        let document = "<xml><b>1 &amp; 2</b><c>4</c><a>3</a><sign>{}</sign></xml>";
        let told = |signed: &str| {
            let sign = hex::encode_upper(Md5::digest(format!("{signed}&key={}", key().reveal())));
            let document = document.replace("{}", &sign);
            let fields = Fields::from_xml(document.as_bytes()).expect("a document");
            causes(&fields, Some(&document), &key())
        };
        assert!(told("b=1 & 2&c=4&a=3")[0].0[0].contains("document's order"));
        assert!(told("a=3&b=1 &amp; 2&c=4")[0].0[0].contains("escaped"));
    }
}
