"""Debian's ClickHouse, as old as it is, as a child process: for the native protocol and for outages."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from sinks.clickhouse import ClickHouse
from sinks.migrate import DIRECTORY
from sinks.store import StoreError
from tests.debian import installed
from tests.server import Server

PACKAGE = "clickhouse-server"

# 18.16 knows neither DateTime64 nor Map, codecs, is_deleted, skip indexes without a flag or tokens: other types for
# this server only, so that what is tested is the protocol and the collapse of versions.
_OLDER = (
    ("DateTime64(3, 'UTC')", "Int64"),
    (" CODEC(Delta, ZSTD)", ""),
    (" CODEC(ZSTD(3))", ""),
    (" CODEC(ZSTD)", ""),
    (" IF NOT EXISTS ", " "),
    ("ReplacingMergeTree(version, is_deleted)", "ReplacingMergeTree(version)"),
    ("ENGINE = ReplacingMergeTree(revision)\n", "ENGINE = ReplacingMergeTree()\n"),
    ("ENGINE = ReplacingMergeTree\n", "ENGINE = ReplacingMergeTree()\n"),
    ("PARTITION BY toYYYYMM(time)", "PARTITION BY toYYYYMM(toDateTime(intDiv(time, 1000)))"),
    ("PARTITION BY toYYYYMM(at)", "PARTITION BY toYYYYMM(toDateTime(intDiv(at, 1000)))"),
    ("Array(LowCardinality(String))", "Array(String)"),
    ("LowCardinality(String)", "String"),
    ("\nSETTINGS non_replicated_deduplication_window = 1000", ""),
)


def older_migrations(directory: Path) -> Path:
    """The migrations of tables in the words of 18.16, in ``directory``; it has no views, and no index is added."""
    directory.mkdir()
    for path in sorted(DIRECTORY.glob("*.sql")):
        lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("--")]
        statements = [one.strip() for one in "\n".join(lines).split(";")]
        tables = [
            one for one in statements if one.startswith(("CREATE TABLE", "ALTER TABLE")) and " INDEX " not in one[:80]
        ]
        if tables:
            text = ";\n\n".join(tables) + ";\n"
            start, end = text.find("    identifiers Map("), text.find(")\nENGINE", text.find("    INDEX by_contact"))
            if start >= 0:  # the map's columns and the index end the table of touchpoints
                text = text[:start].rstrip().removesuffix(",") + "\n" + text[end:]
            _write(directory / path.name, text)
    return directory


def _write(path: Path, text: str) -> None:
    for new, old in _OLDER:
        text = text.replace(new, old)
    path.write_text(text)


class ClickHouseServer(Server):
    """Debian's clickhouse-server as a child process, on a port and in a directory of the test's own."""

    def __init__(self, directory: Path, more: str = "") -> None:
        """``more``: of its configuration."""
        self._directory = directory
        self.port, http = free_port(), free_port()
        (directory / "users.xml").write_text(
            "<yandex><profiles><default/><readonly><readonly>1</readonly></readonly></profiles><users>"
            "<default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>"
            "<reader><password/><networks><ip>127.0.0.1</ip></networks><profile>readonly</profile><quota>default</quota></reader>"
            "</users><quotas><default/></quotas></yandex>"
        )
        (directory / "config.xml").write_text(
            f"<yandex><logger><level>warning</level><log>{directory}/log</log><errorlog>{directory}/errors</errorlog></logger>"
            f"<http_port>{http}</http_port><tcp_port>{self.port}</tcp_port><listen_host>127.0.0.1</listen_host>"
            f"<path>{directory}/data/</path><tmp_path>{directory}/tmp/</tmp_path><mark_cache_size>100000000</mark_cache_size>"
            f"<users_config>{directory}/users.xml</users_config><default_profile>default</default_profile>"
            f"<default_database>default</default_database><timezone>UTC</timezone>{more}</yandex>"
        )

    def url(self, user: str = "default") -> str:
        return f"clickhouse://{user}@127.0.0.1:{self.port}/touchpath"

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["clickhouse-server", f"--config-file={self._directory}/config.xml"],
            cwd=self._directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        store = ClickHouse(self.url(), connect_timeout_s=1)
        deadline = time.monotonic() + 60
        while True:
            try:
                store.ping()
                break
            except StoreError:
                assert self._process.poll() is None, (self._directory / "errors").read_text()
                assert time.monotonic() < deadline, "clickhouse-server does not answer"
                time.sleep(0.05)
        store.close()


def install() -> bool:
    """Whether the server is there, now or after an apt-get as root."""
    return installed(PACKAGE, PACKAGE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
