"""What the collector answers, and the errors that are answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from journeys.touchpoint import Invalid

SHOWN = 20
"""So many refused events are described in an answer."""

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Refused(Exception):
    """A request that is answered with an error. ``code`` is a word of a fixed set: it labels a metric.

    Segment's and RudderStack's clients read ``code`` and ``message``, and wait for ``retry_after`` seconds if that is
    given before they try again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry_after: int = 0,
        field: str = "",
        events: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.field = field
        self.events = events

    @classmethod
    def of(cls, invalid: Invalid) -> Refused:
        """Of a request with one event, which is ``invalid``."""
        status = 413 if invalid.reason == "too_large" else 400
        return cls(status, invalid.reason, str(invalid), field=invalid.field)


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=_encode(body), status=status, headers=headers, content_type="application/json")


def refusal(refused: Refused) -> web.Response:
    told: dict[str, Any] = {"success": False, "code": refused.code, "message": refused.message}
    if refused.field:
        told["field"] = refused.field
    if refused.events:
        told["refused"] = refused.events
    headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="touchpath", charset="UTF-8"'
    return answer(told, refused.status, headers)


def described(bad: Sequence[tuple[int, Invalid]]) -> list[dict[str, Any]]:
    """The first ``SHOWN`` refused events of a batch, by their place in it."""
    return [
        {"index": place, "code": invalid.reason, "field": invalid.field, "message": str(invalid)}
        for place, invalid in bad[:SHOWN]
    ]
