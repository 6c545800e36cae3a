"""The keys of a service's pseudonyms, from its environment."""

from __future__ import annotations

import os
from enum import Enum

from journeys.pseudonyms import KeysError, Pseudonyms, keys_from
from journeys.settings import DEFAULTS, Settings
from producers.delivery import PublishError

VARIABLE = "TOUCHPATH_PRIVACY_KEYS"
"""Keys as base64url with commas between, the current one first."""


class FromEnvironment(Enum):
    """The default of publishers: they look for keys themselves, and do not send clear identifiers by oversight."""

    KEYS = VARIABLE


FROM_ENVIRONMENT = FromEnvironment.KEYS


def chosen(given: Pseudonyms | FromEnvironment | None) -> Pseudonyms | None:
    """What a publisher hides identifiers with. Raises ``PublishError``."""
    return from_environment() if isinstance(given, FromEnvironment) else given


def from_environment(settings: Settings = DEFAULTS) -> Pseudonyms:
    """What hides identifiers as the pipeline does. Raises ``PublishError`` that names the variable.

    settings: those of the centre, if they say where phone numbers are from, or what is kept clear or blocked.
    """
    try:
        keys = keys_from(os.environ.get(VARIABLE, "").split(","))
        if not keys:
            raise PublishError(
                f"{VARIABLE}: not set; give it the keys that the pipeline has (touchpath keys says where they are), "
                "or pass pseudonyms=None to leave the hiding to the pipeline"
            )
        return Pseudonyms(keys, settings)
    except KeysError as error:
        raise PublishError(f"{VARIABLE}: {error}") from None
