"""`touchpath migrate`: topics and tables."""

from __future__ import annotations

from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem


def migrate(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    partitions: options.Partitions = None,
    settings: options.SettingsFile = None,
) -> None:
    """Create the topics that are missing on a broker, and bring a store's tables and views up to date.

    Topics and tables keep their records and rows from now on for as long as the settings say.

    \b
    Example:
      touchpath migrate --bootstrap localhost:9092 --clickhouse clickhouse://localhost:9000/touchpath
    """
    from sinks.clickhouse import ClickHouse
    from sinks.embedded import Embedded
    from sinks.horizon import note
    from sinks.migrate import migrate as apply
    from sinks.retention import keep
    from sinks.store import StoreError
    from touchpath.brokers import Brokers

    chosen, _ = options.settings_of(settings)
    if bootstrap:
        with Brokers(bootstrap) as brokers:
            before = len(brokers.partitions())
            count = brokers.create_topics(partitions, chosen.retention.topics)
            made = len(brokers.partitions()) - before
        print(f"topics: {made} created, {before} were there; {count} partitions each")
    layout = Layout(data)
    if not clickhouse:
        layout.create()
    store = ClickHouse(clickhouse) if clickhouse else Embedded(layout.store)
    try:
        done = apply(store)
        kept = keep(store, chosen.tables_kept)
        note(store, chosen.times.lateness)
    except ValueError as error:
        raise BadInput(str(error)) from None
    except StoreError as error:
        raise Problem(str(error)) from None
    finally:
        store.close()
    print(f"tables: {', '.join(done) if done else 'up to date'}")
    if kept:
        print(f"retention: changed of {', '.join(kept)}")
