-- What is known of each identifier and why (docs/customer.md). evidence: a JSON array of objects, the sets of stronger
-- identifiers that it was seen with: identifiers, contacts, first_period_at, last_period_at (ms; a period has 30 days).

CREATE TABLE identifiers
(
    identifier String CODEC(ZSTD),
    kind LowCardinality(String),
    owner String CODEC(ZSTD),
    state LowCardinality(String),
    contacts UInt32,
    sets UInt32,
    evidence String CODEC(ZSTD),
    links Array(String),
    unlinks Array(String),
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY identifier
SETTINGS non_replicated_deduplication_window = 1000;

-- A customer id has no row while nobody has ruled about it: it belongs to itself.
CREATE VIEW v_identifiers AS
SELECT * EXCEPT (version, is_deleted)
FROM identifiers FINAL
WHERE is_deleted = 0
UNION ALL
SELECT DISTINCT
    customer AS identifier,
    toLowCardinality(substring(customer, 1, position(customer, ':') - 1)) AS kind,
    customer AS owner,
    toLowCardinality('owned') AS state,
    toUInt32(0) AS contacts,
    toUInt32(0) AS sets,
    '' AS evidence,
    CAST([], 'Array(String)') AS links,
    CAST([], 'Array(String)') AS unlinks
FROM contacts FINAL
WHERE is_deleted = 0 AND identified AND customer NOT IN (SELECT identifier FROM identifiers FINAL WHERE is_deleted = 0);
