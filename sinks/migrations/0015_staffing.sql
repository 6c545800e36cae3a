-- What staffing says of each queue and channel by interval, as it was last judged (docs/definitions.md, staffing):
-- agents as full-time ones on the floor, scheduled none where no schedule was uploaded.
CREATE TABLE staffing
(
    interval_id String CODEC(ZSTD),
    queue LowCardinality(String),
    channel LowCardinality(String),
    site LowCardinality(String),
    starts_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    interval_s UInt32,
    expected Float64,
    low Float64,
    high Float64,
    from_journeys Float64,
    aht_s Float64,
    patience_s Nullable(Float64),
    required Float64,
    to_schedule Float64,
    scheduled Nullable(Float64),
    available Float64,
    gap Float64,
    service_level Float64,
    target Float64,
    target_s Float64,
    asa_s Nullable(Float64),
    abandonment Float64,
    occupancy Float64,
    cause LowCardinality(String),
    model LowCardinality(String),
    as_of DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY interval_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW v_staffing AS
SELECT * EXCEPT (version, is_deleted, interval_id)
FROM staffing FINAL
WHERE is_deleted = 0;

-- The same forecasts, kept as they were last made so long before their interval: ahead is now, 15m, 1h, 4h, 1d or 7d.
CREATE TABLE forecasts
(
    forecast_id String CODEC(ZSTD),
    queue LowCardinality(String),
    channel LowCardinality(String),
    starts_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    interval_s UInt32,
    ahead LowCardinality(String),
    expected Float64,
    low Float64,
    high Float64,
    from_journeys Float64,
    as_of DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY forecast_id
SETTINGS non_replicated_deduplication_window = 1000;

-- Beside what then came: all who entered, those who redialled too, which no forecast counts.
CREATE VIEW v_forecasts AS
SELECT
    forecast.* EXCEPT (version, is_deleted, forecast_id),
    came.entered AS entered
FROM forecasts AS forecast FINAL
LEFT JOIN
(
    SELECT queue, channel, starts_at, toNullable(entered) AS entered FROM queue_intervals FINAL WHERE is_deleted = 0
) AS came ON came.queue = forecast.queue AND came.channel = forecast.channel AND came.starts_at = forecast.starts_at
WHERE forecast.is_deleted = 0;

-- How good forecasts made an hour ahead were, by day (UTC): absolute errors summed over the intervals that are over.
CREATE TABLE forecast_accuracy
(
    day_id String CODEC(ZSTD),
    queue LowCardinality(String),
    channel LowCardinality(String),
    day DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    intervals UInt32,
    actual UInt32,
    error Float64,
    error_naive Float64,
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY day_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW v_forecast_accuracy AS
SELECT
    * EXCEPT (version, is_deleted, day_id) REPLACE (toDate(day) AS day),
    if(actual = 0, NULL, error / actual) AS wape,
    if(actual = 0, NULL, error_naive / actual) AS wape_naive
FROM forecast_accuracy FINAL
WHERE is_deleted = 0;

-- Moves that were recommended, with what was foretold of both sides and, once it is known, what came of it.
CREATE TABLE moves
(
    move_id String CODEC(ZSTD),
    as_of DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    agents UInt32,
    starts_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    until DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    deadline DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    gain Float64,
    cause LowCardinality(String),
    withdrawn UInt8,
    obeyed Nullable(Float64),
    measured_at Nullable(DateTime64(3, 'UTC')),
    giver_queue LowCardinality(String),
    giver_channel LowCardinality(String),
    giver_site LowCardinality(String),
    giver_agents_before Float64,
    giver_agents_after Float64,
    giver_service_level_before Float64,
    giver_service_level_after Float64,
    giver_service_level_came Nullable(Float64),
    giver_gap Float64,
    taker_queue LowCardinality(String),
    taker_channel LowCardinality(String),
    taker_site LowCardinality(String),
    taker_agents_before Float64,
    taker_agents_after Float64,
    taker_service_level_before Float64,
    taker_service_level_after Float64,
    taker_service_level_came Nullable(Float64),
    taker_gap Float64,
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY move_id
SETTINGS non_replicated_deduplication_window = 1000;

-- obeyed: how many agents were seen to move.
CREATE VIEW v_moves AS
SELECT * EXCEPT (version, is_deleted)
FROM moves FINAL
WHERE is_deleted = 0;
