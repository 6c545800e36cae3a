INSERT INTO forecasts
(
    forecast_id, queue, channel, starts_at, interval_s, ahead, expected, low, high, from_journeys, as_of, version, is_deleted
)
SELECT
    concat(interval_id, '/', ahead), queue, channel, starts_at, 900, ahead, expected, low, high, from_journeys, as_of, $version, 0
FROM staffing FINAL
ARRAY JOIN ['now', '15m', '1h', '4h', '1d', '7d'] AS ahead;
