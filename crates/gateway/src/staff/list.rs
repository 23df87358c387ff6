//! What waits for a person, with its age, and what was done about it so far.

use super::rows;
use crate::gateway::{Gateway, Site};
use medpay_store::StoreError;
use serde::Serialize;

/// Something that waits.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Waiting {
    /// The hospital's word in addresses.
    pub site: String,
    /// [`super::queue::Kind::word`].
    pub kind: &'static str,
    /// The order.
    pub hosp_out_trade_no: String,
    /// Which of its kind: the order's number, a refund's, or another.
    pub key: String,
    /// What is the matter.
    pub what: String,
    /// Since when, Beijing time.
    pub since: String,
    /// For how long, in seconds of business time.
    pub age_seconds: i64,
    /// What was done about the order, oldest first.
    pub actions: Vec<Done>,
}

/// What somebody did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Done {
    /// `confirm`, `confirm_by_hand`, `refund` or `dismiss`.
    pub action: String,
    /// Who.
    pub by: String,
    /// In their words.
    pub note: String,
    /// When, Beijing time.
    pub at: String,
}

/// Everything that waits at any hospital of the gateway, the longest waiting first.
pub async fn list(gateway: &Gateway) -> Result<Vec<Waiting>, StoreError> {
    let mut waiting = vec![];
    for branch in gateway.branches() {
        for site in branch.sites() {
            waiting.extend(of_site(site).await?);
        }
    }
    waiting.sort_by_key(|one| std::cmp::Reverse(one.age_seconds));
    Ok(waiting)
}

async fn of_site(site: &Site) -> Result<Vec<Waiting>, StoreError> {
    let (org_no, word) = (site.org_no().clone(), site.institution.site.clone());
    let now = site.clock.now();
    site.store
        .read("the staff queue", move |tx| {
            let (org_no, word) = (org_no.clone(), word.clone());
            Box::pin(async move {
                let mut waiting = vec![];
                for stored in rows::open(tx, &org_no).await? {
                    let item = stored.item;
                    let actions = rows::actions_of(tx, &org_no, &item.hosp_out_trade_no).await?;
                    let age_ms = now.as_ms() - stored.opened_at.as_ms();
                    waiting.push(Waiting {
                        site: word.clone(),
                        kind: item.kind.word(),
                        hosp_out_trade_no: item.hosp_out_trade_no.as_str().to_owned(),
                        key: item.key,
                        what: item.what,
                        since: stored.opened_at.to_string(),
                        age_seconds: age_ms.max(0) / 1000,
                        actions: actions.into_iter().map(done).collect(),
                    });
                }
                Ok(waiting)
            })
        })
        .await
}

fn done(action: rows::Action) -> Done {
    let rows::Action { what, by, note, at } = action;
    Done { action: what, by, note, at: at.to_string() }
}
