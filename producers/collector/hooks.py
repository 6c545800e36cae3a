"""Web hooks: which adapter reads one, who may send it, and what its vendor wants to hear."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from journeys.settings import Hook
from producers.adapters.adapter import Adapter, How
from producers.adapters.registry import UnknownVendor, adapter, vendors
from producers.collector.access import ANYBODY, Access, AccessError, Client, allow
from producers.collector.answers import Refused
from producers.collector.signatures import SIGNATURES, Signed


class Known(NamedTuple):
    name: str
    vendor: str
    adapt: Adapter
    how: How


class Hooks:
    """All that there are: the vendors of the registry, under their names, and those that the settings name.

    Raises ``AccessError`` if one of the latter has an adapter that does not exist.
    """

    def __init__(self, access: Access, mappings: Mapping[str, str], public_url: str = "") -> None:
        self._access = access
        self._public_url = public_url.rstrip("/")
        self._known = every(access.hooks, mappings)

    def named(self, name: str) -> Known:
        """Raises ``Refused``."""
        known = self._known.get(name)
        if known is None:
            raise Refused(404, "no_hook", f"there is no hook {name[:80]!r}; there are {', '.join(sorted(self._known))}")
        return known

    def sender(self, request: web.BaseRequest, body: bytes, hook: Known) -> Client:
        """Who sent it: the vendor, by its signature, or who has a write key where the vendor has no secret here.

        Raises ``Refused``.
        """
        if self._access.open:
            return ANYBODY
        secrets = self._access.secrets.get(hook.name)
        if secrets is None:
            client = self._access.client(request.headers.get("Authorization", ""), request.query.get("key", ""))
            allow(client, "hooks")
            return client
        headers = {name.lower(): value for name, value in request.headers.items()}
        url = (self._public_url or f"http://{headers.get('host', '')}") + request.raw_path
        signed = Signed(url, headers, body)
        verify = SIGNATURES[hook.vendor]
        if not any(verify(signed, secret) for secret in secrets):
            raise Refused(401, "signature", f"the request is not signed by {hook.vendor}, or with another secret")
        return Client(hook.name, frozenset({"hooks"}), hook.how.source)

    def subscribed(self, request: web.BaseRequest, hook: Known) -> web.Response:
        """Meta asks once whether the address is ours, and wants its challenge back:
        https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests. Raises
        ``Refused``."""
        query = request.query
        token, challenge = query.get("hub.verify_token", ""), query.get("hub.challenge", "")
        if query.get("hub.mode") != "subscribe" or not challenge or len(challenge) > 200:
            raise Refused(400, "challenge", "expected hub.mode=subscribe, hub.verify_token and hub.challenge")
        tokens = self._access.tokens.get(hook.name, ())
        if not any(hmac.compare_digest(token.encode(errors="replace"), one.encode()) for one in tokens):
            raise Refused(403, "challenge", "hub.verify_token is not the one that was set for this hook")
        return web.Response(text=challenge, headers={"X-Content-Type-Options": "nosniff"})


def every(hooks: Mapping[str, Hook], mappings: Mapping[str, str]) -> dict[str, Known]:
    """By name, all the vendors' own and ``hooks``. Raises ``AccessError``."""
    own = {name: _known(name, Hook(), "") for name in vendors()}
    return own | {name: _known(name, hook, mappings.get(name, "")) for name, hook in hooks.items()}


def thanks(hook: Known) -> web.Response:
    """Empty, since a vendor may take what is said for an answer to its customer; Twilio wants its own form of that:
    https://www.twilio.com/docs/messaging/twiml#twilios-request-to-your-application."""
    if hook.vendor == "twilio":
        return web.Response(body=b"<Response/>", content_type="text/xml")
    return web.Response()


def mappings(hooks: Mapping[str, Hook], beside: Path) -> dict[str, str]:
    """By hook, the text of its mapping file; paths are seen from ``beside``. Raises ``AccessError``."""
    found = {}
    for name, hook in hooks.items():
        if hook.mapping:
            place = beside / Path(hook.mapping).expanduser()
            try:
                found[name] = place.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                problem = getattr(error, "strerror", None) or "is no text"
                raise AccessError(f"collector.hooks.{name}.mapping: {place}: {problem}") from None
    return found


def _known(name: str, hook: Hook, mapping: str) -> Known:
    vendor = hook.adapter or name
    try:
        return Known(name, vendor, adapter(vendor), How(hook.source, hook.time_zone, mapping, names=hook.names))
    except UnknownVendor as error:
        raise AccessError(f"collector.hooks.{name}.adapter: {error}") from None
