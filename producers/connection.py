"""How Kafka is connected to: TLS and a name with a password, from the environment, so that no secret is on a command
line. kafka-python and aiokafka take the same words for it, so that every client of ours is given the same.

Without any of the variables a connection is plain: for loopback, and for networks of one's own.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VARIABLES = {
    "TOUCHPATH_KAFKA_SECURITY": "PLAINTEXT, SSL or SASL_SSL; PLAINTEXT unless given",
    "TOUCHPATH_KAFKA_CA_FILE": "who signed the brokers' certificates (PEM); the system's authorities unless given",
    "TOUCHPATH_KAFKA_CERT_FILE": "our own certificate (PEM), where brokers ask for one",
    "TOUCHPATH_KAFKA_KEY_FILE": "the key that belongs to it (PEM)",
    "TOUCHPATH_KAFKA_MECHANISM": "SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN; SCRAM-SHA-512 unless given",
    "TOUCHPATH_KAFKA_USER": "with SASL_SSL, our name",
    "TOUCHPATH_KAFKA_PASSWORD": "with SASL_SSL, our password",
    "TOUCHPATH_KAFKA_PASSWORD_FILE": "or a file that holds it alone",
}
SECURITY, _CA, _CERT, _KEY, _MECHANISM, _USER, _PASSWORD, _PASSWORD_FILE = VARIABLES
_MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")


class ConnectionProblem(ValueError):
    """A variable says what cannot be; the message names it."""


def secured(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a client of Kafka is given beside the address. Raises ``ConnectionProblem``."""
    found = os.environ if environment is None else environment
    given = {name: found[name] for name in VARIABLES if found.get(name)}
    security = given.pop(SECURITY, "PLAINTEXT")
    allowed = {
        "PLAINTEXT": (),
        "SSL": (_CA, _CERT, _KEY),
        "SASL_SSL": (_CA, _CERT, _KEY, _MECHANISM, _USER, _PASSWORD, _PASSWORD_FILE),
    }
    if security not in allowed:
        raise ConnectionProblem(f"{SECURITY}: expected {', '.join(allowed)}, got {security!r}")
    for name in given:
        if name not in allowed[security]:
            raise ConnectionProblem(f"{name}: is given, but {SECURITY} is {security}")
    if security == "PLAINTEXT":
        return {}
    options: dict[str, Any] = {"security_protocol": security, "ssl_context": _context(given)}
    if security == "SASL_SSL":
        mechanism = given.get(_MECHANISM, _MECHANISMS[0])
        if mechanism not in _MECHANISMS:
            raise ConnectionProblem(f"{_MECHANISM}: expected {', '.join(_MECHANISMS)}, got {mechanism!r}")
        if _USER not in given:
            raise ConnectionProblem(f"{_USER}: is missing, and {SECURITY} is {security}")
        options |= {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": given[_USER],
            "sasl_plain_password": _password(given),
        }
    return options


def _context(given: Mapping[str, str]) -> ssl.SSLContext:
    """The brokers' certificates are checked, their names too."""
    try:
        context = ssl.create_default_context(cafile=given.get(_CA))
    except OSError as error:
        raise ConnectionProblem(f"{_CA}: {given.get(_CA)}: {error.strerror or error}") from None
    if (_CERT in given) != (_KEY in given):
        raise ConnectionProblem(f"{_CERT} and {_KEY}: one is of no use without the other")
    if _CERT in given:
        try:
            context.load_cert_chain(given[_CERT], given[_KEY])
        except OSError as error:
            raise ConnectionProblem(f"{_CERT}: {given[_CERT]}: {error.strerror or error}") from None
    return context


def _password(given: Mapping[str, str]) -> str:
    if (_PASSWORD in given) == (_PASSWORD_FILE in given):
        raise ConnectionProblem(f"{_PASSWORD} or {_PASSWORD_FILE}: exactly one is needed")
    if _PASSWORD in given:
        return given[_PASSWORD]
    try:
        return Path(given[_PASSWORD_FILE]).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConnectionProblem(f"{_PASSWORD_FILE}: {given[_PASSWORD_FILE]}: {error.strerror}") from None
