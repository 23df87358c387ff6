//! No text that we write about an input may say whom it is about.

/// Values of persons, as the corpus and the mutations use them everywhere. All are invented.
pub(crate) const PERSONAL: [&str; 6] = [
    "张三",
    "44030019000101123",
    "09eb26e839ff3a2e3980352ae45ef09e",
    "oTestOpenid0000000000000001",
    "oTestSub000000000000000001",
    "6000000001",
];

/// `text` (a fault, a refusal, a `Debug` of what was read) names nobody.
pub(crate) fn names_nobody(text: &str) {
    for value in PERSONAL {
        assert!(!text.contains(value), "a text of ours quotes a person's value: {text}");
    }
}
