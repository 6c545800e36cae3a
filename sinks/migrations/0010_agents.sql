-- What an agent's day is made of, by interval (docs/definitions.md, the agent's day): channels and by_channel go
-- together, so many contacts of this channel; seconds by the wall clock are split over intervals, all else stands where
-- the agent got the contact. load_s is slot-weighted busy time.
CREATE TABLE agent_intervals
(
    interval_id String CODEC(ZSTD),
    agent LowCardinality(String),
    name LowCardinality(String),
    team LowCardinality(String),
    site LowCardinality(String),
    starts_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    interval_s UInt32,
    contacts UInt32,
    channels Array(LowCardinality(String)),
    by_channel Array(UInt32),
    handled UInt32,
    talk_s Float64,
    hold_s Float64,
    wrap_s Float64,
    holds UInt32,
    transfers_in UInt32,
    transfers_out UInt32,
    escalations UInt32,
    conferences UInt32,
    resolved UInt32,
    hard UInt32,
    hard_run UInt32,
    staffed_s Float64,
    available_s Float64,
    busy_s Float64,
    acw_s Float64,
    slot_s Float64,
    load_s Float64,
    version UInt64,
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY interval_id
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW v_agent_intervals AS
SELECT
    * EXCEPT (version, is_deleted),
    if(busy_s = 0, NULL, slot_s / busy_s) AS concurrency,
    if(busy_s + available_s = 0, NULL, busy_s / (busy_s + available_s)) AS occupancy,
    if(busy_s + available_s = 0, NULL, load_s / (busy_s + available_s)) AS occupancy_by_slots
FROM agent_intervals FINAL
WHERE is_deleted = 0;

CREATE VIEW v_agents AS
SELECT
    * EXCEPT (of_channels),
    of_channels.1 AS channels,
    of_channels.2 AS by_channel,
    if(busy_s = 0, NULL, slot_s / busy_s) AS concurrency,
    if(busy_s + available_s = 0, NULL, busy_s / (busy_s + available_s)) AS occupancy,
    if(busy_s + available_s = 0, NULL, load_s / (busy_s + available_s)) AS occupancy_by_slots
FROM
(
    SELECT
        toDate(starts_at) AS day,
        agent,
        argMax(name, starts_at) AS name,
        argMax(team, starts_at) AS team,
        argMax(site, starts_at) AS site,
        sum(contacts) AS contacts,
        sumMap(channels, by_channel) AS of_channels,
        sum(handled) AS handled,
        sum(talk_s) AS talk_s,
        sum(hold_s) AS hold_s,
        sum(wrap_s) AS wrap_s,
        sum(holds) AS holds,
        sum(transfers_in) AS transfers_in,
        sum(transfers_out) AS transfers_out,
        sum(escalations) AS escalations,
        sum(conferences) AS conferences,
        sum(resolved) AS resolved,
        sum(hard) AS hard,
        max(hard_run) AS longest_hard_run,
        sum(staffed_s) AS staffed_s,
        sum(available_s) AS available_s,
        sum(busy_s) AS busy_s,
        sum(acw_s) AS acw_s,
        sum(slot_s) AS slot_s,
        sum(load_s) AS load_s
    FROM agent_intervals FINAL
    WHERE is_deleted = 0
    GROUP BY day, agent
);
