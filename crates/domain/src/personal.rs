//! Values that tell who a person is. Their `Debug` masks them and they have no `Display`, so that
//! a log line or an error text cannot contain them by accident; [`Openid::reveal`] and its like
//! name every place where one leaves.

macro_rules! personal {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The value itself: for the wire, a page of that person, or the database.
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    )*};
}

personal! {
    /// 用户标识 under one account, `openid` or `sub_openid`.
    Openid,
    /// 真实姓名.
    PersonName,
    /// MD5 of a document number (PROTOCOL 1.4); guessable, so as personal as the number itself.
    IdDigest,
    /// A card or document number: 社保卡号, 医疗证号, 电脑号, 证件号码.
    CardNo,
    /// A telephone number.
    PhoneNo,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_person() {
        let shown = format!("{:?} {:?}", PersonName::new("张三"), Openid::new("oTest0001"));
        assert_eq!(shown, "PersonName(***) Openid(***)");
    }
}
