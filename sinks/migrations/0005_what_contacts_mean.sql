-- What a contact was made of and what it meant to the customer: queues, teams, articles and menu nodes; the stages of
-- its journey and the seconds in each; friction, a word for each time; sentiment (-1 to 1); the scores of a survey and
-- the contact that they are about; who resolved it and who passed it on.
ALTER TABLE contacts
    ADD COLUMN IF NOT EXISTS queues Array(LowCardinality(String)) AFTER redial,
    ADD COLUMN IF NOT EXISTS teams Array(LowCardinality(String)) AFTER queues,
    ADD COLUMN IF NOT EXISTS articles Array(LowCardinality(String)) AFTER teams,
    ADD COLUMN IF NOT EXISTS nodes Array(LowCardinality(String)) AFTER articles,
    ADD COLUMN IF NOT EXISTS stages Array(LowCardinality(String)) AFTER nodes,
    ADD COLUMN IF NOT EXISTS stage_s Array(Float64) AFTER stages,
    ADD COLUMN IF NOT EXISTS friction Array(LowCardinality(String)) AFTER stage_s,
    ADD COLUMN IF NOT EXISTS sentiment_first Nullable(Float64) AFTER friction,
    ADD COLUMN IF NOT EXISTS sentiment_last Nullable(Float64) AFTER sentiment_first,
    ADD COLUMN IF NOT EXISTS sentiment_low Nullable(Float64) AFTER sentiment_last,
    ADD COLUMN IF NOT EXISTS csat Nullable(Float64) AFTER sentiment_low,
    ADD COLUMN IF NOT EXISTS nps Nullable(Float64) AFTER csat,
    ADD COLUMN IF NOT EXISTS ces Nullable(Float64) AFTER nps,
    ADD COLUMN IF NOT EXISTS qa Nullable(Float64) AFTER ces,
    ADD COLUMN IF NOT EXISTS survey_of String AFTER qa,
    ADD COLUMN IF NOT EXISTS survey_joined_by LowCardinality(String) AFTER survey_of,
    ADD COLUMN IF NOT EXISTS resolved_by LowCardinality(String) AFTER survey_joined_by,
    ADD COLUMN IF NOT EXISTS passed_on Array(LowCardinality(String)) AFTER resolved_by;

DROP VIEW IF EXISTS v_contacts;

CREATE VIEW v_contacts AS
WITH (SELECT max(time) FROM touchpoints) AS as_of
SELECT
    * EXCEPT (version, is_deleted, part_of),
    if(closed OR times_out_at <= as_of, 'ended', 'open') AS state
FROM contacts FINAL
WHERE is_deleted = 0 AND part_of = '';
