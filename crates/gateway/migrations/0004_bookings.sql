-- Registrations that were booked through us. The HIS's word about them counts; here stands who
-- booked, where from, and what was chosen.
CREATE TABLE registrations (
    org_no TEXT NOT NULL,
    booking_no TEXT NOT NULL,
    holder_digest TEXT NOT NULL,
    holder TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    visit_day TEXT NOT NULL,
    fee BIGINT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    booked_at_ms BIGINT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, booking_no)
);

-- Registrations that were not paid through us, to be reported on the day of the visit (选用接口
-- §1.3). Before the first call it is written down for whom, so that a repeat says the same.
CREATE TABLE registration_reports (
    org_no TEXT NOT NULL,
    booking_no TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    serial_no TEXT NOT NULL,
    visit_day TEXT NOT NULL,
    request_content TEXT NOT NULL,
    hosp_out_trade_no TEXT NOT NULL,
    -- `waiting`, `asked`, `reported`, `refused`, `given_up`.
    state TEXT NOT NULL,
    holder TEXT,
    name TEXT,
    card_type BIGINT,
    id_digest TEXT,
    asked_at_ms BIGINT,
    response_content TEXT,
    reason TEXT,
    told_at_ms BIGINT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, booking_no),
    UNIQUE (hosp_out_trade_no)
);
