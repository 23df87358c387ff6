//! What somebody typed into the form of a visit card, and what is wrong with it.

use super::keep::Applicant;
use medpay_domain::{CardNo, CardType, PersonName};
use medpay_wire::id_card;
use serde::Deserialize;

/// The form as it came. It has no `Debug`: it names a person.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub card_type: String,
    #[serde(default)]
    pub id_no: String,
    #[serde(default)]
    pub visit_card_no: String,
}

/// What is wrong with a field, in words for the one who typed it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Faults {
    pub name: Option<&'static str>,
    pub card_type: Option<&'static str>,
    pub id_no: Option<&'static str>,
    pub visit_card_no: Option<&'static str>,
}

/// The most characters of a name or number, as on the wire.
const LONGEST: usize = 32;

impl Typed {
    /// Who it is, or every fault at once.
    ///
    /// The check digit of an ID card is not looked at: the documents' own sample has a wrong one
    /// (PROTOCOL trap 2).
    pub(super) fn read(&self) -> Result<Applicant, Faults> {
        let mut faults = Faults { name: name_fault(self.name.trim()), ..Faults::default() };
        let card_type = self.card_type.parse().ok().and_then(CardType::from_code);
        match card_type {
            None => faults.card_type = Some("请选择证件类型"),
            Some(card_type) => faults.id_no = id_no_fault(card_type, self.id_no.trim()),
        }
        let visit_card_no = self.visit_card_no.trim();
        faults.visit_card_no = visit_card_no_fault(visit_card_no);
        let (Some(card_type), true) = (card_type, faults == Faults::default()) else {
            return Err(faults);
        };
        Ok(Applicant {
            name: PersonName::new(self.name.trim()),
            card_type,
            id_digest: id_card::digest(card_type, &self.id_no),
            id_no: Some(id_card::normalise(card_type, &self.id_no)),
            visit_card_no: (!visit_card_no.is_empty()).then(|| CardNo::new(visit_card_no)),
        })
    }
}

fn name_fault(name: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_alphabetic() || matches!(c, '·' | '•' | '.' | ' ' | '-' | '\'' | '’');
    if name.is_empty() {
        Some("请填写姓名")
    } else if name.chars().count() > LONGEST {
        Some("姓名最多 32 个字")
    } else if !name.chars().all(fits) {
        Some("姓名只能包含汉字、字母和间隔号")
    } else {
        None
    }
}

fn id_no_fault(card_type: CardType, number: &str) -> Option<&'static str> {
    let bytes = number.as_bytes();
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if number.is_empty() {
        return Some("请填写证件号码");
    }
    if card_type == CardType::IdCard {
        let old = bytes.len() == 15 && digits(bytes);
        let new = bytes.len() == 18
            && digits(&bytes[..17])
            && (bytes[17].is_ascii_digit() || matches!(bytes[17], b'X' | b'x'));
        return (!old && !new).then_some("身份证号码应为 15 位数字，或 18 位（末位可以是 X）");
    }
    if bytes.len() > LONGEST {
        Some("证件号码最多 32 位")
    } else if !bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"()-/".contains(b)) {
        Some("证件号码只能包含字母和数字")
    } else {
        None
    }
}

fn visit_card_no_fault(number: &str) -> Option<&'static str> {
    if number.chars().count() > LONGEST {
        Some("就诊卡号最多 32 位")
    } else if !number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        Some("就诊卡号只能包含字母和数字")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(name: &str, card_type: &str, id_no: &str, visit_card_no: &str) -> Typed {
        Typed {
            name: name.into(),
            card_type: card_type.into(),
            id_no: id_no.into(),
            visit_card_no: visit_card_no.into(),
        }
    }

    fn person(typed: &Typed) -> Applicant {
        typed.read().unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    #[test]
    fn an_id_card_is_widened_and_its_letter_made_large_whatever_its_check_digit() {
        let read = |number: &str| {
            let applicant = person(&typed(" 张三 ", "1", number, ""));
            applicant.id_no.expect("the number").reveal().to_owned()
        };
        assert_eq!(read("44030019000101123x"), "44030019000101123X");
        assert_eq!(read(" 440300900101123 "), "440300199001011238");
        assert_eq!(read("440300199001011230"), "440300199001011230");
    }

    #[test]
    fn every_field_says_what_is_wrong_with_it() {
        let faults = |it: Typed| it.read().err().expect("a fault");
        let empty = faults(Typed::default());
        assert_eq!(empty.name, Some("请填写姓名"));
        assert_eq!(empty.card_type, Some("请选择证件类型"));
        assert_eq!((empty.id_no, empty.visit_card_no), (None, None));

        let wrong = faults(typed("<b>张三</b>", "1", "4403001990010112", "№1"));
        assert_eq!(wrong.name, Some("姓名只能包含汉字、字母和间隔号"));
        assert!(wrong.id_no.expect("said").starts_with("身份证号码应为"));
        assert_eq!(wrong.visit_card_no, Some("就诊卡号只能包含字母和数字"));

        let long = "A".repeat(33);
        let wrong = faults(typed(&long, "8", &long, &long));
        assert_eq!(wrong.name, Some("姓名最多 32 个字"));
        assert_eq!(wrong.id_no, Some("证件号码最多 32 位"));
        assert_eq!(wrong.visit_card_no, Some("就诊卡号最多 32 位"));
        assert_eq!(faults(typed("张三", "2", "1", "")).card_type, Some("请选择证件类型"));
        assert_eq!(faults(typed("张三", "8", "", "")).id_no, Some("请填写证件号码"));
        assert_eq!(faults(typed("张三", "1", "", "")).id_no, Some("请填写证件号码"));
    }

    #[test]
    fn other_documents_stay_as_they_were_typed() {
        let applicant = person(&typed("Li·Na", "6", "h12345678", "V-1"));
        assert_eq!(applicant.id_no.expect("the number").reveal(), "h12345678");
        assert_eq!(applicant.visit_card_no.expect("the number").reveal(), "V-1");
    }
}
