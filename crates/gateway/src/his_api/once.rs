//! A call that changes something is carried out once for its `Idempotency-Key`.

use super::receive::{Answered, CallError};
use super::rows::{self, Claim, Keyed};
use crate::gateway::Site;
use medpay_domain::Elapsed;
use medpay_store::StoreError;
use medpay_wire::his::signature::KEY_HEADER;
use std::future::Future;

/// The longest key.
const MAX_KEY: usize = 64;

/// Carries `work` out unless the key was answered before; then that answer is given again. An
/// answer is what the contract calls one: a yes, or a no of 404 or 409.
pub(super) async fn once<F>(
    site: &Site,
    key: &str,
    name: &'static str,
    body: &[u8],
    work: impl FnOnce() -> F,
) -> Result<Answered, CallError>
where
    F: Future<Output = Result<Answered, CallError>>,
{
    let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > MAX_KEY || !printable {
        return Err(CallError::Key(KEY_HEADER));
    }
    let keyed = Keyed {
        org_no: site.org_no().clone(),
        key: key.to_owned(),
        name,
        body_digest: site.vault.digest("his call", &hex::encode(body)),
    };
    match claim(site, &keyed).await? {
        Claim::Ours(until) => {
            let outcome = work().await;
            keep(site, keyed, until, &outcome).await?;
            outcome
        }
        Claim::Done(status, sealed) => {
            let body = site.vault.open(&sealed).map_err(|_| corrupt(&keyed.key))?;
            let status = u16::try_from(status).map_err(|_| corrupt(&keyed.key))?;
            Ok(Answered { status, body })
        }
        Claim::OtherWords => Err(CallError::KeyReused),
        Claim::Busy => Err(CallError::Busy),
    }
}

async fn claim(site: &Site, keyed: &Keyed) -> Result<Claim, StoreError> {
    let (keyed, lease_ms) = (keyed.clone(), site.settings.lease_ms);
    let (now, elapsed) = (site.clock.now(), site.clock.elapsed());
    site.store
        .write("claim a call of the HIS", move |tx| {
            let keyed = keyed.clone();
            Box::pin(async move { rows::claim(tx, &keyed, now, elapsed, lease_ms).await })
        })
        .await
}

async fn keep(
    site: &Site,
    keyed: Keyed,
    until: Elapsed,
    outcome: &Result<Answered, CallError>,
) -> Result<(), StoreError> {
    let answer = match outcome {
        Ok(answered) => Some(answered.clone()),
        Err(error) => error.explicit(),
    };
    let answer = answer.map(|it| (u32::from(it.status), site.vault.seal(&it.body)));
    site.store
        .write("keep the answer to a call of the HIS", move |tx| {
            let (keyed, answer) = (keyed.clone(), answer.clone());
            Box::pin(async move {
                match &answer {
                    Some((status, sealed)) => {
                        rows::finish(tx, &keyed, until, *status, sealed).await
                    }
                    None => rows::let_go(tx, &keyed, until).await,
                }
            })
        })
        .await
}

fn corrupt(key: &str) -> StoreError {
    StoreError::Corrupt { table: "his_keys", column: "answer", key: key.to_owned() }
}
