//! The patient's phone: a browser that opens the links a person would tap, passes WeChat's
//! authorization as that person, fills in the form it finds and posts it
//! (`docs/contracts/phone.md`).
//!
//! It knows nothing of the platform but its pages: names of inputs, `data-outcome`,
//! `data-leads-to`, `data-poll`, and the words of `p.message`.

mod bind;
mod browser;
mod forms;
mod pay;

use crate::persons::Person;
use crate::settings::Settings;
use browser::{Browser, Landed};
use forms::Page;
pub(crate) use forms::decode;
use medpay_wire::contracts::phone::Outcome;

/// The cookie that tells WeChat's authorization page whose phone this is.
pub(crate) const PHONE_PERSON: &str = "phone_person";

/// Why a page could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PhoneFault {
    /// The link is none.
    #[error("not an http address")]
    Url,
    /// Nobody answered, or the answer broke off.
    #[error("the page cannot be opened")]
    Unanswered(#[source] reqwest::Error),
    /// More redirects than a browser follows.
    #[error("too many redirects")]
    Redirects,
}

/// A person's phone, with no cookies but the one that says whose it is.
pub(crate) struct Phone<'a> {
    person: &'a Person,
    browser: Browser<'a>,
}

impl<'a> Phone<'a> {
    pub(crate) fn new(settings: &'a Settings, person: &'a Person) -> Self {
        Self { person, browser: Browser::new(settings, &person.id) }
    }
}

/// What a page says, as the phone's answer.
fn said(page: &Page, ok: bool) -> Outcome {
    Outcome { ok, message: page.message.clone(), leads_to: page.leads_to.clone() }
}

/// The page led straight out of the platform.
fn left(to: &reqwest::Url, ok: bool) -> Outcome {
    Outcome { ok, message: String::new(), leads_to: to.to_string() }
}
