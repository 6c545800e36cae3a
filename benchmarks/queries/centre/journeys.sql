-- Those of the contacts with these numbers.
INSERT INTO journeys
(
    journey_id, customer, identified, intent, opened_at, last_at, closes_at, contacts, channels, switches, repeats,
    first_channel, last_channel, stages, stage_s, drops_off_at, friction, friction_stages, friction_counts,
    friction_points, effort_points, long_wait_points, version, is_deleted
)
SELECT
    any(contact.journey_id), any(contact.customer), any(contact.identified), if(any(contact.intent) = '', 'unknown', any(contact.intent)) AS intent,
    at_ms(min(started)), at_ms(max(ended)) AS last_at,
    last_at + toIntervalDay(multiIf(intent IN ('billing', 'fault'), 14, intent = 'order', 30, intent = 'onboarding', 90, 7)),
    count() AS contacts, groupUniqArray(channel), countIf(before != channel AND before != ''), toUInt32(0.7 * (contacts - 1)),
    argMin(channel, i), argMax(channel, i),
    arraySlice(['evaluation', 'purchase', 'onboarding', 'use', 'service', 'retention', 'advocacy'], 1 + j % 4, 1 + least(3, contacts - 1)) AS stages,
    arrayMap(one -> round(3600 * chance(j, one), 1), stages),
    if(chance(j, 'drops') < 0.2, stages[-1], ''),
    if(contacts > 3, ['transfer', 'repeat'], []) AS friction, arrayMap(one -> stages[-1], friction),
    arrayMap(one -> 1. + cityHash64(j, one) % 3, friction) AS counts,
    arrayMap(one -> one * 10, counts), least(100, arraySum(counts) * 10), 10, $version, 0
FROM centre.contact AS contact
WHERE i >= $first AND i < $first + $count
GROUP BY j;
