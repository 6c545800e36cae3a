from __future__ import annotations

import pytest

from tests.dashboards.servers import install


@pytest.fixture(scope="session")
def tools() -> None:
    """Prometheus and Alertmanager are installed, promtool and amtool with them."""
    if not install():
        pytest.skip("prometheus and prometheus-alertmanager are not installed and cannot be (apt-get, as root)")
