INSERT INTO moves
(
    move_id, as_of, agents, starts_at, until, deadline, gain, cause, withdrawn, obeyed, measured_at, giver_queue,
    giver_channel, giver_site, giver_agents_before, giver_agents_after, giver_service_level_before,
    giver_service_level_after, giver_service_level_came, giver_gap, taker_queue, taker_channel, taker_site,
    taker_agents_before, taker_agents_after, taker_service_level_before, taker_service_level_after,
    taker_service_level_came, taker_gap, version, is_deleted
)
SELECT
    toString(number), at_ms($now - toInt64(number) * 3600000) AS as_of, 1 + number % 3, as_of, as_of + toIntervalHour(1),
    as_of + toIntervalMinute(5), 3.5, 'forecast', number % 9 = 0, if(number % 4 = 0, NULL, 1 + number % 3),
    if(number < 2, NULL, as_of + toIntervalHour(1)), 'billing_chat', 'chat', 'berlin', 12, 11, 0.95, 0.9,
    0.8 + number % 20 / 100, 2, 'fault_voice', 'voice', 'berlin', 8, 9, 0.6, 0.8, 0.7 + number % 20 / 100, -2, $version, 0
FROM numbers(toUInt64($span / 3600000));
