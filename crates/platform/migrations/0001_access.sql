-- Access tokens, by keyed digest: the database cannot be used to call.
CREATE TABLE access_tokens (
    token_digest TEXT PRIMARY KEY,
    appid TEXT NOT NULL,
    kind TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    -- Until when it lives on beside the newer one of its kind; NULL while it is the latest.
    replaced_until_ms BIGINT
);
CREATE INDEX access_tokens_of_account ON access_tokens (appid, kind);

-- One row per account and kind, whose lock orders the issuing of tokens.
CREATE TABLE token_issuers (
    appid TEXT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- What the latest stable token is derived from, with the vault's key.
    seed TEXT,
    expires_at_ms BIGINT,
    forced_on TEXT,
    forced_times BIGINT NOT NULL,
    forced_at_ms BIGINT,
    PRIMARY KEY (appid, kind)
);

-- Who stands before a page; openid and real_name are sealed.
CREATE TABLE page_sessions (
    session_digest TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    real_name TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX page_sessions_expiry ON page_sessions (expires_at_ms);
