INSERT INTO root_causes
(
    cause_id, day, event, dimension, cause, rank, count, exposed, base_rate, expected, lift, p_value, significant, excess,
    minutes, customers, as_of, version, is_deleted
)
SELECT
    concat(toString(day), event, toString(rank)), toDateTime64(toDate(at_ms($now)) - days, 3, 'UTC') AS day, event,
    ['article', 'node', 'queue', 'team', 'intent'][1 + rank % 5], concat('cause-', toString(cityHash64(event, rank, days) % 500)),
    rank, 400 - rank * 10, 5000, 0.05, 250, 1 + 1 / rank, 0.001, rank < 10, 150 - rank * 5, 4000 - rank * 100, 300 - rank * 8,
    at_ms($now), $version, 0
FROM (SELECT number AS days FROM numbers(toUInt64($span / 86400000))) AS past
CROSS JOIN (SELECT arrayJoin(['repeat', 'switch', 'escalation', 'transfer', 'failure']) AS event) AS events
CROSS JOIN (SELECT 1 + number AS rank FROM numbers(25)) AS ranks;
