"""Whether those who were right yesterday are right today: what of an older schema a newer one no longer takes.

It knows the keywords that ``journeys.schema`` uses, and takes any other that changed for a break, so that none passes
unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TEXT = frozenset({"title", "description", "examples", "$schema", "$defs"})
_AT_MOST = frozenset({"maxLength", "maximum", "maxItems", "maxProperties"})
_AT_LEAST = frozenset({"minLength", "minimum", "minItems", "minProperties"})
_KNOWN = _TEXT | _AT_MOST | _AT_LEAST | {
    "type", "format", "const", "enum", "default", "required", "properties", "additionalProperties", "propertyNames",
    "items", "anyOf", "$ref", "allOf",
}  # fmt: skip

Schema = Mapping[str, Any]


def breaks(old: Schema, new: Schema) -> list[str]:
    """One line for each thing that ``old`` allowed and ``new`` does not, or reads otherwise; it names the field."""
    return [
        line
        for name in sorted(old["$defs"])
        for line in (
            _changes(name, old["$defs"][name], new["$defs"][name], old, new)
            if name in new["$defs"]
            else [f"{name}: is gone"]
        )
    ]


def _changes(at: str, old: Schema, new: Schema, olds: Schema, news: Schema) -> Iterator[str]:
    """``olds`` and ``news``: the documents that references lead into. A reference is followed where it is defined."""
    if "$ref" in old or "$ref" in new:
        if old.get("$ref") != new.get("$ref"):
            yield f"{at}: was {_shown(old)}, is {_shown(new)}"
        return
    if "anyOf" in old or "anyOf" in new:
        yield from _alternatives(at, old, new, olds, news)
        return
    for word in ("type", "format", "const"):
        if word in new and old.get(word) != new[word]:
            yield f"{at}: {word} was {old.get(word, 'any')}, is {new[word]}"
    if gone := [] if "enum" not in new else [one for one in old.get("enum", ["any other"]) if one not in new["enum"]]:
        yield f"{at}: no longer takes {', '.join(map(str, gone))}"
    if old.get("default") != new.get("default"):
        yield f"{at}: left out meant {old.get('default')!r}, means {new.get('default')!r}"
    for word in sorted(_AT_MOST & new.keys()):
        if word not in old or new[word] < old[word]:
            yield f"{at}: {word} was {old.get(word, 'none')}, is {new[word]}"
    for word in sorted(_AT_LEAST & new.keys()):
        if word not in old or new[word] > old[word]:
            yield f"{at}: {word} was {old.get(word, 'none')}, is {new[word]}"
    yield from _fields(at, old, new, olds, news)
    for word in ("propertyNames", "items", "additionalProperties"):
        if word in new and old.get(word) != new[word]:
            before = old.get(word, True)
            if isinstance(before, Mapping) and isinstance(new[word], Mapping):
                yield from _changes(f"{at}.*" if word != "propertyNames" else at, before, new[word], olds, news)
            else:
                yield f"{at}: {word} was {before}, is {new[word]}"
    yield from (
        f"{at}: a new condition: {_shown(one)}" for one in new.get("allOf", ()) if one not in old.get("allOf", ())
    )
    for word in sorted((old.keys() | new.keys()) - _KNOWN):
        if old.get(word) != new.get(word):
            yield f"{at}: {word} was {old.get(word, 'none')}, is {new.get(word, 'none')}"


def _fields(at: str, old: Schema, new: Schema, olds: Schema, news: Schema) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{at}.{name}: is required now"
    for name, field in before.items():
        if name in after:
            yield from _changes(f"{at}.{name}", field, after[name], olds, news)
        else:
            yield f"{at}.{name}: is gone"


def _alternatives(at: str, old: Schema, new: Schema, olds: Schema, news: Schema) -> Iterator[str]:
    """Each that there was must fit into one that there is."""
    if old.get("default") != new.get("default"):
        yield f"{at}: left out meant {old.get('default')!r}, means {new.get('default')!r}"
    now = _without_default(new).get("anyOf", [_without_default(new)])
    for one in _without_default(old).get("anyOf", [_without_default(old)]):
        reasons = [list(_changes(at, one, other, olds, news)) for other in now]
        if all(reasons):
            yield from min(reasons, key=len) if len(now) == 1 else [_closest(at, one, now, reasons)]


def _closest(at: str, one: Schema, now: list[Schema], reasons: list[list[str]]) -> str:
    same = [lines for other, lines in zip(now, reasons, strict=True) if other.get("type") == one.get("type")]
    return same[0][0] if same else f"{at}: no longer takes {_shown(one)}"


def _without_default(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word != "default" and word not in _TEXT}


def _shown(schema: Schema) -> str:
    return str(schema.get("$ref") or schema.get("type") or dict(schema))
