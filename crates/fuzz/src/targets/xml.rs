//! The XML guard, against a second reader.

use crate::reference::xml::{Read, read};
use medpay_wire::xml::{MAX_BODY, MAX_FIELDS, is_field_name};
use medpay_wire::{Fields, Received};

pub(super) fn run(input: &[u8]) {
    let ours = Fields::from_xml(input);
    match (&ours, read(input)) {
        (Ok(fields), Read::Fields(expected)) => {
            let expected = expected.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            assert!(fields.iter().eq(expected), "another reading");
        }
        (Err(fault), Read::Refused(words)) => assert_eq!(fault.to_string(), words),
        (ours, expected) => panic!("ours: {ours:?}, expected: {expected:?}"),
    }
    assert_eq!(Received::read(input).map(|_| ()), ours.clone().map(|_| ()));
    let Ok(fields) = ours else { return };
    let mut size = 0;
    for (name, value) in fields.iter() {
        assert!(is_field_name(name));
        size += name.len() + value.len();
    }
    assert!(fields.len() <= MAX_FIELDS && size <= input.len(), "more came out than went in");
    let written = fields.to_xml();
    if written.len() <= MAX_BODY {
        assert_eq!(Fields::from_xml(written.as_bytes()).as_ref(), Ok(&fields), "written otherwise");
        assert!(matches!(read(written.as_bytes()), Read::Fields(_)), "what we write is no XML");
    }
}
