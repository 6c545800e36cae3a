-- Those of the contacts with these numbers. The event itself (raw, identifiers) is left out: no panel reads it.
INSERT INTO touchpoints (id, time, channel, type, contact_id, intent, direction, source, invited, raw, identifiers, revision)
SELECT
    id_of(i * 100 + nth, 'touchpoint'),
    at_ms(least($now, started + nth * 20000)),
    channel,
    ['page_viewed', 'searched', 'article_viewed', 'menu_chosen', 'queued', 'connected', 'ended'][1 + (i + nth) % 7],
    id,
    if(nth = 0, intent, ''),
    'inbound',
    ['site', 'ivr', 'acd', 'crm'][1 + i % 4],
    0,
    '{}',
    map(),
    0
FROM centre.contact
ARRAY JOIN range(touchpoints) AS nth
WHERE i >= $first AND i < $first + $count;
