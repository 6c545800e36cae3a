"""Who may send what: write keys with their scopes, and the secrets of web hooks.

Keys and secrets are in the environment alone, and are known here by their hashes or by whoever signs with them; none is
ever shown, logged or compared in a time that depends on it.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from journeys.settings import SCOPES, Collector, Hook, Scope, WriteKey
from producers.collector.answers import Refused
from producers.collector.signatures import SIGNATURES

WRITE_KEY, HOOK_SECRET, HOOK_TOKEN = "TOUCHPATH_WRITE_KEY_", "TOUCHPATH_HOOK_SECRET_", "TOUCHPATH_HOOK_TOKEN_"
"""How environment variables begin; the name of the key or hook follows, in capitals, with _ for what is no letter or
digit. Several values, with commas between, hold side by side while one takes the other's place."""
LEAST_CHARACTERS = 16


class AccessError(ValueError):
    """Keys or hooks that cannot be used; one line that names the setting and the variable, and shows no secret."""


@dataclass(frozen=True)
class Client:
    """Who sends. ``source``: of all its events, where it is bound to one."""

    name: str
    scopes: frozenset[Scope]
    source: str = ""


@dataclass(frozen=True)
class Access:
    clients: Mapping[bytes, Client] = field(default_factory=dict)
    """By the hash of their write key; empty: anybody may send."""
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    secrets: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    """By hook, what its vendor signs with."""
    tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By hook, what Meta says when a hook is set up."""

    @property
    def open(self) -> bool:
        """Nothing is asked of anybody."""
        return not self.clients and not self.secrets

    def client(self, authorization: str, otherwise: str = "") -> Client:
        """Who has the key in the header `Authorization` (Basic, as the user name; or Bearer), or else ``otherwise``.

        Raises ``Refused``.
        """
        if self.open:
            return ANYBODY
        key = _key(authorization) or otherwise
        if not key:
            raise Refused(401, "no_key", "a write key is needed: Basic authentication with the key as user name")
        client = self.clients.get(_hash(key))
        if client is None:
            raise Refused(401, "wrong_key", "the write key is not known here")
        return client


ANYBODY = Client("anybody", frozenset(SCOPES))


def allow(client: Client, scope: Scope) -> None:
    """Raises ``Refused`` if ``client`` may not do that."""
    if scope not in client.scopes:
        raise Refused(403, "scope", f"the write key {client.name!r} has no scope {scope!r} (settings: collector.keys)")


def from_environment(settings: Collector, environment: Mapping[str, str]) -> Access:
    """The keys and secrets in ``environment`` with what ``settings`` say of them. Raises ``AccessError``."""
    given = _named(environment, WRITE_KEY)
    clients: dict[bytes, Client] = {}
    known = {_variable(name): name for name in settings.keys}
    if len(known) < len(settings.keys):
        raise AccessError("collector.keys: two names that differ in capitals or signs only have one variable")
    for variable, name in known.items():
        if variable not in given:
            raise AccessError(f"collector.keys.{name}: set {WRITE_KEY}{variable} to its key")
    for variable, keys in given.items():
        name = known.get(variable, variable.lower())
        said = settings.keys.get(name, WriteKey())
        for key in keys:
            if len(key) < LEAST_CHARACTERS:
                raise AccessError(f"{WRITE_KEY}{variable}: expected {LEAST_CHARACTERS} characters or more")
            if _hash(key) in clients:
                raise AccessError(f"{WRITE_KEY}{variable}: is the key of {clients[_hash(key)].name!r} already")
            clients[_hash(key)] = Client(name, frozenset(said.scopes), said.source)
    hooks = dict(settings.hooks)
    hook_names = {_variable(name): name for name in hooks}
    secrets: dict[str, tuple[bytes, ...]] = {}
    for variable, values in _named(environment, HOOK_SECRET).items():
        name = hook_names.setdefault(variable, variable.lower())
        vendor = hooks.setdefault(name, Hook()).adapter or name
        if vendor not in SIGNATURES:
            raise AccessError(
                f"{HOOK_SECRET}{variable}: {vendor} does not sign; give its hook a write key with the scope 'hooks'"
            )
        secrets[name] = tuple(value.encode() for value in values)
    tokens = {hook_names.get(name, name.lower()): values for name, values in _named(environment, HOOK_TOKEN).items()}
    return Access(clients, hooks, secrets, tokens)


def _named(environment: Mapping[str, str], prefix: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for variable, text in environment.items():
        if variable.startswith(prefix) and len(variable) > len(prefix):
            values = tuple(value for value in map(str.strip, text.split(",")) if value)
            if not values:
                raise AccessError(f"{variable}: is empty")
            found[variable.removeprefix(prefix)] = values
    return found


def _variable(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _hash(key: str) -> bytes:
    return sha256(key.encode(errors="surrogatepass")).digest()


def _key(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(rest.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
