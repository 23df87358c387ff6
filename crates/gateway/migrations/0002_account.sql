-- Somebody whom WeChat vouched for, before the pages of a hospital. Of the cookie only a digest is
-- kept.
CREATE TABLE page_sessions (
    org_no TEXT NOT NULL,
    token_digest TEXT NOT NULL,
    appid TEXT NOT NULL,
    openid TEXT NOT NULL,
    channel TEXT NOT NULL,
    large BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, token_digest)
);
CREATE INDEX page_sessions_by_expiry ON page_sessions (org_no, expires_at_ms);

-- What is remembered of a person from one session to the next.
CREATE TABLE people (
    org_no TEXT NOT NULL,
    openid_digest TEXT NOT NULL,
    -- Whether the account's server was told that the person follows; unknown if it was told nothing.
    follows BIGINT,
    -- The channel of the poster that was scanned last.
    channel TEXT,
    -- Whether pages are wanted in large type.
    large BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, openid_digest)
);

-- What the account's server was told, so that the same told again has no second effect and the same
-- answer. `key` is a digest where it is made of personal data.
CREATE TABLE callbacks (
    org_no TEXT NOT NULL,
    key TEXT NOT NULL,
    -- The text that was answered; none if there was nothing to say.
    reply TEXT,
    received_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, key)
);
CREATE INDEX callbacks_by_time ON callbacks (org_no, received_at_ms);
