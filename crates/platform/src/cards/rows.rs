//! The tables of bound cards and of tries at the bind form.

use super::{Card, Holder};
use crate::settings::Environment;
use medpay_domain::{CardNo, CardType, Day, IdDigest, Openid, PersonName};
use medpay_store::Vault;
use medpay_store::{Row, StoreError, Tx, args};

/// How an environment is written down.
pub(crate) const fn environment_code(environment: Environment) -> &'static str {
    match environment {
        Environment::Test => "test",
        Environment::Production => "production",
    }
}

/// The environment of a code; `None` for what this program never wrote.
pub(crate) fn environment_from_code(code: &str) -> Option<Environment> {
    [Environment::Test, Environment::Production]
        .into_iter()
        .find(|environment| environment_code(*environment) == code)
}

/// What a person is searched by.
pub(crate) fn holder_digest(vault: &Vault, holder: &Holder) -> String {
    let scope = format!("{} {}", environment_code(holder.environment), holder.appid.as_str());
    vault.digest(&scope, holder.openid.reveal())
}

/// The card bound by `holder`.
pub(crate) async fn find_card(
    tx: &mut Tx,
    vault: &Vault,
    holder: &Holder,
) -> Result<Option<Card>, StoreError> {
    let digest = holder_digest(vault, holder);
    let row = tx
        .opt(
            "SELECT openid, name, card_type, id_digest, medical_card_no, medical_card_id,
                    medical_comp_no, medical_insurance_type, medical_user_id, city_id, bound_at_ms
               FROM cards WHERE holder_digest = $1",
            args![digest],
        )
        .await?;
    row.map(|row| read_card(&row, vault, holder, &digest)).transpose()
}

fn read_card(row: &Row, vault: &Vault, holder: &Holder, key: &str) -> Result<Card, StoreError> {
    let corrupt = |column| StoreError::Corrupt { table: "cards", column, key: key.to_owned() };
    let open = |index, column| vault.open(&row.get::<String>(index)?).map_err(|_| corrupt(column));
    let comp_no = row
        .get::<Option<String>>(6)?
        .map(|sealed| vault.open(&sealed).map_err(|_| corrupt("medical_comp_no")))
        .transpose()?;
    Ok(Card {
        holder: Holder { openid: Openid::new(open(0, "openid")?), ..holder.clone() },
        name: PersonName::new(open(1, "name")?),
        card_type: CardType::from_code(row.get(2)?).ok_or_else(|| corrupt("card_type"))?,
        id_digest: IdDigest::new(open(3, "id_digest")?),
        medical_card_no: CardNo::new(open(4, "medical_card_no")?),
        medical_card_id: CardNo::new(open(5, "medical_card_id")?),
        medical_comp_no: comp_no.map(CardNo::new),
        medical_insurance_type: row.get(7)?,
        medical_user_id: row.get(8)?,
        city_id: row.get(9)?,
        bound_at: row.get(10)?,
    })
}

/// Keeps a card. False, and nothing is changed, if its holder has one or its insured person is
/// bound to somebody else under the same account.
pub(crate) async fn insert_card(
    tx: &mut Tx,
    vault: &Vault,
    card: &Card,
) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO cards (holder_digest, environment, appid, openid, name, card_type,
                    id_digest, medical_card_no, medical_card_id, medical_comp_no,
                    medical_insurance_type, medical_user_id, city_id, bound_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT DO NOTHING",
            args![
                holder_digest(vault, &card.holder),
                environment_code(card.holder.environment),
                card.holder.appid,
                vault.seal(card.holder.openid.reveal()),
                vault.seal(card.name.reveal()),
                card.card_type.code(),
                vault.seal(card.id_digest.reveal()),
                vault.seal(card.medical_card_no.reveal()),
                vault.seal(card.medical_card_id.reveal()),
                card.medical_comp_no.as_ref().map(|number| vault.seal(number.reveal())),
                card.medical_insurance_type,
                card.medical_user_id,
                card.city_id,
                card.bound_at
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Counts one more try of the day and answers how many there are with it.
pub(crate) async fn count_try(
    tx: &mut Tx,
    vault: &Vault,
    holder: &Holder,
    day: Day,
) -> Result<u32, StoreError> {
    tx.one(
        "INSERT INTO bind_tries (holder_digest, tried_on, tries) VALUES ($1, $2, 1)
         ON CONFLICT (holder_digest, tried_on) DO UPDATE SET tries = bind_tries.tries + 1
         RETURNING tries",
        args![holder_digest(vault, holder), day],
    )
    .await?
    .get(0)
}

/// Takes a try back: it was right, or nobody could judge it.
pub(crate) async fn uncount_try(
    tx: &mut Tx,
    vault: &Vault,
    holder: &Holder,
    day: Day,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE bind_tries SET tries = tries - 1
          WHERE holder_digest = $1 AND tried_on = $2 AND tries > 0",
        args![holder_digest(vault, holder), day],
    )
    .await?;
    Ok(())
}
