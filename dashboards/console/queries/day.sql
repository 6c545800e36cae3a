-- Each queue by quarter of an hour, of the last 8 hours: who came, and how many in time (service level: ours). Of the
-- table, as the view looks up each queue's site as well.
SELECT
    queue, channel, starts_at, entered, answered, abandoned, answered_within AS within,
    answered + abandoned - abandoned_within AS counted
FROM queue_intervals FINAL
WHERE is_deleted = 0 AND starts_at > (SELECT max(as_of) FROM v_horizon) - toIntervalHour(8)
ORDER BY queue, channel, starts_at
LIMIT 2000
