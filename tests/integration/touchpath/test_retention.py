"""What topics keep, and for how long, on a real broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from journeys.settings import Duration
from streams.topics import CATALOGUE, DEAD_LETTERS, SIGNALS, TOUCHPOINTS, changelog
from tests.integration.touchpath.command import eventually
from touchpath.brokers import Brokers
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.problem import BadInput

DAY_MS = 86_400_000


@pytest.fixture
def brokers(own_kafka: EmbeddedKafka) -> Iterator[Brokers]:
    with Brokers(own_kafka.bootstrap) as found:
        yield found


def kept(kafka: EmbeddedKafka) -> dict[str, tuple[str, int, int]]:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        asked = [ConfigResource("TOPIC", name) for name in CATALOGUE]
        found = admin.describe_configs(asked, config_filter="all")["topic"]
    return {
        name: (own["cleanup.policy"]["value"], int(own["retention.ms"]["value"]), int(own["segment.ms"]["value"]))
        for name, own in found.items()
    }


def test_topics_that_exist_are_changed_and_changed_back(own_kafka: EmbeddedKafka, brokers: Brokers) -> None:
    brokers.create_topics(None)
    found = kept(own_kafka)
    assert found[TOUCHPOINTS] == ("delete", DAY_MS, DAY_MS // 4)
    assert found[DEAD_LETTERS] == ("delete", 30 * DAY_MS, 7 * DAY_MS)

    def soon(check: Callable[[], bool]) -> None:
        """The broker takes changes at once, and tells of them a little later."""
        eventually("the change is told", check, within_s=10)

    shorter = {"*": Duration(3600), SIGNALS: Duration(2 * 86_400), DEAD_LETTERS: Duration(0)}
    brokers.create_topics(None, shorter)
    soon(lambda: kept(own_kafka)[TOUCHPOINTS] == ("delete", 3_600_000, 900_000))
    found = kept(own_kafka)
    assert found[SIGNALS] == ("delete", 2 * DAY_MS, DAY_MS // 2)
    assert found[DEAD_LETTERS][1] == -1
    assert found[changelog("contact")][0] == "compact"

    brokers.create_topics(None)
    soon(lambda: kept(own_kafka)[TOUCHPOINTS] == ("delete", DAY_MS, DAY_MS // 4))


@pytest.mark.parametrize(
    ("retention", "says"),
    [
        ({"journey.touchpoint": Duration(1)}, "retention.topics: expected .* got 'journey.touchpoint'"),
        ({changelog("contact"): Duration(60)}, "got 'journey.contact.changelog'"),
        ({"*": Duration(5)}, "expected 1m or more, or 0 for ever, got 5s"),
    ],
)
def test_what_cannot_be_is_named(brokers: Brokers, retention: dict[str, Duration], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        brokers.create_topics(None, retention)
