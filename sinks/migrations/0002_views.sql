-- Views that need no FINAL from the reader and leave out what is deleted. What depends on the as-of time T (the time
-- of the newest touchpoint) is computed here, never stored.

CREATE VIEW v_contacts AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    * EXCEPT (version, is_deleted, part_of),
    if(closed OR times_out_at <= as_of, 'ended', 'open') AS state
FROM contacts FINAL
WHERE is_deleted = 0 AND part_of = '';

CREATE VIEW v_visits AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    * EXCEPT (version, is_deleted),
    multiIf(
        ended_at IS NOT NULL, 'over',
        times_out_at <= as_of, 'timed_out',
        left_at IS NOT NULL, 'in_service',
        'waiting'
    ) AS state
FROM queue_visits FINAL
WHERE is_deleted = 0;

CREATE VIEW v_touchpoints AS
SELECT
    touchpoint.*,
    touchpoint.attributes AS attributes,
    contact.customer AS customer,
    contact.journey_id AS journey_id
FROM touchpoints AS touchpoint FINAL
LEFT JOIN
(
    SELECT contact_id, customer, journey_id FROM contacts FINAL WHERE is_deleted = 0
) AS contact ON contact.contact_id = touchpoint.contact_id;

CREATE VIEW v_journeys AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    * EXCEPT (version, is_deleted),
    if(closes_at < as_of, 'closed', 'open') AS state
FROM journeys FINAL
WHERE is_deleted = 0;

CREATE VIEW v_fcr AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    window_days,
    scope,
    attempt,
    countIf(is_broken) AS broken,
    countIf(NOT is_broken AND window_ends_at <= as_of) AS confirmed,
    countIf(NOT is_broken AND window_ends_at > as_of) AS pending,
    if(broken + confirmed = 0, NULL, confirmed / (broken + confirmed)) AS fcr
FROM
(
    SELECT
        attempt,
        arrayJoin([1, 3, 7, 30]) AS window_days,
        arrayJoin([('same_intent', first_repeat_same_at), ('any_intent', first_repeat_any_at)]) AS first_repeat,
        first_repeat.1 AS scope,
        ended_at + toIntervalDay(window_days) AS window_ends_at,
        coalesce(first_repeat.2 <= window_ends_at, 0) AS is_broken
    FROM v_contacts
    WHERE identified AND direction = 'inbound' AND attempt != 'none' AND state = 'ended'
)
GROUP BY window_days, scope, attempt
ORDER BY window_days, scope, attempt;

CREATE VIEW v_service_level AS
SELECT
    dialect,
    channel,
    queue,
    answered,
    figures.2 AS abandoned,
    figures.3 AS within,
    figures.4 AS offered,
    if(offered = 0, NULL, within / offered) AS service_level
FROM
(
    SELECT
        channel,
        queue,
        countIf(outcome = 'answered') AS answered,
        countIf(outcome = 'abandoned') AS gave_up,
        countIf(outcome = 'answered' AND coalesce(wait_s, 0) <= target_s) AS answered_within,
        countIf(outcome = 'abandoned' AND coalesce(wait_s, 0) <= target_s) AS abandoned_within,
        countIf(outcome = 'abandoned' AND coalesce(wait_s, 0) <= short_s) AS short_abandoned,
        -- the dialect, its abandoned, its numerator, its denominator
        arrayJoin([
            ('ours', gave_up, answered_within, toUInt64(answered + gave_up - abandoned_within)),
            ('cisco', toUInt64(gave_up - abandoned_within), answered_within, toUInt64(answered + gave_up - abandoned_within)),
            ('amazon_connect', gave_up, toUInt64(answered_within + abandoned_within), toUInt64(answered + gave_up)),
            ('genesys', toUInt64(gave_up - short_abandoned), answered_within, toUInt64(answered + gave_up - short_abandoned)),
            ('answered_only', gave_up, answered_within, answered),
            ('all_offered', gave_up, answered_within, toUInt64(answered + gave_up))
        ]) AS figures,
        figures.1 AS dialect
    FROM queue_visits FINAL
    WHERE is_deleted = 0
    GROUP BY channel, queue
);

CREATE VIEW v_switches AS
SELECT
    signal_id,
    customer,
    journey_id,
    at,
    from_channel,
    to_channel,
    JSONExtractFloat(details, 'seconds') AS seconds,
    cause,
    JSONExtractString(details, 'step') AS step,
    JSONExtractBool(details, 'invited') AS invited,
    previous_id AS from_contact_id,
    contact_id AS to_contact_id
FROM signals FINAL
WHERE is_deleted = 0 AND kind = 'channel_switch';

CREATE VIEW v_redials AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    contact_id,
    customer,
    identified,
    journey_id,
    channel,
    queue,
    intent,
    ended_at AS abandoned_at,
    multiIf(
        redial != '', redial,
        redial_id != '', 'pending',
        ended_at + toIntervalMinute(60) <= as_of, 'lost',
        'pending'
    ) AS outcome,
    contacts.redial_at AS redial_at,
    contacts.redial_id AS redial_id,
    dateDiff('millisecond', ended_at, redial_at) / 1000 AS seconds
FROM contacts FINAL
WHERE is_deleted = 0 AND part_of = '' AND direction = 'inbound' AND contacts.outcome = 'abandoned';

CREATE VIEW why_repeat AS
SELECT
    repeat.contact_id AS contact_id,
    repeat.rule AS rule,
    repeat.repeats_contact_id AS repeats_contact_id,
    arrayFirst(days -> seconds <= days * 86400, [1, 3, 7, 30]) AS window_days,
    dateDiff('millisecond', attempt.ended_at, repeat.started_at) / 1000 AS seconds,
    repeat.customer AS customer,
    repeat.journey_id AS journey_id,
    repeat.channel AS channel,
    repeat.intent AS intent,
    attempt.channel AS repeats_channel,
    attempt.intent AS repeats_intent,
    attempt.attempt AS repeats_attempt
FROM
(
    SELECT
        contact_id, customer, journey_id, channel, intent, started_at,
        arrayJoin([('same_intent', repeat_of_same), ('any_intent', repeat_of_any)]) AS found,
        found.1 AS rule,
        found.2 AS repeats_contact_id
    FROM contacts FINAL
    WHERE is_deleted = 0 AND part_of = ''
) AS repeat
INNER JOIN
(
    SELECT contact_id, channel, intent, attempt, ended_at FROM contacts FINAL WHERE is_deleted = 0 AND part_of = ''
) AS attempt ON attempt.contact_id = repeat.repeats_contact_id
WHERE repeat.repeats_contact_id != '';
