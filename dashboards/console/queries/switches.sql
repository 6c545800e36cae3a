-- Channel switches of the last 24 hours (by the newest event): from where to where, why, and after how long.
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT from_channel, to_channel, cause, count() AS switches, quantileExactInclusive(0.5)(seconds) AS median_s
FROM v_switches
WHERE at > as_of - toIntervalHour(24)
GROUP BY from_channel, to_channel, cause
ORDER BY switches DESC, from_channel, to_channel, cause
LIMIT 500
