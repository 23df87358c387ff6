//! The machine of a scan at the window, with no I/O: who showed the code, the registration, the
//! order. From then on the order's own machine decides.

use medpay_domain::HospOutTradeNo;
use medpay_wire::err_code::ErrCode;

/// Where a scan stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Platform and HIS are asked who showed the code, and whose bill it is.
    Asking,
    /// The registration is being reported; the outcome is unknown.
    Registering,
    /// The order is being begun; the outcome is unknown.
    Ordering,
    /// There is an order.
    Ordered(HospOutTradeNo),
    /// Came to nothing.
    Failed(Why),
}

/// Why a scan came to nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Why {
    /// The code on the phone is too old, or was used.
    CodeExpired,
    /// It is no pay code.
    CodeInvalid,
    /// Whoever showed it has bound no social-security card.
    NotBound,
    /// Insurance pays only for whoever shows the code.
    AnotherPerson,
    /// The HIS does not know the bill, or its patient.
    NoSuchBill,
    /// The HIS refused, in its own words.
    HisRefused(String),
    /// The registration that was sent is not of this patient, or not of today.
    OtherRegistration,
    /// The bureau refused the registration, in its own words.
    RegistrationRefused(String),
    /// The platform refused, in its own words.
    PlatformRefused(String),
    /// The order could not be begun, for the reason given in our own words.
    NotBegun(String),
    /// The bill is being paid by another order.
    HeldByAnother,
    /// Somebody did not answer until the code was too old.
    NoAnswer,
    /// The window gave it up.
    Cancelled,
}

/// What happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// It is known who showed the code, and that the bill fits.
    Identified {
        /// Whether there is a registration to report before.
        registers: bool,
    },
    /// The bureau knows of the registration.
    Reported,
    /// The order was begun.
    Begun(HospOutTradeNo),
    /// It came to nothing, or is to.
    Ended(Why),
}

/// An event that cannot happen in this state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a scan that is {state} cannot be {event}")]
pub(super) struct IllegalEvent {
    state: &'static str,
    event: &'static str,
}

/// What a transition leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    /// The state from now on.
    pub(super) state: State,
    /// An order that nobody wants any more: it was begun while the scan was given up.
    pub(super) close: Option<HospOutTradeNo>,
}

impl State {
    /// What follows `event`; a second delivery leaves everything as it is.
    pub(super) fn after(&self, event: &Event) -> Result<Step, IllegalEvent> {
        use {Event as E, State as S};
        let state = match (self, event) {
            (S::Asking, E::Identified { registers: true }) => S::Registering,
            (S::Asking, E::Identified { registers: false }) | (S::Registering, E::Reported) => {
                S::Ordering
            }
            (S::Ordering, E::Begun(order)) => S::Ordered(order.clone()),
            (S::Failed(_), E::Begun(order)) => {
                let state = S::Ordered(order.clone());
                return Ok(Step { state, close: Some(order.clone()) });
            }
            (S::Asking | S::Registering | S::Ordering, E::Ended(why)) => S::Failed(why.clone()),
            (state, event) if state.already_reflects(event) => state.clone(),
            (state, event) => {
                return Err(IllegalEvent { state: state.code(), event: event.code() });
            }
        };
        Ok(Step { state, close: None })
    }

    fn already_reflects(&self, event: &Event) -> bool {
        use {Event as E, State as S};
        match (self, event) {
            (S::Registering | S::Ordering | S::Ordered(_), E::Identified { .. })
            | (S::Ordering | S::Ordered(_), E::Reported)
            | (S::Failed(_), E::Ended(_) | E::Identified { .. } | E::Reported) => true,
            (S::Ordered(order), E::Begun(again)) => order == again,
            _ => false,
        }
    }

    /// Whether nothing is left to do for the window itself.
    pub(super) const fn has_ended(&self) -> bool {
        matches!(self, Self::Ordered(_) | Self::Failed(_))
    }

    /// The name under which it is stored.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Asking => "asking",
            Self::Registering => "registering",
            Self::Ordering => "ordering",
            Self::Ordered(_) => "ordered",
            Self::Failed(_) => "failed",
        }
    }
}

impl Event {
    const fn code(&self) -> &'static str {
        match self {
            Self::Identified { .. } => "identified",
            Self::Reported => "reported",
            Self::Begun(_) => "begun",
            Self::Ended(_) => "ended",
        }
    }
}

impl Why {
    /// What an explicit refusal of the platform means at a window; its other codes are its own.
    pub(super) fn of_refusal(code: &str, words: &str) -> Self {
        match ErrCode::parse(code) {
            Some(ErrCode::AuthCodeExpire) => Self::CodeExpired,
            Some(ErrCode::AuthCodeInvalid) => Self::CodeInvalid,
            Some(ErrCode::CardNotBound) => Self::NotBound,
            Some(ErrCode::NameMismatch | ErrCode::IdCardMismatch) => Self::AnotherPerson,
            _ => Self::PlatformRefused(words.to_owned()),
        }
    }

    /// For the member of staff at the window.
    pub(super) fn words(&self) -> String {
        match self {
            Self::CodeExpired => "付款码已过期，请患者刷新后重新扫码".into(),
            Self::CodeInvalid => "不是有效的付款码，请患者出示微信付款码后重新扫码".into(),
            Self::NotBound => "患者尚未绑定社保卡（80004），请先绑卡，或改用其他方式缴费".into(),
            Self::AnotherPerson => {
                "出示付款码的人与就诊人不是同一人，不能使用医保；可改为自费".into()
            }
            Self::NoSuchBill => "医院系统查不到该账单或就诊人".into(),
            Self::HisRefused(said) => with("医院系统拒绝", said),
            Self::OtherRegistration => "挂号信息不是该就诊人当天的挂号，不能报备".into(),
            Self::RegistrationRefused(said) => with("挂号报备未通过", said),
            Self::PlatformRefused(said) => with("医保支付平台拒绝", said),
            Self::NotBegun(said) => with("未能下单", said),
            Self::HeldByAnother => "该账单正由另一笔订单支付，请等待其完成或关闭".into(),
            Self::NoAnswer => "对方系统长时间没有应答，未扣款，请重新扫码".into(),
            Self::Cancelled => "已取消".into(),
        }
    }

    /// The name under which it is stored, and what another party said.
    pub(super) fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::CodeExpired => ("code_expired", None),
            Self::CodeInvalid => ("code_invalid", None),
            Self::NotBound => ("not_bound", None),
            Self::AnotherPerson => ("another_person", None),
            Self::NoSuchBill => ("no_such_bill", None),
            Self::HisRefused(said) => ("his_refused", Some(said)),
            Self::OtherRegistration => ("other_registration", None),
            Self::RegistrationRefused(said) => ("registration_refused", Some(said)),
            Self::PlatformRefused(said) => ("platform_refused", Some(said)),
            Self::NotBegun(said) => ("not_begun", Some(said)),
            Self::HeldByAnother => ("held_by_another", None),
            Self::NoAnswer => ("no_answer", None),
            Self::Cancelled => ("cancelled", None),
        }
    }

    /// From the parts.
    pub(super) fn parse(code: &str, said: Option<String>) -> Option<Self> {
        Some(match (code, said) {
            ("code_expired", _) => Self::CodeExpired,
            ("code_invalid", _) => Self::CodeInvalid,
            ("not_bound", _) => Self::NotBound,
            ("another_person", _) => Self::AnotherPerson,
            ("no_such_bill", _) => Self::NoSuchBill,
            ("his_refused", Some(said)) => Self::HisRefused(said),
            ("other_registration", _) => Self::OtherRegistration,
            ("registration_refused", Some(said)) => Self::RegistrationRefused(said),
            ("platform_refused", Some(said)) => Self::PlatformRefused(said),
            ("not_begun", Some(said)) => Self::NotBegun(said),
            ("held_by_another", _) => Self::HeldByAnother,
            ("no_answer", _) => Self::NoAnswer,
            ("cancelled", _) => Self::Cancelled,
            _ => return None,
        })
    }
}

fn with(what: &str, said: &str) -> String {
    if said.is_empty() { what.to_owned() } else { format!("{what}：{said}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn states() -> Vec<State> {
        vec![
            State::Asking,
            State::Registering,
            State::Ordering,
            State::Ordered(HospOutTradeNo::new("1")),
            State::Failed(Why::Cancelled),
        ]
    }

    fn events() -> Vec<Event> {
        vec![
            Event::Identified { registers: true },
            Event::Identified { registers: false },
            Event::Reported,
            Event::Begun(HospOutTradeNo::new("1")),
            Event::Begun(HospOutTradeNo::new("2")),
            Event::Ended(Why::NotBound),
        ]
    }

    #[test]
    fn every_state_by_every_event() {
        let mut table = String::new();
        for state in states() {
            for event in events() {
                let led = match state.after(&event) {
                    Ok(step) if step.state == state => "-".to_owned(),
                    Ok(Step { state, close: None }) => format!("{state:?}"),
                    Ok(Step { state, close: Some(_) }) => format!("{state:?}, close"),
                    Err(error) => format!("illegal: {error}"),
                };
                let _ = writeln!(table, "{state:?} + {event:?} = {led}");
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn whatever_is_stored_is_read_again() {
        let said = || "words".to_owned();
        for why in [
            Why::CodeExpired,
            Why::CodeInvalid,
            Why::NotBound,
            Why::AnotherPerson,
            Why::NoSuchBill,
            Why::HisRefused(said()),
            Why::OtherRegistration,
            Why::RegistrationRefused(said()),
            Why::PlatformRefused(said()),
            Why::NotBegun(said()),
            Why::HeldByAnother,
            Why::NoAnswer,
            Why::Cancelled,
        ] {
            let (code, words) = why.parts();
            assert_eq!(Why::parse(code, words.map(str::to_owned)), Some(why.clone()));
            assert!(!why.words().is_empty());
        }
    }
}
