//! 证件类型.

/// `user_card_type` (选用接口 §1.3): seven codes; 2 and 3 do not exist (PROTOCOL 10.3, trap 15).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CardType {
    /// 居民身份证
    IdCard,
    /// 户口本
    HouseholdRegister,
    /// 外国人护照
    ForeignPassport,
    /// 台湾居民来往大陆通行证
    TaiwanPermit,
    /// 澳门居民来往内地通行证
    MacauPermit,
    /// 香港居民来往内地通行证
    HongKongPermit,
    /// 外国人永久居留证
    ForeignPermanentResident,
}

impl CardType {
    /// All seven, in the document's order.
    pub const ALL: [Self; 7] = [
        Self::IdCard,
        Self::HouseholdRegister,
        Self::ForeignPassport,
        Self::TaiwanPermit,
        Self::MacauPermit,
        Self::HongKongPermit,
        Self::ForeignPermanentResident,
    ];

    /// The wire's code.
    pub const fn code(self) -> u8 {
        match self {
            Self::IdCard => 1,
            Self::HouseholdRegister => 9,
            Self::ForeignPassport => 8,
            Self::TaiwanPermit => 5,
            Self::MacauPermit => 4,
            Self::HongKongPermit => 6,
            Self::ForeignPermanentResident => 7,
        }
    }

    /// The type of a code; `None` for the codes that do not exist.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The document's words, as a patient reads them.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::IdCard => "居民身份证",
            Self::HouseholdRegister => "户口本",
            Self::ForeignPassport => "外国人护照",
            Self::TaiwanPermit => "台湾居民来往大陆通行证",
            Self::MacauPermit => "澳门居民来往内地通行证",
            Self::HongKongPermit => "香港居民来往内地通行证",
            Self::ForeignPermanentResident => "外国人永久居留证",
        }
    }
}
