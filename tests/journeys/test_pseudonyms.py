"""What a pseudonym is, that what meets in clear meets under it, and that nothing clear is left of what is hidden."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from journeys.identifiers import normalise
from journeys.pseudonyms import KeysError, Pseudonyms, is_pseudonym, key_id, keys_from
from journeys.settings import DEFAULTS, IDENTIFIERS, convert
from journeys.touchpoint import FACTS, OF_TWO, Touchpoint, decode, encode
from tests.journeys.scenes import KEY as NEW
from tests.journeys.scenes import OLDER_KEY as OLD
from tests.journeys.scenes import PSEUDONYMS, START

ROTATED = Pseudonyms([NEW, OLD], DEFAULTS)
BEFORE = Pseudonyms([OLD], DEFAULTS)

VALUES = st.text(max_size=30) | st.sampled_from(
    ("+49 (0)30 123456", "0049-30-123456", " Anna@Example.COM ", "@Anna", "C-100-7", "ΑΝΝΑΣ", "null", "0000", "4711042")
)


def touchpoint(identifiers: dict[str, str], **more: Any) -> Touchpoint:
    given = {"type": "visited", "channel": "web", "contact_id": "c1", **more}
    return Touchpoint(at=START, id="t1", identifiers=identifiers, source="crm", **given)


@st.composite
def telling(draw: st.DrawFn) -> Touchpoint:
    """Touchpoints that say their identifiers again in their attributes and reference, within other words."""
    kind = draw(st.sampled_from(("visited", *sorted(FACTS))))
    some = st.dictionaries(st.sampled_from((*IDENTIFIERS, "loyalty_card")), VALUES, max_size=3)
    own = draw(some.filter(bool) if kind in FACTS else some)
    other = draw(some.filter(bool)) if kind in OF_TWO else {}
    said = st.sampled_from([*own.values(), *other.values(), "nothing"])
    text = st.builds("{}{}{}".format, st.text(max_size=4), said, st.text(max_size=4))
    leaves = text | st.integers(0, 2**53) | st.none() | st.booleans()
    tree = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3))
    return touchpoint(
        own, type=kind, other=other, reference=draw(text), attributes=draw(st.dictionaries(text, tree, max_size=3))
    )


def test_a_pseudonym_names_its_key_and_nothing_else() -> None:
    found = PSEUDONYMS.of("phone", "0049 30 123456")
    assert found is not None
    assert is_pseudonym(found)
    assert key_id(found) == key_id(NEW) == PSEUDONYMS.key_ids[0] != key_id(OLD)
    assert key_id("+4930123456") == ""
    assert len(found) == 28
    # As openssl has it: printf 'phone\0+4930123456' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
    assert found == "~hlF0._j_zxMAxdkkfG0CcFpLH_w"


@given(kind=st.sampled_from(IDENTIFIERS), value=VALUES)
@example("phone", "~AAAA.AAAAAAAAAAAAAAAAAAAAAA")
@example("social", " ~AAAA.AAAAAAAAAAAAAAAAAAAAAA ")
def test_it_stays_and_two_keys_have_two(kind: str, value: str) -> None:
    found = PSEUDONYMS.of(kind, value)
    assert found == Pseudonyms([NEW], DEFAULTS).of(kind, value)
    assert (found is None) == (normalise(kind, value, DEFAULTS) is None)
    if found is None:
        assert ROTATED.every(kind, value) == ROTATED.mark(kind, value) == ()
        return
    assert is_pseudonym(found)
    assert PSEUDONYMS.of(kind, found) == BEFORE.of(kind, found) == normalise(kind, found, DEFAULTS) == found
    assert ROTATED.every(kind, value)[0] == found
    if not is_pseudonym(value.strip()):
        assert ROTATED.every(kind, value) == (found, BEFORE.of(kind, value))
        assert len({found, BEFORE.of(kind, value), PSEUDONYMS.of("other_kind", value)}) == 3


@given(kind=st.sampled_from(IDENTIFIERS), one=VALUES, two=VALUES)
@example("phone", "+49 (0)30 123456", "0049-30-123456")
@example("email", "Anna@Example.com", "anna@example.COM ")
def test_what_meets_in_clear_meets_under_pseudonyms_and_nothing_else(kind: str, one: str, two: str) -> None:
    alike = normalise(kind, one, DEFAULTS) == normalise(kind, two, DEFAULTS)
    assert (PSEUDONYMS.of(kind, one) == PSEUDONYMS.of(kind, two)) == alike


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in strings(one)]
    if isinstance(value, list):
        return [text for one in value for text in strings(one)]
    return [str(value)]


@given(telling())
def test_nothing_clear_is_left(shown: Touchpoint) -> None:
    hidden = PSEUDONYMS.hide(shown)
    raw = encode(hidden)
    assert PSEUDONYMS.hide(hidden) is hidden
    assert decode(raw) == hidden
    assert decode(PSEUDONYMS.hide_event(encode(shown))) == hidden
    event = msgspec.json.decode(raw)
    texts = [text for part in event["data"].values() for text in strings(part)]
    for kind, value in (*shown.identifiers.items(), *shown.other.items()):
        if PSEUDONYMS.of(kind, value) is None:
            continue
        for clear in {value, normalise(kind, value, DEFAULTS) or ""}:
            if len(clear) >= 5 and clear not in "visited web crm c1 t1":
                assert not [text for text in texts if clear in text]


@given(telling())
def test_the_event_as_it_came_is_hidden_as_its_touchpoint(shown: Touchpoint) -> None:
    event = msgspec.json.decode(encode(shown))
    clear = [(k, v) for k, v in shown.identifiers.items() if len(v) >= 5 and PSEUDONYMS.of(k, v) is not None]
    event["subject"] = event["data"]["note"] = event["ext"] = " ".join(value for _, value in clear)
    found = msgspec.json.decode(PSEUDONYMS.hide_event(msgspec.json.encode(event)))
    for _, value in clear:
        for name in ("subject", "ext"):
            assert value not in found[name]
        assert value not in found["data"]["note"]


def test_what_is_hidden_where() -> None:
    phone, mail = PSEUDONYMS.of("phone", "+4930123456"), PSEUDONYMS.of("email", "anna@example.com")
    shown = touchpoint(
        {"phone": "0049 30 123456", "email": "Anna@Example.com", "cookie": "null", "social": "anna"},
        queue="0049 30 123456",
        reference="case of ANNA@example.com",
        attributes={"from": [{"number": "+4930123456", "digits": 4930123456}], "anna@example.com": "anna", "n": 4},
    )
    hidden = PSEUDONYMS.hide(shown)
    assert hidden.identifiers == {"phone": phone, "email": mail, "social": PSEUDONYMS.of("social", "anna")}
    assert hidden.queue == "0049 30 123456"  # what the centre counts by is the centre's
    assert hidden.reference == f"case of {mail}"
    assert hidden.attributes == {"from": [{"number": phone, "digits": phone}], mail: "anna", "n": 4}


def test_a_fact_stays_valid_when_it_says_nothing() -> None:
    fact = touchpoint({"phone": "0000"}, type="block")
    assert PSEUDONYMS.hide(fact) is fact
    assert PSEUDONYMS.hide(touchpoint({"phone": "0000"})).identifiers == {}


def test_a_kind_may_be_kept_clear() -> None:
    kept = Pseudonyms([NEW, OLD], convert({"privacy": {"clear": ["customer_id"]}}))
    assert kept.of("customer_id", " C1 ") == "C1"
    assert kept.every("customer_id", "C1") == ("C1", *ROTATED.every("customer_id", "C1"))
    shown = touchpoint({"customer_id": "C-100-7"}, attributes={"customer": "C-100-7"})
    assert kept.hide(shown) is shown


def test_what_the_centre_blocks_is_blocked_under_its_pseudonym_too() -> None:
    settings = convert({"identity": {"region": "DE", "blocked": ["phone:030 123456"]}})
    pseudonyms = Pseudonyms([NEW, OLD], settings)
    told = pseudonyms.blocking(settings)
    for other in (PSEUDONYMS, BEFORE):
        hidden = other.of("phone", "+49 30 123456")
        assert hidden is not None
        assert pseudonyms.of("phone", hidden) is None
        assert normalise("phone", hidden, told) is None
        assert normalise("email", hidden, told) == hidden
    assert pseudonyms.of("phone", "+49 30 123456") is None
    assert pseudonyms.blocking(told) == told


def test_what_is_forgotten_is_known_again_under_any_of_its_names() -> None:
    marks = ROTATED.mark("phone", "0049 30 123456")
    assert len(set(marks)) == 2
    assert {len(mark) for mark in marks} == {16}
    for name in ROTATED.every("phone", "+4930123456"):
        assert set(ROTATED.mark("phone", name)) < set(marks)
        assert name.encode() not in b"".join(marks)
    assert PSEUDONYMS.mark("phone", "+4930123456") == marks[:1]
    assert set(marks).isdisjoint(ROTATED.mark("email", "+4930123456"))
    assert set(marks).isdisjoint(ROTATED.mark("phone", "+4930123457"))
    dropped = BEFORE.of("phone", "+4930123456")
    assert dropped is not None
    assert len(PSEUDONYMS.mark("phone", dropped)) == 1


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["ab\u00e4c"], "key 1: expected base64url"),
        (["", "AAAA"], "key 2: expected 32 bytes as base64url, got 3"),
        (["A" * 43, "A" * 43], "two of them are the same"),
        ([], "expected at least one"),
    ],
)
def test_a_key_that_cannot_be_used_is_named_and_not_shown(lines: list[str], says: str) -> None:
    with pytest.raises(KeysError) as caught:
        Pseudonyms(keys_from(lines), DEFAULTS)
    assert says in str(caught.value)
    assert not [line for line in lines if line and line in str(caught.value)]


def test_keys_are_read_in_their_order() -> None:
    one, two = "A" * 42 + "E", "_" * 42 + "8"
    first, second = keys_from([one + "\n", " \n", two + "=\n"])
    assert (first, second) == (bytes(31) + b"\x01", b"\xff" * 31 + b"\xff")
