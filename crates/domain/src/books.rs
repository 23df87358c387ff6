//! The comparison of books (DESIGN "The books"): what the platform says against what the bureau and
//! the wallet list. Pure: whoever compares brings both sides and decides what to do about it.
//!
//! While something is in flight its amount counts as a bound, and it is listed with its age; once
//! nothing is, the books are equal or each difference is named. The platform compares books 1, 3
//! and 4; book 2, of the HIS, belongs to the gateway.

use std::fmt;

pub mod bill;
pub mod hospital;
pub mod money;
pub mod notices;

/// Whose book a line stands in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Party {
    /// The social-security bureau: the insurance legs.
    Bureau,
    /// The wallet: the cash legs.
    Wallet,
}

impl Party {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bureau => "bureau",
            Self::Wallet => "wallet",
        }
    }
}

/// Which of the books of DESIGN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Book {
    /// Cash captured less refunded, insurance settled less reversed, at all three parties.
    Money,
    /// The HIS has confirmed what is paid and not wholly refunded.
    Hospital,
    /// Every notification is acknowledged, scheduled, or given up and listed.
    Notifications,
    /// A day's bill adds up to that day's events.
    Bill,
}

impl Book {
    /// Its number in DESIGN "The books".
    pub const fn number(self) -> u8 {
        match self {
            Self::Money => 1,
            Self::Hospital => 2,
            Self::Notifications => 3,
            Self::Bill => 4,
        }
    }
}

/// What is wrong, in a word that a script can switch on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// The platform has it as done, the party does not list it.
    MissingAtParty,
    /// The party lists it, the platform never asked for it.
    MissingAtPlatform,
    /// Both have it, with other amounts.
    AmountDiffers,
    /// Both have it, one as taken and the other as given back.
    DirectionDiffers,
    /// Both have it, under other numbers of the party.
    ReferenceDiffers,
    /// Both have it, on other days.
    DayDiffers,
    /// The party lists one key more than once.
    ListedTwice,
    /// The order's row says something else than its own events add up to.
    OrderDisagrees,
    /// An order was paid and nobody was told, nor will be.
    PaidWithoutNotice,
    /// A notification of an order that was never paid.
    NoticeOfUnpaid,
    /// A notification waits for its next attempt, and no job will make it.
    WaitingWithoutJob,
    /// A job would send what is finished already.
    JobWithoutNotice,
    /// Given up before the whole schedule was tried.
    GivenUpEarly,
    /// An event of the day that its bill does not have.
    MissingInBill,
    /// A row of the bill that no event of the day explains.
    NotAnEvent,
    /// The bill's line of totals is not the sum of its rows.
    TotalsDiffer,
    /// The HIS confirmed an order and does not list it.
    NotConfirmed,
    /// The HIS lists an order that is not paid.
    ConfirmedUnpaid,
    /// Both have the order, for other bills.
    BillDiffers,
    /// Both have the order, with other amounts given back.
    RefundDiffers,
    /// Two orders have paid one bill.
    BillPaidTwice,
}

impl Kind {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingAtParty => "missing_at_party",
            Self::MissingAtPlatform => "missing_at_platform",
            Self::AmountDiffers => "amount_differs",
            Self::DirectionDiffers => "direction_differs",
            Self::ReferenceDiffers => "reference_differs",
            Self::DayDiffers => "day_differs",
            Self::ListedTwice => "listed_twice",
            Self::OrderDisagrees => "order_disagrees",
            Self::PaidWithoutNotice => "paid_without_notice",
            Self::NoticeOfUnpaid => "notice_of_unpaid",
            Self::WaitingWithoutJob => "waiting_without_job",
            Self::JobWithoutNotice => "job_without_notice",
            Self::GivenUpEarly => "given_up_early",
            Self::MissingInBill => "missing_in_bill",
            Self::NotAnEvent => "not_an_event",
            Self::TotalsDiffer => "totals_differ",
            Self::NotConfirmed => "not_confirmed",
            Self::ConfirmedUnpaid => "confirmed_unpaid",
            Self::BillDiffers => "bill_differs",
            Self::RefundDiffers => "refund_differs",
            Self::BillPaidTwice => "bill_paid_twice",
        }
    }
}

/// One difference, named.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Difference {
    /// In which book.
    pub book: Book,
    /// What is wrong.
    pub kind: Kind,
    /// Against whom; none where the platform disagrees with itself, and in book 2, whose other side
    /// is the HIS.
    pub party: Option<Party>,
    /// The key or number by which both sides know the thing.
    pub number: String,
    /// What the platform says, for a reader.
    pub ours: String,
    /// What the other side says, for a reader.
    pub theirs: String,
}

/// For a reader: `book 1, wallet, M1-cash-1: amount_differs (platform: …, other: …)`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.party.map_or("platform", Party::as_str);
        write!(
            f,
            "book {}, {place}, {}: {} (platform: {}; other: {})",
            self.book.number(),
            self.number,
            self.kind.as_str(),
            self.ours,
            self.theirs
        )
    }
}

/// An amount that is not yet certain: it will be one of the amounts from `low` to `high`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bound {
    /// Without anything in flight.
    pub low: i64,
    /// With all of it.
    pub high: i64,
}

impl Bound {
    /// Whether `amount` is possible.
    pub const fn holds(self, amount: i64) -> bool {
        self.low <= amount && amount <= self.high
    }

    /// Whether nothing is left open.
    pub const fn is_exact(self) -> bool {
        self.low == self.high
    }
}

/// For a reader: `905`, or `0 to 905`.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_exact() {
            write!(f, "{}", self.low)
        } else {
            write!(f, "{} to {}", self.low, self.high)
        }
    }
}
