-- Registrations reported to a bureau, by the hospital's own number. Sealed: medical_card_id,
-- request_content and response_content.
CREATE TABLE registrations (
    merchant TEXT NOT NULL,
    hosp_out_trade_no TEXT NOT NULL,
    -- The key under which the bureau is asked, however often.
    report_key TEXT NOT NULL UNIQUE,
    -- Keyed digest of every parameter but the nonce: the same number with others is refused.
    request_digest TEXT NOT NULL,
    environment TEXT NOT NULL,
    city_id TEXT NOT NULL,
    org_no TEXT NOT NULL,
    serial_no TEXT NOT NULL,
    medical_card_id TEXT NOT NULL,
    request_content TEXT NOT NULL,
    -- pending, registered or refused, with the fact that holds in it.
    state TEXT NOT NULL,
    response_content TEXT,
    refusal TEXT,
    version BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (merchant, hosp_out_trade_no)
);
