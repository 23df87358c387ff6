//! The bind reminder: the worker of queue `bind_reminder`, one job for each follower who is looked
//! at.

use super::rows::bind_reminders::{self, Stored, Whose};
use crate::cards::bound::{self, Standing};
use crate::gateway::{Branch, Site};
use crate::messages::{deliver, outbox, texts};
use crate::visit_cards::{self, VisitCard};
use medpay_domain::hospital::reminder::bind::{Effect, Event};
use medpay_domain::{Openid, OrgNo, PersonName, Timestamp};
use medpay_store::workers::Workplace as _;
use medpay_store::{Lease, NewJob, StoreError, Tx};

/// The queue.
pub(super) const QUEUE: &str = "bind_reminder";

/// A follower has added a visit card, in the transaction of that: leads to a bind reminder if no
/// social-security card is bound, and if there was none lately.
pub(crate) async fn visit_card_added(
    tx: &mut Tx,
    site: &Site,
    openid: &Openid,
    _: &VisitCard,
    now: Timestamp,
) -> Result<(), StoreError> {
    let openid_digest = visit_cards::holder_digest(site, openid);
    let (vault, org_no) = (&site.vault, site.org_no());
    let reminder_id = site.entropy.nonce();
    let whose = Whose { openid_digest: &openid_digest, openid, reminder_id: &reminder_id };
    if bind_reminders::insert(tx, vault, org_no, &whose, now).await? {
        return push(tx, site, &reminder_id, now).await;
    }
    if let Some(stored) = bind_reminders::of(tx, vault, org_no, &openid_digest).await? {
        want(tx, site, stored, now, now).await?;
    }
    Ok(())
}

/// The follower is looked at, at `from` or later, unless it is too early; answers whether.
pub(super) async fn want(
    tx: &mut Tx,
    site: &Site,
    stored: Stored,
    from: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let days = days(site);
    let (reminder, effect) = stored.reminder.apply(Event::Wanted, now, days);
    let Some(Effect::Look(_)) = effect else { return Ok(false) };
    let next = stored.with(reminder);
    // Whoever was faster wants the same.
    if !bind_reminders::save(tx, site.org_no(), &next).await? {
        return Ok(false);
    }
    push(tx, site, &next.reminder_id, from).await?;
    Ok(true)
}

/// Within so many days nobody is reminded twice.
pub(super) fn days(site: &Site) -> u32 {
    site.hospital().map_or(0, |hospital| hospital.rules.bind_reminder_days)
}

/// The first moment from `at` on that is not quiet.
pub(super) fn not_quiet(site: &Site, at: Timestamp) -> Timestamp {
    deliver::quiet_hours(site).map_or(at, |quiet| quiet.over(at))
}

async fn push(
    tx: &mut Tx,
    site: &Site,
    reminder_id: &str,
    from: Timestamp,
) -> Result<(), StoreError> {
    let job = NewJob {
        queue: QUEUE,
        key: reminder_id.to_owned(),
        payload: site.org_no().as_str().to_owned(),
        due: not_quiet(site, from),
    };
    tx.push_job(&job).await?;
    Ok(())
}

/// Asks the platform about one follower, and does what follows.
pub(super) async fn look(branch: &Branch, lease: &Lease) -> Result<(), StoreError> {
    let org_no = OrgNo::new(lease.payload.clone());
    let now = branch.clock().now();
    let Some(site) = branch.site(&org_no) else {
        tracing::error!(%org_no, "a bind reminder of a hospital that is not served here");
        return super::worker::put_off(branch, lease, now).await;
    };
    let until = not_quiet(site, now);
    if until > now {
        return super::worker::postpone(branch, lease, until).await;
    }
    let Some(stored) = load(site, &lease.key).await? else {
        return super::worker::finish(branch, lease).await;
    };
    let (event, name) = ask(site, &stored.openid).await?;
    record(site, lease, &stored, event, name).await
}

async fn load(site: &Site, reminder_id: &str) -> Result<Option<Stored>, StoreError> {
    let (vault, org_no) = (site.vault.clone(), site.org_no().clone());
    let reminder_id = reminder_id.to_owned();
    site.store
        .read("a bind reminder", move |tx| {
            let (vault, org_no, id) = (vault.clone(), org_no.clone(), reminder_id.clone());
            Box::pin(async move { bind_reminders::load(tx, &vault, &org_no, &id).await })
        })
        .await
}

/// What the platform says, and by which name the follower is addressed.
async fn ask(site: &Site, openid: &Openid) -> Result<(Event, Option<PersonName>), StoreError> {
    let event = match bound::standing(site, openid).await? {
        Standing::Bound(..) => Event::Bound,
        Standing::OfAnother => Event::AnotherPerson,
        Standing::NotBound => Event::NotBound,
        Standing::NothingToAskWith => Event::NoVisitCard,
        Standing::Unknown => Event::Unclear,
    };
    let name = visit_cards::of(site, openid).await?.into_iter().next().map(|card| card.name);
    // The card was removed meanwhile: there is nobody to remind.
    Ok(if name.is_none() { (Event::NoVisitCard, None) } else { (event, name) })
}

/// Records the answer, and with it what follows: the message, or the next look.
async fn record(
    site: &std::sync::Arc<Site>,
    lease: &Lease,
    stored: &Stored,
    event: Event,
    name: Option<PersonName>,
) -> Result<(), StoreError> {
    let now = site.clock.now();
    let (reminder, effect) = stored.reminder.apply(event, now, days(site));
    let next = stored.clone().with(reminder);
    tracing::info!(reminder_id = lease.key, ?event, ?effect, "bind reminder looked at");
    let (site_, lease) = (std::sync::Arc::clone(site), lease.clone());
    site.store
        .write("record a bind reminder", move |tx| {
            let (site, lease) = (std::sync::Arc::clone(&site_), lease.clone());
            let (next, name) = (next.clone(), name.clone());
            Box::pin(async move {
                match effect {
                    Some(Effect::Look(at)) => {
                        tx.postpone_job(&lease, not_quiet(&site, at)).await?;
                    }
                    Some(Effect::Remind) => {
                        tx.finish_job(&lease).await?;
                        remind(tx, &site, &next, name, now).await?;
                    }
                    None => tx.finish_job(&lease).await?,
                }
                if bind_reminders::save(tx, site.org_no(), &next).await? {
                    Ok(())
                } else {
                    Err(StoreError::LeaseLost(lease.id))
                }
            })
        })
        .await
}

async fn remind(
    tx: &mut Tx,
    site: &Site,
    stored: &Stored,
    name: Option<PersonName>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(name) = name else { return Ok(()) };
    let key = format!("bind/{}/{}", stored.reminder_id, stored.reminder.times);
    let bureau_word = &site.institution.city.bureau_word;
    let message = texts::bind_reminder(key, stored.openid.clone(), &name, bureau_word);
    outbox::put(tx, site, &message, now).await?;
    Ok(())
}
