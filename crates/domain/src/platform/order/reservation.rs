//! Which refund has a hold on which part of a paid order.
//!
//! A refund reserves the parts that it means to give back in the transaction that accepts it, and
//! the reservation lies in the order's own row, guarded by its version. So whatever interleaves, a
//! part is given back at most once, and refunds can never exceed the payment.

use super::{Leg, Order, State};
use crate::{Fen, MedRefundId, Timestamp};

/// Who holds one part of a paid order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Hold {
    /// Nobody.
    #[default]
    Free,
    /// A refund under way.
    Reserved(MedRefundId),
    /// A refund gave it back, whole.
    GivenBack {
        /// The refund.
        by: MedRefundId,
        /// When the party gave it back.
        at: Timestamp,
    },
}

/// The holds on both parts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reservations {
    /// On the cash part.
    pub cash: Hold,
    /// On the insurance part, a booking of 0 included.
    pub insurance: Hold,
}

/// How much of an order a refund means (`part_refund_type`, PROTOCOL 3.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Whatever has not been given back.
    All,
    /// `CASH_ONLY`: the cash part, whole.
    CashOnly,
}

/// What a refund has reserved; a part that is none is not in the refund.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reserved {
    /// How much cash goes back.
    pub cash: Option<Fen>,
    /// How much the bureau undoes; `Some(0)` is a booking of 0.
    pub insurance: Option<Fen>,
}

/// Why nothing was reserved.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotReserved {
    /// There is no payment to give back.
    #[error("the order is not paid")]
    NotPaid,
    /// The order has no such part: CASH_ONLY of an order that insurance paid wholly.
    #[error("the order has no cash part")]
    NoSuchPart,
    /// Another refund of it is under way.
    #[error("another refund is under way")]
    Busy,
    /// It has been given back.
    #[error("it has been given back")]
    GivenBack,
}

/// A refund touched a part on which it has no hold: somebody must look.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a refund without a hold touched the {0:?} part")]
pub struct NoHold(pub Leg);

impl Reservations {
    /// The hold on `leg`.
    pub const fn on(&self, leg: Leg) -> &Hold {
        match leg {
            Leg::Cash => &self.cash,
            Leg::Insurance => &self.insurance,
        }
    }

    const fn on_mut(&mut self, leg: Leg) -> &mut Hold {
        match leg {
            Leg::Cash => &mut self.cash,
            Leg::Insurance => &mut self.insurance,
        }
    }
}

impl Order {
    /// Gives `refund` a hold on every part that `scope` means, or on none.
    ///
    /// Asking again for the same refund changes nothing and answers the same.
    pub fn reserve(&mut self, refund: &MedRefundId, scope: Scope) -> Result<Reserved, NotReserved> {
        if !matches!(self.state, State::Paid { .. }) {
            return Err(NotReserved::NotPaid);
        }
        let meant: &[Leg] = match (scope, self.kind.has_cash(), self.kind.has_insurance()) {
            (Scope::CashOnly, false, _) => return Err(NotReserved::NoSuchPart),
            (Scope::CashOnly, true, _) | (Scope::All, true, false) => &[Leg::Cash],
            (Scope::All, false, _) => &[Leg::Insurance],
            (Scope::All, true, true) => &[Leg::Insurance, Leg::Cash],
        };
        let mut taken = Vec::with_capacity(meant.len());
        for leg in meant {
            match self.reservations.on(*leg) {
                Hold::Free => taken.push(*leg),
                Hold::Reserved(by) if by == refund => taken.push(*leg),
                Hold::GivenBack { by, .. } if by == refund => taken.push(*leg),
                Hold::Reserved(_) => return Err(NotReserved::Busy),
                // The rest may still go back after a CASH_ONLY refund.
                Hold::GivenBack { .. } => {}
            }
        }
        if taken.is_empty() {
            return Err(NotReserved::GivenBack);
        }
        for leg in &taken {
            let hold = self.reservations.on_mut(*leg);
            if *hold == Hold::Free {
                *hold = Hold::Reserved(refund.clone());
            }
        }
        let part = |leg, amount| taken.contains(&leg).then_some(amount);
        Ok(Reserved {
            cash: part(Leg::Cash, self.split.cash),
            insurance: part(Leg::Insurance, self.split.insurance),
        })
    }

    /// Takes `refund`'s hold off `leg`, since the party refused; nothing to do if it is off
    /// already.
    pub fn release(&mut self, refund: &MedRefundId, leg: Leg) -> Result<(), NoHold> {
        let hold = self.reservations.on_mut(leg);
        match hold {
            Hold::Reserved(by) if by == refund => *hold = Hold::Free,
            Hold::Free => {}
            Hold::Reserved(_) | Hold::GivenBack { .. } => return Err(NoHold(leg)),
        }
        Ok(())
    }

    /// Notes that the party gave `leg` back to `refund` at `at`; a second time changes nothing.
    pub fn given_back(
        &mut self,
        refund: &MedRefundId,
        leg: Leg,
        at: Timestamp,
    ) -> Result<(), NoHold> {
        let hold = self.reservations.on_mut(leg);
        match hold {
            Hold::Reserved(by) if by == refund => {
                *hold = Hold::GivenBack { by: refund.clone(), at };
            }
            Hold::GivenBack { by, .. } if by == refund => {}
            Hold::Reserved(_) | Hold::GivenBack { .. } | Hold::Free => return Err(NoHold(leg)),
        }
        Ok(())
    }

    /// Whether every part that was paid has been given back.
    pub fn wholly_given_back(&self) -> bool {
        let back = |leg| matches!(self.reservations.on(leg), Hold::GivenBack { .. });
        matches!(self.state, State::Paid { .. })
            && (!self.kind.has_cash() || back(Leg::Cash))
            && (!self.kind.has_insurance() || back(Leg::Insurance))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::table::paid;
    use super::*;

    fn refund(n: u32) -> MedRefundId {
        MedRefundId::new(format!("R{n}"))
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_part_is_given_back_to_one_refund_only() {
        let mut order = paid(Kind::Mixed, 100, 805);
        let all = order.reserve(&refund(1), Scope::All).expect("free");
        assert_eq!((all.cash.map(Fen::get), all.insurance.map(Fen::get)), (Some(100), Some(805)));
        assert_eq!(order.reserve(&refund(1), Scope::All), Ok(all), "asked again");
        assert_eq!(order.reserve(&refund(2), Scope::CashOnly), Err(NotReserved::Busy));
        order.given_back(&refund(1), Leg::Insurance, at(5)).expect("held");
        order.given_back(&refund(1), Leg::Cash, at(6)).expect("held");
        order.given_back(&refund(1), Leg::Cash, at(9)).expect("a second time");
        assert!(order.wholly_given_back());
        assert_eq!(order.reserve(&refund(2), Scope::All), Err(NotReserved::GivenBack));
        assert_eq!(order.given_back(&refund(2), Leg::Cash, at(7)), Err(NoHold(Leg::Cash)));
        assert_eq!(order.release(&refund(1), Leg::Cash), Err(NoHold(Leg::Cash)));
    }

    #[test]
    fn the_rest_can_follow_a_cash_only_refund() {
        let mut order = paid(Kind::Mixed, 100, 805);
        let cash = order.reserve(&refund(1), Scope::CashOnly).expect("free");
        assert_eq!((cash.cash.map(Fen::get), cash.insurance), (Some(100), None));
        assert_eq!(order.reserve(&refund(2), Scope::All), Err(NotReserved::Busy));
        order.given_back(&refund(1), Leg::Cash, at(5)).expect("held");
        assert!(!order.wholly_given_back());
        let rest = order.reserve(&refund(2), Scope::All).expect("the insurance part is free");
        assert_eq!((rest.cash, rest.insurance.map(Fen::get)), (None, Some(805)));
    }

    #[test]
    fn a_refused_refund_leaves_the_part_free() {
        let mut order = paid(Kind::Mixed, 905, 0);
        order.reserve(&refund(1), Scope::All).expect("free");
        order.release(&refund(1), Leg::Insurance).expect("held");
        order.release(&refund(1), Leg::Insurance).expect("a second time");
        order.release(&refund(1), Leg::Cash).expect("held");
        let again = order.reserve(&refund(2), Scope::All).expect("free again");
        assert_eq!((again.cash.map(Fen::get), again.insurance), (Some(905), Some(Fen::ZERO)));
    }

    #[test]
    fn each_kind_gives_back_the_parts_that_it_has() {
        let mut cash = paid(Kind::CashOnly, 905, 0);
        let reserved = cash.reserve(&refund(1), Scope::All).expect("free");
        assert_eq!((reserved.cash.map(Fen::get), reserved.insurance), (Some(905), None));
        let mut insurance = paid(Kind::InsuranceOnly, 0, 905);
        let none = insurance.reserve(&refund(1), Scope::CashOnly);
        assert_eq!(none, Err(NotReserved::NoSuchPart));
        let reserved = insurance.reserve(&refund(1), Scope::All).expect("free");
        assert_eq!((reserved.cash, reserved.insurance.map(Fen::get)), (None, Some(905)));
    }
}
