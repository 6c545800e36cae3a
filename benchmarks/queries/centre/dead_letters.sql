INSERT INTO dead_letters (letter_id, topic, partition, offset, stage, reason, message, key, value, value_bytes, at)
SELECT
    concat('journey.touchpoints/', toString(number % 12), '/', toString(number)), 'journey.touchpoints', number % 12, number,
    'contact', ['invalid_json', 'missing_field', 'in_the_future', 'too_late', 'too_large'][1 + number % 5], 'data.channel: missing',
    'key', '{"id":"broken"}', 0, at_ms($now - toInt64($span * chance(number, 'letter')))
FROM numbers($first, $count);
