"""docs/reference/settings.md: what journeys/settings.py declares, with what holds unless a file says otherwise."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

import msgspec

from docs.making.markdown import code, page, table
from journeys.calendar import Site
from journeys.schema import said_of_fields
from journeys.settings import DEFAULTS, Duration, Hook, Queue, Settings, WriteKey
from journeys.stages import Rule
from touchpath.settings_command import toml

_WITHIN = {"queues": Queue, "sites": Site, "collector.keys": WriteKey, "collector.hooks": Hook}
"""Tables that have a name of the user's in the middle, as [queues.billing]."""
_HELD = tomllib.loads(toml(DEFAULTS))
"""What `touchpath settings` prints."""


def text() -> str:
    parts = []
    for name, kind in get_type_hints(Settings).items():
        parts.append(f"## \\[{name}\\]" if name not in _WITHIN else f"## \\[{name}.NAME\\]")
        if said := said_of_fields(Settings).get(name, ""):
            parts.append(said)
        if name == "queues":
            parts.append("The same keys as `[queue]`, of one queue.")
            continue
        parts.append(_keys(_WITHIN.get(name, kind), name))
        for path, within in _WITHIN.items():
            if path.startswith(f"{name}."):
                parts += [f"### \\[{path}.NAME\\]", _keys(within, path)]
        if name == "stages":
            parts += ["### \\[\\[stages.rules\\]\\]", _keys(Rule, "stages.rules")]
    return page(
        "Settings",
        "journeys/settings.py",
        """One TOML file, `touchpath.toml` in the directory where a command is started, or what `--settings` names.
Durations are numbers of seconds or text: `"90s"`, `"15m"`, `"4h"`, `"14d"`. `touchpath settings` prints what holds, and
checks a file; one that is wrong is named with the key and the value.""",
        *parts,
    )


def _keys(kind: type, path: str) -> str:
    said = said_of_fields(kind)
    hints = get_type_hints(kind)
    rows = [
        (code(field.name), _type(hints[field.name]), _default(field, path), said.get(field.name, ""))
        for field in msgspec.structs.fields(kind)
    ]
    return table(("key", "type", "unless set", "meaning"), rows)


def _type(hint: Any) -> str:
    names = {Duration: "duration", str: "text", bool: "true or false", int: "whole number", float: "number"}
    if hint in names:
        return names[hint]
    arguments = get_args(hint)
    origin = getattr(hint, "__origin__", None)
    if origin is dict:
        return f"table of {_type(arguments[1])}"
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if arguments and all(isinstance(one, str) for one in arguments):
        return " or ".join(code(f'"{one}"') for one in arguments)
    if arguments:  # Annotated, and unions
        return " or ".join(dict.fromkeys(_type(one) for one in arguments if isinstance(one, type) or get_args(one)))
    return {"date": "date"}.get(getattr(hint, "__name__", ""), "table, below")


def _default(field: msgspec.structs.FieldInfo, path: str) -> str:
    if field.required:
        return "required"
    held: Any = _HELD
    for key in path.split("."):
        held = held.get(key, {}) if isinstance(held.get(key), Mapping) else {}
    if field.name in held and not isinstance(field.default, bool):
        value = held[field.name]
    else:
        value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {code(_shown(one))}" for key, one in value.items()) or "none"
    if isinstance(value, (list, tuple)) and len(value) > 6 and all(isinstance(one, Mapping) for one in value):
        return "those of the program: `touchpath settings` prints them"
    return code(_shown(value))


def _shown(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode().replace(",", ", ")
