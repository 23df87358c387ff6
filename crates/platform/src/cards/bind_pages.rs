//! What the bind page shows: its words, its form, its card.

use super::Card;
use super::links::BindLink;
use crate::access::page;
use crate::app::App;
use crate::settings::{Environment, Institution};
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use medpay_domain::CardType;

/// How the visit stands, for scripts: `data-outcome`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// The form can be filled in.
    Ready,
    /// A card is bound.
    Bound,
    /// No, and `message` says why.
    Refused,
    /// The link has served.
    Used,
    /// The link's time ran out.
    Expired,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Bound => "bound",
            Self::Refused => "refused",
            Self::Used => "used",
            Self::Expired => "expired",
        }
    }
}

/// What was wrong with a try, in the patient's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Problem {
    /// A field is empty or cannot be.
    Incomplete,
    /// Not the wallet's own name.
    NotYourName,
    /// No insured person has this card.
    CardUnknown,
    /// The card is another name's.
    NameMismatch,
    /// The document is another's.
    DocumentMismatch,
    /// The insured person is bound to somebody else.
    BoundElsewhere,
    /// Too many tries today.
    TooManyTries,
    /// The bureau's own words.
    BureauRefused(String),
    /// The bureau did not answer.
    BureauSilent,
}

impl Problem {
    /// Whether nobody could judge the try, so that it does not count.
    pub(crate) const fn is_not_the_patients(&self) -> bool {
        matches!(self, Self::BureauRefused(_) | Self::BureauSilent)
    }

    fn words(&self, bureau: &str) -> String {
        match self {
            Self::Incomplete => "请完整填写姓名、证件类型、证件号码和社保卡号。".to_owned(),
            Self::NotYourName => {
                "填写的姓名与您的微信支付实名不一致，只能绑定本人的社保卡。".to_owned()
            }
            Self::CardUnknown => format!("{bureau}没有查到这个社保卡号，请核对后重试。"),
            Self::NameMismatch => "姓名与社保卡登记的姓名不一致，请核对后重试。".to_owned(),
            Self::DocumentMismatch => "证件信息与社保卡登记的不一致，请核对后重试。".to_owned(),
            Self::BoundElsewhere => {
                "这张社保卡已被其他用户绑定，不能重复绑定。如有疑问请联系医院。".to_owned()
            }
            Self::TooManyTries => "今天尝试的次数过多，请明天再试。".to_owned(),
            Self::BureauRefused(words) => format!("{bureau}未能核对：{words}"),
            Self::BureauSilent => format!("{bureau}暂时没有应答，请稍后再试。"),
        }
    }
}

/// Where a page stands: whose link it is.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// Whether it says 模拟环境.
    pub test: bool,
    /// The hospital's name.
    pub institution: String,
    /// The bureau's word: 人社 or 医保.
    pub bureau_word: String,
    /// Where it leads; empty if nowhere.
    pub leads_to: String,
    /// Hosts that need no warning; empty is any.
    pub return_hosts: Vec<String>,
}

impl Surroundings {
    /// Of a link, at the hospital that it belongs to.
    pub(crate) fn of(app: &App, institution: &Institution, link: &BindLink) -> Self {
        Self {
            test: institution.environment == Environment::Test,
            institution: institution.name.clone(),
            bureau_word: app
                .settings
                .city(&link.city_id)
                .map_or_else(|| "医保".to_owned(), |city| city.bureau_word.clone()),
            leads_to: link.url.clone(),
            return_hosts: institution.return_hosts.clone(),
        }
    }

    /// Where there is no link.
    pub(crate) fn nowhere() -> Self {
        Self {
            test: false,
            institution: String::new(),
            bureau_word: "医保".to_owned(),
            leads_to: String::new(),
            return_hosts: Vec::new(),
        }
    }
}

/// The page's context.
#[derive(Template)]
#[template(path = "bind.html")]
pub(crate) struct BindPage {
    test: bool,
    institution: String,
    bureau: String,
    outcome: &'static str,
    message: String,
    leads_to: String,
    unlisted_host: Option<String>,
    card: Option<ShownCard>,
    form: Option<Form>,
}

/// A bound card, masked.
struct ShownCard {
    name: String,
    document: &'static str,
    medical_card_no: String,
}

/// The form.
#[derive(Clone)]
pub(crate) struct Form {
    /// Its own link.
    pub action: String,
    /// Against other sites.
    pub csrf: String,
    /// Whether a card is asked for, or only consent.
    pub asks_for_card: bool,
    /// Whether consent can be given.
    pub offers_consent: bool,
    /// What is filled in.
    pub name: String,
    /// What is chosen.
    pub card_type: CardType,
}

struct Choice {
    code: u8,
    label: &'static str,
    chosen: bool,
}

impl Form {
    fn card_types(&self) -> Vec<Choice> {
        CardType::ALL
            .into_iter()
            .map(|kind| Choice {
                code: kind.code(),
                label: kind.chinese(),
                chosen: kind == self.card_type,
            })
            .collect()
    }
}

impl BindPage {
    /// A page that says one thing.
    pub(crate) fn plain(at: &Surroundings, outcome: Outcome, message: impl Into<String>) -> Self {
        let unlisted = !at.leads_to.is_empty() && !page::is_listed(&at.leads_to, &at.return_hosts);
        Self {
            test: at.test,
            institution: at.institution.clone(),
            bureau: format!("{}部门", at.bureau_word),
            outcome: outcome.word(),
            message: message.into(),
            leads_to: at.leads_to.clone(),
            unlisted_host: unlisted.then(|| page::host_of(&at.leads_to).to_owned()),
            card: None,
            form: None,
        }
    }

    /// The empty form.
    pub(crate) fn ready(at: &Surroundings, form: Form) -> Self {
        let at = Surroundings { leads_to: String::new(), ..at.clone() };
        let message = "绑定本人社保卡后，可在微信使用医保支付。";
        Self { form: Some(form), ..Self::plain(&at, Outcome::Ready, message) }
    }

    /// A try that failed; the form again where another try can help.
    pub(crate) fn refused(at: &Surroundings, problem: &Problem, form: Option<Form>) -> Self {
        let at = Surroundings { leads_to: String::new(), ..at.clone() };
        let words = problem.words(&format!("{}部门", at.bureau_word));
        Self { form, ..Self::plain(&at, Outcome::Refused, words) }
    }

    /// The card that is bound already, and consent where it can be given.
    pub(crate) fn already_bound(at: &Surroundings, card: &Card, form: Option<Form>) -> Self {
        let message = "您已绑定社保卡，无需再次绑定。";
        Self { form, card: Some(shown(card)), ..Self::plain(at, Outcome::Bound, message) }
    }

    /// Done, with a `new` card or with the one that was there.
    pub(crate) fn bound(at: &Surroundings, card: &Card, new: bool, consented: bool) -> Self {
        let message = match (new, consented) {
            (true, true) => "绑定成功，已按您的同意向医院提供实名信息。",
            (true, false) => "绑定成功，可以使用医保支付了。",
            (false, true) => "已按您的同意向医院提供实名信息。",
            (false, false) => "您已绑定社保卡，未向医院提供实名信息。",
        };
        Self { card: Some(shown(card)), ..Self::plain(at, Outcome::Bound, message) }
    }

    /// The link has served.
    pub(crate) fn used(at: &Surroundings) -> Self {
        Self::plain(at, Outcome::Used, "此绑卡链接已经使用过。如需再次操作，请从医院重新进入。")
    }

    /// The link is too old.
    pub(crate) fn expired(at: &Surroundings) -> Self {
        let at = Surroundings { leads_to: String::new(), ..at.clone() };
        Self::plain(&at, Outcome::Expired, "此绑卡链接已过期，请从医院重新进入。")
    }

    /// Somebody else's link.
    pub(crate) fn stranger(at: &Surroundings) -> Self {
        let at = Surroundings { leads_to: String::new(), ..at.clone() };
        Self::plain(&at, Outcome::Refused, "此链接属于另一位用户，请用收到链接的微信账号打开。")
    }

    /// The form came from elsewhere, or its session is over.
    pub(crate) fn foreign_form(at: &Surroundings) -> Self {
        let at = Surroundings { leads_to: String::new(), ..at.clone() };
        Self::plain(&at, Outcome::Refused, "页面已失效，请重新打开绑卡链接。")
    }

    /// As an answer.
    pub(crate) fn show(&self, status: StatusCode) -> Response {
        page::show(status, self)
    }
}

fn shown(card: &Card) -> ShownCard {
    ShownCard {
        name: mask_name(card.name.reveal()),
        document: card.card_type.chinese(),
        medical_card_no: mask_number(card.medical_card_no.reveal()),
    }
}

/// The last character of a name: `*三`.
fn mask_name(name: &str) -> String {
    let count = name.chars().count();
    name.chars()
        .enumerate()
        .map(|(index, c)| if index + 1 == count && count > 1 { c } else { '*' })
        .collect()
}

/// The last four of a number.
fn mask_number(number: &str) -> String {
    let count = number.chars().count();
    let hidden = count.saturating_sub(4).max(count.div_ceil(2));
    number.chars().enumerate().map(|(index, c)| if index < hidden { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::Holder;
    use medpay_domain::{
        Appid, CardNo, CityId, IdDigest, MedicalUserId, Openid, PersonName, Timestamp,
    };
    use std::fmt::Write as _;

    fn samples() -> Vec<(&'static str, BindPage)> {
        let at = Surroundings {
            test: true,
            institution: "晴川医院".to_owned(),
            bureau_word: "人社".to_owned(),
            leads_to: "https://hospital.example/done?a=1&b=<2>".to_owned(),
            return_hosts: Vec::new(),
        };
        let elsewhere = Surroundings {
            test: false,
            return_hosts: vec!["other.example".to_owned()],
            ..at.clone()
        };
        let form = Form {
            action: "/bind/0123456789abcdef".to_owned(),
            csrf: "c5f1".to_owned(),
            asks_for_card: true,
            offers_consent: true,
            name: "张<三>".to_owned(),
            card_type: CardType::IdCard,
        };
        let consent = Form { asks_for_card: false, ..form.clone() };
        let card = Card {
            holder: Holder {
                environment: Environment::Test,
                appid: Appid::new("wx01"),
                openid: Openid::new("o1"),
            },
            name: PersonName::new("欧阳晴川"),
            card_type: CardType::IdCard,
            id_digest: IdDigest::new("d"),
            medical_card_no: CardNo::new("600123456"),
            medical_card_id: CardNo::new("I1"),
            medical_comp_no: None,
            medical_insurance_type: None,
            medical_user_id: MedicalUserId::new("u1"),
            city_id: CityId::new("440300"),
            bound_at: Timestamp::from_ms(0),
        };
        vec![
            ("ready", BindPage::ready(&at, form.clone())),
            ("refused", BindPage::refused(&at, &Problem::CardUnknown, Some(form))),
            ("too many tries", BindPage::refused(&at, &Problem::TooManyTries, None)),
            ("already bound", BindPage::already_bound(&at, &card, Some(consent))),
            ("bound", BindPage::bound(&elsewhere, &card, true, true)),
            ("consented", BindPage::bound(&at, &card, false, true)),
            ("used", BindPage::used(&at)),
            ("expired", BindPage::expired(&at)),
            ("stranger", BindPage::stranger(&at)),
            ("foreign form", BindPage::foreign_form(&at)),
        ]
    }

    #[test]
    fn the_page_in_every_state() {
        let mut text = String::new();
        for (name, page) in samples() {
            let html = page.render().expect("the page can be written");
            let (_, main) = html.split_once("</style>").expect("a style");
            let lines = main.lines().filter(|line| !line.trim().is_empty());
            let _ = writeln!(text, "--- {name}");
            for line in lines {
                let _ = writeln!(text, "{line}");
            }
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_mask_leaves_little() {
        assert_eq!(mask_name("张三"), "*三");
        assert_eq!(mask_name("晴"), "*");
        assert_eq!(mask_number("600123456"), "*****3456");
        assert_eq!(mask_number("1234"), "**34");
        assert_eq!(mask_number(""), "");
    }
}
