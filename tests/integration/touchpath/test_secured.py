"""Every client of ours on a Kafka that takes TLS and a password only, both of which are in the environment."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from kafka import KafkaAdminClient
from kafka.admin import UserScramCredentialUpsertion

from journeys.settings import DEFAULTS
from producers.connection import VARIABLES
from producers.publisher import Publisher
from tests.certificates import Authority
from tests.integration.touchpath import bank
from tests.integration.touchpath import command as commands
from tests.integration.touchpath.command import Collecting, report, run
from tests.integration.touchpath.test_bank import figures, wait_until_stored
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout

pytestmark = pytest.mark.timeout(600)
WRITE_KEY = "a-write-key-of-some-length"
USER, PASSWORD = "touchpath", 'a password with a " in it'
LISTENER = """
listeners=BROKER://{{host}}:{{port}},CONTROLLER://{{host}}:{{controller_port}},SECURE://{{host}}:{secure}
advertised.listeners=BROKER://{{host}}:{{port}},SECURE://{{host}}:{secure}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location={keystore}
listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_plain="plain-password";
"""


class Secure(NamedTuple):
    bootstrap: str
    environment: Mapping[str, str]


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """A broker with a listener of SASL_SSL beside the plain one, which is the test's own."""
    directory = tmp_path_factory.mktemp("secure")
    authority = Authority(directory)
    _, keystore = authority.signed("broker")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    properties = LISTENER.format(secure=port, keystore=keystore)
    with EmbeddedKafka(directory / "kafka", properties=properties) as broker:
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
            admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, "SCRAM-SHA-512", PASSWORD)])
        (directory / "password").write_text(PASSWORD + "\n")
        yield Secure(
            f"127.0.0.1:{port}",
            {
                "TOUCHPATH_KAFKA_SECURITY": "SASL_SSL",
                "TOUCHPATH_KAFKA_CA_FILE": str(authority.file),
                "TOUCHPATH_KAFKA_USER": USER,
                "TOUCHPATH_KAFKA_PASSWORD_FILE": str(directory / "password"),
            },
        )


@pytest.fixture
def environment(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """This process and its children have the variables."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in secure.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(commands, "ENVIRONMENT", {**commands.ENVIRONMENT, **secure.environment})
    return secure.environment


def test_the_whole_way(secure: Secure, environment: Mapping[str, str], tmp_path: Path) -> None:
    """Files, a publisher and the collector; workers with their transactions, the sink, metrics; what asks of topics."""
    file, data = tmp_path / "bank.tsv", tmp_path / "data"
    bank.make(file, 200, 1)
    with commands.Up("--data", data, "--bootstrap", secure.bootstrap) as up:
        up.ready()
        for process in up.children().values():
            assert PASSWORD not in process
        done = run("replay", file, "--format", "anonymous-bank", "--drain", "--data", data, timeout_s=300)
        assert done.returncode == 0, done.stderr[-3000:]
        assert figures(report(data)) == bank.count(file)

        pseudonyms = pseudonyms_of(DEFAULTS, None, Layout(data))
        with Publisher(secure.bootstrap, source="test", pseudonyms=pseudonyms) as publisher:
            publisher.publish(type="viewed", channel="web", contact_id="published")
        key = {"TOUCHPATH_WRITE_KEY_WEB": WRITE_KEY}
        with Collecting(tmp_path / "collector.log", "--data", data, environment={**environment, **key}) as collector:
            event = {"specversion": "1.0", "id": "c-1", "source": "test", "type": "viewed"}
            event |= {"time": "2026-01-01T10:00:00Z", "data": {"channel": "web", "contact_id": "collected"}}
            headers = {
                "Content-Type": "application/json",
                "Authorization": "Basic YS13cml0ZS1rZXktb2Ytc29tZS1sZW5ndGg6",
            }
            asked = urllib.request.Request(f"{collector.url}/v1/touchpoints", json.dumps(event).encode(), headers)
            with urllib.request.urlopen(asked, timeout=20) as said:
                assert said.status == 200
            assert collector.stop() == 0
        wait_until_stored(secure.bootstrap, data)
        assert report(data)["contacts"] == bank.count(file)["contacts"] + 2
        examined = commands.answer("doctor", "--data", data)
        assert "FAIL" not in examined
        assert up.stop() == 0, str(up)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"TOUCHPATH_KAFKA_PASSWORD_FILE": "", "TOUCHPATH_KAFKA_PASSWORD": "wrong"}, "no Kafka broker answers"),
        ({"TOUCHPATH_KAFKA_CA_FILE": ""}, "no Kafka broker answers"),
        ({"TOUCHPATH_KAFKA_USER": ""}, "TOUCHPATH_KAFKA_USER: is missing, and TOUCHPATH_KAFKA_SECURITY is SASL_SSL"),
        (
            {"TOUCHPATH_KAFKA_SECURITY": "SASL"},
            "TOUCHPATH_KAFKA_SECURITY: expected PLAINTEXT, SSL, SASL_SSL, got 'SASL'",
        ),
    ],
)
def test_who_is_not_let_in_is_told(
    secure: Secure, environment: Mapping[str, str], given: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from producers.connection import ConnectionProblem
    from touchpath.brokers import Brokers
    from touchpath.problem import Problem

    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises((Problem, ConnectionProblem), match=told):
        Brokers(secure.bootstrap)


def test_a_name_and_a_password_in_plain_within_tls(
    secure: Secure, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from touchpath.brokers import Brokers

    monkeypatch.delenv("TOUCHPATH_KAFKA_PASSWORD_FILE")
    plain = {"USER": "plain", "PASSWORD": "plain-password", "MECHANISM": "PLAIN"}
    for name, value in plain.items():
        monkeypatch.setenv(f"TOUCHPATH_KAFKA_{name}", value)
    with Brokers(secure.bootstrap) as brokers:
        assert brokers.cluster_id()


def test_embedded_kafka_is_plain(environment: Mapping[str, str], tmp_path: Path) -> None:
    done = run("up", "--data", tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "touchpath up: TOUCHPATH_KAFKA_SECURITY: is of a Kafka of your own, and the embedded one is plain: "
        "give --bootstrap",
    )
