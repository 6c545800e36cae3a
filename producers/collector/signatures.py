"""Whether a web hook comes from the vendor that it says: each vendor's own way to sign.

Pure, and constant in time as far as the secret is concerned. No vendor's signature says when it stops to hold, nor need
it: who sends a signed request again sends events that are there already.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Signed(NamedTuple):
    """A request as its signature sees it. ``url``: the public one, query included, as the vendor was given it.
    ``headers``: in lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes


Verify = Callable[[Signed, bytes], bool]
"""Whether the request is signed with this secret."""


def _same(found: str, expected: str) -> bool:
    return hmac.compare_digest(found.encode(errors="replace"), expected.encode())


def _hex(header: str, digest: str, prefix: str = "") -> Verify:
    """HMAC of the body as hexadecimal digits."""

    def verify(signed: Signed, secret: bytes) -> bool:
        expected = prefix + hmac.new(secret, signed.body, digest).hexdigest()
        return _same(signed.headers.get(header, "").lower(), expected)

    return verify


def _zendesk(signed: Signed, secret: bytes) -> bool:
    """https://developer.zendesk.com/documentation/webhooks/verifying/"""
    sent_at = signed.headers.get("x-zendesk-webhook-signature-timestamp", "").encode(errors="replace")
    expected = b64encode(hmac.digest(secret, sent_at + signed.body, "sha256")).decode()
    return _same(signed.headers.get("x-zendesk-webhook-signature", ""), expected)


def _chatwoot(signed: Signed, secret: bytes) -> bool:
    """https://www.chatwoot.com/docs/product/features/webhooks (versions that sign)"""
    sent_at = signed.headers.get("x-chatwoot-timestamp", "").encode(errors="replace")
    expected = "sha256=" + hmac.new(secret, sent_at + b"." + signed.body, "sha256").hexdigest()
    return _same(signed.headers.get("x-chatwoot-signature", ""), expected)


def _twilio(signed: Signed, secret: bytes) -> bool:
    """https://www.twilio.com/docs/usage/webhooks/webhooks-security: the address, and of a form each parameter, or of
    anything else the hash that stands in the address as `bodySHA256`."""
    told = signed.url
    query = dict(parse_qsl(urlsplit(signed.url).query, keep_blank_values=True))
    if "bodySHA256" in query:
        if not _same(query["bodySHA256"].lower(), sha256(signed.body).hexdigest()):
            return False
    elif signed.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        try:
            form = parse_qsl(signed.body.decode(), keep_blank_values=True, max_num_fields=1_000)
        except ValueError:
            return False
        told += "".join(name + value for name, value in sorted(set(form)))
    elif signed.body:
        return False
    expected = b64encode(hmac.digest(secret, told.encode(), "sha1")).decode()
    return _same(signed.headers.get("x-twilio-signature", ""), expected)


_META = _hex("x-hub-signature-256", "sha256", "sha256=")

SIGNATURES: dict[str, Verify] = {
    "chatwoot": _chatwoot,
    "delighted": _hex("x-delighted-webhook-signature", "sha256", "sha256="),  # https://app.delighted.com/docs/api/webhooks
    "intercom": _hex("x-hub-signature", "sha1", "sha1="),  # https://developers.intercom.com/docs/webhooks/webhook-notifications
    "messenger": _META,  # https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads
    "segment": _hex("x-signature", "sha1"),  # https://segment.com/docs/connections/destinations/catalog/webhooks/
    "twilio": _twilio,
    "whatsapp": _META,  # https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads
    "zendesk": _zendesk,
}  # fmt: skip
"""By vendor. One that is not here does not sign; its hook wants a write key."""
