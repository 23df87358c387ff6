//! What goes wrong on demand: by amount (PROTOCOL 11) and by switch. What goes wrong around a
//! person is that person's [`crate::persons::Behaviour`]. `docs/contracts/faults.md` lists all.

use medpay_domain::Fen;
use serde::{Deserialize, Serialize};

/// A fault that can be armed for the next calls of a party.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The call is refused, and the refusal is kept for its key.
    Refuse,
    /// Nothing is done, and no answer comes.
    NotDone,
    /// It is done, and the answer is lost.
    DoneAnswerLost,
    /// It is done, and the answer comes too late.
    AnswerLate,
    /// The party does not take calls: 503 at once, nothing is done.
    Down,
    /// Courier: the notification is not delivered.
    Drop,
    /// Courier: it is delivered some seconds later.
    Delay,
    /// Courier: it is delivered twice.
    Repeat,
    /// Courier: the next notification overtakes it.
    Reorder,
    /// Courier: its sign is altered.
    BadSign,
    /// Courier: its `total_fee` is altered, and it is signed anew.
    OtherAmount,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Refuse,
        Self::NotDone,
        Self::DoneAnswerLost,
        Self::AnswerLate,
        Self::Down,
        Self::Drop,
        Self::Delay,
        Self::Repeat,
        Self::Reorder,
        Self::BadSign,
        Self::OtherAmount,
    ];

    /// The word of `POST /faults`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::NotDone => "not_done",
            Self::DoneAnswerLost => "done_answer_lost",
            Self::AnswerLate => "answer_late",
            Self::Down => "down",
            Self::Drop => "drop",
            Self::Delay => "delay",
            Self::Repeat => "repeat",
            Self::Reorder => "reorder",
            Self::BadSign => "bad_sign",
            Self::OtherAmount => "other_amount",
        }
    }

    /// The fault of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.word() == word)
    }

    /// Whether the courier, and not a party that answers calls, has this fault.
    pub const fn is_couriers(self) -> bool {
        match self {
            Self::Refuse | Self::NotDone | Self::DoneAnswerLost | Self::AnswerLate | Self::Down => {
                false
            }
            Self::Drop
            | Self::Delay
            | Self::Repeat
            | Self::Reorder
            | Self::BadSign
            | Self::OtherAmount => true,
        }
    }
}

/// A fault and how often it will still happen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Armed {
    /// The call, such as `settle`; `*` for any.
    pub call: String,
    /// What will happen.
    pub fault: Fault,
    /// To how many calls more.
    pub times: u32,
}

/// What an order's `total_fee` chooses, in fen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AmountFault {
    /// 102: a coupon pays a part of the cash.
    Coupon,
    /// 130: no notification arrives.
    NoNotification,
    /// 131: the payment fails.
    PaymentFails,
    /// 132: the notification arrives twice.
    NotificationRepeated,
    /// 133: the first notification has a bad sign.
    NotificationBadSign,
    /// 134: the first notification has another amount.
    NotificationOtherAmount,
    /// 140: the insurance account is short.
    AccountShort,
    /// 141: the wallet is short.
    WalletShort,
    /// 142: the bureau refuses after the cash was taken.
    BureauRefuses,
    /// 143: the bureau settles and answers late.
    BureauLate,
    /// 144: the bureau settles and the answer is lost.
    BureauAnswerLost,
    /// 145: the cash channel is down.
    CashChannelDown,
    /// 146: the bureau refuses, and giving the cash back is refused once.
    CashReturnRefusedOnce,
    /// 147: the bureau settles other amounts than it pre-settled.
    OtherAmounts,
    /// 148: at a refund the bureau's answer is lost.
    ReversalAnswerLost,
    /// 149: at a refund the wallet's answer is lost.
    RefundAnswerLost,
}

impl AmountFault {
    /// What `total_fee` chooses; nothing for most amounts.
    pub const fn of(total_fee: Fen) -> Option<Self> {
        Some(match total_fee.get() {
            102 => Self::Coupon,
            130 => Self::NoNotification,
            131 => Self::PaymentFails,
            132 => Self::NotificationRepeated,
            133 => Self::NotificationBadSign,
            134 => Self::NotificationOtherAmount,
            140 => Self::AccountShort,
            141 => Self::WalletShort,
            142 => Self::BureauRefuses,
            143 => Self::BureauLate,
            144 => Self::BureauAnswerLost,
            145 => Self::CashChannelDown,
            146 => Self::CashReturnRefusedOnce,
            147 => Self::OtherAmounts,
            148 => Self::ReversalAnswerLost,
            149 => Self::RefundAnswerLost,
            _ => return None,
        })
    }
}

/// What a party's answer meets on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivery<A> {
    /// It arrives.
    Answer(A),
    /// It arrives after the caller has stopped waiting.
    Late(A),
    /// It does not arrive; the work may be done.
    Lost,
    /// The party takes no calls; nothing is done.
    Down,
}

impl<A> Delivery<A> {
    /// The answer that arrives in time, if one does.
    pub fn answer(self) -> Option<A> {
        match self {
            Self::Answer(answer) => Some(answer),
            Self::Late(_) | Self::Lost | Self::Down => None,
        }
    }
}
