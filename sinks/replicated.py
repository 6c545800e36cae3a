"""Definitions for a ClickHouse cluster: each on all of its replicas at once, and tables whose rows they copy from each
other. The migrations are written for one server; this is the one rule that makes them a cluster's.

``ON CLUSTER`` goes behind the name of what is made, changed or dropped; an engine of the MergeTree family becomes its
replicated one, whose place in Keeper the server makes of the table's own number (``default_replica_path``,
https://clickhouse.com/docs/engines/table-engines/mergetree-family/replication). What a refreshable view computes each
replica computes for itself: without a replicated database two would write into one table.
"""

from __future__ import annotations

import re

_NAME = r"(?:`[^`]+`|\w+)(?:\.(?:`[^`]+`|\w+))?"
_DEFINITION = re.compile(
    r"\s*(?:CREATE(?:\s+OR\s+REPLACE)?\s+(?:TABLE|VIEW|MATERIALIZED\s+VIEW|DATABASE)(?:\s+IF\s+NOT\s+EXISTS)?"
    rf"|DROP\s+(?:TABLE|VIEW)(?:\s+IF\s+EXISTS)?|ALTER\s+TABLE)\s+{_NAME}",
    re.IGNORECASE,
)
_RENAME = re.compile(r"\s*RENAME\s+TABLE\s", re.IGNORECASE)
_REFRESHED = re.compile(r"\s*CREATE\s+MATERIALIZED\s+VIEW\b.*?\bREFRESH\b", re.IGNORECASE | re.DOTALL)
_ENGINE = re.compile(r"\bENGINE\s*=\s*(\w*MergeTree)\b", re.IGNORECASE)
_TOKENS = "non_replicated_deduplication_window"


def replicated(statement: str, cluster: str) -> str:
    """``statement`` for all replicas of ``cluster``; as it is, if it defines nothing."""
    on = f" ON CLUSTER `{cluster}`"
    if _RENAME.match(statement):
        return statement.rstrip() + on
    found = _DEFINITION.match(statement)
    if found is None:
        return statement
    rest = statement[found.end() :]
    if not _REFRESHED.match(statement):
        rest = _ENGINE.sub(r"ENGINE = Replicated\1", rest).replace(_TOKENS, _TOKENS.removeprefix("non_"))
    return found[0] + on + rest
