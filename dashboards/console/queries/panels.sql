-- As of when the store itself last added up what the others read of the past, and why not later, if so.
SELECT panel, refreshed_at, substring(exception, 1, 200) AS exception
FROM v_panels
WHERE panel IN ('panel_contacts', 'panel_fcr', 'panel_flow', 'panel_journeys', 'panel_switches')
ORDER BY panel
