-- Channel switches of the last 24 hours (by the newest event): from where to where, why, and after how long.
SELECT
    from_channel,
    to_channel,
    cause,
    count() AS switches,
    quantileExactInclusive(0.5)(seconds) AS median_s,
    (SELECT min(refreshed_at) FROM v_panels WHERE panel = 'panel_switches') AS refreshed_at
FROM panel_switches
WHERE at > (SELECT max(as_of) FROM v_horizon) - toIntervalHour(24)
GROUP BY from_channel, to_channel, cause
ORDER BY switches DESC, from_channel, to_channel, cause
LIMIT 500
