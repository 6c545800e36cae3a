from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from tests.journeys.scenes import KEY


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a service has them: in its environment."""
    monkeypatch.setenv("TOUCHPATH_PRIVACY_KEYS", urlsafe_b64encode(KEY).decode())
