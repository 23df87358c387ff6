-- Visits of a day by channel: sessions that began, and arrivals by another channel within one.
CREATE TABLE channel_visits (
    org_no TEXT NOT NULL,
    day TEXT NOT NULL,
    channel TEXT NOT NULL,
    visits BIGINT NOT NULL,
    PRIMARY KEY (org_no, day, channel)
);
