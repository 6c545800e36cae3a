-- First contact resolution of attempts of the last 60 days, so that the widest window has had time to be confirmed.
SELECT
    window_days,
    scope,
    sum(of.broken) AS broken,
    sum(of.confirmed) AS confirmed,
    sum(of.pending) AS pending,
    (SELECT min(refreshed_at) FROM v_panels WHERE panel = 'panel_fcr') AS refreshed_at
FROM panel_fcr AS of
WHERE day > (SELECT toDate(max(as_of)) FROM v_horizon) - 60
GROUP BY window_days, scope
ORDER BY window_days, scope
