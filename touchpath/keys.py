"""`touchpath keys`: what customers' identifiers are hidden with, where it comes from, and a new one.

The keys are looked for in the environment, in the file that the settings name, and in the data directory, and taken
from the first of these that is there.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Annotated

import typer

from journeys.pseudonyms import KEY_BYTES, KeysError, Pseudonyms, key_id, keys_from
from journeys.settings import Settings
from producers.keys import VARIABLE
from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem
from touchpath.terminal import REMARKS, plain

keys = typer.Typer(name="keys", rich_markup_mode=None)


@keys.callback(invoke_without_command=True)
def list_keys(context: typer.Context, data: options.Data = options.DATA, settings: options.SettingsFile = None) -> None:
    """Print the ids of the keys of the pseudonyms, the current one first, and where they are. Never a key.

    \b
    Example:
      touchpath keys --data data
    """
    if context.invoked_subcommand:
        if settings or data != options.DATA:
            raise typer.BadParameter(f"put options behind {context.invoked_subcommand}")
        return
    chosen, source = options.settings_of(settings)
    layout = Layout(data)
    for name in pseudonyms_of(chosen, source, layout).key_ids:
        print(name)
    where = VARIABLE if os.environ.get(VARIABLE) else _file(chosen, source, layout)
    REMARKS.print(plain(f"from {where}; a pseudonym begins with ~ and the id of its key"))


@keys.command()
def new(
    data: options.Data = options.DATA,
    settings: options.SettingsFile = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Another file than the one in use.")
    ] = None,
) -> None:
    """Make a new key, put it before those that there are, and print its id. Restart all that publishes or works.

    The older ones are kept, for what they made is found by them. Services take all of them, in the same order:
    export TOUCHPATH_PRIVACY_KEYS=$(paste -sd, data/privacy.keys)

    \b
    Example:
      touchpath keys new --data data
    """
    chosen, source = options.settings_of(settings)
    if file is None and os.environ.get(VARIABLE):
        raise Problem(f"{VARIABLE}: the keys come from there; make one with --file FILE, and put it in front")
    layout = Layout(data)
    place = file or _file(chosen, source, layout)
    if place == layout.keys:
        layout.create()
    print(key_id(_prepend(place)))
    REMARKS.print(plain(f"now the first in {place}"))


def pseudonyms_of(settings: Settings, source: Path | None, layout: Layout, make: bool = False) -> Pseudonyms:
    """With the keys in force. ``source`` is the settings' file. Raises ``Problem`` if there are none.

    With ``make``, a data directory that has none gets one, if they are not to come from elsewhere.
    """
    try:
        return Pseudonyms(keys_of(settings, source, layout, make), settings)
    except KeysError as error:
        raise BadInput(
            f"{VARIABLE if os.environ.get(VARIABLE) else _file(settings, source, layout)}: {error}"
        ) from None


def keys_of(settings: Settings, source: Path | None, layout: Layout, make: bool = False) -> tuple[bytes, ...]:
    """The keys in force, the current one first. Raises as ``pseudonyms_of`` does, and ``KeysError``."""
    if given := os.environ.get(VARIABLE):
        return keys_from(given.split(","))
    place = _file(settings, source, layout)
    if make and place == layout.keys and not place.exists():
        layout.create()
        _prepend(place)
    try:
        return keys_from(place.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        raise Problem(
            f"{place}: there are no keys to hide customers' identifiers with; set {VARIABLE} to those that the workers "
            "have (or --data to their directory), or make the first with touchpath keys new"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{place}: {getattr(error, 'strerror', None) or 'not a file of keys'}") from None


def _file(settings: Settings, source: Path | None, layout: Layout) -> Path:
    named = settings.privacy.keys_file
    if not named:
        return layout.keys
    return (source.parent if source else Path()) / Path(named).expanduser()


def _prepend(place: Path) -> bytes:
    """Put a new key first in ``place``, for its owner alone to read, and return it."""
    key = secrets.token_bytes(KEY_BYTES)
    draft = place.with_name(place.name + ".new")
    try:
        before = place.read_bytes() if place.exists() else b""
        keys_from(before.decode().splitlines())
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as written:
            written.write(urlsafe_b64encode(key).rstrip(b"=") + b"\n" + before)
            written.flush()
            os.fsync(written.fileno())
        draft.rename(place)
    except OSError as error:
        raise BadInput(f"{place}: {error.strerror}") from None
    except (KeysError, UnicodeDecodeError) as error:
        raise BadInput(f"{place}: {error if isinstance(error, KeysError) else 'not a file of keys'}") from None
    return key
