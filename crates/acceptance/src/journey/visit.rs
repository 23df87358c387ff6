//! One patient at one institution: the signed call, the token, the card, the registration.

use super::purchase::Purchase;
use super::town::{CALL_MS, Fault, Town, equal, must, spoken};
use crate::ready::{Institution, NORMAL, Person};
use medpay_client::SignedClient;
use medpay_client::public_account::{TokenReply, token};
use medpay_domain::{Day, Fen, MedRefundId, MedTransId, Timestamp};
use medpay_wire::bill::RefundType;
use medpay_wire::contracts::phone;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::fields::Fields;
use medpay_wire::interface::Interface;
use medpay_wire::sign::ApiKey;
use medpay_wire::{getbindurl, getmedinfo, preregister};
use serde_json::json;
use std::collections::BTreeMap;

/// A patient at an institution, and what came of it so far.
pub(super) struct Visit<'a> {
    pub(super) town: &'a Town<'a>,
    pub(super) institution: &'a Institution,
    pub(super) person: &'a Person,
    pub(super) client: SignedClient,
    pub(super) access_token: String,
    /// Tells this journey's numbers from another's.
    pub(super) run: String,
    pub(super) card_id: String,
    /// auth_code and token of the window.
    pub(super) scan: (String, String),
    pub(super) placed: BTreeMap<Purchase, Placed>,
}

/// An order that stands at the platform.
#[derive(Clone)]
pub(super) struct Placed {
    pub(super) number: String,
    pub(super) med_trans_id: MedTransId,
    pub(super) pay_url: String,
    /// From the notification.
    pub(super) time_end: Option<Timestamp>,
    pub(super) refund: Option<Given>,
}

/// A refund that the platform took up.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) number: String,
    pub(super) med_refund_id: MedRefundId,
    pub(super) kind: RefundType,
    pub(super) cash: Fen,
    pub(super) insurance: Fen,
    /// The day on which it was found to have succeeded.
    pub(super) day: Option<Day>,
}

impl<'a> Visit<'a> {
    /// One visit at each test institution, each by another patient: with an ID card, with nothing
    /// that goes wrong, and not bound yet.
    pub(super) fn all(town: &'a Town<'a>) -> Result<BTreeMap<usize, Self>, Fault> {
        let fit = |person: &&Person| {
            let id_card = person.id_card.bytes().take(14).all(|b| b.is_ascii_digit());
            person.behaviour == NORMAL
                && !person.bound
                && id_card
                && !person.medical_insurance_type.is_empty()
        };
        let mut people = town.ready.persons.iter().filter(fit);
        let mut visits = BTreeMap::new();
        for (at, institution) in town.ready.institutions.iter().enumerate() {
            if institution.is_test() {
                let person = people.next().ok_or_else(|| {
                    Fault::Wrong("too few persons without a bound card; use fresh data".to_owned())
                })?;
                visits.insert(at, Self::new(town, institution, person)?);
            }
        }
        Ok(visits)
    }

    fn new(
        town: &'a Town<'a>,
        institution: &'a Institution,
        person: &'a Person,
    ) -> Result<Self, Fault> {
        let key = ApiKey::new(&institution.api_key)
            .ok_or_else(|| Fault::Wrong("an api_key is not 32 characters".to_owned()))?;
        let transport = town.player.transport.clone();
        let nonce = town.player.entropy.nonce();
        Ok(Self {
            town,
            institution,
            person,
            client: SignedClient::new(transport, &town.ready.platform_url, key, CALL_MS),
            access_token: String::new(),
            run: nonce.get(..8).unwrap_or(&nonce).to_owned(),
            card_id: String::new(),
            scan: (String::new(), String::new()),
            placed: BTreeMap::new(),
        })
    }

    // ---- calls -------------------------------------------------------------------------------

    /// Signs and calls; the fields of the success.
    pub(super) async fn call(
        &self,
        interface: &'static Interface,
        fields: Fields,
    ) -> Result<Fields, Fault> {
        match self.reply(interface, fields).await? {
            Reply::Success(fields) => Ok(fields),
            Reply::Refused(refused) => Err(Fault::Refused { interface: interface.name, refused }),
        }
    }

    /// Calls what must be refused with this business code; the words of the refusal.
    pub(super) async fn refused_with(
        &self,
        interface: &'static Interface,
        fields: Fields,
        code: &str,
    ) -> Result<String, Fault> {
        match self.reply(interface, fields).await? {
            Reply::Refused(Refused::Business { err_code, err_code_des }) => {
                equal("err_code", err_code.as_str(), code)?;
                Ok(format!("{err_code} {err_code_des}"))
            }
            Reply::Refused(refused) => {
                Err(Fault::Wrong(format!("refused with {}, not {code}", spoken(&refused))))
            }
            Reply::Success(_) => Err(Fault::Wrong(format!("accepted, and {code} was due"))),
        }
    }

    async fn reply(
        &self,
        interface: &'static Interface,
        mut fields: Fields,
    ) -> Result<Reply, Fault> {
        if !fields.has("nonce_str") {
            fields.set("nonce_str", self.town.player.entropy.nonce());
        }
        Ok(self.client.call(interface, &self.access_token, fields).await?)
    }

    pub(super) async fn buy_token(&mut self) -> Result<String, Fault> {
        let transport = self.town.player.transport.as_ref();
        let (url, account) = (&self.town.ready.platform_url, self.institution);
        match token(transport, url, &account.appid, &account.secret, CALL_MS).await? {
            TokenReply::Issued(issued) => {
                must("expires_in is more than 0", issued.expires_in > 0)?;
                self.access_token = issued.access_token;
                Ok(format!("good for {} s", issued.expires_in))
            }
            TokenReply::Refused(error) => {
                Err(Fault::Refused { interface: "token", refused: Refused::Gateway(error) })
            }
        }
    }

    // ---- who ----------------------------------------------------------------------------------

    /// The account under which the patient is known here, and the openid there.
    pub(super) fn openid(&self) -> &str {
        let own = |appid: &String| self.person.openid.get(appid);
        let sub = self.institution.sub_appid.as_ref().and_then(own);
        sub.or_else(|| own(&self.institution.appid)).map_or("", String::as_str)
    }

    /// appid, mch_id and, in service-provider mode, the hospital's.
    pub(super) fn merchant(&self) -> Fields {
        let caller = self.institution;
        let mut fields = Fields::new();
        fields
            .set("appid", &caller.appid)
            .set("mch_id", &caller.mch_id)
            .set_opt("sub_appid", caller.sub_appid.as_deref())
            .set_opt("sub_mch_id", caller.sub_mch_id.as_deref());
        fields
    }

    pub(super) fn set_payer(&self, fields: &mut Fields) {
        let sub = self.institution.sub_appid.as_ref();
        let by_sub = sub.is_some_and(|appid| self.person.openid.contains_key(appid));
        fields.set(if by_sub { "sub_openid" } else { "openid" }, self.openid());
    }

    pub(super) fn set_patient(&self, fields: &mut Fields) {
        fields
            .set("user_card_type", "1")
            .set("user_card_no", &self.person.idcard_md5)
            .set("user_name", &self.person.name);
    }

    /// What stands in every document about a visit or an order.
    pub(super) async fn about(&self, number: &str) -> Result<Fields, Fault> {
        let mut fields = self.merchant();
        let own = number.get(1..).unwrap_or_default();
        fields
            .set("hosp_out_trade_no", number)
            .set("hospital_name", &self.institution.name)
            .set("spbill_create_ip", "10.193.0.1")
            .set("city_id", &self.institution.city_id)
            .set("org_no", &self.institution.org_no)
            .set("serial_no", format!("S{own}"))
            .set("gmt_out_create", self.town.now().await?.wire());
        self.set_patient(&mut fields);
        Ok(fields)
    }

    /// 医保结构体 of a registration in Shenzhen's dialect: yuan as text, ghf + zjzj = ghhj.
    pub(super) fn registration_content(&self, total: Fen) -> String {
        let fee = Fen::new(total.get() / 2).unwrap_or_default();
        let rest = total.checked_sub(fee).unwrap_or_default();
        json!({ "registration_order_pay": {
            "yljgbm": self.institution.org_no,
            "ylzh": self.card_id,
            "czybm": "0001",
            "czyxm": "自助",
            "mzgghdj": {
                "brlx": "1", "mzlsj": "", "ksbm": "0101", "ksmc": "内科门诊", "ghlb": "1",
                "ghf": fee.yuan(), "zjzj": rest.yuan(), "ghhj": total.yuan(),
                "ssj": "0", "zsj": "0",
            },
        } })
        .to_string()
    }

    // ---- the card -------------------------------------------------------------------------------

    fn card_question(&self) -> Fields {
        Fields::from_iter([
            ("openid", self.openid()),
            ("name", &self.person.name),
            ("idcard_md5", &self.person.idcard_md5),
        ])
    }

    pub(super) async fn card_is_unbound(&self) -> Result<String, Fault> {
        self.refused_with(&getmedinfo::SPEC, self.card_question(), "80004").await
    }

    pub(super) async fn bind(&self) -> Result<String, Fault> {
        let question = Fields::from_iter([
            ("openid", self.openid()),
            ("url", "https://hospital.example/bound"),
            ("from", "journey"),
            ("city_id", &self.institution.city_id),
        ]);
        let link = getbindurl::Reply::decode(&self.call(&getbindurl::SPEC, question).await?)?;
        must("expires_in is more than 0", link.expires_in > 0)?;
        let values = json!({ "openid": self.openid(), "bind_url": link.bind_url });
        let page: phone::Outcome = self.town.tap(&self.town.ready.bind, values).await?;
        must(&format!("the page says bound ({})", page.message), page.ok)?;
        Ok(page.message)
    }

    pub(super) async fn card_is_bound(&mut self) -> Result<String, Fault> {
        let answer = self.call(&getmedinfo::SPEC, self.card_question()).await?;
        let card = getmedinfo::Reply::decode(&answer)?;
        let kind = card.medical_insurance_type.map_or("", |kind| kind.as_str());
        equal("medical_insurance_type", kind, &self.person.medical_insurance_type)?;
        card.medical_card_id.reveal().clone_into(&mut self.card_id);
        Ok(format!("medical_insurance_type {kind}"))
    }

    pub(super) async fn preregister(&self) -> Result<String, Fault> {
        let mut fields = self.about(&format!("R{}", self.run)).await?;
        self.set_payer(&mut fields);
        self.set_registration(&mut fields);
        let answer = self.call(&preregister::SPEC, fields).await?;
        let reply = preregister::Reply::decode(&answer)?;
        Ok(format!("response_content of {} bytes", reply.response_content.len()))
    }

    pub(super) fn set_registration(&self, fields: &mut Fields) {
        let fee = Purchase::ZeroInsurance.terms().total;
        fields.set("body", "门诊挂号").set("request_content", self.registration_content(fee));
    }

    /// What stands at the platform of this purchase.
    pub(super) fn placed(&self, purchase: Purchase) -> Result<&Placed, Fault> {
        let missing = || Fault::Wrong(format!("{} was not ordered", purchase.words()));
        self.placed.get(&purchase).ok_or_else(missing)
    }
}
