//! Binding the person's own social-security card.

use super::forms::{Fill, Form, Page};
use super::{Landed, Outcome, Phone, PhoneFault, left, said};
use std::collections::BTreeMap;

/// The most forms that binding asks for: the card's, the consent's, and one to spare.
const FORMS: usize = 3;

impl Phone<'_> {
    /// Opens a bind link and fills in what it asks for, as the bureau knows the person.
    pub(crate) async fn bind(
        &mut self,
        bind_url: &str,
        consent: bool,
    ) -> Result<Outcome, PhoneFault> {
        let fills = self.card(consent);
        let mut posted = false;
        let mut landed = self.browser.open(bind_url).await?;
        for _ in 0..FORMS {
            let (url, page) = match landed {
                Landed::Left(to) => return Ok(left(&to, posted)),
                Landed::On(url, page) => (url, page),
            };
            match next_form(&page, posted, consent) {
                None => return Ok(said(&page, is_bound(&page))),
                Some(form) => {
                    posted = true;
                    landed = self.browser.submit(&url, form, &form.filled(&fills)).await?;
                }
            }
        }
        Ok(match landed {
            Landed::Left(to) => left(&to, posted),
            Landed::On(_, page) => said(&page, is_bound(&page)),
        })
    }

    fn card(&self, consent: bool) -> BTreeMap<&'static str, Fill> {
        let person = self.person;
        let text = |text: &str| Fill::Text(text.to_owned());
        BTreeMap::from([
            ("name", text(person.insured_name.reveal())),
            ("card_type", text(&person.card_type.code().to_string())),
            ("id_no", text(person.insured_id_no.reveal())),
            ("medical_card_no", text(person.medical_card_no.reveal())),
            ("consent", Fill::Tick(consent)),
        ])
    }
}

/// The form that still wants an answer: the card's, as long as nothing was posted (afterwards it is
/// the same page with a complaint), or the consent's if the person consents.
fn next_form(page: &Page, posted: bool, consent: bool) -> Option<&Form> {
    let card = page.forms.iter().find(|form| form.has("id_no") || form.has("medical_card_no"));
    if let Some(card) = card {
        return (!posted).then_some(card);
    }
    page.forms.iter().find(|form| consent && form.has("consent"))
}

/// The platform's word for it; a page that warns before it leaves was reached by binding.
fn is_bound(page: &Page) -> bool {
    matches!(page.outcome.as_str(), "bound" | "leaving")
}
