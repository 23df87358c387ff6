-- Template messages, one for each different request about an order.
CREATE TABLE messages (
    med_trans_id TEXT NOT NULL,
    -- Keyed digest of every parameter but the nonce.
    request_digest TEXT NOT NULL,
    msg_type TEXT NOT NULL,
    -- WeChat sends one message for one of these within its day.
    client_msg_id TEXT NOT NULL UNIQUE,
    -- Null until WeChat has taken it.
    sent_at_ms BIGINT,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (med_trans_id, request_digest)
);
