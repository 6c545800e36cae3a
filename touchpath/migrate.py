"""`touchpath migrate`: topics and tables."""

from __future__ import annotations

from touchpath import options
from touchpath.layout import Layout


def migrate(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    partitions: options.Partitions = None,
) -> None:
    """Create the topics that are missing on a broker, and bring a store's tables and views up to date.

    \b
    Example:
      touchpath migrate --bootstrap localhost:9092 --clickhouse clickhouse://localhost:9000/touchpath
    """
    from sinks.clickhouse import ClickHouse
    from sinks.embedded import Embedded
    from sinks.migrate import migrate as apply
    from touchpath.brokers import Brokers

    if bootstrap:
        with Brokers(bootstrap) as brokers:
            before = len(brokers.partitions())
            count = brokers.create_topics(partitions)
            made = len(brokers.partitions()) - before
        print(f"topics: {made} created, {before} were there; {count} partitions each")
    layout = Layout(data)
    if not clickhouse:
        layout.create()
    store = ClickHouse(clickhouse) if clickhouse else Embedded(layout.store)
    try:
        done = apply(store)
    finally:
        store.close()
    print(f"tables: {', '.join(done) if done else 'up to date'}")
