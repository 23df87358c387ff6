-- A refund: the HIS is asked, the platform gives back, the HIS is told. `open` is 1 until that has
-- ended, and an order has one open refund at most. `nth` counts the refunds of an order: of two that
-- are asked for at once on the same facts, the second finds its number taken.
CREATE TABLE refunds (
    org_no TEXT NOT NULL,
    hosp_out_refund_no TEXT NOT NULL,
    hosp_out_trade_no TEXT NOT NULL,
    bill_no TEXT NOT NULL,
    nth BIGINT NOT NULL,
    -- patient, staff or system, and the member of staff.
    asked_by TEXT NOT NULL,
    asked_by_name TEXT,
    reason TEXT NOT NULL,
    scope TEXT NOT NULL,
    -- What is reserved: the whole part, or null where it is not in the refund.
    cash_fee BIGINT,
    insurance_fee BIGINT,
    state TEXT NOT NULL,
    open BIGINT NOT NULL,
    cancel_bill_no TEXT,
    cancel_serial_no TEXT,
    refusal_code TEXT,
    refusal_reason TEXT,
    -- When it ended at the platform.
    outcome_at_ms BIGINT,
    asked_at_ms BIGINT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (org_no, hosp_out_refund_no),
    UNIQUE (org_no, hosp_out_trade_no, nth)
);

CREATE UNIQUE INDEX refunds_open ON refunds (org_no, hosp_out_trade_no) WHERE open = 1;
CREATE INDEX refunds_by_outcome ON refunds (org_no, outcome_at_ms);

-- What happened to a refund, in order.
CREATE TABLE refund_events (
    org_no TEXT NOT NULL,
    hosp_out_refund_no TEXT NOT NULL,
    version BIGINT NOT NULL,
    event TEXT NOT NULL,
    state TEXT NOT NULL,
    refusal_code TEXT,
    refusal_reason TEXT,
    written_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, hosp_out_refund_no, version)
);

-- What a person must look at. One thing is put once; put again after it was closed, it is opened
-- anew.
CREATE TABLE staff_queue (
    org_no TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What of its kind: a number of an order, a refund or a notification.
    key TEXT NOT NULL,
    hosp_out_trade_no TEXT NOT NULL,
    what TEXT NOT NULL,
    -- 1 until somebody has dealt with it.
    open BIGINT NOT NULL,
    opened_at_ms BIGINT NOT NULL,
    closed_at_ms BIGINT,
    PRIMARY KEY (org_no, kind, key)
);

CREATE INDEX staff_queue_open ON staff_queue (org_no, open, opened_at_ms);
CREATE INDEX staff_queue_of_order ON staff_queue (org_no, hosp_out_trade_no);

-- Who did what about it, and when.
CREATE TABLE staff_actions (
    org_no TEXT NOT NULL,
    hosp_out_trade_no TEXT NOT NULL,
    number BIGINT NOT NULL,
    action TEXT NOT NULL,
    by_name TEXT NOT NULL,
    note TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, hosp_out_trade_no, number)
);
