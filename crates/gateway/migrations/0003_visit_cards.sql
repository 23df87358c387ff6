-- 就诊卡 that a follower has added. Personal values are sealed; beside what is searched by stands a
-- keyed digest.
CREATE TABLE visit_cards (
    org_no TEXT NOT NULL,
    card_id TEXT NOT NULL,
    holder_digest TEXT NOT NULL,
    holder TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    visit_card_no TEXT NOT NULL,
    name TEXT NOT NULL,
    card_type BIGINT NOT NULL,
    id_digest TEXT NOT NULL,
    -- `authorization` or `hand`.
    added_by TEXT NOT NULL,
    added_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, card_id),
    UNIQUE (org_no, holder_digest, patient_id)
);
CREATE INDEX visit_cards_of_patient ON visit_cards (org_no, patient_id);

-- One row for each follower who ever added a card: guards how many there are, and says which is
-- shown first (none: the oldest).
CREATE TABLE visit_card_holders (
    org_no TEXT NOT NULL,
    holder_digest TEXT NOT NULL,
    cards BIGINT NOT NULL,
    default_card_id TEXT,
    PRIMARY KEY (org_no, holder_digest)
);

-- A way to the bind page for 社保实名授权 and back (PROTOCOL 2.6), good once and for one follower.
-- What the platform told is kept until the card is added, so that a silent HIS loses nothing.
CREATE TABLE card_authorizations (
    org_no TEXT NOT NULL,
    nonce_digest TEXT NOT NULL,
    holder_digest TEXT NOT NULL,
    -- `begun`, `told`, `used`.
    state TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    code_digest TEXT,
    name TEXT,
    card_type BIGINT,
    id_digest TEXT,
    PRIMARY KEY (org_no, nonce_digest),
    UNIQUE (org_no, code_digest)
);
