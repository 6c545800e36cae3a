-- The last change of an identifier's owner, so that joins and splits of a day can be counted: joined (it belongs to
-- another now), parted (to itself or to nobody), moved (from one to another); when, by the clock of the brokers' records.
ALTER TABLE identifiers ADD COLUMN IF NOT EXISTS change LowCardinality(String) AFTER unlinks;
ALTER TABLE identifiers ADD COLUMN IF NOT EXISTS changed_at DateTime64(3, 'UTC') AFTER change;

DROP VIEW IF EXISTS v_identifiers;

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
    CAST([], 'Array(String)') AS unlinks,
    toLowCardinality('') AS change,
    toDateTime64(0, 3, 'UTC') AS changed_at
FROM contacts FINAL
WHERE is_deleted = 0 AND identified AND customer NOT IN (SELECT identifier FROM identifiers FINAL WHERE is_deleted = 0);
