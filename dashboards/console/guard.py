"""What every answer bears, and which requests are answered at all."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def headers(inline: str) -> dict[str, str]:
    """For every answer. ``inline``: the one script that stands in the page itself, the import map."""
    allowed = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' 'sha256-{allowed}'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def foreign(request: web.BaseRequest, on_loopback: bool) -> str:
    """Why ``request`` is not answered; empty if it is.

    A page in somebody's browser may reach loopback under a name of its own (DNS rebinding), and may send to any
    address: on loopback only loopback's names are answered, and what changes something must come from our own page.
    """
    name = (urlsplit(f"//{request.host}").hostname or "").strip("[]")
    if on_loopback and name not in _LOOPBACK_NAMES:
        return f"{name[:80]!r} is no name of this machine's loopback; open http://localhost or http://127.0.0.1"
    origin = request.headers.get("Origin")
    if request.method not in ("GET", "HEAD") and origin is not None and urlsplit(origin).netloc != request.host:
        return f"it was sent by a page of {origin[:80]!r}"
    return ""
