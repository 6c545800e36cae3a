-- Each queue by quarter of an hour, of the last 8 hours: who came, and how many in time (service level: ours).
SELECT
    queue, channel, starts_at, entered, answered, abandoned, answered_within AS within,
    answered + abandoned - abandoned_within AS counted
FROM v_queue_intervals
WHERE starts_at > (SELECT max(as_of) FROM v_horizon) - toIntervalHour(8)
ORDER BY queue, channel, starts_at
LIMIT 2000
