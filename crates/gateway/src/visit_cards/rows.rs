//! The tables `visit_cards`, `visit_card_holders` and `card_authorizations`.

use super::VisitCard;
use medpay_domain::{CardNo, CardType, IdDigest, Openid, OrgNo, PersonName, Timestamp};
use medpay_store::{Row, StoreError, Tx, Vault, args};

/// Whose cards, in the words of the tables.
#[derive(Clone, Copy)]
pub(super) struct Holder<'a> {
    pub org_no: &'a OrgNo,
    /// What is searched by.
    pub digest: &'a str,
}

/// Who somebody is, by the platform's word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Person {
    pub name: PersonName,
    pub card_type: CardType,
    pub id_digest: IdDigest,
}

/// Where a way to the bind page and back stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Authorization {
    /// The follower was sent away and may come back until the moment.
    Begun { expires_at: Timestamp },
    /// The platform has told who it is.
    Told(Person),
    /// The card is added.
    Used,
}

fn corrupt(table: &'static str, column: &'static str, key: &str) -> StoreError {
    StoreError::Corrupt { table, column, key: key.to_owned() }
}

const CARD: &str = "c.card_id, c.patient_id, c.visit_card_no, c.name, c.card_type, c.id_digest";

fn read_card(row: &Row, vault: &Vault) -> Result<VisitCard, StoreError> {
    let card_id: String = row.get(0)?;
    let corrupt = |column| corrupt("visit_cards", column, &card_id);
    let open = |index, column| vault.open(&row.get::<String>(index)?).map_err(|_| corrupt(column));
    Ok(VisitCard {
        patient_id: row.get(1)?,
        visit_card_no: CardNo::new(open(2, "visit_card_no")?),
        name: PersonName::new(open(3, "name")?),
        card_type: CardType::from_code(row.get(4)?).ok_or_else(|| corrupt("card_type"))?,
        id_digest: IdDigest::new(open(5, "id_digest")?),
        card_id,
    })
}

/// The holder's cards, the default one first, then the oldest.
pub(super) async fn of(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    holder_digest: &str,
) -> Result<Vec<VisitCard>, StoreError> {
    let sql = format!(
        "SELECT {CARD}
           FROM visit_cards c
           LEFT JOIN visit_card_holders h
                  ON h.org_no = c.org_no AND h.holder_digest = c.holder_digest
          WHERE c.org_no = $1 AND c.holder_digest = $2
          ORDER BY CASE WHEN h.default_card_id = c.card_id THEN 0 ELSE 1 END,
                   c.added_at_ms, c.card_id"
    );
    let rows = tx.all(&sql, args![org_no, holder_digest]).await?;
    rows.iter().map(|row| read_card(row, vault)).collect()
}

/// Who has added a card of the patient, the first first.
pub(super) async fn holders(
    tx: &mut Tx,
    vault: &Vault,
    org_no: &OrgNo,
    patient_id: &str,
) -> Result<Vec<Openid>, StoreError> {
    let rows = tx
        .all(
            "SELECT holder, card_id FROM visit_cards WHERE org_no = $1 AND patient_id = $2
              ORDER BY added_at_ms, card_id",
            args![org_no, patient_id],
        )
        .await?;
    let open = |row: &Row| {
        let opened = vault.open(&row.get::<String>(0)?);
        match opened {
            Ok(holder) => Ok(Openid::new(holder)),
            Err(_) => Err(corrupt("visit_cards", "holder", &row.get::<String>(1)?)),
        }
    };
    rows.iter().map(open).collect()
}

/// Counts one more card of the holder; false, and nothing is changed, if there are `max`.
///
/// The holder's one row makes additions at the same moment wait for each other.
pub(super) async fn count_in(
    tx: &mut Tx,
    holder: Holder<'_>,
    max: u32,
) -> Result<bool, StoreError> {
    tx.exec(
        "INSERT INTO visit_card_holders (org_no, holder_digest, cards) VALUES ($1, $2, 0)
         ON CONFLICT (org_no, holder_digest) DO NOTHING",
        args![holder.org_no, holder.digest],
    )
    .await?;
    let counted = tx
        .exec(
            "UPDATE visit_card_holders SET cards = cards + 1
              WHERE org_no = $1 AND holder_digest = $2 AND cards < $3",
            args![holder.org_no, holder.digest, max],
        )
        .await?;
    Ok(counted == 1)
}

/// Keeps a card. False, and nothing is changed, if the holder has this patient's already.
pub(super) async fn insert(
    tx: &mut Tx,
    vault: &Vault,
    (holder, openid): (Holder<'_>, &Openid),
    card: &VisitCard,
    added_by: &'static str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = tx
        .exec(
            "INSERT INTO visit_cards (org_no, card_id, holder_digest, holder, patient_id,
                    visit_card_no, name, card_type, id_digest, added_by, added_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (org_no, holder_digest, patient_id) DO NOTHING",
            args![
                holder.org_no,
                card.card_id,
                holder.digest,
                vault.seal(openid.reveal()),
                card.patient_id,
                vault.seal(card.visit_card_no.reveal()),
                vault.seal(card.name.reveal()),
                card.card_type.code(),
                vault.seal(card.id_digest.reveal()),
                added_by,
                now
            ],
        )
        .await?;
    Ok(inserted == 1)
}

/// Takes a card away; false if the holder has none with this id.
pub(super) async fn remove(
    tx: &mut Tx,
    holder: Holder<'_>,
    card_id: &str,
) -> Result<bool, StoreError> {
    let removed = tx
        .exec(
            "DELETE FROM visit_cards WHERE org_no = $1 AND holder_digest = $2 AND card_id = $3",
            args![holder.org_no, holder.digest, card_id],
        )
        .await?;
    if removed == 0 {
        return Ok(false);
    }
    tx.exec(
        "UPDATE visit_card_holders
            SET cards = cards - 1,
                default_card_id = CASE WHEN default_card_id = $3 THEN NULL
                                       ELSE default_card_id END
          WHERE org_no = $1 AND holder_digest = $2",
        args![holder.org_no, holder.digest, card_id],
    )
    .await?;
    Ok(true)
}

/// Makes a card the default one; false if it is not the holder's.
pub(super) async fn make_default(
    tx: &mut Tx,
    holder: Holder<'_>,
    card_id: &str,
) -> Result<bool, StoreError> {
    let made = tx
        .exec(
            "UPDATE visit_card_holders SET default_card_id = $3
              WHERE org_no = $1 AND holder_digest = $2
                AND EXISTS (SELECT 1 FROM visit_cards c
                             WHERE c.org_no = $1 AND c.holder_digest = $2 AND c.card_id = $3)",
            args![holder.org_no, holder.digest, card_id],
        )
        .await?;
    Ok(made == 1)
}

/// Forgets the holder's ways that ended before `moment`.
pub(super) async fn forget_old_authorizations(
    tx: &mut Tx,
    holder: Holder<'_>,
    moment: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "DELETE FROM card_authorizations
          WHERE org_no = $1 AND holder_digest = $2 AND expires_at_ms < $3",
        args![holder.org_no, holder.digest, moment],
    )
    .await?;
    Ok(())
}

/// Begins a way to the bind page and back.
pub(super) async fn begin_authorization(
    tx: &mut Tx,
    holder: Holder<'_>,
    nonce_digest: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO card_authorizations (org_no, nonce_digest, holder_digest, state,
                                          expires_at_ms)
         VALUES ($1, $2, $3, 'begun', $4)",
        args![holder.org_no, nonce_digest, holder.digest, expires_at],
    )
    .await?;
    Ok(())
}

/// The holder's own way with this nonce.
pub(super) async fn find_authorization(
    tx: &mut Tx,
    vault: &Vault,
    holder: Holder<'_>,
    nonce_digest: &str,
) -> Result<Option<Authorization>, StoreError> {
    let row = tx
        .opt(
            "SELECT state, expires_at_ms, name, card_type, id_digest FROM card_authorizations
              WHERE org_no = $1 AND nonce_digest = $2 AND holder_digest = $3",
            args![holder.org_no, nonce_digest, holder.digest],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt = |column| corrupt("card_authorizations", column, nonce_digest);
    let open = |index, column| vault.open(&row.get::<String>(index)?).map_err(|_| corrupt(column));
    match row.get::<String>(0)?.as_str() {
        "begun" => Ok(Some(Authorization::Begun { expires_at: row.get(1)? })),
        "used" => Ok(Some(Authorization::Used)),
        "told" => Ok(Some(Authorization::Told(Person {
            name: PersonName::new(open(2, "name")?),
            card_type: CardType::from_code(row.get(3)?).ok_or_else(|| corrupt("card_type"))?,
            id_digest: IdDigest::new(open(4, "id_digest")?),
        }))),
        _ => Err(corrupt("state")),
    }
}

/// Keeps who it is. False, and nothing is changed, if the way was not open any more, or the code
/// came on another one before.
pub(super) async fn tell_authorization(
    tx: &mut Tx,
    vault: &Vault,
    (holder, nonce_digest): (Holder<'_>, &str),
    code_digest: &str,
    person: &Person,
) -> Result<bool, StoreError> {
    let told = tx
        .exec(
            "UPDATE card_authorizations
                SET state = 'told', code_digest = $4, name = $5, card_type = $6, id_digest = $7
              WHERE org_no = $1 AND nonce_digest = $2 AND holder_digest = $3 AND state = 'begun'
                AND NOT EXISTS (SELECT 1 FROM card_authorizations a
                                 WHERE a.org_no = $1 AND a.code_digest = $4)",
            args![
                holder.org_no,
                nonce_digest,
                holder.digest,
                code_digest,
                vault.seal(person.name.reveal()),
                person.card_type.code(),
                vault.seal(person.id_digest.reveal())
            ],
        )
        .await?;
    Ok(told == 1)
}

/// Uses the way up and forgets who came; false if that was done before.
pub(super) async fn use_authorization(
    tx: &mut Tx,
    holder: Holder<'_>,
    nonce_digest: &str,
) -> Result<bool, StoreError> {
    let used = tx
        .exec(
            "UPDATE card_authorizations
                SET state = 'used', name = NULL, card_type = NULL, id_digest = NULL
              WHERE org_no = $1 AND nonce_digest = $2 AND holder_digest = $3 AND state = 'told'",
            args![holder.org_no, nonce_digest, holder.digest],
        )
        .await?;
    Ok(used == 1)
}
