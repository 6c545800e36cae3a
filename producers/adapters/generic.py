"""Any source that sends JSON: its objects become touchpoints as a mapping file says (``mapping.py``).

A touchpoint without an id gets one made of what it was made of, so that the same payload twice is a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from journeys.touchpoint import Invalid, Touchpoint
from producers.adapters.adapter import How
from producers.adapters.ids import of_content
from producers.adapters.mapping import GROUPS, Mapping, Rule, mapping
from producers.adapters.payload import Fields, Made, Unmapped, from_bytes, kept, objects, some, zone

VENDOR = "generic"
PARENT = "parent"
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}


@from_bytes(VENDOR)
def adapt(raw: bytes, how: How) -> Iterator[Made]:
    rules = mapping(how.mapping)
    for payload in objects(raw):
        for fields in [payload] if isinstance(payload, Invalid) else _each(payload, rules):
            if isinstance(fields, Invalid):
                yield fields
            else:
                yield from mapped(fields, rules, VENDOR, how)


def mapped(fields: Fields, rules: Mapping, vendor: str, how: How) -> Iterator[Made]:
    """What one object becomes: a touchpoint of every rule that takes it."""
    fields.ignore(PARENT, *rules.read)
    taken = False
    for place, rule in enumerate(rules.rules):
        try:
            if rule.when is None or _true(rule.when.of(fields.value, fields.named("when"))):
                taken = True
                yield _touchpoint(fields, rules, rule, place, vendor, how)
        except Invalid as invalid:
            taken = True
            yield invalid
    if not taken:
        kind = rules.kind.of(fields.value, fields.named("kind")) if rules.kind else None
        yield Unmapped("no rule" if kind is None or kind == "" else str(kind))


def _each(payload: Fields, rules: Mapping) -> Iterator[Fields | Invalid]:
    if rules.each is None:
        yield payload
        return
    try:
        found = rules.each.of(payload.value, payload.named("each"))
    except Invalid as invalid:
        yield invalid
        return
    where = payload.named("each")
    if not isinstance(found, list) or not found:
        yield Invalid("invalid_field", where, found, "expected a list of objects")
        return
    for place, one in enumerate(found):
        if isinstance(one, dict):
            yield Fields(one | {PARENT: payload.value}, f"{where}[{place}]")
        else:
            yield Invalid("invalid_field", f"{where}[{place}]", one, "expected an object")


def _touchpoint(fields: Fields, rules: Mapping, rule: Rule, place: int, vendor: str, how: How) -> Touchpoint:
    values: dict[str, Any] = {group: {} for group in GROUPS}
    for field, value in rule.fixed.items():
        _put(values, field, value)
    for field, expression in rule.found.items():
        _put(values, field, expression.of(fields.value, fields.named(field)))
    given = Fields(values, fields.named("").rstrip("."))
    own = {name: value for name, value in fields.value.items() if name != PARENT}
    attributes = {name: value for name, value in values["attributes"].items() if value is not None and value != ""}
    return Touchpoint(
        _time(given, rules, how),
        given.text("id") or f"{how.source or vendor}:{of_content(own)}/{place}",
        given.text("type"),
        given.text("channel"),
        given.text("contact_id"),
        _texts(given, "identifiers"),
        given.text("intent"),
        given.text("reference"),
        given.text("queue"),
        given.text("agent"),
        given.text("direction"),
        given.text("outcome"),
        given.seconds("wait_s"),
        given.seconds("talk_s"),
        given.seconds("hold_s"),
        given.seconds("wrap_s"),
        given.flag("invited"),
        attributes=attributes | kept(vendor, fields),
        other=_texts(given, "other"),
        revision=int(given.number("revision") or 0),
    )


def _put(values: dict[str, Any], field: str, value: Any) -> None:
    group, _, member = field.partition(".")
    if member:
        values[group][member] = value
    else:
        values[field] = value


def _texts(given: Fields, group: str) -> dict[str, str]:
    return some(**{name: given.text(f"{group}.{name}") for name in given.value[group]})


def _true(found: Any) -> bool:
    """As JMESPath has it: 0 is true."""
    return found is not None and found is not False and found != "" and found != [] and found != {}


def _time(given: Fields, rules: Mapping, how: How) -> int:
    value = given.get("time")
    if rules.time_unit is not None and (isinstance(value, (int, float)) or _is_number(value)):
        return given.required_epoch("time", per_second=PER_SECOND[rules.time_unit])
    if isinstance(value, (int, float)):
        raise given.wrong("time", "is a number: say time_unit (s, ms or us) in the mapping")
    here = How(time_zone=how.time_zone or rules.time_zone)
    if rules.time_format and isinstance(value, str) and value:
        return Fields({"time": _read(given, value, rules.time_format, here.time_zone)}).required_time("time", here)
    return given.required_time("time", here)


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, str) and float(value) is not None
    except ValueError:
        return False


def _read(given: Fields, value: str, form: str, here: str) -> str:
    """``value``, which has the form that the mapping says, as ISO 8601."""
    try:
        read = datetime.strptime(value, form)  # noqa: DTZ007 (without an offset it is of the zone that was said)
    except ValueError:
        raise given.wrong("time", f"expected a time as {form}") from None
    if read.tzinfo is None and not here:
        raise given.wrong("time", "has no offset from UTC, and no time zone is set")
    return (read if read.tzinfo is not None else read.replace(tzinfo=zone(here))).isoformat()
