"""The adapters by vendor. A package of another's adds its own by an entry point of the group ``touchpath.adapters``."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from producers.adapters.adapter import Adapter

GROUP = "touchpath.adapters"

BUILT_IN: dict[str, str] = {
    "amazon_connect": "producers.adapters.amazon_connect",
    "asterisk-ami": "producers.adapters.asterisk_ami",
    "asterisk-cdr": "producers.adapters.asterisk_cdr",
    "asterisk-queue-log": "producers.adapters.asterisk_queue_log",
    "chatwoot": "producers.adapters.chatwoot",
    "csv": "producers.adapters.csv_rows",
    "delighted": "producers.adapters.delighted",
    "freeswitch-callcenter": "producers.adapters.freeswitch_callcenter",
    "freeswitch-cdr": "producers.adapters.freeswitch_cdr",
    "generic": "producers.adapters.generic",
    "genesys_cloud": "producers.adapters.genesys_cloud",
    "google-reviews": "producers.adapters.google_reviews",
    "intercom": "producers.adapters.intercom",
    "messenger": "producers.adapters.messenger",
    "rudderstack": "producers.adapters.rudderstack",
    "satismeter": "producers.adapters.satismeter",
    "segment": "producers.adapters.segment",
    "twilio": "producers.adapters.twilio",
    "whatsapp": "producers.adapters.whatsapp",
    "zendesk": "producers.adapters.zendesk",
}  # fmt: skip
"""Vendor to the module whose ``adapt`` it is; imported when first asked for."""


class UnknownVendor(LookupError):
    """Names the vendor asked for and those that there are."""


def vendors() -> list[str]:
    """All that there are, in order."""
    return sorted(BUILT_IN.keys() | {found.name for found in entry_points(group=GROUP)})


def adapter(vendor: str) -> Adapter:
    """That of ``vendor``; raises ``UnknownVendor``."""
    if vendor in BUILT_IN:
        return cast(Adapter, import_module(BUILT_IN[vendor]).adapt)
    for found in entry_points(group=GROUP, name=vendor):
        return cast(Adapter, found.load())
    raise UnknownVendor(f"no adapter for {vendor!r}; there are {', '.join(vendors())}")
