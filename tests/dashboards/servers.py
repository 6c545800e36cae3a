"""Debian's Prometheus and Alertmanager as child processes, on ports and in directories of a test's own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.dashboards.rewritten import DASHBOARDS
from tests.debian import installed
from tests.server import Server
from touchpath.loopback import answers, fetch, port_for


def install() -> bool:
    """Whether both are there, with promtool and amtool, now or after an apt-get as root."""
    return installed("prometheus", "promtool") and installed("prometheus-alertmanager", "amtool")


class Monitor(Server):
    """One of them."""

    def __init__(self, directory: Path, port: int = 0) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.port = port or port_for(0)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "log"

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "TZ": "UTC"}
            )
        deadline = time.monotonic() + 60
        while not answers(f"{self.url}/-/ready"):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"{self.url} does not answer: {self.log.read_text()}"
            time.sleep(0.05)

    def get(self, path: str, **query: str) -> Any:
        """The answer's JSON."""
        status, body, _ = fetch(f"{self.url}{path}" + (f"?{urlencode(query)}" if query else ""), timeout_s=10)
        assert status == 200, body.decode(errors="replace")
        return json.loads(body)


class Prometheus(Monitor):
    """With ``prometheus.yml`` and ``flags`` as they lie in its directory (tests/dashboards/rewritten.py)."""

    def command(self) -> Sequence[str]:
        return [
            "prometheus",
            f"@{self.directory}/flags",
            f"--config.file={self.directory}/prometheus.yml",
            f"--storage.tsdb.path={self.directory}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"--web.user-assets={DASHBOARDS}/runbooks",
            "--log.level=warn",
        ]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each sample."""
        found = self.get("/api/v1/query", query=expression)["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        found = self.get("/api/v1/alerts")["data"]["alerts"]
        return {one["labels"]["alertname"] for one in found if one["state"] == "firing"}


class Alertmanager(Monitor):
    """With ``alertmanager.yml`` and ``flags`` as they lie in its directory."""

    def command(self) -> Sequence[str]:
        return [
            "prometheus-alertmanager",
            f"@{self.directory}/flags",
            f"--config.file={self.directory}/alertmanager.yml",
            f"--storage.path={self.directory}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]

    def tell(self, *alerts: dict[str, Any]) -> None:
        """What Prometheus does: post alerts, which then fire for a few minutes."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/api/v2/alerts", json.dumps(alerts), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read().decode(errors="replace")
        finally:
            connection.close()
