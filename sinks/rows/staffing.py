"""What staffing says, as rows of four tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from journeys.change import Change
from journeys.staffing.figures import Accuracy, Floor, Move, Side, Staffing
from sinks import tables
from sinks.rows.waiting import ChangedRows, Record, Rows, Unreadable, fields
from sinks.store import Columns

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class _Forecast(NamedTuple):
    """What was expected of an interval so long before it."""

    queue: str
    channel: str
    starts_at: int
    interval_s: int
    ahead: str
    expected: float
    low: float
    high: float
    from_journeys: float
    as_of: int


def _accuracies(changes: list[Change[Accuracy]]) -> Columns:
    day_id, queue, channel, days, *figures = fields(tables.FORECAST_ACCURACY)(changes)
    return [day_id, queue, channel, [day * DAY_MS for day in days], *figures]


_SIDE_FIELDS = Side.__struct_fields__


def _moves(changes: list[Change[Move]]) -> Columns:
    moves = [change.payload for change in changes if change.payload is not None]
    names = [name for name in list(tables.MOVES.columns)[:-2] if not name.startswith(("giver_", "taker_"))]
    columns: dict[str, list[Any]] = {name: [getattr(move, name) for move in moves] for name in names}
    columns["withdrawn"] = list(map(int, columns["withdrawn"]))
    for side in ("giver", "taker"):
        sides = [getattr(move, side) for move in moves]
        columns |= {f"{side}_{name}": [getattr(one, name) for one in sides] for name in _SIDE_FIELDS}
    return [columns[name] for name in list(tables.MOVES.columns)[:-2]]


_staffing = msgspec.json.Decoder(Change[Floor | Staffing | Move | Accuracy]).decode


class StaffingRows(Rows):
    """What staffing says, of four tables; the live state of a queue stands on the same topic, for the metrics."""

    table = tables.STAFFING

    def __init__(self) -> None:
        self._staffing = ChangedRows(tables.STAFFING, _staffing, fields(tables.STAFFING))
        self._forecasts = ChangedRows(tables.FORECASTS, _staffing, fields(tables.FORECASTS))
        self._accuracies = ChangedRows(tables.FORECAST_ACCURACY, _staffing, _accuracies)
        self._moves = ChangedRows(tables.MOVES, _staffing, _moves)

    def __len__(self) -> int:
        return sum(map(len, self.parts()))

    def take(self, record: Record) -> Iterable[Unreadable]:
        if record.value is None:
            return ()
        try:
            change = _staffing(record.value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return (Unreadable(record, record.value, str(error)),)
        payload = change.payload
        if isinstance(payload, Staffing):
            self._staffing.keep(change)
            self._forecast(change, payload)
        elif isinstance(payload, Accuracy):
            self._accuracies.keep(change)
        elif isinstance(payload, Move):
            self._moves.keep(change)
        return ()

    def _forecast(self, change: Change[Any], row: Staffing) -> None:
        ahead = max((length, name) for length, name in AHEAD if length <= max(0, row.starts_at - row.as_of))[1]
        forecast = _Forecast(
            row.queue, row.channel, row.starts_at, row.interval_s, ahead,
            row.expected, row.low, row.high, row.from_journeys, row.as_of,
        )  # fmt: skip
        self._forecasts.keep(Change("forecast", f"{change.id}|{ahead}", change.version, forecast))

    def columns(self) -> Columns:
        return self._staffing.columns()

    def erasures(self) -> Iterable[str]:
        """None: nothing of it is of a customer."""
        return ()

    def parts(self) -> Sequence[Rows]:
        return self._staffing, self._forecasts, self._accuracies, self._moves


AHEAD = (
    (0, "now"),
    (15 * MINUTE_MS, "15m"),
    (60 * MINUTE_MS, "1h"),
    (240 * MINUTE_MS, "4h"),
    (DAY_MS, "1d"),
    (7 * DAY_MS, "7d"),
)
"""How long before its interval a forecast was made, at least."""
