INSERT INTO next_steps
(
    contact_id, customer, journey_id, at, from_channel, p_15m, p_1h, p_1d, base_15m, base_1h, base_1d, channel, share,
    p_switch, reasons, as_of, learned_until, trials, version, is_deleted
)
SELECT
    id, customer, journey_id, at_ms(ended), channel,
    round(0.1 * chance(i, 'p'), 3) AS p, p * 1.5, p * 3, 0.05, 0.08, 0.2,
    ['voice', 'chat', 'web'][1 + i % 3], round(chance(i, 'share'), 2), p / 2, ['abandoned'], at_ms(ended),
    at_ms(ended - 3600000), 1000 + i % 500, $version, 0
FROM centre.contact
WHERE i >= $first AND i < $first + $count
    AND identified AND channel != 'survey' AND ended < $now;
