"""A service that publishes touchpoints of a file, in a process of its own so that its memory can be told (T8, T9).

    python -m tests.faults.producing bulk --bootstrap … --touchpoints FILE --over 3 --ledger FILE --account FILE

What its publisher reports as failed it publishes again, with a new publisher, until nothing is: so an event that was
neither acknowledged nor reported is never sent again, and missing in the ledger.
"""

from __future__ import annotations

from touchpath.lifeline import tie

tie()

import argparse  # noqa: E402
import re  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402

import msgspec  # noqa: E402

from journeys.touchpoint import Touchpoint, decode  # noqa: E402
from producers.bulk import BulkPublisher  # noqa: E402
from producers.delivery import OnDelivery, PublishError  # noqa: E402
from producers.publisher import Publisher  # noqa: E402

KINDS = ("publisher", "bulk")
_CHUNK = 50
"""Of a bulk publisher, which works inside its calls only: so many, then a flush."""


class Account(msgspec.Struct):
    """Over all rounds. ``attempted`` and ``refused`` are counted here, not by the publisher."""

    rounds: int = 0
    attempted: int = 0
    """Events that the publisher took."""
    failed: int = 0
    """Of these, what its reports say was not acknowledged."""
    told: int = 0
    """Of these, those whose ids were told to be so."""
    pending: int = 0
    """What was neither when it closed."""
    waiting: int = 0
    """Pending at once, at most."""
    grown_mb: float = 0.0
    """The most memory, beyond what it had when the first events were acknowledged."""


class Service:
    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.account = Account()
        self._began_mb = 0.0

    def run(self, touchpoints: Sequence[Touchpoint]) -> None:
        over_s = self._options.over
        while touchpoints:
            self.account.rounds += 1
            touchpoints = self._round(touchpoints, over_s)
            over_s = 0.0
        self.account.grown_mb = _memory_mb("VmHWM") - self._began_mb

    def _round(self, touchpoints: Sequence[Touchpoint], over_s: float) -> list[Touchpoint]:
        """Publish ``touchpoints``, evenly over so many seconds; those that are to be published again."""
        failed: set[str] = set()

        def told(event: str, error: Exception | None) -> None:
            if error is not None:
                failed.add(event)

        publisher = self._publisher(told)
        account, started, taken = self.account, time.monotonic(), 0
        try:
            for touchpoint in touchpoints:
                time.sleep(max(0.0, started + over_s * taken / len(touchpoints) - time.monotonic()))
                publisher.publish(touchpoint)
                taken += 1
                account.waiting = max(account.waiting, publisher.report().pending)
                if taken % _CHUNK == 0 and isinstance(publisher, BulkPublisher):
                    publisher.flush()
                if not self._began_mb and publisher.report().acknowledged:
                    self._began_mb = _memory_mb("VmRSS")
        except PublishError:
            pass  # a bulk publisher has given up
        report = publisher.close()
        account.attempted += taken
        account.failed += report.failed
        account.told += len(failed)
        account.pending += report.pending
        return [*(one for one in touchpoints[:taken] if one.id in failed), *touchpoints[taken:]]

    def _publisher(self, told: OnDelivery) -> Publisher | BulkPublisher:
        """As soon as the broker answers."""
        options = self._options
        while True:
            try:
                if options.kind == "bulk":
                    return BulkPublisher(
                        options.bootstrap,
                        ledger=options.ledger,
                        on_delivery=told,
                        delivery_timeout_s=options.delivery_timeout,
                        connect_timeout_s=5,
                    )
                return Publisher(
                    options.bootstrap,
                    ledger=options.ledger,
                    on_delivery=told,
                    delivery_timeout_s=options.delivery_timeout,
                    connect_timeout_s=5,
                    max_pending_bytes=options.cap,
                )
            except PublishError:
                time.sleep(0.5)


def _memory_mb(what: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"{what}:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.producing", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--touchpoints", type=Path, required=True, help="one a line, as on the wire")
    parser.add_argument("--over", type=float, required=True, help="seconds")
    parser.add_argument("--delivery-timeout", type=float, default=120.0, help="seconds")
    parser.add_argument("--cap", type=int, default=64 << 20, help="bytes that may wait (publisher)")
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--account", type=Path, required=True, help="written when all is acknowledged")
    options = parser.parse_args()
    service = Service(options)
    service.run([decode(line) for line in options.touchpoints.read_bytes().splitlines()])
    options.account.write_bytes(msgspec.json.encode(service.account))


if __name__ == "__main__":
    main()
