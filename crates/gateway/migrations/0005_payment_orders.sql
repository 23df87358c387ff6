-- An order to pay one bill through the platform. What is sealed names a person.
CREATE TABLE payment_orders (
    hosp_out_trade_no      TEXT   NOT NULL PRIMARY KEY,
    org_no                 TEXT   NOT NULL,
    bill_no                TEXT   NOT NULL,
    serial_no              TEXT   NOT NULL,
    patient_id             TEXT   NOT NULL,
    -- registration or outpatient.
    bill_kind              TEXT   NOT NULL,
    title                  TEXT   NOT NULL,
    department             TEXT   NOT NULL,
    doctor                 TEXT   NOT NULL,
    visit_day              TEXT   NOT NULL,
    card_type              BIGINT NOT NULL,
    -- Sealed.
    patient_name           TEXT   NOT NULL,
    -- Sealed: MD5 of the document number.
    patient_digest         TEXT   NOT NULL,
    -- Sealed; NULL where a pay code was scanned.
    openid                 TEXT,
    openid_digest          TEXT,
    -- Sealed: the pay code and its token.
    auth_code              TEXT,
    token                  TEXT,
    -- insurance or cash, as the payer chose.
    pay_with               TEXT   NOT NULL,
    channel                TEXT   NOT NULL,
    by_qr                  BIGINT NOT NULL,
    client_ip              TEXT   NOT NULL,
    -- Who is paid; with the cash part less its refunds, the commission's basis.
    mch_id                 TEXT   NOT NULL,
    sub_mch_id             TEXT,
    created_at_ms          BIGINT NOT NULL,
    expires_at_ms          BIGINT NOT NULL,
    -- Whether no other order may pay the bill.
    holds_bill             BIGINT NOT NULL,
    -- Sealed: what the platform is asked, word for word, so that asking again is asking the same.
    request                TEXT,
    -- What the platform says of the money.
    state                  TEXT   NOT NULL,
    -- insurance, mixed or cash; with the amounts, of the locked bill.
    kind                   TEXT,
    total_fee              BIGINT,
    cash_fee               BIGINT,
    insurance_fee          BIGINT,
    med_trans_id           TEXT,
    pay_url                TEXT,
    -- Why it ended, or is to end.
    ending                 TEXT,
    refusal_code           TEXT,
    refusal_reason         TEXT,
    paid_at_ms             BIGINT,
    late                   BIGINT NOT NULL,
    -- When we learnt that it is paid.
    heard_at_ms            BIGINT,
    -- Sealed: the bureau's words.
    response_content       TEXT,
    -- What the HIS says of the payment.
    confirmation           TEXT   NOT NULL,
    receipt_no             TEXT,
    queue_no               TEXT,
    guide                  TEXT,
    his_refusal_code       TEXT,
    his_refusal_reason     TEXT,
    cash_returned_fee      BIGINT NOT NULL,
    insurance_returned_fee BIGINT NOT NULL,
    changed_at_ms          BIGINT NOT NULL,
    version                BIGINT NOT NULL
);

-- Two visitors who pay one bill at once: exactly one does.
CREATE UNIQUE INDEX payment_orders_of_bill ON payment_orders (org_no, bill_no)
    WHERE holds_bill = 1;
CREATE INDEX payment_orders_of_payer ON payment_orders (org_no, openid_digest, created_at_ms);
CREATE INDEX payment_orders_by_payment ON payment_orders (org_no, paid_at_ms);
CREATE INDEX payment_orders_by_time ON payment_orders (org_no, created_at_ms);

-- What happened to a payment; never changed.
CREATE TABLE payment_events (
    hosp_out_trade_no TEXT   NOT NULL,
    -- Of the order after the event.
    version           BIGINT NOT NULL,
    event             TEXT   NOT NULL,
    state             TEXT   NOT NULL,
    confirmation      TEXT   NOT NULL,
    -- What another party said.
    code              TEXT,
    reason            TEXT,
    cash_fee          BIGINT,
    insurance_fee     BIGINT,
    written_at_ms     BIGINT NOT NULL,
    PRIMARY KEY (hosp_out_trade_no, version)
);
