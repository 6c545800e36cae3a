-- One customer among millions is found without reading all of them. Rows from before are indexed in the background.
ALTER TABLE contacts ADD INDEX IF NOT EXISTS by_customer customer TYPE bloom_filter GRANULARITY 1;
ALTER TABLE contacts ADD INDEX IF NOT EXISTS by_journey journey_id TYPE bloom_filter GRANULARITY 1;
ALTER TABLE journeys ADD INDEX IF NOT EXISTS by_customer customer TYPE bloom_filter GRANULARITY 1;
ALTER TABLE signals ADD INDEX IF NOT EXISTS by_customer customer TYPE bloom_filter GRANULARITY 1;
ALTER TABLE contacts MATERIALIZE INDEX by_customer;
ALTER TABLE contacts MATERIALIZE INDEX by_journey;
ALTER TABLE journeys MATERIALIZE INDEX by_customer;
ALTER TABLE signals MATERIALIZE INDEX by_customer;

DROP VIEW IF EXISTS v_next_steps;

-- The same as before, without reading what is older than a day: a contact that has been silent for longer is left out,
-- and only one that started since can have come after it. Candidates are looked for in every version, then judged by
-- the newest.
CREATE VIEW v_next_steps AS
WITH (SELECT max(time) FROM touchpoints) AS as_of_now
SELECT
    contact.journey_id AS journey_id,
    contact.customer AS customer,
    journey.intent AS intent,
    step.contact_id AS contact_id,
    step.from_channel AS from_channel,
    step.at AS at,
    dateDiff('millisecond', step.at, as_of_now) / 1000 AS silent_s,
    multiIf(silent_s >= 3600, step.p_1h, silent_s >= 900, step.p_15m, 0) AS p_passed,
    if(silent_s >= 900, NULL, step.p_15m) AS p_15m,
    if(silent_s >= 3600, NULL, (step.p_1h - p_passed) / (1 - p_passed)) AS p_1h,
    (step.p_1d - p_passed) / (1 - p_passed) AS p_1d,
    step.channel AS channel,
    step.share AS share,
    step.p_switch AS p_switch,
    step.reasons AS reasons,
    step.as_of AS as_of,
    step.trials AS trials
FROM
(
    SELECT * FROM next_steps FINAL
    WHERE is_deleted = 0 AND contact_id IN (SELECT contact_id FROM next_steps WHERE at > as_of_now - toIntervalDay(1))
) AS step
INNER JOIN
(
    SELECT contact_id, customer, journey_id FROM contacts FINAL
    WHERE is_deleted = 0 AND part_of = ''
        AND contact_id IN (SELECT contact_id FROM next_steps WHERE at > as_of_now - toIntervalDay(1))
) AS contact ON contact.contact_id = step.contact_id
INNER JOIN
(
    SELECT journey_id, intent, closes_at FROM journeys FINAL WHERE is_deleted = 0
) AS journey ON journey.journey_id = contact.journey_id
LEFT JOIN
(
    SELECT customer, max(started_at) AS started_at
    FROM contacts FINAL
    WHERE is_deleted = 0 AND part_of = '' AND direction = 'inbound' AND channel NOT IN ('ad', 'review', 'survey')
        AND contact_id IN (SELECT contact_id FROM contacts WHERE started_at > as_of_now - toIntervalDay(1))
    GROUP BY customer
) AS latest ON latest.customer = contact.customer
WHERE journey.closes_at >= as_of_now AND silent_s < 86400 AND latest.started_at <= step.at
ORDER BY at DESC
LIMIT 1 BY journey_id;
