-- How long the value was of a dead letter that had to be cut; 0 where all of it is there.
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS value_bytes UInt64 AFTER value;

-- What people decided about dead letters. `at` is when.
CREATE TABLE settled_letters
(
    letter_id String CODEC(ZSTD),
    how LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree
ORDER BY letter_id
SETTINGS non_replicated_deduplication_window = 1000;

-- Dead letters and what became of them: open, replayed or discarded.
CREATE VIEW v_dead_letters AS
SELECT letters.*, if(settled.how = '', 'open', settled.how) AS state
FROM (SELECT * FROM dead_letters FINAL) AS letters
LEFT JOIN (SELECT letter_id, how FROM settled_letters FINAL) AS settled ON letters.letter_id = settled.letter_id;
