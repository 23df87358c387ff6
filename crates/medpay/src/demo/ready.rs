//! The ready file of a town.

use super::Town;
use super::town::HOSPITALS;
use crate::config::Outgoing;
use crate::system::OsEntropy;
use anyhow::{Context as _, bail};
use medpay_acceptance::ready::{Institution, Mode, Person, Ready};
use medpay_client::public_account::{TokenReply, stable_token};
use medpay_client::{HttpTransport, SignedClient};
use medpay_domain::{Appid, CardType, Entropy as _, Openid};
use medpay_sandbox::Persons;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::sign::ApiKey;
use medpay_wire::{getmedinfo, id_card};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The credentials that the ready file tells.
pub fn institutions(town: &Town) -> anyhow::Result<Vec<Institution>> {
    HOSPITALS
        .iter()
        .map(|hospital| {
            let secret = |what: &str| town.secret(&format!("{}.{what}", hospital.word));
            let (sub_appid, sub_mch_id) = hospital.sub.unzip();
            Ok(Institution {
                name: hospital.name.to_owned(),
                org_no: hospital.org_no.to_owned(),
                mode: match hospital.sub {
                    None => Mode::Independent,
                    Some(_) => Mode::ServiceProvider,
                },
                environment: "test".to_owned(),
                appid: hospital.appid.to_owned(),
                secret: secret("secret")?,
                mch_id: hospital.mch_id.to_owned(),
                api_key: secret("api_key")?,
                sub_appid: sub_appid.map(str::to_owned),
                sub_mch_id: sub_mch_id.map(str::to_owned),
                sub_secret: hospital.sub.map(|_| secret("sub_secret")).transpose()?,
                city_id: hospital.city_id.to_owned(),
                pages_url: hospital.patients.then(|| town.pages_url(hospital)),
                his_url: hospital.patients.then(|| town.his_url(hospital)),
            })
        })
        .collect()
}

/// The ready file of a town that listens.
pub(super) async fn of(town: &Town, transport: &HttpTransport) -> anyhow::Result<Ready> {
    let institutions = institutions(town)?;
    let Some(first) = institutions.first() else { bail!("a town without hospitals") };
    let known = KnownTo::first(town, first, transport).await?;
    let mut persons = Vec::new();
    for person in &Persons::built_in() {
        let openid =
            |appid: &str| (appid.to_owned(), person.openid(&Appid::new(appid)).reveal().to_owned());
        let appids = institutions
            .iter()
            .flat_map(|institution| [Some(&institution.appid), institution.sub_appid.as_ref()]);
        let number = person.id_no.reveal();
        let card_type = person.card_type;
        let digest = id_card::digest(card_type, number).reveal().to_owned();
        let described = Person {
            openid: appids.flatten().map(|appid| openid(appid)).collect::<BTreeMap<_, _>>(),
            name: person.name.reveal().to_owned(),
            id_card: number.to_owned(),
            bound: card_type == CardType::IdCard
                && known
                    .is_bound(
                        &person.openid(&Appid::new(&first.appid)),
                        person.name.reveal(),
                        &digest,
                    )
                    .await?,
            idcard_md5: digest,
            password: person.password.clone(),
            medical_insurance_type: person
                .medical_insurance_type
                .map(|kind| kind.to_string())
                .unwrap_or_default(),
            behaviour: person.behaviour.word().to_owned(),
        };
        persons.push(described);
    }
    let urls = (town.platform_url(), town.gateway_url(), town.sandbox_url());
    Ok(Ready::new(urls.0, urls.1, urls.2, institutions, persons))
}

/// Who is bound, as a hospital would ask: with getmedinfo.
struct KnownTo {
    client: SignedClient,
    access_token: String,
}

impl KnownTo {
    async fn first(
        town: &Town,
        institution: &Institution,
        transport: &HttpTransport,
    ) -> anyhow::Result<Self> {
        let (url, wait) = (town.platform_url(), Outgoing::COMMAND_TIMEOUT_MS);
        let (appid, secret) = (&institution.appid, &institution.secret);
        // A stable one: an ordinary one would end the token of whoever goes on from before.
        let reply = stable_token(transport, &url, appid, secret, false, wait).await?;
        let TokenReply::Issued(token) = reply else {
            bail!("the demo's own platform refuses the demo's credentials: {reply:?}");
        };
        let key = ApiKey::new(&institution.api_key).context("a kept api_key is none")?;
        let client = SignedClient::new(Arc::new(transport.clone()), &url, key, wait);
        Ok(Self { client, access_token: token.access_token })
    }

    /// Everything but 80004 (未绑卡) is said of somebody who is bound.
    async fn is_bound(&self, openid: &Openid, name: &str, digest: &str) -> anyhow::Result<bool> {
        let fields: Fields = [
            ("openid", openid.reveal().to_owned()),
            ("name", name.to_owned()),
            ("idcard_md5", digest.to_owned()),
            ("nonce_str", OsEntropy.nonce()),
        ]
        .into_iter()
        .collect();
        let reply = self.client.call(&getmedinfo::SPEC, &self.access_token, fields).await?;
        Ok(match reply {
            Reply::Success(_) => true,
            Reply::Refused(Refused::Business { err_code, .. }) => err_code != "80004",
            Reply::Refused(_) => false,
        })
    }
}
