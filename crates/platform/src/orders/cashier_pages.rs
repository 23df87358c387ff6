//! What the cashier shows: the order, its split, a field for the password, or how it ended.

use super::rows::StoredOrder;
use crate::access::page;
use crate::app::App;
use crate::settings::Environment;
use askama::Template;
use axum::response::Response;
use http::header::REFRESH;
use http::{HeaderValue, StatusCode};
use medpay_domain::platform::order::{Closing, Kind, Refusal, State};
use medpay_domain::{Fen, Timestamp};
use medpay_wire::states::OrderType;

/// How the visit stands, for scripts: `data-outcome`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// The password can be typed.
    Ready,
    /// The money is moving; look again at `data-poll`.
    Paying,
    /// Paid.
    Paid,
    /// No, and `message` says why; with a form, it may be tried again.
    Refused,
    /// The password was wrong.
    WrongPassword,
    /// Too many wrong passwords.
    Locked,
    /// The order's time ran out.
    Expired,
    /// The hospital closed it.
    Closed,
    /// The bureau refused; the cash is going back.
    Returning,
    /// The bureau refused; the cash is back.
    Returned,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Paying => "paying",
            Self::Paid => "paid",
            Self::Refused => "refused",
            Self::WrongPassword => "wrong_password",
            Self::Locked => "locked",
            Self::Expired => "expired",
            Self::Closed => "closed",
            Self::Returning => "returning",
            Self::Returned => "returned",
        }
    }
}

/// What became of the last press of the button, in the payer's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Problem {
    /// Nothing was typed.
    NoPassword,
    /// The form was not this visit's.
    ForeignForm,
    /// The wallet says it is wrong.
    WrongPassword {
        /// How many more tries there are.
        tries_left: u32,
    },
    /// Too many wrong ones.
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// The wallet does not know the payer.
    NoSuchPayer,
    /// The wallet did not answer.
    WalletSilent,
}

impl Problem {
    const fn outcome(self) -> Outcome {
        match self {
            Self::NoPassword | Self::ForeignForm | Self::WalletSilent => Outcome::Ready,
            Self::WrongPassword { .. } => Outcome::WrongPassword,
            Self::Locked { .. } => Outcome::Locked,
            Self::NoSuchPayer => Outcome::Refused,
        }
    }

    fn words(self) -> String {
        match self {
            Self::NoPassword => "请输入支付密码。".to_owned(),
            Self::ForeignForm => "页面已失效，请重新输入支付密码。".to_owned(),
            Self::WrongPassword { tries_left } => {
                format!("支付密码错误，还可以再试{tries_left}次。")
            }
            Self::Locked { until } => {
                format!("密码错误次数过多，支付功能已锁定，请在{}后再试。", clock(until))
            }
            Self::NoSuchPayer => "没有查到您的支付账户，请联系医院。".to_owned(),
            Self::WalletSilent => "支付系统暂时没有应答，请稍后再试。".to_owned(),
        }
    }
}

/// `HH:mm`, or with the day if it is another one than people would think of.
fn clock(at: Timestamp) -> String {
    let civil = at.civil();
    format!("{}月{}日{:02}:{:02}", civil.month(), civil.day(), civil.hour(), civil.minute())
}

/// The page's context.
#[derive(Template, Default)]
#[template(path = "cashier.html")]
pub(crate) struct CashierPage {
    test: bool,
    outcome: &'static str,
    message: String,
    hospital: String,
    bureau: String,
    bill: Option<Bill>,
    form: Option<Form>,
    poll: String,
    leads_to: String,
    unlisted_host: Option<String>,
}

/// What is paid for.
struct Bill {
    kind: &'static str,
    body: String,
    total: String,
    lines: Vec<Line>,
    with_insurance: bool,
}

struct Line {
    label: String,
    amount: String,
}

struct Form {
    action: String,
    csrf: String,
    button: String,
    until: String,
}

/// Where a page stands: whose order, and who looks at it.
pub(crate) struct Surroundings<'a> {
    /// The service.
    pub app: &'a App,
    /// The order.
    pub stored: &'a StoredOrder,
    /// The path of the link.
    pub path: &'a str,
    /// The visitor's proof against other sites.
    pub csrf: &'a str,
    /// Hosts that need no warning; empty is any.
    pub return_hosts: &'a [String],
}

impl CashierPage {
    /// How the order stands now, and what the payer may do.
    pub(crate) fn of(at: &Surroundings<'_>, problem: Option<Problem>) -> Self {
        let (stored, now) = (at.stored, at.app.clock.now());
        let open = stored.is_open(now);
        let (outcome, message) = match problem {
            Some(problem) if open => (problem.outcome(), problem.words()),
            _ => standing(stored, open),
        };
        let moving = matches!(outcome, Outcome::Paying | Outcome::Returning);
        let poll = if moving { at.path.to_owned() } else { String::new() };
        let form = (open && outcome != Outcome::Locked).then(|| Form {
            action: at.path.to_owned(),
            csrf: at.csrf.to_owned(),
            button: button(stored),
            until: clock(stored.expires_at),
        });
        let leads_to = stored.return_url.clone().unwrap_or_default();
        let unlisted = !leads_to.is_empty() && !page::is_listed(&leads_to, at.return_hosts);
        let city = at.app.settings.city(&stored.city_id);
        Self {
            test: stored.environment == Environment::Test,
            outcome: outcome.word(),
            message,
            hospital: stored.hospital_name.clone(),
            bureau: city.map_or_else(|| "医保".to_owned(), |city| city.bureau_word.clone()),
            bill: Some(bill(stored)),
            form,
            poll,
            unlisted_host: unlisted.then(|| page::host_of(&leads_to).to_owned()),
            leads_to,
        }
    }

    /// A page that says one thing to somebody who is not the order's payer.
    pub(crate) fn plain(test: bool, message: &str) -> Self {
        Self {
            test,
            outcome: Outcome::Refused.word(),
            message: message.to_owned(),
            ..Self::default()
        }
    }

    /// The page as an answer. While money moves it looks again by itself; once it is paid it goes
    /// back to the hospital by itself, unless the payer has to be asked.
    pub(crate) fn show(&self, status: StatusCode) -> Response {
        let mut answer = page::show(status, self);
        let refresh = if !self.poll.is_empty() {
            format!("2; url={}", self.poll)
        } else if self.outcome == Outcome::Paid.word()
            && self.unlisted_host.is_none()
            && !self.leads_to.is_empty()
        {
            format!("5; url={}", self.leads_to)
        } else {
            return answer;
        };
        if let Ok(refresh) = HeaderValue::from_str(&refresh) {
            answer.headers_mut().insert(REFRESH, refresh);
        }
        answer
    }
}

/// Outcome and words of an order, whatever was pressed.
fn standing(stored: &StoredOrder, open: bool) -> (Outcome, String) {
    let why = |refusal: &Refusal| refusal.reason.trim_end_matches('。').to_owned();
    match &stored.order.state {
        State::Created { refused: None, .. } if open => {
            (Outcome::Ready, "请核对金额后输入支付密码。".to_owned())
        }
        State::Created { refused: Some(refusal), .. } if open => {
            (Outcome::Refused, format!("支付未成功：{}。您可以重新支付。", why(refusal)))
        }
        State::Created { .. } | State::Closed { closing: Closing::Expired, .. } => {
            (Outcome::Expired, "订单超时未支付，已关闭，请返回医院重新下单。".to_owned())
        }
        State::Closed { closing: Closing::Asked, .. } => {
            (Outcome::Closed, "订单已由医院关闭。".to_owned())
        }
        State::CashPending { .. }
        | State::InsurancePending { .. }
        | State::InsuranceReversing { .. } => {
            (Outcome::Paying, "支付处理中，请稍候，不要重复支付。".to_owned())
        }
        State::Paid { .. } => (Outcome::Paid, "支付成功。".to_owned()),
        State::CashReturning { refusal, .. } => (
            Outcome::Returning,
            format!("医保结算未通过：{}。已支付的现金正在退回。", why(refusal)),
        ),
        State::SystemRefunded { refusal, .. } => {
            (Outcome::Returned, format!("医保结算未通过：{}。已支付的现金已退回。", why(refusal)))
        }
    }
}

fn button(stored: &StoredOrder) -> String {
    let split = stored.order.split;
    match stored.order.kind {
        Kind::CashOnly => format!("支付现金{}元", split.cash.yuan()),
        Kind::InsuranceOnly => format!("使用医保支付{}元", split.insurance.yuan()),
        Kind::Mixed => {
            format!("支付现金{}元，医保{}元", split.cash.yuan(), split.insurance.yuan())
        }
    }
}

/// The amounts, each with the word that a patient reads.
fn bill(stored: &StoredOrder) -> Bill {
    let (split, asked) = (stored.order.split, &stored.asked);
    let mut lines = Vec::new();
    let mut line = |label: &str, amount: Fen| {
        lines.push(Line { label: label.to_owned(), amount: amount.yuan() });
    };
    if stored.order.kind.has_insurance() {
        line("医保支付", split.insurance);
        for (label, amount) in [
            ("其中个人账户", split.self_fee),
            ("其中统筹基金", split.fund_fee),
            ("其中其他医保", split.other_fee),
        ] {
            if !amount.is_zero() {
                line(label, amount);
            }
        }
    }
    if stored.order.kind.has_cash() {
        line("自费支付", split.cash);
    }
    if !asked.cash_add_fee.is_zero() {
        let wording = asked.cash_add_wording.as_deref().unwrap_or("额外现金");
        line(&format!("其中{wording}"), asked.cash_add_fee);
    }
    if !asked.cash_reduced_fee.is_zero() {
        // A code of the interface (PROTOCOL 3.1): 1 预交金支付, none 机构优惠金额.
        let wording = match asked.cash_reduced_wording.as_deref() {
            Some("1") => "预交金支付",
            _ => "机构优惠金额",
        };
        line(wording, asked.cash_reduced_fee);
    }
    let rest = [split.insurance, split.cash, asked.cash_reduced_fee]
        .into_iter()
        .try_fold(stored.order.total, Fen::checked_sub);
    if let Some(rest) = rest.filter(|rest| !rest.is_zero()) {
        line("其他减免", rest);
    }
    Bill {
        kind: match stored.order_type {
            OrderType::RegPay => "挂号缴费",
            OrderType::DiagPay => "诊间缴费",
        },
        body: stored.body.clone(),
        total: stored.order.total.yuan(),
        lines,
        with_insurance: stored.order.kind.has_insurance(),
    }
}

#[cfg(test)]
impl CashierPage {
    /// One page of each look.
    pub(super) fn sample() -> Vec<(&'static str, Self)> {
        let bill = || {
            Some(Bill {
                kind: "诊间缴费",
                body: "门诊费用".to_owned(),
                total: "9.05".to_owned(),
                lines: vec![
                    Line { label: "医保支付".to_owned(), amount: "8.05".to_owned() },
                    Line { label: "自费支付".to_owned(), amount: "1.00".to_owned() },
                ],
                with_insurance: true,
            })
        };
        let form = || {
            Some(Form {
                action: "/pay/link".to_owned(),
                csrf: "csrf".to_owned(),
                button: "支付现金1.00元，医保8.05元".to_owned(),
                until: "6月20日12:30".to_owned(),
            })
        };
        let page = |outcome: Outcome, message: &str| Self {
            test: true,
            outcome: outcome.word(),
            message: message.to_owned(),
            hospital: "晴川医院".to_owned(),
            bureau: "医保".to_owned(),
            bill: bill(),
            leads_to: "https://his.example/done".to_owned(),
            ..Self::default()
        };
        vec![
            (
                "ready",
                Self {
                    form: form(), ..page(Outcome::Ready, "请核对金额后输入支付密码。")
                },
            ),
            (
                "wrong_password",
                Self {
                    form: form(),
                    ..page(
                        Outcome::WrongPassword,
                        &Problem::WrongPassword { tries_left: 2 }.words(),
                    )
                },
            ),
            (
                "paying",
                Self {
                    poll: "/pay/link".to_owned(), ..page(Outcome::Paying, "支付处理中。")
                },
            ),
            (
                "paid",
                Self {
                    test: false,
                    unlisted_host: Some("his.example".to_owned()),
                    ..page(Outcome::Paid, "支付成功。")
                },
            ),
            (
                "refused",
                Self {
                    form: form(), ..page(Outcome::Refused, "支付未成功：零钱余额不足。")
                },
            ),
            ("expired", page(Outcome::Expired, "订单超时未支付，已关闭。")),
            ("returned", page(Outcome::Returned, "已支付的现金已退回。")),
            ("stranger", Self::plain(true, "<本订单>只能由下单时的本人支付。")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_is_rendered_the_same_each_time() {
        for (name, page) in CashierPage::sample() {
            let once = page.render().expect("a page");
            assert_eq!(page.render().expect("a page"), once);
            assert!(!once.contains("<本订单>"), "text is escaped");
            let main = once.split_once("<body>").map_or("", |(_, main)| main);
            insta::assert_snapshot!(format!("cashier_{name}"), main);
        }
    }
}
