-- From the visits themselves.
INSERT INTO queue_intervals
(
    interval_id, queue, channel, starts_at, interval_s, entered, answered, abandoned, short_abandoned, waiting,
    answered_within, abandoned_within, wait_answered_s, wait_abandoned_s, longest_wait_s, talk_s, target_s, version, is_deleted
)
SELECT
    concat(queue, '/', channel, '/', toString(toUnixTimestamp(starts_at))), queue, channel,
    toDateTime64(toStartOfFifteenMinutes(entered_at), 3, 'UTC') AS starts_at, 900, count(), countIf(outcome = 'answered'),
    countIf(outcome = 'abandoned'), countIf(outcome = 'abandoned' AND wait_s <= short_s), countIf(outcome = 'waiting'),
    countIf(outcome = 'answered' AND wait_s <= target_s), countIf(outcome = 'abandoned' AND wait_s <= target_s),
    sumIf(assumeNotNull(wait_s), outcome = 'answered'), sumIf(assumeNotNull(wait_s), outcome = 'abandoned'),
    max(assumeNotNull(wait_s)), sum(visit.talk_s), 20, $version, 0
FROM queue_visits AS visit FINAL
GROUP BY queue, channel, starts_at;
