-- 200 agents, each day eight hours of them.
INSERT INTO agent_intervals
(
    interval_id, agent, name, team, site, starts_at, interval_s, contacts, channels, by_channel, handled, talk_s, hold_s,
    wrap_s, holds, transfers_in, transfers_out, escalations, conferences, resolved, hard, hard_run, staffed_s, available_s,
    busy_s, acw_s, slot_s, load_s, version, is_deleted
)
SELECT
    concat(agent, '/', toString(starts)), concat('agent-', toString(person)) AS agent, '', concat('team-', toString(person % 12)),
    ['berlin', 'dublin', 'porto'][1 + person % 3], at_ms(starts), 900, 1 + x % 5 AS contacts, ['voice', 'chat'],
    [contacts - x % 2, x % 2], contacts, contacts * 140, x % 90, contacts * 20, x % 2, x % 3 = 0, x % 4 = 0, x % 40 = 0, 0,
    contacts - x % 2, x % 3, x % 4, 900, 200 + x % 100, 700 - x % 100, contacts * 20, 800, 700, $version, 0
FROM
(
    SELECT person, $now - $now % 86400000 - number * 86400000 + (28 + person % 24 + slot) * 900000 AS starts, cityHash64(person, starts) AS x
    FROM (SELECT number FROM numbers(toUInt64($span / 86400000))) AS days
    CROSS JOIN (SELECT number AS person FROM numbers(200)) AS agents
    CROSS JOIN (SELECT number AS slot FROM numbers(32)) AS slots
)
WHERE starts < $now;
