//! The staff queue: what went otherwise than it should and is left to a person. Whoever finds such
//! a thing puts it here in its own transaction; it stays listed, with its age, until somebody has
//! dealt with it. Every action keeps who did it, when and what.

pub use super::act::{ActError, Confirmed, How, confirm, dismiss, refund};
pub use super::list::{Done, Waiting, list};

use super::rows;
use crate::gateway::Site;
use medpay_domain::{HospOutTradeNo, OrgNo, Timestamp};
use medpay_store::{StoreError, Tx};

/// Why a person must look.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// An order is paid and the HIS does not confirm it. Key: the order's number.
    Unconfirmed,
    /// The HIS does not grant a refund. Key: the refund's number.
    RefundNotGranted,
    /// The platform refused a refund; the order stays paid. Key: the refund's number.
    RefundFailed,
    /// A party has not answered about a refund for long. Key: the refund's number.
    RefundSlow,
    /// The HIS refuses to write down how a refund ended. Key: the refund's number.
    RefundNotNoted,
    /// A notification, or another party's answer, contradicts what is known. Key: whose.
    Contradiction,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Unconfirmed,
        Self::RefundNotGranted,
        Self::RefundFailed,
        Self::RefundSlow,
        Self::RefundNotNoted,
        Self::Contradiction,
    ];

    /// Its word in the database and for scripts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::RefundNotGranted => "refund_not_granted",
            Self::RefundFailed => "refund_failed",
            Self::RefundSlow => "refund_slow",
            Self::RefundNotNoted => "refund_not_noted",
            Self::Contradiction => "contradiction",
        }
    }

    /// The one of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Something for a person to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Why.
    pub kind: Kind,
    /// Which of its kind, see [`Kind`]: the same kind and key is listed once.
    pub key: String,
    /// The order that it is about.
    pub hosp_out_trade_no: HospOutTradeNo,
    /// What is the matter, for staff: the other side's code and words. No personal data.
    pub what: String,
}

impl Item {
    /// An order that is paid and that the HIS does not confirm.
    pub fn unconfirmed(hosp_out_trade_no: &HospOutTradeNo, what: impl Into<String>) -> Self {
        Self {
            kind: Kind::Unconfirmed,
            key: hosp_out_trade_no.as_str().to_owned(),
            hosp_out_trade_no: hosp_out_trade_no.clone(),
            what: what.into(),
        }
    }
}

/// Puts `item` into the queue, in the transaction of what led to it. Answers false, and changes
/// nothing, if it is listed already; what was closed before is opened again.
pub async fn put(
    tx: &mut Tx,
    site: &Site,
    item: &Item,
    now: Timestamp,
) -> Result<bool, StoreError> {
    rows::put(tx, site.org_no(), item, now).await
}

/// Takes the open items of `kind` about an order from the queue: what they told of is over.
pub async fn settle(
    tx: &mut Tx,
    site: &Site,
    hosp_out_trade_no: &HospOutTradeNo,
    kind: Kind,
    now: Timestamp,
) -> Result<(), StoreError> {
    rows::close(tx, site.org_no(), hosp_out_trade_no, Some(kind), now).await?;
    Ok(())
}

/// Why a person must look at an order.
pub(crate) async fn kinds_of(
    tx: &mut Tx,
    org_no: &OrgNo,
    hosp_out_trade_no: &HospOutTradeNo,
) -> Result<Vec<Kind>, StoreError> {
    let items = rows::open_of(tx, org_no, hosp_out_trade_no).await?;
    Ok(items.into_iter().map(|stored| stored.item.kind).collect())
}
