DROP VIEW IF EXISTS v_queues;

-- Queues and channels that have been seen, and the site that staffing says they belong to. Of all versions, as what is
-- older names the same queue, and the newest says the site: to collapse them cost most of what reads of quarter hours did.
CREATE VIEW v_queues AS
SELECT queue, channel, argMax(site, known_at) AS site
FROM
(
    SELECT queue, channel, site, toUnixTimestamp64Milli(as_of) AS known_at FROM staffing WHERE is_deleted = 0
    UNION ALL
    SELECT DISTINCT queue, channel, '' AS site, toInt64(-1) AS known_at FROM queue_intervals WHERE is_deleted = 0
)
GROUP BY queue, channel;
