DROP VIEW IF EXISTS v_touchpoints;

-- Touchpoints with their customer and journey; consent and recorded as the source says them, NULL where it does not.
CREATE VIEW v_touchpoints AS
SELECT
    touchpoint.*,
    touchpoint.attributes AS attributes,
    JSONExtract(touchpoint.raw, 'data', 'consent', 'Nullable(Bool)') AS consent,
    JSONExtract(touchpoint.raw, 'data', 'recorded', 'Nullable(Bool)') AS recorded,
    contact.customer AS customer,
    contact.journey_id AS journey_id
FROM touchpoints AS touchpoint FINAL
LEFT JOIN
(
    SELECT contact_id, customer, journey_id FROM contacts FINAL WHERE is_deleted = 0
) AS contact ON contact.contact_id = touchpoint.contact_id;
