"""What a pager, a chat or a dead man's service is to Alertmanager: a web hook, which keeps all that it was sent."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Notification(NamedTuple):
    receiver: str
    """The last part of the hook's address."""
    at: float
    """By the monotonic clock (s)."""
    body: dict[str, Any]

    def alerts(self, name: str = "", status: str = "firing") -> list[dict[str, Any]]:
        return [one for one in self.body["alerts"] if one["status"] == status and name in ("", named(one))]


def named(alert: dict[str, Any]) -> str:
    return str(alert["labels"]["alertname"])


class Hook:
    """Listens on a port of its own on this machine."""

    def __init__(self) -> None:
        self.sent: list[Notification] = []
        sent = self.sent

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sent.append(Notification(self.path.rsplit("/", 1)[-1], time.monotonic(), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def to(self, receiver: str) -> list[Notification]:
        """Those to receivers whose names begin so."""
        return [one for one in list(self.sent) if one.receiver.startswith(receiver)]

    def quiet_for(self, receiver: str, since: float) -> float:
        """Seconds since the receiver heard anything; since ``since`` (monotonic) if it never has."""
        return time.monotonic() - max([since, *(one.at for one in self.to(receiver))])
