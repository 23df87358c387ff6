-- What patients are told. One that waits has an unfinished job in queue `message` under its
-- `client_msg_id`.
CREATE TABLE messages (
    org_no            TEXT   NOT NULL,
    -- What is told once; no personal data.
    key               TEXT   NOT NULL,
    -- The same for every attempt, so that WeChat shows one message only.
    client_msg_id     TEXT   NOT NULL,
    kind              TEXT   NOT NULL,
    -- The paid order it tells of, for sendmsg.
    hosp_out_trade_no TEXT,
    -- Sealed: to whom, and every word.
    content           TEXT   NOT NULL,
    -- waiting, sent, not_sent, or unknown (asked, and never answered).
    state             TEXT   NOT NULL,
    -- Why it was not sent; empty otherwise.
    reason            TEXT   NOT NULL,
    -- Which way it went: template or sendmsg; empty while it waits.
    way               TEXT   NOT NULL,
    attempts          BIGINT NOT NULL,
    -- When an attempt first had no answer.
    unknown_since_ms  BIGINT,
    created_at_ms     BIGINT NOT NULL,
    -- When it was sent or given up.
    finished_at_ms    BIGINT,
    version           BIGINT NOT NULL,
    PRIMARY KEY (org_no, key),
    UNIQUE (org_no, client_msg_id)
);

CREATE INDEX messages_by_time ON messages (org_no, created_at_ms);

-- Each attempt, without its words: they name a person.
CREATE TABLE message_attempts (
    org_no            TEXT   NOT NULL,
    client_msg_id     TEXT   NOT NULL,
    -- From 1.
    number            BIGINT NOT NULL,
    -- template or sendmsg.
    way               TEXT   NOT NULL,
    -- sent, elsewhere, refused, not_reached or unknown.
    outcome           TEXT   NOT NULL,
    -- The other side's code, if it answered with one.
    code              TEXT   NOT NULL,
    at_ms             BIGINT NOT NULL,
    -- Two ways may be tried in one attempt.
    PRIMARY KEY (org_no, client_msg_id, number, way)
);
