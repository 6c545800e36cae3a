"""The full job: a simulated centre's touchpoints through all stages, and into stored rows, with all detection on."""

from __future__ import annotations

import itertools
import os
import secrets
import shlex
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from kafka import TopicPartition

from benchmarks import latency
from benchmarks.events import delete_topics
from benchmarks.harness import Result, steady_state, stop
from benchmarks.latency import Latency, Message
from benchmarks.workloads import DAY, Workload, traffic
from journeys.pseudonyms import KEY_BYTES, Pseudonyms
from journeys.sentiment import Scorer
from journeys.settings import DEFAULTS
from journeys.touchpoint import Touchpoint, encode
from producers.bulk import BulkPublisher
from producers.keys import VARIABLE
from producers.simulator import simulate
from sinks.rows import READERS
from streams import topics
from touchpath.brokers import Brokers
from touchpath.drain import drain, ends_of_touchpoints
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.layout import Layout
from touchpath.loopback import port_for
from touchpath.problem import Problem
from touchpath.sink import group_of
from touchpath.worker import APP_ID

PARTITIONS = 4
PROBE = "probe-"
_PROBE_EVERY = 40
_WARM_UP_S = 20.0
KEY = secrets.token_bytes(KEY_BYTES)
PSEUDONYMS = Pseudonyms([KEY], DEFAULTS)


@dataclass(frozen=True)
class Latencies:
    """At ``rate`` touchpoints a second."""

    rate: float
    signal: Latency
    row: Latency
    join: Latency
    """From the sign-in to what the visitor did before standing under the customer."""


ALL_STAGES, STORED_ROWS = "all stages", "to stored rows"
JOBS = (ALL_STAGES, STORED_ROWS)


def name_of(job: str, workers: int, identity: bool) -> str:
    return f"touchpath, {job}, {workers} worker{'s' if workers > 1 else ''}{'' if identity else ', identity off'}"


def run(kafka: EmbeddedKafka, job: str, events: int, workers: int, identity: bool, scratch: Path) -> Result:
    """Until all that came of ``events`` touchpoints is committed by the last stage, or is in the embedded store.

    ``identity`` is the setting `identity.resolve`.
    """
    name = name_of(job, workers, identity)
    layout = _centre(kafka, scratch / name)
    fill(kafka.bootstrap, traffic(Workload.DAY, events).measured)
    settings = layout.root / "touchpath.toml"
    settings.write_text(f"[identity]\nresolve = {str(identity).lower()}\n", encoding="utf-8")
    commands = [[*command, "--settings", str(settings)] for command in _workers(kafka, layout, workers)]
    sinks = {}
    if job == STORED_ROWS:
        commands.append(_sink(kafka, layout))
        sinks = {group_of(layout, None): list(READERS)}
    with running(commands) as processes:
        steady = steady_state(processes, _done(kafka, events, sinks), events, timeout_s=600, broker_pid=kafka.pid)
    return Result(name, steady, None)


def latencies(kafka: EmbeddedKafka, rate: float, workers: int, scratch: Path, duration_s: float = 30.0) -> Latencies:
    """From publishing to the signal, to the touchpoint's row and to the join, at ``rate`` touchpoints a second."""
    layout = _centre(kafka, scratch / "latency")
    port = port_for(0)
    with running([*_workers(kafka, layout, workers), [*_sink(kafka, layout), "--http-port", str(port)]]):
        time.sleep(15)  # all parts are up and have their partitions
        with latency.topic_observer(kafka.bootstrap, topics.SIGNALS, _signalled) as observe:
            signal = _measure(kafka, 1, observe, rate, duration_s)
        row = _measure(kafka, 2, _rows(port), rate, duration_s)
        with latency.topic_observer(kafka.bootstrap, topics.STITCHED, _joined) as observe:
            join = _measure(kafka, 3, observe, rate, duration_s)
    return Latencies(rate, signal, row, join)


def _measure(kafka: EmbeddedKafka, number: int, observe: latency.Observer, rate: float, duration_s: float) -> Latency:
    messages = _traffic(number, int(rate * (duration_s + _WARM_UP_S)) + 1)
    next(messages)  # which makes them all
    return latency.measure(
        kafka.bootstrap,
        topics.TOUCHPOINTS,
        messages,
        observe,
        rate=rate,
        warm_up_s=_WARM_UP_S,
        duration_s=duration_s,
        of=_is_probe,
    )


def _centre(kafka: EmbeddedKafka, directory: Path) -> Layout:
    """A data directory of its own, and our topics made anew; a group forgets its offsets with the topic."""
    delete_topics(kafka.bootstrap, "journey.")
    with Brokers(kafka.bootstrap) as brokers:
        brokers.create_topics(PARTITIONS)
    layout = Layout(directory)
    layout.create()
    return layout


def _workers(kafka: EmbeddedKafka, layout: Layout, workers: int) -> list[list[str]]:
    common = [*TOUCHPATH, "worker", "--bootstrap", kafka.bootstrap, "--data", str(layout.root)]
    return [[*common, "--name", f"worker-{number}"] for number in range(1, workers + 1)]


def _sink(kafka: EmbeddedKafka, layout: Layout) -> list[str]:
    return [*TOUCHPATH, "sink", "--bootstrap", kafka.bootstrap, "--data", str(layout.root)]


TOUCHPATH = [sys.executable, "-m", "touchpath"]


def environment() -> dict[str, str]:
    """With the key that the identifiers of all that is published here are hidden by."""
    return {**os.environ, VARIABLE: urlsafe_b64encode(KEY).decode()}


@contextmanager
def running(commands: list[list[str]], checkout: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """All of ``commands`` under one process, so that they are measured as one tree and end together; those of
    ``checkout``, if it is not this one."""
    script = "trap 'kill $(jobs -p); wait' TERM\n" + "".join(f"{shlex.join(command)} &\n" for command in commands)
    process = subprocess.Popen(
        ["bash", "-c", script + "wait"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=checkout,
        env=environment(),
    )
    try:
        yield process
    finally:
        stop(process)


def fill(bootstrap: str, touchpoints: Iterable[Touchpoint]) -> None:
    with BulkPublisher(bootstrap, pseudonyms=PSEUDONYMS, scorer=Scorer(DEFAULTS)) as publisher:
        for touchpoint in touchpoints:
            publisher.publish(touchpoint)


def _done(kafka: EmbeddedKafka, events: int, sinks: dict[str, list[str]]) -> Callable[[], int]:
    """How many are done: those that the first stage has committed; the last one counts when all that came of it is."""
    brokers = Brokers(kafka.bootstrap)
    ends = ends_of_touchpoints(brokers, PARTITIONS)
    inputs = [TopicPartition(topics.TOUCHPOINTS, partition) for partition in range(PARTITIONS)]

    def done() -> int:
        try:
            committed = brokers.committed(APP_ID)
        except Problem:  # a broker just started has no group coordinator yet
            return 0
        count = sum(committed.get(place, 0) for place in inputs)
        if count < events:
            time.sleep(0.05)
            return count
        drain(brokers, PARTITIONS, ends, APP_ID, sinks)
        return events

    return done


def _traffic(number: int, events: int) -> Iterator[Message]:
    """A simulated centre's touchpoints, with a probe now and then: a visit with a cookie alone, a chat given up, then a
    call, which is a switch and says whose the cookie is."""
    # Of the same people each time: the customers of two seeds would have each other's numbers.
    days = simulate(101, DAY, 20_000, days=60)
    background = [_message(made) for made in itertools.islice(days, (number - 1) * events, number * events)]
    for count, message in enumerate(background):  # made beforehand, so that the making takes nothing from the pipeline
        if count % _PROBE_EVERY:
            yield message
            continue
        probe = f"{PROBE}{number}-{count // _PROBE_EVERY}"
        now = int(datetime.now(UTC).timestamp() * 1000)
        about: dict[str, Any] = {"intent": "billing", "source": "benchmark"}
        known = {"customer_id": probe, "cookie": probe}
        visit, chat = f"{probe}-visit", f"{probe}-chat"
        yield _message(Touchpoint(now - 120_000, visit, "visited", "web", visit, {"cookie": probe}, **about))
        yield _message(Touchpoint(now - 60_000, chat, "abandoned", "chat", chat, {"customer_id": probe}, **about))
        yield _message(Touchpoint(now, probe, "queued", "voice", probe, known, **about))


def _message(touchpoint: Touchpoint) -> Message:
    return touchpoint.id, touchpoint.contact_id.encode(), encode(PSEUDONYMS.hide(touchpoint))


def _is_probe(message_id: str) -> bool:
    return message_id.startswith(PROBE) and not message_id.endswith(("-chat", "-visit"))


class _Told(msgspec.Struct):
    id: str


_told = msgspec.json.Decoder(_Told)


def _signalled(value: bytes) -> Iterator[str]:
    told = _told.decode(value)
    about = told.id.rpartition("/")[2]
    if told.id.startswith("channel_switch:customer_id:") and about.startswith(PROBE):
        yield about


def _joined(value: bytes) -> Iterator[str]:
    told = _told.decode(value)
    if told.id.startswith(PROBE) and told.id.endswith("-visit") and b'"customer_id:~' in value:
        yield told.id.removesuffix("-visit")


def _rows(port: int) -> latency.Observer:
    query = f"SELECT id FROM touchpoints WHERE startsWith(id, '{PROBE}') AND time > now() - 20"
    url = f"http://127.0.0.1:{port}/?" + urllib.parse.urlencode({"query": query, "default_format": "TSV"})

    def observe() -> list[str]:
        time.sleep(0.1)
        with urllib.request.urlopen(url, timeout=30) as answer:
            return [line for line in answer.read().decode().splitlines() if _is_probe(line)]

    return observe
