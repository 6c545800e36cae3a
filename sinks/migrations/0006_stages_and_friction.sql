-- The way of a journey through the stages and the seconds in each, the friction in it by stage and kind, and what it adds
-- to the effort score. What depends on the as-of time, or on what other customers waited, is computed when read.
ALTER TABLE contacts ADD COLUMN IF NOT EXISTS friction_stages Array(LowCardinality(String)) AFTER passed_on;

ALTER TABLE journeys
    ADD COLUMN IF NOT EXISTS stages Array(LowCardinality(String)) AFTER references,
    ADD COLUMN IF NOT EXISTS stage_s Array(Float64) AFTER stages,
    ADD COLUMN IF NOT EXISTS drops_off_at LowCardinality(String) AFTER stage_s,
    ADD COLUMN IF NOT EXISTS friction Array(LowCardinality(String)) AFTER drops_off_at,
    ADD COLUMN IF NOT EXISTS friction_stages Array(LowCardinality(String)) AFTER friction,
    ADD COLUMN IF NOT EXISTS friction_counts Array(Float64) AFTER friction_stages,
    ADD COLUMN IF NOT EXISTS friction_points Array(Float64) AFTER friction_counts,
    ADD COLUMN IF NOT EXISTS effort_points Float64 AFTER friction_points,
    ADD COLUMN IF NOT EXISTS long_wait_points Float64 AFTER effort_points;

DROP VIEW IF EXISTS v_contacts;

CREATE VIEW v_contacts AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    * EXCEPT (version, is_deleted, part_of),
    if(closed OR times_out_at <= as_of, 'ended', 'open') AS state
FROM contacts FINAL
WHERE is_deleted = 0 AND part_of = '';

-- How long visits waited, per queue and channel; n counts those whose wait is known.
CREATE VIEW v_queue_waits AS
SELECT
    queue,
    channel,
    count() AS n,
    quantileExactInclusive(0.5)(assumeNotNull(wait_s)) AS p50,
    quantileExactInclusive(0.9)(assumeNotNull(wait_s)) AS p90,
    quantileExactInclusive(0.95)(assumeNotNull(wait_s)) AS p95
FROM queue_visits FINAL
WHERE is_deleted = 0 AND wait_s IS NOT NULL
GROUP BY queue, channel;

-- Longer than nine of ten in its queue, and than the queue's target; a queue of fewer than 20 visits tells nothing.
CREATE VIEW v_long_waits AS
SELECT
    visit.visit_id AS visit_id,
    visit.contact_id AS contact_id,
    visit.queue AS queue,
    visit.channel AS channel,
    visit.entered_at AS entered_at,
    visit.wait_s AS wait_s,
    usual.p90 AS p90
FROM (SELECT * FROM queue_visits FINAL WHERE is_deleted = 0 AND wait_s IS NOT NULL) AS visit
INNER JOIN (SELECT * FROM v_queue_waits WHERE n >= 20) AS usual
    ON usual.queue = visit.queue AND usual.channel = visit.channel
WHERE visit.wait_s > greatest(usual.p90, visit.target_s);

-- What went wrong: one row a contact, stage and kind. A long wait is in the stage in which the visit began.
CREATE VIEW v_friction AS
SELECT contact_id, customer, identified, journey_id, channel, queue, intent, started_at, stage, kind, count() AS times
FROM
(
    SELECT
        contact_id, customer, identified, journey_id, channel, queue, intent, started_at,
        arrayJoin(arrayZip(friction, arrayResize(friction_stages, length(friction), 'unknown'))) AS felt,
        toString(felt.1) AS kind,
        toString(felt.2) AS stage
    FROM contacts FINAL
    WHERE is_deleted = 0 AND part_of = ''
    UNION ALL
    SELECT
        contact.contact_id AS contact_id, customer, identified, journey_id, contact.channel AS channel,
        waited.queue AS queue, intent, started_at,
        ('long_wait', 'unknown') AS felt,
        'long_wait' AS kind,
        if(
            empty(stages),
            'unknown',
            toString(stages[least(
                length(stages),
                1 + arrayCount(s -> s <= dateDiff('millisecond', started_at, waited.entered_at) / 1000, arrayCumSum(stage_s))
            )])
        ) AS stage
    FROM v_long_waits AS waited
    INNER JOIN (SELECT * FROM contacts FINAL WHERE is_deleted = 0) AS contact ON contact.contact_id = waited.contact_id
)
GROUP BY contact_id, customer, identified, journey_id, channel, queue, intent, started_at, stage, kind;

DROP VIEW IF EXISTS v_journeys;

-- effort: 0 to 100; its parts are friction_points (by friction_stages and friction) and long_waits * long_wait_points.
CREATE VIEW v_journeys AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    journey.* EXCEPT (drops_off_at),
    if(closes_at < as_of, 'closed', 'open') AS state,
    if(closes_at < as_of, drops_off_at, '') AS drop_off,
    waited.times AS long_waits,
    least(100, effort_points + waited.times * long_wait_points) AS effort
FROM (SELECT * EXCEPT (version, is_deleted) FROM journeys FINAL WHERE is_deleted = 0) AS journey
LEFT JOIN
(
    SELECT journey_id, sum(times) AS times FROM v_friction WHERE kind = 'long_wait' GROUP BY journey_id
) AS waited ON waited.journey_id = journey.journey_id;

CREATE VIEW v_stages AS
SELECT journey_id, customer, intent, stage, count() AS times, sum(lasted) AS seconds
FROM journeys FINAL
ARRAY JOIN stages AS stage, stage_s AS lasted
WHERE is_deleted = 0
GROUP BY journey_id, customer, intent, stage;

CREATE VIEW v_stage_paths AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    arrayStringConcat(stages, ' > ') AS path,
    count() AS journeys,
    uniqExact(customer) AS customers,
    countIf(closes_at < as_of AND drops_off_at != '') AS dropped_off,
    quantileExactInclusive(0.5)(dateDiff('millisecond', opened_at, last_at) / 1000) AS median_s
FROM journeys FINAL
WHERE is_deleted = 0
GROUP BY path;

-- Of the closed journeys that came through a stage, those that ended there with nothing settled.
CREATE VIEW v_drop_offs AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    arrayJoin(arrayDistinct(stages)) AS stage,
    count() AS journeys,
    countIf(drops_off_at = stage) AS dropped_off,
    dropped_off / journeys AS share
FROM journeys FINAL
WHERE is_deleted = 0 AND closes_at < as_of
GROUP BY stage;

-- What moments of truth are computed from: per journey and stage the points of friction, and the journey's survey score,
-- 0 to 100 (csat 1 to 5, nps 0 to 10 and ces 1 to 7, each on that scale; their mean where there are several).
CREATE VIEW v_moments AS
SELECT
    journey.journey_id AS journey_id,
    journey.customer AS customer,
    journey.intent AS intent,
    journey.stage AS stage,
    journey.points + coalesce(waited.times, 0) * journey.long_wait_points AS points,
    asked.csat AS csat,
    asked.nps AS nps,
    asked.ces AS ces,
    asked.score AS score
FROM
(
    SELECT
        journey_id, customer, intent, long_wait_points,
        toString(arrayJoin(arrayDistinct(stages))) AS stage,
        arraySum(arrayMap((own, points) -> if(own = stage, points, 0), friction_stages, friction_points)) AS points
    FROM journeys FINAL
    WHERE is_deleted = 0
) AS journey
LEFT JOIN
(
    SELECT journey_id, stage, sum(times) AS times FROM v_friction WHERE kind = 'long_wait' GROUP BY journey_id, stage
) AS waited ON waited.journey_id = journey.journey_id AND waited.stage = journey.stage
LEFT JOIN
(
    SELECT
        if(about.journey_id = '', survey.journey_id, about.journey_id) AS scored,
        avg(survey.csat) AS csat,
        avg(survey.nps) AS nps,
        avg(survey.ces) AS ces,
        [(csat - 1) / 4, nps / 10, (ces - 1) / 6] AS scales,
        toNullable(100 * arrayAvg(arrayMap(one -> assumeNotNull(one), arrayFilter(one -> one IS NOT NULL, scales)))) AS score
    FROM
    (
        SELECT * FROM contacts FINAL
        WHERE is_deleted = 0 AND part_of = '' AND (csat IS NOT NULL OR nps IS NOT NULL OR ces IS NOT NULL)
    ) AS survey
    LEFT JOIN
    (
        SELECT contact_id, journey_id FROM contacts FINAL WHERE is_deleted = 0
    ) AS about ON about.contact_id = survey.survey_of
    GROUP BY scored
) AS asked ON asked.scored = journey.journey_id;
