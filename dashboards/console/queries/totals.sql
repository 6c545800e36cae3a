-- What has been put together so far, and up to when.
SELECT *
FROM
    (SELECT count() AS touchpoints, max(time) AS as_of FROM touchpoints) AS t,
    (SELECT count() AS contacts FROM v_contacts) AS c,
    (SELECT count() AS journeys, countIf(state = 'open') AS open, countIf(contacts > 1) AS several FROM v_journeys) AS j
