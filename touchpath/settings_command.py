"""`touchpath settings`: what holds, and whether a file is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from journeys.settings import GAPS, TIME_OUTS, Settings
from streams.topics import CATALOGUE
from touchpath import options


def settings(file: options.SettingsFile = None) -> None:
    """Print the settings in force as TOML, after checking the file that they come from.

    \b
    Example:
      touchpath settings > touchpath.toml
      touchpath settings --settings touchpath.toml
    """
    chosen, source = options.settings_of(file)
    print(f"# {source if source else 'the defaults: there is no ' + options.SETTINGS_FILE + ' here'}")
    print(toml(chosen), end="")


def toml(settings: Settings) -> str:
    """Everything that holds, what comes with the program included; it can be read back."""
    found: dict[str, Any] = msgspec.to_builtins(settings, enc_hook=_duration)
    found["contacts"]["channels"] = dict(settings.kinds)
    time_outs = {channel: _duration(seconds) for channel, seconds in TIME_OUTS.items()}
    found["contacts"]["time_outs"] = time_outs | found["contacts"]["time_outs"]
    found["stages"] |= {"rules": msgspec.to_builtins(settings.stage_rules), "defaults": False}
    found["effort"]["weights"] = dict(settings.weights)
    gaps = {intent: _duration(days * 86_400) for intent, days in GAPS.items()}
    found["journeys"]["gaps"] = gaps | found["journeys"]["gaps"]
    kept = {
        name: _duration(topic.retention_ms / 1000) for name, topic in CATALOGUE.items() if topic.cleanup == "delete"
    }
    found["retention"]["topics"] = (kept if "*" not in settings.retention.topics else {}) | found["retention"]["topics"]
    found["retention"]["tables"] = {table: _duration(period) for table, period in settings.tables_kept.items()}
    return "\n".join(_tables(found, ())).lstrip("\n") + "\n"


def _tables(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Plain values first, then the tables within, as TOML wants it."""
    lines = []
    plain = {key: value for key, value in table.items() if not (isinstance(value, Mapping) or _is_tables(value))}
    if path and (plain or not table):
        lines += ["", f"[{'.'.join(map(_key, path))}]"]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _tables(value, (*path, key))
        elif _is_tables(value):
            for one in value:
                lines += ["", f"[[{'.'.join(map(_key, (*path, key)))}]]"]
                lines += [f"{_key(name)} = {_value(plain_one)}" for name, plain_one in one.items()]
    return lines


def _is_tables(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return _text(str(value))


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()  # a JSON string is a TOML string


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:g}s"
