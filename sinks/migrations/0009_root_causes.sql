-- What came before each repeat, switch, escalation and transfer: the causes of a day (UTC), ranked. Where nothing is
-- comparable, base_rate, expected, lift, p_value and excess are none.
CREATE TABLE root_causes
(
    cause_id String CODEC(ZSTD),
    day DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    event LowCardinality(String),
    dimension LowCardinality(String),
    cause LowCardinality(String),
    rank UInt32,
    count UInt32,
    exposed UInt32,
    base_rate Nullable(Float64),
    expected Nullable(Float64),
    lift Nullable(Float64),
    p_value Nullable(Float64),
    significant UInt8,
    excess Nullable(Float64),
    minutes Float64,
    customers UInt32,
    as_of DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY cause_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW v_root_causes AS
SELECT * EXCEPT (version, is_deleted, cause_id) REPLACE (toDate(day) AS day)
FROM root_causes FINAL
WHERE is_deleted = 0;
