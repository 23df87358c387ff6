//! The digest by which a document travels (PROTOCOL 1.4).

use md5::{Digest, Md5};
use medpay_domain::{CardNo, CardType, IdDigest};

/// The check digits of GB 11643, by the weighted sum modulo 11.
const CHECK_DIGITS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// A document's number as it is digested: white space around it cut off; an ID card's letter in
/// upper case and 15 digits widened to 18. The rule is the ID card's only (trap 15); other
/// documents stay as they are.
///
/// The check digit is not enforced: the seed's own sample has a wrong one (trap 2).
pub fn normalise(card_type: CardType, number: &str) -> CardNo {
    let number = number.trim();
    if card_type != CardType::IdCard {
        return CardNo::new(number);
    }
    let number = number.to_ascii_uppercase();
    if number.len() == 15 && number.bytes().all(|b| b.is_ascii_digit()) {
        CardNo::new(widen(&number))
    } else {
        CardNo::new(number)
    }
}

/// 15 → 18: the century after the area code, the check digit at the end.
fn widen(number: &str) -> String {
    let (area, rest) = number.split_at(6);
    let mut long = format!("{area}19{rest}");
    let sum: u32 = long.bytes().zip(WEIGHTS).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    long.push(CHECK_DIGITS[(sum % 11) as usize]);
    long
}

/// The lower-case MD5 of a document's number, which is normalised first.
pub fn digest(card_type: CardType, number: &str) -> IdDigest {
    IdDigest::new(hex::encode(Md5::digest(normalise(card_type, number).reveal())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn md5_of(number: &str) -> String {
        digest(CardType::IdCard, number).reveal().to_owned()
    }

    #[test]
    fn the_documents_digest_is_that_of_the_upper_case_number() {
        // 选用接口 §1.1 prints a small x beside the digest of the number with a capital one.
        assert_eq!(md5_of("44030019000101123x"), "09eb26e839ff3a2e3980352ae45ef09e");
        assert_eq!(md5_of("44030019000101123X"), "09eb26e839ff3a2e3980352ae45ef09e");
        assert_eq!(md5_of("44030019000101004X"), "d8197c7e2bf09b64b1f0a4a22f2c2ee8");
    }

    #[test]
    fn fifteen_digits_become_eighteen() {
        let long = normalise(CardType::IdCard, "440300900101123");
        assert_eq!(long.reveal(), "440300199001011238");
        assert_eq!(md5_of(" 440300900101123 "), "aadd296a8b736f035070f263d913de88");
    }

    #[test]
    fn other_documents_are_digested_as_they_are() {
        let passport = normalise(CardType::ForeignPassport, "e12345678901234");
        assert_eq!(passport.reveal(), "e12345678901234");
        let digits = normalise(CardType::HongKongPermit, "440300900101123");
        assert_eq!(digits.reveal(), "440300900101123");
    }
}
