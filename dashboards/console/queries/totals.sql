-- What has been put together so far.
SELECT c.contacts AS contacts, c.touchpoints AS touchpoints, j.journeys AS journeys, j.open AS open, p.refreshed_at AS refreshed_at
FROM
    (SELECT sum(of.contacts) AS contacts, sum(of.touchpoints) AS touchpoints FROM panel_contacts AS of) AS c,
    (SELECT count() AS journeys, countIf(state = 'open') AS open FROM panel_journeys) AS j,
    (SELECT min(refreshed_at) AS refreshed_at FROM v_panels WHERE panel IN ('panel_contacts', 'panel_journeys')) AS p
