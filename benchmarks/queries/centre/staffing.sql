-- Each queue's quarter of an hour from 07:00 to 21:00 UTC, until seven days from now.
INSERT INTO staffing
(
    interval_id, queue, channel, site, starts_at, interval_s, expected, low, high, from_journeys, aht_s, patience_s,
    required, to_schedule, scheduled, available, gap, service_level, target, target_s, asa_s, abandonment, occupancy, cause,
    model, as_of, version, is_deleted
)
SELECT
    concat(queue, '/', channel, '/', toString(starts)), queue, channel, ['berlin', 'dublin', 'porto'][1 + cityHash64(queue) % 3],
    at_ms(starts), 900, round(4 + 16 * chance(queue, starts), 1) AS expected, expected * 0.7, expected * 1.3, 0.5, 300, 120,
    ceil(expected / 3) AS required, required + 1, required, round(required + 2 * chance(starts, queue) - 1, 1) AS available,
    available - required, round(0.6 + 0.4 * chance(queue, starts + 1), 3), 0.8, 20, 15, 0.05, 0.8, 'forecast', 'erlang_a',
    at_ms(least($now, starts)), $version, 0
FROM
(
    SELECT queue, channel, $now - $now % 86400000 - $span + number * 86400000 + slot * 900000 AS starts
    FROM (SELECT DISTINCT queue, channel FROM queue_intervals) AS queues
    CROSS JOIN (SELECT number FROM numbers(toUInt64($span / 86400000) + 8)) AS days
    CROSS JOIN (SELECT 28 + number AS slot FROM numbers(56)) AS slots
);
