"""A mapping file: how the objects of a source that has no adapter become touchpoints, said in TOML and JMESPath.

    each = "events[]"                         # where the objects are; left out: the payload is one
    kind = "event"                            # by what those are counted that no rule takes

    [[touchpoint]]
    when = "event == 'sale'"                  # left out: any
    is = { type = "purchased", channel = "store" }
    from = { id = "receipt", time = "at", "identifiers.customer_id" = "card.number" }

``is`` has what is always the same, ``from`` where the rest stands: JMESPath
(https://jmespath.org/specification.html) into the object, which has the whole payload as ``parent`` where ``each`` is
used. Fields are those of the contract.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError

from journeys.touchpoint import Invalid

FIELDS = (
    "id", "type", "time", "channel", "contact_id", "intent", "reference", "queue", "agent", "direction", "outcome",
    "wait_s", "talk_s", "hold_s", "wrap_s", "invited", "revision",
)  # fmt: skip
GROUPS = ("identifiers", "other", "attributes")
"""Of which one names a member: identifiers.phone."""
NEEDED = ("type", "time", "channel")
REASON = "bad_mapping"


class Expression(NamedTuple):
    """A JMESPath expression, and which fields it looks at."""

    text: str
    compiled: Any
    paths: tuple[str, ...]

    def of(self, value: Any, field: str) -> Any:
        """What it finds in ``value``; raises ``Invalid``, for ``field``, where a function gets what it cannot take."""
        try:
            return self.compiled.search(value)
        except ValueError as error:  # JMESPath's own errors are such
            raise Invalid("invalid_field", field, self.text, " ".join(str(error).split())) from None


class Rule(NamedTuple):
    """What one touchpoint is made of."""

    when: Expression | None
    fixed: dict[str, Any]
    found: dict[str, Expression]


class Mapping(NamedTuple):
    rules: tuple[Rule, ...]
    each: Expression | None = None
    kind: Expression | None = None
    time_unit: str | None = None
    time_format: str = ""
    time_zone: str = ""
    drop: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[str, ...]:
        """The fields of an object that its touchpoints have in a place of their own, or that are not to be kept."""
        return self.drop + tuple(path for rule in self.rules for one in rule.found.values() for path in one.paths)


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    when: str = ""
    fixed: dict[str, Any] = msgspec.field(default={}, name="is")
    found: dict[str, str] = msgspec.field(default={}, name="from")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    touchpoint: list[_Rule]
    each: str = ""
    kind: str = ""
    time_unit: Literal["s", "ms", "us"] | None = None
    """Of times that are numbers."""
    time_format: str = ""
    """Of times that are text and no ISO 8601: as strptime has it, "%d.%m.%Y %H:%M"."""
    time_zone: str = ""
    """Of times without an offset, where whoever runs the adapter says none."""
    drop: tuple[str, ...] = ()
    """Fields of an object that are not kept though nothing reads them: names, words, whatever is private."""


@lru_cache(maxsize=64)
def mapping(text: str) -> Mapping:
    """The mapping in ``text``; raises ``Invalid``, which names the field at fault."""
    if not text.strip():
        raise _bad("mapping", text, "a mapping file is needed")
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _bad("mapping", text, f"no TOML: {error}") from None
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `")
        raise _bad(path.rstrip("`").removeprefix("$").lstrip(".") or "mapping", text, problem) from None
    if not file.touchpoint:
        raise _bad("touchpoint", [], "a mapping has one [[touchpoint]] at least")
    return Mapping(
        tuple(_rule(rule, f"touchpoint[{place}]") for place, rule in enumerate(file.touchpoint)),
        _compiled(file.each, "each") if file.each else None,
        _compiled(file.kind, "kind") if file.kind else None,
        file.time_unit,
        file.time_format,
        file.time_zone,
        file.drop,
    )


@lru_cache(maxsize=64)
def as_named(columns: tuple[str, ...]) -> Mapping:
    """That of a table whose columns are named after the contract's fields; others are kept. Raises ``Invalid``."""
    for field in NEEDED:
        if field not in columns:
            raise Invalid("invalid_field", field, columns, "is no column, and no mapping says where it stands")
    found = {name: _compiled(f'"{name}"', name) for name in columns if _is_field(name) and '"' not in name}
    return Mapping((Rule(None, {}, found),))


def _rule(rule: _Rule, where: str) -> Rule:
    for part, fields in (("is", rule.fixed), ("from", rule.found)):
        for field, value in fields.items():
            if not _is_field(field):
                known = ", ".join((*FIELDS, *(f"{group}.NAME" for group in GROUPS)))
                raise _bad(f"{where}.{part}.{field}", value, f"is no field of a touchpoint; there are {known}")
    for field in NEEDED:
        if field not in rule.fixed and field not in rule.found:
            raise _bad(f"{where}.{field}", None, "is required, in is or in from")
    return Rule(
        _compiled(rule.when, f"{where}.when") if rule.when else None,
        rule.fixed,
        {field: _compiled(text, f"{where}.from.{field}") for field, text in rule.found.items()},
    )


def _is_field(name: str) -> bool:
    group, _, member = name.partition(".")
    return name in FIELDS or (group in GROUPS and bool(member) and (group == "attributes" or "." not in member))


def _compiled(text: str, where: str) -> Expression:
    try:
        expression = jmespath.compile(text)
    except (JMESPathError, RecursionError) as error:
        raise _bad(where, text, f"no JMESPath: {' '.join(str(error).split())}") from None
    return Expression(text, expression, tuple(_paths(expression.parsed)))


def _bad(field: str, value: object, problem: str) -> Invalid:
    return Invalid(REASON, field, value, problem)


_FROM_THE_FIRST = frozenset(
    {
        "subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten", "pipe",
    }
)  # fmt: skip
"""Nodes of a parsed expression whose later children look into what the first one found."""


def _paths(node: Any) -> Iterator[str]:
    """The fields that a parsed expression looks at: chains of names from the object on, as far as they are such."""
    chain = _chain(node)
    if chain is not None:
        yield chain
    elif isinstance(node, dict):
        children = node["children"]
        for child in children[:1] if node["type"] in _FROM_THE_FIRST else children:
            yield from _paths(child)


def _chain(node: Any) -> str | None:
    if not isinstance(node, dict):
        return None
    if node["type"] == "field":
        return str(node["value"])
    return _joined(map(_chain, node["children"])) if node["type"] == "subexpression" else None


def _joined(names: Iterable[str | None]) -> str | None:
    found = list(names)
    return None if None in found else ".".join(name for name in found if name is not None)
