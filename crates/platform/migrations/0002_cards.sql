-- Bound social-security cards. A card belongs to the openid it was bound under: the same person has
-- another openid, and so another row, under another account. Sealed: openid, name, id_digest and
-- the numbers.
CREATE TABLE cards (
    holder_digest TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    name TEXT NOT NULL,
    card_type BIGINT NOT NULL,
    id_digest TEXT NOT NULL,
    medical_card_no TEXT NOT NULL,
    medical_card_id TEXT NOT NULL,
    medical_comp_no TEXT,
    medical_insurance_type TEXT,
    medical_user_id TEXT NOT NULL,
    city_id TEXT NOT NULL,
    bound_at_ms BIGINT NOT NULL,
    UNIQUE (environment, appid, medical_user_id)
);

-- Tries at the bind form, by person and day.
CREATE TABLE bind_tries (
    holder_digest TEXT NOT NULL,
    tried_on TEXT NOT NULL,
    tries BIGINT NOT NULL,
    PRIMARY KEY (holder_digest, tried_on)
);

-- Bind links, by digest of the link; openid is sealed.
CREATE TABLE bind_links (
    link_digest TEXT PRIMARY KEY,
    -- What the link is derived from, with the vault's key, and the keyed digest of every parameter
    -- but the nonce: the same request again gets the same link while that lives.
    seed TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    token_appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    url TEXT NOT NULL,
    source TEXT,
    city_id TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    issued_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX bind_links_of_request ON bind_links (request_digest);

-- One-time codes of a real-name authorization, by digest; openid is sealed.
CREATE TABLE consents (
    code_digest TEXT PRIMARY KEY,
    token_appid TEXT NOT NULL,
    environment TEXT NOT NULL,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

-- Scanned codes that were turned into a token, by digest; openid is sealed. The token is derived
-- from the seed with the vault's key.
CREATE TABLE scans (
    auth_digest TEXT NOT NULL,
    merchant TEXT NOT NULL,
    token_digest TEXT NOT NULL UNIQUE,
    seed TEXT NOT NULL,
    environment TEXT NOT NULL,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (auth_digest, merchant)
);

-- What a token was used for: once per kind of interface.
CREATE TABLE scan_uses (
    token_digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    hosp_out_trade_no TEXT NOT NULL,
    used_at_ms BIGINT NOT NULL,
    PRIMARY KEY (token_digest, kind)
);
