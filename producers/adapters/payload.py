"""Reading what vendors send: by path, with the type that was expected, and never more than one field at fault at once.

A vendor's module is a generator from one object (``Fields``) to what it becomes; ``adapter`` makes the ``Adapter`` of
it. It reads the objects out of the bytes, holds every touchpoint against the contract, and lets nothing be raised.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache, wraps
from math import isfinite
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import msgspec

from journeys import agents, touchpoint
from journeys.agents import AgentEvent
from journeys.touchpoint import Invalid, Touchpoint
from producers.adapters.adapter import Adapted, Adapter, How

MOST_REST = 16 * 1024
"""Bytes of unmapped fields, as JSON, that a touchpoint keeps: half of what an event may have."""
LEFT_OUT = "left_out"
"""Under this name stand the unmapped fields that would not fit."""


DEEPEST = 16
"""A list that is kept holds others within others up to here."""
NOTHING = "an object that says nothing"
"""The kind of a payload such as an empty batch."""


class Unmapped(NamedTuple):
    """An event that no touchpoint is made of, by the vendor's name for its kind."""

    kind: str


Made = Touchpoint | AgentEvent | Unmapped | Invalid


class Fields:
    """One JSON object, read by path (``Agent.Username``). Remembers which fields were read; ``rest`` has the others.

    Every reader takes what is missing, null or empty as not there, and raises ``Invalid`` with the path and the value
    where there is something else than was asked for.
    """

    def __init__(
        self, value: Mapping[str, Any], label: str = "", *, within: str = "", read: set[str] | None = None
    ) -> None:
        """``label``: where in the payload it stands, as errors have it. What is below another object shares what was
        ``read`` of that, and its path ``within`` it."""
        self.value = value
        self._label = label
        self._within = f"{within}." if within else ""
        self._read: set[str] = set() if read is None else read

    def named(self, path: str) -> str:
        """The whole path of ``path`` below this object, as errors have it."""
        return f"{self._label}.{self._within}{path}" if self._label else self._within + path

    def wrong(self, path: str, problem: str) -> Invalid:
        """That what stands at ``path`` cannot be taken."""
        try:
            value = self._at(path)
        except Invalid as invalid:
            return invalid
        return Invalid("invalid_field", self.named(path), value, problem)

    def get(self, path: str) -> Any:
        """Whatever stands there, None if nothing does. It counts as read, with all below it."""
        value = self._at(path)
        self._read.add(self._within + path)
        return value

    def _at(self, path: str) -> Any:
        value: Any = self.value
        if "." not in path:
            return value.get(path)
        for name in _names(path):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise self._no_object(path)
            value = value.get(name)
        return value

    def _no_object(self, path: str) -> Invalid:
        """That on the way to ``path`` something else stands than an object."""
        value: Any = self.value
        gone = []
        for name in _names(path):
            if not isinstance(value, dict):
                break
            value = value.get(name)
            gone.append(name)
        return Invalid("invalid_field", self.named(".".join(gone)), value, "expected an object")

    def ignore(self, *paths: str) -> None:
        """Count ``paths``, with all below them, as read: they say nothing more, or must not be kept."""
        self._read.update([self._within + path for path in paths] if self._within else paths)

    def text(self, path: str) -> str:
        """Text, or a number as text (ids are either); "" without one."""
        value = self.get(path)
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self.wrong(path, "expected text")

    def required(self, path: str) -> str:
        """As ``text``, and there."""
        if not (found := self.text(path).strip()):
            raise self.wrong(path, "is required")
        return found

    def number(self, path: str) -> float | None:
        """A finite number, be it given as text."""
        value = self.get(path)
        if value is None or value == "":
            return None
        return self._finite(path, value)

    def seconds(self, path: str, *, per_second: float = 1.0) -> float | None:
        """A duration; ``per_second``: 1000 where the vendor gives milliseconds."""
        number = self.number(path)
        return None if number is None else number / per_second

    def flag(self, path: str) -> bool:
        """True or false, be it given as text; false without one."""
        value = self.get(path)
        if value is None or value == "":
            return False
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise self.wrong(path, "expected true or false")

    def object(self, path: str) -> Fields:
        """The object there; an empty one if there is none."""
        value = self._at(path)
        if value is None:
            return Fields({}, self._label, within=self._within + path, read=self._read)
        if not isinstance(value, dict):
            raise self.wrong(path, "expected an object")
        return Fields(value, self._label, within=self._within + path, read=self._read)

    def objects(self, path: str) -> list[Fields]:
        """The objects of the list there; none if there is none."""
        value = self._at(path)
        self._read.add(f"{self._within}{path}[]")
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(path, "expected a list")
        found = []
        for place, one in enumerate(value):
            if not isinstance(one, dict):
                raise Invalid("invalid_field", f"{self.named(path)}[{place}]", one, "expected an object")
            found.append(Fields(one, self._label, within=f"{self._within}{path}[{place}]", read=self._read))
        return found

    def texts(self, path: str) -> list[str]:
        """The texts of the list there; none if there is none."""
        value = self.get(path)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(path, "expected a list of texts")
        return value

    def json(self, path: str) -> Fields:
        """The object in the JSON text there, as Twilio's attributes are; an empty one if there is none."""
        text = self.text(path).strip()
        try:
            value = msgspec.json.decode(text) if text else {}
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise self.wrong(path, "expected a JSON object as text")
        return Fields(value, self.named(path))

    def time(self, path: str, how: How) -> int | None:
        """A time as text (ISO 8601, or RFC 2822), in ms since the epoch (UTC).

        One without an offset is of ``how.time_zone`` (of an hour that the clocks show twice, the first); without that
        it is refused.
        """
        value = self.get(path)
        if value is None or value == "":
            return None
        found = _read_time(value) if isinstance(value, str) else None
        if found is None:
            raise self.wrong(path, "expected a time as ISO 8601")
        if found.tzinfo is None:
            if not how.time_zone:
                raise self.wrong(path, "has no offset from UTC, and no time zone is set")
            found = found.replace(tzinfo=zone(how.time_zone))
        return self._ms(path, found)

    def epoch(self, path: str, *, per_second: int = 1) -> int | None:
        """A number since the epoch (UTC), in ms; ``per_second``: 1000 where the vendor gives milliseconds."""
        number = self.number(path)
        if number is None:
            return None
        try:
            return self._ms(path, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number / per_second))
        except OverflowError:
            raise self.wrong(path, "is no time") from None

    def required_time(self, path: str, how: How) -> int:
        """As ``time``, and there."""
        found = self.time(path, how)
        if found is None:
            raise self.wrong(path, "is required")
        return found

    def required_epoch(self, path: str, *, per_second: int = 1) -> int:
        """As ``epoch``, and there."""
        found = self.epoch(path, per_second=per_second)
        if found is None:
            raise self.wrong(path, "is required")
        return found

    def rest(self, most: int = MOST_REST) -> dict[str, Any]:
        """The fields that were not read, by path below this object; what is null or empty is left out.

        If together they are longer than ``most`` as JSON, the longest are left out, and named; so are those that lie
        within too many others.
        """
        unread: dict[str, Any] = {}
        _leaves(self.value, self._within, self._read, unread, 0)
        short = {path[len(self._within) :]: one for path, one in unread.items()} if self._within else unread
        if _fits(short, most):
            return short
        sizes = {path: len(path) + 4 + _size(one) for path, one in short.items()}
        size = sum(sizes.values())
        left_out = []
        for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
            if size <= most:
                break
            size -= sizes[path] - len(path) - 4
            del short[path]
            left_out.append(path)
        return short | {LEFT_OUT: sorted(left_out)[:100]} if left_out else short

    def _finite(self, path: str, value: Any) -> float:
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            try:
                number = float(value)
            except (ValueError, OverflowError):
                raise self.wrong(path, "expected a number") from None
            if isfinite(number):
                return number
        raise self.wrong(path, "expected a number")

    def _ms(self, path: str, found: datetime) -> int:
        try:
            return touchpoint.moment(found)
        except Invalid as invalid:
            raise Invalid(
                invalid.reason, self.named(path), invalid.value, "before 1990, so no real event time"
            ) from None
        except (OverflowError, OSError, ValueError):
            raise self.wrong(path, "is no time") from None


def received(how: How, fields: Fields, path: str) -> int:
    """When the payload came, in ms; raises ``Invalid`` that asks for a time at ``path`` if nobody says."""
    if not how.received:
        raise fields.wrong(path, "is required, or when it was received")
    return Fields({"received": how.received}).required_time("received", How())


def zone(name: str) -> ZoneInfo:
    """The time zone of that name; raises ``Invalid``."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise Invalid("invalid_field", "time_zone", name, "is no time zone that is known here") from None


def some(**values: str) -> dict[str, str]:
    """Those that are there; for identifiers."""
    return {name: value.strip() for name, value in values.items() if value.strip()}


def kept(vendor: str, fields: Fields, **own: Any) -> dict[str, Any]:
    """Attributes: ``own`` that have a value, and under ``vendor`` what was not read of ``fields``."""
    found = {name: value for name, value in own.items() if value is not None and value != ""}
    return found | {vendor: rest} if (rest := fields.rest()) else found


def form(raw: bytes) -> Fields:
    """The fields of a form (``application/x-www-form-urlencoded``); raises ``Invalid``."""
    try:
        return Fields(dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=1000)))
    except ValueError as error:  # UnicodeDecodeError is one
        raise Invalid("not_a_form", "", raw[:40], touchpoint.unread(error)) from None


def objects(raw: bytes) -> Iterator[Fields | Invalid]:
    """The JSON objects in ``raw``: one, a list of them, or one after another (JSON Lines, or as Firehose writes them
    into one file, with nothing in between). What is none is told, and the next one read."""
    if not raw.strip():
        yield Invalid("null_value", "", raw[:40], "there is nothing in it")
        return
    try:
        found = [msgspec.json.decode(raw)]
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # it may still be several
        try:
            found = list(_values(raw.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            yield Invalid("not_json", "", raw[:40], touchpoint.unread(error))
            return
    for place, value in enumerate(found):
        yield from _objects(value, "" if len(found) == 1 else f"[{place}]")


Read = Callable[[Fields, How], Iterable[Made]]
"""A vendor's module: what one object of its becomes. It may raise ``Invalid``; what it made until then is kept."""


def adapter(vendor: str) -> Callable[[Read], Adapter]:
    """Makes the adapter of a vendor that sends JSON."""

    def made_of(read: Read) -> Adapter:
        def every(raw: bytes, how: How) -> Iterator[Made]:
            for one in objects(raw):
                if isinstance(one, Invalid):
                    yield one
                    continue
                silent = True
                for made in until_invalid(read, one, how):
                    silent = False
                    yield made
                if silent:
                    yield Unmapped(NOTHING)

        return from_bytes(vendor)(wraps(read)(every))

    return made_of


def until_invalid(read: Read, fields: Fields, how: How) -> Iterator[Made]:
    """What ``read`` makes of ``fields``, and last what it raised."""
    try:
        yield from read(fields, how)
    except Invalid as invalid:
        yield invalid


def from_bytes(vendor: str) -> Callable[[Callable[[bytes, How], Iterable[Made]]], Adapter]:
    """Makes the adapter of a vendor whose payload is its own business to read: sorts what it made, and never raises."""

    def made_of(read: Callable[[bytes, How], Iterable[Made]]) -> Adapter:
        @wraps(read)
        def adapt(raw: bytes, how: How) -> Adapted:
            adapted = Adapted([], [], Counter(), [])
            source = how.source or vendor
            try:
                for made in read(raw, how):
                    _sort(made, source, adapted)
            except Invalid as invalid:
                adapted.refused.append(invalid)
            except Exception as error:  # a mistake of the adapter's is one more payload that was not taken
                problem = f"the adapter {vendor} failed: {type(error).__name__}"
                adapted.refused.append(Invalid("adapter_failed", "", bytes(raw[:40]), problem))
            if not any(adapted):
                adapted.unmapped[NOTHING] += 1
            return adapted

        return adapt

    return made_of


def _sort(made: Made, source: str, adapted: Adapted) -> None:
    if isinstance(made, Unmapped):
        adapted.unmapped[made.kind[:255]] += 1
    elif isinstance(made, Invalid):
        adapted.refused.append(made)
    else:
        try:
            if isinstance(made, Touchpoint):
                adapted.touchpoints.append(_taken(made, source))
            else:
                adapted.agent_events.append(_agent_taken(made, source))
        except Invalid as invalid:
            adapted.refused.append(invalid)


def _taken(made: Touchpoint, source: str) -> Touchpoint:
    """``made`` as it comes off the wire again; raises ``Invalid`` with what the contract has against it."""
    try:
        return touchpoint.decode(touchpoint.encode(msgspec.structs.replace(made, source=made.source or source)))
    except (TypeError, ValueError, OverflowError, OSError, RecursionError) as error:
        raise _unwritable(made.id, error) from None


def _agent_taken(made: AgentEvent, source: str) -> AgentEvent:
    try:
        return agents.decode(agents.encode(msgspec.structs.replace(made, source=made.source or source)))
    except (TypeError, ValueError, OverflowError, OSError, RecursionError) as error:
        raise _unwritable(made.id, error) from None


def _unwritable(id_: object, error: Exception) -> Invalid:
    """``Invalid`` as it is (it is a ValueError too); what no JSON can be written of, as one."""
    if isinstance(error, Invalid):
        return error
    return Invalid("invalid_field", "id", id_, f"the touchpoint cannot be written: {type(error).__name__}")


def _read_time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _values(text: str) -> Iterator[Any]:
    """The JSON values in ``text`` one after another; ``Invalid`` for a stretch that is none, up to the next line that
    begins an object."""
    reader = json.JSONDecoder()
    place = 0
    while (place := _past_space(text, place)) < len(text):
        try:
            value, place = reader.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            following = text.find("\n{", place)
            problem = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
            value = Invalid("not_json", "", text[place : place + 40].encode(errors="replace"), f"no JSON: {problem}")
            place = len(text) if following < 0 else following
        yield value


def _past_space(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n\x1e":  # RFC 7464 begins each with a record separator
        place += 1
    return place


def _objects(value: Any, path: str) -> Iterator[Fields | Invalid]:
    if isinstance(value, Invalid):
        yield value
    elif isinstance(value, list):
        for place, one in enumerate(value):
            where = f"{path}[{place}]"
            if isinstance(one, dict):
                yield Fields(one, where)
            else:
                yield Invalid("invalid_field", where, one, "expected an object")
    elif isinstance(value, dict):
        yield Fields(value, path)
    else:
        yield Invalid("invalid_field", path, value, "expected an object")


@lru_cache(4096)
def _names(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _leaves(value: Any, within: str, read: set[str], found: dict[str, Any], depth: int) -> None:
    """Puts into ``found`` the fields below ``value`` that were not read: a list whole, unless something in it was."""
    for name, one in value.items():
        path = f"{within}{name}"
        if one is None or one == "" or path in read:
            continue
        if isinstance(one, (list, dict)):
            _leaf(one, path, read, found, depth)
        else:
            found[path] = one


def _leaf(one: Any, path: str, read: set[str], found: dict[str, Any], depth: int) -> None:
    if isinstance(one, (str, list, dict)) and not one:
        return
    if isinstance(one, dict) and depth < DEEPEST:
        _leaves(one, f"{path}.", read, found, depth + 1)
    elif isinstance(one, list) and f"{path}[]" in read:
        for place, inner in enumerate(one):
            if inner is not None and f"{path}[{place}]" not in read:
                _leaf(inner, f"{path}[{place}]", read, found, depth + 1)
    else:
        found[path] = one


def _fits(rest: dict[str, Any], most: int) -> bool:
    for one in rest.values():
        if isinstance(one, (list, dict)) and _is_deep(one):
            return False
    try:
        return len(msgspec.json.encode(rest)) <= most
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False


def _size(value: Any) -> int:
    if isinstance(value, (list, dict)) and _is_deep(value):
        return MOST_REST
    try:
        return len(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError):
        return MOST_REST


def _is_deep(value: Any) -> bool:
    within = [value]
    for _ in range(DEEPEST):
        within = [
            inner
            for outer in within
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (list, dict))
        ]
        if not within:
            return False
    return True
