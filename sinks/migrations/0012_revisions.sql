-- A source may send a touchpoint again with newer content (data.revision): the highest one counts, also if it happened in
-- another month than the one before. No table can be given a version later, so this one is made anew; its rows stay.
DROP TABLE IF EXISTS touchpoints_before;

CREATE TABLE touchpoints_revised
(
    id String CODEC(ZSTD),
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    channel LowCardinality(String),
    type LowCardinality(String),
    contact_id String CODEC(ZSTD),
    intent LowCardinality(String),
    queue LowCardinality(String),
    agent LowCardinality(String),
    direction LowCardinality(String),
    outcome LowCardinality(String),
    reference String CODEC(ZSTD),
    source LowCardinality(String),
    wait_s Nullable(Float64),
    talk_s Nullable(Float64),
    hold_s Nullable(Float64),
    wrap_s Nullable(Float64),
    invited UInt8,
    raw String CODEC(ZSTD(3)),
    identifiers Map(LowCardinality(String), String)
        DEFAULT JSONExtract(raw, 'data', 'identifiers', 'Map(LowCardinality(String), String)') CODEC(ZSTD),
    revision UInt64 DEFAULT JSONExtractUInt(raw, 'data', 'revision') CODEC(ZSTD),
    attributes String ALIAS JSONExtractRaw(raw, 'data', 'attributes'),
    INDEX by_contact contact_id TYPE bloom_filter GRANULARITY 4
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(time)
ORDER BY id
SETTINGS non_replicated_deduplication_window = 1000;

INSERT INTO touchpoints_revised
(
    id, time, channel, type, contact_id, intent, queue, agent, direction, outcome, reference, source,
    wait_s, talk_s, hold_s, wrap_s, invited, raw, identifiers
)
SELECT
    id, time, channel, type, contact_id, intent, queue, agent, direction, outcome, reference, source,
    wait_s, talk_s, hold_s, wrap_s, invited, raw, identifiers
FROM touchpoints;

RENAME TABLE touchpoints TO touchpoints_before, touchpoints_revised TO touchpoints;

DROP TABLE touchpoints_before;
