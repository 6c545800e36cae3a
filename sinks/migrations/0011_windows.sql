-- Of an attempt the windows within which a contact repeats it, in days (or working days of its site), and when each of
-- them ends; of an abandoned contact until when another one is a redial. Rows from before have none of these, and are
-- read as they were: 1, 3, 7 and 30 days, and 60 minutes.
ALTER TABLE contacts
    ADD COLUMN IF NOT EXISTS window_days Array(UInt32) AFTER redial,
    ADD COLUMN IF NOT EXISTS window_ends Array(DateTime64(3, 'UTC')) AFTER window_days,
    ADD COLUMN IF NOT EXISTS redial_until Nullable(DateTime64(3, 'UTC')) AFTER window_ends;

-- What the sink was told that views need: lateness_s, the lateness horizon in seconds. The last word on each holds.
CREATE TABLE settings_used
(
    name String,
    value Float64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY name;

DROP VIEW IF EXISTS v_horizon;

-- As of when the figures are, and since when they are provisional: touchpoints from before are no longer taken, if any
-- of their contact are known.
CREATE VIEW v_horizon AS
SELECT
    (SELECT max(time) FROM touchpoints) AS as_of,
    as_of - toIntervalSecond(if(count() = 0, 35 * 86400, any(value))) AS provisional_since
FROM settings_used FINAL
WHERE name = 'lateness_s';

DROP VIEW IF EXISTS v_contacts;

CREATE VIEW v_contacts AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    * EXCEPT (version, is_deleted, part_of),
    if(closed OR times_out_at <= as_of, 'ended', 'open') AS state
FROM contacts FINAL
WHERE is_deleted = 0 AND part_of = '';

DROP VIEW IF EXISTS v_fcr;

CREATE VIEW v_fcr AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    window.1 AS window_days,
    scope,
    attempt,
    countIf(is_broken) AS broken,
    countIf(NOT is_broken AND window.2 <= as_of) AS confirmed,
    countIf(NOT is_broken AND window.2 > as_of) AS pending,
    if(broken + confirmed = 0, NULL, confirmed / (broken + confirmed)) AS fcr
FROM
(
    SELECT
        attempt,
        arrayJoin(if(
            empty(v_contacts.window_ends),
            arrayMap(days -> (toUInt32(days), ended_at + toIntervalDay(days)), [1, 3, 7, 30]),
            arrayZip(v_contacts.window_days, v_contacts.window_ends)
        )) AS window,
        arrayJoin([('same_intent', first_repeat_same_at), ('any_intent', first_repeat_any_at)]) AS first_repeat,
        first_repeat.1 AS scope,
        coalesce(first_repeat.2 <= window.2, 0) AS is_broken
    FROM v_contacts
    WHERE identified AND direction = 'inbound' AND attempt != 'none' AND state = 'ended'
)
GROUP BY window_days, scope, attempt
ORDER BY window_days, scope, attempt;

DROP VIEW IF EXISTS v_redials;

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
    coalesce(contacts.redial_until, ended_at + toIntervalMinute(60)) AS redial_until,
    multiIf(
        redial != '', redial,
        redial_id != '', 'pending',
        redial_until <= as_of, 'lost',
        'pending'
    ) AS outcome,
    contacts.redial_at AS redial_at,
    contacts.redial_id AS redial_id,
    dateDiff('millisecond', ended_at, redial_at) / 1000 AS seconds
FROM contacts FINAL
WHERE is_deleted = 0 AND part_of = '' AND direction = 'inbound' AND contacts.outcome = 'abandoned';

DROP VIEW IF EXISTS why_repeat;

CREATE VIEW why_repeat AS
SELECT
    repeat.contact_id AS contact_id,
    repeat.rule AS rule,
    repeat.repeats_contact_id AS repeats_contact_id,
    arrayFirst(window -> repeat.started_at <= window.2, attempt.windows).1 AS window_days,
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
    SELECT
        contact_id, channel, intent, attempt, ended_at,
        if(
            empty(window_ends),
            arrayMap(days -> (toUInt32(days), ended_at + toIntervalDay(days)), [1, 3, 7, 30]),
            arrayZip(window_days, window_ends)
        ) AS windows
    FROM contacts FINAL
    WHERE is_deleted = 0 AND part_of = ''
) AS attempt ON attempt.contact_id = repeat.repeats_contact_id
WHERE repeat.repeats_contact_id != '';
