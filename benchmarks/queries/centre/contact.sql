-- Contact i is the place-th of journey j, which has 1 to 38 (10 on average); a contact has 2 to 28 touchpoints (10 on
-- average). Times are ms since the epoch; nine tenths of a day's contacts are made between 07:00 and 21:00.
INSERT INTO centre.contact
SELECT
    i, j, place, size, gap, id_of(i, 'contact') AS id, id_of(i - place, 'contact') AS first_id,
    if(
        chance(j, 'identified') < 0.9,
        concat('customer_id:', id_of(toUInt64(chance(j, 'customer') * 0.6 * $journeys), 'customer')),
        concat('anonymous:', first_id)
    ) AS customer,
    startsWith(customer, 'customer_id:'), concat(customer, '/', first_id),
    ['billing', 'billing', 'fault', 'fault', 'order', 'delivery', 'returns', 'account', 'onboarding', 'product', ''][1 + cityHash64(j, 'intent') % 11] AS intent,
    channel,
    if(place = 0, '', lagInFrame(channel) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)),
    started, started + toInt64(30000 + 900000 * chance(i, 'lasts')),
    if(place + 1 = size, 0, leadInFrame(started) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)),
    channel IN ('voice', 'chat', 'email', 'messenger') AS assisted,
    multiIf(NOT assisted, 'self_service', chance(i, 'outcome') < 0.88, 'answered', 'abandoned') AS outcome,
    multiIf(channel = 'survey', 'none', outcome = 'abandoned', 'none', assisted, 'answered', 'self_service'),
    multiIf(NOT assisted, '', intent = '', concat('general_', channel), concat(intent, '_', channel)),
    if(assisted, round(-log(1 - chance(i, 'wait')) * 45, 1), 0),
    [2, 3, 4, 5, 6, 8, 10, 14, 20, 28][1 + i % 10]
FROM
(
    SELECT
        *,
        toInt64(day + multiIf(
            rest < 4320000, rest * 25200 / 4320,
            rest < 82080000, 25200000 + (rest - 4320000) * 50400 / 77760,
            75600000 + (rest - 82080000) * 10800 / 4320
        )) AS started,
        arrayElement(
            ['web', 'web', 'web', 'web', 'app', 'app', 'ivr', 'voice', 'voice', 'voice', 'chat', 'chat', 'email', 'messenger', 'survey', 'web'],
            1 + if(chance(i, 'stays') < 0.4, cityHash64(j, 'home'), cityHash64(i, 'channel')) % 16
        ) AS channel
    FROM
    (
        SELECT
            *,
            toInt64($worked - $span + chance(j, 'opened') * ($span - size * gap) + (place + chance(i, 'start') * 0.9) * gap) AS even,
            even % 86400000 AS rest,
            even - rest AS day
        FROM
        (
            SELECT
                number AS i,
                [1, 1, 2, 3, 4, 6, 9, 14, 22, 38] AS sizes,
                arrayCount(one -> one <= i % 100, [1, 2, 4, 7, 11, 17, 26, 40, 62]) AS nth,
                10 * intDiv(i, 100) + nth AS j,
                sizes[1 + nth] AS size,
                i % 100 - [0, 1, 2, 4, 7, 11, 17, 26, 40, 62][1 + nth] AS place,
                [1200, 3600, 21600, 86400, 259200][1 + cityHash64(j, 'gap') % 5] * 1000 AS gap
            FROM numbers($first, $count)
        )
    )
)
ORDER BY i
