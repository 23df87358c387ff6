-- A call of the HIS that changes something, under its Idempotency-Key: the same key with the same
-- words gets the first answer again. While status is NULL somebody is at it, until busy_until_ms
-- (machine time) at most.
CREATE TABLE his_keys (
    org_no TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Keyed digest of the body: it may name a patient.
    body_digest TEXT NOT NULL,
    status BIGINT,
    -- Sealed: it may carry a QR code's token.
    answer TEXT,
    busy_until_ms BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, key)
);

CREATE INDEX his_keys_age ON his_keys (org_no, created_at_ms);
