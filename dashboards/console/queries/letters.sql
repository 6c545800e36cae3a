-- Events that could not be taken, by reason: all that are kept, and those of the last 24 hours.
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT reason, count() AS letters, countIf(at > as_of - toIntervalHour(24)) AS lately, max(at) AS newest
FROM dead_letters FINAL
GROUP BY reason
ORDER BY letters DESC, reason
LIMIT 50
