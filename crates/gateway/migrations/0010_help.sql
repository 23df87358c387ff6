-- 就医反馈: what patients tell the hospital. Who wrote it, the text and the contact are sealed.
CREATE TABLE feedback (
    org_no TEXT NOT NULL,
    feedback_no TEXT NOT NULL,
    openid_digest TEXT NOT NULL,
    category TEXT NOT NULL,
    content TEXT NOT NULL,
    contact TEXT NOT NULL,
    written_at_ms BIGINT NOT NULL,
    PRIMARY KEY (org_no, feedback_no)
);
CREATE INDEX feedback_by_time ON feedback (org_no, written_at_ms);
