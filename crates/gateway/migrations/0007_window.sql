-- A pay code that a patient showed at a window, until its order stands. What became of the order is
-- told by payment_orders. What is sealed is forgotten when the scan has ended.
CREATE TABLE window_scans (
    org_no            TEXT   NOT NULL,
    -- The HIS's number of the scan.
    scan_no           TEXT   NOT NULL,
    -- Keyed digest of what the HIS sent: the same number stands for the same scan.
    sent_digest       TEXT   NOT NULL,
    bill_no           TEXT   NOT NULL,
    -- insurance or cash.
    pay_with          TEXT   NOT NULL,
    window_name       TEXT   NOT NULL,
    -- Sealed JSON: the registration to report before.
    registration      TEXT,
    -- Its number in qrcodepreregister, fixed before the first try.
    register_no       TEXT   NOT NULL,
    -- Sealed.
    auth_code         TEXT,
    -- Sealed.
    token             TEXT,
    -- Sealed JSON: who is treated.
    patient           TEXT,
    patient_id        TEXT,
    -- asking, registering, ordering, ordered or failed.
    state             TEXT   NOT NULL,
    hosp_out_trade_no TEXT,
    -- Why it failed; and sealed, what another party said of it.
    why               TEXT,
    said              TEXT,
    created_at_ms     BIGINT NOT NULL,
    changed_at_ms     BIGINT NOT NULL,
    version           BIGINT NOT NULL,
    PRIMARY KEY (org_no, scan_no)
);
