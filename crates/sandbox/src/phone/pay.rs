//! Paying at a cashier.

use super::forms::Fill;
use super::{Landed, Outcome, Phone, PhoneFault, left, said};
use reqwest::Url;
use std::collections::BTreeMap;
use std::time::Duration;

/// How often the phone looks again while the payment is under way.
const LOOKS: usize = 100;
/// How long it waits in between.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

impl Phone<'_> {
    /// Opens a cashier, types `password`, and waits a while for the result.
    pub(crate) async fn pay(
        &mut self,
        pay_url: &str,
        password: &str,
    ) -> Result<Outcome, PhoneFault> {
        let (url, page) = match self.browser.open(pay_url).await? {
            Landed::Left(to) => return Ok(left(&to, false)),
            Landed::On(url, page) => (url, page),
        };
        let Some(form) = page.forms.iter().find(|form| form.has("password")) else {
            return Ok(said(&page, is_taken(&page.outcome)));
        };
        let fills = BTreeMap::from([("password", Fill::Text(password.to_owned()))]);
        let landed = self.browser.submit(&url, form, &form.filled(&fills)).await?;
        self.wait_for_result(landed).await
    }

    async fn wait_for_result(&mut self, mut landed: Landed) -> Result<Outcome, PhoneFault> {
        for look in 0.. {
            let (url, page) = match landed {
                Landed::Left(to) => return Ok(left(&to, true)),
                Landed::On(url, page) => (url, page),
            };
            if page.outcome != "paying" || look == LOOKS {
                return Ok(said(&page, is_taken(&page.outcome)));
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            landed = self.browser.open(&poll_address(&url, &page.poll)).await?;
        }
        unreachable!("the last look returns")
    }
}

/// Where the page says to look again; itself if it does not say.
fn poll_address(page: &Url, poll: &str) -> String {
    page.join(poll).map_or_else(|_| page.to_string(), |url| url.to_string())
}

/// Whether the password was taken and money moved, even if some of it is going back because the
/// bureau refused.
fn is_taken(outcome: &str) -> bool {
    matches!(outcome, "paid" | "paying" | "returning" | "returned")
}
