INSERT INTO signals
(
    signal_id, kind, customer, journey_id, at, contact_id, previous_id, from_channel, to_channel, cause, details, version,
    is_deleted
)
SELECT
    concat(kind, ':', customer, '/', id), kind, customer, journey_id, at_ms(started), id, id_of(i - 1, 'contact'),
    if(kind = 'channel_switch', before, ''), channel,
    if(kind = 'channel_switch', ['choice', 'choice', 'abandoned', 'self_service_failed', 'unresolved', 'transferred'][1 + cityHash64(i, 'cause') % 6], ''),
    if(kind = 'channel_switch', concat('{"seconds":', toString(gap / 1000), ',"invited":false,"step":"self_service_to_assisted"}'), '{}'),
    $version, 0
FROM
(
    SELECT
        *,
        arrayJoin(arrayFilter(one -> one != '', [
            if(before != channel AND before NOT IN ('', 'survey') AND channel != 'survey' AND gap < 86400000, 'channel_switch', ''),
            if(place > 0 AND chance(i, 'repeats') < 0.7, 'repeat_contact', ''),
            if(chance(i, 'sounds') < 0.02, 'sentiment_drop', '')
        ])) AS kind
    FROM centre.contact
WHERE i >= $first AND i < $first + $count
);
