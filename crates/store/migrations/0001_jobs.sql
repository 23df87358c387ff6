-- Jobs that are not finished. A finished one is deleted by the transaction that finishes it.
CREATE TABLE jobs (
    id {{id}},
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- Business time, milliseconds since 1970: when it was due at first, and when it is due now.
    first_due_at_ms BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    -- Tries that ended in a postponement.
    attempts BIGINT NOT NULL DEFAULT 0,
    -- Rises with every lease, so that a worker that lost its lease can be told from its successor.
    token BIGINT NOT NULL DEFAULT 0,
    -- Machine time in milliseconds; NULL while nobody has taken it.
    leased_until_ms BIGINT,
    UNIQUE (queue, key)
);

CREATE INDEX jobs_by_due ON jobs (queue, due_at_ms, id);
