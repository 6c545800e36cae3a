"""A request's body: read within its time, unpacked within its size."""

from __future__ import annotations

import asyncio
import zlib

from aiohttp import web

from producers.collector.answers import Refused
from producers.collector.limits import Limits

_GZIP = 16 + zlib.MAX_WBITS


async def read(request: web.BaseRequest, limits: Limits) -> bytes:
    """The body, unpacked. Raises ``Refused``."""
    packed = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in ("identity", "gzip", ""):
        raise Refused(415, "encoding", f"Content-Encoding: expected gzip or none (got {packed[:40]!r})")
    if (request.content_length or 0) > limits.body:
        raise too_large(limits, request.content_length)
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = request.content.read_nowait(-1) if request.content.is_eof() else await _received(request, limits)
    if len(body) > limits.body:
        raise too_large(limits, len(body))
    return unpacked(body, limits) if packed == "gzip" else body


async def _received(request: web.BaseRequest, limits: Limits) -> bytes:
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.slow_s):
            while part := await request.content.readany():
                size += len(part)
                if size > limits.body:
                    raise too_large(limits, size)
                parts.append(part)
    except TimeoutError:
        problem = f"the body did not come within {limits.slow_s:g} s ({size} bytes of it did)"
        raise Refused(408, "slow", problem) from None
    except web.PayloadAccessError:
        raise
    except (web.RequestPayloadError, ConnectionError) as error:
        raise Refused(400, "body", f"the body ended early: {error}"[:200]) from None
    return b"".join(parts)


def unpacked(body: bytes, limits: Limits) -> bytes:
    """Never more than the limit is unpacked, whatever a bomb holds. Raises ``Refused``."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        found = unpacker.decompress(body, limits.body + 1)
    except zlib.error as error:
        raise Refused(400, "not_gzip", f"Content-Encoding: the body is no gzip: {error}") from None
    if len(found) > limits.body:
        raise too_large(limits, None)
    if not unpacker.eof or unpacker.unused_data:
        raise Refused(400, "not_gzip", "Content-Encoding: the body is no whole gzip stream")
    return found


def too_large(limits: Limits, size: int | None) -> Refused:
    shown = "more when unpacked" if size is None else f"{size} bytes"
    return Refused(413, "too_large", f"a request has at most {limits.body} bytes (got {shown})")
