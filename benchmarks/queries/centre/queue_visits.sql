INSERT INTO queue_visits
(
    visit_id, contact_id, queue, channel, direction, entered_at, left_at, ended_at, outcome, wait_s, talk_s, agent,
    target_s, short_s, times_out_at, version, is_deleted
)
SELECT
    concat(id, '-queued'), id, queue, channel, 'inbound', at_ms(started),
    if($version = 1 OR ended >= $now, NULL, at_ms(started + wait_s * 1000)) AS left_at, if(left_at IS NULL, NULL, at_ms(ended)),
    if(left_at IS NULL, 'waiting', outcome), if(left_at IS NULL, NULL, wait_s),
    if(outcome = 'answered', round(-log(1 - chance(i, 'talk')) * 280, 1), 0),
    concat('agent-', toString(cityHash64(i, 'agent') % 200)), 20, 5, at_ms(ended + 14400000), $version, 0
FROM centre.contact
WHERE i >= $first AND i < $first + $count
    AND assisted;
