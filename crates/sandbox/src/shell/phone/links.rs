//! Links inside the words of an account: `<a href>`, as the platform allows it in a text reply,
//! and bare addresses. Everything else is text.

use super::page::{inside, mini_address, web_address};
use crate::phone::decode;
use medpay_domain::Appid;

/// A part of what an account wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Where a tap leads inside the phone; empty if it is text only.
    pub(super) href: String,
}

impl Piece {
    fn text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self { text: text.to_owned(), href: String::new() })
    }
}

/// Splits what the account `from` wrote.
pub(super) fn pieces(text: &str, from: &Appid) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, link, behind)) = next_anchor(rest, from) {
        bare(before, from, &mut pieces);
        pieces.push(link);
        rest = behind;
    }
    bare(rest, from, &mut pieces);
    pieces
}

/// The next `<a …>…</a>`: what stands before it, the link, what follows.
fn next_anchor<'a>(text: &'a str, from: &Appid) -> Option<(&'a str, Piece, &'a str)> {
    let (before, opened) = text.split_once("<a ")?;
    let (tag, inner) = opened.split_once('>')?;
    let (label, behind) = inner.split_once("</a>")?;
    let mini = attribute(tag, "data-miniprogram-appid");
    let href = if mini.is_empty() {
        inside(&attribute(tag, "href"), from)
    } else {
        mini_address(&mini, &attribute(tag, "data-miniprogram-path"), from)
    };
    Some((before, Piece { text: label.to_owned(), href }, behind))
}

/// The value of an attribute of a tag; empty if there is none.
fn attribute(tag: &str, name: &str) -> String {
    let value = tag.split_once(&format!("{name}=")).and_then(|(_, value)| {
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, _) = value.get(1..)?.split_once(quote)?;
        Some(value)
    });
    decode(value.unwrap_or_default().trim())
}

/// Text in which an address by itself is a link too.
fn bare(text: &str, from: &Appid, pieces: &mut Vec<Piece>) {
    let mut rest = text;
    while let Some(at) = ["http://", "https://"].iter().filter_map(|it| rest.find(it)).min() {
        let (before, found) = rest.split_at(at);
        let ends = |c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"' | '\'');
        let (url, behind) = found.split_at(found.find(ends).unwrap_or(found.len()));
        pieces.extend(Piece::text(before));
        pieces.push(Piece { text: url.to_owned(), href: web_address(url, from) });
        rest = behind;
    }
    pieces.extend(Piece::text(rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let pieces = pieces(text, &Appid::new("wx1"));
        pieces.into_iter().map(|piece| (piece.text, piece.href)).collect()
    }

    fn plain(text: &str) -> (String, String) {
        (text.to_owned(), String::new())
    }

    #[test]
    fn an_anchor_is_a_link_and_the_rest_is_text() {
        let read = read("请<a href=\"http://h.example/a?b=1&amp;c=2\">绑卡</a>。\n<b>完");
        let href = "/phone/web?url=http%3A%2F%2Fh.example%2Fa%3Fb%3D1%26c%3D2&from=wx1";
        let link = ("绑卡".to_owned(), href.to_owned());
        assert_eq!(read, [plain("请"), link, plain("。\n<b>完")]);
    }

    #[test]
    fn a_bare_address_ends_where_chinese_begins() {
        let read = read("见http://h.example/a，谢谢");
        let href = "/phone/web?url=http%3A%2F%2Fh.example%2Fa&from=wx1".to_owned();
        assert_eq!(read, [plain("见"), ("http://h.example/a".to_owned(), href), plain("，谢谢")]);
    }

    #[test]
    fn a_mini_program_is_opened_as_one() {
        let read = read("<a data-miniprogram-appid='wx2' data-miniprogram-path='p/a'>进入</a>");
        let href = "/phone/mini?appid=wx2&path=p%2Fa&from=wx1".to_owned();
        assert_eq!(read, [("进入".to_owned(), href)]);
    }

    #[test]
    fn another_scheme_leads_nowhere() {
        assert_eq!(read("<a href=\"javascript:alert(1)\">点我</a>"), [plain("点我")]);
        assert_eq!(
            read("<a href=\"http://a.example"),
            [
                plain("<a href=\""),
                (
                    "http://a.example".to_owned(),
                    "/phone/web?url=http%3A%2F%2Fa.example&from=wx1".to_owned()
                ),
            ]
        );
    }
}
