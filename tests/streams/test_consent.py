"""Who may not be known is counted, and known nowhere: not to figures, not to state, not on any topic."""

from __future__ import annotations

import msgspec
import pytest

from journeys import Touchpoint, decode, encode, reference
from journeys.consent import is_profiled
from journeys.pseudonyms import Pseudonyms
from journeys.renewal import Edge
from journeys.settings import DEFAULTS, Settings, SettingsError, convert
from streams import topics
from tests.journeys.scenes import KEY, OLDER_KEY, PSEUDONYMS, START
from tests.streams.pipeline import Pipeline

REQUIRED = convert({"privacy": {"consent": "required"}})
UNLESS_REFUSED = convert({"privacy": {"consent": "unless_refused"}})
ANN = {"customer_id": "ann-4711", "phone": "+4930123456"}
MINUTE = 60_000


def call(number: int, consent: bool | None, **fields: object) -> list[Touchpoint]:
    """A call that waited a minute and was answered; only its first touchpoint says who it is."""
    at, contact = START + number * 600_000, f"call-{number}"
    first = Touchpoint(
        at, f"{contact}-q", "queued", "voice", contact, ANN, "billing", queue="billing", consent=consent,
        reference="case of ann-4711", attributes={"note": "rang from +4930123456"}, recorded=True, **fields,
    )  # fmt: skip
    then = [
        Touchpoint(at + MINUTE, f"{contact}-c", "connected", "voice", contact, queue="billing", agent="a-1"),
        Touchpoint(at + 2 * MINUTE, f"{contact}-e", "ended", "voice", contact, queue="billing", agent="a-1"),
    ]
    return [first, *then]


def through(
    settings: Settings, *touchpoints: Touchpoint, hidden: bool = False, keys: tuple[bytes, ...] = (KEY,)
) -> Pipeline:
    pipeline = Pipeline(2, settings, keys=keys)
    for touchpoint in touchpoints:
        pipeline.publish(pipeline.pseudonyms.hide(touchpoint) if hidden else touchpoint)
    pipeline.drain()
    assert not pipeline.records(topics.DEAD_LETTERS)
    return pipeline


def traces(pipeline: Pipeline) -> list[str]:
    """Where a pseudonym or the clear value of Ann's stands, but for the topic that she came on."""
    names = [*ANN.values(), "30123456", *(pipeline.pseudonyms.of(kind, value) or "" for kind, value in ANN.items())]
    found = []
    for topic in topics.CATALOGUE:
        if topic != topics.TOUCHPOINTS:
            for record in pipeline.records(topic):
                said = (record.key or b"") + (record.value or b"")
                found += [topic for name in names if name.encode() in said]
    for place, state in pipeline.state.items():
        found += [str(place) for key, value in state.items() for name in names if name.encode() in key + value]
    return found


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(
    ("settings", "consents", "known"),
    [
        (DEFAULTS, (True, False, None), 3),
        (UNLESS_REFUSED, (True, False, None), 2),
        (REQUIRED, (True, False, None), 1),
        (UNLESS_REFUSED, (False, False), 0),
        (REQUIRED, (False, None), 0),
    ],
)
def test_all_count_and_those_who_agreed_are_known(
    settings: Settings, consents: tuple[bool | None, ...], known: int, hidden: bool
) -> None:
    calls = [touchpoint for number, consent in enumerate(consents) for touchpoint in call(number, consent)]
    pipeline = through(settings, *calls, hidden=hidden)
    stitched = pipeline.stitched()
    assert len(stitched) == len(consents)
    ann = f"customer_id:{pipeline.pseudonyms.of('customer_id', ANN['customer_id'])}"
    assert sum(one.customer == ann for one in stitched.values()) == known
    intervals = pipeline.intervals().values()
    assert sum(one.answered for one in intervals) == len(consents)
    assert sum(one.wait_answered_s for one in intervals) == 60.0 * len(consents)
    assert bool(traces(pipeline)) == bool(known)
    expected = reference(list(map(decode, pipeline.accepted())), settings=settings)
    assert {name: one.customer for name, one in expected.relations.items()} == {
        name: one.customer for name, one in stitched.items()
    }


def test_flags_are_stored_as_they_came() -> None:
    pipeline = through(REQUIRED, *call(1, False))
    (first,) = [one for one in map(decode, pipeline.accepted()) if one.type == "queued"]
    assert (first.consent, first.recorded, first.identifiers) == (False, True, {})
    assert (first.reference, first.attributes) == ("case of ~", {"note": "rang from ~"})
    assert pipeline.counts["without_consent"] == 3, "the others of the call do not say that the customer agreed"


def test_what_says_who_is_who_says_it_of_those_who_agreed() -> None:
    def identify(number: int, consent: bool | None) -> Touchpoint:
        name = f"i{number}"
        return Touchpoint(START, name, "identify", "web", name, ANN, consent=consent)

    assert traces(through(REQUIRED, identify(1, None))) == []
    assert traces(through(UNLESS_REFUSED, identify(1, False))) == []
    assert traces(through(UNLESS_REFUSED, identify(1, None))) != []


def test_no_older_key_leads_to_them_either() -> None:
    pipeline = through(REQUIRED, *call(1, False), keys=(KEY, OLDER_KEY))
    assert traces(pipeline) == []
    assert pipeline.pseudonyms.of("phone", ANN["phone"]) is not None


def test_a_publisher_that_knows_the_settings_sends_nobody() -> None:
    first, *_ = call(1, False)
    edge = Edge(Pseudonyms((KEY, OLDER_KEY), REQUIRED))
    before, sent = edge.hidden(first)
    assert before == []
    assert (sent.identifiers, sent.reference) == ({}, "case of ~")
    agreed = msgspec.structs.replace(first, consent=True)
    before, sent = edge.hidden(agreed)
    assert len(before) == 2
    assert sent.identifiers.keys() == ANN.keys()
    _, sent = Edge(PSEUDONYMS).hidden(first)
    assert sent.identifiers.keys() == ANN.keys()


def test_to_be_forgotten_needs_no_consent() -> None:
    order = Touchpoint(START, "f", "forget", "touchpath", "f", ANN, consent=False)
    assert is_profiled(order, REQUIRED)


def test_the_wire_keeps_the_three_answers() -> None:
    for answer in (True, False, None):
        touchpoint = Touchpoint(START, "e", "visited", "web", "c", consent=answer, recorded=answer)
        assert decode(encode(touchpoint)) == msgspec.structs.replace(touchpoint, source="touchpath")
    with pytest.raises(SettingsError, match=r"privacy.consent.*sometimes"):
        convert({"privacy": {"consent": "sometimes"}})
