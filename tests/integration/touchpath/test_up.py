"""`touchpath up` as a person meets it: journeys appear, questions are answered, accidents are survived."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from journeys import Touchpoint, encode
from journeys.settings import DEFAULTS
from tests.integration.touchpath.command import Up, alive, answer, eventually, report, run
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.loopback import answers

pytestmark = pytest.mark.timeout(400)


def event(number: int) -> bytes:
    at = datetime.now(UTC) - timedelta(minutes=60 - number)
    time = int(at.timestamp() * 1000)
    identifiers = {"customer_id": "drained"}
    return encode(Touchpoint(time, f"e{number}", "queued", "voice", f"c{number}", identifiers=identifiers))


def test_a_simulated_centre_from_start_to_crash_to_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    layout = Layout(data)
    with Up("--simulate", "--speed", "60", "--data", data) as up:
        up.says(r"journeys [1-9].* [1-9][\d,]* of several contacts", within_s=90)
        first = layout.running()
        assert first is not None
        assert first.pid == up.pid
        children = up.children()
        assert len(children) == 6, children  # Kafka, worker, sink, metrics, console, simulator

        # While it runs, all others ask it.
        assert report(data)["contacts"] > 0
        count = json.loads(answer("sql", "SELECT count() AS n FROM v_journeys", "--format", "json", "--data", data))
        assert count["n"] > 0
        examined = answer("doctor", "--data", data)
        assert "FAIL" not in examined
        assert "records behind" in examined
        for url in (*first.metrics.values(), f"{first.console}/health"):
            assert answers(url), url

        second = run("up", "--data", data)
        assert second.returncode == 1
        assert second.stderr == f"touchpath up: --data {data}: touchpath runs there already (process {up.pid})\n"

        elsewhere = run("migrate", "--bootstrap", first.bootstrap, "--partitions", "3", "--data", tmp_path / "other")
        assert elsewhere.returncode == 2
        assert "--partitions 3: the topics on" in elsewhere.stderr

        # A file through the pipeline that runs, with bad lines in it: those are named, the others stored.
        file = tmp_path / "some.jsonl"
        file.write_bytes(b"\n".join([*(event(number) for number in range(50)), b"{", b'{"id": 7}']))
        drained = run("replay", file, "--format", "touchpoints", "--drain", "--data", data)
        assert drained.returncode == 1, drained.stderr
        assert f"bad line: {file}:51: " in drained.stderr
        assert f"{file}: 2 bad lines were left out" in drained.stderr
        assert "contacts" in drained.stdout
        name = pseudonyms_of(DEFAULTS, None, layout).of("customer_id", "drained")
        mine = f"SELECT count() AS n FROM v_touchpoints WHERE customer = 'customer_id:{name}'"
        assert json.loads(answer("sql", mine, "--format", "json", "--data", data)) == {"n": 50}

        # A part that falls is put back.
        killed = up.part("--name worker-1")
        os.kill(killed, signal.SIGKILL)
        ready = first.metrics["worker-1"].replace("/metrics", "/ready")
        eventually("the worker is back", lambda: not alive(killed) and answers(ready), within_s=60)

        assert up.stop(signal.SIGINT) == 0, str(up)
        assert not any(map(alive, children))
    assert layout.running() is None
    before = report(data)

    with Up("--data", data) as up:
        up.ready()
        again = layout.running()
        assert again is not None
        # On the same ports, so that those who feed it find it.
        assert (again.bootstrap, again.store) == (first.bootstrap, first.store)
        assert (again.metrics, again.console) == (first.metrics, first.console)
        children = up.children()
        up.kill()
        eventually("no orphans", lambda: not any(map(alive, children)), within_s=10)
    # The crash left a run file that says it runs; it is not believed, and everything that was stored is there.
    assert layout.run_file.exists()
    after = report(data)
    assert after["touchpoints"] >= before["touchpoints"]
    assert after["contacts"] >= before["contacts"]
