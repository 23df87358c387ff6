//! The message layer: what the hospital tells a patient. Whoever has something to say puts a
//! [`Message`] into the [`outbox`] within its own transaction; how it travels (a template message
//! today), when (quiet hours), and what became of it, is decided and written down here.

pub(crate) mod deliver;
mod list;
pub(crate) mod outbox;
mod rows;
mod schedule;
mod sendmsg;
mod template;
pub(crate) mod texts;
mod way;

#[cfg(test)]
mod tests;

pub use list::list;
pub use rows::{Listed, Standing};

use medpay_domain::{HospOutTradeNo, Openid};

/// What a message is about; each kind has a template of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// 绑卡提醒 (guide §4.1.3).
    BindReminder,
    /// 诊间支付提醒 (guide §4.1.4).
    PaymentReminder,
    /// 就诊提醒: a booked visit is today.
    VisitReminder,
    /// 报告已出.
    ResultReady,
    /// 门诊缴费成功.
    OutpatientPaid,
    /// 挂号缴费成功.
    RegistrationPaid,
    /// 退款结果.
    Refunded,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::BindReminder,
        Self::PaymentReminder,
        Self::VisitReminder,
        Self::ResultReady,
        Self::OutpatientPaid,
        Self::RegistrationPaid,
        Self::Refunded,
    ];

    /// Its word in configuration and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BindReminder => "bind_reminder",
            Self::PaymentReminder => "payment_reminder",
            Self::VisitReminder => "visit_reminder",
            Self::ResultReady => "result_ready",
            Self::OutpatientPaid => "outpatient_paid",
            Self::RegistrationPaid => "registration_paid",
            Self::Refunded => "refunded",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it makes no sense after the day on which it was put.
    const fn is_of_its_day(self) -> bool {
        matches!(self, Self::VisitReminder)
    }

    /// Whether it waits for the end of the quiet hours: what the patient has just done does not.
    pub const fn keeps_quiet_hours(self) -> bool {
        match self {
            Self::BindReminder
            | Self::PaymentReminder
            | Self::VisitReminder
            | Self::ResultReady => true,
            Self::OutpatientPaid | Self::RegistrationPaid | Self::Refunded => false,
        }
    }
}

/// Something to tell one person.
#[derive(Clone, Debug)]
pub struct Message {
    /// Said once: the same key again is not sent again. Such as `paid/<hosp_out_trade_no>`.
    pub key: String,
    /// To whom, under the hospital's own account.
    pub to: Openid,
    /// What it is about.
    pub kind: Kind,
    /// The first line.
    pub first: String,
    /// The template's places, in order.
    pub keywords: Vec<String>,
    /// The last line.
    pub remark: String,
    /// The page that a tap opens: a path of the site (`/orders/…`), or empty.
    pub path: String,
    /// The paid order it tells of: to somebody who does not follow the account, the platform sends
    /// it in the account's name (sendmsg, 选用接口 §1.5).
    pub of_order: Option<HospOutTradeNo>,
}
