-- A payment notification that was verified, compared and acknowledged. Repeated deliveries of the
-- same facts only count; the row never changes otherwise.
CREATE TABLE notices (
    org_no TEXT NOT NULL,
    med_trans_id TEXT NOT NULL,
    hosp_out_trade_no TEXT NOT NULL,
    pay_type BIGINT NOT NULL,
    total_fee BIGINT NOT NULL,
    cash_fee BIGINT NOT NULL,
    insurance_fee BIGINT NOT NULL,
    time_end_ms BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    first_received_at_ms BIGINT NOT NULL,
    last_received_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, med_trans_id),
    -- One bill is never paid by two orders.
    UNIQUE (org_no, hosp_out_trade_no)
);

-- A notification whose signature is right and whose facts cannot be: refused, and kept for a
-- person to look at.
CREATE TABLE contradictions (
    org_no TEXT NOT NULL,
    med_trans_id TEXT NOT NULL,
    hosp_out_trade_no TEXT NOT NULL,
    reason TEXT NOT NULL,
    pay_type BIGINT NOT NULL,
    total_fee BIGINT NOT NULL,
    cash_fee BIGINT NOT NULL,
    insurance_fee BIGINT NOT NULL,
    time_end_ms BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    first_received_at_ms BIGINT NOT NULL,
    last_received_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, med_trans_id, hosp_out_trade_no, reason, pay_type, total_fee, cash_fee,
                 insurance_fee, time_end_ms)
);
