-- Events that could not be taken, by reason: all that are kept, and those of the last 24 hours.
SELECT
    reason,
    count() AS letters,
    countIf(at > (SELECT max(as_of) FROM v_horizon) - toIntervalHour(24)) AS lately,
    max(at) AS newest
FROM v_dead_letters
GROUP BY reason
ORDER BY letters DESC, reason
LIMIT 50
