-- One row for each refund that was accepted. The merchant is `merchant_key` of access/caller.rs:
-- the hospital's own number names a refund within it (PROTOCOL 3.5).
CREATE TABLE refunds (
    med_refund_id       TEXT   NOT NULL PRIMARY KEY,
    merchant            TEXT   NOT NULL,
    hosp_out_refund_no  TEXT   NOT NULL,
    med_trans_id        TEXT   NOT NULL,
    hosp_out_trade_no   TEXT   NOT NULL,
    -- test or production: whose bureau and wallet are asked.
    environment         TEXT   NOT NULL,
    -- What was asked for: ALL or CASH_ONLY.
    refund_type         TEXT   NOT NULL,
    cancel_bill_no      TEXT,
    cancel_serial_no    TEXT,
    -- What goes back: both, insurance or cash.
    legs                TEXT   NOT NULL,
    -- The order's total, and what goes back of each leg; fen. 0 where the leg is not in `legs`.
    total_fee           BIGINT NOT NULL,
    cash_fee            BIGINT NOT NULL,
    insurance_fee       BIGINT NOT NULL,
    -- The legs' numbers at wallet and bureau.
    cash_order_id       TEXT,
    insurance_order_id  TEXT,
    -- The machine's state, and the facts that hold in it.
    state               TEXT   NOT NULL,
    attempt             BIGINT NOT NULL,
    reversed_at_ms      BIGINT,
    returned_at_ms      BIGINT,
    refusal_code        TEXT,
    refusal_reason      TEXT,
    created_at_ms       BIGINT NOT NULL,
    changed_at_ms       BIGINT NOT NULL,
    -- When it became final; none before.
    finished_at_ms      BIGINT,
    version             BIGINT NOT NULL,
    UNIQUE (merchant, hosp_out_refund_no)
);

CREATE INDEX refunds_by_order ON refunds (med_trans_id);
-- A day's bill reads what succeeded that day.
CREATE INDEX refunds_by_success ON refunds (COALESCE(returned_at_ms, reversed_at_ms));
CREATE INDEX refunds_by_finish ON refunds (finished_at_ms);

-- What happened to a refund, never changed once written.
CREATE TABLE refund_events (
    id              {{id}},
    med_refund_id   TEXT   NOT NULL,
    -- The version of the refund that this event led to.
    version         BIGINT NOT NULL,
    event           TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    attempt         BIGINT NOT NULL,
    -- The idempotency key of the question that this answers.
    key             TEXT,
    -- The party's number of what went back, and how much, in fen.
    reference       TEXT,
    amount_fee      BIGINT,
    refusal_code    TEXT,
    refusal_reason  TEXT,
    -- When the party says it happened, if it does; and when we wrote it.
    happened_at_ms  BIGINT,
    written_at_ms   BIGINT NOT NULL,
    UNIQUE (med_refund_id, version)
);

-- An audit reads what went back on a day.
CREATE INDEX refund_events_by_time ON refund_events (happened_at_ms);
