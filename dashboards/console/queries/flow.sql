-- The ways of journeys that opened in the last 7 days: from one contact's channel to the next one's.
SELECT
    step,
    source,
    target,
    sum(of.journeys) AS journeys,
    (SELECT min(refreshed_at) FROM v_panels WHERE panel = 'panel_flow') AS refreshed_at
FROM panel_flow AS of
WHERE kind = 'channel' AND step <= 3 AND target NOT IN ('open', 'closed', 'more')
    AND day > (SELECT toDate(max(as_of)) FROM v_horizon) - 7
GROUP BY step, source, target
ORDER BY step, journeys DESC, source, target
LIMIT 1000
