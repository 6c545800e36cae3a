-- What changes has a version, given by its one writer, and collapses to the highest: ORDER BY is the identity and
-- nothing else. Only what never changes is partitioned: a tombstone carries its id alone, so that a partition key
-- taken from any other column would put it apart from the row that it ends (docs/decisions/tables.md).

CREATE TABLE touchpoints
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
    attributes String ALIAS JSONExtractRaw(raw, 'data', 'attributes'),
    INDEX by_contact contact_id TYPE bloom_filter GRANULARITY 4
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE contacts
(
    contact_id String CODEC(ZSTD),
    customer String CODEC(ZSTD),
    identified UInt8,
    journey_id String CODEC(ZSTD),
    part_of String CODEC(ZSTD),
    channel LowCardinality(String),
    intent LowCardinality(String),
    direction LowCardinality(String),
    attempt LowCardinality(String),
    started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    ended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    closed UInt8,
    times_out_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    outcome LowCardinality(String),
    resolution LowCardinality(String),
    queue LowCardinality(String),
    wait_s Float64,
    talk_s Float64,
    hold_s Float64,
    wrap_s Float64,
    transfers UInt32,
    conferences UInt32,
    escalations UInt32,
    agents Array(String),
    references Array(String),
    containment_failed UInt8,
    invited UInt8,
    touchpoints UInt32,
    first_repeat_same_at Nullable(DateTime64(3, 'UTC')),
    first_repeat_any_at Nullable(DateTime64(3, 'UTC')),
    repeat_of_same String CODEC(ZSTD),
    repeat_of_any String CODEC(ZSTD),
    redial_at Nullable(DateTime64(3, 'UTC')),
    redial_id String CODEC(ZSTD),
    redial LowCardinality(String),
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY contact_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE queue_visits
(
    visit_id String CODEC(ZSTD),
    contact_id String CODEC(ZSTD),
    queue LowCardinality(String),
    channel LowCardinality(String),
    direction LowCardinality(String),
    entered_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    left_at Nullable(DateTime64(3, 'UTC')),
    ended_at Nullable(DateTime64(3, 'UTC')),
    outcome LowCardinality(String),
    wait_s Nullable(Float64),
    talk_s Float64,
    hold_s Float64,
    wrap_s Float64,
    agent LowCardinality(String),
    target_s Float64,
    short_s Float64,
    times_out_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY visit_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE journeys
(
    journey_id String CODEC(ZSTD),
    customer String CODEC(ZSTD),
    identified UInt8,
    intent LowCardinality(String),
    opened_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    last_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    closes_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    contacts UInt32,
    channels Array(LowCardinality(String)),
    switches UInt32,
    repeats UInt32,
    first_channel LowCardinality(String),
    last_channel LowCardinality(String),
    references Array(String),
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY journey_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE signals
(
    signal_id String CODEC(ZSTD),
    kind LowCardinality(String),
    customer String CODEC(ZSTD),
    journey_id String CODEC(ZSTD),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    contact_id String CODEC(ZSTD),
    previous_id String CODEC(ZSTD),
    from_channel LowCardinality(String),
    to_channel LowCardinality(String),
    cause LowCardinality(String),
    details String CODEC(ZSTD),
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY signal_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE queue_intervals
(
    interval_id String CODEC(ZSTD),
    queue LowCardinality(String),
    channel LowCardinality(String),
    starts_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    interval_s UInt32,
    entered UInt32,
    answered UInt32,
    abandoned UInt32,
    short_abandoned UInt32,
    transferred UInt32,
    called_back UInt32,
    waiting UInt32,
    answered_within UInt32,
    abandoned_within UInt32,
    wait_answered_s Float64,
    wait_abandoned_s Float64,
    longest_wait_s Float64,
    talk_s Float64,
    hold_s Float64,
    wrap_s Float64,
    target_s Float64,
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY interval_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE dead_letters
(
    letter_id String CODEC(ZSTD),
    topic LowCardinality(String),
    partition Int32,
    offset Int64,
    stage LowCardinality(String),
    reason LowCardinality(String),
    message String CODEC(ZSTD),
    key String CODEC(ZSTD),
    value String CODEC(ZSTD(3)),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY letter_id
SETTINGS non_replicated_deduplication_window = 1000;
