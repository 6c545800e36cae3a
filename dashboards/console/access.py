"""Who may look at what: tokens, each of a role, and the cookie that a browser gets for one.

Tokens are in the environment alone, are known here by their hashes, and are never shown or logged. A cookie holds no
token: it names the token's hash in part, says until when, and is signed with the token, so it outlives a restart of the
console and ends with the token.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256

VARIABLE = "TOUCHPATH_CONSOLE_TOKEN_"
"""How the variables begin: the role follows, in capitals. Several tokens, with commas between, hold side by side."""
LEAST_CHARACTERS = 16
COOKIE = "touchpath-console"
COOKIE_S = 14 * 86_400
_DIGITS = 12
"""Of a moment in seconds; what is longer is made up."""


class Role(IntEnum):
    """Each may do what those before it may."""

    VIEW = 1
    """Figures of queues, channels and causes: nothing of one customer. For the screen on the wall."""
    MANAGE = 2
    """Also one customer's journey, by pseudonym or by what the customer says on the telephone."""
    CLEAR = 3
    """Also identifiers that the settings keep in clear."""


class AccessError(ValueError):
    """Tokens that cannot be used: one line that names the variable, and shows no token."""


@dataclass(frozen=True)
class Access:
    """``tokens``: role and token by the token's hash; none: whoever reaches the console may do everything."""

    tokens: Mapping[str, tuple[Role, str]] = field(default_factory=dict, repr=False)

    @property
    def open(self) -> bool:
        return not self.tokens

    def role(self, token: str) -> Role | None:
        """The role of ``token``; none if it is not known. Takes the same time for any."""
        return self.tokens.get(_hash(token), (None,))[0]

    def cookie(self, token: str, now: float | None = None) -> str:
        """For a token that is known."""
        until = int((time.time() if now is None else now) + COOKIE_S)
        name = _hash(token)[:16]
        return f"{name}.{until}.{_signed(token, name, until)}"

    def role_of_cookie(self, cookie: str, now: float | None = None) -> Role | None:
        """None if it is over, made up, or its token is known no longer."""
        name, _, rest = cookie.partition(".")
        until, _, signature = rest.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) <= _DIGITS) or int(until) < (
            time.time() if now is None else now
        ):
            return None
        for known, (role, token) in self.tokens.items():
            if known[:16] == name and hmac.compare_digest(
                _signed(token, name, int(until)).encode(), signature.encode(errors="replace")
            ):
                return role
        return None


def from_environment(environment: Mapping[str, str]) -> Access:
    """Raises ``AccessError``."""
    tokens: dict[str, tuple[Role, str]] = {}
    roles = {role.name: role for role in Role}
    for variable, text in environment.items():
        if not variable.startswith(VARIABLE):
            continue
        name = variable.removeprefix(VARIABLE)
        if name not in roles:
            expected = ", ".join(VARIABLE + known for known in roles)
            raise AccessError(f"{variable}: no role of this name; expected {expected}")
        given = [one for one in map(str.strip, text.split(",")) if one]
        if not given:
            raise AccessError(f"{variable}: is empty")
        for token in given:
            if len(token) < LEAST_CHARACTERS:
                raise AccessError(f"{variable}: expected {LEAST_CHARACTERS} characters or more in a token")
            if _hash(token) in tokens:
                raise AccessError(f"{variable}: has a token that {VARIABLE}{tokens[_hash(token)][0].name} has too")
            tokens[_hash(token)] = roles[name], token
    return Access(tokens)


def _hash(token: str) -> str:
    return sha256(token.encode(errors="surrogatepass")).hexdigest()


def _signed(token: str, name: str, until: int) -> str:
    return hmac.new(token.encode(), f"{COOKIE}.{name}.{until}".encode(), sha256).hexdigest()
