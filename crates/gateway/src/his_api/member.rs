//! Reading a body so that a fault names its member, and never quotes what the member held.

use medpay_wire::his::writes_nul;
use serde::de::DeserializeOwned;

/// What is wrong with a body.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum MemberFault {
    /// Not one JSON object.
    #[error("body: not a JSON object (line {0}, column {1})")]
    NotJson(usize, usize),
    /// A member that must be there is not.
    #[error("{0}: missing")]
    Missing(String),
    /// A member is not what it should be.
    #[error("{0}: not of its type")]
    Type(String),
    /// A text holds U+0000, which cannot be stored.
    #[error("body: U+0000 in a text")]
    Nul,
    /// A text is empty or too long.
    #[error("{0}: 1 to {1} characters")]
    Length(&'static str, usize),
}

/// Reads `body`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, MemberFault> {
    // A struct may also be written as a list in serde's JSON; in the contract it may not.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(MemberFault::NotJson(1, 1));
    }
    if writes_nul(body) {
        return Err(MemberFault::Nul);
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_syntax() || inner.is_eof() {
            return MemberFault::NotJson(inner.line(), inner.column());
        }
        match missing(&inner.to_string()) {
            Some(member) if path == "." => MemberFault::Missing(member),
            Some(member) => MemberFault::Missing(format!("{path}.{member}")),
            None => MemberFault::Type(path),
        }
    })?;
    json.end().map_err(|error| MemberFault::NotJson(error.line(), error.column()))?;
    Ok(read)
}

/// The member that serde misses.
fn missing(text: &str) -> Option<String> {
    let (member, _) = text.strip_prefix("missing field `")?.split_once('`')?;
    Some(member.to_owned())
}

/// A text of the HIS's own, such as `patient_id`: 1 to `most` characters.
pub(super) fn within(name: &'static str, text: &str, most: usize) -> Result<(), MemberFault> {
    let fits = (1..=most).contains(&text.chars().count());
    if fits && !text.contains('\0') { Ok(()) } else { Err(MemberFault::Length(name, most)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use medpay_wire::his::events::CodeScanned;

    fn fault(body: &str) -> String {
        read::<CodeScanned>(body.as_bytes()).expect_err("a fault").to_string()
    }

    #[test]
    fn a_fault_names_its_member() {
        assert_eq!(fault(r#"{"scan_no":"S1","auth_code":"1"}"#), "bill_no: missing");
        assert_eq!(fault(r#"{"scan_no":7}"#), "scan_no: not of its type");
        assert_eq!(
            fault(r#"{"registration":{"patient_id":"P","booking_no":"B","serial_no":"S"}}"#),
            "registration.visit_day: missing"
        );
        assert_eq!(
            fault(r#"{"registration":{"visit_day":"2026-06-01"}}"#),
            "registration.visit_day: not of its type"
        );
    }

    #[test]
    fn a_fault_never_quotes_a_value() {
        assert!(!fault(r#"{"scan_no":{"name":"张三"}}"#).contains("张三"));
        assert_eq!(fault(r#"{"pay_with":"张三"}"#), "pay_with: not of its type");
    }

    /// Found by fuzzing: it was believed, and could not be stored in PostgreSQL, however often it
    /// came.
    #[test]
    fn a_text_that_cannot_be_stored_is_refused() {
        let body = |text: &str| format!(r#"{{"registration":{{"patient_id":"{text}"}}}}"#);
        assert_eq!(fault(&body(r"a\u0000")), "body: U+0000 in a text");
        assert_ne!(fault(&body(r"a\\u0000")), "body: U+0000 in a text");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["", "[]", "null", "7", "{", r#"{"scan_no":}"#, "\u{feff}{}"] {
            assert!(fault(body).starts_with("body: not a JSON object"), "{body}");
        }
        let two = r#"{"patient_id":"P"} {"patient_id":"Q"}"#;
        let told = read::<medpay_wire::his::events::MakePrescriptionQr>(two.as_bytes());
        assert!(matches!(told, Err(MemberFault::NotJson(..))), "{told:?}");
    }
}
