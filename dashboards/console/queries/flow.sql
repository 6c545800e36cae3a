-- The first four contacts of each journey that went on in the last 24 hours: through which channels, one after another.
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT channels, count() AS journeys
FROM
(
    SELECT
        journey_id,
        arraySlice(arrayMap(one -> one.3, arraySort(groupArray((started_at, contact_id, channel)))), 1, 4) AS channels
    FROM v_contacts
    WHERE journey_id IN (SELECT journey_id FROM v_journeys WHERE contacts > 1 AND last_at > as_of - toIntervalHour(24))
    GROUP BY journey_id
)
GROUP BY channels
ORDER BY journeys DESC, channels
LIMIT 500
