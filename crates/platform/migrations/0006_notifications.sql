-- The payment notification of each paid order. One waiting has an unfinished job in queue `notify`
-- under its `med_trans_id`.
CREATE TABLE notifications (
    med_trans_id    TEXT   NOT NULL PRIMARY KEY,
    -- waiting, acknowledged or given_up.
    state           TEXT   NOT NULL,
    -- How often it was sent since it was begun or last replayed.
    attempts        BIGINT NOT NULL,
    created_at_ms   BIGINT NOT NULL,
    -- When it was acknowledged or given up.
    finished_at_ms  BIGINT,
    version         BIGINT NOT NULL
);

CREATE INDEX notifications_by_state ON notifications (state, created_at_ms);

-- Each attempt, without its body: that names a person.
CREATE TABLE notification_attempts (
    id              {{id}},
    med_trans_id    TEXT   NOT NULL,
    -- Counts every attempt of the order, replays included, from 1.
    number          BIGINT NOT NULL,
    -- acknowledged, other_answer, not_sent or unknown.
    outcome         TEXT   NOT NULL,
    -- The HTTP status of an answer.
    status          BIGINT,
    at_ms           BIGINT NOT NULL,
    -- Machine milliseconds that the hospital took.
    took_ms         BIGINT NOT NULL,
    UNIQUE (med_trans_id, number)
);
