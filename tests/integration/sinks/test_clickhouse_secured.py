"""The native protocol within TLS, with Debian's ClickHouse: who signed the server's certificate is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinks.clickhouse import ClickHouse
from sinks.store import StoreUnavailable
from tests.certificates import Authority
from tests.sinks.clickhouse_server import ClickHouseServer, free_port

TLS = """
<tcp_port_secure>{secure}</tcp_port_secure>
<openSSL><server><certificateFile>{certificate}</certificateFile><privateKeyFile>{key}</privateKeyFile>
<verificationMode>none</verificationMode><loadDefaultCAFile>false</loadDefaultCAFile></server></openSSL>
"""


def test_the_native_protocol_in_tls(clickhouse_installed: None, tmp_path: Path) -> None:
    authority, another = Authority(tmp_path), Authority(tmp_path, "another")
    certificate, key = authority.signed("server")
    secure = free_port()
    directory = tmp_path / "server"
    directory.mkdir()
    with ClickHouseServer(directory, TLS.format(secure=secure, certificate=certificate, key=key)):
        url = f"clickhouses://default@127.0.0.1:{secure}/touchpath?ca_certs="
        store = ClickHouse(url + str(authority.file), connect_timeout_s=5)
        assert store.query("SELECT 1").rows == [(1,)]
        store.close()
        stranger = ClickHouse(url + str(another.file), connect_timeout_s=5)
        with pytest.raises(StoreUnavailable, match="certificate verify failed"):
            stranger.ping()
        stranger.close()
