INSERT INTO forecast_accuracy (day_id, queue, channel, day, intervals, actual, error, error_naive, version, is_deleted)
SELECT
    concat(queue, '/', channel, '/', toString(toDate(starts_at) AS date)), queue, channel, toDateTime64(date, 3, 'UTC'), count(),
    toUInt32(sum(forecast.expected)), sum(forecast.expected) * 0.15, sum(forecast.expected) * 0.25, $version, 0
FROM forecasts AS forecast FINAL
WHERE ahead = '1h' AND starts_at < at_ms($now)
GROUP BY queue, channel, date;
