-- What all tables of a centre that never was are made from. chance(x, salt): from 0 to 1, always the same one.
CREATE DATABASE IF NOT EXISTS centre;

CREATE OR REPLACE FUNCTION chance AS (x, salt) -> cityHash64(x, salt) / 18446744073709551616.;

CREATE OR REPLACE FUNCTION id_of AS (i, what) -> lower(hex(cityHash64(i, what)));

CREATE OR REPLACE FUNCTION at_ms AS t -> fromUnixTimestamp64Milli(toInt64(t), 'UTC');

CREATE TABLE centre.contact
(
    i UInt64, j UInt64, place UInt64, size UInt64, gap UInt64, id String, first_id String, customer String,
    identified UInt8, journey_id String, intent LowCardinality(String), channel LowCardinality(String),
    before LowCardinality(String), started Int64, ended Int64, next_started Int64, assisted UInt8,
    outcome LowCardinality(String), attempt LowCardinality(String), queue LowCardinality(String), wait_s Float64,
    touchpoints UInt64
)
ENGINE = MergeTree ORDER BY i
