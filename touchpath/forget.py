"""`touchpath forget`: one customer, out of everything."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from journeys.identity import ANONYMOUS, is_identified
from journeys.pseudonyms import Pseudonyms
from journeys.touchpoint import FORGET, Touchpoint
from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem
from touchpath.queries import queries
from touchpath.terminal import ANSWERS, REMARKS, plain, stop_on_signals

if TYPE_CHECKING:
    from touchpath.belongings import Belongings
    from touchpath.brokers import Brokers

_ROUNDS = 4
"""While it goes on, the customer may be seen again, or identity may find more that is theirs: so often it is looked."""


def forget(
    identifier: Annotated[str, typer.Argument(metavar="IDENTIFIER", help="Such as email:ann@example.org.")],
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    settings: options.SettingsFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase the customer of an identifier: from the workers' state, the topics that keep state, and ClickHouse.

    What is left is a record that names nobody, by which replays are kept from bringing the customer back. What the
    same person does from now on starts anew. Workers and sink must be running.

    \b
    Example:
      touchpath forget email:ann@example.org
    """
    from sinks.store import StoreError
    from touchpath.belongings import belongings
    from touchpath.brokers import Brokers

    chosen, source = options.settings_of(settings)
    kind, colon, value = identifier.strip().partition(":")
    if not colon or not kind or not value.strip():
        raise BadInput(f"IDENTIFIER: expected a kind and a value such as email:ann@example.org, got {identifier!r}")
    layout = Layout(data)
    address = options.bootstrap_of(bootstrap, layout)
    pseudonyms = pseudonyms_of(chosen, source, layout)
    names = _names(kind, value, pseudonyms)
    until = int(time.time() * 1000)
    stop_on_signals()
    try:
        with Brokers(address) as brokers:
            with queries(layout, clickhouse) as store:
                found = belongings(store, names, until)
            _say(identifier, found)
            if not yes and not typer.confirm("Erase all of that?"):
                raise Problem("nothing was erased")
            erasing = _Erasing(brokers, layout, clickhouse, pseudonyms, until)
            left = found
            for _ in range(_ROUNDS):
                erasing.erase(left)
                with queries(layout, clickhouse) as store:
                    left = belongings(store, names, until)
                if left.gone:
                    break
            else:
                raise Problem(f"{identifier}: after {_ROUNDS} rounds there is more to erase; run it again")
            erased = {table: max(0, count - left.rows[table]) for table, count in found.rows.items()}
            _report(erased, brokers)
    except StoreError as error:
        raise Problem(str(error)) from None


def _names(kind: str, value: str, pseudonyms: Pseudonyms) -> list[str]:
    """All that an identifier may be stored as."""
    if f"{kind}:" == ANONYMOUS:
        return [f"{kind}:{value}"]
    every = pseudonyms.every(kind, value)
    if not every:
        raise BadInput(f"IDENTIFIER {kind}:{value}: says nothing about anybody")
    return [f"{kind}:{one}" for one in every]


class _Erasing:
    """Tells the stages, and waits until all have done it, the sinks too."""

    def __init__(
        self, brokers: Brokers, layout: Layout, clickhouse: str | None, pseudonyms: Pseudonyms, until: int
    ) -> None:
        from touchpath.sink import group_of

        self._brokers = brokers
        self._partitions = brokers.count_partitions()
        running = layout.running()
        external = clickhouse or (running.store if running and not running.store.startswith("http") else None)
        self._group = group_of(layout, external)
        self._pseudonyms = pseudonyms
        self._until = until

    def erase(self, found: Belongings) -> None:
        """Contacts first: an identifier that no contact carries any more can be forgotten wholly."""
        self._through("contacts", self._about_contacts(found))
        self._through("identifiers", self._about_identifiers(found))

    def _about_contacts(self, found: Belongings) -> Iterator[Touchpoint]:
        for contact_id in found.contacts:
            yield self._order(contact_id)
        for contact_id, pairs in found.mentions.items():
            for kind, value in pairs:
                yield self._order(contact_id, kind, value)

    def _about_identifiers(self, found: Belongings) -> Iterator[Touchpoint]:
        for name in found.identifiers:
            kind, _, value = name.partition(":")
            yield self._order("", kind, value)

    def _order(self, contact_id: str, kind: str = "", value: str = "") -> Touchpoint:
        name = str(uuid.uuid4())
        return Touchpoint(self._until, name, FORGET, "touchpath", contact_id or name, {kind: value} if kind else {})

    def _through(self, what: str, orders: Iterable[Touchpoint]) -> None:
        from producers.bulk import BulkPublisher
        from producers.delivery import PublishError
        from sinks.rows import READERS
        from touchpath.drain import drain, ends_of_touchpoints
        from touchpath.worker import APP_ID

        try:
            with BulkPublisher(self._brokers.bootstrap, pseudonyms=self._pseudonyms) as publisher:
                for order in orders:
                    publisher.publish(order)
        except PublishError as error:
            raise Problem(str(error)) from None
        with _status(what) as watch:
            ends = ends_of_touchpoints(self._brokers, self._partitions)
            drain(self._brokers, self._partitions, ends, APP_ID, {self._group: list(READERS)}, watch)


@contextmanager
def _status(what: str) -> Iterator[Callable[[str, int], None]]:
    with REMARKS.status(f"forgetting {what} …") as status:
        yield lambda step, left: status.update(f"forgetting {what}: {step}, {left:,} to go …")


def _say(identifier: str, found: Belongings) -> None:
    """What is about to go."""
    those = ", ".join(name for name in found.customers if is_identified(name)) or "nobody that is known"
    REMARKS.print(plain(f"{identifier}: {those}"))
    rows = ", ".join(f"{count:,} {table}" for table, count in found.rows.items() if count) or "nothing is stored"
    REMARKS.print(plain(f"to be erased: {rows}"))
    if found.mentions:
        REMARKS.print(plain(f"{len(found.mentions):,} contacts of others lose the identifiers that they share"))


def _report(erased: dict[str, int], brokers: Brokers) -> None:
    """What is gone, and what holds pseudonyms for how long yet."""
    table = Table("erased", "rows", box=None, pad_edge=False, header_style="dim")
    for name, count in erased.items():
        table.add_row(name, f"{count:,}")
    ANSWERS.print(table)
    kept = Table("topics that may hold pseudonyms yet", "until", box=None, pad_edge=False, header_style="dim")
    now = datetime.now(UTC)
    for name, seconds in sorted(brokers.kept_for().items(), key=lambda pair: (pair[1], pair[0])):
        until = "for ever" if seconds > 1e10 else f"{now + timedelta(seconds=seconds):%Y-%m-%d %H:%M} UTC"
        kept.add_row(name, until)
    ANSWERS.print(kept)
