-- How customers sounded, what they answered when they were asked, and how many of those who were asked did.

-- Contacts of which somebody said, or wrote, how it felt; trend: where it ended less where it began.
CREATE VIEW v_sentiment AS
SELECT
    contact_id,
    customer,
    identified,
    journey_id,
    channel,
    queue,
    intent,
    started_at,
    sentiment_first AS first,
    sentiment_last AS last,
    sentiment_low AS low,
    sentiment_last - sentiment_first AS trend,
    drop.drops AS drops
FROM v_contacts AS contact
LEFT JOIN
(
    SELECT contact_id, count() AS drops
    FROM signals FINAL
    WHERE is_deleted = 0 AND kind = 'sentiment_drop'
    GROUP BY contact_id
) AS drop ON drop.contact_id = contact.contact_id
WHERE sentiment_first IS NOT NULL;

-- The same over a whole journey, from its first such contact to its last.
CREATE VIEW v_journey_sentiment AS
SELECT
    journey_id,
    any(customer) AS customer,
    count() AS contacts,
    argMin(scored.first, (started_at, contact_id)) AS first,
    argMax(scored.last, (started_at, contact_id)) AS last,
    min(scored.low) AS low,
    last - first AS trend,
    sum(scored.drops) AS drops
FROM v_sentiment AS scored
GROUP BY journey_id;

-- One row a response and kind of score. What it is about has the columns of that contact; empty where none was found.
CREATE VIEW v_surveys AS
SELECT
    answer.contact_id AS survey_id,
    answer.customer AS customer,
    answer.identified AS identified,
    answer.started_at AS at,
    answer.kind AS kind,
    assumeNotNull(answer.score) AS score,
    answer.survey_of AS contact_id,
    answer.survey_joined_by AS joined_by,
    about.channel AS channel,
    about.queue AS queue,
    about.teams AS teams,
    about.agents AS agents,
    if(about.intent != '', about.intent, answer.intent) AS intent,
    if(about.journey_id != '', about.journey_id, answer.journey_id) AS journey_id
FROM
(
    SELECT
        *,
        arrayJoin([('csat', csat), ('nps', nps), ('ces', ces), ('qa', qa)]) AS given,
        given.1 AS kind,
        given.2 AS score
    FROM v_contacts
) AS answer
LEFT JOIN v_contacts AS about ON about.contact_id = answer.survey_of
WHERE answer.score IS NOT NULL;

-- csat: percent of 4 and 5. nps: percent of promoters (9, 10) less percent of detractors (0 to 6), from -100 to 100.
-- ces: the mean, from 1 to 7, and qa: from 0 to 100. Sources: docs/definitions.md.
CREATE VIEW v_survey_scores AS
SELECT
    kind,
    channel,
    intent,
    count() AS responses,
    avg(answer.score) AS mean,
    multiIf(
        kind = 'csat', 100 * countIf(answer.score >= 4) / responses,
        kind = 'nps', 100 * (countIf(answer.score >= 9) - countIf(answer.score <= 6)) / responses,
        mean
    ) AS score
FROM v_surveys AS answer
GROUP BY kind, channel, intent
ORDER BY kind, channel, intent;

-- By the channel of the contact that it is about: contacts after which the customer was asked, and those of them that
-- got an answer. Answers that nobody asked for (a question at the end of a call) count apart. A review of an agent (qa)
-- is no answer.
CREATE VIEW v_response_rates AS
SELECT
    about.channel AS channel,
    countIf(survey.asked) AS invitations,
    countIf(survey.asked AND survey.answered) AS responses,
    countIf(NOT survey.asked) AS unasked,
    if(invitations = 0, NULL, responses / invitations) AS response_rate
FROM
(
    SELECT
        if(own.survey_of != '', own.survey_of, if(own.channel IN ('survey', 'review'), '', own.contact_id)) AS contact_id,
        if(contact_id = '', own.contact_id, contact_id) AS place,
        max(invitation.contact_id != '') AS asked,
        max(own.csat IS NOT NULL OR own.nps IS NOT NULL OR own.ces IS NOT NULL) AS answered
    FROM v_contacts AS own
    LEFT JOIN
    (
        SELECT DISTINCT contact_id
        FROM touchpoints FINAL
        WHERE type = 'sent' AND channel IN ('survey', 'review') AND direction = 'outbound'
    ) AS invitation ON invitation.contact_id = own.contact_id
    GROUP BY contact_id, place
    HAVING asked OR answered
) AS survey
LEFT JOIN v_contacts AS about ON about.contact_id = survey.contact_id
GROUP BY about.channel
ORDER BY channel;
