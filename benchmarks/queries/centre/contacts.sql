-- $version: 2 the newest; of 1, an earlier one, its outcome is not known yet.
INSERT INTO contacts
(
    contact_id, customer, identified, journey_id, channel, intent, direction, attempt, started_at, ended_at, closed,
    times_out_at, outcome, resolution, queue, wait_s, talk_s, hold_s, wrap_s, transfers, escalations, agents, touchpoints,
    first_repeat_same_at, first_repeat_any_at, repeat_of_same, repeat_of_any, redial_at, redial_id, redial, window_days,
    window_ends, redial_until, queues, stages, stage_s, friction, friction_stages, sentiment_first, sentiment_last,
    sentiment_low, csat, nps, survey_of, survey_joined_by, version, is_deleted
)
SELECT
    id, customer, identified, journey_id, channel, intent,
    if(chance(i, 'direction') < 0.93, 'inbound', 'outbound') AS direction,
    if($version = 2, attempt, 'none'), at_ms(started), at_ms(ended),
    $version = 2 AND ended < $now, at_ms(ended + 14400000),
    if($version = 2, outcome, 'open'),
    ['resolved', 'resolved', 'unresolved', ''][1 + cityHash64(i, 'resolution') % 4], queue, wait_s,
    if(outcome = 'answered', round(-log(1 - chance(i, 'talk')) * 280, 1), 0),
    if(outcome = 'answered' AND chance(i, 'holds') < 0.2, round(60 * chance(i, 'hold'), 1), 0),
    if(outcome = 'answered', round(40 * chance(i, 'wrap'), 1), 0),
    outcome = 'answered' AND chance(i, 'transfer') < 0.1, outcome = 'answered' AND chance(i, 'escalation') < 0.03,
    if(outcome = 'answered', [concat('agent-', toString(cityHash64(i, 'agent') % 200))], []), touchpoints,
    if(next_started > 0 AND attempt != 'none', at_ms(next_started), NULL) AS repeated_at, repeated_at,
    if(place > 0 AND chance(i, 'repeats') < 0.7, id_of(i - 1, 'contact'), '') AS repeats, repeats,
    if(outcome = 'abandoned' AND next_started > 0 AND next_started - ended BETWEEN 0 AND 3600000, at_ms(next_started), NULL) AS redial_at,
    if(redial_at IS NULL, '', id_of(i + 1, 'contact')),
    if(redial_at IS NULL, '', if(chance(i + 1, 'outcome') < 0.88, 'recovered', 'lost')),
    if(attempt = 'none', [], [1, 3, 7, 30]),
    if(attempt = 'none', [], arrayMap(days -> at_ms(ended + days * 86400000), [1, 3, 7, 30])),
    if(outcome = 'abandoned', at_ms(ended + 3600000), NULL),
    if(queue = '', [], [queue]),
    multiIf(channel = 'survey', ['advocacy'], assisted, ['service'], chance(i, 'stage') < 0.3, ['evaluation', 'service'], ['use']) AS stages,
    arrayMap(one -> round((ended - started) / 1000 / length(stages), 1), stages),
    arrayFilter(kind -> chance(i, kind) < 0.05 AND $version = 2, ['failed_search', 'ivr_opt_out', 'transfer', 'repeat', 'abandonment', 'repeated_explanation']) AS friction,
    arrayMap(kind -> stages[-1], friction),
    if(chance(i, 'sounds') < 0.3, round(2 * chance(i, 'first') - 1, 2), NULL) AS first,
    if(first IS NULL, NULL, round(2 * chance(i, 'last') - 1, 2)) AS last,
    least(first, last),
    if(channel = 'survey' AND i % 2 = 0, 1 + cityHash64(i, 'csat') % 5, NULL),
    if(channel = 'survey' AND i % 2 = 1, cityHash64(i, 'nps') % 11, NULL),
    if(channel = 'survey' AND place > 0, id_of(i - 1, 'contact'), '') AS about,
    if(about = '', '', 'contact'),
    $version, 0
FROM centre.contact
WHERE i >= $first AND i < $first + $count;
