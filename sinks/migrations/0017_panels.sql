-- What dashboards read of the past. FINAL over millions of rows takes seconds, so these are computed anew now and then
-- (refreshable materialised views: each is replaced as a whole, so that versions, tombstones, what was forgotten and
-- what has gone by retention are counted as the views of the definitions count them) and answer in milliseconds. How
-- old each is: v_panels. Nothing in them names a customer, a contact or a journey. docs/reference/panels.md says which
-- panel reads what, docs/decisions/panels.md why so.

-- Contacts by the hour (UTC) in which they started.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_contacts REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (starts_at, channel, intent, queue) EMPTY
AS SELECT
    toDateTime64(toStartOfHour(started_at), 3, 'UTC') AS starts_at,
    channel,
    intent,
    queue,
    direction,
    outcome,
    count() AS contacts,
    countIf(identified) AS identified,
    sum(contact.touchpoints) AS touchpoints,
    countIf(attempt != 'none') AS attempts,
    countIf(repeat_of_same != '') AS repeats_same_intent,
    countIf(repeat_of_any != '') AS repeats,
    countIf(containment_failed) AS containment_failures,
    sum(contact.transfers) AS transfers,
    sum(contact.escalations) AS escalations,
    sum(contact.conferences) AS conferences,
    sum(contact.wait_s) AS wait_s,
    sum(contact.talk_s) AS talk_s,
    sum(contact.hold_s) AS hold_s,
    sum(contact.wrap_s) AS wrap_s
FROM v_contacts AS contact
GROUP BY starts_at, channel, intent, queue, direction, outcome
SETTINGS max_threads = 1;

-- First contact resolution of attempts by the day (UTC) in which they ended: fcr = confirmed / (confirmed + broken).
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_fcr REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (day, window_days, scope, channel, intent, queue, attempt) EMPTY
AS WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    day,
    channel,
    intent,
    queue,
    attempt,
    scope_of.1 AS scope,
    window_days,
    toUInt64(broken_of) AS broken,
    toUInt64(over_of) AS confirmed,
    attempts - broken - confirmed AS pending
FROM
(
    SELECT
        toDate(ended_at) AS day,
        channel,
        intent,
        queue,
        attempt,
        days,
        count() AS attempts,
        sumForEach(arrayMap(end -> toUInt64(coalesce(first_repeat_same_at <= end, 0)), ends)) AS broken_same,
        sumForEach(arrayMap(end -> toUInt64(coalesce(first_repeat_any_at <= end, 0)), ends)) AS broken_any,
        sumForEach(arrayMap(end -> toUInt64(end <= as_of AND NOT coalesce(first_repeat_same_at <= end, 0)), ends)) AS over_same,
        sumForEach(arrayMap(end -> toUInt64(end <= as_of AND NOT coalesce(first_repeat_any_at <= end, 0)), ends)) AS over_any
    FROM
    (
        SELECT
            *,
            if(empty(window_ends), [1, 3, 7, 30], window_days) AS days,
            if(empty(window_ends), arrayMap(one -> ended_at + toIntervalDay(one), [1, 3, 7, 30]), window_ends) AS ends
        FROM v_contacts
        WHERE identified AND direction = 'inbound' AND attempt != 'none' AND state = 'ended'
    )
    GROUP BY day, channel, intent, queue, attempt, days
)
ARRAY JOIN
    [('same_intent', broken_same, over_same), ('any_intent', broken_any, over_any)] AS scope_of
ARRAY JOIN
    days AS window_days, scope_of.2 AS broken_of, scope_of.3 AS over_of
SETTINGS max_threads = 1;

-- Abandoned inbound contacts by the day (UTC) in which they ended, and what came of them: recovered, called_back, lost
-- or pending. redial_s: seconds until the redial, of those that have one (redialled), summed.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_redials REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (day, channel, queue, intent) EMPTY
AS SELECT
    toDate(abandoned_at) AS day,
    channel,
    queue,
    intent,
    identified,
    outcome,
    count() AS contacts,
    countIf(seconds IS NOT NULL) AS redialled,
    sum(coalesce(seconds, 0)) AS redial_s
FROM v_redials
GROUP BY day, channel, queue, intent, identified, outcome
SETTINGS max_threads = 1;

-- One row a channel switch.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_switches REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY at EMPTY
AS SELECT
    at,
    from_channel,
    to_channel,
    cause,
    step,
    invited,
    journey.intent AS intent,
    seconds
FROM v_switches AS switch
LEFT JOIN (SELECT journey_id, intent FROM journeys FINAL WHERE is_deleted = 0) AS journey
    ON journey.journey_id = switch.journey_id
SETTINGS max_threads = 1;

-- One row a journey. stage: where it is, or was when it closed; drop_off: the stage where it ended with nothing settled.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_journeys REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY opened_at EMPTY
AS WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    opened_at,
    last_at,
    closes_at,
    if(closes_at < as_of, 'closed', 'open') AS state,
    intent,
    identified,
    if(empty(stages), 'unknown', toString(stages[-1])) AS stage,
    arrayStringConcat(stages, ' > ') AS path,
    if(closes_at < as_of, drops_off_at, '') AS drop_off,
    first_channel,
    last_channel,
    length(journey.channels) AS channels,
    journey.contacts AS contacts,
    switches,
    repeats,
    coalesce(waited.times, 0) AS long_waits,
    least(100, effort_points + coalesce(waited.times, 0) * long_wait_points) AS effort
FROM (SELECT * FROM journeys FINAL WHERE is_deleted = 0) AS journey
LEFT JOIN
(
    SELECT journey_id, count() AS times
    FROM v_long_waits AS waited
    INNER JOIN (SELECT contact_id, journey_id FROM contacts FINAL WHERE is_deleted = 0) AS contact
        ON contact.contact_id = waited.contact_id
    GROUP BY journey_id
) AS waited ON waited.journey_id = journey.journey_id
SETTINGS max_threads = 1;

-- The ways of journeys by the day (UTC) in which they opened: from the step-th channel (of a contact; feedback is none)
-- or stage to the next. target is 'open' or 'closed' where nothing came after it, 'more' after the sixth.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_flow REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (day, kind, step, source, target, intent) EMPTY
AS WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    toDate(opened_at) AS day,
    kind,
    intent,
    edge.1 AS step,
    edge.2 AS source,
    edge.3 AS target,
    count() AS journeys
FROM
(
    SELECT
        opened_at,
        intent,
        if(closes_at < as_of, 'closed', 'open') AS state,
        -- A journey of nothing but an answer to a survey has no way.
        arrayJoin(arrayFilter(
            one -> notEmpty(one.2),
            [('channel', way.channels), ('stage', arrayMap(one -> toString(one), journey.stages))]
        )) AS path,
        path.1 AS kind,
        if(length(path.2) > 6, 'more', state) AS last,
        arraySlice(path.2, 1, 6) AS shown,
        arrayJoin(arrayZip(arrayEnumerate(shown), shown, arrayPushBack(arraySlice(shown, 2), last))) AS edge
    FROM (SELECT journey_id, opened_at, closes_at, intent, stages FROM journeys FINAL WHERE is_deleted = 0) AS journey
    LEFT JOIN
    (
        SELECT journey_id, arrayMap(one -> one.2, arraySort(groupArray((started_at, toString(channel))))) AS channels
        FROM contacts FINAL
        WHERE is_deleted = 0 AND part_of = '' AND channel NOT IN ('survey', 'review')
        GROUP BY journey_id
    ) AS way ON way.journey_id = journey.journey_id
)
GROUP BY day, kind, intent, step, source, target
SETTINGS max_threads = 1;

-- Friction by the day (UTC) in which the contact started; contacts counts each once for a stage and kind.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_friction REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (day, kind, stage, channel, queue, intent) EMPTY
AS SELECT day, kind, stage, channel, queue, intent, count() AS contacts, sum(felt) AS times
FROM
(
    SELECT
        toDate(started_at) AS day,
        channel,
        queue,
        intent,
        arrayZip(friction, arrayResize(friction_stages, length(friction), 'unknown')) AS pairs,
        arrayJoin(arrayDistinct(pairs)) AS pair,
        toString(pair.1) AS kind,
        toString(pair.2) AS stage,
        countEqual(pairs, pair) AS felt
    FROM contacts FINAL
    WHERE is_deleted = 0 AND part_of = ''
    UNION ALL
    SELECT day, channel, queue, intent, [] AS pairs, ('', '') AS pair, kind, stage, count() AS felt
    FROM
    (
        SELECT
            contact.contact_id AS contact_id,
            toDate(started_at) AS day,
            contact.channel AS channel,
            waited.queue AS queue,
            intent,
            'long_wait' AS kind,
            if(
                empty(stages),
                'unknown',
                toString(stages[least(
                    length(stages),
                    1 + arrayCount(s -> s <= dateDiff('millisecond', started_at, waited.entered_at) / 1000, arrayCumSum(stage_s))
                )])
            ) AS stage
        FROM (SELECT * FROM contacts FINAL WHERE is_deleted = 0) AS contact
        INNER JOIN v_long_waits AS waited ON contact.contact_id = waited.contact_id
    )
    GROUP BY contact_id, day, channel, queue, intent, kind, stage
)
GROUP BY day, kind, stage, channel, queue, intent
SETTINGS max_threads = 1;

-- Answers to surveys by day (UTC) and what they are about. mean = score_sum / responses. Of csat, good are 4 and 5; of
-- nps, good are 9 and 10 and bad 0 to 6: the score is 100 * (good - bad) / responses for both.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_surveys REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (day, kind, channel, queue, intent) EMPTY
AS SELECT
    toDate(at) AS day,
    kind,
    about.channel AS channel,
    about.queue AS queue,
    if(about.intent != '', about.intent, answer.intent) AS intent,
    count() AS responses,
    sum(score) AS score_sum,
    countIf(kind = 'csat' AND score >= 4 OR kind = 'nps' AND score >= 9) AS good,
    countIf(kind = 'nps' AND score <= 6) AS bad
FROM
(
    SELECT
        started_at AS at,
        intent,
        survey_of,
        arrayJoin([('csat', csat), ('nps', nps), ('ces', ces), ('qa', qa)]) AS given,
        given.1 AS kind,
        assumeNotNull(given.2) AS score
    FROM contacts FINAL
    WHERE is_deleted = 0 AND part_of = '' AND given.2 IS NOT NULL
) AS answer
LEFT JOIN
(
    SELECT contact_id, channel, queue, intent
    FROM v_contacts
    WHERE contact_id IN (SELECT survey_of FROM contacts WHERE survey_of != '')
) AS about ON about.contact_id = answer.survey_of
GROUP BY day, kind, channel, queue, intent
SETTINGS max_threads = 1;

-- Sentiment (-1 to 1) of the contacts that have one, by the hour (UTC) in which they started; sums, to be divided by
-- contacts.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_sentiment REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (starts_at, channel, queue, intent) EMPTY
AS SELECT
    toDateTime64(toStartOfHour(started_at), 3, 'UTC') AS starts_at,
    channel,
    queue,
    intent,
    count() AS contacts,
    sum(assumeNotNull(felt.first)) AS first_sum,
    sum(assumeNotNull(felt.last)) AS last_sum,
    sum(assumeNotNull(felt.low)) AS low_sum,
    countIf(felt.trend < 0) AS ended_worse,
    sum(felt.drops) AS drops
FROM v_sentiment AS felt
GROUP BY starts_at, channel, queue, intent
SETTINGS max_threads = 1;

-- Contacts that open journeys are about to bring, after contacts in from_channel, in the likeliest channel: of how many
-- journeys, and how many contacts within 15 min, 1 h and 1 d.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_next_steps REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (from_channel, channel, intent) EMPTY
AS SELECT
    from_channel,
    channel,
    intent,
    count() AS journeys,
    sum(coalesce(step.p_15m, 0)) AS within_15m,
    sum(coalesce(step.p_1h, 0)) AS within_1h,
    sum(coalesce(step.p_1d, 0)) AS within_1d
FROM v_next_steps AS step
GROUP BY from_channel, channel, intent
SETTINGS max_threads = 1;

-- v_agents, one row an agent's day (UTC); and v_agent_intervals, one row an agent's quarter of an hour.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_agents REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (day, agent) EMPTY
AS SELECT * FROM v_agents
SETTINGS max_threads = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS panel_agent_intervals REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (starts_at, agent) EMPTY
AS SELECT * EXCEPT (interval_id) FROM v_agent_intervals
SETTINGS max_threads = 1;

-- v_forecasts: what was foretold so long ahead, beside what came.
CREATE MATERIALIZED VIEW IF NOT EXISTS panel_forecasts REFRESH AFTER 30 SECOND
ENGINE = MergeTree ORDER BY (starts_at, queue, channel, ahead) EMPTY
AS SELECT * FROM v_forecasts
SETTINGS max_threads = 1;

-- As of when each panel is, by the store's clock, and how long it took to compute it.
CREATE VIEW v_panels AS
SELECT
    view AS panel,
    toDateTime64(last_success_time, 0, 'UTC') AS refreshed_at,
    dateDiff('second', last_success_time, now()) AS age_s,
    last_success_duration_ms / 1000 AS took_s,
    toDateTime64(next_refresh_time, 0, 'UTC') AS next_at,
    status,
    exception
FROM system.view_refreshes
WHERE database = currentDatabase() AND view LIKE 'panel\_%'
ORDER BY view;
