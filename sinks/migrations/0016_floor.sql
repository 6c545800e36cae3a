-- What dashboards read of the floor, live: nothing here is older than the sink's last insert (docs/reference/panels.md).

-- Which queue takes which channel, and where: as staffing last said it, else a queue without a site.
CREATE VIEW v_queues AS
SELECT queue, channel, argMax(site, known_at) AS site
FROM
(
    SELECT queue, channel, site, toUnixTimestamp64Milli(as_of) AS known_at FROM staffing FINAL WHERE is_deleted = 0
    UNION ALL
    SELECT DISTINCT queue, channel, '' AS site, toInt64(-1) AS known_at FROM queue_intervals FINAL WHERE is_deleted = 0
)
GROUP BY queue, channel;

-- A queue's quarter of an hour, of the visits that entered in it. All but the last four columns may be summed over
-- queues and time; the last four are then to be computed anew from the sums, as they are here.
CREATE VIEW v_queue_intervals AS
SELECT
    interval.* EXCEPT (version, is_deleted, interval_id),
    known.site AS site,
    if(answered + abandoned = abandoned_within, NULL, answered_within / (answered + abandoned - abandoned_within))
        AS service_level,
    if(answered = 0, NULL, wait_answered_s / answered) AS asa_s,
    if(answered = 0, NULL, (talk_s + hold_s + wrap_s) / answered) AS aht_s,
    if(answered + abandoned = 0, NULL, abandoned / (answered + abandoned)) AS abandonment
FROM (SELECT * FROM queue_intervals FINAL WHERE is_deleted = 0) AS interval
LEFT JOIN v_queues AS known ON known.queue = interval.queue AND known.channel = interval.channel;

-- The same in each dialect's words (docs/definitions.md, service level): service level = sum(within) / sum(offered).
CREATE VIEW v_service_levels AS
SELECT
    starts_at,
    queue,
    channel,
    site,
    figures.1 AS dialect,
    answered,
    figures.2 AS abandoned,
    figures.3 AS within,
    figures.4 AS offered
FROM
(
    SELECT
        starts_at,
        queue,
        channel,
        site,
        toInt64(of.answered) AS answered,
        toInt64(of.abandoned) AS gave_up,
        toInt64(of.answered_within) AS answered_within,
        toInt64(of.abandoned_within) AS abandoned_within,
        toInt64(of.short_abandoned) AS short_abandoned,
        arrayJoin([
            ('ours', gave_up, answered_within, answered + gave_up - abandoned_within),
            ('cisco', gave_up - abandoned_within, answered_within, answered + gave_up - abandoned_within),
            ('amazon_connect', gave_up, answered_within + abandoned_within, answered + gave_up),
            ('genesys', gave_up - short_abandoned, answered_within, answered + gave_up - short_abandoned),
            ('answered_only', gave_up, answered_within, answered),
            ('all_offered', gave_up, answered_within, answered + gave_up)
        ]) AS figures
    FROM v_queue_intervals AS of
);

-- Each queue and channel as of the newest touchpoint: who waits now, the interval that is running, what staffing says
-- of it, and the worst gap within an hour. Only visits that once waited are looked up, so it is quick however many
-- there were.
CREATE VIEW v_floor AS
WITH (SELECT max(time) FROM touchpoints) AS as_of_now
SELECT
    known.queue AS queue,
    known.channel AS channel,
    known.site AS site,
    as_of_now AS as_of,
    coalesce(now.waiting, 0) AS waiting,
    dateDiff('millisecond', now.oldest, as_of_now) / 1000 AS longest_wait_s,
    interval.starts_at AS starts_at,
    interval.entered AS entered,
    interval.answered AS answered,
    interval.abandoned AS abandoned,
    interval.service_level AS service_level,
    interval.asa_s AS asa_s,
    staffing.starts_at AS staffed_from,
    staffing.expected AS expected,
    staffing.required AS required,
    staffing.scheduled AS scheduled,
    staffing.available AS available,
    staffing.gap AS gap,
    coming.gap AS worst_gap,
    staffing.service_level AS service_level_expected,
    staffing.target AS target,
    staffing.target_s AS target_s,
    staffing.cause AS cause
FROM v_queues AS known
LEFT JOIN
(
    SELECT queue, channel, count() AS waiting, min(entered_at) AS oldest
    FROM queue_visits FINAL
    WHERE is_deleted = 0 AND outcome = 'waiting' AND left_at IS NULL AND times_out_at > as_of_now
        AND visit_id IN (SELECT visit_id FROM queue_visits WHERE outcome = 'waiting' AND times_out_at > as_of_now)
    GROUP BY queue, channel
) AS now ON now.queue = known.queue AND now.channel = known.channel
LEFT JOIN
(
    SELECT * FROM v_queue_intervals WHERE starts_at <= as_of_now AND starts_at + toIntervalSecond(interval_s) > as_of_now
) AS interval ON interval.queue = known.queue AND interval.channel = known.channel
LEFT JOIN
(
    SELECT * FROM v_staffing WHERE starts_at <= as_of_now AND starts_at + toIntervalSecond(interval_s) > as_of_now
) AS staffing ON staffing.queue = known.queue AND staffing.channel = known.channel
LEFT JOIN
(
    SELECT queue, channel, max(ahead.gap) AS gap
    FROM v_staffing AS ahead
    WHERE starts_at + toIntervalSecond(interval_s) > as_of_now AND starts_at <= as_of_now + toIntervalHour(1)
    GROUP BY queue, channel
) AS coming ON coming.queue = known.queue AND coming.channel = known.channel
SETTINGS join_use_nulls = 1;

-- Of each day (UTC) and site: how many moves were recommended, and of those that were measured what they did to the
-- service level of both sides against what was foretold. Without those that were withdrawn.
CREATE VIEW v_move_scores AS
SELECT
    toDate(starts_at) AS day,
    taker_site AS site,
    count() AS recommended,
    countIf(withdrawn) AS withdrawals,
    sumIf(agents, NOT withdrawn) AS agents_asked,
    sumIf(obeyed, NOT withdrawn) AS agents_moved,
    countIf(NOT withdrawn AND measured_at IS NOT NULL) AS measured,
    avgIf(gain, NOT withdrawn) AS gain_foretold,
    avgIf(taker_service_level_after, measured_at IS NOT NULL AND NOT withdrawn) AS taker_foretold,
    avgIf(taker_service_level_came, measured_at IS NOT NULL AND NOT withdrawn) AS taker_came,
    avgIf(giver_service_level_after, measured_at IS NOT NULL AND NOT withdrawn) AS giver_foretold,
    avgIf(giver_service_level_came, measured_at IS NOT NULL AND NOT withdrawn) AS giver_came
FROM v_moves
GROUP BY day, site;

-- Of the tables that the sink writes: rows as they lie there (versions that merges have not collapsed yet included).
CREATE VIEW v_pipeline AS
SELECT name AS table, assumeNotNull(total_rows) AS rows, assumeNotNull(total_bytes) AS bytes
FROM system.tables
WHERE database = currentDatabase() AND engine LIKE '%ReplacingMergeTree' AND name NOT LIKE '.%'
ORDER BY name;
