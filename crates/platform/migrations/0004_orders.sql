-- One row for each order that was accepted. The merchant is `merchant_key` of access/caller.rs: the
-- hospital's own number names an order within it (PROTOCOL 1.6). Sealed: openid, patient_name,
-- patient_id and medical_card_id. Amounts in fen.
CREATE TABLE orders (
    med_trans_id          TEXT   NOT NULL PRIMARY KEY,
    merchant              TEXT   NOT NULL,
    -- test or production: whose bureau and wallet are asked. Never changes.
    environment           TEXT   NOT NULL,
    appid                 TEXT   NOT NULL,
    mch_id                TEXT   NOT NULL,
    sub_appid             TEXT,
    sub_mch_id            TEXT,
    hosp_out_trade_no     TEXT   NOT NULL,
    -- Keyed digest of every parameter but the nonce: the same number with others is refused.
    request_digest        TEXT   NOT NULL,
    -- The payer: openid under appid, or under sub_appid.
    payer_appid           TEXT   NOT NULL,
    openid                TEXT   NOT NULL,
    openid_digest         TEXT   NOT NULL,
    card_type             BIGINT NOT NULL,
    patient_name          TEXT   NOT NULL,
    patient_id            TEXT   NOT NULL,
    -- The bound card of an order that the bureau takes part in.
    medical_card_id       TEXT,
    order_type            TEXT   NOT NULL,
    hospital_name         TEXT   NOT NULL,
    body                  TEXT   NOT NULL,
    org_no                TEXT   NOT NULL,
    city_id               TEXT   NOT NULL,
    serial_no             TEXT   NOT NULL,
    bill_no               TEXT,
    channel_no            TEXT,
    extends               TEXT,
    spbill_create_ip      TEXT   NOT NULL,
    notify_url            TEXT   NOT NULL,
    -- None for an order from a scan at the window.
    return_url            TEXT,
    gmt_out_create_ms     BIGINT NOT NULL,
    -- As it came, byte for byte.
    request_content       TEXT,
    allow_fee_change      BIGINT NOT NULL,
    -- What the hospital asked for.
    asked_pay_type        TEXT   NOT NULL,
    asked_cash_fee        BIGINT NOT NULL,
    asked_insurance_fee   BIGINT NOT NULL,
    cash_add_fee          BIGINT NOT NULL,
    cash_add_wording      TEXT,
    cash_reduced_fee      BIGINT NOT NULL,
    cash_reduced_wording  TEXT,
    -- What is paid: fixed here, before the password. kind: cash, mixed or insurance.
    kind                  TEXT   NOT NULL,
    total_fee             BIGINT NOT NULL,
    cash_fee              BIGINT NOT NULL,
    insurance_fee         BIGINT NOT NULL,
    self_fee              BIGINT NOT NULL,
    fund_fee              BIGINT NOT NULL,
    other_fee             BIGINT NOT NULL,
    -- The machine's state, and the facts that hold in it.
    state                 TEXT   NOT NULL,
    attempt               BIGINT NOT NULL,
    confirmation          TEXT,
    refusals              BIGINT NOT NULL,
    refusal_leg           TEXT,
    refusal_code          TEXT,
    refusal_reason        TEXT,
    cash_order_id         TEXT,
    coupon_fee            BIGINT,
    cash_taken_at_ms      BIGINT,
    cash_returned_at_ms   BIGINT,
    insurance_order_id    TEXT,
    settled_insurance_fee BIGINT,
    settled_cash_fee      BIGINT,
    settled_self_fee      BIGINT,
    settled_fund_fee      BIGINT,
    settled_other_fee     BIGINT,
    settled_at_ms         BIGINT,
    response_content      TEXT,
    -- time_end, once paid; and whether we learnt of it only after its day.
    paid_at_ms            BIGINT,
    late                  BIGINT NOT NULL,
    -- expired or asked, once closed.
    closing               TEXT,
    -- The refund that holds a part, or has given it back if there is a time.
    cash_reserved_by          TEXT,
    cash_refunded_at_ms       BIGINT,
    insurance_reserved_by     TEXT,
    insurance_refunded_at_ms  BIGINT,
    created_at_ms         BIGINT NOT NULL,
    expires_at_ms         BIGINT NOT NULL,
    changed_at_ms         BIGINT NOT NULL,
    version               BIGINT NOT NULL,
    UNIQUE (merchant, hosp_out_trade_no)
);

-- A day's bill reads what was paid, taken and given back that day.
CREATE INDEX orders_by_payment ON orders (paid_at_ms);
CREATE INDEX orders_by_capture ON orders (cash_taken_at_ms);
CREATE INDEX orders_by_return ON orders (cash_returned_at_ms);
-- An audit lists what is in flight.
CREATE INDEX orders_by_state ON orders (state, changed_at_ms);

-- What happened to an order, never changed once written.
CREATE TABLE order_events (
    id              {{id}},
    med_trans_id    TEXT   NOT NULL,
    -- The version of the order that this event led to.
    version         BIGINT NOT NULL,
    event           TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    attempt         BIGINT NOT NULL,
    -- The idempotency key of the question that this answers.
    key             TEXT,
    -- The party's number of what was moved, or the refund; and how much, in fen.
    reference       TEXT,
    amount_fee      BIGINT,
    refusal_code    TEXT,
    refusal_reason  TEXT,
    -- When the party says it happened, if it does; and when we wrote it.
    happened_at_ms  BIGINT,
    written_at_ms   BIGINT NOT NULL,
    UNIQUE (med_trans_id, version)
);

CREATE INDEX order_events_by_time ON order_events (happened_at_ms);
