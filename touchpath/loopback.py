"""Ports on this machine, and what answers there."""

from __future__ import annotations

import socket
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

HOST = "127.0.0.1"

_OPENER = build_opener(ProxyHandler({}))  # a proxy is never on the way to this machine


def port_for(wanted: int, before: str = "") -> int:
    """``wanted`` if it is not 0, else the port of the address ``before`` (of the last run) if it is free, else any."""
    if wanted:
        return wanted
    address = before if "://" in before else f"//{before}"
    try:
        last = urlsplit(address).port or 0
    except ValueError:
        last = 0
    return last if last and _free(last) else _any()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _any() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def fetch(url: str, body: bytes | None = None, timeout_s: float = 2.0) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers (lower case), whatever the status. Raises ``OSError`` if nobody answers."""
    try:
        with _OPENER.open(Request(url, data=body), timeout=timeout_s) as answer:
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except HTTPError as error:
        with error:
            return error.code, error.read(), {name.lower(): value for name, value in error.headers.items()}
    except HTTPException as error:
        raise OSError(str(error) or type(error).__name__) from None


def answers(url: str) -> bool:
    """Whether GET ``url`` says 200 now."""
    try:
        return fetch(url)[0] == 200
    except OSError:
        return False
