-- First contact resolution by window: broken, confirmed, pending (docs/definitions.md).
SELECT window_days, scope, sum(v.broken) AS broken, sum(v.confirmed) AS confirmed, sum(v.pending) AS pending
FROM v_fcr AS v
GROUP BY window_days, scope
ORDER BY window_days, scope
