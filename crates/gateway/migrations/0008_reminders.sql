-- Each follower who has added a visit card, and what was done about a social-security card. One
-- who is looked at has an unfinished job in queue `bind_reminder` under `reminder_id`.
CREATE TABLE bind_reminders (
    org_no          TEXT   NOT NULL,
    -- Keyed digest of the openid; the appid is its scope.
    openid_digest   TEXT   NOT NULL,
    -- Sealed.
    openid          TEXT   NOT NULL,
    -- Names the follower in jobs and messages without telling who it is.
    reminder_id     TEXT   NOT NULL,
    -- looking or resting.
    state           TEXT   NOT NULL,
    -- Looks that decided nothing, while looking.
    looks           BIGINT NOT NULL,
    -- Since when it has rested; null while looking.
    resting_since_ms BIGINT,
    -- When the follower was last reminded, and how often.
    reminded_at_ms  BIGINT,
    times           BIGINT NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    PRIMARY KEY (org_no, openid_digest),
    UNIQUE (org_no, reminder_id)
);

CREATE INDEX bind_reminders_resting ON bind_reminders (org_no, state, resting_since_ms);

-- What the HIS is asked about before a patient is told: a bill, a report, a visit. One that waits
-- has an unfinished job in queue `remind`.
CREATE TABLE reminders (
    org_no          TEXT   NOT NULL,
    -- bill, result or visit.
    kind            TEXT   NOT NULL,
    -- The HIS's number of it.
    subject         TEXT   NOT NULL,
    -- Sealed: whose it is, and what the HIS told of it.
    detail          TEXT   NOT NULL,
    -- waiting, told or dropped.
    state           TEXT   NOT NULL,
    -- Why nothing was told; empty otherwise.
    reason          TEXT   NOT NULL,
    -- How often the HIS was asked in vain.
    tries           BIGINT NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    finished_at_ms  BIGINT,
    version         BIGINT NOT NULL,
    PRIMARY KEY (org_no, kind, subject)
);
