"""Options that several commands share, and the checks of their values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from journeys.settings import DEFAULTS, Settings, SettingsError, read
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem

SETTINGS_FILE = "touchpath.toml"
CLICKHOUSE = "TOUCHPATH_CLICKHOUSE"
"""The environment variable; a URL with a password belongs there and not on a command line."""
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})")


def _data(value: Path) -> Path:
    if value.exists() and not value.is_dir():
        raise typer.BadParameter(f"{value} is not a directory")
    return value


def _bootstrap(value: str | None) -> str | None:
    for address in value.split(",") if value is not None else ():
        found = _ADDRESS.fullmatch(address.strip())
        if found is None or not 0 < int(found[2]) < 65536:
            raise typer.BadParameter(f"expected host:port, several with commas, got {value!r}")
    return value


def _clickhouse(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("clickhouse", "clickhouses") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise typer.BadParameter(f"expected clickhouse://[user[:password]@]host[:9000][/database], got {value!r}")
    return value


def _positive(value: float | None) -> float | None:
    if value is not None and not 0 < value < 1e9:
        raise typer.BadParameter(f"expected a number above 0, got {value:g}")
    return value


Data = Annotated[
    Path, typer.Option("--data", envvar="TOUCHPATH_DATA", metavar="DIR", help="The data directory.", callback=_data)
]
Bootstrap = Annotated[
    str | None,
    typer.Option(
        "--bootstrap", envvar="TOUCHPATH_BOOTSTRAP", metavar="HOST:PORT", callback=_bootstrap,
        help="Kafka's address; without it, the broker that runs on the data directory.",
    ),
]  # fmt: skip
ClickHouse = Annotated[
    str | None,
    typer.Option(
        "--clickhouse", envvar=CLICKHOUSE, metavar="URL", callback=_clickhouse,
        help="clickhouse://user:password@host:9000/database; without it, the store in the data directory.",
    ),
]  # fmt: skip
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help=f"Settings; without it, {SETTINGS_FILE} here if there is one."),
]
Speed = Annotated[
    float | None,
    typer.Option("--speed", metavar="X", help="How many times as fast as it happened.", callback=_positive),
]
Partitions = Annotated[
    int | None,
    typer.Option("--partitions", min=1, max=1000, metavar="N", help="Of topics that do not exist yet; 4 unless given."),
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, metavar="N", help="Stream workers.")]
MetricsPort = Annotated[
    int, typer.Option("--metrics-port", min=0, max=65535, metavar="PORT", help="Of /metrics; 0 takes a free one.")
]
MetricsHost = Annotated[
    str,
    typer.Option(
        "--metrics-host", envvar="TOUCHPATH_METRICS_HOST", metavar="ADDRESS",
        help="Where /metrics listens; whoever reaches it can read the figures.",
    ),
]  # fmt: skip
HttpPort = Annotated[
    int,
    typer.Option("--http-port", min=0, max=65535, metavar="PORT", help="Of SQL over HTTP; 0 takes a free one."),
]

DATA = Path("data")


def settings_of(file: Path | None) -> tuple[Settings, Path | None]:
    """The settings in force, and the file that they come from."""
    if file is None:
        file = Path(SETTINGS_FILE)
        if not file.exists():
            return DEFAULTS, None
    try:
        return read(file), file
    except SettingsError as error:
        raise BadInput(f"--settings {error}") from None


def bootstrap_of(given: str | None, layout: Layout) -> str:
    """``given``, or the broker that runs on the data directory. Raises ``Problem`` if there is none."""
    if given:
        return given
    running = layout.running()
    if running is None:
        raise Problem(f"--data {layout.root}: touchpath does not run there; start touchpath up, or give --bootstrap")
    return running.bootstrap
