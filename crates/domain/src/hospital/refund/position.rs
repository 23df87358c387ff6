//! What of a paid order can still go back, and until when.

use crate::fen::Fen;
use crate::time::Timestamp;

/// Cash goes back for a year (PROTOCOL 3.5), in days.
const CASH_DAYS: i64 = 365;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Everything that has not gone back yet.
    All,
    /// The cash part only, `CASH_ONLY`.
    CashOnly,
}

impl Scope {
    /// The name under which it is stored, and the wire's word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::CashOnly => "CASH_ONLY",
        }
    }

    /// The one of a name.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::All, Self::CashOnly].into_iter().find(|scope| scope.code() == code)
    }
}

/// What was paid and what of it has gone back already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The cash part; 0 where there is none.
    pub cash: Fen,
    /// The bureau's part; `Some(0)` is a booking of 0, none is a payment without the bureau.
    pub insurance: Option<Fen>,
    /// Whether the cash has gone back.
    pub cash_is_back: bool,
    /// Whether the bureau has undone its booking.
    pub insurance_is_back: bool,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// Whether the bureau takes back only on the day of the payment: the city's rule.
    pub same_day: bool,
}

/// What goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// The whole cash part, or none of it.
    pub cash: Option<Fen>,
    /// The whole of the bureau's part, a booking of 0 included, or none of it.
    pub insurance: Option<Fen>,
}

impl Due {
    /// Whether the platform's two amounts are these.
    pub fn is(self, cash: Fen, insurance: Fen) -> bool {
        self.cash.unwrap_or_default() == cash && self.insurance.unwrap_or_default() == insurance
    }

    /// All of it.
    pub fn total(self) -> Fen {
        let (cash, insurance) = (self.cash.unwrap_or_default(), self.insurance.unwrap_or_default());
        cash.checked_add(insurance).unwrap_or_default()
    }
}

/// Why nothing can go back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotReserved {
    /// It has gone back.
    #[error("it has been given back")]
    GivenBack,
    /// Cash was asked for, and there is none.
    #[error("the order has no cash part")]
    NoCashPart,
    /// The bureau takes back only on the day of the payment; the cash part alone could go back.
    #[error("the day of the payment is over")]
    DayOver,
    /// A year has passed.
    #[error("the year after the payment is over")]
    YearOver,
}

impl Position {
    /// What of it goes back if `scope` is asked for at `now`.
    pub fn reserve(&self, scope: Scope, now: Timestamp) -> Result<Due, NotReserved> {
        let cash = Some(self.cash).filter(|cash| !cash.is_zero());
        if scope == Scope::CashOnly && cash.is_none() {
            return Err(NotReserved::NoCashPart);
        }
        let cash = cash.filter(|_| !self.cash_is_back);
        let insurance = self.insurance.filter(|_| !self.insurance_is_back);
        let insurance = insurance.filter(|_| scope == Scope::All);
        if cash.is_none() && insurance.is_none() {
            return Err(NotReserved::GivenBack);
        }
        if now >= self.cash_until() {
            return Err(NotReserved::YearOver);
        }
        if insurance.is_some() && now >= self.insurance_until() {
            return Err(NotReserved::DayOver);
        }
        Ok(Due { cash, insurance })
    }

    /// The first moment at which the bureau takes nothing back any more.
    pub fn insurance_until(&self) -> Timestamp {
        if self.same_day { self.paid_at.day().end() } else { self.cash_until() }
    }

    /// The first moment at which no cash goes back any more.
    pub fn cash_until(&self) -> Timestamp {
        self.paid_at.plus_seconds(CASH_DAYS * 24 * 3600)
    }

    /// Whether everything has gone back.
    pub fn is_wholly_back(&self) -> bool {
        (self.cash.is_zero() || self.cash_is_back)
            && (self.insurance.is_none() || self.insurance_is_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAID_AT: &str = "20260601231500";

    fn fen(amount: i64) -> Fen {
        Fen::new(amount).expect("not negative")
    }

    fn at(wire: &str) -> Timestamp {
        Timestamp::from_wire(wire).expect("a moment")
    }

    fn paid(cash: i64, insurance: Option<i64>) -> Position {
        Position {
            cash: fen(cash),
            insurance: insurance.map(fen),
            cash_is_back: false,
            insurance_is_back: false,
            paid_at: at(PAID_AT),
            same_day: true,
        }
    }

    fn reserved(position: Position, scope: Scope, now: &str) -> String {
        match position.reserve(scope, at(now)) {
            Ok(Due { cash, insurance }) => format!("{cash:?} {insurance:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn each_kind_of_amount_on_its_day() {
        let all = |position| reserved(position, Scope::All, "20260601235959");
        assert_eq!(all(paid(100, Some(805))), "Some(100 fen) Some(805 fen)");
        assert_eq!(all(paid(905, Some(0))), "Some(905 fen) Some(0 fen)");
        assert_eq!(all(paid(0, Some(905))), "None Some(905 fen)");
        assert_eq!(all(paid(905, None)), "Some(905 fen) None");
    }

    #[test]
    fn insurance_goes_back_until_the_last_second_of_its_day_and_cash_for_a_year() {
        let over = "the day of the payment is over";
        assert_eq!(reserved(paid(100, Some(805)), Scope::All, "20260602000000"), over);
        assert_eq!(reserved(paid(905, Some(0)), Scope::All, "20260602000000"), over);
        assert_eq!(reserved(paid(905, None), Scope::All, "20260602000000"), "Some(905 fen) None");
        let cash = reserved(paid(100, Some(805)), Scope::CashOnly, "20260602000000");
        assert_eq!(cash, "Some(100 fen) None");
        assert_eq!(reserved(paid(905, None), Scope::All, "20270601231459"), "Some(905 fen) None");
        let year = "the year after the payment is over";
        assert_eq!(reserved(paid(905, None), Scope::All, "20270601231500"), year);
        let elsewhere = Position { same_day: false, ..paid(100, Some(805)) };
        let all = reserved(elsewhere, Scope::All, "20260701000000");
        assert_eq!(all, "Some(100 fen) Some(805 fen)");
    }

    #[test]
    fn nothing_goes_back_twice() {
        let cash_back = Position { cash_is_back: true, ..paid(100, Some(805)) };
        let now = "20260601233000";
        assert_eq!(reserved(cash_back, Scope::All, now), "None Some(805 fen)");
        assert_eq!(reserved(cash_back, Scope::CashOnly, now), "it has been given back");
        let both_back = Position { insurance_is_back: true, ..cash_back };
        assert!(both_back.is_wholly_back() && !cash_back.is_wholly_back());
        assert_eq!(reserved(both_back, Scope::All, now), "it has been given back");
        let no_cash = reserved(paid(0, Some(805)), Scope::CashOnly, now);
        assert_eq!(no_cash, "the order has no cash part");
    }
}
