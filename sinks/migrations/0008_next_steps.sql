-- What is to be expected after a contact, as it was foretold at as_of (docs/decisions/next-step.md): a judgement of its
-- moment, one row a contact. Probabilities are NULL where too little was known.
CREATE TABLE next_steps
(
    contact_id String CODEC(ZSTD),
    customer String CODEC(ZSTD),
    journey_id String CODEC(ZSTD),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    from_channel LowCardinality(String),
    p_15m Nullable(Float64),
    p_1h Nullable(Float64),
    p_1d Nullable(Float64),
    base_15m Nullable(Float64),
    base_1h Nullable(Float64),
    base_1d Nullable(Float64),
    channel LowCardinality(String),
    share Float64,
    p_switch Float64,
    reasons Array(String),
    as_of DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    learned_until DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    trials UInt32,
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY contact_id
SETTINGS non_replicated_deduplication_window = 1000;

-- Of each open journey whose customer has not come back since its last contact that was foretold, and not for a day:
-- the probability that another contact starts within so long of that one's end, given the silence since then, as far as
-- whole horizons have passed: (p - p_passed) / (1 - p_passed); NULL for those that have passed.
CREATE VIEW v_next_steps AS
WITH (SELECT max(time) FROM touchpoints) AS as_of_now
SELECT
    contact.journey_id AS journey_id,
    contact.customer AS customer,
    journey.intent AS intent,
    step.contact_id AS contact_id,
    step.from_channel AS from_channel,
    step.at AS at,
    dateDiff('millisecond', step.at, as_of_now) / 1000 AS silent_s,
    multiIf(silent_s >= 3600, step.p_1h, silent_s >= 900, step.p_15m, 0) AS p_passed,
    if(silent_s >= 900, NULL, step.p_15m) AS p_15m,
    if(silent_s >= 3600, NULL, (step.p_1h - p_passed) / (1 - p_passed)) AS p_1h,
    (step.p_1d - p_passed) / (1 - p_passed) AS p_1d,
    step.channel AS channel,
    step.share AS share,
    step.p_switch AS p_switch,
    step.reasons AS reasons,
    step.as_of AS as_of,
    step.trials AS trials
FROM (SELECT * FROM next_steps FINAL WHERE is_deleted = 0) AS step
INNER JOIN
(
    SELECT contact_id, customer, journey_id FROM contacts FINAL WHERE is_deleted = 0 AND part_of = ''
) AS contact ON contact.contact_id = step.contact_id
INNER JOIN
(
    SELECT journey_id, intent, closes_at FROM journeys FINAL WHERE is_deleted = 0
) AS journey ON journey.journey_id = contact.journey_id
LEFT JOIN
(
    SELECT customer, max(started_at) AS started_at
    FROM contacts FINAL
    WHERE is_deleted = 0 AND part_of = '' AND direction = 'inbound' AND channel NOT IN ('ad', 'review', 'survey')
    GROUP BY customer
) AS latest ON latest.customer = contact.customer
WHERE journey.closes_at >= as_of_now AND silent_s < 86400 AND latest.started_at <= step.at
ORDER BY at DESC
LIMIT 1 BY journey_id;
